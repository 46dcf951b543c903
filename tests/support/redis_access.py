"""How servers are guarded: passwords, an ACL user, TLS; or not at all."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from support.certificates import authority

HOST = "127.0.0.1"
PASSWORD = "the operators' own, with @ : / and %"
SERVICE_USER = "otp"
SERVICE_PASSWORD = "the service's own, with @ : / and %"
SENTINEL_PASSWORD = "the sentinels' own"

REQUIRED = "OTP_REQUIRE_TLS"
NO_TLS = "the Redis server found was built without TLS"
# Everything that the service may do, and no more.
_RIGHTS = (
    "~otp1:* resetchannels -@all +@read +@write +@scripting +@connection "
    "+time +info +wait +asking +cluster|slots -keys"
)


@dataclass(frozen=True)
class Access:
    """What a server asks of its callers.

    Args:
        password: of the user who may do everything.
        has_service_user: whether there is one who may do what the service does and no more.
        tls: whether it answers over TLS alone.
        names: what its certificate is good for.
    """

    password: str = ""
    has_service_user: bool = False
    tls: bool = False
    names: tuple[str, ...] = (HOST, "localhost")

    def options(self, port: int) -> list[str]:
        """Give the options of a server on this port."""
        return [*self._port(port), *self._passwords()]

    def sentinel_lines(self, service: str) -> list[str]:
        """Give what a sentinel's configuration file says of it."""
        if not self.password:
            return []
        quoted = f'"{self.password}"'
        return [
            f"sentinel auth-pass {service} {quoted}",
            f'requirepass "{SENTINEL_PASSWORD}"',
            f'sentinel sentinel-pass "{SENTINEL_PASSWORD}"',
        ]

    def sentinel_options(self, port: int) -> list[str]:
        return self._port(port)

    def client_options(self, password: str) -> dict[str, Any]:
        """Give what redis-py wants for the user who may do everything."""
        if not self.tls:
            return {"password": password or None}
        return {
            "password": password or None,
            "ssl": True,
            "ssl_ca_certs": str(authority().ca_file),
            "ssl_check_hostname": HOST in self.names,
        }

    def _port(self, port: int) -> list[str]:
        if not self.tls:
            return ["--port", str(port)]
        certificate, key = _certificate(self.names)
        return [
            *("--port", "0", "--tls-port", str(port)),
            *("--tls-cert-file", str(certificate), "--tls-key-file", str(key)),
            *("--tls-ca-cert-file", str(authority().ca_file), "--tls-auth-clients", "no"),
            *("--tls-replication", "yes", "--tls-cluster", "yes"),
        ]

    def _passwords(self) -> list[str]:
        if not self.password:
            return []
        own = ["--requirepass", self.password, "--masterauth", self.password]
        if self.has_service_user:
            own += ["--user", SERVICE_USER, "on", f">{SERVICE_PASSWORD}", *_RIGHTS.split()]
        return own


OPEN = Access()
GUARDED = Access(password=PASSWORD, has_service_user=True, tls=True)


@cache
def has_tls(binary: str) -> bool:
    """Tell whether a server can; one built without may know the options, but not OpenSSL."""
    return b"SSL_CTX_" in Path(binary).read_bytes()


def must_have_tls() -> bool:
    return os.environ.get(REQUIRED) == "1"


@cache
def _certificate(names: tuple[str, ...]) -> tuple[Path, Path]:
    return authority().certify(*names)
