"""Numbers in the configuration."""

from typing import Annotated

from msgspec import Meta

Count = Annotated[
    int,
    Meta(ge=1, le=1_000_000_000, extra_json_schema={"description": "a whole number from 1 to 1,000,000,000"}),
]
Concurrency = Annotated[
    int, Meta(ge=1, le=1_000, extra_json_schema={"description": "a whole number from 1 to 1,000"})
]
"""Requests in flight: each takes a thread and a connection. The largest tier allows 1,000 in a minute."""
Share = Annotated[float, Meta(gt=0, le=1, extra_json_schema={"description": "a number above 0, at most 1"})]
