"""Templates of annotations that several alerts share."""

from collections.abc import Mapping
from typing import Final

from alerts.source.symbols import Symbol, placeholder

TODAY: Final = "Act within a working day."
"""The urgency of most alerts."""
NAME: Final = (
    '{{ with printf "bycloud:database:name{instance_id=%q}" $labels.instance_id | query }}'
    '{{ . | first | label "instance_name" }}{{ else }}{{ $labels.instance_id }}{{ end }}'
)
"""The database's name, or its id if the rules do not know the database."""
LABELLED: Final = "{{ $labels.instance_name }}"
"""The same of alerts that have the name as a label."""
ID: Final = "{{ $labels.instance_id }}{{ with $labels.target }} of target {{ . }}{{ end }}"
TARGET: Final = "{{ $labels.job }}{{ with $labels.target }}, target {{ . }}{{ end }}"
DURATION: Final = "{{ humanizeDuration $value }}"
REASONS: Final = (
    '{{ range printf "bycloud_scrape_failure{job=%q,target=%q} == 1" $labels.job $labels.target | query }}'
    " Reason: {{ .Labels.reason }}.{{ end }}"
)
"""Why the replicas' last walks failed."""
MULTIPLES: Final[Mapping[float, str]] = {0.5: "half of", 2: "twice"}
HALF: Final = 0.5


def multiple(ratio: float | Symbol) -> str:
    """Return a ratio as `half of`, `twice` or `0.3 times`."""
    if isinstance(ratio, Symbol):
        words = "".join(
            f"if {ratio.formula} == {value:g} then '{word}' else " for value, word in MULTIPLES.items()
        )
        return placeholder(f"({words}std.format('%g times', {ratio.formula}))")
    return MULTIPLES.get(ratio, f"{ratio:g} times")


def lost_share(left: float | Symbol) -> str:
    """Return how much is lost, in a word.

    :param left: the largest share that may be left.
    """
    if isinstance(left, Symbol):
        return placeholder(f"(if {left.formula} > {HALF:g} then 'many' else 'most')")
    return "many" if left > HALF else "most"
