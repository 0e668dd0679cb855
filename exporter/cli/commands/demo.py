"""`demo`: the exporter on an embedded API with example databases."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct

from exporter.cli.serving import Service
from exporter.config import Config, Secret, Target, Url
from exporter.simulator import Ailment, Fleet, SimulatedApi

API_KEY = "demo:demo-secret"


def run(options: Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    with running_demo(options.seed) as demo:
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
        print(
            f"""
exporter      {url}/
metrics       {url}/metrics
embedded API  {api}/v1/database-backups  (X-Api-Key: {API_KEY})

Its databases are backed up in real time. These are worth a look:
{self._ailing_databases()}

Try:
  curl -s {url}/metrics | grep '^bycloud_up'
  curl -s {url}/metrics | grep '^bycloud_database_backups{{status="FAILED"'

Press Ctrl-C to stop both.
""",
            flush=True,
        )

    def _ailing_databases(self) -> str:
        kinds = max(len(ailment.kind) for ailment in self.ailments)
        names = max(len(ailment.name) for ailment in self.ailments)
        return "\n".join(f"  {a.kind:<{kinds}}  {a.name:<{names}}  {a.story}" for a in self.ailments)


@contextmanager
def running_demo(seed: int) -> Iterator[Demo]:
    """Run the embedded API on the loopback address until the end of the block.

    :param seed: chooses the databases.
    """
    fleet = Fleet(seed)
    with SimulatedApi(
        backups=lambda: fleet.backups(datetime.now(UTC)),
        instances=lambda: fleet.instances(datetime.now(UTC)),
        tier="enterprise",
        api_key=API_KEY,
    ) as api:
        target = Target(name="demo", url=Url(api.url), api_key=Secret(API_KEY), size_unit="GiB")
        yield Demo(Config(targets=(target,)), fleet.ailments)
