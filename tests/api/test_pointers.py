import pytest

from otp_service.api.pointers import fragment, step


@pytest.mark.parametrize(
    ("pointer", "name", "expected"),
    [
        pytest.param("", "phone", "/phone", id="member"),
        pytest.param("/locale", 3, "/locale/3", id="item"),
        pytest.param("/message", "reason", "/message/reason", id="nested"),
        pytest.param("", "a/b~c", "/a~1b~0c", id="escaped"),
        pytest.param("", "", "/", id="empty name"),
        pytest.param("/message", "x" * 64, "/message/" + "x" * 64, id="longest name"),
        pytest.param("/message", "x" * 65, "/message", id="name too long"),
        pytest.param("/message", "\ud800", "/message", id="name that cannot be written"),
        pytest.param("/message", "a\x00", "/message", id="name with a control character"),
    ],
)
def test_step_goes_one_deeper_where_it_can(pointer, name, expected):
    assert step(pointer, name) == expected


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        pytest.param("", "#", id="root"),
        pytest.param("/message/reason", "#/message/reason", id="nested"),
        pytest.param("/a b%", "#/a%20b%25", id="characters no fragment holds"),
        pytest.param("/код", "#/%D0%BA%D0%BE%D0%B4", id="not ASCII"),
    ],
)
def test_fragment_is_ascii(pointer, expected):
    assert fragment(pointer) == expected
