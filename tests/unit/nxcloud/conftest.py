import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from otp_service.domain.pin import Pin
from otp_service.domain.verification import Channel, LanguageReason, MessagePlan
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.signing import Algorithm, Credentials
from otp_service.nxcloud.sms import SmsSender
from otp_service.nxcloud.transport import Transport
from otp_service.nxcloud.viber import ViberSender
from otp_service.nxcloud.viber_client import ViberClient
from otp_service.ports import OutgoingMessage
from otp_service.session_ports import SessionStore
from tests.unit.nxcloud.fakes import NOW, FixedClock, ListJournal
from tests.unit.nxcloud.scripted_server import ScriptedServer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def journal() -> ListJournal:
    return ListJournal()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def make_transport(server: ScriptedServer) -> Iterator[Callable[..., Transport]]:
    made: list[Transport] = []

    def make(base_url: str | None = None, **options: object) -> Transport:
        options.setdefault("connect_timeout", timedelta(seconds=2))
        options.setdefault("read_timeout", timedelta(seconds=5))
        made.append(Transport(base_url or server.url, **options))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def make_sender(
    make_transport: Callable[..., Transport], clock: FixedClock, journal: ListJournal
) -> Callable[..., ViberSender]:
    def make(
        base_url: str | None = None,
        *,
        dialect: Dialect | None = Dialect.DOCUMENTED,
        algorithm: Algorithm = Algorithm.MD5,
        **options: object,
    ) -> ViberSender:
        return ViberSender(
            make_transport(base_url, **options),
            credentials=Credentials(access_key="fme2na3kdi3ki", access_secret="abciiiko2k3"),
            appkey="pem28kje",
            clock=clock,
            journal=journal,
            dialect=dialect,
            algorithm=algorithm,
        )

    return make


@pytest.fixture
def make_client(
    make_transport: Callable[..., Transport], clock: FixedClock, journal: ListJournal
) -> Callable[..., ViberClient]:
    def make(
        *,
        sessions: SessionStore | None = None,
        dialect: Dialect | None = Dialect.DOCUMENTED,
        **options: object,
    ) -> ViberClient:
        return ViberClient(
            make_transport(**options),
            credentials=Credentials(access_key="fme2na3kdi3ki", access_secret="abciiiko2k3"),
            appkey="pem28kje",
            clock=clock,
            journal=journal,
            dialect=dialect,
            sessions=sessions,
        )

    return make


@pytest.fixture
def make_sms_sender(
    make_transport: Callable[..., Transport], clock: FixedClock, journal: ListJournal
) -> Callable[..., SmsSender]:
    def make(
        base_url: str | None = None,
        *,
        compose: Callable[[OutgoingMessage], str] = lambda message: f"{message.pin.digits}: код",
        source_address: str | None = None,
        algorithm: Algorithm = Algorithm.MD5,
        **options: object,
    ) -> SmsSender:
        return SmsSender(
            make_transport(base_url, **options),
            credentials=Credentials(access_key="fme2na3kdi3ki", access_secret="abciiiko2k3"),
            appkey="pem28kje",
            compose=compose,
            clock=clock,
            journal=journal,
            source_address=source_address,
            algorithm=algorithm,
        )

    return make


@pytest.fixture
def make_message() -> Callable[..., OutgoingMessage]:
    def make(
        template_id: int | None = 1,
        *,
        texts: dict[str, str] | None = None,
        life: timedelta = timedelta(seconds=300),
        language: str = "uk",
    ) -> OutgoingMessage:
        plan = MessagePlan(
            channel=Channel.VIBER,
            template_id=template_id,
            language=language,
            language_reason=LanguageReason.COUNTRY,
            texts=texts or {},
        )
        return OutgoingMessage(phone="+380671234567", pin=Pin("048213"), plan=plan, life=life)

    return make


@pytest.fixture
def message(make_message: Callable[..., OutgoingMessage]) -> OutgoingMessage:
    return make_message()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    scripted = ScriptedServer(tls=context)
    yield scripted
    scripted.close()
