"""A web configuration file with TLS and users, and an exporter that serves with it."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import bcrypt
import requests

from tests.support.certificates import Files
from tests.support.command import LOOPBACK, running

PASSWORD = "looking-glass"
LOGIN = ("alice", PASSWORD)


def hashed(password: str, cost: int = 4) -> str:
    """Return the bcrypt hash of a password, as the file has it."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


class Web:
    """A web configuration file in a folder, which can be rewritten."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "web.yml"

    def write(self, *blocks: str) -> str:
        """Write the file; return its flag."""
        part = self.path.with_suffix(".part")
        part.write_text("\n".join(blocks))
        part.replace(self.path)
        return f"--web.config.file={self.path}"


def tls(more: str = "") -> str:
    """Write the block."""
    return f"tls_server_config: {{cert_file: server.crt, key_file: server.key{more}}}"


def users(**passwords: str) -> str:
    """Write the block."""
    lines = [f"  {name}: {hashed(password)}" for name, password in passwords.items()]
    return "\n".join(["basic_auth_users:", *lines])


class Server:
    """An exporter that serves."""

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process = process
        self.port = int(address.rpartition(":")[2])

    def get(
        self,
        ca: Path,
        path: str = "/metrics",
        *,
        client: Files | None = None,
        login: tuple[str, str] | None = None,
    ) -> requests.Response:
        """Send a request on a new connection."""
        return requests.get(
            f"https://127.0.0.1:{self.port}{path}",
            verify=str(ca),
            cert=client.pair if client else None,
            auth=login,
            timeout=20,
            headers={"Connection": "close"},
        )

    def certificate(self) -> str:
        """Return the certificate that it presents now."""
        return ssl.get_server_certificate(("127.0.0.1", self.port))


@contextmanager
def serving(*flags: str) -> Iterator[Server]:
    """Run `serve` until the end of the block."""
    with running(LOOPBACK, *flags) as (process, url):
        yield Server(process, url)


HASH: Final = "$2b$04$DFGXSCD.oBGt.PCFrDKbPe9UZXdCzAuYcHQMYKRDvYSZ39LbPRXcK"


SALT: Final = bcrypt.gensalt(4)
ALICE: Final = bcrypt.hashpw(b"wonderland", SALT)
