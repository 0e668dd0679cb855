"""The only user of `requests`: credentials, TLS, deadlines, retries, rate-limit budget and decoding."""

from exporter.api.client import Api, Client, Observer, Transport
from exporter.api.deadline import Watchdog
from exporter.api.transport import HttpTransport

__all__ = ["Api", "Client", "HttpTransport", "Observer", "Transport", "Watchdog"]
