"""Budgets that many numbers share, over HTTP, in a deployment with two workers."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests
from support.deployments import Deploying, Deployment

TABLES = """
[[applications.shop.budgets]]
name = "shop_starts"
scope = "application"
key = "starts"
limit = 20
window_seconds = 3600

[[applications.bank.budgets]]
name = "address_starts_per_hour"
limit = 3
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deploying(tmp_path_factory.mktemp("limited"), TABLES) as deployed:
        yield deployed


def test_starts_side_by_side_over_http_share_the_budget(limited: Deployment) -> None:
    def start(at: int) -> requests.Response:
        caller = replace(limited.shop, session=requests.Session())
        with caller.session:
            return caller.start(f"+38067{2_000_000 + at * 10_000}")

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(start, range(120)))

    assert Counter(reply.status_code for reply in replies) == {201: 20, 429: 100}
    refused = [reply for reply in replies if reply.status_code == 429]
    assert {reply.json()["code"] for reply in refused} == {"too_many_requests"}
    assert {reply.headers["RateLimit-Policy"] for reply in refused} == {'"shop_starts";q=20;w=3600'}
    for reply in refused:
        wait = reply.headers["Retry-After"]
        assert reply.headers["RateLimit"] == f'"shop_starts";r=0;t={wait}'


def test_numbers_rotated_from_one_address_run_into_its_budget(limited: Deployment) -> None:
    replies = [
        limited.bank.start(f"+38067{3_000_000 + at * 10_000}", client_ip="2001:db8::1")
        for at in range(4)
    ]
    elsewhere = limited.bank.start("+380673999999", client_ip="2001:db8:0:1::1")

    assert [reply.status_code for reply in replies] == [201, 201, 201, 429]
    assert replies[-1].headers["RateLimit"].startswith('"address_starts_per_hour";r=0;t=')
    assert "2001" not in replies[-1].text + str(replies[-1].headers)
    assert elsewhere.status_code == 201
    assert b"2001:db8" not in b"".join(limited.view.names())


def test_refusal_by_the_number_s_own_budget_names_it_too(limited: Deployment) -> None:
    replies = [limited.bank.start("+380674444444") for _ in range(6)]

    assert [reply.status_code for reply in replies] == [201] * 5 + [429]
    policy = replies[-1].headers["RateLimit-Policy"]
    assert policy == '"number_starts_per_hour";q=5;w=3600'
