"""Mutates the comparisons of the alert rules: `python -m tools.mutate_rules [FIRST [LAST]]`.

Each comparison and set operator of the generated rules is flipped, one at a time. A mutant is killed if
`promtool` rejects it, or if a situation of `tests/alerts/situations` then fails.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from msgspec import Struct

from tests.alerts.situations import SITUATIONS
from tests.support.rule_world import FAST, Pace
from tests.support.situation import RULES, Situation

FLIPPED: Final = {
    ">=": "<",
    "<=": ">",
    ">": "<=",
    "<": ">=",
    "==": "!=",
    "and": "unless",
    "unless": "and",
}
OPERATOR: Final = re.compile(r"(?<=[\s)])(>=|<=|==|>|<|and|unless)(?=[\s])")


class Mutant(Struct, frozen=True):
    """The rules with one operator changed.

    :param rule: the name of the rule.
    :param line: the changed line.
    """

    rule: str
    line: str
    text: str


def mutants(rules: str) -> Iterator[Mutant]:
    """Yield the rules with each operator of an expression flipped."""
    lines = rules.splitlines(keepends=True)
    rule, in_expression = "", False
    for number, line in enumerate(lines):
        key = re.match(
            r" *-? ?(record|alert|expr|for|keep_firing_for|labels|annotations|interval): ?(.*)", line
        )
        if key:
            rule = key[2] if key[1] in {"record", "alert"} else rule
            in_expression = key[1] == "expr"
        elif in_expression and not line.lstrip().startswith("#"):
            for match in OPERATOR.finditer(line):
                changed = line[: match.start()] + FLIPPED[match[1]] + line[match.end() :]
                yield Mutant(rule, changed.strip(), "".join([*lines[:number], changed, *lines[number + 1 :]]))


def killer(mutant: Mutant, folder: Path) -> str | None:
    """Return the name of the first situation that fails with a mutant; `None` if it survives."""
    path = folder / "rules.yml"
    path.write_text(mutant.text, encoding="utf-8")
    for situation, pace in _likely(mutant.rule):
        if situation.failure(pace, folder, path):
            return f"{situation.name} ({pace.name})"
    return None


def _likely(rule: str) -> list[tuple[Situation, Pace]]:
    """Return every run, those that expect the nearest alerts of a rule first."""
    distances = _distances(rule)
    runs = [(situation, pace) for situation in SITUATIONS for pace in situation.paces if pace != FAST]

    def rank(run: tuple[Situation, Pace]) -> tuple[int, float]:
        situation, pace = run
        expected = {f"ByCloud{alert.split()[0]}" for fires in situation.fires.values() for alert in fires}
        nearest = min((distances[name] for name in expected if name in distances), default=len(distances))
        return nearest, max(situation.fires) / pace.evaluation

    return sorted(runs, key=rank)


def _distances(rule: str) -> dict[str, int]:
    """Return a rule and all rules that read it, with the number of rules between them."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    expressions = {r.get("record") or r["alert"]: r["expr"] for group in groups for r in group["rules"]}
    found: dict[str, int] = {}
    new, distance = {rule}, 0
    while new:
        found |= dict.fromkeys(new, distance)
        new = {name for name, text in expressions.items() if any(known in text for known in new)} - set(found)
        distance += 1
    return found


def main(first: int = 0, last: int | None = None) -> None:
    """Print each mutant's fate, then the number of survivors."""
    survivors = 0
    for number, mutant in enumerate(mutants(RULES.read_text(encoding="utf-8"))):
        if number < first or (last is not None and number >= last):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = killer(mutant, Path(folder))
        survivors += found is None
        print(
            f"{number} {'SURVIVES' if found is None else 'killed'}: {mutant.rule}: {found or mutant.line}",
            flush=True,
        )
    print(f"{survivors} survivors")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
