"""Limits hold across the workers of a proxy, let go of what is over, and end loops."""

import copy
import hashlib
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import anthropic
import httpx
import openai
import pytest

from conftest import ENVOYS, NEWEST
from support import paths
from support.discovery import discovered, replace
from support.gateway import CHAT, Gateway, render
from support.policy import CLAUDE, GPT

# What flows in is so little that it can be neglected: what gets through is what a full bucket has.
ONCE = {"per": "day"}
BURST = 400
TOKENS = 12_000
BURSTING = 10_000
RUNNING = 4
STEPS = 5
RULES = [
    {"requests": 1, **ONCE, "burst": BURST, "tenants": ["counted"], "name": "counted"},
    {"requests": 1, **ONCE, "burst": BURST, "tenants": ["reloaded"], "name": "reloaded"},
    {"tokens": 1, **ONCE, "burst": TOKENS, "tenants": ["eaten"]},
    {"tokens": 1, **ONCE, "burst": BURSTING, "tenants": ["bursting"], "name": "bursting"},
    {"concurrent": RUNNING, "tenants": ["running"]},
    {"requests": 1, **ONCE, "tenants": ["watched"], "observe": True, "name": "watched"},
    {"requests": 60, "per": "minute", "burst": 2, "tenants": ["told"]},
    {"tokens": 60_000, "per": "minute", "tenants": ["told"]},
]
TENANTS = ["counted", "reloaded", "eaten", "bursting", "running", "watched", "told", "looping"]


def limited(rules: dict) -> dict:
    """The policy with limits, each for a tenant of its own."""
    own = copy.deepcopy(rules)
    keys = own["identity"][0]["api_key"]["keys"]
    for tenant in TENANTS:
        keys.append({"sha256": hashlib.sha256(key(tenant).encode()).hexdigest(), "tenant": tenant})
    own["request_headers"] = ["x-session"]
    own["limits"]["rate"] = copy.deepcopy(RULES)
    own["limits"]["session"] = {"by": {"header": "x-session"}, "requests": STEPS}
    return own


def key(tenant: str) -> str:
    return f"key-of-{tenant}"


@pytest.fixture(scope="module")
def limited_gateways():
    """What is running, by setup."""
    running = {}
    yield running
    for gateway in running.values():
        gateway.stop()


@pytest.fixture
def gateway(setup, limited_gateways, rules):
    """A gateway with limits, in fair weather."""
    if setup not in limited_gateways:
        version, workers = setup
        folder = paths.LOGS / f"limits-{version}-{workers}w"
        bootstrap = render(limited(rules), folder)
        limited_gateways[setup] = Gateway(ENVOYS[version], bootstrap, workers, folder)
    return limited_gateways[setup]


def ask(url: str, tenant: str, http=httpx, model: str = "gpt", **more) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}
    headers = {"authorization": f"Bearer {key(tenant)}"}
    return http.post(url + CHAT, json=body, headers=headers, timeout=30)


