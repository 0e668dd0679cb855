"""Which budgets survive a reload: the API counts requests by account, so renamed targets keep theirs."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from exporter.api.budget import Budget
from exporter.app.runtime import TargetRuntime
from exporter.config import Target


class Account(NamedTuple):
    """An account of the API, as far as the configuration identifies it."""

    url: str
    credential: tuple[object, ...]

    @classmethod
    def of(cls, target: Target) -> "Account":
        """Return the account that a target uses."""
        return cls(target.url, (target.api_key, target.api_key_file, target.token, target.token_file))


def inherited_budgets(targets: Iterable[Target], ending: Iterable[TargetRuntime]) -> Mapping[str, Budget]:
    """Return the budgets that new targets continue, by the new target's name.

    A new target continues the budget of an ending one with the same account: preferably of the
    same name, else of the first one that no other target continues.

    :param targets: the new and the changed targets.
    :param ending: the runtimes that they replace.
    """
    available = {runtime.target.name: runtime for runtime in ending}
    inherited: dict[str, Budget] = {}
    for target in sorted(targets, key=lambda target: target.name not in available):
        if runtime := _predecessor(target, available):
            inherited[target.name] = available.pop(runtime.target.name).api.budget
    return inherited


def _predecessor(target: Target, available: Mapping[str, TargetRuntime]) -> TargetRuntime | None:
    """Return the runtime whose budget the target continues, the one of the same name first."""
    same_account = [
        runtime for runtime in available.values() if Account.of(runtime.target) == Account.of(target)
    ]
    same_account.sort(key=lambda runtime: runtime.target.name != target.name)
    return same_account[0] if same_account else None
