"""What an operator sees: who spent what, why a request went where it went, which model is slow."""

import copy
import json
import re

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import APP_KEY, CLAUDE, GPT, policy
from support.server import ClosedPort
from support.stale import Http1, close, wait

EACH = pytest.mark.parametrize("version", ENVOYS)
PAGE = "/stats/prometheus"


def last(gateway, count: int = 1) -> dict:
    """The last of so many lines of the access log."""
    lines = gateway.envoy.wait_for(
        "the log", lambda: (found := gateway.envoy.access_log())[count - 1 :] and found
    )
    return lines[count - 1]


def counted(gateway, model: str) -> dict[str, int]:
    """What became of a model's attempts, as far as there were any."""
    rows = gateway.envoy.counters("tradewind_attempts_total").items()
    own = ((dict(labels), value) for labels, value in rows)
    return {row["outcome"]: value for row, value in own if row["model"] == model and value}


@EACH
def test_every_attempt_is_counted_by_what_became_of_it(launch, sim, version):
    ways = {
        "unreachable": ClosedPort(),
        "silent": Http1(wait, kept=0),
        "reset": Http1(close, kept=0),
    }
    rules = policy(sim.openai, sim.anthropic, sim.google)
    for name, provider in ways.items():
        rules["providers"][name] = {**rules["providers"]["openai"], "endpoint": provider.url}
        rules["models"][name] = {**rules["models"]["gpt"], "provider": name}
        rules["chains"][name] = [name, "claude"]
        rules["routes"].append({"models": [name], "chain": name})
    gateway = launch(render(rules, paths.LOGS / "seen"), version=version)
    zero = gateway.envoy.counters("tradewind_attempts_total")
    assert zero[(("model", "silent"), ("outcome", "silent"))] == 0, "it is there from the start"
    for name in ways:
        for stream in (False, True):
            assert gateway.chat(model=name, stream=stream).status_code == 200
    for name in ways:
        gateway.envoy.wait_for("the count", lambda name=name: counted(gateway, name) == {name: 2})
    assert counted(gateway, "claude") == {"answered": 6}
    for line in gateway.envoy.access_log():
        first, second = line["attempts"]
        assert (line["model"], line["outcome"], first["outcome"]) == (
            "claude",
            "answered",
            line["route"],
        )
        assert ("refused" in first.get("why", "")) == (line["route"] == "unreachable"), line
        # Two seconds are a silence here: they are whose it was.
        assert (first["ms"] >= 1_800) == (line["route"] == "silent"), line
        assert second["ms"] < 1_000 <= line["duration_ms"] or line["route"] != "silent", line
    page = gateway.envoy.admin.get(PAGE).text
    slow = 'tradewind_attempt_duration_milliseconds_bucket{model="%s",le="%s"} %d'
    for model, bound, count in [("silent", 1000, 0), ("silent", 2500, 2), ("claude", 1000, 6)]:
        wanted = slow % (model, bound, count)
        gateway.envoy.wait_for(
            "the histogram", lambda wanted=wanted: wanted in gateway.envoy.admin.get(PAGE).text
        )
    assert 'tradewind_time_to_first_token_milliseconds_count{model="claude"} 3' in page
    for one in ways.values():
        one.stop()


def test_a_line_is_flat_and_says_who_why_and_how_much(credited, purses, between, sim):
    gateway = credited(on_unavailable="grace", grace={"credits": "1", "seconds": 60})
    purse = purses.new("5")
    before = len(gateway.envoy.access_log())
    sim.weather(CLAUDE, status=529)
    answer = purse.ask(gateway, CHAT, model="auto", max_tokens=100)
    assert answer.status_code == 200, answer.text
    line = last(gateway, before + 1)
    entry = purse.settled(1)[0]
    wanted = {
        "status": 200,
        "method": "POST",
        "path": CHAT,
        "api": "openai",
        "operation": "chat",
        "tenant": purse.tenant,
        "route": "auto",
        "stream": False,
        "chain": "all",
        "model": "gpt",
        "held_in": "hold",
        "outcome": "answered",
    }
    assert {name: line.get(name) for name in wanted} == wanted
    assert [(one["model"], one["outcome"]) for one in line["attempts"]] == [
        ("claude", "overloaded"),
        ("gpt", "answered"),
    ]
    assert abs(line["credits"] - float(entry.credits)) < 1e-9
    assert line["input_tokens"] > 0 and line["output_tokens"] > 0
    nested = {name for name, value in line.items() if isinstance(value, (dict, list))}
    assert nested == {"attempts"}
    # While the ledger is away.
    up = "tradewind_ledger_up"
    assert f"{up}{{}} 1" in gateway.envoy.admin.get(PAGE).text
    between.turn("refused")
    assert purse.ask(gateway, CHAT).status_code == 200
    assert last(gateway, before + 2)["held_in"] == "grace"
    assert f"{up}{{}} 0" in gateway.envoy.admin.get(PAGE).text
    between.turn("fair")
    gateway.envoy.wait_for(
        "the ledger", lambda: "x-tradewind-credits" in purse.ask(gateway, CHAT).headers
    )
    assert f"{up}{{}} 1" in gateway.envoy.admin.get(PAGE).text
    text = gateway.envoy.text()
    assert len(re.findall(r"the ledger \S+ \(.*\) is away: ", text)) == 1
    assert len(re.findall(r"the ledger \S+ \(.*\) is back, ", text)) == 1


