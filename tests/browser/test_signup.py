"""The signup page and the simulated phone, as a person meets both."""

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Page, Route, expect
from support.deployments import Demo


@pytest.fixture(autouse=True)
def no_faults_left(demo: Demo) -> Iterator[None]:
    yield
    requests.delete(f"{demo.caller.simulator}/simulator/faults", timeout=30)


@pytest.fixture
def sign_up(page: Page, demo: Demo) -> Callable[[str], Page]:
    """Go as far as the field for the code, in the page of this test or another one."""

    def go(number: str, page: Page = page) -> Page:
        page.goto(f"{demo.caller.service}/demo/")
        page.get_by_label("Mobile number").fill(number)
        page.get_by_role("button", name="Send me a code").click()
        expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
        return page

    return go


def code_on(phone: Page) -> str:
    """Read the newest code off a page of the simulated phone."""
    code = phone.locator("button.copy .code").last
    return code.inner_text()


def wrong(code: str) -> str:
    return str((int(code[0]) + 1) % 10) + code[1:]


def field(page: Page) -> Page:
    return page.get_by_label("Code of 6 digits")


def enter(page: Page, code: str) -> None:
    ready(page)
    page.keyboard.type(code)


def ready(page: Page) -> None:
    """Wait until the page's script is there to see what is typed."""
    expect(page.locator(".boxes .here")).to_have_count(1)


def be_approved(page: Page) -> None:
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()


