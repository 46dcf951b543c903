from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from otp_service.domain.events import (
    ProviderAnswered,
    ProviderDialectChosen,
    ProviderNeedsAttention,
)
from otp_service.nxcloud import (
    Billing,
    Credentials,
    Dialect,
    File,
    Image,
    InvalidRequest,
    OtpTemplate,
    Pin,
    RateType,
    SendResult,
    SendVerdict,
    Text,
    TextButton,
    TextImage,
    TextImageButton,
    ViberClient,
    ViberMessage,
    Video,
    VideoText,
    VideoTextButton,
)
from tests.unit.nxcloud.fakes import ListJournal
from tests.unit.nxcloud.scripted_server import (
    DROP,
    REQUEST_ID,
    Received,
    ScriptedServer,
    Step,
    answer,
    code,
)

MakeClient = Callable[..., ViberClient]

PHONE = "+12015550123"
LINK = "https://example.com/a"
CLIP = {"thumbnail": LINK, "video_link": LINK, "video_size_bytes": 1024, "duration_seconds": 10}
TEMPLATE = OtpTemplate(template_id=1, pin=Pin("048213"), language="uk", life=timedelta(seconds=300))
MESSAGES: list[ViberMessage] = [
    Text(text="Hello"),
    TEMPLATE,
    Image(image=LINK),
    TextImage(text="Hello", image=LINK),
    TextImageButton(text="Hello", image=LINK, button_text="Go", button_link=LINK),
    TextButton(text="Hello", button_text="Go", button_link=LINK),
    File(file_name="a.pdf", file_link=LINK, file_type="pdf"),
    Video(**CLIP),
    VideoText(**CLIP, text="Hello"),
    VideoTextButton(**CLIP, text="Hello", button_text="Go"),
]


def spellings(server: ScriptedServer) -> list[Dialect]:
    return [
        Dialect.CURRENT if "templateId" in request.json["messageData"] else Dialect.DOCUMENTED
        for request in server.requests
    ]


def takes_only_current(request: Received) -> Step:
    return answer() if "templateId" in request.json["messageData"] else code(9000)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_message_is_sent_and_its_billing_foretold(
    message: ViberMessage, make_client: MakeClient, server: ScriptedServer
) -> None:
    result = make_client().send(PHONE, message)

    billing = Billing(message.rate_type.value)
    assert result == SendResult(SendVerdict.ACCEPTED, "code_0", REQUEST_ID, billing)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/viber/mt")
    assert (request.json["appkey"], request.json["phone"]) == ("pem28kje", "12015550123")
    assert request.json["functionType"] == message.function_type


def test_client_needs_neither_a_clock_nor_a_journal(make_transport: Callable[..., Any]) -> None:
    account = Credentials(access_key="fme2na3kdi3ki", access_secret="abciiiko2k3")
    client = ViberClient(make_transport(), credentials=account, appkey="pem28kje")

    result = client.send(PHONE, TEMPLATE)

    assert result.request_id == REQUEST_ID


def test_number_is_read_as_a_person_writes_it(
    make_client: MakeClient, server: ScriptedServer
) -> None:
    make_client().send("+1 (201) 555-0123", Text(text="Hello"))

    assert server.requests[0].json["phone"] == "12015550123"


def test_every_field_the_provider_would_refuse_is_named_before_it_is_asked(
    make_client: MakeClient, server: ScriptedServer
) -> None:
    message = Image(image="example.com/a", rate_type=RateType.TRANSACTIONAL)

    with pytest.raises(InvalidRequest) as refused:
        make_client().send("201 555 0123", message)

    pointers = [problem.pointer for problem in refused.value.problems]
    assert pointers == ["/phone", "/rate_type", "/image"]
    assert server.exchanges == 0


def test_plain_text_to_a_template_country_is_refused_unless_called_registered(
    make_client: MakeClient, server: ScriptedServer
) -> None:
    client, message = make_client(), Text(text="Hello")

    with pytest.raises(InvalidRequest) as refused:
        client.send("+380671234567", message)
    result = client.send("+380671234567", message, registered_template=True)

    assert [problem.pointer for problem in refused.value.problems] == ["/registered_template"]
    assert result.billing is Billing.TRANSACTIONAL
    assert server.exchanges == 1


