"""Too much at once: Envoy refuses and resets before the system ends it, and recovers."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import ENVOYS
from support import paths
from support.crowd import Crowd
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY, CLAUDE

MANY, EACH = 20_000, 100
INJECTED = "envoy.resource_monitors.injected_resource"
HEAP = 256 << 20
# What the process takes beside its heap: its code, the modules' memory, free pages.
BESIDE = 512 << 20


def headers(path: str, length: int, more: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "gateway"),
        ("authorization", f"Bearer {APP_KEY}"),
        ("content-type", "application/json"),
        ("content-length", str(length)),
        *more,
    ]


def resident(gateway) -> int:
    """The memory of the process, in bytes."""
    for line in open(f"/proc/{gateway.envoy.process.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise AssertionError("the process has ended")


def recovers(gateway, sim) -> None:
    """Serves again, soon after everybody has left, with the VMs that it had."""
    sim.reset()
    end = time.monotonic() + 10
    while (answer := gateway.chat(model="gpt")).status_code != 200:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < end, answer.text
        time.sleep(0.1)
    assert sum(gateway.envoy.stats("wasm.*vm_reload$").values()) == 0


@pytest.mark.core
def test_twenty_thousand_open_requests_are_borne(launch, setup, rules, sim):
    version, workers = setup
    folder = paths.LOGS / f"overload-{version}-{workers}"
    gateway = launch(render(rules, folder, "--max-heap", "256MiB"), version, workers)
    # As many headers as may be carried on to a provider, and more.
    betas = [("anthropic-beta", "b" * 2_000)] * 14
    crowd = Crowd(gateway.url, MANY // EACH)
    crowd.open(EACH, headers(MESSAGES, 1_000, betas), b"{")
    # Each that is refused is then reset, since it has not ended.
    crowd.until(1_000)
    assert resident(gateway) < HEAP + BESIDE
    assert crowd.outcomes["503"] > 400, crowd.outcomes
    # Who is refused is told so in its own dialect.
    for path, kind in ((CHAT, "server_error"), (MESSAGES, "overloaded_error")):
        answer = gateway.http.post(path, json={})
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["error"]["type"] == kind
        assert "overloaded" in answer.json()["error"]["message"]
    crowd.close()
    recovers(gateway, sim)


@pytest.mark.parametrize("version", ENVOYS)
def test_bodies_that_fill_the_memory_are_reset(launch, rules, sim, version):
    folder = paths.LOGS / f"overload-bodies-{version}"
    gateway = launch(render(rules, folder, "--max-heap", "256MiB"), version)
    crowd = Crowd(gateway.url, 15)
    # 300 MB in all.
    for _ in range(EACH):
        crowd.open(1, headers(CHAT, 1 << 20, []), b" " * 200_000)
    crowd.until(100)
    assert resident(gateway) < HEAP + BESIDE
    refused = crowd.outcomes["503"] + sum(
        count for outcome, count in crowd.outcomes.items() if outcome.startswith("reset")
    )
    assert refused > 100, crowd.outcomes
    crowd.close()
    recovers(gateway, sim)


@pytest.mark.parametrize("version", ENVOYS)
def test_a_connection_has_so_many_requests_and_no_more(launch, rules, version):
    gateway = launch(render(rules, paths.LOGS / f"streams-{version}"), version)
    crowd = Crowd(gateway.url, 1)
    crowd.open(EACH + 20, headers(CHAT, 1_000, []), b"{")
    # REFUSED_STREAM while the app has not read the bound, the connection's end once it has.
    crowd.until(1)
    assert set(crowd.outcomes) <= {"reset 7", "closed"}, crowd.outcomes
    active = gateway.envoy.stats(r"^http\.tradewind\.downstream_rq_active$")
    assert all(count <= EACH for count in active.values()), active
    crowd.close()


@pytest.mark.parametrize("version", ENVOYS)
def test_headers_have_a_bound(launch, rules, version):
    gateway = launch(render(rules, paths.LOGS / f"headers-{version}"), version)
    crowd = Crowd(gateway.url, 1)
    crowd.open(1, headers(CHAT, 1_000, [("x-big", "b" * 40_000)]), b"{")
    crowd.open(1, headers(CHAT, 1_000, [("x-small", "b")] * 120), b"{")
    crowd.until(2)
    assert set(crowd.outcomes) <= {"431", "reset 2"}, crowd.outcomes
    assert crowd.outcomes.total() == 2
    crowd.close()


@pytest.mark.parametrize("version", ENVOYS)
def test_a_stream_that_was_let_in_goes_on_to_its_next_model(launch, rules, sim, tmp_path, version):
    """What is refused is apps' requests: the hop's are those that were let in before."""
    own = copy.deepcopy(rules)
    own["resilience"] |= {"finish_cut_streams": True, "breaker": {"failures": 1}}
    bootstrap = render(own, tmp_path)
    pressure = tmp_path / "pressure"
    pressure.write_text("0")
    manager = bootstrap["overload_manager"]
    kind = "envoy.extensions.resource_monitors.injected_resource.v3.InjectedResourceConfig"
    said = {"@type": f"type.googleapis.com/{kind}", "filename": str(pressure)}
    manager["resource_monitors"].append({"name": INJECTED, "typed_config": said})
    manager["loadshed_points"][0]["triggers"][0]["name"] = INJECTED
    gateway = launch(bootstrap, version)

    def is_full(full: bool) -> None:
        fresh = tmp_path / "fresh"
        fresh.write_text("0.9" if full else "0")
        fresh.rename(pressure)
        gateway.envoy.wait_for("it", lambda: (gateway.chat(model="gpt").status_code == 503) == full)

    sim.weather(CLAUDE, status=529, latency_ms=1_500, times=1)
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(gateway.chat, model="auto", stream=True)
        time.sleep(0.3)
        is_full(True)
        assert not stream.done(), "too soon"
        answer = stream.result()
    assert answer.status_code == 200 and "[DONE]" in answer.text, answer.text
    assert answer.headers["x-tradewind-model"] == "gpt"
    is_full(False)
