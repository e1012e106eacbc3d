"""A provider that closes a kept connection as the next request goes out is not a failed model."""

import time

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, render
from support.policy import APP_KEY, policy
from support.stale import Http1, close, wait
from support.tls import Http2

EACH = pytest.mark.parametrize("version", ENVOYS)


# How a provider leaves a kept connection.
LEAVES = ["http1", "http2-close", "http2-goaway", "http2-refuse"]


@pytest.fixture
def leaving(request):
    how = request.param
    if how == "http1":
        provider = Http1(close)
    else:
        provider = Http2(paths.LOGS / how, leaves=how.removeprefix("http2-"))
    yield provider
    provider.stop()


def started(provider, launch, sim, version):
    """A gateway whose model `gpt` is that provider's."""
    rules = policy(provider.url, sim.anthropic, sim.google)
    rules["chains"]["two"] = ["gpt", "claude"]
    rules["routes"].append({"models": ["two"], "chain": "two"})
    bootstrap = render(rules, paths.LOGS / "stale")
    for cluster in bootstrap["static_resources"]["clusters"]:
        if cluster["name"] == "provider/openai":
            context = cluster["transport_socket"]["typed_config"]["common_tls_context"]
            trusted = context["validation_context"]["trusted_ca"]
            trusted["filename"] = str(provider.certificate)
    return launch(bootstrap, version=version)


def logged(gateway, count: int) -> list[dict]:
    """So many lines of the access log."""
    return gateway.envoy.wait_for(
        "the log", lambda: (found := gateway.envoy.access_log())[count - 1 :] and found
    )


@EACH
@pytest.mark.parametrize("leaving", LEAVES, indirect=True)
def test_the_same_model_answers_on_another_connection(leaving, launch, sim, version):
    gateway = started(leaving, launch, sim, version)
    for route in ("gpt", "two", "pair"):
        for ask in (gateway.chat, gateway.messages):
            for _ in range(10):
                response = ask(model=route)
                assert response.status_code == 200, response.text
                assert response.headers["x-tradewind-model"] == "gpt"
                assert response.headers["x-tradewind-attempts"] == "1", "models, not tries"
    assert leaving.served == 60
    assert leaving.left >= 50, "nearly every request met a connection that was closed"
    lines = logged(gateway, 60)
    tries = [attempt.get("tries", 1) for line in lines for attempt in line["attempts"]]
    assert sorted(tries) == [1] * (60 - leaving.left) + [2] * leaving.left
    assert {len(line["attempts"]) for line in lines} == {1}


@EACH
def test_a_request_that_a_new_connection_took_is_sent_once(launch, sim, version):
    provider = Http1(close, kept=0)
    gateway = started(provider, launch, sim, version)
    for _ in range(10):
        for ask in (gateway.chat, gateway.messages):
            response = ask(model="gpt")
            assert response.status_code == 503
            assert "`gpt` closed its connection before" in response.json()["error"]["message"]
            assert response.headers["x-tradewind-attempts"] == "1"
    provider.stop()
    print(f"{version}: {provider.left} requests reached it for 20")
    assert provider.left == 20
    response = gateway.chat(model="gpt")
    assert response.status_code == 503
    assert "`gpt` could not be reached" in response.json()["error"]["message"]
    outcomes = [attempt["outcome"] for line in logged(gateway, 21) for attempt in line["attempts"]]
    assert outcomes == ["reset"] * 20 + ["unreachable"]


@EACH
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_an_app_that_leaves_is_not_served_again(launch, sim, version, http2):
    provider = Http1(wait)
    gateway = started(provider, launch, sim, version)
    assert gateway.chat(model="gpt").status_code == 200
    bearer = {"authorization": f"Bearer {APP_KEY}"}
    body = {"model": "gpt", "messages": [{"role": "user", "content": "hi"}]}
    with httpx.Client(base_url=gateway.url, headers=bearer, http1=not http2, http2=http2) as app:
        with pytest.raises(httpx.ReadTimeout):
            app.post(CHAT, json=body, timeout=0.3)
    line = logged(gateway, 2)[-1]
    assert [attempt["outcome"] for attempt in line["attempts"]] == ["abandoned"]
    time.sleep(0.2)
    assert provider.left == 1
    provider.stop()


@EACH
def test_a_silent_provider_is_asked_once(launch, sim, version):
    provider = Http1(wait)
    gateway = started(provider, launch, sim, version)
    assert gateway.chat(model="gpt").status_code == 200
    response = gateway.chat(model="gpt")
    assert response.status_code == 504
    assert "`gpt` did not answer in time" in response.json()["error"]["message"]
    assert [one["outcome"] for one in logged(gateway, 2)[-1]["attempts"]] == ["silent"]
    assert logged(gateway, 2)[-1]["status"] == 504
    assert provider.left == 1
    provider.stop()
