"""What `tradewind render` prints is what Envoy takes."""

import json
import subprocess

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import render
from support.policy import policy

GATEWAY = paths.ROOT / "envoy/gateway"


def validate(version: str, config: dict, folder) -> None:
    file = folder / "envoy.yaml"
    file.write_text(json.dumps(config, indent=2))
    command = [ENVOYS[version], "--mode", "validate", "-c", file, "--log-level", "warning"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr, done.stderr


@pytest.mark.parametrize("version", ENVOYS)
def test_every_envoy_takes_it(version, tmp_path):
    hosts = ("https://api.openai.com", "http://[::1]:8080/base", "https://10.0.0.1:8443")
    validate(version, render(policy(*hosts), tmp_path), tmp_path)


@pytest.mark.parametrize("version", ENVOYS)
def test_every_envoy_takes_the_reference(version, tmp_path):
    """The one in `envoy/gateway`, with its paths put where things are here."""
    text = (GATEWAY / "envoy.json").read_text()
    text = text.replace("/etc/tradewind/tradewind.wasm", str(paths.WASM))
    for name in ("openai-api-key", "anthropic-api-key", "gemini-api-key", "ledger-token"):
        (tmp_path / name).write_text("sk-1")
    text = text.replace("/etc/tradewind/secrets", str(tmp_path))
    validate(version, json.loads(text), tmp_path)


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([paths.TRADEWIND, "render", *arguments], capture_output=True, text=True)


def test_every_missing_secret_is_named_at_once(tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy("http://a", "http://b", "http://c")))
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = run(file, "--for", "envoy", "--wasm", paths.WASM, "--secrets-dir", folder)
        assert done.returncode == 1 and done.stdout == ""
        for name in ("openai-key", "anthropic-key", "google-key"):
            assert f"`{name}`" in done.stderr


def test_a_missing_module_is_an_error(tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy("http://a", "http://b", "http://c")))
    done = run(file, "--for", "envoy", "--wasm", tmp_path / "no.wasm", "--secrets-dir", tmp_path)
    assert done.returncode == 1 and "no.wasm" in done.stderr
