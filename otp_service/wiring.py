"""The one place where real parts meet."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from flask import Blueprint

from otp_service.api.admission import Admission
from otp_service.api.callback_routes import Callbacks
from otp_service.api.factory import OtpApi, create_api
from otp_service.api.operator_access import OperatorAccess
from otp_service.api.peer import TrustedProxies
from otp_service.api.shared_look import SharedLook
from otp_service.demo import create_demo_pages
from otp_service.domain.circuit import Circuit, CircuitRules
from otp_service.domain.client_address import AddressScheme
from otp_service.domain.client_token import ClientTokenScheme
from otp_service.domain.destinations import NumberHashes
from otp_service.domain.idempotency import IdempotencyScheme
from otp_service.domain.identity import IdScheme
from otp_service.domain.keys import KeyRing, Use, derive_key
from otp_service.domain.number_prefix import PrefixScheme
from otp_service.domain.proof import ProofScheme
from otp_service.domain.sealing import Sealer
from otp_service.domain.test_number import FixedPinScheme
from otp_service.domain.verification import Channel
from otp_service.nxcloud.callbacks import read_receipt, read_reply
from otp_service.nxcloud.otp_template import Dialect
from otp_service.nxcloud.reading import NOT_ASKED, NOT_REACHED, REASONS
from otp_service.nxcloud.signing import Credentials
from otp_service.nxcloud.sms import SmsSender, sms_content
from otp_service.nxcloud.system_clock import SystemClock
from otp_service.nxcloud.transport import Transport
from otp_service.nxcloud.viber import ViberSender
from otp_service.nxcloud.viber_client import ViberClient
from otp_service.ports import Journal, MessageSender, OutgoingMessage
from otp_service.redis_store import (
    Connection,
    FraudGuard,
    NumberFiles,
    NumberKeyMark,
    RedisAddress,
    RedisBudgets,
    RedisClaims,
    RedisKeyUses,
    RedisSessions,
    RedisStore,
    Replication,
    Timeouts,
    Topology,
    connect,
    read_address,
    store_problems,
)
from otp_service.service.breaker import CIRCUIT_OPEN, Breaker
from otp_service.service.bulkhead import Bulkhead
from otp_service.service.cancel import CancelVerification
from otp_service.service.dispatch import Dispatcher
from otp_service.service.fixed_pins import FixedPins
from otp_service.service.gate import Gate
from otp_service.service.hand_over import HandOver
from otp_service.service.hear import HearReply
from otp_service.service.mint import MintToken
from otp_service.service.note_use import NoteKeyUse
from otp_service.service.proof import CheckProof
from otp_service.service.receive import ReceiveReceipt
from otp_service.service.resend import ResendCode
from otp_service.service.start import StartVerification
from otp_service.service.status import ReadVerification
from otp_service.service.use_cases import UseCases
from otp_service.service.verify import VerifyCode
from otp_service.session_ports import SessionStore
from otp_service.settings import DEMO_API_KEY, Settings
from otp_service.telemetry import TelemetryJournal, bind_request_id, configure_logs, render_metrics

# The names by which a browser on this machine can mean this machine.
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def wire_api(settings: Settings, *, is_ending: Callable[[], bool] = lambda: False) -> OtpApi:
    """Give the WSGI application of these settings. Redis may be away; it is asked again later.

    Args:
        is_ending: whether whoever serves it takes no new callers.
    """
    configure_logs(
        settings.log_level,
        secrets=[secret.get_secret_value() for secret in settings.nxcloud_callback_secrets],
    )
    journal = TelemetryJournal(applications=settings.applications, reasons=REASONS | {CIRCUIT_OPEN})
    store = wire_store(settings)
    mark = NumberKeyMark(store, settings.number_key_bytes())
    mark.leave()
    claims = RedisClaims(store, journal, IdScheme(settings.number_key_bytes()))
    kept = timedelta(days=settings.audit_retention_days)
    both = settings.write_for_previous_release
    use_cases = wire_use_cases(
        settings,
        RedisStore(store, journal, audit_kept=kept, for_previous_release=both),
        journal,
        gate=wire_gate(settings, store, journal),
        claims=claims,
    )
    api = create_api(
        use_cases=use_cases,
        addresses=AddressScheme(settings.number_key_bytes()),
        proxies=TrustedProxies(settings.trusted_proxy_hops, settings.trusted_proxies),
        idempotency=IdempotencyScheme(settings.number_key_bytes()),
        admission=_wire_admission(settings, store, journal),
        operators=OperatorAccess(
            keys=settings.operator_key_digests(),
            is_open=settings.demo,
            has_public_docs=settings.public_docs,
        ),
        readiness=SharedLook(partial(_store_problems, settings, store, mark)),
        is_ending=is_ending,
        metrics=render_metrics,
        callbacks=_wire_callbacks(
            settings, use_cases, wire_sessions(settings, store, journal), journal
        ),
        journal=journal,
        working_places=settings.threads,
        allowed_hosts=LOOPBACK_NAMES if settings.demo else None,
        bind_request_id=bind_request_id,
    )
    if settings.demo:
        api.register_blueprint(_wire_demo_pages(settings))
    return api


def _wire_demo_pages(settings: Settings) -> Blueprint:
    """Give the signup page, which calls this service from outside with the key everybody knows."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return create_demo_pages(
        service_url=f"http://{host}:{settings.port}",
        api_key=DEMO_API_KEY,
        cookie_key=derive_key(settings.secret_key_bytes()[0], "demo-cookie"),
        simulator_url=settings.nxcloud_base_url,
        pin_digits=settings.pin_digits,
    )


