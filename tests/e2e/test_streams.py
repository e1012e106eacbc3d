"""Streams: event by event, whole to their end, and ended properly when their provider breaks."""

import time

import anthropic
import httpx2
import openai
import pytest

from support.gateway import CHAT, MESSAGES
from support.policy import GPT, MODELS

EACH = pytest.mark.parametrize("model", MODELS)
FRAMINGS = [
    {"crlf": True},
    {"comments": True},
    {"no_space": True},
    {"extra_fields": True},
    {"one_byte": True},
    {"split_utf8": True},
    {"split": 7},
    {"one_piece": True},
]


def say(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def chat_text(gateway, model: str, text: str, **more) -> str:
    """What an OpenAI app reads from a stream."""
    with gateway.openai().chat.completions.create(
        model=model, messages=say(text), stream=True, **more
    ) as stream:
        chunks = list(stream)
    assert chunks[-1].choices == [] or chunks[-1].choices[0].finish_reason
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def messages_text(gateway, model: str, text: str) -> str:
    """What an Anthropic app reads from a stream."""
    with gateway.anthropic().messages.stream(
        model=model, max_tokens=4_000, messages=say(text)
    ) as stream:
        return "".join(stream.text_stream)


@pytest.mark.core
@EACH
@pytest.mark.parametrize("read", [chat_text, messages_text])
def test_a_stream_arrives_whole(gateway, model, read):
    text = read(gateway, model, "grüße 🌬 [mark:s] [words:200]")
    assert "[mark:s]" in text and "grüße 🌬" in text and text.endswith("word200")


@EACH
@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: next(iter(framing)))
def test_a_stream_may_be_framed_in_any_legal_way(gateway, sim, model, framing):
    sim.weather(MODELS[model], framing=framing)
    for read in (chat_text, messages_text):
        assert read(gateway, model, "grüße 🌬 [words:20]").endswith("word20")


@pytest.mark.core
@EACH
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_events_are_forwarded_as_they_come(gateway, sim, model, path):
    sim.weather(MODELS[model], chunk_delay_ms=60)
    body = {"model": model, "max_tokens": 500, "messages": say("[words:60]"), "stream": True}
    start, times = time.monotonic(), []
    with gateway.http.stream("POST", path, json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for _ in response.iter_bytes():
            times.append(time.monotonic() - start)
    assert len(times) > 5, "a stream that is held arrives in one piece"
    assert times[0] < times[-1] / 2


@EACH
def test_a_slow_stream_is_not_a_silent_one(gateway, sim, model):
    sim.weather(MODELS[model], chunk_delay_ms=150)
    # More than the policy's idle timeout in all, and far less between two events.
    assert chat_text(gateway, model, "[words:60]").endswith("word60")


# The module sees these end, and ends the answer in the app's dialect.
ENDED = {
    "closed": {"close": {"after_events": 2}},
    "error event": {"error_event": {"after_events": 2}},
}
# Envoy resets the app's stream at once for these, and tells the module nothing.
CUT = {
    "reset": {"reset": {"after_events": 2}},
    "silence": {"stall": {"after_events": 2}},
}
BREAKS = ENDED | CUT


@pytest.mark.core
@EACH
@pytest.mark.parametrize("weather", BREAKS.values(), ids=BREAKS)
def test_a_stream_that_breaks_raises_in_the_openai_sdk(gateway, sim, model, weather):
    sim.weather(MODELS[model], **weather)
    seen = []
    with pytest.raises(openai.APIError):
        stream = gateway.openai().chat.completions.create(
            model=model, messages=say("[words:50]"), stream=True
        )
        seen.extend(stream)
    assert seen, "content came before the break"
    assert gateway.chat(model="gpt" if model != "gpt" else "claude").status_code == 200


@pytest.mark.core
@EACH
@pytest.mark.parametrize("name", BREAKS)
def test_a_stream_that_breaks_raises_in_the_anthropic_sdk(gateway, sim, model, name):
    sim.weather(MODELS[model], **BREAKS[name])
    seen = []
    # This SDK lets its HTTP library's own error through when a connection breaks.
    with pytest.raises(anthropic.APIError if name in ENDED else Exception) as raised:
        with gateway.anthropic().messages.stream(
            model=model, max_tokens=400, messages=say("[words:50]")
        ) as stream:
            seen.extend(stream)
    assert isinstance(raised.value, (anthropic.APIError, httpx2.TransportError))
    assert seen, "content came before the break"


@EACH
@pytest.mark.parametrize("weather", ENDED.values(), ids=ENDED)
def test_a_broken_stream_ends_properly_on_the_wire(gateway, sim, model, weather):
    sim.weather(MODELS[model], **weather)
    body = {"model": model, "max_tokens": 500, "messages": say("[words:50]"), "stream": True}
    chat = gateway.http.post(CHAT, json=body)
    assert chat.status_code == 200 and '"error"' in chat.text
    message = gateway.http.post(MESSAGES, json=body)
    assert message.status_code == 200 and "event: error" in message.text


@pytest.mark.core
@EACH
def test_usage_is_told_when_it_is_asked_for(gateway, model):
    asked = gateway.openai().chat.completions.create(
        model=model, messages=say("hi"), stream=True, stream_options={"include_usage": True}
    )
    usage = [chunk.usage for chunk in asked if chunk.usage]
    assert len(usage) == 1
    assert usage[0].total_tokens == usage[0].prompt_tokens + usage[0].completion_tokens > 0
    plain = gateway.openai().chat.completions.create(model=model, messages=say("hi"), stream=True)
    assert [chunk.usage for chunk in plain if chunk.usage] == []


@EACH
def test_a_provider_that_tells_no_usage_is_served_all_the_same(gateway, sim, model):
    sim.weather(MODELS[model], missing_usage=True)
    assert gateway.chat("hi", model=model).status_code == 200
    assert chat_text(gateway, model, "[words:3]").endswith("word3")


def test_an_app_that_leaves_is_noticed_by_its_provider(gateway, sim):
    sim.weather(GPT, chunk_delay_ms=100)
    body = {"model": "gpt", "messages": say("[words:500]"), "stream": True}
    with gateway.http.stream("POST", CHAT, json=body) as response:
        next(response.iter_bytes())
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if sim.requests()[-1].answered["ending"] == "client left":
            return
        time.sleep(0.1)
    raise AssertionError(sim.requests())


def test_a_whole_answer_of_a_megabyte_arrives(gateway):
    for model in MODELS:
        response = gateway.chat("[words:100000]", model=model, max_tokens=8_192)
        assert response.status_code == 200, response.text[:500]
