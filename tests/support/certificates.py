"""Certificates that tests make: of authorities, servers and clients, good and bad."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
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

    def issue(self, name: str, *identities: str, expired: bool = False) -> Files:
        """Write a certificate, by default for loopback, and its key, in place of any of that name."""
        until = datetime.now(UTC) + (timedelta(days=-1) if expired else timedelta(days=1))
        issued = self._ca.issue_cert(
            *(identities or (HOST, "localhost")),
            not_before=datetime.now(UTC) - timedelta(days=2),
            not_after=until,
        )
        files = Files(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        files.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(files.key)
        return files

    def issue_for_uri(self, name: str, uri: str) -> Files:
        """Write a certificate for a URI, which `issue` cannot, and for a number that is no name."""
        key = ec.generate_private_key(ec.SECP256R1())
        authority = x509.load_pem_x509_certificate(self._ca.cert_pem.bytes())
        signer = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        number = x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))
        names = [number, x509.UniformResourceIdentifier(uri)]
        built = x509.CertificateBuilder(
            issuer_name=authority.subject,
            subject_name=x509.Name([]),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=datetime.now(UTC) - timedelta(days=2),
            not_valid_after=datetime.now(UTC) + timedelta(days=1),
        ).add_extension(x509.SubjectAlternativeName(names), critical=True)
        files = Files(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        files.cert.write_bytes(built.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM))
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files


def serial(pem: bytes) -> bytes:
    """Tell certificates apart."""
    return b"".join(pem.split(b"-----")[2].split())
