"""What a provider takes too long for: its first token, the next one, or all that an app waits for."""

import copy
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anthropic
import httpx
import openai
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, render
from support.policy import APP_KEY, CLAUDE, GPT

FIRST_MS, IDLE = 700, 3
WAITS = Path(__file__).parent / "node/waits.mjs"


@pytest.fixture
def timed(launch, rules, sim, request):
    """A gateway whose policy has this of `resilience`."""

    def start(version: str = list(ENVOYS)[-1], workers: int = 1, models=None, **resilience):
        sim.reset()
        own = copy.deepcopy(rules)
        own["resilience"] = {"attempts": 3, "idle_timeout": f"{IDLE}s", **resilience}
        for name, more in (models or {}).items():
            own["models"][name].update(more)
        own["chains"]["two"] = ["claude", "gpt"]
        own["routes"].append({"models": ["two"], "chain": "two"})
        bootstrap = render(own, paths.LOGS / f"time-{request.node.name}")
        return launch(bootstrap, version=version, workers=workers)

    return start


def last(gateway, count: int = 1) -> dict:
    """The line of the access log of the last of so many requests."""
    log = gateway.envoy.wait_for(
        "the log", lambda: len(gateway.envoy.access_log()) >= count and gateway.envoy.access_log()
    )
    return log[-1]


SLOW_STARTS = {
    "before headers": {"silent": True},
    "after headers": {"stall": "after_headers"},
    "after pings": {"stall": {"after_events": 0}},
}


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("weather", SLOW_STARTS)
def test_a_provider_that_says_nothing_is_left_within_the_first_token_timeout(
    timed, sim, version, weather
):
    gateway = timed(version, first_token_timeout=f"{FIRST_MS}ms")
    sim.weather(CLAUDE, **SLOW_STARTS[weather])
    for count, ask in enumerate((gateway.chat, gateway.messages), 1):
        since = time.monotonic()
        answer = ask("[mark:3]", model="two", stream=True)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-tradewind-model"] == "gpt" and "mark:3" in answer.text
        assert FIRST_MS / 1000 <= time.monotonic() - since < IDLE
        attempts = last(gateway, count)["attempts"]
        assert [own["outcome"] for own in attempts] == ["silent", "answered"]
    for request in sim.requests():
        assert not [name for name in request.headers if name.startswith("x-envoy")]


def test_each_model_has_its_own_time_once_its_headers_are_there(timed, sim):
    gateway = timed(
        first_token_timeout="2500ms", models={"claude": {"first_token_timeout": "500ms"}}
    )
    sim.weather(CLAUDE, stall="after_headers")
    answer = gateway.chat(model="two", stream=True)
    assert answer.headers["x-tradewind-model"] == "gpt"
    first, _ = last(gateway)["attempts"]
    assert first["outcome"] == "silent" and 500 <= first["ms"] < 2_000


def test_an_answer_that_is_not_streamed_has_the_time_that_it_needs(timed, sim):
    gateway = timed(first_token_timeout="500ms")
    sim.weather(CLAUDE, latency_ms=1_500)
    answer = gateway.chat(model="two")
    assert answer.headers["x-tradewind-model"] == "claude"


@pytest.mark.parametrize("version", ENVOYS)
def test_a_long_stream_is_never_cut(timed, sim, version):
    bounds = {"first_token_timeout": "1500ms", "deadline": {"most": "2s"}, "idle_timeout": "2s"}
    gateway = timed(version, **bounds)
    # Longer than each of them, and far less between two events.
    sim.weather(CLAUDE, chunk_delay_ms=200, words=20)
    since = time.monotonic()
    answer = gateway.chat(model="two", stream=True)
    assert answer.text.rstrip().endswith("[DONE]") and time.monotonic() - since > 3
    assert [own["outcome"] for own in last(gateway)["attempts"]] == ["answered"]


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("after", [1, 3])
def test_a_stream_that_falls_silent_is_cut_whatever_time_its_first_token_had(
    timed, sim, version, after
):
    gateway = timed(version, first_token_timeout="1500ms", idle_timeout="2s")
    # That time is over before it is cut, and from then on Envoy looks after nothing of the attempt.
    sim.weather(CLAUDE, stall={"after_events": after}, chunk_delay_ms=250, words=20)
    since = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        gateway.chat(model="two", stream=True)
    assert 2 <= time.monotonic() - since < 6
    assert [own["outcome"] for own in last(gateway)["attempts"]] == ["cut"]


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_app_waits_no_longer_than_its_deadline_over_all_attempts(timed, sim, version, stream):
    gateway = timed(version, deadline={"most": "2s"}, idle_timeout="1400ms")
    sim.weather(CLAUDE, silent=True)
    sim.weather(GPT, silent=True)
    for count, ask in enumerate((gateway.chat, gateway.messages), 1):
        since = time.monotonic()
        answer = ask(model="two", stream=stream)
        assert 2 <= time.monotonic() - since < 3.5
        assert answer.status_code == 504
        assert "no answer began within 2000 ms" in answer.text and "`gpt`" in answer.text
        assert answer.headers["x-tradewind-attempts"] == "2"
        told = last(gateway, count)
        assert [own["outcome"] for own in told["attempts"]] == ["silent", "deadline"]
        assert told["outcome"] == "deadline"
    assert answer.json()["type"] == "error"
    assert gateway.chat(model="gemini").status_code == 200


