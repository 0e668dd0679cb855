"""The way to the API, and the only room that knows `requests`."""

from exporter.client.api import Api, Client, Observer
from exporter.client.watchdog import Watchdog

__all__ = ["Api", "Client", "Observer", "Watchdog"]
