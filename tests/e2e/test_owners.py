"""An owner of a number beside a stranger who uses the number up, over HTTP."""

import json
from collections.abc import Callable

from support.deployments import Deployment

# RFC 3849 and RFC 5737: addresses for documentation.
HOME, SAME_LINE, NEXT_LINE = "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"
STRANGE = "198.51.100.{}"


def test_stranger_who_uses_a_number_up_does_not_shut_its_owner_out(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    vid = shop.started(number, client_ip=HOME)["verification_id"]
    assert shop.verify(vid, shop.code_on_phone(number)).status_code == 200

    strangers = [
        shop.start(number, client_ip=STRANGE.format(last)).status_code for last in range(8)
    ]

    assert strangers == [201] * 4 + [429] * 4
    assert shop.start(number).status_code == 429
    assert shop.start(number, client_ip=NEXT_LINE).status_code == 429
    begun = shop.started(number, client_ip=SAME_LINE)
    assert shop.verify(begun["verification_id"], shop.code_on_phone(number)).status_code == 200
    assert deployment.bank.start(number, client_ip=HOME).status_code == 201


def test_log_tells_a_start_on_an_owner_s_budgets_and_never_the_address(
    deployment: Deployment, fresh_number: Callable[[], str]
) -> None:
    shop, number = deployment.shop, fresh_number()
    address = "203.0.113.213"
    first = shop.started(number, client_ip=address)
    shop.verify(first["verification_id"], shop.code_on_phone(number))
    second = shop.started(number, client_ip=address)
    for _ in range(5):
        shop.start(number, client_ip=address)

    log = deployment.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]

    starts = [line for line in lines if line.get("event") == "start_judged"]
    accounts = {line.get("verification_id"): line.get("account") for line in starts}
    assert accounts[first["verification_id"][:22]] is None
    assert accounts[second["verification_id"][:22]] == "owner"
    refused = [line for line in starts if line["outcome"] == "too_many_requests"]
    assert (refused[-1]["detail"], refused[-1]["account"]) == ("number_starts_per_hour", "owner")
    assert address not in log
