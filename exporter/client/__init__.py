"""The way to the API, and the only room that knows `requests`."""

from exporter.client.api import Api, Client, Observer, Transport
from exporter.client.transport import HttpTransport
from exporter.client.watchdog import Watchdog

__all__ = ["Api", "Client", "HttpTransport", "Observer", "Transport", "Watchdog"]
