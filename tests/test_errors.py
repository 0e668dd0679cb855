"""The exceptions: one printable line each, with their data in attributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ApiError, ConfigError, Reason, WalkCrashedError

TEXT = st.text(st.characters(codec=None))  # with lone surrogates


@given(TEXT, st.none() | TEXT, st.none() | TEXT)
def test_a_configuration_error_is_always_one_printable_line(
    problem: str, source: str | None, allowed: str | None
) -> None:
    """Any path or name may be in it: stderr and the log show it unchanged."""
    line = str(ConfigError(problem, source=source, allowed=allowed))

    assert line.isprintable()
    assert str(ConfigError(problem)) == problem or not problem.isprintable()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConfigError("cannot be used"), "cannot be used"),
        (
            ConfigError(source="web.yml", key="a.b", found="'x'", allowed="y"),
            "web.yml: a.b: found 'x', allowed: y",
        ),
        (ConfigError("is odd", source="environment", found="'x'"), "environment: is odd"),
        (ConfigError("is odd", key="b").within(key="a"), "a.b: is odd"),
        (ConfigError("is odd").within(key="a[0]"), "a[0]: is odd"),
        (ConfigError("is odd", source="a.yml").within(), "a.yml: is odd"),
        (ConfigError(key="b", found="1", allowed="2").within(source="f"), "f: b: found 1, allowed: 2"),
    ],
)
def test_a_configuration_error_names_the_place_and_the_problem(error: ConfigError, line: str) -> None:
    """What is not known is left out; a block adds its own place."""
    assert str(error) == line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ApiError(Reason.TIMEOUT, "no response\n"), "no response"),
        (ApiError(Reason.SERVER_ERROR, "broken", status=500), "broken (HTTP 500)"),
        (ApiError(Reason.AUTH, "no", status=401, request_id="r-1"), "no (HTTP 401, request_id r-1)"),
    ],
)
def test_an_api_error_shows_status_and_request_id(error: ApiError, line: str) -> None:
    """The status and the request's id follow the message."""
    assert str(error) == line


def test_a_crashed_walk_refers_to_the_log() -> None:
    """The traceback is there."""
    assert str(WalkCrashedError()) == "unexpected error while walking the API: see the log"
