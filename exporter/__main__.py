"""The entry point of the command and of `python -m exporter`."""

import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line.

    A SIGHUP that arrives during the imports is held back until a command decides what it means: `serve`
    reloads, the others end.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from exporter.cli.main import main as run  # noqa: PLC0415 - the import takes most of the start

    run()


if __name__ == "__main__":
    main()
