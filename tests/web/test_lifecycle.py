"""Tests of `exporter.web.lifecycle`, over real sockets."""

import requests

from exporter.errors import ConfigError
from tests.support.application import get, make_app, running
from tests.support.scrape_results import scraper


def test_health_and_readiness() -> None:
    """Both respond as long as the exporter runs."""
    with running(make_app(scraper())) as url:
        assert [get(f"{url}/-/{path}").text for path in ("healthy", "ready")] == ["OK\n", "OK\n"]


def test_reload_must_be_enabled() -> None:
    """Otherwise anyone who can reach the port could make the exporter read files."""
    with running(make_app(scraper())) as url:
        response = requests.post(f"{url}/-/reload", timeout=60)

    assert (response.status_code, response.text) == (
        403,
        "reload over HTTP is disabled: see --web.enable-lifecycle\n",
    )


def test_reload() -> None:
    """POST and PUT reload, GET does not, and the response says what is wrong with the configuration."""
    results: list[ConfigError | None] = [None, ConfigError("exporter.yml: no"), None]

    def reload() -> None:
        if error := results.pop(0):
            raise error

    with running(make_app(scraper(), reload=reload)) as url:
        methods = ("POST", "POST", "PUT", "GET")
        responses = [requests.request(method, f"{url}/-/reload", timeout=60) for method in methods]

    assert [response.status_code for response in responses] == [200, 500, 200, 405]
    assert responses[1].text == "cannot reload, the old configuration stays in force: exporter.yml: no\n"
    assert results == []
