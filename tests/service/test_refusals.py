"""Bad input: each a clear answer that names the field, and nothing of it is done."""

import json

import pytest

from stage.ledger import FOLDER, Ledger, assert_clean, new_folder, problem
from stage.stores import Sqlite

HOLD = {"hold_id": "h", "tenant": "acme", "credits": "1"}


@pytest.fixture(scope="module")
def ledger():
    """What is refused before it reaches a database is the same on any; one serves all tests."""
    store = Sqlite(new_folder("refusals"))
    running = Ledger(store.url, FOLDER / "refusals")
    running.buy("acme", "one", credits="10")
    yield running
    account = running.tenant("acme")
    running.stop()
    assert (account["balance"], account["available"]) == ("10", "10")
    assert "panicked" not in running.text()
    assert_clean(store.url)


AMOUNTS = ["-1", "0.0000001", "1e3", "1,5", "", " 1", "NaN", "999999999999999999999999", "0x10",
           "+1", "١", "1.", None, True, [], {}, 1.00000001, -1, 1e300]


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
def test_no_exact_amount(ledger, amount):
    said = problem(ledger.proxy.post("/v1/holds", json={**HOLD, "credits": amount}), 400, "invalid")
    assert said["field"] == "credits"
    answer = ledger.admin.post("/v1/tenants/acme/purchases", json={"credits": amount},
                               headers={"idempotency-key": "k"})
    problem(answer, 400, "invalid")
    assert ledger.settle("h", amount) == "invalid"


FIELDS = [
    ("hold_id", None), ("hold_id", ""), ("hold_id", "a b"), ("hold_id", "ä"), ("hold_id", "x" * 129),
    ("hold_id", 7), ("tenant", None), ("tenant", "a\n"), ("user", ""), ("key", ["k"]),
    ("expires_in", 0), ("expires_in", 86_401), ("expires_in", "60"), ("expires_in", 1.5),
    ("credit", "1"),
]


@pytest.mark.parametrize(("field", "value"), FIELDS, ids=repr)
def test_a_field_of_a_hold(ledger, field, value):
    said = problem(ledger.proxy.post("/v1/holds", json={**HOLD, field: value}), 400, "invalid")
    assert said["field"] == field


BODIES = [b"", b"{", b"[]", b"null", b'{"hold_id":"h","hold_id":"h","tenant":"acme","credits":"1"}',
          b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:20]))
def test_no_message_at_all(ledger, body):
    headers = {"content-type": "application/json"}
    problem(ledger.proxy.post("/v1/holds", content=body, headers=headers), 400, "invalid")


def test_one_wrong_settlement_costs_only_itself(ledger):
    assert ledger.hold("g", "acme", "1").status_code == 201
    own = {"tenant": "acme", "hold_id": "g"}
    odd = {"model": "gpt", "credits": "1", "usage": {"input": -1}}
    items = [{**own, "credits": "-1"}, {"tenant": "acme", "hold_id": "none", "credits": "1"},
             {"tenant": "nobody", "hold_id": "x", "credits": "1", "unheld": True}, 7,
             {**own, "credits": "1", "parts": [odd]}, {**own, "credits": "0"}]
    answer = ledger.proxy.post("/v1/settlements", json={"settlements": items})
    assert answer.status_code == 200
    states = [result["state"] for result in answer.json()["results"]]
    assert states == ["invalid", "unknown_hold", "unknown_tenant", "invalid", "invalid", "settled"]
    assert "credits" in answer.json()["results"][0]["detail"]


def test_too_much(ledger):
    items = [{"tenant": "acme", "hold_id": f"h{number}", "credits": "0"} for number in range(1001)]
    said = problem(ledger.proxy.post("/v1/settlements", json={"settlements": items}), 400, "invalid")
    assert said["field"] == "settlements"
    body = json.dumps({**HOLD, "user": "x" * (1 << 20)})
    headers = {"content-type": "application/json"}
    problem(ledger.proxy.post("/v1/holds", content=body, headers=headers), 413, "too_large")


def test_what_is_not_there(ledger):
    problem(ledger.hold("h", "nobody", "1"), 404, "unknown_tenant")
    problem(ledger.admin.get("/v1/tenants/nobody"), 404, "unknown_tenant")
    problem(ledger.proxy.get("/v1/tenants/acme/holds/none"), 404, "unknown_hold")
    problem(ledger.proxy.delete("/v1/tenants/acme/holds/none"), 404, "unknown_hold")
    problem(ledger.proxy.get("/v1/nothing"), 404, "not_found")
    answer = ledger.proxy.put("/v1/holds", json=HOLD)
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    assert ledger.settle("none", "1") == "unknown_hold"


def test_ids_that_stand_for_something_else(ledger):
    assert ledger.hold("h", "acme", "2").status_code == 201
    problem(ledger.hold("h", "acme", "3"), 409, "held_differently")
    ledger.buy("other", "two", credits="5")
    # Of two tenants, one id is two holds.
    assert ledger.hold("h", "other", "2").status_code == 201
    assert ledger.proxy.delete("/v1/tenants/acme/holds/h").status_code == 200
    assert ledger.proxy.delete("/v1/tenants/acme/holds/h").json()["state"] == "released_before"
    assert ledger.settle("h", "1") == "hold_released"
    problem(ledger.hold("h", "acme", "2"), 409, "hold_ended")
    assert ledger.hold("s", "acme", "2").status_code == 201
    assert ledger.settle("s", "0") == "settled"
    assert ledger.settle("s", "1") == "settled_differently"
    problem(ledger.proxy.delete("/v1/tenants/acme/holds/s"), 409, "hold_ended")
    problem(ledger.buy("acme", "one", credits="11"), 409, "purchased_differently")


def test_not_enough_says_how_much_there_is(ledger):
    ledger.hold("all", "acme", "7.5")
    said = problem(ledger.hold("more", "acme", "2.500001"), 402, "insufficient")
    assert (said["balance"], said["available"], said["needed"]) == ("10", "2.5", "2.500001")
    assert ledger.proxy.delete("/v1/tenants/acme/holds/all").status_code == 200


def test_a_purchase_without_its_key(ledger):
    path = "/v1/tenants/acme/purchases"
    problem(ledger.admin.post(path, json={"credits": "1"}), 400, "invalid")
    for key in ("", "a b", "x" * 129):
        answer = ledger.admin.post(path, json={"credits": "1"}, headers={"idempotency-key": key})
        problem(answer, 400, "invalid")
    for body in ({}, {"credits": "1", "paid": "1"}, {"credits": "0"}, {"credits": "1", "cost": "1"},
                 {"credits": "1", "expires_at": "tomorrow"}):
        answer = ledger.admin.post(path, json=body, headers={"idempotency-key": "k"})
        problem(answer, 400, "invalid")


SETTINGS = [
    {"overdraft": "-1"}, {"alerts": ["101%"]}, {"alerts": ["-5"]}, {"alerts": "20%"},
    {"alerts": ["20%", 7]}, {"budgets": [{"per": "week", "credits": "1"}]},
    {"budgets": [{"per": "day"}]}, {"budgets": [{"per": "day", "credits": "1", "users": "x"}]},
    {"webhook": "ftp://host/"}, {"webhook": "not a url"}, {"webhook": "http://"}, {"hook": "x"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=json.dumps)
def test_settings(ledger, settings):
    said = problem(ledger.configure("acme", **settings), 400, "invalid")
    assert said["field"].startswith(list(settings)[0]), said
