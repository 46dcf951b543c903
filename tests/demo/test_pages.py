import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from support.scripted_service import API_KEY, E164, ID, STATUS, ScriptedService

from otp_service.api.problems import PROBLEM_TYPES, ProblemCode
from otp_service.demo.sign_up import COOKIE
from otp_service.demo.words import ENDED, SENTENCES


def words_of(answer: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def chosen_country(page: str) -> str:
    chosen = re.findall(r'<option value="(\w*)" selected>', page)
    return chosen[0] if chosen else ""


def test_number_is_given_to_the_service_as_it_was_typed(
    browser: FlaskClient, service: ScriptedService
) -> None:
    form = {"phone": " 067 123 45 67 ", "country": "UA"}

    answer = browser.post("/demo/", data=form, headers={"Accept-Language": "uk-UA,en;q=0.8"})

    assert (answer.status_code, answer.location) == (303, "/demo/code")
    assert service.given("/otp/start") == [
        {
            "phone": "067 123 45 67",
            "country": "UA",
            "locale": ["uk-UA", "en"],
            "client_ip": "127.0.0.1",
        }
    ]
    assert service.keys == {f"Bearer {API_KEY}"}


def test_what_a_browser_does_not_tell_is_not_given(
    browser: FlaskClient, service: ScriptedService
) -> None:
    browser.post("/demo/", data={"phone": E164}, environ_overrides={"REMOTE_ADDR": ""})

    assert service.given("/otp/start") == [{"phone": E164}]


def test_locales_are_no_more_than_the_service_takes(
    browser: FlaskClient, service: ScriptedService
) -> None:
    tags = [f"l{n:c}" for n in range(ord("a"), ord("z"))]

    accepted = ",".join(["x" * 65, *tags])
    browser.post("/demo/", data={"phone": E164}, headers={"Accept-Language": accepted})

    assert service.given("/otp/start")[0]["locale"] == tags[:10]


def test_code_is_asked_for_with_the_number_in_sight(waiting: FlaskClient) -> None:
    answer = waiting.get("/demo/code")

    assert answer.status_code == 200
    assert "We sent a message in Viber to +380 67 123 4567 ." in words_of(answer)
    (field,) = re.findall(r'<input id="code"[^>]+>', answer.text)
    assert 'autocomplete="one-time-code"' in field
    assert 'inputmode="numeric"' in field
    assert answer.text.count("<label") == 1


@pytest.mark.parametrize("digits", [4, 6, 8, 10])
def test_code_field_has_a_box_for_each_digit(
    browser_of: Callable[..., FlaskClient], digits: int
) -> None:
    browser = browser_of(pin_digits=digits)
    browser.post("/demo/", data={"phone": E164})

    page = browser.get("/demo/code").text

    assert f'data-boxes="{digits}"' in page
    assert f"Code of {digits} digits" in page
    boxes = re.search(r'class="boxes" aria-hidden="true">(.*?)</span>\n', page)
    assert boxes
    assert boxes[1].count("<span></span>") == digits


def test_right_code_leads_to_the_end(waiting: FlaskClient, service: ScriptedService) -> None:
    answer = waiting.post("/demo/code", data={"code": "123 456"}, follow_redirects=True)

    assert answer.request.path == "/demo/done"
    assert "Now we know that +380 67 123 4567 is yours." in words_of(answer)
    assert service.given("/otp/verify") == [{"verification_id": ID, "code": "123 456"}]


def test_wrong_code_says_how_many_attempts_are_left(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    service.refuse("/otp/verify", "code_incorrect", attempts_left=1)

    answer = waiting.post("/demo/code", data={"code": "000000"}, follow_redirects=True)

    assert answer.request.path == "/demo/code"
    assert "That is not the code. You have 1 attempt left." in words_of(answer)
    assert "<title>Error: Enter the code" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'aria-describedby="error lead"' in answer.text
    assert "000000" not in answer.text


def test_code_that_cannot_be_read_says_what_a_code_is(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    service.refuse("/otp/verify", "invalid_request")

    answer = waiting.post("/demo/code", data={}, follow_redirects=True)

    assert "A code has 6 digits." in words_of(answer)


def test_number_that_is_refused_stays_in_its_field(
    browser: FlaskClient, service: ScriptedService
) -> None:
    service.refuse("/otp/start", "phone_invalid")

    answer = browser.post("/demo/", data={"phone": '06"7', "country": "PL"})

    assert answer.status_code == 400
    assert SENTENCES["phone_invalid"] in words_of(answer)
    assert 'value="06&#34;7"' in answer.text
    assert chosen_country(answer.text) == "PL"
    assert COOKIE not in answer.headers.get("Set-Cookie", "")


def test_number_that_was_not_given_is_asked_for(
    browser: FlaskClient, service: ScriptedService
) -> None:
    service.refuse("/otp/start", "invalid_request")

    answer = browser.post("/demo/", data={})

    assert "Please enter your mobile number." in words_of(answer)


@pytest.mark.parametrize("code", ProblemCode)
def test_every_problem_of_the_service_is_told_in_words(
    browser: FlaskClient, service: ScriptedService, code: ProblemCode
) -> None:
    status = PROBLEM_TYPES[code].status
    service.refuse("/otp/start", code, status, retry_after=90)

    answer = browser.post("/demo/", data={"phone": E164})

    said = words_of(answer)
    assert answer.status_code == status
    assert code not in said
    assert "Please try again in 2 minutes." in said
    assert code in SENTENCES


@pytest.mark.parametrize("code", sorted(ENDED - {"verification_approved"}))
def test_ended_signup_can_only_be_started_again(
    waiting: FlaskClient, service: ScriptedService, code: str
) -> None:
    service.refuse("/otp/verify", code, 410)
    if code == "verification_not_found":
        service.refuse(STATUS, code, 404)
    else:
        service.seen(status=code.removeprefix("verification_"))

    answer = waiting.post("/demo/code", data={"code": "123456"}, follow_redirects=True)

    assert SENTENCES[code] in words_of(answer)
    assert re.findall(r"<button[^>]*>(.*?)</button>", answer.text) == ["Start again"]


@pytest.mark.parametrize("status", ["approved", "expired", "exhausted", "canceled"])
def test_signup_that_ended_meanwhile_says_how(
    waiting: FlaskClient, service: ScriptedService, status: str
) -> None:
    service.seen(status=status)

    answer = waiting.get("/demo/code")

    assert SENTENCES[f"verification_{status}"] in words_of(answer)
    assert "Start again" in answer.text


def test_messages_that_all_failed_are_no_end(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    service.seen(status="undelivered")

    answer = waiting.get("/demo/code")

    assert "Send as SMS" in answer.text
    assert "Start again" not in answer.text


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        pytest.param({"channel": "sms"}, "We sent an SMS to", id="sms"),
        pytest.param(
            {"deliveries": [{}, {}]}, "The codes of all 2 messages work.", id="two messages"
        ),
        pytest.param({"delivery": "unknown"}, "It may take a little longer", id="unsure"),
        pytest.param({"resend_in": 30}, "Another one can be sent in 30 seconds.", id="wait"),
        pytest.param({"sends_left": 0}, "That was the last message", id="no sends left"),
    ],
)
def test_page_says_where_the_messages_are(
    waiting: FlaskClient, service: ScriptedService, seen: dict[str, Any], said: str
) -> None:
    without = words_of(waiting.get("/demo/code")) if "resend_in" not in seen else ""
    service.seen(**seen)

    answer = waiting.get("/demo/code")

    assert said in words_of(answer)
    assert said not in without


@pytest.mark.parametrize(
    ("form", "channel"), [({}, {}), ({"channel": "sms"}, {"channel": "sms"})], ids=["again", "sms"]
)
def test_another_code_is_asked_for(
    waiting: FlaskClient,
    service: ScriptedService,
    form: dict[str, str],
    channel: dict[str, str],
) -> None:
    answer = waiting.post("/demo/resend", data=form)

    assert (answer.status_code, answer.location) == (303, "/demo/code")
    assert service.given("/otp/resend") == [{"verification_id": ID, **channel}]


def test_code_asked_for_too_soon_says_when(waiting: FlaskClient, service: ScriptedService) -> None:
    service.refuse("/otp/resend", "resend_too_soon", 429, retry_after=12)

    answer = waiting.post("/demo/resend", follow_redirects=True)

    assert answer.request.path == "/demo/code"
    said = words_of(answer)
    assert "The last message is on its way. Please try again in 12 seconds." in said
    assert "Enter the code" in said


@pytest.mark.parametrize(
    ("path", "asked", "code"),
    [
        ("/demo/code", "/otp/verify", "code_incorrect"),
        ("/demo/resend", "/otp/resend", "resend_too_soon"),
    ],
    ids=["code", "resend"],
)
def test_what_was_refused_is_said_once_and_reloading_asks_nothing_again(
    waiting: FlaskClient, service: ScriptedService, path: str, asked: str, code: str
) -> None:
    service.refuse(asked, code, attempts_left=4, retry_after=12)

    refused = waiting.post(path, data={"code": "000000"})
    first, reloaded = waiting.get("/demo/code"), waiting.get("/demo/code")

    assert (refused.status_code, refused.location) == (303, "/demo/code")
    assert SENTENCES[code] in words_of(first)
    assert SENTENCES[code] not in words_of(reloaded)
    assert len(service.given(asked)) == 1


def test_right_code_sent_twice_leads_to_the_end_both_times(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    held = waiting.get_cookie(COOKIE, path="/demo")
    assert held
    waiting.post("/demo/code", data={"code": "123456"})
    done = waiting.get_cookie(COOKIE, path="/demo")
    assert done
    service.refuse("/otp/verify", "verification_approved", 410)
    waiting.set_cookie(COOKIE, held.value, path="/demo")

    second = waiting.post("/demo/code", data={"code": "123456"})

    assert (second.status_code, second.location) == (303, "/demo/done")
    assert COOKIE not in second.headers.get("Set-Cookie", "")
    waiting.set_cookie(COOKIE, done.value, path="/demo")
    assert "is yours" in words_of(waiting.get(second.location))


@pytest.mark.parametrize("method", ["get", "post"])
def test_other_tab_of_somebody_who_is_in_leads_to_the_end(
    waiting: FlaskClient, service: ScriptedService, method: str
) -> None:
    waiting.post("/demo/code", data={"code": "123456"})

    answer = getattr(waiting, method)("/demo/code")

    assert (answer.status_code, answer.location) == (303, "/demo/done")
    assert len(service.given("/otp/verify")) == 1


@pytest.mark.parametrize("path", ["/demo/code", "/demo/resend"])
def test_form_of_a_signup_from_before_costs_nothing_and_is_told(
    waiting: FlaskClient, service: ScriptedService, path: str
) -> None:
    answer = waiting.post(path, data={"code": "123456", "tag": "0" * 16}, follow_redirects=True)

    assert "You have started again with this number." in words_of(answer)
    assert service.given("/otp/verify") == service.given("/otp/resend") == []


@pytest.mark.parametrize("path", ["/demo/code", "/demo/resend"])
def test_page_s_own_form_is_of_this_signup(
    waiting: FlaskClient, service: ScriptedService, path: str
) -> None:
    tags = re.findall(r'name="tag" value="(\w+)"', waiting.get("/demo/code").text)

    waiting.post(path, data={"code": "123456", "tag": tags[0]})

    assert len(tags) == 2
    assert len(service.given("/otp/verify") + service.given("/otp/resend")) == 1
    assert ID not in tags[0]


def test_channel_of_no_button_is_the_service_s_own_choice(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    waiting.post("/demo/resend", data={"channel": "fax"})

    assert service.given("/otp/resend") == [{"verification_id": ID}]


def test_link_that_was_typed_for_a_number_is_none_in_the_page(
    browser: FlaskClient, service: ScriptedService
) -> None:
    service.refuse("/otp/start", "phone_invalid")

    answer = browser.post("/demo/", data={"phone": 'https://x"><b>'})

    assert "https://" not in answer.text


def test_changed_number_ends_the_first_signup_and_keeps_what_was_typed(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    answer = waiting.post("/demo/change", follow_redirects=True)

    assert answer.request.path == "/demo/"
    assert service.given("/otp/cancel") == [{"verification_id": ID}]
    assert 'value="067 123 45 67"' in answer.text
    assert chosen_country(answer.text) == "UA"
    assert waiting.get("/demo/code").location == "/demo/"


def test_number_can_be_changed_though_the_service_is_away(
    waiting: FlaskClient, service: ScriptedService
) -> None:
    service.refuse("/otp/cancel", "store_unavailable", 503)

    answer = waiting.post("/demo/change")

    assert answer.location == "/demo/"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, ["no", "object"]), id="no object"),
        pytest.param((500, {"title": "Internal Server Error"}), id="no code"),
    ],
)
def test_service_that_says_something_else_is_away(
    waiting: FlaskClient, service: ScriptedService, answer: tuple[int, Any]
) -> None:
    service.answers[STATUS] = answer

    page = waiting.get("/demo/code")

    assert page.status_code in {500, 502}
    assert "Our service cannot be reached at the moment." in words_of(page)
    assert "Check the code" in page.text


def test_service_that_is_away_is_told_in_words(
    browser_of: Callable[..., FlaskClient], unused_address: str
) -> None:
    answer = browser_of(service_url=unused_address).post("/demo/", data={"phone": E164})

    assert answer.status_code == 502
    assert "Our service cannot be reached at the moment." in words_of(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[("GET", path) for path in ("/demo", "/demo/code", "/demo/done")],
        *[("POST", path) for path in ("/demo/code", "/demo/resend", "/demo/change")],
    ],
)
def test_browser_without_a_signup_is_asked_for_its_number(
    browser: FlaskClient, service: ScriptedService, method: str, path: str
) -> None:
    answer = browser.open(path, method=method)

    assert (answer.status_code, answer.location) == (303, "/demo/")
    assert service.calls == []


