"""Faults in the content of a reply."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from exporter.simulator.http.delivery import Delivery
from exporter.simulator.http.message import Reply
from exporter.simulator.http.wire import Json, error_body


class CannedReply(Delivery, frozen=True):
    """Any reply instead of the normal one; only Content-Length is added."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def change(self, _: Reply) -> Reply:
        """Return this reply."""
        return Reply(self.status, self.headers, self.body)


class ErrorBody(Delivery, frozen=True):
    """An error in the API's format."""

    status: int
    message: str = "Something went wrong"
    details: str | None = None

    def change(self, reply: Reply) -> Reply:
        """Return the error, with the normal reply's headers."""
        body = msgspec.json.encode(error_body(self.status, self.message, self.details))
        return replace(reply, status=self.status, body=body)


class Rewrite(Delivery, frozen=True):
    """The normal reply with its JSON object changed by `function`."""

    function: Callable[[Json], object]

    def change(self, reply: Reply) -> Reply:
        """Return the reply with the changed object."""
        body = self.function(msgspec.json.decode(reply.body, type=Json))
        return replace(reply, body=msgspec.json.encode(body))


class Malform(Delivery, frozen=True):
    """The normal page with some records replaced, by position from 0."""

    records: Mapping[int, object]

    def change(self, reply: Reply) -> Reply:
        """Return the page with these records."""
        return Rewrite(self._malformed).change(reply)

    def _malformed(self, body: Json) -> Json:
        return {
            key: self._replaced(value) if isinstance(value, list) else value for key, value in body.items()
        }

    def _replaced(self, records: list[object]) -> list[object]:
        return [self.records.get(position, record) for position, record in enumerate(records)]
