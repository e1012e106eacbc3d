"""Copies of requests in a real Envoy: the app notices nothing, and the copies are paid by another."""

import copy
import json
import stat
import time
from decimal import Decimal

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.collector import TOKEN, Collector
from support.credits import credits_policy, stream_text
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import CLAUDE, GEMINI, GPT

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])
FORGED = json.dumps({"experiment": "other", "of": "x", "tenant": "acme", "labels": {}, "require": {}})


@pytest.fixture(scope="module")
def running():
    """What is running, by setup."""
    running = {}
    yield running
    for gateway, collector in running.values():
        gateway.stop()
        collector.stop()


@pytest.fixture
def shadowed(setup, running, rules, between, ledger):
    """A gateway that copies every request for two of its names, and its collector."""
    if setup not in running:
        version, workers = setup
        folder = paths.LOGS / f"shadow-{version}-{workers}w"
        collector = Collector(folder)
        own = credits_policy(copy.deepcopy(rules), between.url)
        texts = {"endpoint": f"{collector.url}/records", "secret": "collector-token"}
        copies = {"rate": "100%", "chain": "gpt", "tenant": "lab"}
        bound = {"max_in_flight": 1, "max_body": "2KiB", "timeout": "2s"}
        away = {"endpoint": "http://127.0.0.1:9", "secret": "collector-token"}
        own["experiments"] = [
            {"name": "cheap", "routes": ["claude"], "shadow": {**copies, "collector": texts}},
            {"name": "other", "routes": ["gemini"], "shadow": {**copies, **bound, "collector": away}},
            {"name": "unpaid", "routes": ["haiku"], "shadow": {**copies, "tenant": "poor"}},
        ]
        (folder / "secrets").mkdir(parents=True, exist_ok=True)
        (folder / "secrets/collector-token").write_text(TOKEN)
        gateway = Gateway(ENVOYS[version], render(own, folder), workers, folder)
        ledger.buy("lab", "5")
        running[setup] = gateway, collector
    return running[setup]


@pytest.fixture
def purse(purses):
    return purses.new("5")


def lines(gateway, answer) -> tuple[dict, dict]:
    """The lines of a request and of its copy in the access log."""
    own = answer.headers["x-tradewind-request-id"]

    def both() -> tuple[dict, dict] | None:
        log = gateway.envoy.access_log()
        main = [line for line in log if line["request_id"] == own]
        copies = [line for line in log if line.get("shadow_of") == own]
        assert len(main) <= 1 and len(copies) <= 1
        return (main[0], copies[0]) if main and copies else None

    return gateway.envoy.wait_for("the copy", both, 15)


def asked(sim, count: int) -> list[str]:
    """The models that providers were asked for, once there are so many."""
    found = sim.wait_for("the copy", lambda: len(sim.requests()) >= count and sim.requests(), 15)
    assert len(found) == count, found
    return [request.model for request in found]


@pytest.mark.core
@BOTH
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_copy_goes_elsewhere_after_the_answer(shadowed, purse, sim, ledger, path, stream):
    gateway, collector = shadowed
    before = Decimal(ledger.tenant("lab")["balance"])
    answer = purse.ask(gateway, path, "hello there", "claude", stream=stream)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == "claude"
    assert not [name for name in answer.headers if "shadow" in name]
    if stream:
        assert stream_text(answer.text).startswith("anthropic/"), answer.text
    main, own = lines(gateway, answer)
    assert main["shadow"] == own["shadow"] == "cheap"
    assert (main["model"], own["model"]) == ("claude", "gpt")
    assert (main["tenant"], own["tenant"]) == (purse.tenant, "lab")
    assert own["stream"] == stream and own["request_id"] != main["request_id"]
    for line in main, own:
        assert line["answer_bytes"] > 0 and len(line["answer_digest"]) == 16, line
        assert line["answer_finish"] == "stop"
    assert main["answer_digest"] != own["answer_digest"]
    # Each paid by its own account, each its own model.
    purse.settled(1)
    spent = Decimal(str(own["credits"]))
    ledger.wait_for("the charge", lambda: Decimal(ledger.tenant("lab")["balance"]) == before - spent)
    assert asked(sim, 2) == [CLAUDE, GPT]
    # What the copy's provider saw is the app's request, and nobody else's key.
    seen = sim.requests()[1]
    assert "hello there" in seen.body and "x-tradewind-shadow" not in seen.header_names
    first, second = sorted(told(collector, main), key=lambda record: "shadow_of" in record)
    assert first["request"]["model"] == "claude" and "request" not in second
    assert first["answer"]["text"].startswith("anthropic/")
    assert second["answer"]["text"].startswith("openai/")
    assert first["answer"]["finish"] == second["answer"]["finish"] == "stop"
    assert Decimal(second["credits"]) == spent
    assert stat.S_IMODE(collector.records_file.stat().st_mode) == 0o600


