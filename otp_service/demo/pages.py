"""The signup: number, code, done. Plain forms that work without JavaScript."""

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from otp_service.demo.closed_page import close_to_others
from otp_service.demo.countries import countries, e164, likely_country, spaced
from otp_service.demo.otp_client import OtpClient, Refused, Verification
from otp_service.demo.sign_up import SignUp, SignUpCookie
from otp_service.demo.words import ENDED, counted, ending_of, sentence_of, span

_MOST_LOCALES = 10
_LONGEST_LOCALE = 64
_NO_NUMBER = "Please enter your mobile number."
_OTHER_NUMBER = "You have started again with this number. Please enter the code we sent to it."


def create_demo_pages(
    *,
    service_url: str,
    api_key: str,
    cookie_key: bytes,
    simulator_url: str | None = None,
    pin_digits: int = 6,
) -> Blueprint:
    """Give the pages, at ``/demo/``.

    Args:
        service_url: of the service, without a slash at its end.
        api_key: a key of the service; no browser sees it.
        cookie_key: a secret of this use alone.
        simulator_url: where the simulated phones are shown; None for real ones.
        pin_digits: how many digits a code has: the boxes of its field.
    """
    pages = _Pages(
        OtpClient(service_url, api_key=api_key), SignUpCookie(cookie_key), simulator_url, pin_digits
    )
    routes = Blueprint(
        "demo",
        __name__,
        url_prefix="/demo",
        template_folder="templates",
        static_folder="static",
    )
    close_to_others(routes)
    routes.add_url_rule("", view_func=pages.front_door)
    routes.add_url_rule("/", view_func=pages.ask_number)
    routes.add_url_rule("/", view_func=pages.send_code, methods=["POST"])
    routes.add_url_rule("/code", view_func=pages.ask_code)
    routes.add_url_rule("/code", view_func=pages.check_code, methods=["POST"])
    routes.add_url_rule("/resend", view_func=pages.back_to_code)
    routes.add_url_rule("/resend", view_func=pages.send_again, methods=["POST"])
    routes.add_url_rule("/change", view_func=pages.change_number, methods=["POST"])
    routes.add_url_rule("/done", view_func=pages.welcome)
    return routes


