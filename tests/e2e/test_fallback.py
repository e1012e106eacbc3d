"""A model fails, another answers, and the app does not notice."""

from concurrent.futures import ThreadPoolExecutor

import anthropic
import openai
import pytest

from conftest import ENVOYS, NEWEST
from support import paths
from support.gateway import Gateway, render
from support.policy import CLAUDE, GEMINI, GPT, policy
from support.server import ClosedPort, Server

# What may go wrong at a provider before its answer has content.
FAILURES = {
    "429": {"status": 429, "retry_after": "1"},
    "500": {"status": 500},
    "502": {"status": 502},
    "503": {"status": 503},
    "529": {"status": 529},
    "408": {"status": 408},
    "overloaded": {"error": "overloaded"},
    "quota": {"error": "quota"},
    "key refused": {"error": "auth"},
    "permission": {"error": "permission"},
    "model gone": {"error": "not_found"},
    "context length": {"error": "context_length"},
    "reset": {"reset": "before_headers"},
    "reset after headers": {"reset": "after_headers"},
    "closed": {"close": "before_headers"},
    "closed after headers": {"close": "after_headers"},
    "silent": {"silent": True},
    "silent after headers": {"stall": "after_headers"},
    "error in a 200": {"error_in_200_body": True},
    "not json": {"not_json": True},
}
STREAMED = {
    name: weather
    for name, weather in FAILURES.items()
    if name not in ("error in a 200", "not json")
} | {
    "first event is an error": {"error_event": "before_content"},
    "silent before content": {"stall": "before_content"},
}
# Enough to see each way of Envoy's own: a status, a lost connection, a silence, a judged body.
CORE = ["529", "reset", "silent", "error in a 200", "first event is an error"]


def cases(failures: dict) -> list:
    core = {name: [pytest.mark.core] for name in CORE}
    return [
        pytest.param(weather, id=name, marks=core.get(name, []))
        for name, weather in failures.items()
    ]


@pytest.mark.parametrize("weather", cases(FAILURES))
def test_a_failing_model_is_left_for_the_next(gateway, sim, weather):
    sim.weather(CLAUDE, **weather)
    response = gateway.chat("[mark:1]")
    assert response.status_code == 200, response.text
    assert response.headers["x-tradewind-model"] == "gpt"
    assert response.headers["x-tradewind-attempts"] == "2"
    answer = response.json()["choices"][0]["message"]["content"]
    assert answer.startswith(f"openai/{GPT}") and "[mark:1]" in answer
    assert [request.model for request in sim.requests()][-1] == GPT


@pytest.mark.parametrize("weather", cases(STREAMED))
def test_a_failing_stream_is_left_for_the_next(gateway, sim, weather):
    sim.weather(CLAUDE, **weather)
    with gateway.openai().chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "[mark:2]"}], stream=True
    ) as stream:
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith(f"openai/{GPT}") and "[mark:2]" in text
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.core
def test_two_failures_lead_to_the_third(gateway, sim):
    sim.weather(CLAUDE, status=529)
    sim.weather(GPT, reset="before_headers")
    for response in (gateway.chat(), gateway.messages()):
        assert response.status_code == 200, response.text
        assert response.headers["x-tradewind-model"] == "gemini"
        assert response.headers["x-tradewind-attempts"] == "3"


@pytest.mark.core
def test_the_last_failure_reaches_the_app_in_its_own_dialect(gateway, sim):
    sim.weather(CLAUDE, status=529)
    sim.weather(GPT, status=503)
    sim.weather(GEMINI, status=429, retry_after="7")
    chat = gateway.chat()
    assert chat.status_code == 429
    assert chat.headers["retry-after"] == "7"
    assert chat.json()["error"]["type"] == "rate_limit_error"
    message = gateway.messages()
    assert message.status_code == 429
    assert message.headers["retry-after"] == "7"
    assert message.json()["type"] == "error"
    assert message.json()["error"]["type"] == "rate_limit_error"
    for response in (chat, message):
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-tradewind-attempts"] == "3"
        assert response.headers["x-tradewind-model"] == "gemini"
        assert response.headers["x-tradewind-request-id"]


def test_a_connection_reset_everywhere_is_told_in_the_apps_dialect(gateway, sim):
    for model in (CLAUDE, GPT, GEMINI):
        sim.weather(model, reset="before_headers")
    chat, message = gateway.chat(), gateway.messages()
    for response in (chat, message):
        assert response.status_code == 503, response.text
        said = "3 models were tried, and the last, `gemini`, closed its connection before"
        assert said in response.json()["error"]["message"]
        assert response.headers["x-tradewind-attempts"] == "3"
    assert message.json()["type"] == "error"


@pytest.mark.parametrize("version", ENVOYS)
def test_a_reset_of_a_kept_connection_is_not_the_models(launch, rules, sim, version):
    """Each model is asked again where its connection was kept, and once where it was new."""
    gateway = launch(render(rules, paths.LOGS / f"resets-{version}"), version=version)
    for model in ("claude", "gpt", "gemini"):
        assert gateway.chat(model=model).status_code == 200
    for model in (CLAUDE, GPT, GEMINI):
        sim.weather(model, reset="before_headers")
    before = len(sim.requests())
    assert gateway.chat().status_code == 503
    assert len(sim.requests()) - before == 6
    assert gateway.messages().status_code == 503
    assert len(sim.requests()) - before == 9


