"""An app that leaves pays for what was made: what it saw, and what its model made unseen."""

import copy
import socket
import time
from contextlib import suppress
from dataclasses import dataclass

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.credits import PRICES, credits_policy, paid, request, text_of
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import MODELS
from support.server import Server, read_request
from support.stubborn import EVENTS, chat_chunk, chunked

EACH = pytest.mark.parametrize("model", MODELS)
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@dataclass
class Left:
    """What an app saw of an answer, and how long it stayed."""

    text: str
    seconds: float


def leave(
    gateway, purse, path, body, seconds: float = 30, pieces: int = 0, until: str = "no such line"
) -> Left:
    """Asks, and goes away: after seconds without a word, so many pieces of text, or a line."""
    begun, said = time.monotonic(), []
    with suppress(httpx.TimeoutException):
        with httpx.stream(
            "POST", gateway.url + path, json=body, headers=purse.headers(), timeout=seconds
        ) as response:
            assert response.status_code == 200, response.read()
            for line in response.iter_lines():
                said.append(text_of(line))
                if line == until or pieces and sum(map(bool, said)) >= pieces:
                    break
    return Left("".join(said), time.monotonic() - begun)


def patient(rules, purses, name: str, **credits) -> dict:
    """What Envoy is told where providers may be silent for long."""
    rules = copy.deepcopy(rules)
    rules["resilience"]["idle_timeout"] = "30s"
    rules["chains"]["two"] = ["gpt", "claude"]
    rules["routes"].append({"models": ["two"], "chain": "two"})
    policy = credits_policy(rules, purses.ledger.url, **credits)
    return render(policy, paths.LOGS / f"credits-leave-{name}")


@pytest.fixture(scope="module")
def leaving(rules, purses):
    """A gateway of each version."""
    started = {}

    def start(version: str) -> Gateway:
        if version not in started:
            folder = paths.LOGS / f"credits-leave-{version}"
            bootstrap = patient(rules, purses, version)
            started[version] = Gateway(ENVOYS[version], bootstrap, 2, folder)
        return started[version]

    yield start
    for gateway in started.values():
        gateway.stop()


@pytest.mark.parametrize("version", sorted(ENVOYS))
@EACH
@STREAMED
def test_an_app_that_leaves_pays_for_what_nobody_saw(
    leaving, purses, sim, version, model, stream
):
    gateway, purse, speed = leaving(version), purses.new("5"), 400
    path = MESSAGES if model == "claude" else CHAT
    sim.reset()
    body = request(path, "tell me [words:20]", model, stream=stream, max_tokens=8_000)
    sim.weather(MODELS[model], thinking=2 * speed, thinking_ms=2_000, chunk_delay_ms=2)
    whole = leave(gateway, purse, path, body).text
    taught = purse.settled(1)[0]
    paid(taught, model)
    seen = taught.usage["output"] - 2 * speed
    # In its reasoning.
    left = leave(gateway, purse, path, body, 1.4)
    entry = purse.settled(2)[1]
    paid(entry, model, "cut", estimated=True)
    made = speed if stream else taught.usage["output"] / 2
    truth = made * left.seconds
    print(f"{version} {model} {stream}: {entry.usage['output']} of {truth:.0f}")
    assert left.text == "" and entry.usage["output"] == pytest.approx(truth, rel=0.25)
    if not stream:
        return
    # In its text.
    sim.reset()
    sim.weather(MODELS[model], thinking=2 * speed, thinking_ms=2_000, chunk_delay_ms=40)
    left = leave(gateway, purse, path, body, pieces=10)
    entry = purse.settled(3)[2]
    paid(entry, model, "cut", estimated=True)
    truth = 2 * speed + seen * len(left.text) / len(whole)
    print(f"{version} {model} in its text: {entry.usage['output']} of {truth:.0f}")
    assert left.text and entry.usage["output"] == pytest.approx(truth, rel=0.25)


@pytest.mark.parametrize("version", sorted(ENVOYS))
@STREAMED
def test_hold_charges_all_that_was_held(launch, rules, purses, sim, version, stream):
    bootstrap = patient(rules, purses, f"hold-{version}", on_abandoned="hold")
    gateway, purse = launch(bootstrap, version), purses.new("5")
    sim.reset()
    sim.weather(MODELS["claude"], thinking=100, thinking_ms=2_000)
    body = request(MESSAGES, "tell me", "claude", stream=stream, max_tokens=2_000)
    leave(gateway, purse, MESSAGES, body, 0.7)
    entry = purse.settled(1)[0]
    assert (entry.outcome, entry.estimated, entry.all["flags"]) == ("cut", True, ["abandoned"])
    assert entry.usage["output"] == 2_000
    assert entry.credits * 1_000_000 > 2_000 * int(PRICES["claude"]["output"])


def test_a_provider_that_was_never_reached_is_not_paid(launch, rules, purses, sim):
    # A queue of one, which is full: nobody is refused, and nobody gets through.
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for one in (first, second):
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(full.getsockname())
        rules = copy.deepcopy(rules)
        host, port = full.getsockname()
        rules["providers"]["anthropic"]["endpoint"] = f"http://{host}:{port}"
        gateway = launch(patient(rules, purses, "unreached"))
        purse = purses.new("5")
        sim.reset()
        # The one before it was reached, and must not be taken for it.
        sim.weather(MODELS["gpt"], status=529)
        leave(gateway, purse, CHAT, request(CHAT, "hello", "two"), 1.5)
        assert purse.settled(0) == []


class Late(Server):
    """A provider that thinks for a second and a half, and tells after the end what it used; to the
    first who asks it tells it before."""

    def __init__(self):
        self.asked = 0
        super().__init__(self._play)

    def _play(self, connection: socket.socket) -> None:
        read_request(connection)
        self.asked += 1
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        time.sleep(1.5)
        usage = {"prompt_tokens": 9, "completion_tokens": 600}
        said = [chat_chunk("hello"), chat_chunk(reason="stop")]
        told, done = chat_chunk(usage=usage), b"data: [DONE]\n\n"
        first, then = (told + done, b"") if self.asked == 1 else (done, told)
        connection.sendall(b"".join(map(chunked, [*said, first])))
        time.sleep(0.6)
        connection.sendall((chunked(then) if then else b"") + b"0\r\n\r\n")


@pytest.mark.parametrize("version", sorted(ENVOYS))
def test_an_app_that_does_not_wait_for_late_usage_pays_for_it(launch, rules, purses, version):
    rules, provider = copy.deepcopy(rules), Late()
    rules["providers"]["openai"]["endpoint"] = provider.url
    gateway = launch(patient(rules, purses, f"late-{version}"), version)
    purse = purses.new("5")
    body = request(CHAT, "hello", "gpt", stream=True)
    for count in (1, 2):
        leave(gateway, purse, CHAT, body, until="data: [DONE]")
        entry = purse.settled(count)[-1]
        print(f"{version}: {entry.usage}, {entry.estimated}")
        paid(entry, "gpt", estimated=count > 1)
        assert entry.usage["output"] == pytest.approx(600, rel=0.25)
    provider.stop()
