"""Abuse: everything that clients can do to a server, while a scrape a second must succeed within a second.

    python -m benchmarks.abuse [--seconds 15] [--connections 500]

Runs the exporter four times on 20,000 samples, in plain HTTP and over TLS, with a user and without, and does
to it one thing after the other for some seconds each: 500 connections that send their headers byte by byte,
500 that stay silent (over TLS: before the handshake) or idle (after it), 2,000 that stay silent while new
ones arrive, 60 and 300 clients that never read, some of which begin a next request, clients that request the
page or a scrape of an hour and leave, a storm of SIGHUPs, oversized and broken requests, time-outs that are
none; with users, 2,000 logins that wait for their bcrypt, and 700 of them while each scrape is a new login.
Prints for each how many scrapes held, the slowest, and threads and memory; then whether a request that ends
in its headers began a walk, what was refused, whether a removed user was answered, and how long the end took
beside an idle client. Exits with 1 where a scrape was late or missing.
"""

import argparse
import base64
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path

import bcrypt
import requests
import trustme
from msgspec import Struct

from benchmarks.soak import reading
from exporter.server.limits import Limits, raise_descriptor_limit
from exporter.simulator import SimulatedApi, many

BACKUPS, INSTANCES = 7_000, 1_400  # 20,000 samples
LOGIN = ("alice", "wonderland")
BASIC = b"Authorization: Basic " + base64.b64encode(":".join(LOGIN).encode())
TIMEOUTS = ("nan", "inf", "-1", "0", "1e999", "text", "")
GIVE_UP = 60.0  # seconds after which a scrape counts as unanswered
STRANGER = "127.0.0.2"  # an address that no scraper has
HEAD = b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + BASIC + b"\r\n"
BROKEN = {
    "1 MB header": HEAD + b"X-Large: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "1 MB request line": b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "garbage": os.urandom(4096),
    "CL with TE": HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "EOF in the headers": HEAD,
}


class Server(Struct, frozen=True):
    """The exporter that runs."""

    pid: int
    port: int
    web: Path
    ca: Path | None

    @property
    def url(self) -> str:
        """Where its metrics are."""
        return f"http{'s' if self.ca else ''}://127.0.0.1:{self.port}/metrics"

    def scrape(self, **headers: str) -> requests.Response:
        """Scrape once, on a connection of its own."""
        return self.scrape_as(LOGIN, **headers)

    def scrape_as(self, login: tuple[str, str], **headers: str) -> requests.Response:
        """Scrape once, with another login."""
        verify = str(self.ca) if self.ca else True
        sent = {"Connection": "close", **headers}
        return requests.get(self.url, auth=login, verify=verify, headers=sent, timeout=GIVE_UP)

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """Open a connection, without a handshake."""
        return socket.create_connection(("127.0.0.1", self.port), 30, (source, 0))

    def secured(self, source: str = "127.0.0.1") -> socket.socket:
        """Open one on which HTTP is spoken."""
        plain = self.connect(source)
        if self.ca is None:
            return plain
        context = ssl.create_default_context(cafile=self.ca)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")


Abuse = Callable[[Server, threading.Event, ExitStack], None]


