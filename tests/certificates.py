"""Certificates that tests make: of authorities, servers and clients, good and bad."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from msgspec import Struct

HOST = "127.0.0.1"


class Files(Struct, frozen=True):
    """A certificate and its key, as files."""

    cert: Path
    key: Path

    @property
    def pair(self) -> tuple[str, str]:
        """What `requests` takes as `cert`."""
        return str(self.cert), str(self.key)


class Authority:
    """A certificate authority that lives in a folder."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.file = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def issue(self, name: str, *, expired: bool = False) -> Files:
        """Write a certificate for loopback and its key, in place of any of that name."""
        until = datetime.now(UTC) + (timedelta(days=-1) if expired else timedelta(days=1))
        issued = self._ca.issue_cert(
            HOST, "localhost", not_before=datetime.now(UTC) - timedelta(days=2), not_after=until
        )
        files = Files(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        files.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(files.key)
        return files


def serial(pem: bytes) -> bytes:
    """Tell certificates apart."""
    return b"".join(pem.split(b"-----")[2].split())
