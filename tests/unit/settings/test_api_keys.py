"""Keys with names and scopes, beside those that are listed by their hashes alone."""

import hashlib
from datetime import UTC, datetime

import pytest

from otp_service.domain.api_key import EVERY_SCOPE, Scope, hash_key
from otp_service.settings import DEMO_API_KEY, SettingsError, load_settings

ONE, TWO, THREE = (hashlib.sha256(key).hexdigest() for key in (b"one", b"two", b"three"))


def table(application="shop", **changes):
    """Give one key's table as TOML; a field that is None is left out."""
    fields = {"id": '"web"', "sha256": f'"{ONE}"', "scopes": '["start"]', **changes}
    lines = [f"{name} = {value}" for name, value in fields.items() if value is not None]
    return "\n".join([f"[[applications.{application}.api_keys]]", *lines, ""])


@pytest.fixture
def loaded(complete, toml):
    """Load settings whose applications are these."""
    return lambda text: load_settings(complete | {"OTP_CONFIG": toml(text)})


@pytest.fixture
def told(loaded):
    """Give what is wrong with settings whose applications are these, each with its name."""

    def tell(text):
        with pytest.raises(SettingsError) as refused:
            loaded(text)
        return [(problem.name, problem.detail) for problem in refused.value.problems]

    return tell


def test_key_has_its_name_its_scopes_and_its_end(loaded):
    settings = loaded(table(scopes='["verify", "status"]', expires="2027-01-31T02:00:00+02:00"))

    (caller,) = settings.callers().values()

    assert (caller.application.id, caller.key_id) == ("shop", "web")
    assert caller.scopes == {Scope.VERIFY, Scope.STATUS}
    assert caller.expires_at == datetime(2027, 1, 31, tzinfo=UTC)
    assert caller.fingerprint == ONE[:16]


def test_key_of_the_old_list_is_good_for_everything_and_named_after_its_hash(loaded):
    settings = loaded(f'[applications.shop]\napi_keys_sha256 = ["{ONE.upper()}"]')

    (caller,) = settings.callers().values()

    assert (caller.key_id, caller.fingerprint) == (ONE[:8], ONE[:16])
    assert caller.scopes == EVERY_SCOPE
    assert caller.expires_at is None


def test_both_lists_stand_side_by_side(loaded):
    old = f'[applications.shop]\napi_keys_sha256 = ["{ONE}", "{TWO}"]\n'

    callers = loaded(old + table(sha256=f'"{THREE.upper()}"')).callers()

    assert {digest.hex(): caller.key_id for digest, caller in callers.items()} == {
        ONE: ONE[:8],
        TWO: TWO[:8],
        THREE: "web",
    }


def test_fingerprint_stays_when_a_key_gets_a_name(loaded):
    before = loaded(f'[applications.shop]\napi_keys_sha256 = ["{ONE}"]').callers()
    after = loaded(table()).callers()

    assert [each.fingerprint for each in before.values()] == [
        each.fingerprint for each in after.values()
    ]


def test_same_id_in_two_applications_names_two_keys(loaded):
    callers = loaded(table("shop") + table("bank", sha256=f'"{TWO}"')).callers()

    assert [caller.key_id for caller in callers.values()] == ["web", "web"]


NO_MOMENT = "must be a moment with its offset, such as 2027-01-31T00:00:00Z"
SCOPES = "start, verify, status, tokens, client_ip"


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ("id", None, "id is required"),
        ("id", '""', "id must have 1 to 32 of a-z, 0-9, _ and -"),
        ("id", '"Web"', "id must have 1 to 32 of a-z, 0-9, _ and -"),
        ("id", f'"{"w" * 33}"', "id must have 1 to 32 of a-z, 0-9, _ and -"),
        ("id", '"web\\n"', "id must have 1 to 32 of a-z, 0-9, _ and -"),
        ("sha256", None, "sha256 is required"),
        ("sha256", '"zz"', "sha256 must have 64 hexadecimal digits"),
        ("scopes", None, "scopes is required"),
        ("scopes", "[]", "scopes must name at least one scope"),
        ("scopes", '["start", "mint"]', f"scopes: entry 2 must be one of {SCOPES}"),
        ("scopes", "[true]", "scopes: entry 1 must be a text"),
        ("scopes", '["start", "start"]', "scopes must name each scope once"),
        (
            "scopes",
            '["admin"]',
            "scopes: entry 1 must not be admin: that is the command line's alone, and no key's",
        ),
        ("expires", "2027-01-31", f"expires {NO_MOMENT}"),
        ("expires", "2027-01-31T00:00:00", f"expires {NO_MOMENT}"),
        ("expires", '"2027-01-31T00:00:00Z"', f"expires {NO_MOMENT}"),
        ("expires", "1801353600", f"expires {NO_MOMENT}"),
        ("colour", '"red"', "colour there is no such setting"),
    ],
)
def test_field_that_is_wrong_is_named_with_its_entry(told, field, value, detail):
    text = table(sha256=f'"{TWO}"', id='"good"') + table(**{field: value})

    assert told(text) == [("applications.shop.api_keys", f"entry 2: {detail}")]


