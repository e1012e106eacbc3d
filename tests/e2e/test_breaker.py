"""A model that fails is left alone by all workers, and tried by one request when its time is over."""

import copy
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, render
from support.policy import APP_KEY, CLAUDE, GPT
from support.server import Server, read_request
from support.stubborn import EVENTS, chat_chunk, chunked

FAILURES, OPEN_FOR = 5, 2
APPS = 50


@pytest.fixture
def breaking(launch, rules, sim, request):
    """A gateway of four workers whose policy has this breaker."""

    def start(version: str = list(ENVOYS)[-1], **breaker):
        sim.reset()
        own = copy.deepcopy(rules)
        usual = {"failures": FAILURES, "open_for": f"{OPEN_FOR}s", "max_open_for": "4s"}
        own["resilience"]["breaker"] = {**usual, **breaker}
        own["chains"]["two"] = ["claude", "gpt"]
        own["routes"].append({"models": ["two"], "chain": "two"})
        bootstrap = render(own, paths.LOGS / f"breaker-{request.node.name}")
        return launch(bootstrap, version=version, workers=4)

    return start


def asked(sim, model: str) -> int:
    """How many requests have reached a model."""
    return sum(request.model == model for request in sim.requests())


def crowd(gateway, count: int = APPS) -> list[str]:
    """The models that answer so many apps at once, each on a connection of its own."""

    def one(_) -> str:
        body = {"model": "two", "messages": [{"role": "user", "content": "hello"}]}
        bearer = {"authorization": f"Bearer {APP_KEY}"}
        answer = httpx.post(
            f"{gateway.url}{CHAT}", json=body, headers=bearer, timeout=30, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        return answer.headers["x-tradewind-model"]

    with ThreadPoolExecutor(count) as apps:
        return list(apps.map(one, range(count)))


def opened(gateway, reason: str) -> float:
    """How often the breaker of the first model has opened for that reason."""
    labels = (("model", "claude"), ("reason", reason))
    return gateway.envoy.counters("tradewind_breaker_opened_total").get(labels, 0)


@pytest.mark.parametrize("version", ENVOYS)
def test_a_provider_that_is_down_is_left_alone_and_comes_back(breaking, sim, version):
    gateway = breaking(version, open_for=f"{OPEN_FOR}s")
    sim.weather(CLAUDE, status=500)
    crowd(gateway)
    # Those that were under way when it opened have asked it, and nobody has since.
    before = asked(sim, CLAUDE)
    assert FAILURES <= before <= APPS
    if opened(gateway, "failures") + opened(gateway, "probe") == 0:
        gateway.envoy.wait_for("opened", lambda: opened(gateway, "failures"))
    sim.reset()
    sim.weather(CLAUDE, status=500, latency_ms=500)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        # Whatever its time is, of a crowd at most one request tries it.
        known = asked(sim, CLAUDE)
        assert set(crowd(gateway)) == {"gpt"}
        tried = asked(sim, CLAUDE) - known
        assert tried <= 2, "one try, or two where a crowd takes longer than a breaker is open"
        if asked(sim, CLAUDE) >= 2:
            break
        time.sleep(0.3)
    assert asked(sim, CLAUDE) >= 2
    sim.reset()
    gateway.envoy.wait_for(
        "recovery", lambda: gateway.chat(model="two").headers["x-tradewind-model"] == "claude"
    )
    assert set(crowd(gateway)) == {"claude"}


def test_of_a_crowd_one_request_tries_a_model(breaking, sim):
    gateway = breaking(open_for="3s")
    sim.weather(CLAUDE, status=429, retry_after="1", times=1)
    assert gateway.chat(model="two").headers["x-tradewind-model"] == "gpt"
    assert asked(sim, CLAUDE) == 1
    # It answers slower than the crowd asks: all of them come while one tries it.
    sim.weather(CLAUDE, latency_ms=1_500)
    time.sleep(1.2)
    models = crowd(gateway)
    assert sorted(set(models)) == ["claude", "gpt"] and models.count("claude") == 1
    assert asked(sim, CLAUDE) == 2
    sim.reset()
    assert set(crowd(gateway)) == {"claude"}


def test_a_wait_that_a_provider_asks_for_is_kept(breaking, sim):
    gateway = breaking(max_open_for="1m")
    sim.weather(CLAUDE, status=429, retry_after="3")
    since = time.monotonic()
    assert gateway.chat(model="two").headers["x-tradewind-model"] == "gpt"
    while time.monotonic() - since < 2.5:
        assert set(crowd(gateway, 10)) == {"gpt"}
        if time.monotonic() - since < 3:
            assert asked(sim, CLAUDE) == 1
        time.sleep(0.2)
    gateway.envoy.wait_for(
        "a try", lambda: gateway.chat(model="two").is_success and asked(sim, CLAUDE) > 1
    )
    assert time.monotonic() - since >= 3


@pytest.mark.parametrize("version", ENVOYS)
def test_a_model_that_is_left_alone_is_asked_where_all_others_fail(breaking, sim, version):
    gateway = breaking(version, open_for="1m", max_open_for="1m")
    sim.weather(CLAUDE, status=500)
    gateway.envoy.wait_for("opened", lambda: crowd(gateway) and opened(gateway, "failures"))
    sim.reset()
    assert gateway.chat(model="two").headers["x-tradewind-model"] == "gpt"
    assert asked(sim, CLAUDE) == 0, "the other one is well"
    sim.weather(GPT, status=500)
    answer = gateway.chat(model="two")
    assert answer.headers["x-tradewind-model"] == "claude"
    assert answer.headers["x-tradewind-attempts"] == "2"
    # An answer closes its breaker, for all workers.
    assert set(crowd(gateway)) == {"claude"}
    assert asked(sim, GPT) == 2


def test_observing_changes_nothing(breaking, sim):
    gateway = breaking(observe=True)
    sim.weather(CLAUDE, status=500)
    for _ in range(2 * FAILURES):
        assert gateway.chat(model="two").headers["x-tradewind-attempts"] == "2"
    assert asked(sim, CLAUDE) == asked(sim, GPT) == 2 * FAILURES
    name, labels = "tradewind_breaker_would_open_total", (("model", "claude"), ("reason", "failures"))
    gateway.envoy.wait_for("count", lambda: gateway.envoy.counters(name).get(labels, 0) == 1)


def test_a_stream_that_breaks_counts_though_envoy_tells_nobody(breaking, sim):
    gateway = breaking(failures=2, open_for="4s")
    for cut in ({"reset": "after_events:2"}, {"close": "after_events:2"}):
        sim.weather(CLAUDE, times=1, **cut)
        try:
            gateway.chat(model="two", stream=True)
        except Exception:  # The app's connection breaks, or its stream ends in an error event.
            pass
    gateway.envoy.wait_for("opened", lambda: opened(gateway, "failures"))
    before = asked(sim, CLAUDE)
    assert set(crowd(gateway, 10)) == {"gpt"}
    assert asked(sim, CLAUDE) == before


@pytest.mark.parametrize("first_token", [{}, {"first_token_timeout": "1s"}], ids=["idle", "first"])
def test_apps_that_read_nothing_take_no_model_from_others(launch, rules, tmp_path, first_token):
    """Of two that are silent Envoy does not tell the provider from the app."""

    def play(connection: socket.socket) -> None:
        read_request(connection)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        # More than everything in between holds.
        for _ in range(1_000):
            connection.sendall(chunked(chat_chunk("w" * 20_000)))

    provider = Server(play)
    own = copy.deepcopy(rules)
    own["resilience"] |= {"breaker": {"failures": 1}, **first_token}
    own["providers"]["openai"]["endpoint"] = provider.url
    gateway = launch(render(own, tmp_path))
    body = {"model": "gpt", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    host, port = gateway.url.removeprefix("http://").split(":")
    said = json.dumps(body).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {APP_KEY}\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(said)}\r\n\r\n"
    with socket.create_connection((host, int(port))) as app:
        app.sendall(head.encode() + said)
        [line] = gateway.envoy.wait_for("its end", gateway.envoy.access_log)
    assert line["outcome"] == "cut" and "opened" not in line, line
    provider.stop()
