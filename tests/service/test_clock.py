"""Time passes, jumps, and goes backwards."""

import time

import pytest

from stage.clock import Clock
from stage.ledger import assert_clean
from stage.load import until

HOUR, DAY = 3600, 86_400


@pytest.fixture
def clock(folder):
    """The service's."""
    return Clock(folder)


@pytest.fixture
def ledger(store, launch, clock):
    """A service with that clock, and a customer."""
    running = launch(store.url, env=clock.env)
    assert running.buy("acme", "first", credits="10").status_code == 201
    return running


def test_a_hold_that_nobody_settles_expires_and_is_charged_all_the_same_when_settled_late(
    ledger, clock, store
):
    ledger.hold("hold", "acme", "4", expires_in=60)
    clock.turn(59)
    assert ledger.tenant("acme")["available"] == "6"
    clock.turn(61)
    # Nobody asks for anything: it is freed by itself.
    until(lambda: ledger.tenant("acme")["available"] == "10")
    assert ledger.proxy.get("/v1/tenants/acme/holds/hold").json()["state"] == "expired"
    assert ledger.hold("hold", "acme", "4").status_code == 409
    assert ledger.settle("hold", "3") == "settled_late"
    assert ledger.settle("hold", "3") == "settled_before"
    assert ledger.tenant("acme")["balance"] == "7"
    assert_clean(store.url)


def test_an_expired_hold_makes_room_for_the_next_at_once(ledger, clock):
    ledger.hold("all", "acme", "10", expires_in=60)
    assert ledger.hold("next", "acme", "1").status_code == 402
    clock.turn(61)
    assert ledger.hold("next", "acme", "1").status_code == 201


def test_a_clock_that_goes_back_undoes_nothing(ledger, clock, store):
    ledger.configure("acme", alerts=["8"])
    ledger.hold("old", "acme", "2", expires_in=60)
    clock.turn(HOUR)
    assert ledger.hold("spent", "acme", "3").status_code == 201
    assert ledger.settle("spent", "3") == "settled"
    assert ledger.proxy.get("/v1/tenants/acme/holds/old").json()["state"] == "expired"
    clock.turn(-DAY)
    # What has expired stays so, what has fired does not fire again.
    assert ledger.hold("old", "acme", "2").status_code == 409
    assert ledger.tenant("acme")["available"] == "7"
    assert ledger.hold("new", "acme", "7", expires_in=60).status_code == 201
    assert ledger.hold("more", "acme", "1").status_code == 402
    assert ledger.settle("new", "1") == "settled"
    assert len(ledger.events("acme")) == 1
    assert_clean(store.url)
    ledger.stop()
    assert_clean(store.url)


def test_a_lot_that_expires_is_gone_but_for_what_is_held(ledger, clock, store):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + HOUR))
    answer = ledger.buy("acme", "gift", credits="5", expires_at=soon)
    assert answer.status_code == 201, answer.text
    ledger.hold("hold", "acme", "12", expires_in=3 * HOUR)
    clock.turn(2 * HOUR)
    until(lambda: ledger.tenant("acme")["balance"] == "12")
    # The lot that expires first pays first.
    assert ledger.settle("hold", "1") == "settled"
    until(lambda: ledger.tenant("acme")["balance"] == "10")
    kinds = [(entry["kind"], entry["credits"]) for entry in ledger.entries("acme")]
    assert kinds[:3] == [("purchase", "10"), ("purchase", "5"), ("expiry", "-3")]
    assert sorted(kinds[3:]) == [("charge", "-1"), ("expiry", "-1")]
    assert_clean(store.url)


def test_a_budget_is_new_each_day(ledger, clock, store):
    answer = ledger.configure("acme", budgets=[{"per": "day", "credits": "3", "user": "*"}])
    assert answer.status_code == 200, answer.text
    assert ledger.hold("one", "acme", "2", user="ann").status_code == 201
    refused = ledger.hold("two", "acme", "2", user="ann")
    assert (refused.status_code, refused.json()["code"]) == (402, "budget_exceeded")
    assert ledger.hold("other", "acme", "3", user="bob").status_code == 201
    clock.turn(DAY)
    assert ledger.hold("two", "acme", "2", user="ann").status_code == 201
    assert_clean(store.url)
