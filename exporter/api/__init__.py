"""The client of the ByCloud API: credentials, TLS, deadlines, retries, rate-limit budget and decoding.

- `client`: requests to one target's API, one walk's at a time; `observer` counts them
- `retry`, `failures`, `causes`, `error_body`: which failures are repeated, and what they say
- `transport`, `connection`, `resolver`, `deadline`: one exchange, from the host's name to the last byte
- `request_settings`, `expiry`: TLS and proxy; when a credential expires
- `budget`: how many requests are left. Parts: `reservation`, `minute_window`, `request_ledger` (the hour),
  `pacer` (the pace of walks), `tiers` (the vendor's limits)
- `headers`, `rate_headers`: numbers, dates and rate limits in response headers
- `envelope`: the endpoints, and what surrounds their records
- `decode`: bytes to records; `lenient`, `repair`: records that are not as documented
"""

from exporter.api.budget import Budget
from exporter.api.client import ApiClient, WalkClient
from exporter.api.deadline import Deadlines
from exporter.api.decode import PageParts, decode_page, decode_records, decode_rest, split_page
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
    "PageParts",
    "Transport",
    "WalkClient",
    "decode_page",
    "decode_records",
    "decode_rest",
    "split_page",
]
