"""What runs: the ledger, Envoy on a rendered policy, and for the demo the simulated providers."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Callable, NoReturn, TypeVar

import httpx

import policy
import ports
from daemon import Daemon
from trouble import Trouble

ROOT = Path(__file__).resolve().parents[3]
TRADEWIND = Path(os.environ.get("TRADEWIND") or ROOT / "target/release/tradewind")
LEDGER = Path(os.environ.get("LEDGER") or ROOT / "target/release/tradewind-ledger")
WASM = Path(os.environ.get("WASM") or ROOT / "target/wasm32-wasip1/release/tradewind.wasm")

GATEWAY, ADMIN, WEATHER, CREDITS = 10000, 9901, 9902, 8700
WORKERS = 2

Running = TypeVar("Running", bound=Daemon)


def built() -> Path:
    """Envoy's path, once everything that runs is there."""
    envoy = os.environ.get("ENVOY")
    if not envoy:
        raise Trouble("ENVOY does not say where Envoy is: `make demo` and `make run` do")
    for path in (TRADEWIND, LEDGER, WASM):
        if not path.is_file():
            raise Trouble(f"`{path}` is not there: `make build` brings it")
    binary = shutil.which(envoy)
    if not binary:
        raise Trouble(f"`{envoy}` is no program: `make setup` brings an Envoy if ENVOY is not set")
    return Path(binary)


class Sim(Daemon):
    """The three providers, simulated."""

    def __init__(self, folder: Path, port: int):
        command = [TRADEWIND, "sim", "--admin", f"{ports.HOST}:{port}"]
        super().__init__("the simulator of the providers", command, folder, "sim")
        try:
            said = json.loads(self.wait_for(lambda: _line(self.out)))
        except BaseException:
            self.stop()
            raise
        providers = ("anthropic", "openai", "gemini")
        self.endpoints = {name: f"http://{said[name]}" for name in providers}
        self.url = f"http://{said['admin']}"
        self.admin = httpx.Client(base_url=self.url, timeout=10, trust_env=False)

    def weather(self, *rows: dict) -> None:
        """This weather from now on, and no request remembered."""
        self._ask("PUT", "/weather", json=list(rows))
        self._ask("DELETE", "/requests")

    def tried(self) -> list[str]:
        """Every attempt that reached a provider: its model, and what became of it."""
        seen = self._ask("GET", "/requests")
        return [f"{one['model']} {one['answered']['status']}" for one in seen]

    def asked(self) -> list[dict]:
        """What the providers were sent since, as they read it."""
        return [json.loads(one["body"]) for one in self._ask("GET", "/requests")]

    def _ask(self, method: str, path: str, **more):
        try:
            return self.admin.request(method, path, **more).raise_for_status().json()
        except httpx.HTTPError as error:
            self.check()
            raise Trouble(f"{self.what}: {method} {path}: {error}", self.log) from None


class Ledger(Daemon):
    """The credit service, on a database that goes with the demo."""

    def __init__(self, folder: Path, token: str, webhook: str | None, port: int):
        self.secret, own = secrets.token_hex(16), secrets.token_hex(16)
        # In the environment: on a command line anybody could read them.
        tokens = {
            "TRADEWIND_LEDGER_ADMIN_TOKEN": own,
            "TRADEWIND_LEDGER_PROXY_TOKEN": token,
            "TRADEWIND_LEDGER_WEBHOOK_SECRET": self.secret,
        }
        command = [
            *(LEDGER, "serve", "--listen", f"{ports.HOST}:{port}"),
            *("--database", folder / "ledger.db"),
            *(("--webhook-url", webhook) if webhook else ()),
        ]
        super().__init__("the ledger", command, folder, "ledger", tokens)
        try:
            said = self.wait_for(lambda: _line(self.out))
        except BaseException:
            self.stop()
            raise
        self.url = next(word for word in said.split() if word.startswith("http://"))
        # A browser takes the password from the address.
        self.page = self.url.replace("http://", f"http://admin:{own}@")
        bearer = {"authorization": f"Bearer {own}"}
        self.admin = httpx.Client(base_url=self.url, headers=bearer, timeout=10, trust_env=False)

    def ask(self, method: str, path: str, body=None, **headers: str) -> dict:
        """One call of an operator."""
        try:
            answer = self.admin.request(method, path, json=body, headers=headers)
            return answer.raise_for_status().json()
        except httpx.HTTPError as error:
            self.check()
            raise Trouble(f"{self.what}: {method} {path}: {error}", self.log) from None

    def buy(self, tenant: str, credits: str) -> dict:
        """Buys credits; what was paid for them."""
        key = {"idempotency-key": secrets.token_hex(8)}
        return self.ask("POST", f"/v1/tenants/{tenant}/purchases", {"credits": credits}, **key)

    def tenant(self, tenant: str) -> dict:
        """How an account stands."""
        return self.ask("GET", f"/v1/tenants/{tenant}")


