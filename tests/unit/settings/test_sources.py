"""Where a setting comes from, and which source wins."""

import pytest

from otp_service.settings import load_settings
from otp_service.settings.sources import SECRET_FILES


def _shown(secret):
    return secret.get_secret_value()


def test_environment_wins_over_file_and_file_over_default(demo, toml):
    demo |= {"OTP_CONFIG": toml("port = 8001\nthreads = 5"), "OTP_PORT": "8002"}

    settings = load_settings(demo)

    assert (settings.port, settings.threads, settings.attempts) == (8002, 5, 5)


def test_secret_file_wins_over_toml(complete, toml, tmp_path):
    (tmp_path / "number-key").write_text("f" * 32)
    text = f'number_key = "{"t" * 32}"\n[applications.shop]\napi_keys_sha256 = ["{"0" * 64}"]'
    del complete["OTP_NUMBER_KEY"]
    complete |= {"OTP_CONFIG": toml(text), "OTP_NUMBER_KEY_FILE": str(tmp_path / "number-key")}

    settings = load_settings(complete)

    assert _shown(settings.number_key) == "f" * 32


def test_list_of_secrets_is_separated_by_commas_in_the_environment(complete):
    complete["OTP_SECRET_KEYS"] = f"{'a' * 32}, {'b' * 32},"

    settings = load_settings(complete)

    assert settings.secret_key_bytes() == (b"a" * 32, b"b" * 32)


def test_list_of_secrets_is_one_a_line_in_a_file_commas_and_all(complete, tmp_path):
    (tmp_path / "keys").write_text(f"{'a,' * 16}\r\n{'b' * 32}\n")
    del complete["OTP_SECRET_KEYS"]
    complete["OTP_SECRET_KEYS_FILE"] = str(tmp_path / "keys")

    settings = load_settings(complete)

    assert settings.secret_key_bytes() == (b"a," * 16, b"b" * 32)


def test_list_of_secrets_is_an_array_in_toml(demo, toml):
    demo["OTP_CONFIG"] = toml(f'secret_keys = ["{"a" * 32}", "{"b" * 32}"]')

    settings = load_settings(demo)

    assert settings.secret_key_bytes() == (b"a" * 32, b"b" * 32)


def test_every_secret_can_come_from_a_file(complete, tmp_path):
    texts = {
        "redis_url": "redis://from-a-file:6379/1",
        "redis_sentinel_password": "from a file",
        "secret_keys": "k" * 40,
        "number_key": "m" * 40,
        "nxcloud_access_key": "from-a-file",
        "nxcloud_access_secret": "from-a-file",
        "nxcloud_appkey": "from-a-file",
        "nxcloud_sms_appkey": "from-a-file",
        "nxcloud_callback_secrets": "c" * 40,
    }
    for variable, field in SECRET_FILES.items():
        complete.pop(variable.removesuffix("_FILE"), None)
        complete[variable] = str(tmp_path / field)
        (tmp_path / field).write_text(texts[field] + "\n")

    settings = load_settings(complete)

    given = {name: getattr(settings, name) for name in texts}
    shown = {
        name: _shown(value[0] if isinstance(value, tuple) else value)
        for name, value in given.items()
    }
    assert shown == texts


@pytest.mark.parametrize("variable", SECRET_FILES)
def test_secret_given_as_value_and_as_file_is_a_problem(problems, complete, tmp_path, variable):
    name = variable.removesuffix("_FILE")
    (tmp_path / "secret").write_text("redis://127.0.0.1:6379/0" + "x" * 32)
    complete.setdefault(name, "x" * 32)
    complete[variable] = str(tmp_path / "secret")

    found = problems(complete)

    assert found[name] == f"is given as {variable} too; drop one"


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (None, "the file cannot be read: No such file or directory"),
        (b"\xff" * 40, "the file is not UTF-8 text, or its name is none"),
        (b" \n", "the file is empty"),
    ],
    ids=["absent", "bytes", "empty"],
)
def test_secret_file_that_cannot_be_read_is_one_problem(
    problems, complete, tmp_path, content, detail
):
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    del complete["OTP_NUMBER_KEY"]
    complete["OTP_NUMBER_KEY_FILE"] = str(tmp_path / "secret")

    found = problems(complete)

    assert found == {"OTP_NUMBER_KEY_FILE": detail}


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (None, "the file cannot be read: No such file or directory"),
        (b"brand = '\xff'", "the file is not UTF-8 text, or its name is none"),
        (b"port = = 1", "the file is not TOML (at line 1, column 8)"),
    ],
    ids=["absent", "bytes", "no-toml"],
)
def test_config_that_cannot_be_read_is_one_problem(problems, tmp_path, content, detail):
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)

    found = problems({"OTP_CONFIG": str(path)})

    assert found == {"OTP_CONFIG": detail}


@pytest.mark.parametrize("key", ["_env_file", "_build_sources", "config", "OTP_PORT"])
def test_toml_key_that_is_no_setting_is_a_problem(problems, demo, toml, key):
    demo["OTP_CONFIG"] = toml(f"{key} = 1")

    assert list(problems(demo)) == [key]


def test_applications_in_the_environment_are_sent_to_the_file(problems, demo):
    demo["OTP_APPLICATIONS"] = "{}"

    assert "OTP_CONFIG" in problems(demo)["OTP_APPLICATIONS"]


def test_variable_like_no_other_is_a_problem_without_a_guess(problems, demo):
    demo["OTP_XYZZYX"] = "1"

    assert problems(demo) == {"OTP_XYZZYX": "there is no such setting"}


def test_variable_of_bytes_that_are_no_text_is_one_problem(problems, complete):
    complete["OTP_NXCLOUD_ACCESS_SECRET"] = "\udcff" * 40

    assert problems(complete) == {"OTP_NXCLOUD_ACCESS_SECRET": "is not UTF-8 text"}


def test_empty_variable_counts_as_not_given(demo):
    demo |= {"OTP_PORT": "", "OTP_CONFIG": "", "OTP_NUMBER_KEY_FILE": "", "OTP_ODD": ""}

    settings = load_settings(demo)

    assert settings.port == 8000


def test_variables_of_others_are_none_of_ours(demo):
    demo |= {"PATH": "/bin", "otp_port": "x", "MY_OTP_PORT": "x"}

    settings = load_settings(demo)

    assert settings.port == 8000
