import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes import language_distance

from otp_service.domain.languages import LANGUAGES, Language, choose_language
from otp_service.domain.verification import LanguageReason

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=70)
TAG_LIKE = st.from_regex(r"\A[a-z]{1,4}([-_][A-Za-z0-9]{1,9}){0,6}([.@][a-z0-9-]{0,8})?\Z")


def code_of(*locales: str, country: str | None = None, default: str | None = None) -> str:
    return choose_language(locales, country=country, default=default).code


def test_there_are_the_providers_33_languages() -> None:
    assert len(LANGUAGES) == 33
    assert LANGUAGES["br"].bcp47 == "pt-BR"


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.code)
def test_each_language_is_chosen_by_its_own_tag(language: Language) -> None:
    choice = choose_language([language.bcp47], country=None, default=None)

    assert choice.code == language.code
    assert choice.reason is LanguageReason.LOCALE


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("pt-BR", "br"),
        ("pt", "br"),
        ("pt-PT", "pt"),
        ("pt-AO", "pt"),
        ("pt-MZ", "pt"),
        ("iw", "he"),
        ("in", "id"),
        ("no", "nb"),
        ("nn", "nb"),
        ("mo", "ro"),
        ("sr-Latn", "sr"),
        ("sr-Cyrl", "sr"),
        ("sh", "sr"),
        ("bs", "hr"),
        ("br", "fr"),
        ("br-FR", "fr"),
        ("ca", "es"),
        ("en-GB", "en"),
        ("es-419", "es"),
        ("de-AT", "de"),
        ("gsw", "de"),
        ("ar-MA", "ar"),
        ("uk-UA", "uk"),
        ("UK-ua", "uk"),
        ("en-US-u-hc-h12-x-abc", "en"),
        ("de-1996", "de"),
        ("und-UA", "uk"),
    ],
)
def test_tag_is_matched_by_cldr_distance(locale: str, code: str) -> None:
    assert code_of(locale, default="ja") == code


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("pt_BR", "br"),
        ("pt_BR.UTF-8", "br"),
        ("pt_PT.ISO8859-1", "pt"),
        ("sr_RS@latin", "sr"),
        ("sr_RS.UTF-8@latin", "sr"),
        ("sr_Latn_RS@latin", "sr"),
        ("de_DE@euro", "de"),
        ("nn_NO", "nb"),
        (" fr_CA ", "fr"),
    ],
)
def test_posix_spelling_is_read(locale: str, code: str) -> None:
    assert code_of(locale, default="ja") == code


def test_tag_of_64_characters_is_read_and_a_longer_one_is_skipped() -> None:
    tag = "uk-x" + "-abcde" * 10

    assert len(tag) == 64
    assert code_of(tag, default="ja") == "uk"
    assert code_of(f"{tag}f", default="ja") == "ja"


def test_script_in_a_posix_modifier_counts() -> None:
    assert code_of("be_BY", default="ja") == "be"
    assert code_of("be_BY@latin", default="ja") == "ja"


@pytest.mark.parametrize(
    "locale",
    [
        *("", " ", "C", "C.UTF-8", "POSIX", "*", "-", "en-", "e", "english", "en;q=0.8"),
        *(
            "en-US,uk",
            "a" * 65,
            "en-" + "a" * 62,
            "\u0440\u0443",
            "en\x00",
            "\ud800",
            "x",
            "en.",
            "@latin",
        ),
    ],
    ids=ascii,
)
def test_tag_that_cannot_be_read_is_skipped(locale: str) -> None:
    choice = choose_language([locale, "uk"], country="BR", default="ja")

    assert choice.code == "uk"


@pytest.mark.parametrize(
    "locale", ["zh", "zh-Hant", "zh-TW", "ko", "ka", "kk", "tlh", "und", "x-pirate", "en-Shaw"]
)
def test_language_that_is_far_from_all_decides_nothing(locale: str) -> None:
    choice = choose_language([locale], country=None, default=None)

    assert choice.code == "en"
    assert choice.reason is LanguageReason.FALLBACK