class _Pages:
    def __init__(
        self, otp: OtpClient, cookie: SignUpCookie, simulator_url: str | None, pin_digits: int
    ) -> None:
        self._otp = otp
        self._cookie = cookie
        self._simulator_url = simulator_url
        self._pin_digits = pin_digits

    def front_door(self) -> Answer:
        return _to(".ask_number")

    def ask_number(self) -> Response:
        return self._number_page(self._cookie.read(request) or SignUp())

    def send_code(self) -> Answer:
        typed, country = request.form.get("phone", "").strip(), request.form.get("country", "")
        sign_up = SignUp(typed=typed, country=country, phone=e164(typed, country))
        locales = [tag for tag, _ in request.accept_languages if len(tag) <= _LONGEST_LOCALE]
        try:
            started = self._otp.start(
                typed,
                country=country,
                locales=locales[:_MOST_LOCALES],
                client_ip=request.remote_addr,
            )
        except Refused as refused:
            return self._number_page(sign_up, refused)
        return self._keeping(_to(".ask_code"), replace(sign_up, verification_id=started.id))

    def ask_code(self) -> Answer:
        sign_up = self._running()
        if sign_up is None:
            return self._elsewhere()
        page = self._code_page(sign_up)
        return self._keeping(page, replace(sign_up, said="")) if sign_up.said else page

    def check_code(self) -> Answer:
        sign_up = self._running()
        if sign_up is None:
            return self._elsewhere()
        if self._is_of_another(sign_up):
            return self._saying(sign_up, _OTHER_NUMBER)
        try:
            phone = self._otp.verify(sign_up.verification_id, request.form.get("code", ""))
        except Refused as refused:
            if refused.code == "verification_approved":
                # The same form, sent twice: the other answer tells this browser that it is in.
                return _to(".welcome")
            return self._saying(sign_up, self._sentence(refused))
        # Here a real back end makes the account, or the session, of this number.
        return self._keeping(_to(".welcome"), SignUp(phone=phone, is_done=True))

    def back_to_code(self) -> Answer:
        return _to(".ask_code")

    def send_again(self) -> Answer:
        sign_up = self._running()
        if sign_up is None:
            return self._elsewhere()
        if self._is_of_another(sign_up):
            return self._saying(sign_up, _OTHER_NUMBER)
        channel = "sms" if request.form.get("channel") == "sms" else None
        try:
            self._otp.resend(sign_up.verification_id, channel=channel)
        except Refused as refused:
            return self._saying(sign_up, self._sentence(refused))
        return _to(".ask_code")

    def change_number(self) -> Answer:
        sign_up = self._running()
        if sign_up is None:
            return _to(".ask_number")
        # If that fails, its codes run out by themselves.
        with suppress(Refused):
            self._otp.cancel(sign_up.verification_id)
        return self._keeping(_to(".ask_number"), replace(sign_up, verification_id=""))

    def welcome(self) -> Answer:
        sign_up = self._cookie.read(request)
        if sign_up is None or not sign_up.is_done:
            return _to(".ask_number")
        return make_response(render_template("demo/done.html", phone=spaced(sign_up.phone)))

    def _number_page(self, sign_up: SignUp, refused: Refused | None = None) -> Response:
        page = render_template(
            "demo/number.html",
            countries=countries(),
            chosen=sign_up.country or likely_country(request.accept_languages),
            # What was typed may be a link; no page holds one.
            typed=sign_up.typed.replace("//", "/"),
            error=sentence_of(refused, unreadable=_NO_NUMBER) if refused else None,
        )
        return make_response(page, refused.status if refused else HTTPStatus.OK)

    def _running(self) -> SignUp | None:
        """Give the signup that waits for its code, if the browser has one."""
        sign_up = self._cookie.read(request)
        return sign_up if sign_up and sign_up.verification_id else None

    def _elsewhere(self) -> Answer:
        """Send a browser that waits for no code to where it is."""
        sign_up = self._cookie.read(request)
        return _to(".welcome" if sign_up and sign_up.is_done else ".ask_number")

    def _is_of_another(self, sign_up: SignUp) -> bool:
        """Tell whether the form was made for a signup from before, as in another tab."""
        return request.form.get("tag", "") not in {"", self._cookie.tag(sign_up)}

    def _saying(self, sign_up: SignUp, sentence: str) -> Answer:
        return self._keeping(_to(".ask_code"), replace(sign_up, said=sentence))

    def _sentence(self, refused: Refused) -> str:
        return sentence_of(refused, unreadable=f"A code has {self._pin_digits} digits.")

    def _code_page(self, sign_up: SignUp) -> Response:
        verification: Verification | None = None
        refused: Refused | None = None
        try:
            verification = self._otp.status(sign_up.verification_id)
        except Refused as unknown:
            refused = unknown
        error = sign_up.said or (self._sentence(refused) if refused else None)
        is_over = (refused is not None and refused.code in ENDED) or (
            verification is not None and not verification.is_open
        )
        if is_over and error is None and verification is not None:
            error = ending_of(verification.status)
        page = render_template(
            "demo/over.html" if is_over else "demo/code.html",
            verification=verification,
            phone=spaced(sign_up.phone),
            phone_page=self._phone_page(sign_up.phone),
            pin_digits=self._pin_digits,
            tag=self._cookie.tag(sign_up),
            error=error,
            counted=counted,
            span=span,
        )
        return make_response(page, refused.status if refused else HTTPStatus.OK)

    def _phone_page(self, phone: str) -> str | None:
        if self._simulator_url is None:
            return None
        return f"{self._simulator_url}/?phone={quote(phone)}"

    def _keeping(self, response: Answer, sign_up: SignUp) -> Answer:
        self._cookie.write(response, sign_up, is_secure=request.is_secure)
        return response


def _to(page: str) -> Answer:
    return redirect(url_for(page), HTTPStatus.SEE_OTHER)
