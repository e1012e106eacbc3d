"""The simulated providers: where they are, what weather they have, what they were asked."""

import json
from pathlib import Path

import httpx

from . import paths
from .daemon import Daemon

ANY = "127.0.0.1:0"


class Sim(Daemon):
    """A running `tradewind sim`."""

    def __init__(self, folder: Path):
        said = folder / "sim.out"
        folder.mkdir(parents=True, exist_ok=True)
        with said.open("wb") as out:
            command = [
                *(paths.TRADEWIND, "sim", "--openai", ANY, "--anthropic", ANY),
                *("--gemini", ANY, "--admin", ANY),
            ]
            super().__init__(command, folder / "sim.log", stdout=out)
        try:
            line = self.wait_for("addresses", lambda: _line(said))
        except BaseException:
            self.stop()
            raise
        addresses = json.loads(line)
        self.openai, self.anthropic = _url(addresses["openai"]), _url(addresses["anthropic"])
        self.google = _url(addresses["gemini"])
        self.admin = httpx.Client(base_url=_url(addresses["admin"]), timeout=10, trust_env=False)

    def reset(self) -> None:
        """Fair weather, and nothing remembered."""
        self.admin.delete("/weather").raise_for_status()
        self.admin.delete("/requests").raise_for_status()

    def weather(self, model: str, **weather) -> None:
        """What happens to requests for a model, by the provider's own name of it."""
        answer = self.admin.post("/weather", json={"model": model, **weather})
        assert answer.is_success, answer.text

    def requests(self) -> list["Request"]:
        """What has reached the providers, oldest first."""
        listed = self.admin.get("/requests").raise_for_status().json()
        return [Request(entry) for entry in listed]


class Request:
    """One request as a provider saw it."""

    def __init__(self, entry: dict):
        self.provider, self.model = entry["provider"], entry["model"]
        self.path, self.body = entry["path"], entry["body"]
        self.headers = {name: value for name, value in entry["headers"]}
        self.header_names = [name for name, _ in entry["headers"]]
        self.answered = entry["answered"]

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{self.provider} {self.model} {self.answered}>"


def _line(path: Path) -> str | None:
    lines = path.read_text().splitlines()
    return lines[0] if lines else None


def _url(address: str) -> str:
    return address if "://" in address else f"http://{address}"
