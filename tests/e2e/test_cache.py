"""Answers that are given again, and what stands in where no model answers."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import Gateway, render
from support.policy import APP_KEY, CLAUDE, GEMINI, GPT, HAIKU

LATER = "Nobody is here to answer: try again in a minute. Grüße ☂"


@pytest.fixture(scope="module")
def running():
    """What is running, by setup."""
    running = {}
    yield running
    for gateway in running.values():
        gateway.stop()


def start(setup, running, rules, ttl: str) -> Gateway:
    """A gateway that keeps answers for so long and has several ways to do without models."""
    if (setup, ttl) not in running:
        own = copy.deepcopy(rules)
        own["cache"] = {
            "routes": ["auto", "gpt", "claude"],
            "when": {"temperature": {"at_most": 0}},
            "ttl": ttl,
            "stale_for": "1h",
        }
        own["resilience"] |= {
            "attempts": 4,
            "fallback": ["stale_cache", {"chain": "haiku"}, {"reply": LATER}],
        }
        version, workers = setup
        folder = paths.LOGS / f"cache-{ttl}-{version}-{workers}w"
        running[setup, ttl] = Gateway(ENVOYS[version], render(own, folder), workers, folder)
    return running[setup, ttl]


@pytest.fixture
def cached(setup, running, rules):
    """One that keeps answers for as long as the tests take."""
    return start(setup, running, rules, "1h")


@pytest.fixture
def hasty(setup, running, rules):
    """One that keeps them for a second."""
    return start(setup, running, rules, "1s")


def ask(text: str, model: str = "gpt") -> dict:
    return {"model": model, "temperature": 0, "messages": [{"role": "user", "content": text}]}


def unlike(what: str) -> str:
    """A question that no other test has asked."""
    return f"{what} {time.monotonic_ns()}"


def chat(gateway, text: str, model: str = "gpt", **more):
    """Text and headers of an answer, by OpenAI's SDK."""
    raw = gateway.openai().chat.completions.with_raw_response.create(**ask(text, model), **more)
    return raw.parse().choices[0].message.content, raw.headers


