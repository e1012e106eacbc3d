"""Providers fail inside an answer that says 200: another model answers, and the log says why."""

import json
from collections import Counter

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import GPT, policy
from support.stubborn import EVENTS, JSON, Stubborn, chat_chunk, event, message_events

HTML = "text/html; charset=utf-8"
PAGE = b"<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
PROSE = b"upstream is warming up, please come back"
PINGS = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


def body(data) -> bytes:
    return json.dumps(data).encode()


# How each format tells of a failure, and what that is taken for.
def openai_error(kind: str, code: str | None) -> dict:
    return {"error": {"message": "no", "type": kind, "code": code}}


OPENAI = {
    "overloaded": openai_error("server_error", "server_overloaded"),
    "rate_limited": openai_error("tokens", "rate_limit_exceeded"),
    "failed": openai_error("server_error", None),
    "unpaid": openai_error("insufficient_quota", "insufficient_quota"),
}
ANTHROPIC = {
    "overloaded": {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
    "rate_limited": {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}},
    "failed": {"type": "error", "error": {"type": "api_error", "message": "died"}},
    "unpaid": {"type": "error", "error": {"type": "billing_error", "message": "no"}},
}
GEMINI = {
    "overloaded": {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}},
    "rate_limited": {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}},
    "failed": {"error": {"code": 500, "message": "died", "status": "INTERNAL"}},
}

CHAT_WHOLE = {"id": "c1", "object": "chat.completion", "created": 1, "model": GPT}
SAYS = {"index": 0, "message": {"role": "assistant", "content": "half"}, "finish_reason": "stop"}
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
    "content": [{"type": "text", "text": "half"}], "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
CANDIDATE = {"content": {"role": "model", "parts": [{"text": "half"}]}, "finishReason": "STOP"}
UNABLE = {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "index": 0}]}

# An answer that is not streamed: its content type, its body, and the word for it.
ANY_WHOLE = {
    "html page": (HTML, PAGE, "failed"),
    "html page as json": (JSON, PAGE, "failed"),
    "prose": ("text/plain", PROSE, "failed"),
    "nothing": (JSON, b"", "failed"),
    "null": (JSON, b"null", "failed"),
    "another object": (JSON, b'{"status": "ok"}', "failed"),
}
WHOLE = {
    "gpt": {
        **{f"says {word}": (JSON, body(said), word) for word, said in OPENAI.items()},
        "no choices": (JSON, body({**CHAT_WHOLE, "choices": []}), "failed"),
        "truncated": (JSON, body({**CHAT_WHOLE, "choices": [SAYS]})[:-20], "failed"),
    },
    "claude": {
        **{f"says {word}": (JSON, body(said), word) for word, said in ANTHROPIC.items()},
        "truncated": (JSON, body(MESSAGE)[:-20], "failed"),
    },
    "gemini": {
        **{f"says {word}": (JSON, body(said), word) for word, said in GEMINI.items()},
        "says so in a list": (JSON, body([GEMINI["overloaded"]]), "overloaded"),
        "no candidates": (JSON, body({"candidates": [], "modelVersion": "g"}), "failed"),
        "unable": (JSON, body(UNABLE), "failed"),
        "truncated": (JSON, body({"candidates": [CANDIDATE]})[:-20], "failed"),
    },
}

# A streamed one: its content type, its chunks, and the word.
ANY_STREAM = {
    "html page": (HTML, [PAGE], "failed"),
    "html page as events": (EVENTS, [PAGE], "failed"),
    "prose": ("text/plain", [PROSE], "failed"),
    "nothing": (EVENTS, [], "failed"),
    "nothing but pings": (EVENTS, [PINGS] * 3, "failed"),
    "events that are no json": (EVENTS, [b"data: <html>\n\n"], "failed"),
}


def errors(told: dict, name: str, before: list[bytes]) -> dict:
    """The same errors as the first event, after pings, after the answer's beginning, and whole."""
    cases = {}
    for word, said in told.items():
        own = event(said, name)
        cases[f"first says {word}"] = (EVENTS, [own], word)
        cases[f"after pings says {word}"] = (EVENTS, [PINGS, PINGS, own], word)
        cases[f"after its beginning says {word}"] = (EVENTS, [*before, PINGS, own], word)
        cases[f"whole says {word}"] = (JSON, [body(said)], word)
    return cases


STREAM = {
    "gpt": {
        **errors(OPENAI, "", [chat_chunk()]),
        "done at once": (EVENTS, [DONE], "failed"),
        "ends after its beginning": (EVENTS, [chat_chunk()], "failed"),
        "truncated": (EVENTS, [chat_chunk("half")[:-30]], "failed"),
        "no choices": (EVENTS, [event({**CHAT_WHOLE, "choices": []}), DONE], "failed"),
    },
    "claude": {
        **errors(ANTHROPIC, "error", message_events("")[:2]),
        "ends after its beginning": (EVENTS, message_events("")[:2], "failed"),
        "truncated": (EVENTS, [*message_events("")[:2], message_events("half")[2][:-30]], "failed"),
    },
    "gemini": {
        **errors(GEMINI, "", [event({"candidates": [], "modelVersion": "g"})]),
        "says so in a list": (JSON, [body([GEMINI["overloaded"]])], "overloaded"),
        "no candidates": (EVENTS, [event({"candidates": [], "modelVersion": "g"})], "failed"),
        "unable": (EVENTS, [event(UNABLE)], "failed"),
        "truncated": (EVENTS, [event({"candidates": [CANDIDATE]})[:-30]], "failed"),
    },
}


