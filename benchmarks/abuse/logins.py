"""Abuse by wrong logins, and changes of the users."""

import base64
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import bcrypt

from benchmarks.abuse.files import replace_file
from benchmarks.abuse.server import GIVE_UP, LOGIN, Server


class WrongLogins:
    """A connection that tries one wrong login after the other."""

    def __init__(self, server: Server, source: str) -> None:
        self._server = server
        self._source = source
        self._socket: socket.socket | None = None

    def step(self) -> bool:
        """Try the next login if the last one has a response; return whether it does.

        Connect again if the server ended the connection.
        """
        try:
            if self._socket is None:
                self._socket = self._server.open(self._source)
            elif not self._socket.recv(4096):
                raise ConnectionError
            self._socket.settimeout(30)
            login = base64.b64encode(b"wrong:" + os.urandom(8))
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
    """Keep a wrong login waiting on each of `number` connections from `addresses` addresses.

    At most 50 a second are new, so that this tests the logins and not the rate of handshakes.
    """
    clients = _wrong_logins(number, addresses, server, stack)
    while not stop.wait(0.1):
        for client in clients:
            if not stop.is_set() and client.step():
                stop.wait(0.02)


def _wrong_logins(number: int, addresses: int, server: Server, stack: ExitStack) -> list[WrongLogins]:
    clients = [WrongLogins(server, f"127.0.0.{place % addresses + 2}") for place in range(number)]
    for client in clients:
        stack.callback(client.close)
    return clients


def logins_at_once(server: Server, stack: ExitStack) -> None:
    """Send 60 wrong logins from two addresses, almost as many as may wait."""
    for client in _wrong_logins(60, 2, server, stack):
        client.step()


def new_login(server: Server, stop: threading.Event, stack: ExitStack) -> None:
    """Try 700 wrong logins from seven addresses, while the scrapes' hash changes every two seconds."""

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
    replace_file(server.web, "\n".join([*others, f"basic_auth_users: {{{users}}}"]).encode())


def answers_for_a_removed_user(server: Server) -> int:
    """Remove a user who shares a hash with another user; return how many of 100 later scrapes succeed."""
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
