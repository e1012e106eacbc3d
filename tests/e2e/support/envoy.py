"""Envoy: started on ports of its own choice, asked through its admin address."""

import json
from pathlib import Path

import httpx

from .daemon import Daemon

# What Envoy logs where a VM is lost. Whoever looks at one app's answer alone would not see it: the
# others on its worker lose theirs.
TRAPS = ("panicked at", "Uncaught RuntimeError", "wasm trap")


class Envoy(Daemon):
    """A running Envoy; `url` is where apps connect to."""

    def __init__(
        self, binary: Path, config: Path, workers: int, folder: Path,
        drain_s=1, drain="gradual", override="",
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.may_trap = "-traps.wasm" in config.read_text()
        address = folder / "admin-address"
        address.unlink(missing_ok=True)
        self.output = folder / "access.log"
        self._read, self._lines = 0, []
        self.stdout = self.output.open("wb")
        command = [
            *(binary, "--config-path", config, "--concurrency", workers),
            *("--use-dynamic-base-id", "--admin-address-path", address),
            *("--log-level", "info", "--file-flush-interval-msec", 50),
            *("--drain-time-s", drain_s, "--drain-strategy", drain),
            *(("--config-yaml", override) if override else ()),
        ]
        super().__init__(command, folder / "envoy.log", stdout=self.stdout)
        try:
            host = self.wait_for("admin address", lambda: _text(address))
            self.admin = httpx.Client(base_url=f"http://{host}", timeout=10, trust_env=False)
            # Each role's module is compiled once more: seconds on a busy machine.
            self.wait_for("readiness", self._ready, 60)
            self.url = self.wait_for("listener", self._listener)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        super().stop()
        self.stdout.close()
        lines = self.text().splitlines()
        lost = [line for line in lines if any(trap in line for trap in TRAPS)]
        assert self.may_trap or not lost, f"a VM was lost: {self.log}: {lost[:3]}"

    def _ready(self) -> bool:
        try:
            return self.admin.get("/ready").text.startswith("LIVE")
        except httpx.TransportError:
            return False

    def _listener(self) -> str | None:
        statuses = self.admin.get("/listeners?format=json").json().get("listener_statuses", [])
        for status in statuses:
            # A listener within Envoy has no address that anybody could connect to.
            if socket := status["local_address"].get("socket_address"):
                return f"http://{socket['address']}:{socket['port_value']}"
        return None

    def stats(self, pattern: str) -> dict[str, int]:
        """Counters and gauges whose name matches a regular expression."""
        answer = self.admin.get("/stats", params={"format": "json", "filter": pattern}).json()
        return {row["name"]: row["value"] for row in answer["stats"] if "value" in row}

    def counters(self, name: str) -> dict[tuple[tuple[str, str], ...], float]:
        """A counter of the module as Prometheus sees it: its labels and its value."""
        rows = {}
        stats = self.admin.get("/stats/prometheus", params={"filter": name}).text
        for line in stats.splitlines():
            if line.startswith(name + "{"):
                labels, value = line.removeprefix(name + "{").rsplit("} ", 1)
                pairs = [pair.split("=", 1) for pair in labels.split(",") if pair]
                rows[tuple(sorted((key, text.strip('"')) for key, text in pairs))] = float(value)
        return rows

    def access_log(self) -> list[dict]:
        """The requests that have ended, oldest first. No line is read twice: tests ask often."""
        with self.output.open("rb") as output:
            output.seek(self._read)
            whole = output.read().rpartition(b"\n")[0]
        if whole:
            self._read += len(whole) + 1
            lines = whole.decode(errors="replace").splitlines()
            self._lines += [json.loads(line) for line in lines if line.startswith("{")]
        return self._lines[:]


def _text(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None