def test_an_app_lowers_its_deadline_and_never_raises_it(timed, sim):
    gateway = timed(deadline={"most": "1500ms", "header": "x-request-timeout-ms"})
    sim.weather(CLAUDE, silent=True)

    def ask(value: str) -> tuple[httpx.Response, float]:
        body = {"model": "claude", "messages": [{"role": "user", "content": "hello"}]}
        headers = {"authorization": f"Bearer {APP_KEY}", "x-request-timeout-ms": value}
        since = time.monotonic()
        answer = httpx.post(
            f"{gateway.url}{CHAT}", json=body, headers=headers, timeout=30, trust_env=False
        )
        return answer, time.monotonic() - since

    answer, took = ask("400")
    assert answer.status_code == 504 and 0.4 <= took < 1.4
    answer, took = ask("60000")
    assert answer.status_code == 504 and 1.5 <= took < 2.9
    answer, _ = ask("soon")
    assert answer.status_code == 400 and "x-request-timeout-ms" in answer.text


# What the SDKs for Python write by themselves, and how.
STAINLESS = ["x-stainless-timeout", "x-stainless-read-timeout"]


@pytest.mark.core
@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("header", STAINLESS)
def test_an_sdk_says_how_long_its_app_waits(timed, sim, version, header):
    gateway = timed(version, deadline={"most": "20s", "header": header})
    say = [{"role": "user", "content": "[mark:9]"}]
    for timeout in (600, 30.0, 2.5, 0.9, None, httpx.Timeout(10, read=None)):
        app = gateway.openai(timeout=timeout)
        answer = app.chat.completions.create(model="claude", messages=say)
        assert "mark:9" in answer.choices[0].message.content
    for timeout in (600, 30.0, 2.5, 0.9, None):
        app = gateway.anthropic(timeout=timeout)
        answer = app.messages.create(model="claude", messages=say, max_tokens=20)
        assert "mark:9" in answer.content[0].text
    for timeout in (600_000, 2_500, 900):
        assert node_waits(gateway, timeout) == {"answered": True}
    sim.weather(CLAUDE, silent=True)
    for value, least, most in (("0.5", 0.5, 2), ("1.25", 1.25, 3)):
        since = time.monotonic()
        with pytest.raises(openai.InternalServerError, match="no answer began within"):
            app, own = gateway.openai(), {header: value}
            app.chat.completions.create(model="claude", messages=say, extra_headers=own)
        with pytest.raises(anthropic.InternalServerError, match="no answer began within"):
            ask = gateway.anthropic().messages.create
            ask(model="claude", messages=say, max_tokens=20, extra_headers=own)
        assert 2 * least <= time.monotonic() - since < 2 * most


@pytest.mark.parametrize("version", ENVOYS)
def test_an_sdk_for_node_says_it_in_whole_seconds(timed, sim, version):
    gateway = timed(version, deadline={"most": "20s", "header": STAINLESS[0]})
    sim.weather(CLAUDE, silent=True)
    # Its header says 1, and the gateway answers before it leaves.
    assert node_waits(gateway, 1_900) == {"status": 504}


