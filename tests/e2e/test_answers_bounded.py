"""No answer takes Envoy down, and none of one provider takes a stream of another's."""

import contextlib
import json
import threading

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import policy
from support.stubborn import JSON, Stubborn, at_once, event, message_events

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
STOP = {"finishReason": "STOP"}


@pytest.fixture(params=ENVOYS)
def serve(request):
    """Starts a gateway in front of providers: Anthropic's is a good one."""
    started = []

    def start(**providers) -> Gateway:
        good = Stubborn(message_events("hello"), ends=True)
        providers = {"openai": good, "google": good, "anthropic": good, **providers}
        started.extend([good, *providers.values()])
        rules = policy(**{name: provider.url for name, provider in providers.items()})
        # A crowd in this very process may starve the good provider, and that is not its fault.
        rules["resilience"]["idle_timeout"] = "4s"
        folder = paths.LOGS / request.node.name.replace("/", "-")
        started.append(Gateway(ENVOYS[request.param], render(rules, folder), 1, folder))
        return started[-1]

    yield start
    for running in {id(running): running for running in started}.values():
        running.stop()


def ask(gateway, path: str, model: str, stream: bool):
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return gateway.http.post(path, json=body | {"max_tokens": 50}, timeout=120)


def parts(number: int) -> list[dict]:
    return [{"text": "a"}] * number


def gemini(parts: list[dict], **more) -> dict:
    return {"candidates": [{"content": {"parts": parts}, **more}]}


def call(text: str) -> list[dict]:
    return [{"functionCall": {"name": "f", "args": {"a": text}}}]


ANSWERS = {
    "many parts": ([json.dumps(gemini(parts(100_000), **STOP)).encode()], JSON, True),
    "one event": ([event(gemini(parts(18_000))), event(gemini([], **STOP))], "", True),
    "long event": ([event(gemini(parts(80_000))), event(gemini([], **STOP))], "", True),
    "quotes": ([json.dumps(gemini(call('"' * (4 << 20)), **STOP)).encode()], JSON, False),
}


@BOTH
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_grows_is_a_failure_and_no_more(serve, path, name):
    chunks, kind, stream = ANSWERS[name]
    more = {"kind": kind} if kind else {}
    gateway = serve(google=Stubborn(chunks, ends=True, **more))
    answer = ask(gateway, path, "gemini", stream)
    assert answer.status_code in (200, 502)
    if name == "many parts" and path == CHAT:
        assert answer.status_code == 502 and "too large" in answer.text
    good = ask(gateway, path, "claude", True)
    assert good.status_code == 200 and "hello" in good.text
    assert gateway.envoy.process.poll() is None


def test_an_answer_may_fill_the_buffer_and_not_a_byte_more(serve):
    # What Envoy holds of a stream, as `render` writes it.
    buffer = 16 << 20
    google = Stubborn([], ends=True, kind=JSON)
    gateway = serve(google=google)

    def said(text: str) -> httpx.Response:
        google.chunks[:] = [json.dumps(gemini(call(text), **STOP)).encode()]
        return ask(gateway, CHAT, "gemini", False)

    # A quote in a tool call takes four bytes: it is a string in a string.
    empty, some = said(""), said('"' * 10)
    assert len(some.content) == len(empty.content) + 40
    quotes, rest = divmod(buffer - len(empty.content), 4)
    for more, status in ((-1, 200), (0, 200), (1, 502)):
        answer = said('"' * quotes + "a" * (rest + more))
        assert answer.status_code == status, more
        assert status != 200 or len(answer.content) == buffer + more
    assert said("a").status_code == 200 and gateway.envoy.process.poll() is None


def test_a_provider_that_only_drips_cuts_nobody_else(serve):
    noisy = Stubborn([b": ping\n\n" * 8_000] * 40)
    slow = message_events("hello")
    gateway = serve(openai=noisy, anthropic=Slow(slow))
    texts = []
    reader = threading.Thread(
        target=lambda: texts.append(ask(gateway, MESSAGES, "claude", True).text)
    )
    reader.start()
    statuses = at_once(70, lambda _: ask(gateway, CHAT, "gpt", True).status_code)
    reader.join()
    assert set(statuses) == {502}
    assert "hello" in texts[0] and "message_stop" in texts[0] and "error" not in texts[0]


def test_unfinished_events_cut_nobody_else(serve):
    begun = event({"choices": [{"index": 0, "delta": {"content": "a"}}]})
    noisy = Stubborn([begun, b"data: " + b"x" * (250 << 10)], drip=b"x")
    gateway = serve(openai=noisy, anthropic=Slow(message_events("hello")))
    texts = []
    reader = threading.Thread(
        target=lambda: texts.append(ask(gateway, MESSAGES, "claude", True).text)
    )
    reader.start()

    body = {"model": "gpt", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(headers=gateway.http.headers, limits=limits, timeout=30) as crowd:

        def unfinished(_: int) -> None:
            with contextlib.suppress(httpx.HTTPError):
                crowd.post(f"{gateway.url}{CHAT}", json=body)

        at_once(400, unfinished)
    reader.join()
    assert "hello" in texts[0] and "message_stop" in texts[0] and "error" not in texts[0]
    counted = gateway.envoy.counters("tradewind_streams_too_large_total")
    assert sum(counted.values()) > 0, "more was held than there is"


class Slow(Stubborn):
    """Begins at once, and sends what follows in very small pieces, for some seconds."""

    def __init__(self, chunks):
        content = next(at for at, chunk in enumerate(chunks) if b"content_block_delta" in chunk)
        rest = b"".join(chunks[content + 1 :])
        pieces = [rest[at : at + 2] for at in range(0, len(rest), 2)]
        super().__init__([*chunks[: content + 1], *pieces], ends=True, pace=0.02)
