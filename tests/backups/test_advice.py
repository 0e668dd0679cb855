"""What to do about each problem."""

from itertools import pairwise
from pathlib import Path

import pytest

from exporter.backups.advice import ADVICE, RUNBOOKS_URL, Advice
from exporter.backups.risk import Problem


def test_there_is_advice_for_each_problem() -> None:
    """No danger is reported without what to do about it."""
    assert list(ADVICE) == list(Problem)
    assert all(advice.problem is problem for problem, advice in ADVICE.items())


@pytest.mark.parametrize("advice", ADVICE.values(), ids=lambda advice: advice.problem.name)
def test_it_is_one_sentence_on_one_line(advice: Advice) -> None:
    """A line of `explain` holds it."""
    assert advice.text.isprintable()
    assert advice.text[0].isupper()
    assert advice.text.endswith(".")
    assert advice.text.count(".") == 1


def test_each_problem_has_a_runbook_and_a_sentence_of_its_own() -> None:
    """Two problems are never confused."""
    for field in ("text", "runbook", "url"):
        values = sorted(getattr(advice, field) for advice in ADVICE.values())
        assert all(one != other for one, other in pairwise(values))


def test_where_an_incremental_backup_may_not_help_a_full_one_is_advised() -> None:
    """An incremental one would build on the chain that is broken, too long, or not there."""
    others = {Problem.LAST_ATTEMPT_FAILED, Problem.RUNS_TOO_LONG, Problem.GAP_TOO_LONG}

    for problem in set(Problem) - others:
        assert ADVICE[problem].text.startswith("Start a full backup"), problem


def test_each_runbook_exists() -> None:
    """The link is not dead once the documentation is published."""
    folder = Path(__file__).parents[2] / "docs" / "runbooks"

    assert all((folder / f"{advice.runbook}.md").is_file() for advice in ADVICE.values())


def test_a_runbook_is_linked_by_its_alert() -> None:
    """The link leads to the file of that name."""
    advice = ADVICE[Problem.CHAIN_BROKEN]

    assert advice.url == f"{RUNBOOKS_URL}ByCloudBackupChainBroken.md"