def node_waits(gateway, timeout: int) -> dict:
    """What an app for Node has of a request with this timeout in milliseconds."""
    command = ["node", WAITS, paths.NODE_MODULES, f"{gateway.url}/v1", APP_KEY, str(timeout)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("version", ENVOYS)
def test_of_several_times_the_least_counts(timed, sim, version):
    gateway = timed(version, deadline={"most": "20s", "header": STAINLESS[0]})
    sim.weather(CLAUDE, silent=True)
    body = {"model": "claude", "messages": [{"role": "user", "content": "hello"}]}
    own = [("authorization", f"Bearer {APP_KEY}")]
    for values, status in ((["30", "0.6", "NOT_GIVEN"], 504), (["30", "soon"], 400)):
        headers = own + [(STAINLESS[0], value) for value in values]
        answer = httpx.post(
            f"{gateway.url}{CHAT}", json=body, headers=headers, timeout=30, trust_env=False
        )
        assert answer.status_code == status, answer.text


HINTS = {
    "longer": ({"retry-after": "9", "retry-after-ms": "0"}, "9"),
    "milliseconds": ({"retry-after-ms": "2500"}, "3"),
    "below zero": ({"retry-after": "-5"}, None),
    "no number": ({"retry-after": "1e99"}, None),
    "a hundred digits": ({"retry-after": "9" * 100}, "86400"),
    "year 9999": ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, "86400"),
    "RFC 850": ({"retry-after": "Friday, 31-Dec-49 23:59:59 GMT"}, "86400"),
    "asctime": ({"retry-after": "Fri Dec 31 23:59:59 2049"}, "86400"),
    "reset": (
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30.5s"},
        "91",
    ),
}


@pytest.mark.parametrize("version", ENVOYS)
def test_an_app_is_told_a_sane_wait(timed, sim, version):
    gateway = timed(version)
    for name, (headers, told) in HINTS.items():
        sim.reset()
        sim.weather(CLAUDE, status=429, headers=headers)
        answer = gateway.chat(model="claude")
        assert answer.status_code == 429, name
        waits = [(own, value) for own, value in answer.headers.items() if "retry-after" in own]
        assert waits == ([("retry-after", told)] if told else []), name
        assert not [own for own in answer.headers if "reset" in own]


def test_no_model_is_asked_when_too_little_is_left(timed, sim):
    gateway = timed(deadline={"most": "1s"}, idle_timeout="850ms")
    sim.weather(CLAUDE, silent=True)
    answer = gateway.chat(model="two")
    assert answer.status_code == 504 and "`claude` did not answer in time" in answer.text
    (attempt,) = last(gateway)["attempts"]
    assert attempt["outcome"] == "silent" and attempt["stopped_by"] == "deadline"
    assert [request.model for request in sim.requests()] == [CLAUDE]


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("weather", [{"status": 529}, {"reset": "before_headers"}], ids=str)
def test_retries_are_a_share_of_what_is_in_flight(timed, sim, version, weather):
    gateway = timed(version, idle_timeout="10s", retry_budget={"share": "10%", "at_least": 4})
    # All are at the second model while the others fail at the first.
    sim.weather(CLAUDE, latency_ms=300, **weather)
    sim.weather(GPT, latency_ms=2_000)
    with ThreadPoolExecutor(40) as apps:
        answers = list(apps.map(lambda _: gateway.chat(model="two"), range(40)))
    served = [own for own in answers if own.status_code == 200]
    refused = [own for own in answers if own.status_code != 200]
    assert 4 <= len(served) <= 8
    assert {own.status_code for own in refused} == {weather.get("status", 503)}
    assert {own.headers["retry-after"] for own in refused} == {"1"}
    assert sum(request.model == GPT for request in sim.requests()) == len(served)
    stopped = [
        own["attempts"][0].get("stopped_by") for own in gateway.envoy.access_log()
    ]
    assert stopped.count("retry_budget") == len(refused)
    labels = (("model", "claude"),)
    counted = gateway.envoy.wait_for(
        "the counter",
        lambda: gateway.envoy.counters("tradewind_retries_over_budget_total").get(labels),
    )
    assert counted == len(refused)


@pytest.mark.parametrize("version", ENVOYS)
def test_an_attempt_that_ends_with_its_apps_patience_is_the_last(timed, sim, version):
    """Envoy or the gateway gives it up first, by a moment: nobody else is asked."""
    gateway = timed(version, deadline={"most": "1s"}, idle_timeout="1s")
    sim.weather(GPT, silent=True)
    for _ in range(4):
        answer = gateway.chat(model="gpt")
        assert answer.status_code == 504, answer.text
        told = ["no answer began within 1000 ms: `gpt` was asked", "`gpt` did not answer in time"]
        assert answer.json()["error"]["message"] in told
        assert answer.headers["x-tradewind-attempts"] == "1"
    assert len(sim.requests()) == 4
