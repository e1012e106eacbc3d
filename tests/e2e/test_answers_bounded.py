"""No answer takes Envoy down, and none of one provider takes a stream of another's."""

import json
import threading

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
        folder = paths.LOGS / request.node.name.replace("/", "-")
        started.append(Gateway(ENVOYS[request.param], render(rules, folder), 1, folder))
        return started[-1]

    yield start
    for running in {id(running): running for running in started}.values():
        running.stop()


def ask(gateway, path: str, model: str, stream: bool):
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return gateway.http.post(path, json=body | {"max_tokens": 50})


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
    noisy = Stubborn([b"data: " + b"x" * (250 << 10)], drip=b"x")
    gateway = serve(openai=noisy, anthropic=Slow(message_events("hello")))
    texts = []
    reader = threading.Thread(
        target=lambda: texts.append(ask(gateway, MESSAGES, "claude", True).text)
    )
    reader.start()

    def unfinished(_: int) -> int:
        try:
            return ask(gateway, CHAT, "gpt", True).status_code
        except Exception:
            return 0  # it took longer than this app waits

    at_once(320, unfinished)
    reader.join()
    assert "hello" in texts[0] and "message_stop" in texts[0] and "error" not in texts[0]
    counted = gateway.envoy.counters("tradewind_streams_too_large_total")
    assert sum(counted.values()) > 0, "more was held than there is"


class Slow(Stubborn):
    """Sends each byte of an answer by itself, for some seconds."""

    def __init__(self, chunks):
        whole = b"".join(chunks)
        pieces = [whole[at : at + 4] for at in range(0, len(whole), 4)]
        super().__init__(pieces, ends=True, pace=0.02)