def phone_of(page: Page) -> Page:
    """Open the phone's page by the link, in a new tab."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Look at the simulated phone").click()
    return opened.value


def test_code_read_off_the_phone_is_approved(
    sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)

    field(page).press_sequentially(code_on(phone_of(page)))

    be_approved(page)
    shown = re.sub(r"\s", "", page.locator(".number").inner_text())
    assert shown == number


def test_national_number_is_read_with_the_browsers_country(
    new_page: Callable[..., Page],
    demo: Demo,
    sign_up: Callable[..., Page],
    fresh_number: Callable[[], str],
) -> None:
    number = fresh_number()

    page = sign_up(number.replace("+38", ""), new_page(locale="uk-UA"))

    enter(page, demo.caller.code_on_phone(number))
    be_approved(page)


def test_number_that_cannot_be_is_told_and_can_be_set_right(
    page: Page, demo: Demo, fresh_number: Callable[[], str]
) -> None:
    page.goto(f"{demo.caller.service}/demo/")
    page.get_by_label("Mobile number").fill("067")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("There is no such phone number.")
    expect(page.get_by_label("Mobile number")).to_be_focused()
    page.get_by_label("Mobile number").fill(fresh_number())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()


def test_second_click_is_no_second_message(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.caller.service}/demo/")
    page.get_by_label("Mobile number").fill("067")

    stopped = page.evaluate(
        """() => {
            const stopped = [];
            addEventListener('submit', (event) => {
                stopped.push(event.defaultPrevented);
                event.preventDefault();
            });
            for (let click = 0; click < 2; click += 1) document.forms[0].requestSubmit();
            return stopped;
        }"""
    )

    assert stopped == [False, True]


def test_wrong_code_is_told_with_the_attempts_left(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)
    code = demo.caller.code_on_phone(number)

    enter(page, wrong(code))

    expect(page.get_by_role("alert")).to_have_text(
        "That is not the code. You have 4 attempts left."
    )
    expect(field(page)).to_be_focused()
    enter(page, code)
    be_approved(page)


def test_reload_after_a_wrong_code_costs_no_further_attempt(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)
    code = demo.caller.code_on_phone(number)
    enter(page, wrong(code))
    expect(page.get_by_role("alert")).to_contain_text("4 attempts left")

    page.reload()

    expect(page.get_by_role("alert")).to_have_count(0)
    enter(page, wrong(code))
    expect(page.get_by_role("alert")).to_contain_text("3 attempts left")


def test_other_tab_of_somebody_who_is_in_is_told(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    first = sign_up(number)
    second = first.context.new_page()
    second.goto(f"{demo.caller.service}/demo/code")

    enter(second, demo.caller.code_on_phone(number))
    be_approved(second)

    first.bring_to_front()
    be_approved(first)


def test_form_whose_sending_was_stopped_can_be_sent_again(page: Page, demo: Demo) -> None:
    page.clock.install()
    page.goto(f"{demo.caller.service}/demo/")
    form = page.locator("form").first
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
    page.evaluate("document.forms[0].noValidate = true; document.forms[0].requestSubmit()")
    expect(form).to_have_attribute("aria-busy", "true")

    page.clock.run_for(15_000)

    expect(form).not_to_have_attribute("aria-busy", "true")


def test_last_wrong_code_ends_the_signup(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)
    code = wrong(demo.caller.code_on_phone(number))

    for left in (4, 3, 2, 1):
        enter(page, code)
        expect(page.get_by_role("alert")).to_contain_text(f"You have {left} attempt")
    enter(page, code)

    expect(page.get_by_role("alert")).to_contain_text("one wrong code too many")
    expect(page.get_by_role("button", name="Start again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Mobile number")).to_be_focused()


def test_code_can_be_sent_again_after_the_countdown(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)
    first = demo.caller.code_on_phone(number)
    again = page.get_by_role("button", name="Send again")

    expect(again).to_be_enabled()
    again.click()

    expect(page.locator("#lead")).to_contain_text("The codes of all 2 messages work.")
    assert len(demo.caller.messages(number)) == 2
    enter(page, first)
    be_approved(page)


def test_countdown_is_shown_and_its_end_is_spoken(
    page: Page, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    def wait_longer(route: Route) -> None:
        if not route.request.is_navigation_request():
            route.continue_()
            return
        served = route.fetch()
        body = re.sub(r'data-wait="\d+"', 'data-wait="90"', served.text())
        route.fulfill(response=served, body=body)

    page.route("**/demo/code", wait_longer)
    page.clock.install()
    sign_up(fresh_number())
    # What a redirect leads to is not routed.
    page.reload()
    page.unroute_all(behavior="wait")
    wait, again = page.locator("#wait"), page.get_by_role("button", name="Send again")

    expect(wait).to_have_text(re.compile(r"Another one can be sent in 1:[0-3]\d min\."))
    expect(again).to_be_disabled()
    page.clock.fast_forward(40_000)
    expect(wait).to_have_text(re.compile(r"Another one can be sent in \d\d s\."))
    expect(page.locator("#ready")).to_be_empty()
    page.clock.fast_forward(60_000)

    expect(wait).to_be_empty()
    expect(again).to_be_enabled()
    expect(page.locator("#ready")).to_have_text("Another code can be sent now.")


@pytest.mark.parametrize("separator", [" ", "-", "\n", ""], ids=["space", "hyphen", "line", "none"])
def test_pasted_code_is_taken_however_it_is_written(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str], separator: str
) -> None:
    number = fresh_number()
    page = sign_up(number)
    code = demo.caller.code_on_phone(number)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pasted = f" {code[:3]}{separator}{code[3:]} "

    page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    ready(page)
    page.keyboard.press("Control+v")

    be_approved(page)


def test_code_that_the_browser_fills_in_is_taken(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)

    ready(page)
    # What autofill does: the whole value at once, and an input event.
    field(page).fill(demo.caller.code_on_phone(number))

    be_approved(page)


def test_digits_are_corrected_with_the_usual_keys(
    sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    page = sign_up(fresh_number())

    enter(page, "12x45")
    expect(field(page)).to_have_value("1245")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    enter(page, "x3")
    expect(field(page)).to_have_value("12345")
    page.keyboard.press("Backspace")

    expect(field(page)).to_have_value("1245")
    assert page.evaluate("document.activeElement.selectionStart") == 2
    here = page.locator(".boxes span").nth(2)
    expect(here).to_have_class("here")


def test_each_digit_stands_in_its_box(
    new_page: Callable[..., Page], sign_up: Callable[..., Page], fresh_number: Callable[[], str]
) -> None:
    for width in (320, 390, 1280):
        page = sign_up(fresh_number(), new_page(width=width))
        enter(page, "12345")

        pitch = page.evaluate(
            """() => {
                const [first, second] = document.querySelectorAll('.boxes span');
                const style = getComputedStyle(document.getElementById('code'));
                const canvas = document.createElement('canvas').getContext('2d');
                canvas.font = style.font;
                const letter = canvas.measureText('0').width + parseFloat(style.letterSpacing);
                return [second.offsetLeft - first.offsetLeft, letter];
            }"""
        )

        assert pitch[0] == pytest.approx(pitch[1], abs=0.6)
        field(page).evaluate("input => { input.value = '123456' }")
        assert field(page).evaluate("input => input.scrollWidth <= input.clientWidth")


def test_number_can_be_changed(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    first, second = fresh_number(), fresh_number()
    page = sign_up(first)

    page.get_by_role("button", name="Change the number").click()

    number = page.get_by_label("Mobile number")
    expect(number).to_have_value(first)
    number.fill(second)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    enter(page, demo.caller.code_on_phone(second))
    be_approved(page)


def test_keyboard_alone_is_enough(page: Page, demo: Demo, fresh_number: Callable[[], str]) -> None:
    number = fresh_number()
    page.goto(f"{demo.caller.service}/demo/")

    page.keyboard.press("Shift+Tab")
    page.keyboard.type("Ukraine")
    expect(page.get_by_label("Country")).to_have_value("UA")
    page.keyboard.press("Tab")
    page.keyboard.type(number)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(field(page)).to_be_focused()
    for name in ("Check the code", "Send again", "Send as SMS", "Change the number"):
        expect(page.get_by_role("button", name=name)).to_be_enabled()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    enter(page, demo.caller.code_on_phone(number))

    be_approved(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_scrolls_sideways(
    new_page: Callable[..., Page],
    demo: Demo,
    sign_up: Callable[..., Page],
    fresh_number: Callable[[], str],
    scheme: str,
) -> None:
    number = fresh_number()
    page = new_page(color_scheme=scheme)

    page.goto(f"{demo.caller.service}/demo/")
    assert widths_of(page) == WIDTHS
    sign_up(number, page)
    assert widths_of(page) == WIDTHS
    code = demo.caller.code_on_phone(number)
    enter(page, wrong(code))
    expect(page.get_by_role("alert")).to_be_visible()
    assert widths_of(page) == WIDTHS
    enter(page, code)
    be_approved(page)
    assert widths_of(page) == WIDTHS


WIDTHS = [320, 390, 768, 1280]


def widths_of(page: Page) -> list[int]:
    """How wide the page is in windows of these widths."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        found.append(page.evaluate("document.documentElement.scrollWidth"))
    return found


