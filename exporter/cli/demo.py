"""The demo: the embedded API with a living fleet, and what to look at once the exporter runs on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct

from exporter.config.credentials import Secret
from exporter.config.schema import Config, Target, Url
from exporter.simulator import Ailment, Fleet, SimulatedApi

API_KEY = "demo:demo-secret"


class Demo(Struct, frozen=True):
    """A configuration for the embedded API, and the words to go with it."""

    config: Config
    sick: tuple[Ailment, ...]

    def announce(self, exporter: str) -> None:
        """Print where everything is, the exporter at its URL, and what is worth a look."""
        api = self.config.targets[0].url
        kinds, names = (
            max(map(len, words)) for words in zip(*((s.kind, s.name) for s in self.sick), strict=True)
        )
        sick = "\n".join(f"  {s.kind:<{kinds}}  {s.name:<{names}}  {s.story}" for s in self.sick)
        print(
            f"""
exporter      {exporter}/
metrics       {exporter}/metrics
embedded API  {api}/v1/database-backups  (X-Api-Key: {API_KEY})

A fleet of databases backs itself up in real time. These are worth a look:
{sick}

Try:
  curl -s {exporter}/metrics | grep '^bycloud_up'
  curl -s {exporter}/metrics | grep '^bycloud_database_backups{{status="FAILED"'

Ctrl-C ends both.
""",
            flush=True,
        )


@contextmanager
def run_demo(seed: int) -> Iterator[Demo]:
    """Run the embedded API on loopback for as long as the block lasts."""
    fleet = Fleet(seed)
    with SimulatedApi(
        backups=lambda: fleet.backups(datetime.now(UTC)),
        instances=lambda: fleet.instances(datetime.now(UTC)),
        tier="enterprise",
        api_key=API_KEY,
    ) as api:
        target = Target(name="demo", url=Url(api.url), api_key=Secret(API_KEY), size_unit="GiB")
        yield Demo(Config(targets=(target,)), fleet.ailing)
