"""The ways in which the simulated API may differ from its documentation, or fill the gaps in it."""

from typing import Literal

from msgspec import Struct

TimeStyle = Literal["Z", "fractions", "+00:00", "no zone"]


class Quirks(Struct, frozen=True, kw_only=True):
    """How the API answers; the defaults are what the vendor documents.

    `meta`, `links`: whether the body has that key; `total`, `has_more`: whether meta has it.
    `max_limit`: the largest page; above it the limit is lowered, or refused with `refuse_status`.
    `dead_marker`: a marker that names no record brings an error, an empty page or the list from its start.
    `null_list`: an empty list's key is absent, as with Go's `omitempty`.
    """

    meta: bool = True
    links: bool = True
    total: bool = True
    has_more: bool = True
    max_limit: int | None = None
    over_limit: Literal["lower", "refuse"] = "lower"
    refuse_status: Literal[400, 422] = 400
    dead_marker: Literal["error", "empty", "start"] = "error"
    dead_marker_status: Literal[400, 404, 422] = 404
    null_list: bool = False
    time_style: TimeStyle = "Z"
    gzip: bool = True
