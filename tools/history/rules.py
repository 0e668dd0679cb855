"""Recording rules and alerts, as layers that promtool can backfill.

promtool evaluates each rule over the whole time before it writes anything. So a rule that reads another
record must come in a later layer. One that reads its own past, as facts do in an outage, is evaluated twice:
then it sees two hours more. The first time, what it says of a database without a past is left out: both
results stay, and a database would have two names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from alerts.source.compliance import MET, TICK
from alerts.source.groups import groups
from alerts.source.promql import BRIDGE, TWO_SCRAPES
from alerts.source.settings import Settings
from alerts.source.table import Alert, Group, Recording
from exporter.durations import parse_duration

NAME: Final = re.compile(r"\bbycloud:[a-z_:]+")
TEN_MINUTES: Final = 600.0
"""Between two evaluations of what counts time by the number of its samples."""
LONGEST: Final = "7d"
"""How long the condition of an alert may have held, as `ALERTS_FOR_STATE` says."""
SINCE: Final = ":since_timestamp"
FALLBACKS: Final = frozenset({"bycloud:database:name", "bycloud:database:team"})
"""Records of which the last line is for databases without a past."""


class Rule(Struct, frozen=True):
    """One rule of any group.

    :param interval: between two evaluations, in seconds.
    """

    rule: Recording | Alert
    interval: float

    @property
    def reads(self) -> frozenset[str]:
        """The records that its expression reads."""
        return frozenset(NAME.findall(self.rule.expression))

    @property
    def reads_itself(self) -> bool:
        """Whether it reads its own past."""
        return self.rule.name in self.reads

    @property
    def without_fallback(self) -> "Rule":
        """The rule without what it says of databases without a past."""
        if self.rule.name not in FALLBACKS:
            return self
        known, _, _ = self.rule.expression.rpartition("\n")
        return replace(self, rule=replace(self.rule, expression=known))

    def documents(self, days: float) -> Iterator[Mapping[str, Any]]:
        """Yield it as recording rules.

        :param days: how long the history is.
        """
        if isinstance(self.rule, Alert):
            yield from _alert(self.rule, self.interval)
            return
        expression = self.rule.expression
        if self.rule.name.endswith(SINCE):  # without its past, it says *now* at every time
            expression = f"min_over_time(({expression})[{days:.0f}d:1h]) and ({expression})"
        yield {"record": self.rule.name, "expr": expression}


def all_rules(step: float) -> tuple[Rule, ...]:
    """Return every rule of every group.

    :param step: seconds between scrapes, and so between evaluations of the groups without an interval.
    """
    return tuple(
        Rule(_widened(rule, step), _interval(rule, group, step))
        for group in groups(Settings())
        for rule in group.rules
    )


def _widened(rule: Recording | Alert, step: float) -> Recording | Alert:
    """Return a rule whose windows hold one and two scrapes, also if these are more than ten minutes apart."""
    expression = rule.expression
    for window, scrapes in ((BRIDGE, 1), (TWO_SCRAPES, 2)):
        seconds = max(scrapes * step + 60, parse_duration(window))
        expression = expression.replace(f"[{window}]", f"[{seconds:.0f}s]")
    return replace(rule, expression=expression)


def _interval(rule: Recording | Alert, group: Group, step: float) -> float:
    if rule.name in (MET, TICK):
        return TEN_MINUTES
    return max(parse_duration(group.interval), step) if group.interval else step


def layers(rules: Iterable[Rule], days: float) -> Iterator[Mapping[str, Any]]:
    """Yield the rule file of each evaluation, in their order."""
    rules = list(rules)
    depths = _depths(rules)
    for depth in range(max(depths.values()) + 2):
        layer = [rule for rule in rules if _depth(rule, depths) == depth]
        yield _file([rule.without_fallback for rule in layer], days)
        if itself := [rule for rule in layer if rule.reads_itself and not rule.rule.name.endswith(SINCE)]:
            yield _file(itself, days)


def _depths(rules: Iterable[Rule]) -> Mapping[str, int]:
    """Return the layer of each record; of two that read each other, the first one comes first."""
    depths: dict[str, int] = {}
    for rule in rules:
        if isinstance(rule.rule, Recording):
            depths[rule.rule.name] = _depth(rule, depths)
    return depths


def _depth(rule: Rule, depths: Mapping[str, int]) -> int:
    return 1 + max((depths.get(name, -1) for name in rule.reads - {rule.rule.name}), default=-1)


def _file(layer: Iterable[Rule], days: float) -> Mapping[str, Any]:
    by_interval: dict[float, list[Mapping[str, Any]]] = {}
    for rule in layer:
        by_interval.setdefault(rule.interval, []).extend(rule.documents(days))
    return {
        "groups": [
            {"name": f"every {interval:.0f} s", "interval": f"{interval:.0f}s", "rules": rules}
            for interval, rules in by_interval.items()
        ]
    }


def _alert(alert: Alert, interval: float) -> Iterator[Mapping[str, Any]]:
    """Yield what records `ALERTS`, which fire once the condition has held long enough, and their start."""
    labels = {"alertname": alert.name, "severity": alert.severity, **dict(alert.labels)}
    condition, every = f"({alert.expression})", f"{interval:.0f}s"
    waits = parse_duration(alert.wait) if alert.wait else 0
    held = int(waits // interval) + 1
    window = f"{1000 * held * interval - 1:.0f}ms"  # has `held` times, whenever the group is evaluated
    fires = condition if held == 1 else f"(count_over_time({condition}[{window}:{every}]) >= {held})"
    yield {"record": "ALERTS", "expr": f"{fires} ^ 0", "labels": {"alertstate": "firing", **labels}}
    since = f"time() - {interval:.0f} * (count_over_time({condition}[{LONGEST}:{every}]) - 1) and {condition}"
    yield {"record": "ALERTS_FOR_STATE", "expr": since, "labels": labels}
