"""Faults in how a reply is sent. `after` counts bytes of the body, which may be compressed."""

from exporter.simulator.http.connection import Channel
from exporter.simulator.http.delivery import Delivery
from exporter.simulator.http.message import Reply


class CutBody(Delivery, frozen=True):
    """The connection closes in the middle of the body, under a right Content-Length."""

    after: int = 0

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send a part of the body."""
        channel.send(reply.head + reply.body[: self.after])
        return False


class WrongLength(Delivery, frozen=True):
    """A Content-Length that is wrong by `extra` bytes, then the end of the connection."""

    extra: int

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send all under the wrong length."""
        length = {"Content-Length": str(len(reply.body) + self.extra)}
        channel.send(reply.with_headers(length).head + reply.body)
        return False


class HangBeforeHeaders(Delivery, frozen=True):
    """No reply until one side leaves."""

    def send(self, channel: Channel, _: Reply) -> bool:
        """Wait."""
        return not channel.wait(None)


class HangInBody(Delivery, frozen=True):
    """The headers and a part of the body, then nothing until one side leaves."""

    after: int = 0

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send a part of the body and wait."""
        channel.send(reply.head + reply.body[: self.after])
        return not channel.wait(None)


class DripHeaders(Delivery, frozen=True):
    """The headers byte by byte."""

    seconds_per_byte: float

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Drip the head, then send the body."""
        is_connected = _drip(channel, reply.head, self.seconds_per_byte)
        if is_connected:
            channel.send(reply.body)
        return is_connected


class DripBody(Delivery, frozen=True):
    """The body byte by byte."""

    seconds_per_byte: float

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send the head, then drip the body."""
        channel.send(reply.head)
        return _drip(channel, reply.body, self.seconds_per_byte)


class Reset(Delivery, frozen=True):
    """The connection is reset (RST) in the middle of the body."""

    after: int = 0

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send a part of the body and reset."""
        channel.send(reply.head + reply.body[: self.after])
        channel.reset()
        return False


class Delay(Delivery, frozen=True):
    """The normal reply, but later."""

    seconds: float

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Wait, then send."""
        return not channel.wait(self.seconds) and Delivery().send(channel, reply)


class Raw(Delivery, frozen=True):
    """Bytes that need not be HTTP, then the end of the connection."""

    content: bytes

    def send(self, channel: Channel, _: Reply) -> bool:
        """Send the bytes."""
        channel.send(self.content)
        return False


def _drip(channel: Channel, content: bytes, seconds: float) -> bool:
    """Wait between bytes, not after the last: the client's next request would look as if it left."""
    for place in range(len(content)):
        if place and channel.wait(seconds):
            return False
        channel.send(content[place : place + 1])
    return True