def test_reload_after_another_code_goes_back_to_the_field(waiting: FlaskClient) -> None:
    assert waiting.get("/demo/resend").location == "/demo/code"


def test_end_cannot_be_reached_without_a_code(waiting: FlaskClient) -> None:
    assert waiting.get("/demo/done").location == "/demo/"


def test_link_leads_to_the_phone_of_this_number(browser_of: Callable[..., FlaskClient]) -> None:
    browser = browser_of(simulator_url="http://127.0.0.1:8001")
    browser.post("/demo/", data={"phone": "067 123 45 67", "country": "UA"})

    page = browser.get("/demo/code").text

    assert 'href="http://127.0.0.1:8001/?phone=%2B380671234567"' in page


def test_without_a_simulator_there_is_no_link_to_it(waiting: FlaskClient) -> None:
    assert "simulated" not in waiting.get("/demo/code").text


def test_no_page_holds_the_key_the_id_or_another_host(waiting: FlaskClient) -> None:
    texts = texts_of(waiting)

    assert len(texts) == 5
    assert [text for text in texts if API_KEY in text or ID in text or "https://" in text] == []


def test_no_page_holds_a_script_or_a_style_of_its_own(waiting: FlaskClient) -> None:
    texts = texts_of(waiting)

    inline = r"<script(?![^>]+src=)|<style|\son\w+=|\sstyle="
    assert [text for text in texts if re.search(inline, text)] == []


def texts_of(waiting: FlaskClient) -> list[str]:
    """Every page, and what they are made of."""
    texts = [waiting.get(path).text for path in ("/demo/", "/demo/code")]
    waiting.post("/demo/code", data={"code": "123456"})
    texts.append(waiting.get("/demo/done").text)
    for name in ("demo.js", "demo.css"):
        with waiting.get(f"/demo/static/{name}") as file:
            texts.append(file.text)
    return texts