def chat_stream(gateway, text: str, model: str = "gpt"):
    raw = gateway.openai().chat.completions.with_raw_response.create(
        **ask(text, model), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(raw.parse())
    assert chunks[-1].usage is not None
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    assert reasons[-1] == "stop"
    said = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    return "".join(said), raw.headers


def message_body(text: str, model: str) -> dict:
    """The SDK of today names no temperature: the newest models take none."""
    own = ask(text, model)
    cold = {"temperature": own.pop("temperature")}
    return {**own, "max_tokens": 100, "extra_body": cold}


def message(gateway, text: str, model: str = "claude"):
    raw = gateway.anthropic().messages.with_raw_response.create(**message_body(text, model))
    return raw.parse().content[0].text, raw.headers


def message_stream(gateway, text: str, model: str = "claude"):
    with gateway.anthropic().messages.stream(**message_body(text, model)) as stream:
        said = "".join(stream.text_stream)
        final = stream.get_final_message()
        assert final.stop_reason == "end_turn" and final.content[0].text == said
        return said, stream.response.headers


WAYS = {"openai": (chat, chat_stream), "anthropic": (message, message_stream)}


@pytest.mark.core
@pytest.mark.parametrize("client", WAYS)
@pytest.mark.parametrize("first", ["whole", "streamed"])
def test_an_answer_is_given_again_whole_and_as_a_stream(cached, sim, client, first):
    text = unlike("again")
    ways = WAYS[client] if first == "whole" else WAYS[client][::-1]
    said, headers = ways[0](cached, text)
    assert said and "x-tradewind-cache" not in headers
    for way in [*ways, *ways]:
        again, headers = way(cached, text)
        assert again == said
        assert headers["x-tradewind-cache"] == "hit"
        assert headers["x-tradewind-model"] == {"openai": "gpt", "anthropic": "claude"}[client]
    assert len(sim.requests()) == 1


def test_all_workers_know_it_and_only_who_asks_the_same(cached, sim):
    text = unlike("workers")
    said, _ = chat(cached, text)
    for _ in range(20):
        # A connection of its own, which any worker may take.
        with httpx.Client(base_url=cached.url, trust_env=False) as app:
            head = {"authorization": f"Bearer {APP_KEY}"}
            own = {"messages": ask(text)["messages"], "temperature": 0.0, "model": "gpt"}
            answer = app.post("/v1/chat/completions", headers=head, json=own)
            assert answer.json()["choices"][0]["message"]["content"] == said
            assert answer.headers["x-tradewind-cache"] == "hit"
    assert len(sim.requests()) == 1
    other = {**ask(text), "temperature": 0.5}
    assert "x-tradewind-cache" not in cached.http.post("/v1/chat/completions", json=other).headers
    head = {"cache-control": "no-cache"}
    new = cached.http.post("/v1/chat/completions", json=ask(text), headers=head)
    assert "x-tradewind-cache" not in new.headers
    assert len(sim.requests()) == 3


def test_a_crowd_is_answered_while_answers_are_kept(cached, sim):
    texts = [unlike(f"crowd {number}") for number in range(8)]

    def one(number: int) -> bool:
        answer = cached.http.post("/v1/chat/completions", json=ask(texts[number % 8]))
        assert answer.status_code == 200, answer.text
        return answer.headers.get("x-tradewind-cache") == "hit"

    with ThreadPoolExecutor(16) as crowd:
        hits = list(crowd.map(one, range(400)))
    assert sum(hits) + len(sim.requests()) == 400
    assert sum(hits) >= 200


def break_all(sim, *models: str) -> None:
    for model in models:
        sim.weather(model, status=503, times=1000)


@pytest.mark.core
@pytest.mark.parametrize("client", WAYS)
def test_an_answer_that_is_too_old_stands_in_while_everything_is_down(hasty, sim, client):
    text = unlike("stale")
    said, _ = WAYS[client][0](hasty, text, model="auto")
    time.sleep(1.1)
    break_all(sim, CLAUDE, GPT, GEMINI, HAIKU)
    for way in WAYS[client]:
        again, headers = way(hasty, text, model="auto")
        assert again == said
        assert headers["x-tradewind-cache"] == "stale"
        assert headers["x-tradewind-degraded"] == "stale"
    # Once models answer, theirs is the answer.
    sim.reset()
    _, headers = WAYS[client][0](hasty, text, model="auto")
    assert "x-tradewind-cache" not in headers and "x-tradewind-degraded" not in headers


@pytest.mark.core
@pytest.mark.parametrize("client", WAYS)
def test_another_chain_answers_where_all_of_its_own_fail(cached, sim, client):
    break_all(sim, CLAUDE, GPT, GEMINI)
    for way in WAYS[client]:
        said, headers = way(cached, unlike("chain"), model="auto")
        assert said
        assert headers["x-tradewind-model"] == "haiku"
        assert headers["x-tradewind-degraded"] == "chain"


@pytest.mark.core
@pytest.mark.parametrize("client", WAYS)
@pytest.mark.parametrize("weather", [
    {"status": 503},
    {"reset": "before_headers"},
    {"error": "overloaded"},
    {"silent": True},
], ids=lambda weather: next(iter(weather)))
def test_a_text_stands_in_where_nobody_answers(cached, sim, client, weather):
    for model in (GPT, HAIKU, CLAUDE):
        sim.weather(model, times=1000, **weather)
    model = {"openai": "gpt", "anthropic": "claude"}[client]
    for way in WAYS[client]:
        said, headers = way(cached, unlike("reply"), model=model)
        assert said == LATER
        assert headers["x-tradewind-degraded"] == "reply"
    log = cached.envoy.wait_for(
        "the log",
        lambda: [line for line in cached.envoy.access_log() if line.get("degraded") == "reply"],
    )
    assert log[-1]["attempts"]


def test_what_is_wrong_with_a_request_stays_its_error(cached, sim):
    sim.weather(GPT, status=400, times=10)
    answer = cached.http.post("/v1/chat/completions", json=ask(unlike("wrong")))
    assert answer.status_code == 400 and "x-tradewind-degraded" not in answer.headers
