"""A policy, rendered and served: what an app sees of Tradewind."""

import json
import subprocess
from pathlib import Path

import anthropic
import httpx
import openai

from . import paths
from .envoy import Envoy
from .policy import APP_KEY, KEYS

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"


def render(policy: dict, folder: Path, *options: str) -> dict:
    """What `tradewind render` prints for a policy; its inputs stay in the folder."""
    done = run_render(policy, folder, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_render(policy: dict, folder: Path, *options: str) -> subprocess.CompletedProcess:
    """The command itself, whatever it says."""
    secrets = folder / "secrets"
    secrets.mkdir(parents=True, exist_ok=True)
    for name, key in KEYS.items():
        secret = secrets / f"{name}-key"
        if not secret.exists():
            secret.write_text(key)
    written = folder / "policy.json"
    written.write_text(json.dumps(policy, indent=2))
    command = [
        *(paths.TRADEWIND, "render", written, "--for", "envoy"),
        *("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"),
        *("--wasm", paths.WASM, "--secrets-dir", secrets, *options),
    ]
    return subprocess.run(command, capture_output=True, text=True)


class Gateway:
    """A running Envoy with a policy, and apps that talk to it."""

    def __init__(self, binary: Path, bootstrap: dict, workers: int, folder: Path, **envoy):
        config = folder / "envoy.json"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps(bootstrap, indent=2))
        self.workers = workers
        self.envoy = Envoy(binary, config, workers, folder, **envoy)
        self.url = self.envoy.url
        bearer = {"authorization": f"Bearer {APP_KEY}"}
        self.http = httpx.Client(base_url=self.url, headers=bearer, timeout=30, trust_env=False)

    def stop(self) -> None:
        self.http.close()
        self.envoy.stop()

    def openai(self, key: str = APP_KEY, **options) -> openai.OpenAI:
        """The official SDK, told nothing but where to go."""
        options = {"max_retries": 0, "timeout": 30, **options}
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, **options)

    def anthropic(self, key: str = APP_KEY, **options) -> anthropic.Anthropic:
        """The official SDK, told nothing but where to go."""
        options = {"max_retries": 0, "timeout": 30, **options}
        return anthropic.Anthropic(base_url=self.url, api_key=key, **options)

    def chat(self, text: str = "hello", model: str = "auto", **more) -> httpx.Response:
        """One request of an OpenAI app, without an SDK."""
        return self.http.post(CHAT, json={**_request(model, text), **more})

    def messages(self, text: str = "hello", model: str = "auto", **more) -> httpx.Response:
        """One request of an Anthropic app, without an SDK."""
        body = {"max_tokens": 100, **_request(model, text), **more}
        return self.http.post(MESSAGES, json=body)


def _request(model: str, text: str) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": text}]}
