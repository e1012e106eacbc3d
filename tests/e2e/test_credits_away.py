"""The ledger is away: what then happens is what the policy says, and nothing is lost."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import anthropic
import openai
import pytest

from support import paths
from support.credits import credits_policy, paid
from support.credits import request as body
from support.gateway import CHAT, MESSAGES, render

# Within this a request must have its answer when the ledger has not: seconds of the policy's
# timeout, and what a loaded machine may need beside it.
TIMEOUT, SLACK = 0.3, 1.0
AWAY = ["refused", "silent", "503", "reset"]
EACH = pytest.mark.parametrize("weather", AWAY)
BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])
SETTINGS = {
    "allow": {"on_unavailable": "allow"},
    "deny": {"on_unavailable": "deny"},
    "grace": {"on_unavailable": "grace", "grace": {"credits": "0.05", "seconds": 60}},
}


def settings(name: str) -> dict:
    return {"timeout": f"{int(TIMEOUT * 1000)}ms", **SETTINGS[name]}


def timed(purse, gateway, path: str = CHAT, **more):
    """An answer, which must come within the time."""
    start = time.monotonic()
    answer = purse.ask(gateway, path, **more)
    assert time.monotonic() - start < TIMEOUT + SLACK
    return answer


def back(purse, gateway) -> int:
    """Asks until the ledger is asked again, which takes no second; how often that served."""
    end, served = time.monotonic() + 1 + SLACK, 0
    while True:
        answer = purse.ask(gateway, max_tokens=10)
        served += answer.status_code == 200
        if "x-tradewind-credits" in answer.headers:
            return served
        assert time.monotonic() < end, "the ledger is back"
        time.sleep(0.02)


@EACH
@BOTH
def test_allowed_requests_run_and_are_charged_later(credited, purses, between, weather, path):
    gateway, purse = credited(**settings("allow")), purses.new("5")
    between.turn(weather)
    for stream in (False, True):
        answer = timed(purse, gateway, path, stream=stream)
        assert answer.status_code == 200, answer.text
        assert "x-tradewind-credits" not in answer.headers
    assert purse.balance() == 5
    between.turn("fair")
    count = 2 + back(purse, gateway)
    for entry in purse.settled(count):
        paid(entry, "gpt")


@pytest.mark.parametrize("on_unavailable", ["deny", "allow"])
@BOTH
def test_an_app_waits_no_longer_for_the_ledger_than_it_says(
    launch, rules, purses, sim, between, on_unavailable, path, request
):
    between.turn("fair")
    sim.reset()
    policy = credits_policy(rules, between.url, timeout="6s", on_unavailable=on_unavailable)
    policy["resilience"] |= {"deadline": {"most": "10s", "header": "x-stainless-read-timeout"}}
    gateway = launch(render(policy, paths.LOGS / f"away-{request.node.name}"))
    purse = purses.new("5")
    headers = purse.headers() | {"x-stainless-read-timeout": "0.5"}
    for weather, delay in (("silent", 0.0), ("fair", 1.5)):
        # What is on its way to the ledger comes there when nobody waits for it any more.
        between.turn(weather, delay, only="/holds")
        start = time.monotonic()
        answer = gateway.http.post(path, json=body(path, "hello", "gpt"), headers=headers)
        assert 0.5 <= time.monotonic() - start < 0.5 + SLACK
        assert answer.status_code == 504 and "credit service" in answer.text
    assert not sim.requests()
    between.turn("fair")
    gateway.envoy.wait_for(
        "the late hold", lambda: any(own.status for own in between.calls("holds", purse.tenant))
    )
    assert purse.ask(gateway, path).status_code == 200
    (entry,) = purse.settled(1)
    paid(entry, "gpt")
    assert Decimal(purse.account()["available"]) == purse.balance()
    assert [own["outcome"] for own in gateway.envoy.access_log()][:2] == ["deadline"] * 2


@pytest.mark.core
@EACH
def test_denied_requests_are_told_to_come_again(credited, purses, sim, between, weather):
    gateway, purse = credited(**settings("deny")), purses.new("5")
    between.turn(weather)
    for path in (CHAT, MESSAGES):
        answer = timed(purse, gateway, path)
        assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
        assert "credit service" in answer.json()["error"]["message"]
    say = [{"role": "user", "content": "hi"}]
    with pytest.raises(openai.InternalServerError):
        purse.openai(gateway).chat.completions.create(model="gpt", messages=say)
    with pytest.raises(anthropic.InternalServerError):
        purse.anthropic(gateway).messages.create(model="gpt", messages=say, max_tokens=9)
    assert sim.requests() == []
    between.turn("fair")
    paid(purse.settled(back(purse, gateway))[0], "gpt")


@EACH
def test_a_grace_is_so_many_credits_and_no_more(credited, purses, sim, between, weather):
    gateway, purse = credited(**settings("grace")), purses.new("5")
    # A tenant of whom the proxy has not heard has no grace.
    between.turn(weather)
    assert timed(purse, gateway).status_code == 503
    between.turn("fair")
    known = back(purse, gateway)
    sim.reset()
    between.turn(weather)
    # Each may cost 0.0103 and does: of a grace of 0.05 there are four.
    more = {"text": "[words:3000]", "max_tokens": 1_000}
    answers = [timed(purse, gateway, **more).status_code for _ in range(6)]
    assert answers == [200] * 4 + [503] * 2
    assert len(sim.requests()) == 4
    between.turn("fair")
    entries = purse.settled(4 + known + back(purse, gateway))
    for entry in entries:
        paid(entry, "gpt")
    # What has been settled is free for the next time.
    between.turn(weather)
    assert timed(purse, gateway, **more).status_code == 200
    between.turn("fair")
    purse.settled(len(entries) + 1)


def test_a_hold_whose_answer_was_lost_is_settled_as_any_other(credited, purses, between):
    gateway, purse = credited(**settings("allow")), purses.new("5")
    between.turn("lost", only="holds")
    assert purse.ask(gateway).status_code == 200
    entry = purse.settled(1)[0]
    paid(entry, "gpt")
    calls = between.calls("holds", purse.tenant)
    assert [call.status for call in calls] == [201]
    assert entry.hold_id == calls[0].json["hold_id"]


def test_a_hold_whose_answer_was_lost_is_given_back_when_nothing_runs(credited, purses, between):
    gateway, purse = credited(**settings("deny")), purses.new("5")
    between.turn("lost", only="holds")
    assert purse.ask(gateway).status_code == 503
    assert [call.status for call in between.calls("holds", purse.tenant)] == [201]
    assert purse.settled(0) == []
    assert purse.balance() == Decimal(purse.account()["available"]) == 5


def test_settlements_whose_answer_was_lost_are_charged_once(credited, purses, between):
    gateway, purse = credited(), purses.new("5")
    between.turn("lost", only="settlements")
    for _ in range(3):
        assert purse.ask(gateway).status_code == 200
    time.sleep(1)
    between.turn("fair")
    calls = between.calls("settlements", purse.tenant)
    assert calls and all(call.status == 200 for call in calls)
    entries = purse.settled(3)
    assert purse.balance() == 5 - sum(entry.credits for entry in entries)
    again = [call for call in between.calls("settlements", purse.tenant)]
    sent = Counter(item["hold_id"] for call in again for item in call.json["settlements"])
    assert max(sent.values()) > 1, "they were sent again"


class Load:
    """Apps that ask all the time; what they were answered, and how long that took."""

    def __init__(self, gateway, purse, apps: int = 8, **more):
        self.answers: list[tuple[int, float]] = []
        self.over = threading.Event()
        more = {"text": "[words:300]", "max_tokens": 100, **more}

        def app(number: int) -> None:
            while not self.over.is_set():
                start = time.monotonic()
                answer = purse.ask(gateway, (CHAT, MESSAGES)[number % 2], **more)
                self.answers.append((answer.status_code, time.monotonic() - start))
                if answer.status_code != 200:
                    time.sleep(0.01)

        self.pool = ThreadPoolExecutor(apps)
        self.running = [self.pool.submit(app, number) for number in range(apps)]

    def stop(self) -> Counter:
        """Ends it; how often each status was answered."""
        self.over.set()
        for app in self.running:
            app.result(30)
        self.pool.shutdown()
        return Counter(status for status, _ in self.answers)


def test_ten_seconds_away_under_load_keep_to_the_grace(credited, purses, sim, between, ledger):
    grace = Decimal("0.2")
    gateway = credited(
        timeout="300ms", on_unavailable="grace", grace={"credits": str(grace), "seconds": 60}
    )
    purse = purses.new("50")
    assert purse.ask(gateway).status_code == 200
    purse.settled(1)
    sim.reset()
    between.turn("refused")
    load = Load(gateway, purse)
    for weather, seconds in (("refused", 4), ("silent", 3), ("503", 3)):
        between.turn(weather)
        time.sleep(seconds)
    memory = gateway.envoy.stats("server.memory_allocated")
    waiting = gateway.envoy.stats("cluster.ledger.upstream_rq_(pending_)?active")
    answered = load.stop()
    ran = len(sim.requests())
    assert set(answered) == {200, 503} and ran == answered[200]
    assert purse.balance() == 50 - sum(e.credits for e in purse.ledger.entries(purse.tenant))
    assert len(purse.ledger.entries(purse.tenant)) == 1, "nothing was settled meanwhile"
    # Nobody waits for the ledger but those that ask whether it is back: a few a second.
    assert sum(waiting.values()) < 30, waiting
    assert memory["server.memory_allocated"] < 400 << 20
    assert max(seconds for _, seconds in load.answers) < TIMEOUT + 2 * SLACK
    between.turn("fair")
    count = back(purse, gateway)
    entries = purse.settled(1 + ran + count, seconds=15)
    assert len({entry.hold_id for entry in entries}) == len(entries)
    later = entries[1:]
    for entry in later:
        paid(entry, "gpt")
    # Those that ran unsettled, told from those after it by their length.
    unsettled = sum(entry.credits for entry in later if entry.usage["output"] == 100)
    assert grace * Decimal("0.9") < unsettled <= grace
    ledger.audit()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_ledger_that_ends_under_load_loses_nothing(credited, purses, sim, ledger, end):
    gateway = credited(timeout="300ms", on_unavailable="allow")
    purse = purses.new("50")
    sim.reset()
    load = Load(gateway, purse, apps=6)
    for _ in range(2):
        time.sleep(0.7)
        getattr(ledger, end)()
        time.sleep(0.3)
        ledger.restart()
    time.sleep(0.5)
    answered = load.stop()
    assert set(answered) == {200}
    entries = purse.settled(answered[200], seconds=15)
    assert len({entry.hold_id for entry in entries}) == len(entries) == len(sim.requests())
    for entry in entries:
        paid(entry, "gpt")
    assert purse.balance() == 50 - sum(entry.credits for entry in entries)
    ledger.audit()
