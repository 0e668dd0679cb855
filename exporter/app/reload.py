"""Reading the configuration anew while serving: all of it comes into force, or nothing does."""

import threading
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from exporter.clock import Clock
from exporter.config import Config
from exporter.errors import ConfigError
from exporter.metrics.own import ReloadCollector


class Reloader:
    """Puts a configuration into force; says in gauges and log how that went. Safe for many threads."""

    def __init__(
        self,
        load: Callable[[], Config],
        apply: Callable[[Config], None],
        gauges: ReloadCollector,
        log: FilteringBoundLogger,
        clock: Clock,
    ) -> None:
        self._load = load
        self._apply = apply
        self._gauges = gauges
        self._log = log
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def reload(self) -> None:
        """Reload, or raise the `ConfigError` that says why the old configuration stays."""
        with self._one_at_a_time:
            try:
                config = self._load()
                self._apply(config)
            except Exception as error:  # a bug too leaves the old configuration in force
                self._gauges.successful = False
                if isinstance(error, ConfigError):
                    self._log.error("cannot reload: the old configuration stays", problem=str(error))
                raise
            self._gauges.successful, self._gauges.loaded_at = True, self._clock.now()
            self._log.info("reloaded", targets=len(config.targets))
