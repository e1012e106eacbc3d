"""Leases: most requests make no call, and nobody gets a credit more than without them."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from conftest import NEWEST
from support import paths
from support.credits import credits_policy, paid
from support.discovery import discovered, replace
from support.gateway import CHAT, MESSAGES, render
from support.policy import GPT

LEASE = {"credits": "0.05", "seconds": 2}
# Of an answer of 100 tokens: more than it costs, with its input.
WORST = Decimal("0.0015")
SHORT = {"text": "[words:300]", "max_tokens": 100}


def wait(what: str, holds, seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)


@pytest.mark.core
def test_most_requests_make_no_call_and_the_rest_goes_back(credited, purses, between):
    gateway, purse = credited(lease=LEASE), purses.new("5")
    for number in range(30):
        path = (CHAT, MESSAGES)[number % 2]
        answer = purse.ask(gateway, path, stream=number % 4 > 1, **SHORT)
        assert answer.status_code == 200, answer.text
        assert Decimal(answer.headers["x-tradewind-credits"]) <= 5
    calls = between.calls("holds", purse.tenant)
    assert len(calls) <= 3, "leases of 0.05 are enough for 45 of these"
    assert {call.json["credits"] for call in calls} == {"0.05"}
    wait("the lease's end", lambda: purse.account()["held"] == "0")
    entries = purse.settled(30)
    for entry in entries:
        paid(entry, "gpt")
    assert purse.balance() == 5 - sum(entry.credits for entry in entries)
    assert len({entry.hold_id for entry in entries}) == len(calls)


@pytest.mark.core
@pytest.mark.parametrize("lease", ["0.02", "0.003"])
def test_a_tenant_that_is_used_up_at_once_never_gets_more(credited, purses, between, lease):
    gateway = credited(lease={"credits": lease, "seconds": 1})
    bought = Decimal("0.1")
    purse = purses.new(str(bought))

    def app(number: int) -> list[int]:
        answers = []
        while answers[-3:] != [402] * 3:
            path = (CHAT, MESSAGES)[number % 2]
            answers.append(purse.ask(gateway, path, stream=number % 4 > 1, **SHORT).status_code)
        return answers

    with ThreadPoolExecutor(12) as apps:
        answers = [status for list_ in apps.map(app, range(12)) for status in list_]
    assert set(answers) == {200, 402}
    wait("the leases' end", lambda: purse.account()["held"] == "0")
    assert purse.balance() >= 0
    # What was left in leases is there for single requests, until less is left than one may cost.
    while (status := purse.ask(gateway, **SHORT).status_code) == 200:
        answers.append(status)
        wait("the lease's end", lambda: purse.account()["held"] == "0")
    assert status == 402
    entries = purse.settled(answers.count(200))
    charged = sum(entry.credits for entry in entries)
    assert bought - WORST < charged <= bought
    assert purse.balance() == bought - charged
    assert all("overrun" not in entry.all for entry in entries)


def test_near_the_end_each_request_is_held_for_by_itself(credited, purses, between):
    gateway, purse = credited(lease=LEASE), purses.new("0.02")
    assert purse.ask(gateway, **SHORT).status_code == 200
    lease, own = between.calls("holds", purse.tenant)
    assert (lease.status, own.status) == (402, 201)
    assert Decimal(own.json["credits"]) < WORST and lease.json["hold_id"] != own.json["hold_id"]
    paid(purse.settled(1)[0], "gpt")


def test_a_lease_whose_answer_was_lost_is_given_back(credited, purses, between):
    gateway, purse = credited(lease=LEASE, on_unavailable="allow"), purses.new("5")
    between.turn("lost", only="holds")
    assert purse.ask(gateway, **SHORT).status_code == 200
    assert [call.status for call in between.calls("holds", purse.tenant)] == [201]
    paid(purse.settled(1)[0], "gpt")
    assert purse.account()["held"] == "0"


def test_labels_have_leases_of_their_own(credited, purses, between):
    gateway, purse = credited(lease=LEASE), purses.new("5")
    for _ in range(2):
        for whose in ("ann", "bob", "t"):
            assert purse.ask(gateway, whose=whose, **SHORT).status_code == 200
    holds = [call.json.get("user") for call in between.calls("holds", purse.tenant)]
    assert sorted(map(str, holds)) == ["None", "ann", "bob"]
    wait("the leases' end", lambda: purse.account()["held"] == "0")
    users = [entry.user for entry in purse.settled(6)]
    assert sorted(map(str, users)) == ["None", "None", "ann", "ann", "bob", "bob"]


def test_apps_that_leave_give_their_part_back(credited, purses, sim, between):
    gateway, purse = credited(lease=LEASE), purses.new("5")
    assert purse.ask(gateway, **SHORT).status_code == 200
    sim.weather(GPT, latency_ms=1_000)
    with pytest.raises(httpx.TimeoutException):
        purse.ask(gateway, timeout=0.3, **SHORT)
    wait("the lease's end", lambda: purse.account()["held"] == "0")
    first, second = purse.settled(2)
    paid(first, "gpt")
    paid(second, "gpt", "cut", estimated=True)


def test_a_lease_outlives_the_policy_that_took_it(launch, rules, purses, between):
    purse = purses.new("5")
    lease = {"credits": "0.05", "seconds": 4}
    folder = paths.LOGS / "credits-update"
    file = folder / "listener.json"
    policy = credits_policy(rules, between.url, lease=lease)
    bootstrap = render(policy, folder)
    gateway = launch(discovered(bootstrap, file), NEWEST, 4)
    for _ in range(3):
        assert purse.ask(gateway, **SHORT).status_code == 200
    assert len(between.calls("holds", purse.tenant)) == 1

    policy["routes"].append({"models": ["fresh"], "chain": "gpt"})
    listener = copy.deepcopy(render(policy, folder)["static_resources"]["listeners"][0])
    replace(file, listener)
    count = 3

    def served() -> bool:
        nonlocal count
        try:
            answer = purse.ask(gateway, model="fresh", **SHORT)
        except httpx.TransportError:
            return False  # the old listener drains: it closes the connections it has
        count += answer.status_code == 200
        return answer.status_code == 200

    wait("the new route", served)
    for _ in range(3):
        assert purse.ask(gateway, **SHORT).status_code == 200
    count += 3
    assert len(between.calls("holds", purse.tenant)) == 1, "the lease is drawn on"
    wait("the lease's end", lambda: purse.account()["held"] == "0")
    for entry in purse.settled(count):
        paid(entry, "gpt")


def test_a_ledger_that_is_away_takes_nothing_from_a_lease(credited, purses, between):
    gateway = credited(lease=LEASE, timeout="300ms", on_unavailable="deny")
    purse = purses.new("5")
    assert purse.ask(gateway, **SHORT).status_code == 200
    between.turn("refused")
    for _ in range(5):
        assert purse.ask(gateway, **SHORT).status_code == 200, "the lease is drawn on"
    time.sleep(LEASE["seconds"])
    assert purse.ask(gateway, **SHORT).status_code == 503, "the lease has ended"
    between.turn("fair")
    wait("the lease's end", lambda: purse.account()["held"] == "0")
    for entry in purse.settled(6):
        paid(entry, "gpt")
