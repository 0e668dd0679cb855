"""How a reply is sent."""

from msgspec import Struct

from exporter.simulator.http.connection import Channel
from exporter.simulator.http.message import Reply


class Delivery(Struct, frozen=True):
    """Sends the reply as it is, at once. Tests subclass it for faults."""

    def change(self, reply: Reply) -> Reply:
        """Return the reply to send instead, before compression."""
        return reply

    def send(self, channel: Channel, reply: Reply) -> bool:
        """Send the reply; return whether the connection stays open."""
        channel.send(reply.head + reply.body)
        return reply.headers.get("Connection") != "close"
