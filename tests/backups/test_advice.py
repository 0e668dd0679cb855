"""What to do about each problem."""

from itertools import pairwise

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


def test_a_runbook_is_linked_by_its_alert() -> None:
    """The link leads to the file of that name."""
    advice = ADVICE[Problem.CHAIN_BROKEN]

    assert advice.url == f"{RUNBOOKS_URL}ByCloudBackupChainBroken.md"
