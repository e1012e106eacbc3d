"""A provider that is known by a name: one that does not resolve, and one behind TLS and HTTP/2."""

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import render
from support.policy import KEYS, policy
from support.server import ClosedPort
from support.tls import Http2

NOWHERE = {"nowhere": "http://nowhere.invalid:8080", "nowhere-tls": "https://nowhere.invalid"}


@pytest.fixture(scope="module")
def named(sim):
    """A provider on HTTP/2 and TLS, and a policy that knows it, and others, by their names."""
    provider = Http2(paths.LOGS / "names")
    rules = policy(sim.openai, sim.anthropic, sim.google)
    closed = ClosedPort()
    endpoints = {"closed": closed.url, "secure": provider.url, **NOWHERE}
    for name, endpoint in endpoints.items():
        rules["providers"][name] = {**rules["providers"]["openai"], "endpoint": endpoint}
        rules["models"][name] = {**rules["models"]["gpt"], "provider": name}
        rules["chains"][name] = [name]
        rules["routes"].append({"models": [name], "chain": name})
    rules["chains"]["last-works"] = ["closed", "nowhere", "nowhere-tls", "gpt"]
    rules["routes"].append({"models": ["last-works"], "chain": "last-works"})
    rules["resilience"]["attempts"] = 4
    yield rules, provider
    provider.stop()
    closed.stop()


@pytest.mark.parametrize("version", ENVOYS)
def test_a_name_that_does_not_resolve_is_a_model_that_cannot_be_reached(
    named, launch, sim, version
):
    rules, _ = named
    bootstrap = render(rules, paths.LOGS / "names")
    for cluster in bootstrap["static_resources"]["clusters"]:
        if cluster["name"].startswith("provider/nowhere"):
            # A name service that answers nothing would hold up the start for 20 seconds.
            cluster["wait_for_warm_on_init"] = False
    gateway = launch(bootstrap, version=version)
    sim.reset()
    for ask in (gateway.chat, gateway.messages):
        for stream in (False, True):
            response = ask("[mark:4]", model="last-works", stream=stream)
            assert response.status_code == 200, response.text
            assert response.headers["x-tradewind-model"] == "gpt"
            assert "mark:4" in response.text
        for name in NOWHERE:
            response = ask(model=name)
            assert response.status_code == 503, response.text
            assert f"`{name}`" in response.json()["error"]["message"]
            assert "invalid" not in response.text, "where it is, is nobody's business"
    lines = gateway.envoy.wait_for(
        "the log", lambda: (found := gateway.envoy.access_log())[7:] and found
    )
    for name in NOWHERE:
        assert any(one["model"] == name for line in lines for one in line["attempts"]), lines


@pytest.mark.parametrize("version", ENVOYS)
def test_a_named_provider_is_reached_by_tls_and_http2(named, launch, version):
    rules, provider = named
    provider.requests.clear()
    provider.connections = 0
    bootstrap = render(rules, paths.LOGS / "names")
    for cluster in bootstrap["static_resources"]["clusters"]:
        if cluster["name"] == "provider/secure":
            context = cluster["transport_socket"]["typed_config"]["common_tls_context"]
            trusted = context["validation_context"]["trusted_ca"]
            trusted["filename"] = str(provider.certificate)
    gateway = launch(bootstrap, version=version)
    for number in range(3):
        response = gateway.chat(f"hello {number}", model="secure")
        assert response.status_code == 200, response.text
        assert response.headers["x-tradewind-model"] == "secure"
    assert provider.connections == 1, "one connection for all"
    for request in provider.requests:
        assert request["server_name"] == "localhost" and request["protocol"] == "h2"
        assert request[":path"] == "/v1/chat/completions"
        assert request["authorization"] == f"Bearer {KEYS['openai']}"
