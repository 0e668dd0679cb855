"""Faults that change the content of a reply."""

from tests.simulator.conftest import Dial, Fetch
from tests.support.faults import CannedReply, ErrorBody, FaultyApi, Malform, Rewrite


def test_a_canned_reply(api: FaultyApi, fetch: Fetch) -> None:
    """A reply with any status, headers and body replaces one normal reply."""
    api.faults.add(CannedReply(503, {"Content-Type": "text/html", "Retry-After": "7"}, b"<h1>busy</h1>"))
    response = fetch()

    assert (response.status_code, response.text) == (503, "<h1>busy</h1>")
    assert response.headers == {"Content-Length": "13", "Content-Type": "text/html", "Retry-After": "7"}
    assert fetch().ok


def test_a_canned_redirect(api: FaultyApi, fetch: Fetch) -> None:
    """A reply with a Location redirects."""
    api.faults.add(CannedReply(302, {"Location": "https://elsewhere.example/"}))

    assert fetch().headers["Location"] == "https://elsewhere.example/"


def test_a_canned_reply_can_end_the_connection(api: FaultyApi, dial: Dial) -> None:
    """A reply with `Connection: close` ends the connection."""
    api.faults.add(CannedReply(200, {"Connection": "close"}, b"{}"))
    with dial("GET").makefile("rb") as stream:
        content = stream.read()

    assert content.endswith(b"\r\n\r\n{}")


def test_an_error_in_the_api_s_format(api: FaultyApi, fetch: Fetch) -> None:
    """An error has the body that the vendor documents."""
    api.faults.add(ErrorBody(500, "Broken", "really"))
    response = fetch()
    error = response.json()["error"]

    assert response.status_code == error["code"] == 500
    assert (error["message"], error["details"]) == ("Broken", "really")


def test_a_page_can_be_rewritten(api: FaultyApi, fetch: Fetch) -> None:
    """A function changes the normal JSON object."""
    api.faults.add(Rewrite(lambda body: body | {"database_backups": [], "extra": 1}))
    body = fetch().json()

    assert body["database_backups"] == []
    assert body["meta"]["has_more"]
    assert body["extra"] == 1


def test_records_can_be_malformed(api: FaultyApi, fetch: Fetch) -> None:
    """Only the records at the given positions are replaced."""
    normal = fetch().json()["database_backups"]
    api.faults.add(Malform({0: "rubbish", 2: {"id": 7}, 99: None}))
    records = fetch().json()["database_backups"]

    assert records == ["rubbish", normal[1], {"id": 7}, *normal[3:]]
