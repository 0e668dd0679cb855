"""Reloads the configuration while the exporter runs."""

import threading
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from exporter.clock import Clock
from exporter.config import Config
from exporter.errors import ConfigError
from exporter.metrics.own import ReloadCollector


class Reloader:
    """Loads the configuration and applies all of it, or nothing. Safe to call from any thread.

    :param load: reads the configuration, or raises `ConfigError`.
    :param reconfigure: applies it, or raises `ConfigError` and changes nothing.
    :param gauges: show whether the last reload succeeded, and when.
    """

    def __init__(
        self,
        load: Callable[[], Config],
        reconfigure: Callable[[Config], None],
        gauges: ReloadCollector,
        log: FilteringBoundLogger,
        clock: Clock,
    ) -> None:
        self._load = load
        self._reconfigure = reconfigure
        self._gauges = gauges
        self._log = log
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def __repr__(self) -> str:
        return f"<Reloader successful={self._gauges.successful}>"

    def reload(self) -> None:
        """Reload the configuration.

        :raises ConfigError: if the new configuration cannot be used; the old one is kept.
        """
        with self._one_at_a_time:
            try:
                config = self._load()
                self._reconfigure(config)
            except ConfigError as error:
                self._gauges.successful = False
                self._log.error(
                    "cannot reload the configuration: the old one stays in force", problem=str(error)
                )
                raise
            except Exception:  # a bug keeps the old configuration too; the caller logs it
                self._gauges.successful = False
                raise
            self._gauges.successful, self._gauges.loaded_at = True, self._clock.now()
            self._log.info("configuration reloaded", targets=len(config.targets))
