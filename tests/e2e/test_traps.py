"""A VM that fails costs what was in it at most: its apps are told, and nothing hangs."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from conftest import ENVOYS
from support import paths
from support.credits import credits_policy
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY, CLAUDE, GPT
from support.raw import read_answer
from support.trap import trap

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])


def told(answer, path: str) -> str:
    """The message of a 503 in the dialect of the app that asked there."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-tradewind-request-id"]
    body = answer.json()
    kind = "overloaded_error" if path == MESSAGES else "server_error"
    assert body["error"]["type"] == kind, body
    assert (body.get("type") == "error") == (path == MESSAGES)
    return body["error"]["message"]


@pytest.mark.core
@BOTH
@pytest.mark.parametrize("callback", ["request_headers", "request_body", "response_headers"])
def test_when_the_provider_role_traps_the_edge_role_answers_and_settles(
    launch, setup, rules, purses, sim, between, callback, path
):
    version, workers = setup
    name = "anthropic" if path == MESSAGES else "openai"
    folder = paths.LOGS / f"trap-{callback}-{name}-{version}-{workers}"
    bootstrap = render(credits_policy(rules, between.url), folder)
    bootstrap = trap(bootstrap, "provider", paths.WASM, f"proxy_on_{callback}", folder)
    gateway = launch(bootstrap, version, workers)
    sim.reset()
    purse = purses.new("5")
    # One waits for its provider while another's attempt takes the VM that both are in.
    sim.weather(CLAUDE, latency_ms=1_500)
    slow, answers = [], []
    waiting = threading.Thread(target=lambda: slow.append(purse.ask(gateway, path, model="claude")))
    waiting.start()
    time.sleep(0.5)
    for _ in range(3):
        answers.append(purse.ask(gateway, path, model="gpt"))
        time.sleep(0.2)
    waiting.join(20)
    for answer in slow + answers:
        assert "try again" in told(answer, path)
    # Each is settled, by its own request and not by the end of its hold.
    end = time.monotonic() + 10
    while purse.account()["open_holds"]:
        assert time.monotonic() < end, purse.account()
        time.sleep(0.05)
    assert len(between.calls("settlements", purse.tenant)) >= 1
    assert float(purse.account()["held"]) == 0


@pytest.mark.core
def test_when_the_edge_role_traps_no_request_waits_for_ever(
    launch, setup, rules, purses, sim, between
):
    version, workers = setup
    folder = paths.LOGS / f"trap-edge-{version}-{workers}"
    bootstrap = render(credits_policy(rules, between.url), folder)
    bootstrap = trap(bootstrap, "edge", paths.WASM, "proxy_on_http_call_response", folder)
    undecided = route(bootstrap, "undecided")
    assert undecided["idle_timeout"] == "30s"
    undecided["idle_timeout"] = "1s"
    gateway = launch(bootstrap, version, workers)
    sim.reset()
    purse = purses.new("5")
    # The ledger's answer to each is the trap; nobody is left to let the request go on.
    for path in (CHAT, MESSAGES):
        start = time.monotonic()
        answer = purse.ask(gateway, path, model="gpt")
        assert time.monotonic() - start < 5
        assert answer.status_code in (503, 504), answer.text
        assert answer.headers["content-type"] == "application/json"
        assert (answer.json().get("type") == "error") == (path == MESSAGES)
    assert sim.requests() == []


@pytest.mark.parametrize("version", ENVOYS)
def test_what_is_decided_may_be_silent_for_longer(launch, rules, sim, version):
    bootstrap = render(rules, paths.LOGS / f"undecided-{version}")
    route(bootstrap, "undecided")["idle_timeout"] = "0.5s"
    gateway = launch(bootstrap, version)
    sim.reset()
    sim.weather(GPT, latency_ms=1_500)
    assert gateway.chat(model="gpt").status_code == 200
    # And an app that is silent in the middle of its body is not waited for.
    start = time.monotonic()
    host = urlsplit(gateway.url)
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {APP_KEY}\r\n"
    with socket.create_connection((host.hostname, host.port), timeout=20) as raw:
        raw.sendall(head.encode() + b"content-length: 100\r\n\r\n{")
        status, answer = read_answer(raw)
    assert status == 408 and b'"error"' in answer, answer
    assert time.monotonic() - start < 5


def route(bootstrap: dict, name: str) -> dict:
    """What a route of the bootstrap says."""
    listener = bootstrap["static_resources"]["listeners"][0]
    connection = listener["filter_chains"][0]["filters"][0]["typed_config"]
    routes = connection["route_config"]["virtual_hosts"][0]["routes"]
    return next(route["route"] for route in routes if route["name"] == name)