def rows(own: dict, common: dict) -> list:
    """Each case with its model."""
    return [
        pytest.param(model, *case, id=f"{model}-{name}".replace(" ", "-"))
        for model, cases in own.items()
        for name, case in {**common, **cases}.items()
    ]


@pytest.fixture(scope="module")
def failing():
    """A provider that answers as it is told."""
    provider = Stubborn([], ends=True)
    yield provider
    provider.stop()


@pytest.fixture(scope="module", params=ENVOYS)
def serving(request, failing, sim):
    """A gateway in front of it: what it fails at another provider's model answers."""
    rules = policy(failing.url, failing.url, failing.url)
    rules["providers"]["well"] = {**rules["providers"]["openai"], "endpoint": sim.openai}
    rules["models"]["well"] = {**rules["models"]["gpt"], "provider": "well"}
    for name in STREAM:
        rules["chains"][f"{name}-well"] = [name, "well"]
        rules["routes"].append({"models": [f"{name}-well"], "chain": f"{name}-well"})
    folder = paths.LOGS / f"inband-{request.param}"
    gateway = Gateway(ENVOYS[request.param], render(rules, folder), 1, folder)
    yield gateway
    gateway.stop()


def fails_over(gateway, model: str, word: str, stream: bool, ends: dict[str, str]) -> None:
    """Apps of both dialects are answered by the next model; what became of this one is told."""
    for path, end in ends.items():
        logged = len(gateway.envoy.access_log())
        asked = {"model": f"{model}-well", "max_tokens": 90, "stream": stream}
        asked["messages"] = [{"role": "user", "content": "[mark:in]"}]
        answer = gateway.http.post(path, json=asked)
        assert answer.status_code == 200 and "[mark:in]" in answer.text, answer.text
        assert end in answer.text and '"error"' not in answer.text
        assert answer.headers["x-tradewind-model"] == "well"
        line = gateway.envoy.wait_for("the log", lambda: gateway.envoy.access_log()[logged:])[-1]
        assert [own["outcome"] for own in line["attempts"]] == [word, "answered"], line


@pytest.mark.parametrize(("model", "kind", "said", "word"), rows(WHOLE, ANY_WHOLE))
def test_an_answer_that_is_a_failure_is_left_for_the_next(
    serving, failing, model, kind, said, word
):
    failing.chunks, failing.kind = [said] if said else [], kind
    ends = {CHAT: '"finish_reason":"stop"', MESSAGES: '"stop_reason":"end_turn"'}
    fails_over(serving, model, word, False, ends)


@pytest.mark.parametrize(("model", "kind", "chunks", "word"), rows(STREAM, ANY_STREAM))
def test_a_stream_that_is_a_failure_is_left_for_the_next(
    serving, failing, model, kind, chunks, word
):
    failing.chunks, failing.kind = chunks, kind
    fails_over(serving, model, word, True, {CHAT: "data: [DONE]", MESSAGES: "event: message_stop"})


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_prompt_that_a_provider_blocks_is_answered_so(serving, failing, stream):
    """It is what the provider says of the request, as a refusal is: no other model is asked."""
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "g"}
    failing.chunks = [event(blocked)] if stream else [body(blocked)]
    failing.kind = EVENTS if stream else JSON
    ends = {CHAT: '"finish_reason":"content_filter"', MESSAGES: '"stop_reason":"refusal"'}
    for path, end in ends.items():
        asked = {"model": "gemini-well", "max_tokens": 90, "stream": stream}
        asked["messages"] = [{"role": "user", "content": "hi"}]
        answer = serving.http.post(path, json=asked)
        assert answer.status_code == 200 and end in answer.text.replace('": "', '":"'), answer.text
        assert answer.headers["x-tradewind-model"] == "gemini"


def test_what_became_of_the_attempts_is_counted_as_it_is_logged(serving):
    """Whatever the tests above have asked for."""
    asked = {"model": "gpt-well", "messages": [{"role": "user", "content": "hi"}]}
    serving.http.post(CHAT, json=asked)
    envoy = serving.envoy

    def agree() -> bool:
        attempts = (own for line in envoy.access_log() for own in line["attempts"])
        logged = Counter((own["model"], own["outcome"]) for own in attempts)
        rows = envoy.counters("tradewind_attempts_total").items()
        counted = {tuple(dict(labels).values()): count for labels, count in rows if count}
        return bool(logged) and counted == logged

    envoy.wait_for("agreement", agree)
