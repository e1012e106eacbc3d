"""An answer ends when the gateway ends it, whatever its provider keeps open or drips."""

import copy
import json
import time

import httpx
import pytest

from conftest import ENVOYS
from support import h2_app, paths
from support.credits import credits_policy
from support.front import Front
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import GPT, policy
from support.stubborn import JSON, Quiet, Stubborn, Trailing, chat_chunk, event, message_events

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
DONE = b"data: [DONE]\n\n"
FAILED = {"error": {"message": "engine died", "type": "server_error"}}
# Providers here hold on for 15 seconds; a busy machine takes some of its own.
AT_ONCE, SOON = 5, 8


PROVIDERS = ("openai", "anthropic", "google")


@pytest.fixture(scope="module")
def running():
    """The addresses of the providers, and the gateways in front of them, by what they are told."""
    fronts, gateways = {name: Front() for name in PROVIDERS}, {}
    yield fronts, gateways
    for started in [*gateways.values(), *fronts.values()]:
        started.stop()


@pytest.fixture(params=ENVOYS)
def serve(request, running):
    """A gateway in front of providers: `serve(openai=…, anthropic=…)`."""
    (fronts, gateways), playing = running, []

    def start(http2: bool = False, idle: str = "2s", **providers) -> Gateway:
        playing.extend(providers.values())
        told = (request.param, http2, idle)
        if told not in gateways:
            gateways[told] = gateway_of(fronts, *told)
        gateway = gateways[told]
        for name, front in fronts.items():
            front.put(providers.get(name))
        # A kept connection is the last test's provider.
        gateway.envoy.wait_for(
            "end", lambda: not any(gateway.envoy.stats("provider/.*upstream_cx_active").values())
        )
        return gateway

    yield start
    for provider in playing:
        provider.stop()


def gateway_of(fronts: dict[str, Front], version: str, http2: bool, idle: str) -> Gateway:
    rules = policy(**{name: front.url for name, front in fronts.items()})
    rules["resilience"]["idle_timeout"] = idle
    rules["chains"]["two"] = ["gpt", "claude"]
    rules["routes"].append({"models": ["two"], "chain": "two"})
    folder = paths.LOGS / f"ends-{version}-{'h2' if http2 else 'h1'}-{idle}"
    bootstrap = render(rules, folder)
    if http2:
        for cluster in bootstrap["static_resources"]["clusters"]:
            for options in cluster["typed_extension_protocol_options"].values():
                if "explicit_http_config" in options:
                    options["explicit_http_config"] = {"http2_protocol_options": {}}
    return Gateway(ENVOYS[version], bootstrap, 1, folder)


def ask(path: str, model: str = "gpt", stream: bool = True, **more) -> dict:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    return body | ({"max_tokens": 50} if path == MESSAGES else {}) | more


def read(gateway, path: str, body: dict) -> tuple[httpx.Response | None, str, float, bool]:
    """What an app gets: the answer, its text, after how many seconds it ended, and whether in
    order."""
    begun, text, ended = time.monotonic(), "", True
    with gateway.http.stream("POST", path, json=body) as response:
        try:
            for piece in response.iter_text():
                text += piece
        except httpx.TransportError:
            ended = False
    return response, text, time.monotonic() - begun, ended


FAILURES = {
    "first event": ([event(FAILED)], {}),
    "error status": ([b'{"error": {"message": "', b"x" * 70_000], {"status": "500 Oh", "kind": JSON}),
    "whole error": ([b'{"error": {"message": "no"}}'], {"status": "500 Oh", "kind": JSON}),
    "half an error": ([b'{"error": {"mess'], {"status": "500 Oh", "kind": JSON, "drip": b""}),
    "no word of an error": ([], {"status": "401 No", "drip": b""}),
    "no more than comments": ([b": ping\n\n" * (150 << 10)], {}),
    "endless event": ([b"data: " + b"x" * (300 << 10)], {}),
    "too large": ([b" " * (1 << 20)] * 13, {"kind": JSON}),
}
EACH = pytest.mark.parametrize("name", FAILURES)


