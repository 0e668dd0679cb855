"""Tests of `exporter.web.discovery`."""

import pytest

from exporter.web.discovery import target_groups
from exporter.web.external_url import ExternalUrl
from tests.support.application import get, make_app, running
from tests.support.scrape_results import scraper


def test_each_target_is_a_group() -> None:
    """Its name is a parameter of the probe, and a label that Prometheus keeps."""
    groups = target_groups(["a", "b & c"], ExternalUrl("https", "exporter.example:10140", "/bycloud"))

    assert [group["targets"] for group in groups] == [["exporter.example:10140"]] * 2
    assert groups[1]["labels"] == {
        "__scheme__": "https",
        "__metrics_path__": "/bycloud/probe",
        "__param_target": "b & c",
        "target": "b & c",
    }


@pytest.mark.parametrize(
    ("external_url", "host", "expected"),
    [
        (None, "exporter.example:10140", ExternalUrl("http", "exporter.example:10140")),
        (ExternalUrl("https", "x.example", "/p"), "other", ExternalUrl("https", "x.example", "/p")),
    ],
)
def test_targets_are_at_the_external_url(
    external_url: ExternalUrl | None, host: str, expected: ExternalUrl
) -> None:
    """Without one, they are at the `Host` of the request."""
    app = make_app(scraper(name="a"), scraper(name="b & c"), external_url=external_url)
    with running(app) as url:
        response = get(f"{url}/sd", host=host)

    assert response.headers["content-type"] == "application/json"
    assert response.json() == target_groups(["a", "b & c"], expected)


def test_a_host_that_is_not_an_address_is_refused() -> None:
    """Nothing that a client adds to a host reaches Prometheus."""
    with running(make_app(scraper())) as url:
        response = get(f"{url}/sd", host="u:p@evil")

    assert (response.status_code, response.text) == (
        400,
        "the Host header is not a host name or address: see --web.external-url\n",
    )
