"""Limits that several proxies share: what the service is asked, and what apps are told of it."""

import copy
import hashlib
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import anthropic
import httpx
import openai
import pytest

from conftest import ENVOYS
from support.credits import credits_policy
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY, CLAUDE, GPT
from support.ratelimit import RESET, RateLimits
from support.server import ClosedPort

EACH = pytest.mark.parametrize("version", ENVOYS)
REQUESTS, TOKENS = ("counts", "requests"), ("counts", "tokens")
ACME = ("tenant", "acme")
KEYS = {
    APP_KEY: {"tenant": "acme"},
    "key-of-ci": {"tenant": "acme", "user": "ci", "key": "nightly"},
    "key-of-globex": {"tenant": "globex", "user": "ci"},
}
BY_TENANT = [{"by": ["tenant"]}]


@pytest.fixture
def service():
    running = RateLimits()
    yield running
    running.stop()


def policy(rules: dict, url: str, descriptors: list[dict], **more) -> dict:
    """The policy with limits that this service counts."""
    own = copy.deepcopy(rules)
    keys = [{"sha256": hashlib.sha256(key.encode()).hexdigest(), **who} for key, who in KEYS.items()]
    own["identity"] = [{"api_key": {"keys": keys}}]
    # A busy machine may be slow, and no service of a test is.
    shared = {"endpoint": url, "timeout": "5s", "descriptors": descriptors, **more}
    own["limits"]["global"] = shared
    return own


def ask(gateway, key: str = APP_KEY, path: str = CHAT, model: str = "gpt", headers=(), **more):
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}
    if path == MESSAGES:
        body["max_tokens"] = 100
    own = {"authorization": f"Bearer {key}", **dict(headers)}
    return httpx.post(gateway.url + path, json=body, headers=own, timeout=30, trust_env=False)


