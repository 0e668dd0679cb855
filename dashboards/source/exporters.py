"""PromQL about exporters, each replica for itself."""

from typing import Final

from dashboards.source.queries import CHOSEN, TARGETS, in_a_week

REPLICA: Final = f'{CHOSEN},instance=~"$instance"'
OF_EXPORTER: Final = CHOSEN.replace('"$target"', '"$target|"')
OWN: Final = REPLICA.replace('"$target"', '"$target|"')
"""Matchers for what concerns the whole exporter: it has no target, unless a relabelling adds one."""
RATE: Final = "[$__rate_interval]"


def ours(name: str) -> str:
    """Return a metric that other programs serve too, of the exporter's jobs."""
    job = "cluster, namespace, job"
    served = in_a_week(f"bycloud_exporter_build_info{{{OF_EXPORTER}}}")
    return f"({name} and on ({job}) ({served} or {TARGETS}))"
