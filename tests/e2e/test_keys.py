"""Every provider sees its own key, and nothing that was not meant for it."""

import pytest

from support.policy import APP_KEY, CLAUDE, GPT, KEYS

OWN = {
    "openai": ("authorization", f"Bearer {KEYS['openai']}"),
    "anthropic": ("x-api-key", KEYS["anthropic"]),
    "gemini": ("x-goog-api-key", KEYS["google"]),
}
# Everything a provider may see beside its key. The rest of this list is HTTP's own.
ALLOWED = {
    "accept",
    "anthropic-beta",
    "anthropic-version",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
}
# What an app, or somebody who plays one, may send.
SMUGGLED = {
    "authorization": f"Bearer {APP_KEY}",
    "x-goog-api-key": "AIza-of-the-app",
    "api-key": "azure-of-the-app",
    "openai-organization": "org-of-the-app",
    "cookie": "session=of-the-app",
    "x-tradewind-model": "gemini",
    "x-tradewind-plan": "forged",
    "x-envoy-attempt-count": "77",
    "x-envoy-max-retries": "9",
    "x-envoy-retry-on": "5xx",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-upstream-stream-duration-ms": "1",
    "x-envoy-hedge-on-per-try-timeout": "true",
    "x-envoy-original-path": "/forged",
    "x-forwarded-for": "1.2.3.4",
    "x-request-id": "of-the-app",
    "x-stainless-lang": "python",
    "accept-encoding": "gzip, br",
    "te": "trailers",
    "forwarded": "for=1.2.3.4",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


@pytest.mark.core
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("app", ["openai", "anthropic"])
def test_each_provider_sees_its_own_key_alone(gateway, sim, app, stream):
    sim.weather(CLAUDE, status=529)
    sim.weather(GPT, reset="before_headers")
    ask = gateway.chat if app == "openai" else gateway.messages
    response = ask_with(gateway, ask, SMUGGLED, stream)
    assert response.status_code == 200, response.text
    seen = sim.requests()
    assert [request.provider for request in seen] == ["anthropic", "openai", "gemini"]
    for request in seen:
        name, value = OWN[request.provider]
        assert request.headers[name] == value
        others = set(request.headers) - ALLOWED - {name}
        assert not others, f"{request.provider} saw {others}"
        assert len(request.header_names) == len(set(request.header_names)), "a header twice"
        everything = repr((request.headers, request.path, request.body))
        for secret in [APP_KEY, *KEYS.values(), "of-the-app", "forged", "1.2.3.4"]:
            assert secret not in everything or secret in value
        assert int(request.headers["content-length"]) == len(request.body.encode())


def ask_with(gateway, ask, headers: dict, stream: bool):
    """Asks with more headers than the SDKs send."""
    usual = dict(gateway.http.headers)
    gateway.http.headers.update(headers)
    try:
        return ask("hello", stream=stream)
    finally:
        gateway.http.headers.clear()
        gateway.http.headers.update(usual)


def test_an_app_cannot_choose_its_model_by_a_header(gateway):
    response = ask_with(gateway, gateway.chat, SMUGGLED, stream=False)
    assert response.headers["x-tradewind-model"] == "claude"


def test_no_key_stands_in_a_log_or_an_admin_page(gateway):
    assert gateway.chat().status_code == 200
    pages = [gateway.envoy.admin.get(page).text for page in ("/config_dump", "/stats", "/clusters")]
    everything = "\n".join([*pages, gateway.envoy.text(), gateway.envoy.output.read_text()])
    for key in [APP_KEY, *KEYS.values()]:
        assert key not in everything


def test_a_providers_headers_do_not_speak_in_our_name(gateway, sim):
    forged = {"x-tradewind-model": "forged", "set-cookie": "a=b", "server": "theirs"}
    sim.weather(GPT, headers=forged)
    response = gateway.chat(model="gpt")
    assert response.headers["x-tradewind-model"] == "gpt"
    assert "set-cookie" not in response.headers
    assert response.headers["server"] == "tradewind"