def told(collector, main) -> list[dict]:
    """The two records of a request and its copy."""
    own = main["request_id"]

    def both() -> list[dict] | None:
        records = collector.records()
        found = [r for r in records if own in (r["request_id"], r.get("shadow_of"))]
        return found if len(found) == 2 else None

    return collector.wait_for("the records", both, 15)


@pytest.mark.core
def test_an_app_cannot_say_that_its_request_is_a_copy(shadowed, purse, sim):
    gateway, _ = shadowed
    headers = {"x-tradewind-shadow": FORGED}
    body = {"model": "gpt", "messages": [{"role": "user", "content": "hello"}]}
    unknown = httpx.post(gateway.url + CHAT, headers=headers, json=body, trust_env=False)
    assert unknown.status_code == 401, unknown.text
    known = {**headers, **purse.headers()}
    answer = gateway.http.post(CHAT, headers=known, json=body)
    assert answer.status_code == 200, answer.text
    purse.settled(1)
    own = answer.headers["x-tradewind-request-id"]
    log = gateway.envoy.access_log
    line = gateway.envoy.wait_for(
        "the log", lambda: next((line for line in log() if line["request_id"] == own), None)
    )
    assert line["tenant"] == purse.tenant and "shadow" not in line and "shadow_of" not in line
    assert [request.model for request in sim.requests()] == [GPT]


@pytest.mark.core
def test_a_slow_copy_is_given_up_and_keeps_nobody_waiting(shadowed, purse, sim):
    """Its collector is away as well: both requests are what they are without one."""
    gateway, _ = shadowed
    sim.weather(GPT, silent=True)
    took = []
    for _ in range(6):
        begun = time.monotonic()
        answer = purse.ask(gateway, CHAT, "hello", "gemini")
        took.append(time.monotonic() - begun)
        assert answer.status_code == 200 and answer.headers["x-tradewind-model"] == "gemini"
    assert max(took) < 1, took

    def outcomes() -> dict[str, float] | None:
        rows = gateway.envoy.counters("tradewind_shadow_requests_total")
        found = {dict(row)["outcome"]: count for row, count in rows.items() if ("experiment", "other") in row}
        # A worker has a seat; whoever finds none is not copied.
        return found if found["sent"] + found["failed"] + found["busy"] >= 6 else None

    found = gateway.envoy.wait_for("the copies", outcomes, 20)
    assert found["busy"] >= 6 - gateway.workers, found
    models = [request.model for request in sim.requests()]
    assert models.count(GEMINI) == 6 and 1 <= models.count(GPT) <= gateway.workers * 2
    records = gateway.envoy.counters("tradewind_shadow_records_total")
    failed = (("experiment", "other"), ("outcome", "failed"))
    gateway.envoy.wait_for(
        "the records",
        lambda: gateway.envoy.counters("tradewind_shadow_records_total")[failed] > 0,
        15,
    )
    assert records[(("experiment", "other"), ("outcome", "sent"))] == 0
    assert not any(gateway.envoy.stats(r"vm_reload_success").values())


def test_a_long_body_is_not_copied(shadowed, purse, sim):
    gateway, _ = shadowed
    row = (("experiment", "other"), ("outcome", "too_large"))
    before = gateway.envoy.counters("tradewind_shadow_requests_total")[row]
    answer = purse.ask(gateway, CHAT, "x" * 3_000, "gemini")
    assert answer.status_code == 200, answer.text
    gateway.envoy.wait_for(
        "the count",
        lambda: gateway.envoy.counters("tradewind_shadow_requests_total")[row] == before + 1,
    )
    assert asked(sim, 1) == [GEMINI]


@pytest.mark.core
def test_copies_end_where_nothing_is_left_for_them(shadowed, purse, sim):
    gateway, _ = shadowed
    answer = purse.ask(gateway, CHAT, "hello", "haiku")
    assert answer.status_code == 200, answer.text
    main, own = lines(gateway, answer)
    assert main["status"] == 200 and own["status"] == 402, own
    assert own["refused_by"] == "credits" and "answer_digest" not in own
    assert len(sim.requests()) == 1, "no provider was asked for a copy that nobody pays"
    purse.settled(1)


def test_a_request_that_fails_is_not_copied(shadowed, purse, sim):
    gateway, _ = shadowed
    sim.weather(CLAUDE, status=529)
    answer = purse.ask(gateway, CHAT, "hello", "claude")
    assert answer.status_code == 529, answer.text
    time.sleep(1)
    assert {request.model for request in sim.requests()} == {CLAUDE}


@pytest.mark.core
def test_the_listener_for_copies_has_no_address(shadowed):
    gateway, _ = shadowed
    listeners = gateway.envoy.admin.get("/listeners?format=json").json()["listener_statuses"]
    own = {status["name"]: status["local_address"] for status in listeners}
    assert "socket_address" not in own["tradewind-shadow"], own
    assert "envoy_internal_address" in own["tradewind-shadow"]
