"""Holds that nobody settles in time: they are free again, and what comes late is charged."""

import time
from decimal import Decimal

import pytest

from conftest import NEWEST
from support import paths
from support.credits import credits_policy, paid, request, stream_text
from support.gateway import CHAT, render
from support.policy import GPT


@pytest.mark.parametrize("lease", [None, {"credits": "1", "seconds": 1}], ids=["hold", "lease"])
def test_a_hold_of_an_envoy_that_is_killed_expires(launch, rules, purses, sim, between, lease):
    purse = purses.new("5")
    more = {"lease": lease} if lease else {}
    folder = paths.LOGS / "credits-killed"
    policy = credits_policy(rules, between.url, hold_for="2s", **more)
    gateway = launch(render(policy, folder), NEWEST, 4)
    sim.weather(GPT, chunk_delay_ms=100)
    body = request(CHAT, "[words:2000]", "gpt", stream=True)
    with pytest.raises(Exception):
        with gateway.http.stream("POST", CHAT, json=body, headers=purse.headers()) as response:
            start = time.monotonic()
            for number, _ in enumerate(response.iter_lines()):
                if number == 10:
                    account = purse.account()
                    assert Decimal(account["held"]) > 0 and account["open_holds"] == 1
                    gateway.envoy.process.kill()
    # What is not yet over is not yet free.
    assert purse.account()["open_holds"] == 1 or time.monotonic() - start > 2
    assert purse.settled(0, seconds=12) == []
    assert time.monotonic() - start >= 2 + (1 if lease else 0) - 0.5
    assert purse.balance() == Decimal(purse.account()["available"]) == 5
    hold = between.calls("holds", purse.tenant)[0].json
    assert purse.ledger.hold(purse.tenant, hold["hold_id"])["state"] == "expired"
    fresh = launch(render(policy, folder), NEWEST, 1)
    sim.reset()
    assert purse.ask(fresh).status_code == 200
    paid(purse.settled(1)[0], "gpt")


def test_the_hold_of_a_stream_that_outlives_it_is_renewed(
    launch, rules, purses, sim, between
):
    purse = purses.new("5")
    folder = paths.LOGS / "credits-late"
    gateway = launch(render(credits_policy(rules, between.url, hold_for="1s"), folder), NEWEST, 1)
    sim.weather(GPT, chunk_delay_ms=60)
    answer = purse.ask(gateway, CHAT, "[words:1000]", stream=True)
    assert stream_text(answer.text).endswith("word1000")
    entry = purse.settled(1)[0]
    paid(entry, "gpt")
    assert not entry.all["late"]
    assert purse.balance() == Decimal(purse.account()["available"]) == 5 - entry.credits
