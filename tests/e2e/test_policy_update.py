"""A policy changes while Envoy runs: a good one takes over, a bad one changes nothing."""

import copy
import json
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.discovery import discovered, replace
from support.gateway import render
from support.policy import broken


def edge(listener: dict) -> dict:
    """The edge role's configuration within a listener."""
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager["http_filters"][0]["typed_config"]["config"]["configuration"]


def wait(what: str, holds) -> None:
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("workers", [1, 4])
def test_a_broken_policy_leaves_the_last_good_one_serving(launch, rules, version, workers):
    folder = paths.LOGS / f"update-{version}-{workers}"
    file = folder / "listener.json"
    bootstrap = render(rules, folder)
    listener = copy.deepcopy(bootstrap["static_resources"]["listeners"][0])
    gateway = launch(discovered(bootstrap, file), version, workers)
    assert gateway.chat("hello").status_code == 200

    configuration = json.loads(edge(listener)["value"])
    bad = copy.deepcopy(listener)
    bad_policy = {**configuration, "policy": broken(rules)}
    edge(bad)["value"] = json.dumps(bad_policy)
    replace(file, bad)
    refused = "listener_manager.lds.update_rejected"
    wait("the refusal", lambda: gateway.envoy.stats(refused).get(refused))
    for _ in range(8):
        assert gateway.chat("hello").status_code == 200
    assert sum(gateway.envoy.counters("tradewind_policy_refused_total").values()) >= 1
    log = gateway.envoy.text()
    assert "the policy is refused, and the last good one keeps serving" in log
    assert "routes[0].chain" in log and "nowhere" in log

    better = copy.deepcopy(listener)
    policy = copy.deepcopy(rules)
    policy["routes"].append({"models": ["fresh"], "chain": "gpt"})
    edge(better)["value"] = json.dumps({**configuration, "policy": policy})
    replace(file, better)

    def served() -> bool:
        try:
            return gateway.chat("hello", model="fresh").status_code == 200
        except httpx.TransportError:
            return False  # the old listener drains: it closes the connections it has

    wait("the new route", served)


def test_a_broken_policy_does_not_start(rules, tmp_path):
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(broken(rules), indent=2))
    command = [paths.TRADEWIND, "render", policy, "--for", "envoy", "--wasm", paths.WASM]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert "nowhere" in done.stderr


def test_a_key_that_rotates_is_read_again(launch, sim, rules):
    folder = paths.LOGS / "rotation"
    secret = folder / "secrets/openai-key"
    write_discovery(secret, "sk-first")
    gateway = launch(render(rules, folder))
    assert gateway.chat("hello", model="gpt").status_code == 200
    assert sim.requests()[-1].headers["authorization"] == "Bearer sk-first"
    write_discovery(secret, "sk-second")

    def rotated() -> bool:
        gateway.chat("hello", model="gpt")
        return sim.requests()[-1].headers["authorization"] == "Bearer sk-second"

    wait("the new key", rotated)


def write_discovery(secret: Path, key: str) -> None:
    """A secret as a discovery response, replaced at once."""
    kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    resource = {
        "@type": kind,
        "name": secret.name,
        "generic_secret": {"secret": {"inline_string": key}},
    }
    secret.parent.mkdir(parents=True, exist_ok=True)
    fresh = secret.with_suffix(".new")
    fresh.write_text(json.dumps({"resources": [resource]}))
    fresh.rename(secret)