class Envoy(Daemon):
    """Envoy with a policy."""

    def __init__(self, binary: Path, folder: Path, policy: Path, listen: int, admin: int):
        self.policy, self.page = policy, folder / "report.html"
        self.config = folder / "envoy.json"
        self.config.write_text(render(policy, folder / "secrets", listen, admin))
        address = folder / "admin-address"
        address.unlink(missing_ok=True)
        command = [
            *(binary, "--config-path", self.config, "--concurrency", WORKERS),
            *("--disable-hot-restart", "--admin-address-path", address),
            *("--log-level", "warning", "--file-flush-interval-msec", 100),
        ]
        super().__init__("Envoy", command, folder, "envoy")
        try:
            self.admin_url = f"http://{self.wait_for(lambda: _line(address))}"
            self.admin = httpx.Client(base_url=self.admin_url, timeout=10, trust_env=False)
            # Each role's module is compiled first: seconds on a busy machine.
            self.wait_for(self._live, 60)
            self.url = self.wait_for(self._listener)
        except BaseException:
            self.stop()
            raise

    def line(self, request_id: str) -> dict:
        """A request's line of the access log, once Envoy has written it."""

        def written() -> dict | None:
            lines = map(json.loads, self.out.read_text().splitlines())
            return next((line for line in lines if line.get("request_id") == request_id), None)

        return self.wait_for(written)

    def report(self, *more) -> dict:
        """What `tradewind report` says of all requests so far; its page is beside the log."""
        command = [TRADEWIND, "report", self.out, "--json", "--html", self.page, *more]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"`tradewind report` fails:\n{done.stderr.rstrip()}", self.log)
        return json.loads(done.stdout)

    def _live(self) -> bool:
        try:
            return self.admin.get("/ready").text.startswith("LIVE")
        except httpx.TransportError:
            return False

    def _listener(self) -> str | None:
        listed = self.admin.get("/listeners?format=json").json().get("listener_statuses", [])
        for listener in listed:
            where = listener["local_address"]["socket_address"]
            return f"http://{where['address']}:{where['port_value']}"
        return None


class Stack:
    """Everything that runs, out of one temporary folder."""

    def __init__(self, name: str):
        self.binary = built()
        self.folder = Path(tempfile.mkdtemp(prefix=f"tradewind-{name}-"))
        self.policy = self.folder / "policy.yaml"
        self.running: list[Daemon] = []
        # Whether all that was to be shown has been: from then on, to be stopped is to succeed.
        self.done = False

    def secret(self, name: str, key: str) -> None:
        """Writes one provider's key, for nobody else to read."""
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700, exist_ok=True)
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_text(key)

    def start_sim(self) -> Sim:
        """The simulator, its weather on the default port or on a free one."""
        start = lambda port: Sim(self.folder, port)
        return self._start(start, WEATHER)

    def start_ledger(self, webhook: str | None = None) -> Ledger:
        """The ledger, on its default port or on a free one, and its token where Envoy reads it."""
        token = secrets.token_hex(16)
        self.secret(policy.LEDGER_SECRET, token)
        return self._start(lambda port: Ledger(self.folder, token, webhook, port), CREDITS)

    def start_envoy(self, text: str) -> Envoy:
        """Envoy on a policy, on its default ports or on free ones."""
        self.policy.write_text(text)
        start = lambda *at: Envoy(self.binary, self.folder, self.policy, *at)
        return self._start(start, GATEWAY, ADMIN)

    def _start(self, start: Callable[..., Running], *defaults: int) -> Running:
        try:
            daemon = start(*map(ports.prefer, defaults))
        except Trouble as trouble:
            # Somebody may come between our look at a port and the taking of it.
            if "Address already in use" not in str(trouble):
                raise
            daemon = start(*(0 for _ in defaults))
        self.running.append(daemon)
        return daemon

    def stay(self) -> NoReturn:
        """Until somebody stops it; complains when something ends by itself."""
        while True:
            time.sleep(0.5)
            self.check()

    def check(self) -> None:
        """Complains when something has ended by itself."""
        for daemon in self.running:
            daemon.check()

    def stop(self, keep: bool) -> None:
        """Ends everything and removes the folder; logs worth keeping stay in it, keys do not."""
        for daemon in reversed(self.running):
            daemon.stop()
        logs = keep and any(self.folder.glob("*.log"))
        shutil.rmtree(self.folder / "secrets" if logs else self.folder, ignore_errors=True)


def render(policy: Path, secrets: Path, listen: int = 0, admin: int = 0) -> str:
    """Envoy's whole configuration for a policy."""
    command = [
        *(TRADEWIND, "render", policy, "--for", "envoy", "--wasm", WASM),
        *("--listen", f"{ports.HOST}:{listen}", "--admin", f"{ports.HOST}:{admin}"),
        *("--secrets-dir", secrets),
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Trouble(f"`tradewind render` refuses the policy:\n{done.stderr.rstrip()}")
    return done.stdout


def _line(path: Path) -> str | None:
    """The first line of a file, once it is there in full."""
    text = path.read_text() if path.exists() else ""
    # Envoy writes its address without a line break.
    return text.splitlines()[0] if text.strip() else None
