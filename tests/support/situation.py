"""Situations that an on-call team meets, and the alerts that must fire in them, run by promtool."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct

from tests.support.programs import need
from tests.support.rule_world import BLIND, FAST, SLOW, USUAL, Exporter, Pace, input_series

RULES: Final = Path(__file__).parents[2] / "alerts" / "bycloud-backups.rules.yml"
SUM: Final = "BackupErrorBudgetBurn"
ANY_PACE: Final = (FAST, USUAL, SLOW, BLIND)


class Situation(Struct, frozen=True, kw_only=True):
    """What happens, and which alerts fire when.

    :param fires: by time in minutes, each firing alert: its name without `ByCloud`, and the values of the
        labels in `by`, separated by blanks. No other alert may fire.
    :param by: the labels that are compared beside the name.
    :param only: the alerts that are compared; empty: all but `SUM`, which sums up what others have reported.
    """

    name: str
    exporters: Sequence[Exporter]
    fires: Mapping[float, set[str]]
    paces: Sequence[Pace] = (USUAL,)
    by: Sequence[str] = ("instance_id",)
    only: str = ""

    def __repr__(self) -> str:
        return f"Situation({self.name!r})"

    def failure(self, pace: Pace, folder: Path, rules: Path = RULES) -> str:
        """Return what promtool reports at this pace; empty if all is as expected."""
        return _promtool(self.document(pace, rules), folder)

    def summaries(self, alert: str, minute: float, folder: Path) -> list[str]:
        """Return the summaries of an alert's firing instances."""
        document = self.document(self.paces[0], RULES)
        test = document["tests"][0]
        test["promql_expr_test"] = []
        test["alert_rule_test"] = [
            {"eval_time": f"{int(minute * 60)}s", "alertname": alert, "exp_alerts": []}
        ]
        found = re.findall(r'summary="((?:[^"\\]|\\.)*)"', _promtool(document, folder))
        return [str(summary) for summary in found]

    def document(self, pace: Pace, rules: Path) -> dict[str, Any]:
        """Return promtool's test."""
        end = 60 * max(self.fires)
        return {
            "rule_files": [str(rules)],
            "evaluation_interval": f"{pace.evaluation}s",
            "group_eval_order": ["bycloud-backups", "bycloud-backup-trends", "bycloud-backup-compliance"],
            "tests": [
                {
                    "name": self.name,
                    "interval": f"{pace.step}s",
                    "input_series": input_series(self.exporters, pace, end),
                    "promql_expr_test": [self._check(minute) for minute in self.fires],
                }
            ],
        }

    def _check(self, minute: float) -> dict[str, Any]:
        compared = f'alertname=~"ByCloud({self.only})"' if self.only else f'alertname!="ByCloud{SUM}"'
        matchers = f'alertstate="firing",{compared}'
        return {
            "expr": f"count by (alertname, {', '.join(self.by)}) (ALERTS{{{matchers}}})",
            "eval_time": f"{int(minute * 60)}s",
            "exp_samples": [
                {"labels": self._labels(alert), "value": 1} for alert in sorted(self.fires[minute])
            ],
        }

    def _labels(self, alert: str) -> str:
        name, *values = alert.split()
        labels = [f'alertname="ByCloud{name}"']
        labels += [
            f'{label}="{value}"' for label, value in zip(self.by, values, strict=False) if value != "-"
        ]
        return "{" + ",".join(labels) + "}"


def values_failure(
    exporters: Sequence[Exporter],
    pace: Pace,
    end: float,
    expected: Mapping[str, Mapping[str, float]],
    folder: Path,
) -> str:
    """Return what promtool reports if records do not have the expected values at the end, to six digits.

    :param expected: by the record's name, values by labels without `job`.
    """
    situation = Situation(name="values", exporters=exporters, fires={end / 60: set()})
    document = situation.document(pace, RULES)
    document["tests"][0]["promql_expr_test"] = [
        {
            "expr": f"round({record} * 1e6)",
            "eval_time": f"{int(end)}s",
            "exp_samples": [
                {
                    "labels": f'{{job="bycloud",{labels}}}'.replace(",}", "}"),
                    "value": float(f"{value * 1e6:.0f}"),
                }
                for labels, value in values.items()
            ],
        }
        for record, values in expected.items()
    ]
    return _promtool(document, folder)


def _promtool(document: dict[str, Any], folder: Path) -> str:
    """Return what promtool reports; empty if the test passes."""
    path = folder / "situation.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    command = [need("promtool"), "test", "rules", path.name]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return "" if result.returncode == 0 else result.stdout + result.stderr