def crowd(url: str, tenant: str, requests: int, threads: int = 16, **more) -> list[httpx.Response]:
    """So many requests on connections of their own, which come to all workers."""

    def some(_) -> list[httpx.Response]:
        with httpx.Client(trust_env=False) as http:
            return [ask(url, tenant, http, **more) for _ in range(requests // threads)]

    with ThreadPoolExecutor(threads) as pool:
        return [answer for answers in pool.map(some, range(threads)) for answer in answers]


def counted(gateway, rule: str, **expected: int) -> None:
    """Waits until a rule has counted that: workers tell of it once a second."""
    end = time.monotonic() + 10
    while True:
        found = gateway.envoy.counters("tradewind_limits_total")
        own = {dict(labels)["outcome"]: n for labels, n in found.items() if rule in str(labels)}
        if all(own.get(outcome) == count for outcome, count in expected.items()):
            return
        assert time.monotonic() < end, own
        time.sleep(0.1)


@pytest.mark.core
def test_no_more_requests_get_through_than_there_are(gateway, sim):
    answers = crowd(gateway.url, "counted", 800)
    assert Counter(answer.status_code for answer in answers) == {200: BURST, 429: 800 - BURST}
    assert len(sim.requests()) == BURST, "what is refused reaches no provider"
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) > 80_000
    assert refused.headers["x-should-retry"] == "false"
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    counted(gateway, "counted", allowed=BURST, limited=800 - BURST)


@pytest.mark.core
def test_tokens_are_counted_as_they_were_used(gateway):
    answers = crowd(gateway.url, "eaten", 1600)
    assert Counter(answer.status_code for answer in answers).keys() == {200, 429}
    used = [answer.json()["usage"]["total_tokens"] for answer in answers if answer.is_success]
    # Those that ran when the last got in may have used more than was estimated.
    assert TOKENS * 0.98 <= sum(used) <= TOKENS * 1.02, (len(used), max(used), sum(used))


@pytest.mark.core
def test_a_burst_of_long_answers_keeps_to_what_there_is(gateway, sim):
    sim.weather(GPT, latency_ms=1500, words=300)
    used = []
    # Nobody knows how long its answers are, then its app says how long they may be.
    for more in ({}, {"max_tokens": 900}):
        answers = crowd(gateway.url, "bursting", 200, threads=200, **more)
        assert Counter(answer.status_code for answer in answers).keys() <= {200, 429}
        own = [answer.json()["usage"]["total_tokens"] for answer in answers if answer.is_success]
        used += own
        assert len(own) < 200 and max(used) < 900, own
    assert BURSTING / 2 <= sum(used) <= BURSTING, used


def at_once(gateway, count: int = RUNNING * 3, **more) -> Counter:
    """How many of these requests get in, when all of them run at once."""
    answers = crowd(gateway.url, "running", count, threads=count, **more)
    return Counter(answer.status_code for answer in answers)


def settled(gateway) -> None:
    """Waits until nothing runs: an app's end is heard of a little later."""
    end = time.monotonic() + 10
    while True:
        with suppress(AssertionError):
            assert at_once(gateway, RUNNING)[200] == RUNNING
            return
        assert time.monotonic() < end, "what was over still counts as running"


@pytest.mark.core
def test_as_many_run_at_once_as_may(gateway, sim):
    sim.weather(GPT, latency_ms=1500)
    assert at_once(gateway) == {200: RUNNING, 429: RUNNING * 2}
    # Their end is told once the app has its answer, and then the next ones get in.
    time.sleep(0.5)
    assert at_once(gateway) == {200: RUNNING, 429: RUNNING * 2}


@pytest.mark.core
@pytest.mark.parametrize(
    "weather, status",
    [({"status": 500}, 503), ({"reset": "before_headers"}, 503), ({"close": {"after_events": 1}}, 200)],
    ids=["fails", "resets", "cut"],
)
def test_what_fails_runs_no_longer(gateway, sim, weather, status):
    sim.weather(GPT, **weather)
    for _ in range(RUNNING * 2):
        with suppress(httpx.TransportError):
            assert ask(gateway.url, "running", stream=status == 200).status_code != 429
    sim.reset()
    settled(gateway)


@pytest.mark.core
def test_what_fails_over_runs_once(gateway, sim):
    sim.weather(CLAUDE, status=529)
    sim.weather(GPT, latency_ms=1500)
    assert at_once(gateway, model="auto") == {200: RUNNING, 429: RUNNING * 2}
    settled(gateway)


@pytest.mark.core
def test_who_leaves_runs_no_longer(gateway, sim):
    sim.weather(GPT, chunk_delay_ms=300)
    for _ in range(RUNNING * 2):
        body = {"model": "gpt", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
        headers = {"authorization": f"Bearer {key('running')}"}
        url = gateway.url + CHAT
        with httpx.stream("POST", url, json=body, headers=headers, timeout=30) as answer:
            if answer.status_code == 429:
                time.sleep(0.2)  # the worker has not heard of the last one's end yet
                continue
            next(answer.iter_lines())
    sim.reset()
    settled(gateway)


@pytest.mark.core
def test_a_rule_that_observes_refuses_nothing(gateway):
    answers = [ask(gateway.url, "watched") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert not [name for name in answers[0].headers if "ratelimit" in name]
    counted(gateway, "watched", allowed=1, observed=3)

    def watched() -> list[dict]:
        return [line for line in gateway.envoy.access_log() if line.get("tenant") == "watched"]

    gateway.envoy.wait_for("the log", lambda: len(watched()) >= 4)
    lines = watched()
    assert [line.get("over_limits") for line in lines] == [None, *[["watched"]] * 3]


@pytest.mark.core
def test_the_sdks_read_what_is_left(gateway):
    raw = gateway.openai(key("told")).chat.completions.with_raw_response
    say = [{"role": "user", "content": "hello"}]
    answer = raw.create(model="gpt", messages=say)
    left = {name: value for name, value in answer.headers.items() if "x-ratelimit" in name}
    assert left["x-ratelimit-limit-requests"] == "2"
    assert left["x-ratelimit-remaining-requests"] == "1"
    assert left["x-ratelimit-limit-tokens"] == "60000"
    assert set(left) == {
        f"x-ratelimit-{what}-{of}"
        for what in ("limit", "remaining", "reset")
        for of in ("requests", "tokens")
    }
    client = gateway.anthropic(key("told"))
    answer = client.messages.with_raw_response.create(model="gpt", messages=say, max_tokens=50)
    assert answer.headers["anthropic-ratelimit-requests-limit"] == "2"
    assert answer.headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert int(answer.headers["anthropic-ratelimit-tokens-remaining"]) > 59_000
    refused = []
    for _ in range(3):
        try:
            client.messages.create(model="gpt", messages=say, max_tokens=50)
        except anthropic.RateLimitError as error:
            refused.append(error)
    assert refused and refused[0].response.headers["retry-after"] == "1"
    # By itself the SDK waits as long as it is asked to, and gets its answer.
    patient = gateway.openai(key("told"), max_retries=3)
    assert patient.chat.completions.create(model="gpt", messages=say).choices


@pytest.mark.core
@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_an_agent_that_loops_gets_to_an_end(gateway, sim, client):
    session = {"x-session": f"{client}-{time.time_ns()}"}
    say = [{"role": "user", "content": "hello"}]
    # As the SDKs are: they try again by themselves what they may.
    own = getattr(gateway, client)(key("looping"), max_retries=2, default_headers=session)
    errors = (openai.BadRequestError, anthropic.BadRequestError)
    steps = 0
    with pytest.raises(errors) as told:
        while steps < STEPS * 10:
            if client == "openai":
                own.chat.completions.create(model="gpt", messages=say)
            else:
                own.messages.create(model="gpt", messages=say, max_tokens=50)
            steps += 1
    assert steps == STEPS and len(sim.requests()) == STEPS
    assert "x-session" in str(told.value) and "limits.session" in str(told.value)
    time.sleep(0.5)
    lines = [line for line in gateway.envoy.access_log() if line.get("tenant") == "looping"]
    refused = [line for line in lines if line.get("limited_by") == "session"]
    assert len(refused) == (1 if client == "openai" else 2), "nobody tries again by himself"


def edge(listener: dict) -> dict:
    """The edge role's configuration within a listener."""
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager["http_filters"][0]["typed_config"]["config"]["configuration"]


def test_a_new_policy_forgets_nothing_that_a_rule_has_given(launch, rules):
    folder = paths.LOGS / "limits-reload"
    file = folder / "listener.json"
    policy = limited(rules)
    bootstrap = render(policy, folder)
    listener = copy.deepcopy(bootstrap["static_resources"]["listeners"][0])
    gateway = launch(discovered(bootstrap, file), NEWEST, 4)
    configuration = json.loads(edge(listener)["value"])

    def change(turn: int) -> None:
        own = copy.deepcopy(policy)
        own["limits"]["rate"].reverse()
        own["limits"]["rate"] = own["limits"]["rate"][turn % 3 :]  # others come and go
        if turn % 2:
            own["limits"]["rate"].insert(0, {"requests": 900 + turn, "per": "hour"})
        edge(listener)["value"] = json.dumps({**configuration, "policy": own})
        replace(file, listener)

    def some(_) -> list[int]:
        answers = []
        for _ in range(50):
            # The old listener drains: it closes the connections that it has.
            with suppress(httpx.TransportError):
                answers.append(ask(gateway.url, "reloaded").status_code)
        return answers

    with ThreadPoolExecutor(16) as pool:
        running = pool.map(some, range(16))
        for turn in range(4):
            change(turn)
            time.sleep(0.7)
        statuses = Counter(status for answers in running for status in answers)
    assert gateway.envoy.stats("listener_manager.lds.update_success")
    assert statuses[200] <= BURST, statuses
    assert statuses[200] >= BURST * 0.98 and statuses[429] > 100, statuses