def until(what: str, holds) -> None:
    """Waits for what comes a moment after an answer."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@EACH
def test_two_proxies_share_a_limit(launch, rules, service, sim, tmp_path, version):
    service.limits = {(REQUESTS, ACME): 20}
    bootstrap = render(policy(rules, service.url, BY_TENANT), tmp_path)
    gateways = [launch(bootstrap, version, workers=2) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, gateways * 15))
    assert Counter(answer.status_code for answer in answers) == {200: 20, 429: 10}
    assert len(sim.requests()) == 20, "what is refused reaches no provider"
    for gateway in gateways:
        with pytest.raises(openai.RateLimitError) as refused:
            gateway.openai().chat.completions.create(
                model="gpt", messages=[{"role": "user", "content": "hello"}]
            )
        assert refused.value.code == "rate_limit_exceeded"
        with pytest.raises(anthropic.RateLimitError) as refused:
            gateway.anthropic().messages.create(
                model="claude", max_tokens=9, messages=[{"role": "user", "content": "hello"}]
            )
        assert refused.value.body["error"]["type"] == "rate_limit_error"
    # Another tenant has its own.
    assert ask(gateways[0], "key-of-globex").status_code == 200


@EACH
def test_apps_are_told_in_their_own_words(launch, rules, service, sim, tmp_path, version):
    service.limits = {(REQUESTS, ACME): 2}
    own = policy(rules, service.url, BY_TENANT)
    own["resilience"]["deadline"] = {"most": "30s", "header": "x-wait-ms"}
    gateway = launch(render(own, tmp_path), version)
    openai_names = [f"x-ratelimit-{what}-requests" for what in ("limit", "remaining", "reset")]
    anthropic_names = [f"anthropic-ratelimit-requests-{what}" for what in ("limit", "remaining")]
    # Envoy's own words for it go no further.
    envoys = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]

    def told(answer, names: list[str]) -> list[str]:
        assert not [name for name in [*envoys, "x-envoy-ratelimited"] if name in answer.headers]
        return [answer.headers[name] for name in names]

    answer = ask(gateway)
    assert answer.status_code == 200 and told(answer, openai_names) == ["2", "1", f"{RESET}s"]
    answer = ask(gateway, path=MESSAGES, model="claude")
    assert answer.status_code == 200 and told(answer, anthropic_names) == ["2", "0"]
    for stream in [False, True]:
        answer = ask(gateway, stream=stream)
        assert answer.status_code == 429
        assert told(answer, [*openai_names, "retry-after"]) == ["2", "0", f"{RESET}s", str(RESET)]
        error = answer.json()["error"]
        assert error["code"] == "rate_limit_exceeded" and f"{RESET} s" in error["message"]
        assert answer.headers["x-tradewind-request-id"]
    answer = ask(gateway, path=MESSAGES, model="claude")
    assert answer.status_code == 429 and told(answer, anthropic_names) == ["2", "0"]
    assert answer.headers["retry-after"] == str(RESET)
    assert answer.json()["error"]["type"] == "rate_limit_error"

    def refused():
        lines = [own for own in gateway.envoy.access_log() if own.get("limited_by") == "global"]
        return len(lines) == 3 and lines

    [line, *_] = gateway.envoy.wait_for("lines of the log", refused)
    assert (line["outcome"], line["tenant"]) == ("refused", "acme") and "attempts" not in line
    name = "tradewind_global_limits_total"
    until("counted", lambda: 3 in gateway.envoy.counters(name).values())
    # Nor do they with what the gateway says itself, once the service has let a request through.
    service.limits = {(REQUESTS, ACME): 1_000}
    sim.weather(GPT, latency_ms=1_500)
    answer = ask(gateway, headers={"x-wait-ms": "300"})
    assert answer.status_code == 504 and told(answer, []) == []


@EACH
def test_the_service_is_told_who_asks_for_what(launch, rules, service, tmp_path, version):
    descriptors = [
        {"by": ["tenant"]},
        {"by": ["tenant", "user"]},
        {"by": ["tenant", "key", "model"]},
        {"by": ["model"]},
    ]
    own = policy(rules, service.url, descriptors, domain="shop")
    own["routes"][0]["models"] = ["auto", "best"]
    gateway = launch(render(own, tmp_path), version)

    def asked(*request, **more) -> list:
        service.asked.clear()
        assert ask(gateway, *request, **more).status_code == 200
        [one] = service.asked
        assert one.domain == "shop" and one.authority == service.url.removeprefix("http://")
        assert {adds for _, adds in one.descriptors} == {None}
        return [entries for entries, _ in one.descriptors]

    ci, nightly, model = ("user", "ci"), ("key", "nightly"), ("model", "gpt")
    # Who has no user is not asked about as one.
    assert asked() == [(REQUESTS, ACME), (REQUESTS, model)]
    assert asked("key-of-ci") == [
        (REQUESTS, ACME), (REQUESTS, ACME, ci), (REQUESTS, ACME, nightly, model),
        (REQUESTS, model),
    ]
    globex = ("tenant", "globex")
    assert asked("key-of-globex", path=MESSAGES) == [
        (REQUESTS, globex), (REQUESTS, globex, ci), (REQUESTS, model),
    ]
    # A route has one name here, whichever an app calls it by.
    assert asked(model="best")[-1] == (REQUESTS, ("model", "auto"))
    # What an app says of itself is nothing.
    forged = {"x-tenant": "victim", "x-user": "root", "x-tradewind-tenant": "victim", "tenant": "v"}
    forged |= {"x-ratelimit-domain": "v", "wasm.tw.limit.tenant": "victim", "tw.limit.user": "root"}
    forged |= {"x-envoy-ratelimited": "true", "x-ratelimit-limit": "1"}
    assert asked(headers=forged) == [(REQUESTS, ACME), (REQUESTS, model)]

    # What no model is asked for is nobody's.
    service.asked.clear()
    bearer = {"authorization": f"Bearer {APP_KEY}"}
    assert httpx.get(f"{gateway.url}/v1/models", headers=bearer).status_code == 200
    assert ask(gateway, model="nobody").status_code == 404
    assert ask(gateway, "wrong-key").status_code == 401
    body = {"model": "claude", "messages": [{"role": "user", "content": "hello"}]}
    counted = httpx.post(f"{gateway.url}{MESSAGES}/count_tokens", json=body, headers=bearer)
    assert counted.status_code == 200
    assert service.asked == []
    assert "Invalid hits_addend" not in gateway.envoy.log.read_text()


@EACH
def test_tokens_are_told_when_they_have_been_used(launch, rules, service, sim, tmp_path, version):
    by = {"by": ["tenant"], "counts": "tokens"}
    own = policy(rules, service.url, [*BY_TENANT, by])
    gateway = launch(render(own, tmp_path), version)
    usage = ask(gateway).json()["usage"]
    all_tokens = usage["prompt_tokens"] + usage["completion_tokens"]
    until("told", lambda: service.told(TOKENS, ACME) == [0, all_tokens])
    assert service.told(REQUESTS, ACME) == [None]

    answer = ask(gateway, stream=True, stream_options={"include_usage": True})
    assert f'"total_tokens":{all_tokens}' in answer.text.replace(" ", "")
    until("told", lambda: service.told(TOKENS, ACME)[2:] == [0, all_tokens])

    # After a failover as well; what is refused by the gateway itself has used none.
    sim.weather(CLAUDE, status=529)
    assert ask(gateway, model="auto").status_code == 200
    until("told", lambda: len(service.told(TOKENS, ACME)) == 6)
    assert service.told(TOKENS, ACME)[4] == 0 and service.told(TOKENS, ACME)[5] > 0
    assert ask(gateway, model="nobody").status_code == 404

    # Whoever has used more than there is waits.
    service.limits = {(TOKENS, ACME): 3}
    answer = ask(gateway)
    assert answer.status_code == 429 and answer.headers["retry-after"] == str(RESET)
    # Whether requests or tokens are left Envoy does not tell.
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]
    until("told", lambda: service.told(TOKENS, ACME)[6:] == [0, 0])
    assert "Invalid hits_addend" not in gateway.envoy.log.read_text()


@EACH
@pytest.mark.parametrize("what", ["refused", "silent"])
def test_while_the_service_is_away(launch, rules, service, sim, tmp_path, version, what):
    closed = ClosedPort()
    service.silent = True
    url = closed.url if what == "refused" else service.url
    for does, status in [("allow", 200), ("deny", 503)]:
        own = policy(rules, url, BY_TENANT, timeout="200ms", on_unavailable=does)
        own["resilience"]["fallback"] = [{"reply": "Later."}]
        gateway = launch(render(own, tmp_path / does), version)
        answers = [ask(gateway), ask(gateway, path=MESSAGES, model="claude")]
        assert [answer.status_code for answer in answers] == [status, status], does
        if does == "deny":
            # Nothing stands in for what was not to run.
            assert answers[0].json()["error"]["code"] == "server_overloaded"
            assert answers[1].json()["error"]["type"] == "overloaded_error"
            assert {answer.headers["retry-after"] for answer in answers} == {"1"}
            assert sum(gateway.envoy.stats("ratelimit.error$").values()) == 2
        else:
            assert sum(gateway.envoy.stats("ratelimit.failure_mode_allowed$").values()) == 2
    assert len(sim.requests()) == 2
    closed.stop()


@EACH
def test_what_is_refused_gets_everything_back(
    launch, rules, service, sim, ledger, purses, tmp_path, version
):
    own = policy(rules, service.url, [{"by": ["tenant"]}])
    paid = credits_policy(own, ledger.url)
    paid["limits"]["rate"] = [
        {"requests": 1, "per": "day", "burst": 3},
        {"tokens": 100_000, "per": "day"},
        {"concurrent": 1},
    ]
    paid["request_headers"] = ["x-session"]
    paid["limits"]["session"] = {"by": {"header": "x-session"}, "requests": 3}
    gateway = launch(render(paid, tmp_path), version)
    purse = purses.new("5")
    service.limits = {(REQUESTS, ("tenant", purse.tenant)): 0}
    for _ in range(6):
        answer = ask(gateway, purse.key(), headers={"x-session": "one"})
        assert answer.status_code == 429 and "limits.global" in answer.text
    until("free", lambda: purse.account()["open_holds"] == 0)
    assert purse.balance() == 5
    service.limits = {}
    for _ in range(3):
        answer = ask(gateway, purse.key(), headers={"x-session": "one"})
        assert answer.status_code == 200, answer.text
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    # Its own limits are the first to refuse, and ask nobody.
    service.asked.clear()
    answer = ask(gateway, purse.key(), headers={"x-session": "one"})
    assert answer.status_code in (400, 429) and service.asked == []
    assert len(sim.requests()) == 3
