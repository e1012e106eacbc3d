"""An answer that is given again and has a price is charged that, once, in a real ledger."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from support.credits import credits_policy, paid
from support.gateway import CHAT, MESSAGES, render

LEASE = {"credits": "0.05", "seconds": 2}
# A fifth.
PRICE = "20%"


@pytest.mark.core
@pytest.mark.parametrize("lease", ["off", LEASE], ids=["hold", "lease"])
def test_an_answer_that_is_given_again_is_charged_its_price(
    launch, rules, purses, between, sim, tmp_path, setup, lease
):
    own = credits_policy(rules, between.url, lease=lease)
    own["cache"] = {"ttl": "1h", "price": PRICE}
    version, workers = setup
    gateway = launch(render(own, tmp_path), version, workers)
    purse = purses.new("5")
    said = {"text": "[words:30]", "max_tokens": 1000}
    for path in (CHAT, MESSAGES):
        first = purse.ask(gateway, path, **said)
        assert first.status_code == 200 and "x-tradewind-cache" not in first.headers, first.text
    with ThreadPoolExecutor(8) as apps:
        asks = [((CHAT, MESSAGES)[number % 2], number % 4 > 1) for number in range(24)]
        answers = list(apps.map(lambda ask: purse.ask(gateway, ask[0], stream=ask[1], **said), asks))
    assert {answer.headers["x-tradewind-cache"] for answer in answers} == {"hit"}
    assert len(sim.requests()) == 2
    entries = purse.settled(26)
    full = [entry for entry in entries if "cached" not in entry.all.get("flags", [])]
    again = [entry for entry in entries if "cached" in entry.all.get("flags", [])]
    assert (len(full), len(again)) == (2, 24)
    for entry in full:
        paid(entry, "gpt")
    prices = {entry.credits for entry in again}
    micro = Decimal("0.000001")
    assert prices == {(entry.credits / 5).quantize(micro, rounding="ROUND_DOWN") for entry in full}
    assert {(entry.model, entry.outcome) for entry in again} == {("gpt", "answered")}
    assert purse.balance() == 5 - sum(entry.credits for entry in entries)


@pytest.mark.core
def test_who_cannot_pay_for_an_answer_is_not_given_it(
    launch, rules, purses, between, sim, tmp_path, setup
):
    own = credits_policy(rules, between.url)
    own["cache"] = {"ttl": "1h", "price": "100%", "scope": "everybody"}
    version, workers = setup
    gateway = launch(render(own, tmp_path), version, workers)
    rich, poor = purses.new("5"), purses.new("0.000001")
    said = {"text": "[words:30]", "max_tokens": 1000}
    assert rich.ask(gateway, CHAT, **said).status_code == 200
    assert rich.ask(gateway, CHAT, **said).headers["x-tradewind-cache"] == "hit"
    refused = poor.ask(gateway, CHAT, **said)
    assert refused.status_code == 402 and "x-tradewind-cache" not in refused.headers
    assert len({entry.credits for entry in rich.settled(2)}) == 1
    assert poor.balance() == Decimal("0.000001") and len(sim.requests()) == 1
