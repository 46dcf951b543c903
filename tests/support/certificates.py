"""Certificates for servers of this machine, signed by an authority that nobody else trusts."""

from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Kept until the process ends, and with it goes what is in it.
_DIRECTORIES: list[TemporaryDirectory[str]] = []
_AROUND_NOW = timedelta(days=1)


class Authority:
    """Signs certificates; its own is in the file ``ca_file``."""

    def __init__(self) -> None:
        _DIRECTORIES.append(TemporaryDirectory(prefix="otp-tls-"))
        self._directory = Path(_DIRECTORIES[-1].name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])
        self.ca_file = self._directory / "ca.pem"
        usage = x509.BasicConstraints(ca=True, path_length=0)
        own = self._builder(self._name, self._key.public_key()).add_extension(usage, critical=True)
        self._write(self.ca_file, own.sign(self._key, hashes.SHA256()))

    def certify(self, *names: str) -> tuple[Path, Path]:
        """Give the files of a certificate and its key, good for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        known_as = x509.SubjectAlternativeName([_general_name(name) for name in names])
        builder = self._builder(subject, key.public_key()).add_extension(known_as, critical=False)
        certificate, key_file = (self._directory / f"{names[0]}.{end}" for end in ("pem", "key"))
        self._write(certificate, builder.sign(self._key, hashes.SHA256()))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, key_file

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _AROUND_NOW)
            .not_valid_after(now + _AROUND_NOW)
        )

    def _write(self, path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@cache
def authority() -> Authority:
    """Give this process' own."""
    return Authority()
