"""Time passes; and clocks jump, go backwards, start in another year and differ from each other."""

import subprocess
import time

import pytest

from stage.clock import Clock
from stage.ledger import LEDGER, assert_clean, environment, repair
from stage.load import until

HOUR, DAY = 3600, 86_400
YEAR = 400 * DAY


@pytest.fixture
def clock(folder):
    """The service's."""
    return Clock(folder)


@pytest.fixture
def ledger(store, launch, clock):
    """A service with that clock, and a customer with a purchase that ends in a month."""
    running = launch(store.url, env=clock.env)
    assert running.buy("acme", "first", credits="10").status_code == 201
    answer = running.buy("acme", "dated", credits="5", expires_at=_in(30 * DAY))
    assert answer.status_code == 201, answer.text
    return running


def _in(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def _health(ledger) -> tuple[str, str]:
    answer = ledger.nobody.get("/healthz")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return said["status"], said.get("clock", "")


def _state(ledger, hold: str) -> str:
    return ledger.proxy.get(f"/v1/tenants/acme/holds/{hold}").json()["state"]


def test_a_hold_that_nobody_settles_expires_and_is_charged_all_the_same_when_settled_late(
    ledger, store
):
    ledger.hold("hold", "acme", "4", expires_in=2)
    assert ledger.tenant("acme")["available"] == "11"
    # Nobody asks for anything: it is freed by itself.
    until(lambda: ledger.tenant("acme")["available"] == "15")
    assert _state(ledger, "hold") == "expired"
    assert ledger.hold("hold", "acme", "4").status_code == 409
    assert ledger.settle("hold", "3") == "settled_late"
    assert ledger.settle("hold", "3") == "settled_before"
    assert ledger.tenant("acme")["balance"] == "12"
    assert_clean(store.url)


def test_an_expired_hold_makes_room_for_the_next_at_once(ledger):
    ledger.hold("all", "acme", "15", expires_in=1)
    assert ledger.hold("next", "acme", "1").status_code == 402
    time.sleep(1.1)
    assert ledger.hold("next", "acme", "1").status_code == 201


@pytest.mark.parametrize("jump", [YEAR, 20 * 60, -20 * 60, -YEAR])
def test_a_jump_is_not_followed(ledger, clock, store, jump):
    assert ledger.hold("before", "acme", "1", expires_in=60).status_code == 201
    clock.turn(jump)
    time.sleep(6)  # a sweep has come by
    status, said = _health(ledger)
    if store.name == "sqlite":
        way = "forward" if jump > 0 else "back"
        assert status == "degraded" and f"jumped {way}" in said, said
        assert "clock: the clock has jumped" in ledger.tail()
    else:
        assert status == "ok", "a server's clock is another one"
    assert ledger.hold("during", "acme", "1", expires_in=3).status_code == 201
    account = ledger.tenant("acme")
    assert (account["balance"], account["available"]) == ("15", "13")
    until(lambda: _state(ledger, "during") == "expired")
    clock.turn(0)
    until(lambda: _health(ledger)[0] == "ok")
    assert _state(ledger, "before") == "open"
    assert ledger.settle("before", "1") == "settled"
    assert len(ledger.entries("acme")) == 3
    assert_clean(store.url)


@pytest.mark.only("postgres")
def test_two_ledgers_whose_machines_differ_agree(store, launch, folder):
    clocks = [Clock(_made(folder / name)) for name in ("right", "ahead")]
    clocks[1].turn(20 * 60)
    right, ahead = (launch(store.url, env=clock.env) for clock in clocks)
    right.buy("acme", "first", credits="10")
    assert right.hold("all", "acme", "10", expires_in=600).status_code == 201
    time.sleep(6)
    assert ahead.hold("more", "acme", "8").status_code == 402
    assert ahead.settle("all", "10") == "settled"
    assert ahead.hold("one", "acme", "1").status_code == 402
    assert right.tenant("acme")["balance"] == "0"
    assert_clean(store.url)


@pytest.mark.only("sqlite")
def test_a_start_in_another_year_is_not_believed(ledger, clock, store, launch):
    ledger.stop()
    clock.turn(YEAR)
    doubting = launch(store.url, env=clock.env)
    time.sleep(6)
    status, said = _health(doubting)
    assert status == "degraded" and "--trust-clock" in said, said
    assert doubting.tenant("acme")["balance"] == "15"
    doubting.stop()
    trusting = launch(store.url, "--trust-clock", env=clock.env)
    until(lambda: trusting.tenant("acme")["balance"] == "10")
    assert _health(trusting)[0] == "ok"
    assert_clean(store.url)


@pytest.mark.only("sqlite")
def test_what_a_wrong_clock_did_is_repaired(ledger, clock, store, launch):
    assert repair(store.url).returncode == 0
    ledger.stop()
    clock.turn(YEAR)
    wrong = launch(store.url, "--trust-clock", env=clock.env)
    until(lambda: wrong.tenant("acme")["balance"] == "10")
    assert wrong.hold("long", "acme", "3", expires_in=60).status_code == 201
    wrong.stop()
    clock.turn(0)
    right = launch(store.url, env=clock.env)
    status, said = _health(right)
    assert status == "degraded" and "repair" in said, said
    looked = repair(store.url)
    assert looked.returncode == 1 and "acme: 5 credits back, 1 holds" in looked.stdout, looked
    assert right.tenant("acme")["balance"] == "10", "it only looked"
    for _ in range(2):
        done = repair(store.url, "--apply")
        assert done.returncode == 0, done
        account = right.tenant("acme")
        assert (account["balance"], account["available"]) == ("15", "12")
    until(lambda: _health(right)[0] == "ok")
    kinds = [(entry["kind"], entry["credits"]) for entry in right.entries("acme")]
    assert kinds[2:] == [("expiry", "-5"), ("repair", "5")]
    assert right.settle("long", "3") == "settled"
    assert_clean(store.url)


@pytest.mark.only("sqlite")
def test_a_lot_that_expires_is_gone_but_for_what_is_held(store, launch, clock):
    ledger = launch(store.url, env=clock.env)
    ledger.buy("acme", "first", credits="10")
    ledger.buy("acme", "gift", credits="5", expires_at=_in(HOUR))
    ledger.hold("hold", "acme", "12", expires_in=3 * HOUR)
    ledger.stop()
    clock.turn(2 * HOUR)
    ledger = launch(store.url, env=clock.env)
    until(lambda: ledger.tenant("acme")["balance"] == "12")
    # The lot that expires first pays first.
    assert ledger.settle("hold", "1") == "settled"
    until(lambda: ledger.tenant("acme")["balance"] == "10")
    kinds = [(entry["kind"], entry["credits"]) for entry in ledger.entries("acme")]
    assert kinds[:3] == [("purchase", "10"), ("purchase", "5"), ("expiry", "-3")]
    assert sorted(kinds[3:]) == [("charge", "-1"), ("expiry", "-1")]
    assert_clean(store.url)


@pytest.mark.only("sqlite")
def test_a_budget_is_new_each_day(ledger, clock, store, launch):
    answer = ledger.configure("acme", budgets=[{"per": "day", "credits": "3", "user": "*"}])
    assert answer.status_code == 200, answer.text
    assert ledger.hold("one", "acme", "2", user="ann").status_code == 201
    refused = ledger.hold("two", "acme", "2", user="ann")
    assert (refused.status_code, refused.json()["code"]) == (402, "budget_exceeded")
    assert ledger.hold("other", "acme", "3", user="bob").status_code == 201
    ledger.stop()
    clock.turn(DAY)
    ledger = launch(store.url, env=clock.env)
    assert ledger.hold("two", "acme", "2", user="ann").status_code == 201
    assert_clean(store.url)


def test_a_repair_of_nothing_makes_nothing(folder):
    done = repair(f"sqlite:{folder}/missing.db", "--apply")
    assert done.returncode == 2 and not (folder / "missing.db").exists(), done
    usage = [LEDGER, "repair", "--help"]
    said = subprocess.run(usage, capture_output=True, text=True, env=environment(), timeout=30)
    assert "--apply" in said.stdout


def _made(path):
    path.mkdir()
    return path
