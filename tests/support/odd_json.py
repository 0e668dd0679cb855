"""Hypothesis strategies for JSON that no sane API sends."""

from hypothesis import strategies as st

GOOD = {"id": "good", "status": "COMPLETED", "created_at": "2026-01-02T03:04:05Z"}
ANY_TEXT = st.text(st.characters(categories=["Cs"]) | st.characters())
"""Lone surrogates too, which JSON's escapes can spell."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "id",
        "status",
        "created_at",
        "updated_at",
        "instance_id",
        "parent_id",
        "size",
        "datastore",
        "name",
        "location_ref",
    ]
)
ENVELOPE = (
    st.none()
    | JSON
    | st.dictionaries(st.sampled_from(["total", "limit", "marker", "has_more", "next"]), JSON)
)
RESTS = (
    "]}",
    '], "meta": {"total": 5, "limit": 2, "has_more": true}}',
    '], "meta": {"total": "5"}, "links": null}',
    '], "meta": {"marker": "[b]"}}',
    '], "meta": {}, "database_backups": null}',
    '], "meta": {"tags": []}}',
    '], "meta": {"total": 5}',
    "]}}",
    '] "meta": 5}',
    ', 5], "meta": {}}',
    ' "]}',
    '", "name": "]"}]}',
    "",
    '], "meta": {"total": 6, "limit": 2, "has_more": false}, "links": null}',
    '], "meta": {"total": "5"}}',
)
"""What may follow the records in a body: as documented, odd, and no JSON."""
