"""The only user of `requests`: credentials, TLS, deadlines, retries, rate-limit budget and decoding."""

from exporter.api.client import ApiClient, Observer, Transport, WalkClient
from exporter.api.deadline import Deadlines
from exporter.api.transport import HttpTransport

__all__ = ["ApiClient", "Deadlines", "HttpTransport", "Observer", "Transport", "WalkClient"]
