"""Many at once: exactly what was paid for is admitted, and what was asked twice is done once."""

import asyncio
from collections import Counter
from decimal import Decimal

from stage.ledger import ADMIN, assert_clean
from stage.wire import Wire, crowd

CLIENTS = 64


def at_once(ledgers, ask):
    """What 64 clients get, each on a connection of its own, in turn on each of the services."""

    async def client(number: int):
        wire = Wire(ledgers[number % len(ledgers)].port, ADMIN)
        try:
            # All of them are connected before the first asks.
            await wire.call("GET", "/healthz")
            await gate.wait()
            return await ask(wire, number)
        finally:
            wire.close()

    async def all_of_them():
        nonlocal gate
        gate = asyncio.Barrier(CLIENTS)
        return await crowd(client(number) for number in range(CLIENTS))

    gate = None
    return asyncio.run(all_of_them())


def test_exactly_as_many_are_admitted_as_were_paid_for(ledgers, store):
    paid_for, tries = 257, 10
    ledgers[0].buy("acme", "one", credits=str(paid_for))

    async def ask(wire, number):
        said = Counter()
        for turn in range(tries):
            hold = {"hold_id": f"{number}-{turn}", "tenant": "acme", "credits": "1"}
            status, body = await wire.call("POST", "/v1/holds", hold)
            said[status, body.get("code")] += 1
        return said

    said = sum(at_once(ledgers, ask), Counter())
    refused = CLIENTS * tries - paid_for
    assert said == {(201, None): paid_for, (402, "insufficient"): refused}
    for ledger in ledgers:
        account = ledger.tenant("acme")
        assert (account["balance"], account["available"]) == (str(paid_for), "0")
    assert_clean(store.url)


def test_requests_that_settle_meanwhile_spend_what_was_paid_and_no_more(ledgers, store):
    ledgers[0].buy("acme", "one", credits="100")

    async def ask(wire, number):
        admitted = 0
        # A hold sets more aside than the request costs: a refusal is the last only when nobody
        # is left who gives something back.
        for turn in range(1_000):
            name = f"{number}-{turn}"
            hold = {"hold_id": name, "tenant": "acme", "credits": "2"}
            status, body = await wire.call("POST", "/v1/holds", hold)
            if status == 402 and Decimal(body["balance"]) < 2:
                return admitted
            if status == 402:
                continue
            assert status == 201, body
            admitted += 1
            settled = {"settlements": [{"tenant": "acme", "hold_id": name, "credits": "0.5"}]}
            status, body = await wire.call("POST", "/v1/settlements", settled)
            assert body["results"][0]["state"] == "settled", body
        raise AssertionError("never refused")

    admitted = sum(at_once(ledgers, ask))
    account = ledgers[-1].tenant("acme")
    # 100 less 0.5 each, until less than 2 is left: 197 requests, no matter in which order.
    assert (admitted, account["balance"], account["held"]) == (197, "1.5", "0")
    assert_clean(store.url)


def test_the_same_hold_asked_by_all_is_held_once(ledgers, store):
    ledgers[0].buy("acme", "one", credits="100")

    async def ask(wire, _):
        hold = {"hold_id": "same", "tenant": "acme", "credits": "3"}
        return (await wire.call("POST", "/v1/holds", hold))[0]

    assert Counter(at_once(ledgers, ask)) == {201: 1, 200: CLIENTS - 1}
    assert ledgers[0].tenant("acme")["available"] == "97"
    assert_clean(store.url)


def test_the_same_settlement_sent_by_all_is_charged_once(ledgers, store):
    ledgers[0].buy("acme", "one", credits="100")
    assert ledgers[0].hold("same", "acme", "3").status_code == 201

    async def ask(wire, _):
        body = {"settlements": [{"tenant": "acme", "hold_id": "same", "credits": "2"}]}
        return (await wire.call("POST", "/v1/settlements", body))[1]["results"][0]["state"]

    said = Counter(at_once(ledgers, ask))
    assert said == {"settled": 1, "settled_before": CLIENTS - 1}
    account = ledgers[0].tenant("acme")
    assert (account["balance"], account["available"]) == ("98", "98")
    assert_clean(store.url)


def test_the_same_purchase_sent_by_all_is_made_once(ledgers, store):
    async def ask(wire, number):
        path, headers = "/v1/tenants/acme/purchases", "idempotency-key: same\r\n"
        return (await wire.call("POST", path, {"credits": "7"}, headers))[0]

    assert Counter(at_once(ledgers, ask)) == {201: 1, 200: CLIENTS - 1}
    assert ledgers[0].tenant("acme")["balance"] == "7"
    assert_clean(store.url)


def test_many_tenants_in_the_same_moment_do_not_wait_for_each_other_in_a_circle(ledgers, store):
    """Batches that touch the same tenants in different orders are where databases deadlock."""
    tenants = [f"tenant{number}" for number in range(8)]
    for tenant in tenants:
        ledgers[0].buy(tenant, f"first-{tenant}", credits="1000")

    async def ask(wire, number):
        for turn in range(5):
            order = tenants[::-1] if number % 2 else tenants
            items = [{"hold_id": f"{number}-{turn}-{tenant}", "tenant": tenant, "unheld": True,
                      "credits": "0.25"} for tenant in order]
            status, body = await wire.call("POST", "/v1/settlements", {"settlements": items})
            assert status == 200, body
            assert {item["state"] for item in body["results"]} == {"settled_unheld"}, body

    at_once(ledgers, ask)
    spent = Decimal("0.25") * CLIENTS * 5
    assert {ledgers[-1].balance(tenant) for tenant in tenants} == {1000 - spent}
    assert_clean(store.url)
