"""What clients can do to a server, while a scrape a second must succeed within a second.

    python -m benchmarks.abuse [--seconds 15] [--connections 500] [--only NAME ...]

Runs the exporter four times on 20,000 samples, over HTTP and TLS, with a user and without, and does one
thing after the other to it: slow, silent and idle connections, more connections than the server accepts,
clients that never read, abandoned requests, SIGHUPs, oversized, broken and unusual requests, and logins that
wait for bcrypt. Prints for each how many scrapes succeeded, the slowest, and the most threads, memory and
descriptors; then whether an incomplete request caused a walk, what was refused, whether a removed user was
served, and how long the exporter took to end with an idle client connected. Exits with 1 if a scrape was late
or failed.
"""

from benchmarks.abuse.run import run
from benchmarks.abuse.server import GIVE_UP

__all__ = ["GIVE_UP", "run"]
