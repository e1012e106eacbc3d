"""`render --dynamic`: policies, models and keys change under load, and nobody loses an answer."""

import copy
import json
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, run_render
from support.policy import APP_KEY, CLAUDE, GPT, broken


class Load:
    """Apps that ask all the time, each over a connection of its own; `failures` is what went wrong."""

    def __init__(self, url: str, apps: int = 4, **body):
        self.url, self.body, self.answers, self.failures = url, body, 0, []
        self.over = threading.Event()
        self.apps = [threading.Thread(target=self._ask) for _ in range(apps)]

    def __enter__(self) -> "Load":
        for app in self.apps:
            app.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        for app in self.apps:
            app.join()

    def _ask(self) -> None:
        headers = {"authorization": f"Bearer {APP_KEY}"}
        body = {"model": "claude", "messages": [{"role": "user", "content": "hello"}]}
        body.update(self.body)
        with httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False) as http:
            while not self.over.is_set():
                try:
                    answer = http.post(CHAT, json=body)
                    if answer.status_code != 200 or '"error"' in answer.text:
                        self.failures.append(answer.text)
                except httpx.TransportError as error:
                    self.failures.append(repr(error))
                self.answers += 1


class Stream(threading.Thread):
    """One long answer, begun before everything changes."""

    def __init__(self, gateway, model: str):
        super().__init__()
        self.gateway, self.model, self.text = gateway, model, ""
        self.begun = threading.Event()
        self.start()
        assert self.begun.wait(10)

    def run(self) -> None:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": "[words:60]"}],
            "stream": True,
        }
        headers = {"authorization": f"Bearer {APP_KEY}"}
        url = self.gateway.url + CHAT
        with httpx.stream("POST", url, json=body, headers=headers, timeout=30) as answer:
            for chunk in answer.iter_text():
                self.text += chunk
                self.begun.set()


def until(what: str, holds) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)


class Dynamic:
    """A gateway that is started and whose policy is changed by the documented commands."""

    def __init__(self, folder, rules, launch, version):
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.watched = folder, folder / "envoy"
        assert self.render(rules).returncode == 0
        bootstrap = json.loads((self.watched / "bootstrap.json").read_text())
        self.gateway = launch(bootstrap, version, 2, drain_s=3600, drain="immediate")

    def render(self, rules: dict):
        return run_render(rules, self.folder, "--dynamic", str(self.watched))

    def change(self, rules: dict) -> None:
        done = self.render(rules)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.watched.iterdir()}

    def key(self, name: str, key: str) -> None:
        """Puts a new key in the place of the old one, at once."""
        fresh = self.folder / f"secrets/.{name}"
        fresh.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(key)
        fresh.rename(fresh.with_name(name))

    def serves(self, model: str) -> bool:
        return self.gateway.chat("hello", model=model).status_code == 200


@pytest.mark.parametrize("version", ENVOYS)
def test_everything_changes_under_load(launch, sim, rules, version):
    dynamic = Dynamic(paths.LOGS / f"dynamic-{version}", rules, launch, version)
    gateway = dynamic.gateway
    sim.weather(GPT, chunk_delay_ms=100)
    stream = Stream(gateway, "gpt")
    with Load(gateway.url) as load:
        until("the load", lambda: load.answers > 20)

        routed = copy.deepcopy(rules)
        routed["routes"].append({"models": ["fresh"], "chain": "claude"})
        dynamic.change(routed)
        until("the new route", lambda: dynamic.serves("fresh"))
        checked = [paths.TRADEWIND, "check", dynamic.folder / "policy.json"]
        said = subprocess.run(checked, capture_output=True, text=True).stdout
        assert f"policy {said.split()[-1]} is loaded" in gateway.envoy.text()

        before = dynamic.files()
        done = dynamic.render(broken(routed))
        assert done.returncode == 1 and "nowhere" in done.stderr
        assert dynamic.files() == before and dynamic.serves("fresh")

        dynamic.key("spare-key", "sk-spare")
        grown = copy.deepcopy(routed)
        grown["providers"]["spare"] = {**rules["providers"]["openai"], "secret": "spare-key"}
        grown["models"]["spare"] = {**rules["models"]["gpt"], "provider": "spare"}
        grown["chains"]["spare"] = ["spare"]
        grown["routes"].append({"models": ["spare"], "chain": "spare"})
        dynamic.change(grown)
        until("the new provider", lambda: dynamic.serves("spare"))
        asked = [request.headers.get("authorization") for request in sim.requests()]
        assert "Bearer sk-spare" in asked

        dynamic.key("spare-key", "sk-spare-2")

        def rotated() -> bool:
            assert dynamic.serves("spare")
            asked = [request.headers.get("authorization") for request in sim.requests()]
            return "Bearer sk-spare-2" in asked

        until("the new key", rotated)

        # A long answer still comes from a provider that the policy does not know any more.
        last = Stream(gateway, "gpt")
        shrunk = copy.deepcopy(grown)
        for model in ("gpt", "thinker", "tiny"):
            del shrunk["models"][model]
        del shrunk["providers"]["openai"]
        shrunk["chains"] = {"all": ["claude"], "claude": ["claude"], "spare": ["spare"]}
        shrunk["routes"] = [
            {"models": [name], "chain": chain}
            for name, chain in (("auto", "all"), ("claude", "claude"), ("spare", "spare"))
        ]
        for model in ("gemini", "plain", "haiku"):
            del shrunk["models"][model]
        del shrunk["providers"]["google"]
        dynamic.change(shrunk)
        until("the end of a route", lambda: not dynamic.serves("gpt"))
        assert last.is_alive(), "too short a stream shows nothing"
        answered = load.answers
        until("more answers", lambda: load.answers > answered + 20)
    for begun in (stream, last):
        begun.join()
        assert begun.text.rstrip().endswith("data: [DONE]") and "error" not in begun.text
    assert load.failures == []
    kept = json.loads((dynamic.watched / "cds.json").read_text())["resources"]
    assert {"openai", "google"} < {cluster["name"] for cluster in kept}


