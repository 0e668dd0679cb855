"""The command line."""

import argparse
import sys

from benchmarks import abuse


def main() -> int:
    """Run the abuses; return the exit status."""
    parser = argparse.ArgumentParser(
        description=abuse.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=15, help="for each abuse (default 15)")
    parser.add_argument(
        "--connections", type=int, default=500, help="slow, silent or idle ones at once (default 500)"
    )
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="abuses to run (default all)")
    options = parser.parse_args()
    return 0 if abuse.run(options.seconds, connections=options.connections, only=options.only) else 1


if __name__ == "__main__":
    sys.exit(main())
