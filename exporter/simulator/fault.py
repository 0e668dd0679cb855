"""What a fault is, and those that change an answer; each is a small value."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from exporter.simulator.http.connection import Channel
from exporter.simulator.http.message import Reply
from exporter.simulator.http.wire import Json, error_body


class Fault(Struct, frozen=True):
    """No fault: the answer as it is, sent at once."""

    def change(self, reply: Reply) -> Reply:
        """Return the reply to send instead of the normal one."""
        return reply

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send the reply and say whether the connection stays open."""
        channel.send(reply.head + reply.body)
        return reply.headers.get("Connection") != "close"


class Answer(Fault, frozen=True):
    """Any answer in place of the normal one; a Content-Length comes by itself, nothing else does."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def change(self, _: Reply) -> Reply:
        """Return this answer."""
        return Reply(self.status, self.headers, self.body)


class ErrorBody(Fault, frozen=True):
    """An error in the API's own form."""

    status: int
    message: str = "Something went wrong"
    details: str | None = None

    def change(self, reply: Reply) -> Reply:
        """Return the error, with the headers that every answer has."""
        body = msgspec.json.encode(error_body(self.status, self.message, self.details))
        return replace(reply, status=self.status, body=body)


class Rewrite(Fault, frozen=True):
    """The normal answer with its JSON object changed by a function."""

    function: Callable[[Json], object]

    def change(self, reply: Reply) -> Reply:
        """Return the answer with the changed object."""
        body = self.function(msgspec.json.decode(reply.body, type=Json))
        return replace(reply, body=msgspec.json.encode(body))


class Malform(Fault, frozen=True):
    """The normal page with some records, counted from 0, replaced."""

    records: Mapping[int, object]

    def change(self, reply: Reply) -> Reply:
        """Return the page with the other records."""
        return Rewrite(self._malformed).change(reply)

    def _malformed(self, body: Json) -> Json:
        return {
            key: self._replaced(value) if isinstance(value, list) else value for key, value in body.items()
        }

    def _replaced(self, records: list[object]) -> list[object]:
        return [self.records.get(place, record) for place, record in enumerate(records)]
