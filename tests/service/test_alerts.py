"""Alerts: once for each crossing, delivered at least once, and no receiver can be in the way."""

import itertools
import time
from collections import Counter

import pytest

from stage.ledger import Ledger, assert_clean
from stage.load import until
from stage.receiver import HANG, RESET, SECRET, Receiver

SIGNED = {"TRADEWIND_LEDGER_WEBHOOK_SECRET": SECRET}
numbers = itertools.count()


@pytest.fixture
def receiver():
    """One that answers well."""
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture
def difficult():
    """One that answers as a test says."""
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture
def signing(store, launch):
    """A service that signs."""
    return launch(store.url, env=SIGNED)


def spend(ledger: Ledger, tenant: str, credits: str) -> None:
    """One request's worth."""
    name = f"spent-{next(numbers)}"
    assert ledger.hold(name, tenant, credits).status_code == 201
    assert ledger.settle(name, credits, tenant) == "settled"


def customer(ledger: Ledger, tenant: str, webhook: str | None, *alerts: str) -> None:
    """A tenant with 100 credits."""
    assert ledger.buy(tenant, f"first-{tenant}", credits="100").status_code == 201
    answer = ledger.configure(tenant, alerts=alerts, webhook=webhook)
    assert answer.status_code == 200, answer.text


def delivered(ledger: Ledger, tenant: str, count: int, seconds: float = 15) -> list[dict]:
    """A tenant's alerts, once so many are told to be delivered."""
    end = time.monotonic() + seconds
    while True:
        events = ledger.events(tenant)
        if sum(event["delivery"]["state"] == "delivered" for event in events) >= count:
            return events
        assert time.monotonic() < end, events
        time.sleep(0.02)


def test_each_threshold_fires_once_and_again_only_after_the_balance_was_back(
    signing, receiver, store
):
    customer(signing, "acme", receiver.url, "20%", "50")
    spend(signing, "acme", "50")  # 50 is not below 50
    spend(signing, "acme", "1")  # below 50
    for _ in range(3):
        spend(signing, "acme", "1")  # below still
    spend(signing, "acme", "27")  # 19: below 20% of 100
    spend(signing, "acme", "1")
    signing.buy("acme", "second", credits="200")  # 218; 20% of the last purchase is 40 now
    spend(signing, "acme", "168")  # 50
    spend(signing, "acme", "0.000001")  # below 50
    spend(signing, "acme", "10")  # 39.999999: below 40
    got = receiver.wait_for(4)
    # In what order they arrive is not promised.
    told = sorted((d.body["threshold"], d.body["balance"], d.body["last_purchase"]) for d in got)
    assert told == [
        ("20%", "19", "100"), ("20%", "39.999999", "200"),
        ("50", "49", "100"), ("50", "49.999999", "200"),
    ]
    assert {delivery.body["tenant"] for delivery in got} == {"acme"}
    events = delivered(signing, "acme", 4)
    assert Counter(event["id"] for event in events) == Counter(d.body["id"] for d in got)
    assert {event["delivery"]["attempts"] for event in events} == {1}
    assert_clean(store.url)


def test_an_alert_that_is_set_too_late_fires_at_once(signing, receiver):
    customer(signing, "acme", receiver.url)
    spend(signing, "acme", "90")
    assert signing.events("acme") == []
    signing.configure("acme", alerts=["20%"])
    assert receiver.wait_for(1)[0].body["balance"] == "10"
    signing.configure("acme", alerts=["20%"])
    assert len(delivered(signing, "acme", 1)) == 1


def test_a_receiver_that_fails_is_told_again_until_it_answers_well(signing, difficult):
    difficult.answers = [500, RESET]
    customer(signing, "acme", difficult.url, "50")
    spend(signing, "acme", "60")
    difficult.wait_for(1)
    first, second, third = difficult.deliveries
    assert first.body == second.body == third.body
    # It backs off.
    assert second.at - first.at > 0.8 and third.at - second.at > 1.6
    [event] = delivered(signing, "acme", 1)
    assert event["delivery"]["attempts"] == 3


def test_a_failure_can_be_seen_before_it_is_told_again(signing, difficult):
    difficult.answers = [302, 500, 500, 500]
    customer(signing, "acme", difficult.url, "50")
    spend(signing, "acme", "60")
    until(lambda: signing.events("acme")[0]["delivery"]["attempts"])
    [event] = signing.events("acme")
    delivery = event["delivery"]
    assert delivery["state"] == "pending" and "302" in delivery["last_error"], delivery
    # Everybody's alerts are in one list as well.
    assert event["id"] in [e["id"] for e in signing.admin.get("/v1/alerts").json()["alerts"]]


def test_a_receiver_that_hangs_is_in_nobodys_way(signing, receiver, difficult):
    difficult.always = HANG
    # As many as it takes to fill whatever there is to fill.
    for number in range(80):
        customer(signing, f"stuck{number}", difficult.url, "50")
        spend(signing, f"stuck{number}", "60")
    customer(signing, "acme", receiver.url, "50")
    began = time.monotonic()
    spend(signing, "acme", "60")
    assert time.monotonic() - began < 1
    receiver.wait_for(1, seconds=8)


def test_a_tenant_without_a_receiver_has_its_alerts_all_the_same(signing):
    customer(signing, "acme", None, "50")
    spend(signing, "acme", "60")
    [event] = signing.events("acme")
    assert (event["threshold"], event["balance"]) == ("50", "40")


def test_an_alert_outlives_the_ledger_that_raised_it(store, launch, difficult):
    difficult.always = 500
    ledger = launch(store.url, env=SIGNED)
    customer(ledger, "acme", difficult.url, "50")
    spend(ledger, "acme", "60")
    ledger.kill()
    difficult.always = 204
    ledger = launch(store.url, env=SIGNED)
    # What a killed one was at, another takes over after a while.
    difficult.wait_for(1, seconds=45)
    assert len(delivered(ledger, "acme", 1, seconds=45)) == 1


@pytest.mark.only("postgres")
def test_two_ledgers_deliver_everything_between_them(store, launch, receiver):
    ledgers = [launch(store.url, env=SIGNED) for _ in range(2)]
    tenants = [f"tenant{number}" for number in range(20)]
    for number, tenant in enumerate(tenants):
        customer(ledgers[number % 2], tenant, receiver.url, "50")
        spend(ledgers[number % 2], tenant, "60")
    receiver.wait_for(len(tenants))
    for tenant in tenants:
        delivered(ledgers[0], tenant, 1)
    # At least once is promised; that each comes once is what they try.
    times = Counter(delivery.body["tenant"] for delivery in receiver.accepted())
    assert set(times) == set(tenants) and sum(times.values()) <= len(tenants) + 2, times
