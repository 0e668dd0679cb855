"""`demo`: the exporter on an embedded API with example databases."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from exporter.cli.serving import Service
from exporter.config import (
    Config,
    Exclusion,
    Labels,
    Match,
    MaxDuration,
    Objective,
    PositiveDuration,
    Secret,
    Target,
    Url,
)
from exporter.durations import UNITS
from exporter.simulator import Ailment, Fleet, RateLimitTier, SimulatedApi

API_KEY: Final = "demo:demo-secret"
QUOTA: Final = 5000
HOUR: Final = UNITS["h"]
DAY: Final = UNITS["d"]


def run(options: Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    with running_demo(options.seed, options.tier) as demo:
        Service(options, lambda: demo.config, announce=demo.announce).run(demo.config)
    return 0


class Demo(Struct, frozen=True):
    """The configuration for the embedded API, and the databases worth a look."""

    config: Config
    ailments: tuple[Ailment, ...]

    def announce(self, url: str) -> None:
        """Print the addresses, the databases worth a look, and commands to try.

        :param url: the exporter's address.
        """
        api = self.config.targets[0].url
        tries = "\n".join(f"  {command}" for command in self.commands(url))
        print(
            f"""
exporter      {url}/
metrics       {url}/metrics
embedded API  {api}/v1/database-backups  (X-Api-Key: {API_KEY})

Its databases are backed up in real time. These are worth a look:
{self._ailing_databases()}

Try:
{tries}

Press Ctrl-C to stop both.
""",
            flush=True,
        )

    def commands(self, url: str) -> tuple[str, ...]:
        """Return shell commands to try, each of which prints something.

        :param url: the exporter's address.
        """
        environment = (
            f"BYCLOUD_API_URL={self.config.targets[0].url} BYCLOUD_API_KEY={API_KEY} BYCLOUD_SIZE_UNIT=GiB"
        )
        return (
            f"curl -s {url}/metrics | grep '^bycloud_up'",
            f"curl -s {url}/metrics | grep '^bycloud_database_backups{{.*FAILED'",
            f"curl -s {url}/metrics | grep '^bycloud_database_unrestorable_backups{{.*parent_failed'",
            f"{environment} BYCLOUD_MAX_GAP=12h bycloud-backup-exporter check",
            f"{environment} BYCLOUD_MAX_CHAIN=14 bycloud-backup-exporter explain search-db",
        )

    def _ailing_databases(self) -> str:
        kinds = max(len(ailment.kind) for ailment in self.ailments)
        names = max(len(ailment.name) for ailment in self.ailments)
        return "\n".join(f"  {a.kind:<{kinds}}  {a.name:<{names}}  {a.story}" for a in self.ailments)


@contextmanager
def running_demo(seed: int, tier: RateLimitTier = "enterprise") -> Iterator[Demo]:
    """Run the embedded API on the loopback address until the end of the block.

    :param seed: chooses the databases.
    :param tier: the API's rate limits.
    """
    fleet = Fleet(seed)
    with SimulatedApi(
        backups=lambda: fleet.backups(datetime.now(UTC)),
        instances=lambda: fleet.instances(datetime.now(UTC)),
        tier=tier,
        api_key=API_KEY,
    ) as api:
        yield Demo(demo_config(api.url), fleet.ailments)


def demo_config(url: str) -> Config:
    """Return a configuration that shows what is wrong with each of the fleet's databases.

    :param url: the embedded API's address.
    """
    target = Target(
        name="demo",
        url=Url(url),
        api_key=Secret(API_KEY),
        size_unit="GiB",
        exclude=(Exclusion(backup_name="Replication snapshot for *"),),
        max_backups=QUOTA,
    )
    return Config(targets=(target,), objectives=OBJECTIVES)


def _objective(team: str, match: Match = Match()) -> Objective:  # noqa: B008 - it is frozen
    return Objective(
        match=match,
        max_age=MaxDuration(30 * HOUR),
        max_duration=MaxDuration(6 * HOUR),
        min_retention=PositiveDuration(12 * DAY),
        max_gap=MaxDuration(30 * HOUR if match.datastore_type == "redis" else 12 * HOUR),
        max_full_age=MaxDuration(2 * DAY),
        max_chain=14,
        labels=Labels((("team", team),)),
    )


OBJECTIVES: Final = (
    _objective("platform", Match(datastore_type="redis")),
    _objective("data", Match(datastore_type="cassandra")),
    _objective("payments", Match(instance_name="billing-*")),
    _objective("payments", Match(instance_name="ledger-*")),
    _objective("people", Match(instance_name="hr-*")),
    _objective("people", Match(instance_name="payroll-*")),
    _objective("shop"),
)
