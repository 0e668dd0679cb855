"""The way to the API, and the only room that knows `requests`."""

from exporter.api.client import Api, Client, Observer, Transport
from exporter.api.deadline import Watchdog
from exporter.api.transport import HttpTransport

__all__ = ["Api", "Client", "HttpTransport", "Observer", "Transport", "Watchdog"]