def test_session_message_without_anyone_who_keeps_sessions_is_sent_and_not_foretold(
    make_client: MakeClient, server: ScriptedServer
) -> None:
    client, message = make_client(), Text(text="Hello", rate_type=RateType.SESSION)

    results = [client.send(PHONE, message) for _ in range(7)]

    assert {result.verdict for result in results} == {SendVerdict.ACCEPTED}
    assert {result.billing for result in results} == {None}
    assert server.requests[0].json["messageData"]["rateType"] == "Session"


def test_unknown_outcome_is_reported_and_never_sent_again(
    make_client: MakeClient, server: ScriptedServer
) -> None:
    server.script(DROP)

    result = make_client().send(PHONE, Text(text="Hello"))

    assert result == SendResult(SendVerdict.UNKNOWN, "dropped", None, Billing.TRANSACTIONAL)
    assert server.exchanges == 1


def test_passing_failure_is_tried_again_once(
    make_client: MakeClient, server: ScriptedServer, journal: ListJournal
) -> None:
    server.script(code(-1), code(9001))

    result = make_client(dialect=None).send(PHONE, Image(image=LINK))

    assert (result.verdict, result.reason) == (SendVerdict.FAILED, "code_9001")
    tries = [(each.reason, each.try_number) for each in journal.of(ProviderAnswered)]
    assert tries == [("code_-1", 1), ("code_9001", 2)]


def test_plain_message_whose_field_is_refused_is_spelled_in_no_other_way(
    make_client: MakeClient, server: ScriptedServer, journal: ListJournal
) -> None:
    server.script(code(9000))

    result = make_client(dialect=None).send(PHONE, Text(text="Hello"))

    assert (result.verdict, result.reason) == (SendVerdict.MISCONFIGURED, "code_9000")
    assert server.exchanges == 1
    assert [event.reason for event in journal.of(ProviderNeedsAttention)] == ["code_9000"]


def test_plain_message_that_is_taken_leaves_the_search_for_the_spelling_open(
    make_client: MakeClient, server: ScriptedServer, journal: ListJournal
) -> None:
    client = make_client(dialect=None)
    client.send(PHONE, Text(text="Hello"))
    server.default = takes_only_current

    result = client.send(PHONE, TEMPLATE)

    assert result.verdict is SendVerdict.ACCEPTED
    assert spellings(server)[1:] == [Dialect.DOCUMENTED, Dialect.CURRENT]
    assert journal.of(ProviderDialectChosen) == [ProviderDialectChosen("current")]


@pytest.mark.parametrize("dialect", Dialect)
def test_preview_is_what_would_be_sent_but_for_the_appkey(
    dialect: Dialect, make_client: MakeClient, server: ScriptedServer
) -> None:
    client = make_client(dialect=dialect)

    preview = client.preview(PHONE, TEMPLATE)
    client.send(PHONE, TEMPLATE)

    assert server.exchanges == 1
    assert {"appkey": "pem28kje", **preview.content} == server.requests[0].json
    assert preview.billing is Billing.OTP_TEMPLATE
    assert "048213" not in repr(preview)


def test_preview_names_what_sending_would(make_client: MakeClient) -> None:
    with pytest.raises(InvalidRequest) as refused:
        make_client().preview(PHONE, replace(TEMPLATE, language="xx"))

    assert [problem.pointer for problem in refused.value.problems] == ["/language"]


def test_refusal_shows_neither_number_nor_content(make_client: MakeClient) -> None:
    message = Text(text="", rate_type=RateType.PROMOTIONAL)

    with pytest.raises(InvalidRequest) as refused:
        make_client().send("+380671234567890", message)

    assert "671234567" not in f"{refused.value!r} {refused.value}"


@pytest.mark.parametrize(
    ("message", "billing"),
    [
        (Text(text="Hello", rate_type="Transactional"), Billing.TRANSACTIONAL),  # type: ignore[arg-type]
        (Image(image=LINK, rate_type="Promotional"), Billing.PROMOTIONAL),  # type: ignore[arg-type]
    ],
    ids=["text", "image"],
)
def test_rate_type_in_the_page_s_own_word_is_taken(
    message: ViberMessage, billing: Billing, make_client: MakeClient, server: ScriptedServer
) -> None:
    result = make_client().send(PHONE, message)

    assert result.billing is billing
    assert len(server.requests) == 1
