"""The log of one target's data warnings: one line when a warning appears, one when it is gone."""

from collections.abc import Iterable

from structlog.typing import FilteringBoundLogger

from exporter.results import DataWarning


class WarningLog:
    """Logs the changes from the data warnings of one walk to those of the next."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._kinds: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"WarningLog({sorted(self._kinds)})"

    def update(self, warnings: Iterable[DataWarning]) -> None:
        """Log the warnings of a kind that the last call did not have, and the kinds that only it had."""
        by_kind = {warning.kind: warning for warning in warnings}
        for kind, warning in by_kind.items():
            if kind not in self._kinds:
                self._log.warning(warning.text, data_warning=kind)
        for kind in sorted(self._kinds - by_kind.keys()):
            self._log.info("data warning resolved", data_warning=kind)
        self._kinds = frozenset(by_kind)