@pytest.mark.parametrize("version", ENVOYS)
def test_streams_are_finished_or_not_and_none_is_lost_with_the_change(launch, sim, rules, version):
    """The hop that a stream was to take is there as long as the cluster that leads to it."""
    plain, finishing = copy.deepcopy(rules), copy.deepcopy(rules)
    finishing["resilience"]["finish_cut_streams"] = True
    dynamic = Dynamic(paths.LOGS / f"dynamic-finish-{version}", plain, launch, version)
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    headers = {"authorization": f"Bearer {APP_KEY}"}

    def change(rules: dict, name: str) -> None:
        changed = copy.deepcopy(rules)
        changed["routes"].append({"models": [name], "chain": "claude"})
        dynamic.change(changed)
        until("the change", lambda: dynamic.serves(name))

    def answered(http: httpx.Client) -> None:
        answer = http.post(CHAT, json=body)
        assert answer.status_code == 200 and "data: [DONE]" in answer.text, answer.text
        assert "error" not in answer.text

    http = {"base_url": dynamic.gateway.url, "headers": headers, "timeout": 30, "trust_env": False}
    with Load(dynamic.gateway.url, model="gemini", stream=True) as load:
        for turn, (rules, other) in enumerate([(finishing, plain), (plain, finishing)] * 2):
            change(rules, f"turn-{turn}")
            # Its first model fails once the other policy is in force, and a connection that is
            # kept asks once more by the policy that it has met.
            sim.weather(CLAUDE, status=529, latency_ms=1_000, times=1)
            with httpx.Client(**http) as kept, ThreadPoolExecutor(1) as pool:
                waits = pool.submit(answered, kept)
                time.sleep(0.3)
                change(other, f"then-{turn}")
                waits.result()
                answered(kept)
    assert load.failures == []
    found = dynamic.gateway.envoy.stats("listener_manager.lds.update_rejected")
    assert sum(found.values()) == 0, found


@pytest.mark.parametrize("version", ENVOYS)
def test_a_provider_that_becomes_accounts_loses_nobody(launch, rules, version):
    dynamic = Dynamic(paths.LOGS / f"dynamic-accounts-{version}", rules, launch, version)
    several = copy.deepcopy(rules)
    openai = several["providers"]["openai"]
    del openai["secret"]
    names = {"first": "openai-key", "second": "anthropic-key"}
    openai["accounts"] = [{"name": name, "secret": key} for name, key in names.items()]
    several["resilience"]["attempts"] = 6
    several["routes"].append({"models": ["fresh"], "chain": "gpt"})
    with Load(dynamic.gateway.url, model="gpt") as load:
        until("the load", lambda: load.answers > 20)
        dynamic.change(several)
        until("the accounts", lambda: dynamic.serves("fresh"))
        dynamic.change(rules)
        until("one key", lambda: not dynamic.serves("fresh"))
    assert load.failures == []


def test_it_renders_for_another_machine(rules, tmp_path):
    """Neither the module nor a key is here, and the folder will be elsewhere."""
    policy, folder, at = tmp_path / "policy.json", tmp_path / "envoy", "/etc/tradewind/envoy"
    policy.write_text(json.dumps(rules))
    command = [
        *(paths.TRADEWIND, "render", policy, "--for", "envoy", "--no-check-files"),
        *("--dynamic", folder, "--dynamic-at", at),
        *("--wasm", "/opt/tradewind.wasm", "--secrets-dir", "/etc/tradewind/secrets"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = {file.name: file.read_text() for file in folder.iterdir()}
    for name in ("cds.json", "lds.json"):
        assert f"{at}/{name}" in files["bootstrap.json"]
    assert f"{at}/sds-openai-key.json" in files["cds.json"]
    assert "/etc/tradewind/secrets/openai-key" in files["sds-openai-key.json"]
    assert "/opt/tradewind.wasm" in files["lds.json"]
    assert str(tmp_path) not in "".join(files.values())
