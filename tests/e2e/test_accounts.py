"""Several keys of one provider: the next one serves where the one before it takes no request."""

import copy
import time

import pytest

from support import paths
from support.gateway import render
from support.policy import KEYS

FIRST, SECOND = "sk-first-account-0001", "sk-second-account-0002"
WAITS = 3


@pytest.fixture
def accounts(launch, rules, sim, request):
    """A gateway of two workers whose OpenAI has two accounts, with a breaker or without."""

    def start(breaker: bool):
        sim.reset()
        own = copy.deepcopy(rules)
        openai = own["providers"]["openai"]
        del openai["secret"]
        openai["accounts"] = [
            {"name": "first", "secret": "first-key"},
            {"name": "second", "secret": "second-key"},
        ]
        own["resilience"]["attempts"] = 6
        if breaker:
            own["resilience"]["breaker"] = {"max_open_for": "1m"}
        folder = paths.LOGS / f"accounts-{request.node.name}"
        secrets = folder / "secrets"
        secrets.mkdir(parents=True, exist_ok=True)
        for name, key in [("first", FIRST), ("second", SECOND)]:
            (secrets / f"{name}-key").write_text(key)
        return launch(render(own, folder), workers=2)

    return start


def keys(sim) -> list[str]:
    """The accounts that the provider has seen, by the keys that came."""
    names = {f"Bearer {FIRST}": "first", f"Bearer {SECOND}": "second"}
    seen = []
    for request in sim.requests():
        seen.append(names[request.headers["authorization"]])
        everything = repr((request.headers, request.path, request.body))
        for key in [FIRST, SECOND, *KEYS.values()]:
            assert key not in everything or f"Bearer {key}" == request.headers["authorization"]
    return seen


def served(gateway, **more) -> None:
    answer = gateway.chat(model="gpt", **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == "gpt"


def test_without_a_breaker_each_request_goes_on_by_itself(accounts, sim):
    gateway = accounts(breaker=False)
    served(gateway)
    assert keys(sim) == ["first"]
    for status in (429, 402, 401):
        sim.reset()
        sim.weather("*", status=status, times=1)
        served(gateway, stream=status == 429)
        served(gateway)
        assert keys(sim) == ["first", "second", "first"], status


def test_an_account_is_left_alone_for_as_long_as_it_asks(accounts, sim):
    gateway = accounts(breaker=True)
    sim.weather("*", status=429, retry_after=str(WAITS), times=1)
    since = time.monotonic()
    served(gateway)
    assert keys(sim) == ["first", "second"]
    asked = 0
    while time.monotonic() - since < WAITS - 0.5:
        served(gateway, stream=asked % 2 == 1)
        asked += 1
        if time.monotonic() - since < WAITS:
            assert keys(sim) == ["first", *["second"] * (asked + 1)]
        time.sleep(0.1)
    time.sleep(max(0.0, since + WAITS + 0.5 - time.monotonic()))
    sim.reset()
    for _ in range(4):
        served(gateway)
    assert keys(sim) == ["first"] * 4
    labels = (("model", "gpt@first"), ("reason", "wait"))
    gateway.envoy.wait_for(
        "the count",
        lambda: gateway.envoy.counters("tradewind_breaker_opened_total").get(labels) == 1,
    )
