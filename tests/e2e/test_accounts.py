"""Several keys of one provider: the next one serves where the one before it takes no request."""

import copy
import time

import pytest

from conftest import ENVOYS, NEWEST
from support import paths
from support.credits import credits_policy
from support.gateway import render
from support.policy import GPT, KEYS

FIRST, SECOND = "sk-first-account-0001", "sk-second-account-0002"
WAITS = 3


@pytest.fixture
def accounts(launch, rules, sim, request):
    """A gateway of two workers whose OpenAI has two accounts: `accounts(breaker)`."""

    def start(breaker: bool, version: str = NEWEST, own: dict = rules, budgets=({}, {})):
        sim.reset()
        own = copy.deepcopy(own)
        openai = own["providers"]["openai"]
        del openai["secret"]
        openai["accounts"] = [
            {"name": "first", "secret": "first-key", **budgets[0]},
            {"name": "second", "secret": "second-key", **budgets[1]},
        ]
        own["resilience"]["attempts"] = 6
        own["chains"]["two"] = ["gpt", "claude"]
        own["routes"].append({"models": ["two"], "chain": "two"})
        if breaker:
            own["resilience"]["breaker"] = {"max_open_for": "1m"}
        folder = paths.LOGS / f"accounts-{request.node.name}"
        secrets = folder / "secrets"
        secrets.mkdir(parents=True, exist_ok=True)
        for name, key in [("first", FIRST), ("second", SECOND)]:
            (secrets / f"{name}-key").write_text(key)
        return launch(render(own, folder), version=version, workers=2)

    return start


def keys(sim) -> list[str]:
    """Who was asked: the accounts of OpenAI by the keys that came, other providers by their names."""
    names = {f"Bearer {FIRST}": "first", f"Bearer {SECOND}": "second"}
    seen = []
    for request in sim.requests():
        bearer = request.headers.get("authorization")
        seen.append(names[bearer] if request.provider == "openai" else request.provider)
        everything = repr((request.headers, request.path, request.body))
        for key in [FIRST, SECOND, *KEYS.values()]:
            own = bearer == f"Bearer {key}" or key == KEYS[request.provider] != KEYS["openai"]
            assert own or key not in everything
    return seen


def served(gateway, model: str = "gpt", by: str = "gpt", **more) -> None:
    answer = gateway.chat(model=model, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == by
    if more.get("stream"):
        assert "data: [DONE]" in answer.text and '"error"' not in answer.text


def last(gateway, count: int) -> list[tuple[str, str | None, str]]:
    """The attempts of the last of so many requests, as the log has them."""
    log = gateway.envoy.access_log
    gateway.envoy.wait_for("the log", lambda: len(log()) >= count)
    attempts = log()[-1]["attempts"]
    return [(own["model"], own.get("account"), own["outcome"]) for own in attempts]


@pytest.mark.parametrize("version", ENVOYS)
def test_without_a_breaker_each_request_goes_on_by_itself(accounts, sim, version):
    gateway = accounts(breaker=False, version=version)
    served(gateway)
    assert keys(sim) == ["first"]
    asked = 1
    outcomes = {429: "rate_limited", 402: "unpaid", 401: "key_refused"}
    for status, outcome in outcomes.items():
        for stream in (False, True):
            sim.reset()
            sim.weather(GPT, status=status, times=1)
            served(gateway, stream=stream)
            assert last(gateway, asked + 1) == [
                ("gpt", "first", outcome),
                ("gpt", "second", "answered"),
            ]
            served(gateway, stream=stream)
            asked += 2
            assert keys(sim) == ["first", "second", "first"], status


@pytest.mark.parametrize("version", ENVOYS)
def test_where_no_account_takes_it_the_next_model_is_asked(accounts, sim, version):
    gateway = accounts(breaker=False, version=version)
    for stream in (False, True):
        sim.reset()
        sim.weather(GPT, status=429)
        served(gateway, model="two", by="claude", stream=stream)
        assert keys(sim) == ["first", "second", "anthropic"]
    assert last(gateway, 2) == [
        ("gpt", "first", "rate_limited"),
        ("gpt", "second", "rate_limited"),
        ("claude", None, "answered"),
    ]
    # What is no account's fault is the model's: another account would fail the same.
    sim.reset()
    sim.weather(GPT, status=500)
    served(gateway, model="two", by="claude")
    assert keys(sim) == ["first", "anthropic"]
    # But where there is no other model the next account is better than nobody.
    sim.reset()
    sim.weather(GPT, status=500, times=1)
    served(gateway)
    assert keys(sim) == ["first", "second"]


@pytest.mark.parametrize("version", ENVOYS)
def test_an_account_is_left_alone_for_as_long_as_it_asks(accounts, sim, version):
    gateway = accounts(breaker=True, version=version)
    sim.weather(GPT, status=429, retry_after=str(WAITS), times=1)
    since = time.monotonic()
    served(gateway)
    assert keys(sim) == ["first", "second"]
    asked = 0
    while time.monotonic() - since < WAITS - 0.5:
        served(gateway, stream=asked % 2 == 1)
        asked += 1
        if time.monotonic() - since < WAITS:
            assert keys(sim) == ["first", *["second"] * (asked + 1)]
        time.sleep(0.1)
    # The first one is tried when its time is over, and asked again by all.
    deadline = since + WAITS + 30
    while keys(sim)[-1] != "first":
        assert time.monotonic() < deadline
        served(gateway)
    sim.reset()
    for _ in range(4):
        served(gateway)
    assert keys(sim) == ["first"] * 4
    labels = (("model", "gpt@first"), ("reason", "wait"))
    gateway.envoy.wait_for(
        "the count",
        lambda: gateway.envoy.counters("tradewind_breaker_opened_total").get(labels) == 1,
    )


def test_an_account_without_money_is_left_alone_and_both_are(accounts, sim):
    gateway = accounts(breaker=True)
    sim.weather(GPT, status=402, times=1)
    served(gateway, model="two", stream=True)
    served(gateway, model="two")
    assert keys(sim) == ["first", "second", "second"]
    sim.weather(GPT, status=402, times=1)
    served(gateway, model="two", by="claude")
    served(gateway, model="two", by="claude")
    assert keys(sim)[3:] == ["second", "anthropic", "anthropic"]


def test_an_account_has_a_budget_of_its_own(accounts, sim, rules, ledger, purses):
    """Once its first answer is charged the account has nothing left of its month."""
    own = credits_policy(rules, f"http://{ledger.address}")
    budget = {"budget": {"credits": "0.000001", "per": "month"}}
    gateway = accounts(breaker=False, own=own, budgets=(budget, {}))
    purse = purses.new("10")

    def ask(stream: bool = False) -> None:
        answer = purse.ask(gateway, model="gpt", stream=stream)
        assert answer.status_code == 200, answer.text

    ask()
    gateway.envoy.wait_for("the charge", lambda: purse.settled(1))
    for stream in (False, True, False, True):
        ask(stream)
    assert keys(sim) == ["first", *["second"] * 4]
    log = gateway.envoy.access_log
    gateway.envoy.wait_for("the log", lambda: len(log()) >= 5)
    [skipped] = log()[-1]["skipped"]
    assert skipped["model"] == "gpt@first" and "this month are used up" in skipped["why"]
