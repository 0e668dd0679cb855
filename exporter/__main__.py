"""The entry point of the command and of `python -m exporter`."""

import signal

TYPE_CHECKING = False  # importing it from `typing` would take a tenth of the start-up time
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> "NoReturn":
    """Run the command line.

    A SIGHUP is blocked until the command is known: `serve` reloads its configuration, any other command ends.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from exporter.cli.main import main as run  # noqa: PLC0415 - a SIGHUP may arrive during the import

    run()


if __name__ == "__main__":
    main()
