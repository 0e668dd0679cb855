"""Requests are read from bytes, replies are written to bytes."""

import gzip
from io import BytesIO

from exporter.simulator.http.message import Reply, Request, read_request


def read(content: bytes) -> Request | None:
    """Read one request at second 7."""
    return read_request(BytesIO(content), lambda: 7.0)


def test_a_request_is_read_with_its_body() -> None:
    """The query is decoded, header names are lower case, and the body is consumed."""
    stream = BytesIO(
        b"POST http://host/a%20b?x=1&y=%2A&z= HTTP/1.1\r\nX-One:  two \r\nContent-Length: 4\r\n\r\nbodyGET"
    )
    request = read_request(stream, lambda: 7.0)

    assert request == Request(
        "POST", "/a b", {"x": "1", "y": "*", "z": ""}, {"x-one": "two", "content-length": "4"}, 7.0
    )
    assert stream.read() == b"GET"


def test_malformed_requests_are_rejected() -> None:
    """The end of a connection and a malformed request line read as None."""
    assert read(b"") is read(b"rubbish\r\n\r\n") is None


def test_a_reply_has_a_content_length() -> None:
    """Content-Length is added unless the reply has one; an unknown status is named Unknown."""
    head = Reply(599, {"Content-Type": "text/html"}, b"four").head

    assert head == b"HTTP/1.1 599 Unknown\r\nContent-Length: 4\r\nContent-Type: text/html\r\n\r\n"
    assert b"Content-Length: 9\r\n" in Reply(200, {"Content-Length": "9"}, b"four").head


def test_a_reply_can_be_compressed() -> None:
    """A compressed reply has a gzip body and the headers for it."""
    reply = Reply.json(200, {"a": 1}).with_headers({"X": "y"}).compressed()

    assert gzip.decompress(reply.body) == b'{"a":1}'
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["X"] == "y"
    assert not reply.plain
