"""Runs the quick suite repeatedly under load, to find tests that depend on it.

    python tools/stress.py [--runs=3] [--loops=4] [PYTEST-ARGUMENT ...]

Busy loops take the processor, idle threads have the names of the exporter's own. The order of the tests is
random. The arguments replace those of the quick suite.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

QUICK: Final = ("-n", "auto", "-m", "not slow", "--hypothesis-profile=quick")
PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "-p", "tests.support.bystanders")


def main() -> int:
    """Return how many runs failed."""
    parser = argparse.ArgumentParser(description="Run the quick suite repeatedly under load.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--loops", type=int, default=4)
    options, arguments = parser.parse_known_args()
    with ExitStack() as stack:
        for _ in range(options.loops):
            stack.enter_context(_busy_loop())
        failed = sum(_fails(arguments or QUICK) for _ in range(options.runs))
    print(f"{options.runs - failed} of {options.runs} runs passed under {options.loops} busy loops")
    return failed


def _fails(arguments: tuple[str, ...] | list[str]) -> bool:
    return subprocess.run([*PYTEST, *arguments], check=False).returncode != 0


@contextmanager
def _busy_loop() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
