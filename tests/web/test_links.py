"""Tests of `exporter.web.links`."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.web.links import database_link, parse_database_path, probe_link

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(target=TEXT, instance_id=TEXT)
def test_every_link_leads_to_its_database(target: str, instance_id: str) -> None:
    """Whatever the characters, below a prefix as well as without one."""
    assume(link := database_link(target, instance_id))
    assert link is not None
    resolved = urlsplit(urljoin("https://proxy.example/backups/", link))

    assert resolved.netloc == "proxy.example"
    assert not resolved.query
    assert not resolved.fragment
    assert parse_database_path(resolved.path.removeprefix("/backups").encode()) == (target, instance_id)


@pytest.mark.parametrize("dots", [".", ".."])
def test_an_id_that_browsers_take_for_a_folder_has_no_link(dots: str) -> None:
    """They remove `%2E%2E` from a path too."""
    assert database_link("a", dots) is None
    assert database_link(dots, "a") is None
    assert database_link("a", f"{dots}/") is not None


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/databases",
        b"/databases/",
        b"/databases/a",
        b"/databases/a/b/c",
        b"/x/a/b",
        b"/databases/a/%FF",
    ],
)
def test_other_paths_are_no_database(path: bytes) -> None:
    """A path that has more segments, or is not UTF-8, names no database."""
    assert parse_database_path(path) is None


def test_a_probe_is_linked_with_its_name_encoded() -> None:
    """A name is text, not a part of the query's syntax."""
    assert probe_link("a&b/é") == "./probe?target=a%26b%2F%C3%A9"