def test_text_stands_out_from_its_ground(
    new_page: Callable[..., Page], sign_up: Callable[..., Page], fresh_number: Callable[[], str]
) -> None:
    for scheme in ("light", "dark"):
        page = sign_up(fresh_number(), new_page(color_scheme=scheme))

        for front, ground, least in (
            ("ink", "panel", 4.5),
            ("muted", "panel", 4.5),
            ("error", "error-soft", 4.5),
            ("on-accent", "accent", 4.5),
            ("accent-strong", "accent-soft", 4.5),
            ("accent-strong", "panel", 4.5),
            ("edge", "field", 3),
            ("good", "good-soft", 3),
        ):
            assert contrast(colour(page, front), colour(page, ground)) >= least, (scheme, front)


def colour(page: Page, name: str) -> str:
    script = "name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()"
    value: str = page.evaluate(script, f"--{name}")
    return value


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, contrast ratio and relative luminance."""

    def luminance(colour: str) -> float:
        digits = colour.removeprefix("#")
        digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_nothing_moves_for_who_wants_no_motion(new_page: Callable[..., Page], demo: Demo) -> None:
    still, moving = (new_page(reduced_motion=wish) for wish in ("reduce", "no-preference"))

    names = []
    for page in (still, moving):
        page.goto(f"{demo.caller.service}/demo/")
        names.append(page.eval_on_selector(".card", "card => getComputedStyle(card).animationName"))

    assert names == ["none", "rise"]


def test_all_of_it_works_without_a_script(
    new_page: Callable[..., Page],
    demo: Demo,
    sign_up: Callable[..., Page],
    fresh_number: Callable[[], str],
) -> None:
    number = fresh_number()
    page = sign_up(number, new_page(java_script_enabled=False))
    code = demo.caller.code_on_phone(number)

    expect(page.get_by_text("as soon as the last digit")).to_be_hidden()
    field(page).fill(wrong(code))
    page.get_by_role("button", name="Check the code").click()
    expect(page.get_by_role("alert")).to_contain_text("You have 4 attempts left.")
    field(page).fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Check the code").click()

    be_approved(page)


def test_no_script_can_read_the_verification(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    page = sign_up(fresh_number())

    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/demo")
    assert page.evaluate("document.cookie") == ""
    assert "otp_demo" not in page.content()


def test_pages_name_no_other_host(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)
    texts = [page.content()]
    enter(page, demo.caller.code_on_phone(number))
    be_approved(page)
    texts.append(page.content())
    page.goto(f"{demo.caller.service}/demo/")
    texts.append(page.content())

    assert [text for text in texts if "https://" in text] == []


def test_form_of_another_page_starts_nothing(
    page: Page, demo: Demo, fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    # A page of the same machine, and so of the same site, but of another origin.
    page.route("http://127.0.0.1:9/", lambda route: route.fulfill(body=_FOREIGN_PAGE))
    page.goto("http://127.0.0.1:9/")

    page.evaluate(
        "([url, phone]) => { const form = document.forms[0]; form.action = url;"
        " form.elements.phone.value = phone; form.submit(); }",
        [f"{demo.caller.service}/demo/", number],
    )

    expect(page.locator("body")).to_contain_text("Forbidden")
    assert demo.caller.messages(number) == []


_FOREIGN_PAGE = '<!doctype html><form method="post"><input name="phone"></form>'


def test_number_without_viber_gets_an_sms(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    demo.caller.fault(phone=number, channel="viber", code=9002, times=1)

    page = sign_up(number)

    expect(page.locator("#lead")).to_contain_text("We sent an SMS to")
    assert [message["channel"] for message in demo.caller.messages(number)] == ["sms"]
    field(page).press_sequentially(code_on(phone_of(page)))
    be_approved(page)


def test_sms_that_stands_in_for_a_message_is_told_without_reloading(
    demo: Demo, sign_up: Callable[[str], Page]
) -> None:
    # The simulator's number whose Viber messages are accepted and then expire.
    number = "+46701740686"

    page = sign_up(number)
    enter(page, "12")

    expect(page.locator("#lead")).to_contain_text("We sent an SMS to")
    expect(field(page)).to_have_value("12")
    field(page).fill(demo.caller.code_on_phone(number))
    be_approved(page)


def test_code_can_be_sent_as_sms(
    demo: Demo, sign_up: Callable[[str], Page], fresh_number: Callable[[], str]
) -> None:
    number = fresh_number()
    page = sign_up(number)

    page.get_by_role("button", name="Send as SMS").click()

    expect(page.locator("#lead")).to_contain_text("We sent an SMS to")
    channels = [message["channel"] for message in demo.caller.messages(number)]
    assert channels == ["viber", "sms"]
    field(page).press_sequentially(demo.caller.code_on_phone(number))
    be_approved(page)
