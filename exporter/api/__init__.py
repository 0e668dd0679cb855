"""The client of the ByCloud API: credentials, TLS, deadlines, retries, rate-limit budget and decoding."""

from exporter.api.budget import Budget
from exporter.api.client import ApiClient, WalkClient
from exporter.api.deadline import Deadlines
from exporter.api.decode import decode_around, decode_page, ends_with_records, records_part
from exporter.api.envelope import BACKUPS, INSTANCES
from exporter.api.observer import Observer
from exporter.api.transport import HttpTransport, Transport

__all__ = [
    "BACKUPS",
    "INSTANCES",
    "ApiClient",
    "Budget",
    "Deadlines",
    "HttpTransport",
    "Observer",
    "Transport",
    "WalkClient",
    "decode_around",
    "decode_page",
    "ends_with_records",
    "records_part",
]