@BOTH
@EACH
def test_a_failure_is_told_at_once_and_its_provider_let_go(serve, path, name):
    chunks, more = FAILURES[name]
    provider = Stubborn(chunks, **{"drip": b" ", **more})
    gateway = serve(openai=provider)
    response, text, seconds, ended = read(gateway, path, ask(path))
    assert response.status_code >= 500 and '"error"' in text and ended, text[:500]
    assert response.headers["content-length"] == str(len(text.encode()))
    assert seconds < AT_ONCE
    provider.wait_until_let_go()


@BOTH
@EACH
def test_the_next_model_is_asked_at_once(serve, path, name):
    chunks, more = FAILURES[name]
    first = Stubborn(chunks, **{"drip": b" ", **more})
    gateway = serve(openai=first, anthropic=Stubborn(message_events("hello"), ends=True))
    response, text, seconds, ended = read(gateway, path, ask(path, "two"))
    assert response.status_code == 200 and "hello" in text and ended, text[:500]
    assert response.headers["x-tradewind-model"] == "claude"
    assert seconds < AT_ONCE
    first.wait_until_let_go()


@BOTH
@pytest.mark.parametrize("chunks", [[], [b'{"error": {"mess']])
def test_an_error_that_falls_silent_is_told_by_its_status(serve, path, chunks):
    status = "429 Slow\r\nretry-after: 7"
    provider = Stubborn(chunks, drip=b"", status=status, kind=JSON)
    gateway = serve(idle="9s", openai=provider)
    response, text, seconds, ended = read(gateway, path, ask(path))
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert '"rate_limit' in text and ended and seconds < AT_ONCE, text
    provider.wait_until_let_go()


@BOTH
@pytest.mark.parametrize("chunks", [[], [b'{"error": {"mess']])
def test_an_error_that_falls_silent_has_the_next_model_asked(serve, path, chunks):
    first = Stubborn(chunks, drip=b"", status="500 Broken", kind=JSON)
    second = Stubborn(message_events("hello"), ends=True)
    gateway = serve(idle="9s", openai=first, anthropic=second)
    for _ in range(2):
        response, text, seconds, ended = read(gateway, path, ask(path, "two"))
        assert response.status_code == 200 and "hello" in text and ended, text[:500]
        assert response.headers["x-tradewind-model"] == "claude"
        assert seconds < AT_ONCE
    # Where the VM was lost on the way, the next request would have had a new one.
    assert not any(gateway.envoy.stats("wasm.*vm_reload").values())
    assert "panicked" not in gateway.envoy.text()
    first.wait_until_let_go()


# An endless event is passed on where nothing is to be written of it.
BREAKS = [(CHAT, "error"), (MESSAGES, "error"), (MESSAGES, "endless event")]


@pytest.mark.parametrize(("path", "end"), BREAKS)
def test_a_stream_that_breaks_ends_with_an_error_and_soon(serve, path, end):
    last = event(FAILED) if end == "error" else b"data: " + b"x" * (300 << 10)
    provider = Stubborn([chat_chunk("hel"), last, chat_chunk("lo")])
    gateway = serve(openai=provider)
    response, text, seconds, _ = read(gateway, path, ask(path))
    assert response.status_code == 200 and "hel" in text and "lo" not in text.split("hel", 1)[1]
    assert '"error"' in text.split("\n\n")[-2 if path == MESSAGES else -3]
    assert seconds < SOON
    provider.wait_until_let_go()


