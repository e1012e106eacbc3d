"""What callers may ask for, until when, and for whom: keys, and a sidecar's own workload."""

import hashlib

import pytest

from conftest import ENVOYS
from support.gateway import render
from support.policy import policy as usual
from support.whose import ask, refused, whose

EACH = pytest.mark.parametrize("version", ENVOYS)


def key(name: str, **more) -> dict:
    return {"sha256": hashlib.sha256(name.encode()).hexdigest(), "tenant": "acme", **more}


def sent(name: str, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {name}"), *more]


@EACH
def test_keys_have_models_users_and_an_end(launch, sim, tmp_path, version):
    rules = usual(sim.openai, sim.anthropic, sim.google)
    keys = [
        key("some", models=["gpt", "claude"], user="ci"),
        key("old", expires="2020-01-01"),
        key("good", expires="2999-12-31T23:59:59+01:00"),
        key("crowd", user_header="X-User", user="nobody"),
    ]
    rules["identity"] = [{"api_key": {"keys": keys}}]
    gateway = launch(render(rules, tmp_path), version)
    http = gateway.http

    assert whose(gateway, ask(gateway.url, sent("some"))) == ("acme", "ci")
    for path, status in [("/v1/chat/completions", 403), ("/v1/messages", 403)]:
        body = {"model": "gemini", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        answer = http.post(path, json=body, headers=dict(sent("some")))
        refused(answer, status, "`gemini` is not for this caller", "one of `gpt`, `claude`")
    listed = http.get("/v1/models", headers=dict(sent("some"))).json()["data"]
    assert {own["id"] for own in listed} == {"gpt", "claude"}
    refused(http.get("/v1/models/gemini", headers=dict(sent("some"))), 403)
    assert http.get("/v1/models/gpt", headers=dict(sent("some"))).status_code == 200

    refused(ask(gateway.url, sent("old")), 401, "expired", "2020-01-01")
    assert whose(gateway, ask(gateway.url, sent("good"))) == ("acme", None)

    assert whose(gateway, ask(gateway.url, sent("crowd", ("x-user", "carol")))) == ("acme", "carol")
    assert whose(gateway, ask(gateway.url, sent("crowd"))) == ("acme", "nobody")
    refused(ask(gateway.url, sent("crowd", ("x-user", "two words"))), 400, "x-user")
    refused(ask(gateway.url, sent("crowd", ("x-user", "x" * 129))), 400, "x-user")
    untrusted = ask(gateway.url, sent("good", ("x-user", "root"), ("x_user", "root")))
    assert whose(gateway, untrusted) == ("acme", None)


@EACH
def test_no_provider_sees_whose_user_it_is(launch, sim, tmp_path, version):
    rules = usual(sim.openai, sim.anthropic, sim.google)
    rules["identity"] = [{"api_key": {"keys": [key("crowd", user_header="x-end-user")]}}]
    gateway = launch(render(rules, tmp_path), version)
    sim.reset()
    assert ask(gateway.url, sent("crowd", ("x-end-user", "carol"))).status_code == 200
    [seen] = sim.requests()
    assert "carol" not in repr((seen.headers, seen.path, seen.body))


NODE = {
    "NAMESPACE": "acme",
    "SERVICE_ACCOUNT": "shop",
    "LABELS": {"app.kubernetes.io/name": "victim-label", "team": "search"},
}


@EACH
def test_a_sidecar_is_its_own_workload(launch, sim, tmp_path, version):
    rules = usual(sim.openai, sim.anthropic, sim.google)
    rules["identity"] = [{"workload": {"labels": {"team": "LABELS.team"}}}]
    rules["classes"] = [
        {"name": "search", "when": {"label": {"team": "search"}}},
        {"name": "other"},
    ]
    rules["routes"][0] = {"models": ["auto"], "chain": {"search": "haiku"}, "default": "all"}
    bootstrap = render(rules, tmp_path)
    bootstrap["node"]["metadata"] = NODE
    gateway = launch(bootstrap, version)
    forged = [("x-envoy-peer-metadata", "victim"), ("x-user", "root")]
    for _ in range(3):
        assert whose(gateway, ask(gateway.url, forged)) == ("acme", "shop")
    answer = gateway.chat()
    assert answer.headers["x-tradewind-model"] == "haiku"

    rules["identity"] = [
        {"workload": {"tenant_from": "LABELS.app.kubernetes.io/name", "user_from": "NAMESPACE"}}
    ]
    bootstrap = render(rules, tmp_path / "labels")
    bootstrap["node"]["metadata"] = NODE
    gateway = launch(bootstrap, version)
    assert whose(gateway, ask(gateway.url)) == ("victim-label", "acme")

    # A node that says nothing of it is nobody.
    gateway = launch(render(rules, tmp_path / "nobody"), version)
    refused(ask(gateway.url), 401, "the caller is not known here")