def test_every_wrong_field_is_told_at_once(told):
    text = table(id='"Web"', scopes='["admin", "all"]') + table(sha256='"zz"', expires='"soon"')

    assert [detail.partition(" must")[0] for _, detail in told(text)] == [
        "entry 1: id",
        "entry 1: scopes: entry 1",
        "entry 1: scopes: entry 2",
        "entry 2: expires",
        "entry 2: sha256",
    ]


def test_no_problem_shows_a_hash(told):
    assert ONE not in str(told(table(sha256=f'"{ONE}0"') + table(sha256=f'"{ONE}"') * 2))


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("1", "should be a valid tuple"),
        ("[1]", "entry 1 must be a table"),
        ('{ id = "web" }', "must be tables in double brackets: [[applications.<id>.api_keys]]"),
    ],
    ids=["number", "list of numbers", "one table"],
)
def test_list_that_is_none_of_tables_is_one_problem(told, value, detail):
    text = f"[applications.shop]\napi_keys = {value}"

    assert told(text) == [("applications.shop.api_keys", detail)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (table(id='"a"') + table(id='"b"'), ["shop.api_keys"]),
        (table("shop") + table("bank"), ["bank.api_keys", "shop.api_keys"]),
        (
            f'[applications.bank]\napi_keys_sha256 = ["{ONE}"]\n' + table("shop"),
            ["bank.api_keys_sha256", "shop.api_keys"],
        ),
        (
            f'[applications.shop]\napi_keys_sha256 = ["{ONE.upper()}"]\n' + table("shop"),
            ["shop.api_keys", "shop.api_keys_sha256"],
        ),
    ],
    ids=["in one list", "in two applications", "in two kinds of list", "in both of one"],
)
def test_key_that_is_listed_twice_is_refused_wherever_it_stands(told, text, names):
    assert told(text) == [
        (
            f"applications.{name}",
            "holds a key that is listed twice; every key opens one application",
        )
        for name in names
    ]


@pytest.mark.parametrize(
    "text",
    [
        table() + table(sha256=f'"{TWO}"'),
        f'[applications.shop]\napi_keys_sha256 = ["{TWO}"]\n' + table(id=f'"{TWO[:8]}"'),
    ],
    ids=["two tables", "one of the old list"],
)
def test_id_of_two_keys_is_refused(told, text):
    ((name, detail),) = told(text)

    assert name == "applications.shop.api_keys"
    assert detail.startswith("holds an id that names two keys")


def test_demo_key_outside_demo_mode_is_refused_here_too(told):
    ((name, detail),) = told(table(sha256=f'"{hash_key(DEMO_API_KEY)}"'))

    assert name == "applications.shop.api_keys"
    assert "everybody knows" in detail


@pytest.mark.parametrize(
    "text",
    [
        table(sha256='"zz"'),
        '[applications.shop]\napi_keys_sha256 = ["zz"]',
    ],
    ids=["table", "old list"],
)
def test_key_that_is_wrong_itself_is_not_missed_as_well(told, text):
    assert len(told(text)) == 1


def test_application_without_any_key_is_refused(told):
    assert told('[applications.shop]\nbrand = "A"\napi_keys = []') == [
        ("applications.shop.api_keys_sha256", "at least one is required, here or in api_keys")
    ]


def test_no_representation_shows_a_hash(loaded):
    settings = loaded(table())

    assert ONE not in f"{settings!r} {settings} {settings.applications} {settings.callers()}"