def test_an_event_too_long_to_be_read_is_passed_on(serve):
    # As large as what a provider's own search found.
    found = event({"choices": [], "found": "x" * (2 << 20)})
    last = chat_chunk("!", reason="stop")
    provider = Stubborn([chat_chunk("hel"), found, last, DONE], ends=True)
    gateway = serve(openai=provider)
    _, text, _, ended = read(gateway, CHAT, ask(CHAT))
    # But for the model's name, which is the one that was asked for.
    sent = b"".join(provider.chunks).decode()
    assert ended and text == sent.replace(f'"model": "{GPT}"', '"model": "gpt"')


@BOTH
@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_nothing_follows_the_end(serve, path, model):
    last = chat_chunk("!", reason="stop", usage={"prompt_tokens": 3, "completion_tokens": 2})
    chat = Stubborn([chat_chunk("hi"), last, DONE], drip=chat_chunk("more"))
    messages = Stubborn(message_events("hi"), drip=message_events("more")[2])
    gateway = serve(openai=chat, anthropic=messages)
    response, text, seconds, _ = read(gateway, path, ask(path, model))
    assert response.status_code == 200 and "hi" in text and "more" not in text
    assert text.endswith("data: [DONE]\n\n" if path == CHAT else '{"type":"message_stop"}\n\n') or (
        text.endswith('{"type": "message_stop"}\n\n')
    ), text[-200:]
    assert seconds < SOON
    (chat if model == "gpt" else messages).wait_until_let_go()


@BOTH
@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_a_stream_that_closes_after_its_reason_is_whole(serve, path, model):
    chat = Stubborn([chat_chunk("hi"), chat_chunk(reason="stop")], ends=True)
    messages = Stubborn(message_events("hi")[:-1], ends=True)
    gateway = serve(openai=chat, anthropic=messages)
    _, text, _, ended = read(gateway, path, ask(path, model))
    assert ended and '"error"' not in text
    assert text.endswith("data: [DONE]\n\n") if path == CHAT else "message_stop" in text, text


@BOTH
@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_trailers_after_the_reason_leave_it_whole(serve, path, model):
    chat = Trailing([chat_chunk("hi"), chat_chunk(reason="stop")])
    messages = Trailing(message_events("hi")[:-1])
    gateway = serve(http2=True, openai=chat, anthropic=messages)
    _, text, _, ended = read(gateway, path, ask(path, model))
    assert ended and '"error"' not in text
    assert text.endswith("data: [DONE]\n\n") if path == CHAT else "message_stop" in text, text


# How an app and a model meet, whether by HTTP/2, and for how many seconds nothing comes: the last
# for longer than the usage is waited for, which an app of that dialect always asks for.
QUIETS = [
    (path, model, http2, 1.6)
    for path in (CHAT, MESSAGES)
    for model in ("gpt", "claude")
    for http2 in (False, True)
] + [(MESSAGES, "gpt", False, 5.6)]


@pytest.mark.parametrize(("path", "model", "http2", "quiet"), QUIETS)
def test_a_provider_that_is_quiet_after_the_reason_ends_whole(serve, path, model, http2, quiet):
    kind = Trailing if http2 else Quiet
    chat = kind([chat_chunk("hi"), chat_chunk(reason="stop")], quiet=quiet)
    messages = kind(message_events("hi")[:-1], quiet=quiet)
    gateway = serve(http2=http2, idle="9s", openai=chat, anthropic=messages)
    _, text, seconds, ended = read(gateway, path, ask(path, model))
    assert ended and '"error"' not in text
    assert seconds < quiet + 1
    assert_ends_once(path, text)


@BOTH
def test_pings_after_the_reason_put_nothing_off(serve, path):
    chunks = [chat_chunk("hi"), chat_chunk(reason="stop")]
    provider = Stubborn(chunks, drip=b": ping\n\n")
    _, text, seconds, _ = read(serve(openai=provider), path, ask(path))
    assert_ends_once(path, text)
    assert seconds < SOON
    provider.wait_until_let_go()


