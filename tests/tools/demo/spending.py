"""The tour's stops at the till: credits are bought, spent, run low and run out."""

import time
from decimal import Decimal

import openai

import policy
from apps import OpenAIApp, Seen, since
from tour import Step, Tour, claim, served

# Bulk is cheaper: what a purchase must reach, and what it saves.
TIERS = [{"at_least": "100", "discount": "5%"}, {"at_least": "1000", "discount": "10%"}]
# An answer of so many words costs a sixth of a credit at Claude's price.
LONG = "Tell me everything [words:16000]"

BUYING: list[Step] = []
SPENDING: list[Step] = []


def step(steps: list[Step], shows: str):
    """Adds a stop, in fair weather."""

    def add(run):
        steps.append(Step(shows, [], run))
        return run

    return add


def _counted(tour: Tour, tenant: str) -> dict:
    """The account once nothing is under way: settlements come a moment after the answer."""
    end = time.monotonic() + 10
    while (account := tour.ledger.tenant(tenant)) and Decimal(account["held"]) > 0:
        claim(time.monotonic() < end, f"a hold of {tenant} stays open: {account['held']}")
        time.sleep(0.05)
    return account


def _till(note: str, begin: float) -> Seen:
    return Seen("ledger", "", "-", 0, since(begin), (0, 0), note)


@step(BUYING, "Credits: acme buys 1,000 and pays 900, startup buys 2 and pays 2")
def buying(tour: Tour) -> Seen:
    begin = time.perf_counter()
    tour.ledger.ask("PUT", "/v1/tiers", TIERS)
    bulk, single = tour.ledger.buy(policy.TENANT, "1000"), tour.ledger.buy(policy.SMALL, "2")
    claim(bulk["paid"] == "900", f"acme paid {bulk['paid']}")
    claim(single["paid"] == "2", f"startup paid {single['paid']}")
    tour.ledger.ask("PUT", f"/v1/tenants/{policy.SMALL}", {"alerts": ["50%", "10%"]})
    return _till("10% off from 1,000 on; an alert is set at half of startup's", begin)


@step(SPENDING, "Spent: every answer so far is charged by its tokens, to the millionth")
def spent(tour: Tour) -> Seen:
    begin = time.perf_counter()
    account = _counted(tour, policy.TENANT)
    entries = tour.ledger.ask("GET", f"/v1/tenants/{policy.TENANT}/entries?limit=1000")["entries"]
    charges = [-Decimal(entry["credits"]) for entry in entries if entry["kind"] == "charge"]
    claim(len(charges) > 5, f"only {len(charges)} charges")
    left = Decimal(1000) - sum(charges)
    claim(Decimal(account["balance"]) == left, f"{account['balance']} are left, not {left}")
    return _till(f"{len(charges)} charges, {sum(charges)} credits; {left} are left", begin)


@step(SPENDING, "Alert: startup falls below half, and its webhook says so, signed, once")
def alert(tour: Tour) -> Seen:
    app, answers = OpenAIApp(tour.url, policy.SMALL_KEY), 0
    while Decimal(_counted(tour, policy.SMALL)["balance"]) >= 1:
        answers += 1
        claim(answers < 9, "startup's credits do not go down")
        seen = served(app.ask("auto", LONG), "claude-sonnet")
    end = time.monotonic() + 10
    while not tour.receiver.alerts and time.monotonic() < end:
        time.sleep(0.05)
    arrived = [alert for alert in tour.receiver.alerts if alert["tenant"] == policy.SMALL]
    claim(len(arrived) == 1, f"{len(arrived)} alerts arrived")
    seen.note = f"below {arrived[0]['threshold']}: {arrived[0]['balance']} credits left"
    return seen


@step(SPENDING, "Near the limit: below a fifth, `auto` is served by the cheaper chain")
def near_limit(tour: Tour) -> Seen:
    app = OpenAIApp(tour.url, policy.SMALL_KEY)
    for _ in range(9):
        seen = app.ask("auto", LONG)
        if seen.model != "claude-sonnet":
            account = _counted(tour, policy.SMALL)
            seen.note = f"x-tradewind-credits: {app.told('credits')}; then {account['balance']}"
            return served(seen, "gemini-lite")
        _counted(tour, policy.SMALL)
    claim(False, "startup is served by Claude to the end")


@step(SPENDING, "Used up: the SDK raises, and the message says what to do; no provider is asked")
def used_up(tour: Tour) -> Seen:
    app = OpenAIApp(tour.url, policy.SMALL_KEY)
    for _ in range(40):
        begin, before = time.perf_counter(), len(tour.sim.tried())
        try:
            app.ask("auto", LONG)
        except openai.APIStatusError as error:
            claim(error.status_code == 402, f"raised {error.status_code}: {error}")
            claim(len(tour.sim.tried()) == before, f"a provider was asked: {tour.path()}")
            note = f"{type(error).__name__} 402, {error.body['message']}"
            return Seen("auto", "", "nobody", 0, since(begin), (0, 0), note)
    claim(False, "startup's credits do not end")
