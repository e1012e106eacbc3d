"""What a provider takes too long for: its first token, the next one, or all that an app waits for."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, render
from support.policy import APP_KEY, CLAUDE, GPT

FIRST_MS, IDLE = 700, 3


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