LATE = [chat_chunk(usage={"prompt_tokens": 3, "completion_tokens": 2}), DONE]


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("last", [LATE, LATE[:1], LATE[1:]])
def test_what_comes_late_is_told_once(serve, asks, last):
    provider = Quiet([chat_chunk("hi"), chat_chunk(reason="stop")], quiet=1.6, late=last)
    more = {"stream_options": {"include_usage": True}} if asks else {}
    _, text, _, ended = read(serve(idle="9s", openai=provider), CHAT, ask(CHAT, **more))
    assert ended
    assert_ends_once(CHAT, text)
    assert ("completion_tokens" in text) == (asks and last[0] is LATE[0])


def assert_ends_once(path: str, text: str) -> None:
    """An answer has the mark of its dialect's end, once, and nothing behind it."""
    if path == CHAT:
        assert text.endswith("data: [DONE]\n\n") and text.count("[DONE]") == 1, text[-300:]
        assert text.count('"stop"') == 1
    else:
        last = text.split("\n\n")[-2]
        assert last.startswith("event: message_stop"), text[-300:]
        assert text.count("event: message_stop") == text.count("event: message_delta") == 1


@BOTH
@pytest.mark.parametrize("stream", [True, False])
def test_an_app_sees_no_trailers_of_a_provider(serve, path, stream):
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    whole = json.dumps({"id": "c1", "object": "chat.completion", "choices": [choice]}).encode()
    chat = Trailing([chat_chunk("hi"), chat_chunk(reason="stop"), DONE])
    gateway = serve(http2=True, openai=chat if stream else Trailing([whole], kind=JSON))
    text, trailers, ended = h2_app.ask(gateway.url, path, ask(path, stream=stream))
    assert ended and b"hi" in text and trailers == [], (text, trailers)


@BOTH
@pytest.mark.parametrize("model", ["gpt", "claude"])
def test_trailers_before_the_reason_do_not(serve, path, model):
    chat = Trailing([chat_chunk("hi")])
    messages = Trailing(message_events("hi")[:3])
    gateway = serve(http2=True, openai=chat, anthropic=messages)
    _, text, _, ended = read(gateway, path, ask(path, model))
    assert "hi" in text and (not ended or '"error"' in text), text
    assert "[DONE]" not in text and "message_stop" not in text


@BOTH
def test_trailers_before_any_content_fail_over(serve, path):
    first = Trailing([chat_chunk()])
    gateway = serve(http2=True, openai=first, anthropic=Trailing(message_events("hello")))
    response, text, _, ended = read(gateway, path, ask(path, "two"))
    assert response.headers["x-tradewind-model"] == "claude"
    assert "hello" in text and ended


DRIPS = {
    "an event that does not end": (CHAT, [b"data: {"], b"x"),
    "comments that are not translated": (MESSAGES, [], b": still here\n\n"),
}


@pytest.mark.parametrize("name", DRIPS)
@pytest.mark.parametrize("version", ENVOYS)
def test_what_drips_unseen_is_ended_and_its_hold_settled(launch, rules, purses, version, name):
    path, more, drip = DRIPS[name]
    provider, purse = Stubborn([chat_chunk("hello"), *more], drip), purses.new("50")
    rules = copy.deepcopy(rules)
    rules["providers"]["openai"]["endpoint"] = provider.url
    bootstrap = render(credits_policy(rules, purses.ledger.url), paths.LOGS / f"drip-{version}")
    listener = bootstrap["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    bound = manager["common_http_protocol_options"]
    assert bound["max_stream_duration"] == "3600.000s"
    bound["max_stream_duration"] = "4s"
    gateway = launch(bootstrap, version)
    gateway.http.headers.update(purse.headers())
    _, text, seconds, ended = read(gateway, path, ask(path))
    assert "hello" in text and not ended
    assert 3 < seconds < 4 + AT_ONCE
    assert provider.wait_until_let_go() < 4 + AT_ONCE
    provider.stop()
    [entry] = purse.settled(1)
    assert entry.outcome == "cut" and 0 < entry.credits < 1, entry
