"""Envoy ends while requests run: what they cost is not lost with it."""

import copy
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from conftest import ENVOYS, NEWEST
from support import paths
from support.credits import credits_policy, request
from support.discovery import discovered, replace
from support.gateway import CHAT, render
from support.policy import GPT

STREAMS = 16
EACH = pytest.mark.parametrize("version", sorted(ENVOYS))


class Streams:
    """Apps in the middle of their streams."""

    def __init__(self, gateway, purse, words: int):
        self.ended = []
        self.begun = threading.Semaphore(0)
        body = request(CHAT, f"[words:{words}]", "gpt", stream=True)

        def app() -> None:
            ended, lines = False, 0
            try:
                with httpx.stream(
                    "POST", gateway.url + CHAT, json=body, headers=purse.headers(), timeout=60
                ) as response:
                    for line in response.iter_lines():
                        lines += 1
                        if lines == 20:
                            self.begun.release()
                        ended |= line == "data: [DONE]"
            except httpx.TransportError:
                pass
            self.ended.append(ended)

        self.apps = [threading.Thread(target=app) for _ in range(STREAMS)]
        for one in self.apps:
            one.start()
        for _ in self.apps:
            assert self.begun.acquire(timeout=30)

    def join(self) -> int:
        """How many came to their end."""
        for one in self.apps:
            one.join(60)
        return sum(self.ended)


# How an Envoy may be started: as the README has it, and with little time for what has begun.
DRAINS = {"documented": {"drain_s": 3600, "drain": "immediate"}, "short": {"drain_s": 1}}


def start(launch, rules, purses, sim, version, drain=DRAINS["short"], **credits):
    purse = purses.new("50")
    policy = credits_policy(rules, purses.ledger.url, http2=True, **credits)
    gateway = launch(render(policy, paths.LOGS / f"credits-end-{version}"), version, 4, **drain)
    sim.weather(GPT, chunk_delay_ms=50)
    return gateway, purse


@EACH
@pytest.mark.parametrize("drain", DRAINS.values(), ids=DRAINS)
def test_an_orderly_end_loses_nothing(launch, rules, purses, sim, version, drain):
    lease = {"credits": "1", "seconds": 60}
    gateway, purse = start(launch, rules, purses, sim, version, drain, lease=lease)
    streams = Streams(gateway, purse, 150)
    admin = str(gateway.envoy.admin.base_url).removeprefix("http://").rstrip("/")
    subprocess.run([paths.ROOT / "envoy/stop.sh", admin, "60"], check=True, timeout=90)
    assert streams.join() == STREAMS, "no stream is cut"
    gateway.envoy.process.wait(10)
    entries = purse.ledger.entries(purse.tenant)
    print(f"{version}: {len(entries)} of {STREAMS} settled, {purse.account()}")
    assert len([entry for entry in entries if entry.outcome == "answered"]) == STREAMS
    assert purse.balance() == 50 - sum(entry.credits for entry in entries)


@EACH
def test_a_plain_end_frees_what_it_does_not_settle_soon(launch, rules, purses, sim, version):
    gateway, purse = start(launch, rules, purses, sim, version, hold_for="3s")
    streams = Streams(gateway, purse, 2_000)
    time.sleep(1)
    gateway.envoy.process.terminate()
    gateway.envoy.process.wait(10)
    streams.join()
    end = time.monotonic() + 10
    while Decimal(purse.account()["held"]) > 0:
        assert time.monotonic() < end, "holds outlive their Envoy by seconds"
        time.sleep(0.1)
    entries = purse.ledger.entries(purse.tenant)
    print(f"{version}: {len(entries)} of {STREAMS} settled")
    assert len(entries) <= STREAMS
    # On a slow machine one may have come to its end before.
    assert {entry.outcome for entry in entries} <= {"cut", "answered"}
    assert purse.balance() == 50 - sum(entry.credits for entry in entries)


def test_credits_taken_out_of_the_policy_are_settled_all_the_same(
    launch, rules, purses, between
):
    purse = purses.new("50")
    folder = paths.LOGS / "credits-out"
    file = folder / "listener.json"
    policy = credits_policy(rules, between.url)
    gateway = launch(discovered(render(policy, folder), file), NEWEST, 4)
    between.turn("503", only="settlements")
    assert purse.ask(gateway, max_tokens=10).status_code == 200
    del policy["credits"]
    replace(file, copy.deepcopy(render(policy, folder)["static_resources"]["listeners"][0]))
    counted, end = 1, time.monotonic() + 8
    while True:
        try:
            answer = purse.ask(gateway, max_tokens=10)
        except httpx.TransportError:
            continue  # the old listener drains: it closes the connections it has
        assert answer.status_code == 200 and time.monotonic() < end
        if "x-tradewind-credits" not in answer.headers:
            break
        counted += 1
    time.sleep(2)  # the old listener is gone, and its plugin with it
    between.turn("fair")
    end = time.monotonic() + 5
    while purse.account()["open_holds"] > 0 or len(purse.ledger.entries(purse.tenant)) < counted:
        assert time.monotonic() < end, (counted, purse.account())
        time.sleep(0.05)
    # An answer may be lost with its connection; its charge is not, and is made once.
    charged = [entry.all["hold_id"] for entry in purse.ledger.entries(purse.tenant)]
    held = {call.json["hold_id"] for call in between.calls("holds", purse.tenant)}
    assert len(set(charged)) == len(charged) and set(charged) <= held


def test_128_apps_on_the_defaults_are_all_served(launch, rules, purses):
    policy = credits_policy(rules, purses.ledger.url)
    policy["credits"] = {"endpoint": purses.ledger.url, "secret": "ledger-key", "http2": True}
    gateway = launch(render(policy, paths.LOGS / "credits-defaults"), NEWEST, 4)
    apart = [purses.new("50") for _ in range(4)]
    end = time.monotonic() + 5

    def app(number: int) -> list[int]:
        answers, headers = [], apart[number % len(apart)].headers()
        # A client of its own: so many threads on one of them close each other's connections.
        with httpx.Client(base_url=gateway.url, headers=headers, trust_env=False) as client:
            while time.monotonic() < end:
                body = request(CHAT, "hi", "gpt")
                answers.append(client.post(CHAT, json=body, timeout=30).status_code)
        return answers

    with ThreadPoolExecutor(128) as apps:
        answers = [status for list_ in apps.map(app, range(128)) for status in list_]
    holds = gateway.envoy.counters("tradewind_holds_total")
    print(f"{len(answers)} answers, {holds}")
    assert set(answers) == {200} and len(answers) > 128