def _wire_admission(settings: Settings, store: Connection, journal: Journal) -> Admission:
    return Admission(
        keys=settings.callers(),
        clock=SystemClock(),
        note_use=NoteKeyUse(store=RedisKeyUses(store, journal)),
        tokens=_wire_tokens(KeyRing(settings.secret_key_bytes())),
    )


def _wire_tokens(keys: KeyRing) -> ClientTokenScheme:
    return ClientTokenScheme(
        signing_keys=keys.accepted(Use.TOKEN), sealing_keys=keys.accepted(Use.TOKEN_SEAL)
    )


def _store_problems(settings: Settings, store: Connection, mark: NumberKeyMark) -> tuple[str, ...]:
    problems = store_problems(store, store_address(settings))
    if problems:
        return problems
    # Redis may have been away when this process started, and no mark stays for ever. That it can be
    # left shows what no figure tells: that writes are taken, for memory, a replica or a disk.
    refusal = mark.leave()
    return (f"Redis takes no writes ({refusal}).",) if refusal else ()


def store_address(settings: Settings) -> RedisAddress:
    """Say where the settings' Redis is."""
    return read_address(settings.redis_url.get_secret_value())


def wire_store(settings: Settings) -> Connection:
    """Give the connection to the settings' Redis, opened on first use."""
    return connect(
        store_address(settings),
        timeouts=Timeouts(
            connect=timedelta(seconds=settings.redis_connect_timeout_seconds),
            read=timedelta(seconds=settings.redis_read_timeout_seconds),
        ),
        # Two more than requests at work may need: uses of keys are noted beside them, and readiness
        # is looked at.
        max_connections=settings.redis_max_connections + 2,
        sentinel_password=settings.redis_sentinel_password.get_secret_value() or None,
        ca_file=settings.redis_ca_file or None,
        replication=Replication(
            replicas=settings.redis_wait_replicas,
            within=timedelta(milliseconds=settings.redis_wait_timeout_ms),
        ),
    )


def wire_number_files(settings: Settings, store: Connection, journal: Journal) -> NumberFiles:
    """Give what shows, unlocks and erases one number in this connection's store."""
    return NumberFiles(
        store,
        journal,
        IdScheme(settings.number_key_bytes()),
        applications=settings.domain_applications(),
        audit_kept=timedelta(days=settings.audit_retention_days),
    )


def wire_transport(settings: Settings) -> Transport:
    """Give the line to the settings' provider."""
    return Transport(
        settings.nxcloud_base_url,
        connect_timeout=timedelta(seconds=settings.nxcloud_connect_timeout_seconds),
        read_timeout=timedelta(seconds=settings.nxcloud_read_timeout_seconds),
        pool_size=settings.sends_at_a_time(),
    )


def wire_gate(settings: Settings, store: Connection, journal: Journal) -> Gate:
    """Give what charges the budgets that many numbers share."""
    is_cluster = store_address(settings).topology is Topology.CLUSTER
    budgets = RedisBudgets(store, journal, is_cluster=is_cluster, watchers=[FraudGuard(journal)])
    return Gate(store=budgets, prices=settings.price_table())