def nothing(_server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Leave it alone."""
    stop.wait()


def slow_headers(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Send the headers byte by byte on so many connections; connect anew where they were ended."""
    held = [server.secured() for _ in range(number)]
    while not stop.is_set():
        for place in range(len(held)):
            try:
                held[place].send(HEAD[:1])
            except OSError:
                held[place].close()
                held[place] = server.secured()
        stop.wait(0.1)
    for one in held:
        stack.enter_context(one)


def silent(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Hold so many connections, and say nothing: no handshake either."""
    for _ in range(number):
        stack.enter_context(server.connect())
    stop.wait()


def idle(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Hold so many connections, and say nothing more than TLS wants."""
    for _ in range(number):
        stack.enter_context(server.secured())
    stop.wait()


def never_read(server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Ask for the metrics 60 times, a few at once, and read nothing."""
    for number in range(60):
        one = stack.enter_context(server.secured())
        one.sendall(HEAD + b"\r\n")
        if number % 10 == 9:  # noqa: PLR2004 - ten at once
            stop.wait(0.3)
    stop.wait()


def broken(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Send what is too large or no HTTP, again and again."""
    while not stop.is_set():
        for request in BROKEN.values():
            with suppress(OSError), server.secured() as one:
                one.sendall(request)
                if request is not HEAD:
                    one.recv(1000)


def large_post(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Post 100 MB."""
    block = b"x" * 1_000_000
    while not stop.is_set():
        with suppress(OSError), server.secured() as one:
            one.sendall(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
            for _ in range(100):
                one.sendall(block)


def unusual(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Send what is HTTP, but seldom: pipelines, bare line feeds, HTTP/1.0, time-outs that are none."""
    healthy = HEAD.replace(b"/metrics", b"/-/healthy")
    requests_ = (
        (healthy + b"\r\n") * 50 + healthy + b"Connection: close\r\n\r\n",
        (healthy + b"Connection: close\r\n\r\n").replace(b"\r\n", b"\n"),
        (healthy + b"\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
        b"\r\n" + healthy.replace(b"/-/", b"http://x/-/") + b"Connection: close\r\n\r\nmore",
    )
    while not stop.is_set():
        for request in requests_:
            with suppress(OSError), server.secured() as one:
                one.sendall(request)
                while one.recv(65_536):
                    pass
        for text in TIMEOUTS:
            with suppress(requests.RequestException):
                server.scrape(**{"X-Prometheus-Scrape-Timeout-Seconds": text})
            if stop.wait(0.2):
                break


def crowd(number: int, server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Hold as many silent connections as the exporter takes, and open new ones all the time."""
    held = [stack.enter_context(server.connect()) for _ in range(number)]
    while not stop.wait(0.02):
        held.append(stack.enter_context(server.connect()))
        held.pop(0).close()


def never_read_whole(server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Ask 300 times for uncompressed metrics, from another address, begin a next request, read nothing."""
    for number in range(300):
        with suppress(OSError):
            one = stack.enter_context(server.secured(STRANGER))
            one.sendall(HEAD + b"\r\n")
            one.sendall(b"G")
        if number % 10 == 9 and stop.wait(0.2):  # noqa: PLR2004 - ten at once
            break
    stop.wait()


def _leave(server: Server, request: bytes, number: int, stop: threading.Event) -> None:
    with ExitStack() as stack:
        for _ in range(number):
            if stop.is_set():
                break
            with suppress(OSError):
                one = stack.enter_context(server.secured())
                one.sendall(request)


def leave_pages(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Request the page 100 times at once, and leave; again and again."""
    while not stop.is_set():
        _leave(server, HEAD.replace(b"/metrics", b"/") + b"\r\n", 100, stop)
        stop.wait(0.1)


def leave_scrapes(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Request 45 scrapes that may take an hour, and leave; again and again."""
    while not stop.is_set():
        _leave(server, HEAD + b"X-Prometheus-Scrape-Timeout-Seconds: 3600\r\n\r\n", 45, stop)
        stop.wait(0.5)


def hang_up(server: Server, stop: threading.Event, _stack: ExitStack) -> None:
    """Send 1,000 SIGHUPs a second."""
    while not stop.wait(0.01):
        for _ in range(10):
            os.kill(server.pid, signal.SIGHUP)


def abuses(connections: int) -> dict[str, Abuse]:
    """Name everything that is done, first and last nothing."""
    return {
        "nothing": nothing,
        f"{connections} slow headers": partial(slow_headers, connections),
        f"{connections} silent": partial(silent, connections),
        f"{connections} idle": partial(idle, connections),
        f"{4 * connections} in a crowd": partial(crowd, 4 * connections),
        "60 never read": never_read,
        "300 never read": never_read_whole,
        "pages, then gone": leave_pages,
        "scrapes, then gone": leave_scrapes,
        "SIGHUPs": hang_up,
        "broken requests": broken,
        "100 MB posts": large_post,
        "unusual requests": unusual,
        f"{4 * connections} waiting logins": partial(waiting_logins, 4 * connections, 100),
        "700, a new login": new_login,
        "nothing any more": nothing,
    }


class Held(Struct):
    """What came of the scrapes under one abuse."""

    good: int = 0
    tried: int = 0
    slowest: float = 0.0
    memory_kb: int = 0
    threads: int = 0
    descriptors: int = 0


def endure(server: Server, abuse: Abuse, seconds: int, deadline: float) -> Held:
    """Scrape once a second while the abuse runs; a scrape succeeds within `deadline` seconds."""
    held, stop = Held(), threading.Event()
    with ExitStack() as stack:
        thread = threading.Thread(target=abuse, args=(server, stop, stack), daemon=True)
        thread.start()
        for _ in range(seconds):
            began = time.monotonic()
            with suppress(requests.RequestException):
                answer = server.scrape()
                took = time.monotonic() - began
                held.good += answer.status_code == requests.codes.ok and took <= deadline
                held.slowest = max(held.slowest, took)
            held.tried += 1
            _look(server, held)
            time.sleep(max(0.0, began + 1 - time.monotonic()))
        stop.set()
        thread.join(30)
    return held


def _look(server: Server, held: Held) -> None:
    found = reading(server.pid)
    held.memory_kb = max(held.memory_kb, found["memory, kB"])
    held.threads = max(held.threads, found["threads"])
    held.descriptors = max(held.descriptors, found["descriptors"])


@contextmanager
def exporting(api: SimulatedApi, folder: Path, *, tls: bool, users: bool) -> Iterator[Server]:
    """Run the exporter; it must end well, while a client is idle."""
    blocks = []
    if users:
        hashed = bcrypt.hashpw(LOGIN[1].encode(), bcrypt.gensalt(8)).decode()
        blocks.append(f"basic_auth_users: {{alice: '{hashed}'}}")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    if tls:
        blocks.append("tls_server_config: {cert_file: server.pem, key_file: server.pem}")
    (folder / "web.yml").write_text("\n".join(blocks), encoding="utf-8")
    (folder / "config.yml").write_text(
        f"targets: [{{name: default, url: '{api.url}', api_key: 'demo:demo-secret'}}]", encoding="utf-8"
    )
    command = [
        *(sys.executable, "-m", "exporter", "--web.listen-address=127.0.0.1:0"),
        f"--config.file={folder}/config.yml",
        f"--web.config.file={folder}/web.yml",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stderr is not None  # noqa: S101 - a pipe was asked for
        port = int(re.findall(r" port=(\d+)", process.stderr.readline())[0])
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            server = Server(process.pid, port, folder / "web.yml", folder / "ca.pem" if tls else None)
            yield server
        finally:
            idle = server.secured()
            idle.sendall(HEAD.replace(b"/metrics", b"/-/healthy") + b"\r\n")
            idle.recv(1000)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            print(f"exit status {process.wait(30)} after {time.monotonic() - began:.1f} s")
            idle.close()


def walks_for_half_a_request(api: SimulatedApi, server: Server) -> int:
    """Say how many requests to the API a request that ends in its headers brought."""
    before = len(api.requests)
    with server.secured() as one:
        one.sendall(HEAD)
    server.scrape(**{"X-Marker": "after"})
    walked = len(api.requests) - before
    before = len(api.requests)
    server.scrape()
    return walked - (len(api.requests) - before)


def refusals(server: Server) -> list[str]:
    """Return what the exporter counted, by reason."""
    found = re.findall(r'refused_requests_total\{reason="(\w+)"\} ([0-9.]+)', server.scrape().text)
    return [f"{reason} {float(count):.0f}" for reason, count in found if float(count)]


def run(seconds: int, deadline: float = 1.0, connections: int = 500) -> bool:
    """Print the tables; return whether every scrape succeeded within `deadline` seconds."""
    well = True
    raise_descriptor_limit(Limits(connections=5 * connections))
    for tls, users in product((False, True), repeat=2):
        with (
            SimulatedApi(backups=many(BACKUPS, INSTANCES)) as api,
            tempfile.TemporaryDirectory() as folder,
            exporting(api, Path(folder), tls=tls, users=users) as server,
        ):
            samples = sum(not line.startswith("#") for line in server.scrape().text.splitlines())
            kind = f"{'TLS' if tls else 'plain HTTP'}, {'a user' if users else 'no users'}"
            print(f"\n{kind}, {samples:,} samples")
            print(
                f"{'abuse':<20}{'scrapes':>9}{'slowest':>10}{'threads':>9}{'memory':>10}{'descriptors':>13}"
            )
            for name, abuse in abuses(connections).items():
                held = endure(server, abuse, seconds, deadline)
                well = well and held.good == held.tried
                print(
                    f"{name:<20}{f'{held.good}/{held.tried}':>9}{held.slowest:>8.2f} s{held.threads:>9}"
                    f"{held.memory_kb // 1024:>7} MB{held.descriptors:>13}",
                    flush=True,
                )
            half = walks_for_half_a_request(api, server)
            print(f"requests to the API for half a request: {half}")
            print("refused:", ", ".join(refusals(server)) or "nothing")
            removed = answers_for_a_removed_user(server) if users else 0
            print(f"answers for a removed user whose hash another has: {removed}")
            well = well and half == removed == 0
    return well


class Stranger:
    """One connection that tries one wrong login after the other."""

    def __init__(self, server: Server, source: str) -> None:
        self._server = server
        self._source = source
        self._socket: socket.socket | None = None

    def step(self) -> bool:
        """Try the next login if the last one was answered, on a new connection if it was ended; say if so."""
        try:
            if self._socket is None:
                self._socket = self._server.secured(self._source)
            elif not self._socket.recv(4096):
                raise ConnectionError
            self._socket.settimeout(30)
            login = base64.b64encode(b"stranger:" + os.urandom(8))
            self._socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic " + login + b"\r\n\r\n")
            self._socket.settimeout(0)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            self.close()
        return True

    def close(self) -> None:
        """End the connection."""
        if self._socket:
            self._socket.close()
        self._socket = None


def waiting_logins(
    number: int, addresses: int, server: Server, stop: threading.Event, stack: ExitStack
) -> None:
    """Keep a wrong login waiting on each of so many connections, from so many addresses.

    At most 50 a second are new: more would be a flood of requests or of handshakes, which is another matter.
    """
    strangers = [Stranger(server, f"127.0.0.{place % addresses + 2}") for place in range(number)]
    for stranger in strangers:
        stack.callback(stranger.close)
    while not stop.wait(0.1):
        for stranger in strangers:
            if not stop.is_set() and stranger.step():
                stop.wait(0.02)


def new_login(server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Let 700 strangers of seven addresses try, while the scrapes' hash, and so their login, is often new."""

    def renew() -> None:
        while not stop.wait(2):
            replace_users(server, {LOGIN[0]: hash_password()})

    threading.Thread(target=renew, daemon=True).start()
    waiting_logins(700, 7, server, stop, stack)


def hash_password() -> str:
    """Hash the password with a new salt."""
    return bcrypt.hashpw(LOGIN[1].encode(), bcrypt.gensalt(8)).decode()


def replace_users(server: Server, hashes: dict[str, str]) -> None:
    """Write the web configuration with other users."""
    users = ", ".join(f"{name}: '{hashed}'" for name, hashed in hashes.items())
    lines = server.web.read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if not line.startswith("basic_auth_users:")]
    part = server.web.with_suffix(".part")
    part.write_text("\n".join([*others, f"basic_auth_users: {{{users}}}"]), encoding="utf-8")
    part.replace(server.web)


def answers_for_a_removed_user(server: Server) -> int:
    """Say how often a user whose hash another one has is answered, after the first refusal, of 100 tries."""
    hashed, removed = hash_password(), ("mallory", LOGIN[1])
    replace_users(server, {LOGIN[0]: hashed, removed[0]: hashed})
    _wait_for(lambda: server.scrape_as(removed).ok)
    replace_users(server, {LOGIN[0]: hashed})
    _wait_for(lambda: not server.scrape_as(removed).ok)
    return sum(server.scrape_as(removed).ok for _ in range(100))


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=15, help="for each abuse (default 15)")
    parser.add_argument(
        "--connections", type=int, default=500, help="slow, silent or idle ones at once (default 500)"
    )
    options = parser.parse_args()
    return 0 if run(options.seconds, connections=options.connections) else 1


if __name__ == "__main__":
    sys.exit(main())
