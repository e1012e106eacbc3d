"""What an app is told that has no credits, and that nobody gets more than there is."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import anthropic
import openai
import pytest

from support.credits import cost, paid
from support.gateway import CHAT, MESSAGES
from support.policy import GPT

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])


def ask_openai(purse, gateway, text="hello", max_tokens=1_000, **more):
    return purse.openai(gateway).chat.completions.create(
        model="gpt", messages=[{"role": "user", "content": text}], max_tokens=max_tokens, **more
    )


def ask_anthropic(purse, gateway, text="hello", max_tokens=1_000, **more):
    return purse.anthropic(gateway).messages.create(
        model="gpt", messages=[{"role": "user", "content": text}], max_tokens=max_tokens, **more
    )


SDKS = {
    "openai": (ask_openai, openai.APIStatusError),
    "anthropic": (ask_anthropic, anthropic.APIStatusError),
}
EACH_SDK = pytest.mark.parametrize("ask, error", SDKS.values(), ids=SDKS)
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@EACH_SDK
@STREAMED
def test_an_app_without_credits_is_told_what_is_left_and_what_to_do(
    credited, purses, sim, ask, error, stream
):
    gateway, purse = credited(), purses.new("0.005")
    with pytest.raises(error) as raised:
        ask(purse, gateway, stream=stream)
    assert raised.value.status_code == 402
    said = str(raised.value)
    found = re.search(rf"`{purse.tenant}` has (\S+) credits left .* may cost up to (\S+):", said)
    assert found, said
    assert Decimal(found[1]) == Decimal("0.005") < Decimal(found[2])
    assert "buy credits" in said and "max_tokens" in said
    assert sim.requests() == [] and purse.settled(0) == []
    # What it says helps: a shorter answer may be had.
    ask(purse, gateway, max_tokens=20)
    paid(purse.settled(1)[0], "gpt")


def test_the_refusal_has_the_dialects_own_kind(credited, purses):
    gateway, purse = credited(), purses.new("0.000001")
    chat, message = (purse.ask(gateway, path) for path in (CHAT, MESSAGES))
    assert chat.status_code == message.status_code == 402
    assert chat.json()["error"]["type"] == "insufficient_quota", chat.text
    assert message.json()["error"]["type"] == "billing_error", message.text
    for answer in (chat, message):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-tradewind-request-id"]


@EACH_SDK
def test_a_tenant_that_the_ledger_does_not_know_has_no_credits(
    credited, purses, sim, ask, error
):
    gateway, purse = credited(), purses.new()
    with pytest.raises(error) as raised:
        ask(purse, gateway)
    assert raised.value.status_code == 402
    assert f"`{purse.tenant}` has no credits here" in str(raised.value)
    assert sim.requests() == []
    purse.buy("1")
    ask(purse, gateway)
    paid(purse.settled(1)[0], "gpt")


@BOTH
@pytest.mark.parametrize("label", [{"user": "ann"}, {"key": "ann-laptop"}], ids=str)
def test_a_budget_ends_one_and_not_the_others(credited, purses, path, label):
    gateway, purse = credited(), purses.new("5")
    budget = {"per": "day", "credits": "0.011", **label}
    purse.ledger.configure(purse.tenant, budgets=[budget])
    more = {"text": "[words:2000]", "max_tokens": 1_000}
    assert purse.ask(gateway, path, whose="ann", **more).status_code == 200
    purse.settled(1)
    refused = purse.ask(gateway, path, whose="ann", **more)
    assert refused.status_code == 402, refused.text
    message = refused.json()["error"]["message"]
    assert "budget" in message and "max_tokens" in message
    for whose in ("bob", "t"):
        assert purse.ask(gateway, path, whose=whose, **more).status_code == 200
    assert [entry.user for entry in purse.settled(3)] == ["ann", "bob", None]


@pytest.mark.core
def test_an_id_that_the_app_chooses_saves_nothing(credited, purses, sim):
    gateway, purse = credited(), purses.new("5")
    sim.weather(GPT, latency_ms=300)
    headers = {**purse.headers(), "x-request-id": "11111111-2222-4333-8444-555555555555"}
    body = {"model": "gpt", "messages": [{"role": "user", "content": "hi"}]}

    def ask(_) -> int:
        return gateway.http.post(CHAT, json=body, headers=headers).status_code

    with ThreadPoolExecutor(4) as apps:
        assert list(apps.map(ask, range(4))) == [200] * 4
    entries = purse.settled(4)
    assert len({entry.hold_id for entry in entries}) == 4
    for entry in entries:
        paid(entry, "gpt")


@pytest.mark.core
def test_of_many_at_once_exactly_those_are_served_that_there_are_credits_for(
    credited, purses, sim, between
):
    gateway, all_, served = credited(), 64, 23
    # What one may cost, in each dialect; the shorter body is made as long as the other.
    probe = purses.new("5")
    ask_openai(probe, gateway)
    ask_anthropic(probe, gateway)
    first, second = (
        Decimal(call.json["credits"]) for call in between.calls("holds", probe.tenant)
    )
    pad = int((first - second) / Decimal("0.0000025"))
    texts = {ask_openai: "hello" + "x" * -pad, ask_anthropic: "hello" + "x" * pad}
    purse = purses.new(str(max(first, second) * served))
    # Nothing that is held comes free before all have asked.
    between.turn("fair", delay=3, only="settlements")
    apps = {
        ask_openai: purse.openai(gateway).chat.completions,
        ask_anthropic: purse.anthropic(gateway).messages,
    }
    together = threading.Barrier(all_)

    def ask(number: int) -> int:
        way = (ask_openai, ask_anthropic)[number % 2]
        say = [{"role": "user", "content": texts[way]}]
        together.wait()
        try:
            apps[way].create(model="gpt", messages=say, max_tokens=1_000)
            return 200
        except (openai.APIStatusError, anthropic.APIStatusError) as why:
            return why.status_code

    with ThreadPoolExecutor(all_) as pool:
        answers = list(pool.map(ask, range(all_)))
    assert sorted(answers) == [200] * served + [402] * (all_ - served)
    asked = between.calls("holds", purse.tenant)
    assert len({call.json["credits"] for call in asked}) == 1
    between.turn("fair")
    entries = purse.settled(served, seconds=10)
    assert purse.balance() == max(first, second) * served - sum(e.credits for e in entries) > 0
    assert all(entry.credits == cost("gpt", entry.usage) for entry in entries)
