import time

import pytest
import time_machine
from flask import Response
from flask.testing import FlaskClient
from support.scripted_service import ID
from werkzeug.http import parse_cookie
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from otp_service.demo.sign_up import COOKIE, SignUp, SignUpCookie

SIGN_UP = SignUp(typed="067", country="UA", phone="+38067", verification_id=ID, is_done=False)


def cookie_header(cookie: SignUpCookie, *, is_secure: bool = False) -> str:
    response = Response()
    cookie.write(response, SIGN_UP, is_secure=is_secure)
    return response.headers["Set-Cookie"]


def request_with(header: str) -> Request:
    value = parse_cookie(header.partition(";")[0])[COOKIE]
    return Request(EnvironBuilder(headers={"Cookie": f"{COOKIE}={value}"}).get_environ())


def test_signup_is_read_as_it_was_written() -> None:
    cookie = SignUpCookie(b"k" * 32)

    assert cookie.read(request_with(cookie_header(cookie))) == SIGN_UP


@pytest.mark.parametrize("is_secure", [True, False])
def test_cookie_is_kept_from_scripts_and_other_sites(*, is_secure: bool) -> None:
    _, *attributes = cookie_header(SignUpCookie(b"k" * 32), is_secure=is_secure).split("; ")

    assert {"HttpOnly", "SameSite=Strict", "Path=/demo", "Max-Age=3600"} <= set(attributes)
    assert ("Secure" in attributes) is is_secure


def test_cookie_of_another_key_is_none() -> None:
    foreign = cookie_header(SignUpCookie(b"x" * 32))

    assert SignUpCookie(b"k" * 32).read(request_with(foreign)) is None


def test_cookie_that_was_changed_is_none() -> None:
    cookie = SignUpCookie(b"k" * 32)
    name, _, value = cookie_header(cookie).partition(";")[0].partition("=")

    assert cookie.read(request_with(f"{name}=A{value[1:]}")) is None


def test_request_without_a_cookie_has_no_signup() -> None:
    assert SignUpCookie(b"k" * 32).read(Request(EnvironBuilder().get_environ())) is None


@pytest.mark.parametrize(("seconds", "is_kept"), [(3600, True), (3602, False)])
def test_cookie_is_good_for_an_hour(seconds: int, *, is_kept: bool) -> None:
    cookie = SignUpCookie(b"k" * 32)
    written = cookie_header(cookie)

    with time_machine.travel(time.time() + seconds, tick=False):
        read = cookie.read(request_with(written))

    assert (read is not None) is is_kept


def test_representation_hides_the_number_and_the_id() -> None:
    shown = repr(SIGN_UP)

    assert "067" not in shown
    assert ID not in shown


def test_id_reaches_the_browser_in_the_cookie_alone(browser: FlaskClient) -> None:
    answer = browser.post("/demo/", data={"phone": "+380671234567"})

    others = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
    assert ID not in f"{others} {answer.text}"