@pytest.mark.parametrize("error", ["bad_request"])
def test_a_request_at_fault_is_not_tried_elsewhere(gateway, sim, error):
    sim.weather(CLAUDE, error=error)
    response = gateway.chat()
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert len(sim.requests()) == 1


def test_a_refusal_is_an_answer(gateway, sim):
    response = gateway.chat("refuse this")
    assert response.status_code == 200
    assert len(sim.requests()) == 1


def test_a_refused_key_is_the_loudest_counter(gateway, sim):
    name, labels = "tradewind_attempts_total", (("model", "claude"), ("outcome", "key_refused"))
    before = gateway.envoy.counters(name).get(labels, 0)
    sim.weather(CLAUDE, error="auth")
    assert gateway.chat().status_code == 200
    gateway.envoy.wait_for("count", lambda: gateway.envoy.counters(name).get(labels, 0) > before)
    assert "key_refused" in gateway.envoy.tail(10)


def test_a_long_body_survives_its_retries(gateway, sim):
    sim.weather(CLAUDE, status=503)
    sim.weather(GPT, status=503)
    text = "x" * (500 << 10)
    response = gateway.chat(text + "[mark:end]")
    assert response.status_code == 200, response.text
    assert response.headers["x-tradewind-model"] == "gemini"
    assert all(text in request.body for request in sim.requests())


def test_a_model_that_does_not_fit_is_passed_over(gateway, sim):
    response = gateway.chat("word " * 3_000, model="growing")
    assert response.headers["x-tradewind-model"] == "gpt"
    assert response.headers["x-tradewind-attempts"] == "1"
    assert len(sim.requests()) == 1


def test_failover_holds_under_load(gateway, sim):
    sim.weather(CLAUDE, status=529)
    sim.weather(GPT, status=503)
    with ThreadPoolExecutor(50) as apps:
        answers = list(apps.map(lambda _: gateway.chat(), range(200)))
    assert [answer.text for answer in answers if answer.status_code != 200] == []


def hang_up(connection) -> None:
    """Accepts, and closes at once."""


def speak_plainly(connection) -> None:
    """Answers a TLS greeting in plain text."""
    connection.recv(1 << 16)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")


def babble(connection) -> None:
    """Answers a request with what is no HTTP."""
    connection.recv(1 << 16)
    connection.sendall(b"\x00\x01\xff\r\n220 smtp.example.com ESMTP\r\n\r\n")


# How a connection may fail: who is there, and what the gateway takes it for.
UNREACHABLE = {
    "closed": (ClosedPort, "http"),
    "closed-tls": (ClosedPort, "https"),
    "plain-text": (lambda: Server(speak_plainly), "https"),
    "hangs-up": (lambda: Server(hang_up), "http"),
    "hangs-up-tls": (lambda: Server(hang_up), "https"),
    "babbles": (lambda: Server(babble), "http"),
}


@pytest.fixture(scope="module")
def unreachable(sim):
    """A gateway with a chain for every way to be unreachable, each ending in a healthy model."""
    rules = policy(sim.openai, sim.anthropic, sim.google)
    servers = {name: make() for name, (make, _) in UNREACHABLE.items()}
    for name, (_, scheme) in UNREACHABLE.items():
        endpoint = f"{scheme}://{servers[name].address}"
        rules["providers"][name] = {**rules["providers"]["anthropic"], "endpoint": endpoint}
        rules["models"][name] = {**rules["models"]["claude"], "provider": name}
        rules["chains"][name] = [name, "gpt"]
        rules["routes"].append({"models": [name], "chain": name})
    rules["chains"]["nobody"] = ["closed", "closed-tls", "plain-text"]
    rules["routes"].append({"models": ["nobody"], "chain": "nobody"})
    folder = paths.LOGS / "unreachable"
    gateway = Gateway(ENVOYS[NEWEST], render(rules, folder), 1, folder)
    yield gateway
    gateway.stop()
    for server in servers.values():
        server.stop()


@pytest.mark.parametrize("name", UNREACHABLE)
def test_a_model_that_cannot_be_reached_is_left_for_the_next(unreachable, sim, name):
    for ask in (unreachable.chat, unreachable.messages):
        for stream in (False, True):
            response = ask("[mark:3]", model=name, stream=stream)
            assert response.status_code == 200, response.text
            assert response.headers["x-tradewind-model"] == "gpt"
            assert response.headers["x-tradewind-attempts"] == "2"
            assert "mark:3" in response.text
    assert [request.model for request in sim.requests()] == [GPT] * 4


def test_nobody_to_be_reached_is_told_in_the_apps_dialect(unreachable):
    chat, message = unreachable.chat(model="nobody"), unreachable.messages(model="nobody")
    for response in (chat, message):
        assert response.status_code == 503, response.text
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-tradewind-attempts"] == "3"
        assert response.headers["x-tradewind-request-id"]
        assert "127.0.0.1" not in response.text and "SSL" not in response.text
    assert chat.json()["error"]["message"]
    assert message.json()["type"] == "error" and message.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_nobody_to_be_reached_raises_in_the_sdks(unreachable, stream):
    ask = {"model": "nobody", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    with pytest.raises(openai.InternalServerError) as raised:
        unreachable.openai().chat.completions.create(**ask)
    assert raised.value.status_code == 503
    with pytest.raises(anthropic.InternalServerError) as raised:
        unreachable.anthropic().messages.create(max_tokens=9, **ask)
    assert raised.value.status_code == 503
