"""Where the API's behavior is undocumented or may differ from its documentation."""

from typing import Literal

from msgspec import Struct

TimeStyle = Literal["Z", "fractions", "+00:00", "no zone"]


class Quirks(Struct, frozen=True, kw_only=True):
    """How the API responds; the defaults are what the vendor documents.

    :param meta, links: whether a page has that key.
    :param total, has_more: whether `meta` has that key.
    :param max_limit: the largest page size; None: unlimited.
    :param over_limit: a larger limit is lowered, or refused with `refuse_status`.
    :param dead_marker: whether an unknown marker returns an error, an empty page or the start of the list.
    :param null_list: an empty list's key is absent, as with Go's `omitempty`.
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
