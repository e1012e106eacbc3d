"""A VM that fails once is there again at once, and nobody else's worker notices."""

import copy
import threading
import time

import httpx

from conftest import NEWEST
from support import paths
from support.gateway import CHAT, render
from support.policy import APP_KEY, GPT
from support.trap import trap

WORKERS = 4
# The request of a VM that it fails at, and how many of a tenant may run at once.
FAILS_AT, RUNNING = 40, 3
# What a worker that stopped leaves behind counts for no longer: see `limits.rate`.
FORGOTTEN_S = 40


class App:
    """An app with one connection, and the worker that has it."""

    def __init__(self, gateway):
        self.gateway = gateway
        before = self._taken()
        bearer = {"authorization": f"Bearer {APP_KEY}"}
        limits = httpx.Limits(max_connections=1)
        self.http = httpx.Client(
            base_url=gateway.url, headers=bearer, timeout=30, trust_env=False, limits=limits
        )
        # Refused before anything of it is counted, and the connection stays.
        assert self.http.get("/nothing").status_code == 404
        after = self._taken()
        self.worker = next(name for name, count in after.items() if count != before.get(name, 0))

    def _taken(self) -> dict[str, int]:
        return self.gateway.envoy.stats(r"listener\.127.*worker_\d+\.downstream_cx_total")

    def ask(self, **more) -> httpx.Response:
        body = {"model": "gpt", "messages": [{"role": "user", "content": "hello"}], **more}
        return self.http.post(CHAT, json=body)


class Stream(threading.Thread):
    """A long answer; `text` is what has come of it."""

    def __init__(self, app: App):
        super().__init__()
        self.app, self.text, self.begun = app, "", threading.Event()
        self.start()
        assert self.begun.wait(10)

    def run(self) -> None:
        messages = [{"role": "user", "content": "[words:60]"}]
        body = {"model": "gpt", "stream": True, "messages": messages}
        try:
            with self.app.http.stream("POST", CHAT, json=body) as answer:
                for chunk in answer.iter_text():
                    self.text += chunk
                    self.begun.set()
        except httpx.TransportError:
            pass  # it was in the VM that failed

    def whole(self) -> bool:
        self.join(30)
        return self.text.rstrip().endswith("data: [DONE]") and '"error"' not in self.text


def test_a_vm_that_fails_is_there_again_and_the_others_do_not_notice(launch, rules, sim):
    own = copy.deepcopy(rules)
    own["limits"]["rate"] = [{"concurrent": RUNNING}]
    folder = paths.LOGS / "trap-once"
    bootstrap = render(own, folder)
    bootstrap = trap(bootstrap, "edge", paths.WASM, "proxy_on_request_headers", folder, FAILS_AT)
    gateway = launch(bootstrap, NEWEST, WORKERS)
    # Two apps on one worker, and one on another.
    apps: list[App] = []
    while True:
        apps.append(App(gateway))
        pairs = [app for app in apps[:-1] if app.worker == apps[-1].worker]
        others = [app for app in apps if app.worker != apps[-1].worker]
        if pairs and others:
            asks, beside, other = apps[-1], pairs[0], others[0]
            break
        assert len(apps) < FAILS_AT, "connections spread over the workers"
    sim.weather(GPT, chunk_delay_ms=150, times=2)
    lost, kept = Stream(beside), Stream(other)
    asked = 0
    while (answer := asks.ask()).status_code == 200:
        asked += 1
        assert asked < FAILS_AT, "it fails"
    failed = time.monotonic()
    assert answer.status_code >= 500, answer.text
    # The same worker serves whoever comes to it next, within a second. The connection may be gone
    # with what ran on it, and its next one lead to another worker.
    again = next(app for _ in range(FAILS_AT // 2) if (app := App(gateway)).worker == asks.worker)
    answer = again.ask()
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - failed < 1
    assert kept.is_alive(), "too short a stream shows nothing"
    assert kept.whole(), kept.text[-300:]
    assert not lost.whole()

    def reloads() -> int:
        return sum(gateway.envoy.stats("wasm.*vm_reload_success").values())

    # A worker's counters are merged a moment later.
    gateway.envoy.wait_for("the reload", lambda: reloads() > 0)
    assert reloads() == 1
    # What ran there was told by nobody: its place is free a while later, the others' at once.
    sim.weather(GPT, latency_ms=500)

    def burst() -> list[int]:
        found: list[int] = []
        crowd = [
            threading.Thread(target=lambda: found.append(gateway.chat(model="gpt").status_code))
            for _ in range(RUNNING)
        ]
        for app in crowd:
            app.start()
        for app in crowd:
            app.join()
        return sorted(found)

    end = time.monotonic() + FORGOTTEN_S + 15
    while (found := burst()) != [200] * RUNNING:
        assert set(found) <= {200, 429}, found
        assert time.monotonic() < end, "a place was lost"
        time.sleep(8)
