"""What is checked of the exporter after all abuses."""

import re
from contextlib import ExitStack
from typing import Final

from benchmarks.abuse.logins import answers_for_a_removed_user, logins_at_once
from benchmarks.abuse.server import HEAD, Server, is_healthy
from exporter.simulator import SimulatedApi

LONGEST_STOP: Final = 15.0  # seconds, as long as the systemd unit waits


def is_sound(api: SimulatedApi, server: Server, *, users: bool) -> bool:
    """Print what the server counted and how it responds now; return whether it does so correctly."""
    half = walks_for_half_a_request(api, server)
    removed = answers_for_a_removed_user(server) if users else 0
    print(f"API requests for an incomplete request: {half}")
    print("refused:", ", ".join(refusals(server)) or "nothing")
    print(f"responses to a removed user whose hash another user has: {removed}")
    return half == removed == 0


def walks_for_half_a_request(api: SimulatedApi, server: Server) -> int:
    """Return the number of API requests that a request with incomplete headers causes."""
    server.scrape()  # ends a walk that an abuse may have left
    before = len(api.requests)
    with server.open() as one:
        one.sendall(HEAD)
    server.scrape(**{"X-Marker": "after"})
    walked = len(api.requests) - before
    before = len(api.requests)
    server.scrape()
    return walked - (len(api.requests) - before)


def refusals(server: Server) -> list[str]:
    """Return what the exporter counted, by reason."""
    refusals = re.findall(r'refused_requests_total\{reason="(\w+)"\} ([0-9.]+)', server.scrape().text)
    return [f"{reason} {float(count):.0f}" for reason, count in refusals if float(count)]


def stops_cleanly(server: Server) -> bool:
    """Stop the server beside an idle client and logins that wait; return whether it ends soon and cleanly."""
    with ExitStack() as stack:
        idle = stack.enter_context(server.open())
        is_healthy(idle)
        logins_at_once(server, stack)
        status, seconds = server.stop()
    log = "".join(server.log)
    in_flight = re.findall(r"signal=SIGTERM requests=(\d+)", log)
    has_traceback = "Traceback" in log
    print(
        f"exit status {status} after {seconds:.1f} s with {', '.join(in_flight)} requests in flight,"
        f" {'a' if has_traceback else 'no'} traceback in the log"
    )
    return status == 0 and seconds <= LONGEST_STOP and not has_traceback
