"""What clients can do to a server, while a scrape a second must succeed within a second.

    python -m benchmarks.abuse [--seconds 15] [--connections 500] [--only NAME ...]

Runs the exporter four times on 20,000 samples, over HTTP and TLS, with a user and without, and does one
thing after the other to it: slow, silent and idle connections, more connections than the server accepts, a
response that is read slowly beside those, clients that never read, abandoned requests, SIGHUPs, broken and
deleted files, oversized, broken and unusual requests, and logins that wait for bcrypt. Prints for each how
many scrapes succeeded, the slowest, whether an idle connection with a successful response was kept, and the
most threads, memory and descriptors; then whether an incomplete request caused a walk, what was refused,
whether a removed user was answered, and how the exporter ended beside an idle client and waiting logins.
Exits with 1 if a scrape was late or failed, if the idle connection or the slow response ended, if good
files were not reloaded, or if the exporter ended late, with another status than 0 or with a traceback.
"""

from benchmarks.abuse.run import run
from benchmarks.abuse.server import GIVE_UP

__all__ = ["GIVE_UP", "run"]