def wire_use_cases(
    settings: Settings, store: RedisStore, journal: Journal, *, gate: Gate, claims: RedisClaims
) -> UseCases:
    """Give the verbs over this store and the settings' provider."""
    ids = IdScheme(settings.number_key_bytes())
    keys = KeyRing(settings.secret_key_bytes())
    sealer = Sealer(keys.accepted(Use.SEAL))
    proofs = ProofScheme(keys.accepted(Use.PROOF))
    dispatcher = Dispatcher(
        hand_over=_wire_hand_over(settings, journal),
        keys=keys,
        sealer=sealer,
        store=store,
        gate=gate,
        journal=journal,
    )
    fixed_pins = FixedPins(
        scheme=FixedPinScheme(settings.number_key_bytes()),
        keys=keys,
        clock=SystemClock(),
        journal=journal,
    )
    return UseCases(
        start=StartVerification(
            ids=ids,
            prefixes=PrefixScheme(settings.number_key_bytes()),
            number_hashes=NumberHashes(settings.number_key_bytes()),
            keys=keys,
            sealer=sealer,
            store=store,
            gate=gate,
            claims=claims,
            dispatcher=dispatcher,
            fixed_pins=fixed_pins,
            journal=journal,
        ),
        resend=ResendCode(
            ids=ids,
            store=store,
            dispatcher=dispatcher,
            fixed_pins=fixed_pins,
            journal=journal,
        ),
        verify=VerifyCode(
            ids=ids,
            keys=keys,
            sealer=sealer,
            proofs=proofs,
            store=store,
            gate=gate,
            fixed_pins=fixed_pins,
            journal=journal,
        ),
        cancel=CancelVerification(ids=ids, store=store, journal=journal),
        status=ReadVerification(ids=ids, store=store),
        proof=CheckProof(ids=ids, sealer=sealer, proofs=proofs, store=store, journal=journal),
        receive=ReceiveReceipt(
            ids=ids,
            applications=settings.domain_applications(),
            store=store,
            dispatcher=dispatcher,
            journal=journal,
        ),
        mint=MintToken(ids=ids, tokens=_wire_tokens(keys), clock=SystemClock(), journal=journal),
    )


def _wire_hand_over(settings: Settings, journal: Journal) -> HandOver:
    transport = wire_transport(settings)
    viber = _wire_viber_sender(settings, transport, journal=journal)
    sms = wire_sms_sender(settings, transport, compose=sms_content, journal=journal)
    return HandOver(
        senders={
            Channel.VIBER: _behind_breaker(settings, viber, journal),
            Channel.SMS: _behind_breaker(settings, sms, journal),
        },
        bulkhead=Bulkhead(settings.sends_at_a_time()),
        journal=journal,
    )


def _behind_breaker(settings: Settings, sender: MessageSender, journal: Journal) -> Breaker:
    rules = CircuitRules(
        failures=settings.nxcloud_breaker_failures,
        open_for=timedelta(seconds=settings.nxcloud_breaker_open_seconds),
        probe_lasts=settings.longest_send(),
    )
    return Breaker(
        sender,
        Circuit(rules),
        not_reached=NOT_REACHED,
        not_asked=NOT_ASKED,
        journal=journal,
    )


def _wire_callbacks(
    settings: Settings, use_cases: UseCases, sessions: SessionStore, journal: Journal
) -> Callbacks:
    return Callbacks(
        secrets=[secret.get_secret_value() for secret in settings.nxcloud_callback_secrets],
        read_receipt=read_receipt,
        read_reply=read_reply,
        receive=use_cases.receive,
        hear=HearReply(sessions=sessions, journal=journal),
    )


def _wire_viber_sender(
    settings: Settings, transport: Transport, *, journal: Journal
) -> ViberSender:
    return ViberSender(
        transport,
        credentials=_credentials(settings),
        appkey=settings.nxcloud_appkey.get_secret_value(),
        clock=SystemClock(),
        journal=journal,
        dialect=_viber_dialect(settings),
    )


def wire_sms_sender(
    settings: Settings,
    transport: Transport,
    *,
    compose: Callable[[OutgoingMessage], str],
    journal: Journal,
) -> SmsSender:
    """Give the sender of SMS over this line to the settings' provider."""
    return SmsSender(
        transport,
        credentials=_credentials(settings),
        appkey=settings.sms_appkey(),
        compose=compose,
        clock=SystemClock(),
        journal=journal,
        source_address=settings.nxcloud_sms_source_address or None,
    )


def wire_viber_client(
    settings: Settings, transport: Transport, *, sessions: SessionStore | None, journal: Journal
) -> ViberClient:
    """Give the client of the whole Viber send call over this line to the settings' provider."""
    return ViberClient(
        transport,
        credentials=_credentials(settings),
        appkey=settings.nxcloud_appkey.get_secret_value(),
        journal=journal,
        dialect=_viber_dialect(settings),
        sessions=sessions,
    )


def wire_sessions(settings: Settings, store: Connection, journal: Journal) -> RedisSessions:
    """Give what remembers Viber's sessions over this connection to the settings' Redis."""
    return RedisSessions(store, journal, IdScheme(settings.number_key_bytes()))


def _viber_dialect(settings: Settings) -> Dialect | None:
    """Say how template messages are spelled; None for finding it out."""
    dialect = settings.nxcloud_dialect
    return None if dialect == "auto" else Dialect(dialect)


def _credentials(settings: Settings) -> Credentials:
    return Credentials(
        access_key=settings.nxcloud_access_key.get_secret_value(),
        access_secret=settings.nxcloud_access_secret.get_secret_value(),
    )