@pytest.mark.parametrize(
    ("locales", "code"),
    [
        pytest.param(["zh", "ko", "uk", "en"], "uk", id="first_that_is_near"),
        pytest.param(["nn", "uk"], "uk", id="near_before_an_earlier_far_one"),
        pytest.param(["nn", "br"], "nb", id="first_far_one_if_none_is_near"),
        pytest.param(["br", "nn"], "fr", id="first_far_one_in_the_other_order"),
        pytest.param(["pt-AO", "pt-BR"], "pt", id="first_near_one_before_an_exact_one"),
    ],
)
def test_list_is_read_in_its_order(locales: list[str], code: str) -> None:
    assert code_of(*locales, country="JP", default="th") == code


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("UA", "uk"),
        ("BR", "br"),
        ("IL", "he"),
        ("KZ", "ru"),
        ("US", "en"),
        ("PT", "pt"),
        ("AO", "pt"),
        ("MD", "ro"),
        ("NO", "nb"),
        ("RS", "sr"),
        ("BA", "hr"),
        ("IR", "fa"),
        ("MM", "my"),
        ("BY", "be"),
    ],
)
def test_country_decides_where_no_locale_does(country: str, code: str) -> None:
    choice = choose_language(["zh", "C"], country=country, default="ja")

    assert choice.code == code
    assert choice.reason is LanguageReason.COUNTRY


@pytest.mark.parametrize("country", ["CN", "KR", "GE", "IN", "AQ", "not a country"])
def test_default_decides_where_the_country_does_not(country: str) -> None:
    choice = choose_language([], country=country, default="br")

    assert choice.code == "br"
    assert choice.reason is LanguageReason.APPLICATION


@pytest.mark.parametrize("default", [None, "pt-BR", "xx"])
def test_english_is_the_last_resort(default: str | None) -> None:
    choice = choose_language([], country=None, default=default)

    assert choice.code == "en"
    assert choice.reason is LanguageReason.FALLBACK


@pytest.mark.parametrize(
    ("locales", "expected"),
    [
        pytest.param(["arz", "en"], "ar", id="ten is near"),
        pytest.param(["ary", "en"], "en", id="fourteen is not"),
        pytest.param(["ary"], "ar", id="fourteen is within reach"),
        pytest.param(["ku"], "en", id="thirty is not"),
    ],
)
def test_how_near_is_near_enough(locales: list[str], expected: str) -> None:
    assert code_of(*locales) == expected


def test_of_equally_near_languages_the_tags_own_is_taken() -> None:
    distances = {
        code: langcodes.tag_distance("sr-Latn-ME", LANGUAGES[code].bcp47) for code in ("hr", "sr")
    }

    assert distances["hr"] == distances["sr"]
    assert code_of("sr-Latn-ME") == "sr"
    assert choose_language([], country="ME", default=None).code == "sr"


@pytest.mark.parametrize(
    ("locales", "country", "default", "detail"),
    [
        (["pt-BR"], None, None, "pt-BR is Portuguese (Brazil) (distance 0)."),
        (["nn"], None, None, "nn is nearest to Norwegian (distance 20)."),
        ([" uk\n"], None, None, "uk is Ukrainian (distance 0)."),
        ([], "KZ", None, "The phone's country KZ most likely reads Russian (distance 4)."),
        ([], None, "br", "The application's default is Portuguese (Brazil)."),
        ([], None, None, "Neither a locale nor the phone's country nor the application decides."),
    ],
)
def test_choice_says_why(
    locales: list[str], country: str | None, default: str | None, detail: str
) -> None:
    assert choose_language(locales, country=country, default=default).detail == detail


@given(
    st.lists(st.one_of(ANY_TEXT, TAG_LIKE), max_size=4),
    st.none() | ANY_TEXT,
    st.none() | ANY_TEXT,
)
def test_any_text_gives_one_of_the_33(
    locales: list[str], country: str | None, default: str | None
) -> None:
    assert code_of(*locales, country=country, default=default) in LANGUAGES


@given(TAG_LIKE)
def test_no_spelling_of_breton_gives_brazilian_portuguese(rest: str) -> None:
    assert code_of(f"br-{rest}") != "br"


def test_tags_that_somebody_invents_do_not_fill_the_memory() -> None:
    for number in range(6000):
        code_of(f"en-x-{number}")

    caches = (
        langcodes.Language._INSTANCES,
        langcodes.Language._PARSE_CACHE,
        language_distance._DISTANCE_CACHE,
    )
    assert all(len(cache) < 5000 for cache in caches)


def test_one_thread_at_a_time_uses_the_caches_that_are_emptied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = langcodes.Language.get
    both_inside = threading.Barrier(2)
    met = []

    def get(tag: str, **options: bool) -> langcodes.Language:
        with suppress(threading.BrokenBarrierError):
            both_inside.wait(timeout=0.2)
            met.append(tag)
        return read(tag, **options)

    monkeypatch.setattr(langcodes.Language, "get", get)

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(code_of, ["uk-x-one", "uk-x-two"]))

    assert codes == ["uk", "uk"]
    assert met == []