@EACH
def test_a_refusal_says_by_whom_and_why(launch, rules, version):
    gateway = launch(render(rules, paths.LOGS / "seen"), version=version)
    bearer = {"authorization": "Bearer sk-wrong"}
    odd = '/v1/"nothing\\here?key=secret'
    wordy = {"model": "claude", "max_tokens": 9, "messages": "my secret word"}
    uncounted = {"model": "claude", "messages": [{"role": "user", "content": {"a": "secret"}}]}
    asks = [
        (lambda: gateway.chat(model="nobody"), 404, "route"),
        (lambda: gateway.http.post(CHAT, headers=bearer, json={}), 401, "request"),
        (lambda: gateway.http.post(CHAT, content=b"{"), 400, "request"),
        (lambda: gateway.http.get(odd), 404, "request"),
        # Whoever refuses them quotes what they say: to the app, and not in the log.
        (lambda: gateway.http.post(MESSAGES, json=wordy), 400, "request"),
        (lambda: gateway.chat(model="gpt", temperature="secret"), 400, "request"),
        (lambda: gateway.http.post(f"{MESSAGES}/count_tokens", json=uncounted), 400, "request"),
        # Envoy's own: the module never sees it.
        (lambda: gateway.http.get("/x", headers={"x-long": "x" * 40_000}), 431, "envoy"),
    ]
    for index, (ask, status, by) in enumerate(asks):
        assert ask().status_code == status
        line = last(gateway, index + 1)
        assert (line["status"], line["outcome"], line["refused_by"]) == (status, "refused", by)
        assert "secret" not in json.dumps(line) and "sk-wrong" not in json.dumps(line)
    assert "tenant" not in last(gateway, 2), "nobody knows whose it is"
    assert last(gateway, 1)["tenant"] == "acme"
    assert gateway.http.get("/v1/models").status_code == 200
    assert last(gateway, len(asks) + 1)["outcome"] == "served"


@EACH
def test_an_app_that_leaves_is_no_failure_of_its_model(launch, rules, sim, version):
    gateway = launch(render(rules, paths.LOGS / "seen"), version=version)
    sim.weather(GPT, chunk_delay_ms=100)
    say = [{"role": "user", "content": "[words:200]"}]
    body = {"model": "gpt", "messages": say, "stream": True}
    bearer = {"authorization": f"Bearer {APP_KEY}"}
    with httpx.Client(base_url=gateway.url, headers=bearer, trust_env=False) as app:
        with app.stream("POST", CHAT, json=body) as response:
            next(response.iter_bytes())
    line = last(gateway)
    assert (line["outcome"], line["model"], line["status"]) == ("abandoned", "gpt", 200)
    assert line["details"].startswith("downstream")
    gateway.envoy.wait_for("the count", lambda: counted(gateway, "gpt") == {"abandoned": 1})
    cut = gateway.envoy.counters("tradewind_streams_cut_total")
    assert cut[(("model", "gpt"),)] == 0


@EACH
@pytest.mark.parametrize("workers", [1, 4])
def test_a_policy_that_is_loaded_says_so_once(launch, rules, version, workers):
    gateway: Gateway = launch(
        render(copy.deepcopy(rules), paths.LOGS / "seen"), version=version, workers=workers
    )
    line = r"policy ([0-9a-f]{12}) is loaded: (\d+) models, (\d+) routes"
    said = re.findall(line, gateway.envoy.text())
    assert len(said) == 1, said
    digest, models, routes = said[0]
    assert (int(models), int(routes)) == (len(rules["models"]), len(rules["routes"]))
    assert f'tradewind_policy_info{{digest="{digest}"}} 1' in gateway.envoy.admin.get(PAGE).text
