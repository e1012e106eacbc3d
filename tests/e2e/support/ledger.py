"""The ledger: a real one, with a file of its own, and what the tests ask it."""

import re
import secrets
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import httpx

from . import paths
from .daemon import Daemon
from .policy import KEYS

ADMIN = "admin-token-of-the-tests"
READY = re.compile(r"listening on (http://\S+)")


class Ledger(Daemon):
    """A running `tradewind-ledger`; `restart` brings it back on the same port and file."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = folder / f"ledger-{secrets.token_hex(4)}.db"
        (folder / "admin").write_text(ADMIN)
        (folder / "proxy").write_text(KEYS["ledger"])
        self._start("127.0.0.1:0")
        bearer = {"authorization": f"Bearer {ADMIN}"}
        self.http = httpx.Client(base_url=self.url, headers=bearer, timeout=10, trust_env=False)

    def _start(self, address: str) -> None:
        command = [
            *(paths.LEDGER, "serve", "--listen", address, "--database", self.database),
            *("--admin-token-file", self.folder / "admin"),
            *("--proxy-token-file", self.folder / "proxy"),
        ]
        super().__init__(command, self.folder / "ledger.log")
        try:
            self.url = self.wait_for("address", self._ready)
        except BaseException:
            self.stop()
            raise
        self.address = self.url.removeprefix("http://")

    def _ready(self) -> str | None:
        said = READY.search(self.text())
        return said[1] if said else None

    def kill(self) -> None:
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """The same ledger again, where it was."""
        self._start(self.address)

    def buy(self, tenant: str, credits: str) -> dict:
        """A purchase."""
        path = f"/v1/tenants/{tenant}/purchases"
        key = {"idempotency-key": secrets.token_hex(8)}
        answer = self.http.post(path, json={"credits": credits}, headers=key)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def configure(self, tenant: str, **settings) -> None:
        """Changes a tenant's settings."""
        answer = self.http.put(f"/v1/tenants/{tenant}", json=settings)
        assert answer.is_success, answer.text

    def tenant(self, tenant: str) -> dict:
        """How an account stands."""
        answer = self.http.get(f"/v1/tenants/{tenant}")
        assert answer.is_success, answer.text
        return answer.json()

    def hold(self, tenant: str, hold_id: str) -> dict | None:
        """One hold; none when there never was one."""
        answer = self.http.get(f"/v1/tenants/{tenant}/holds/{hold_id}")
        assert answer.is_success or answer.status_code == 404, answer.text
        return answer.json() if answer.is_success else None

    def entries(self, tenant: str, kind: str = "charge") -> list["Entry"]:
        """What changed a balance, oldest first."""
        found, after = [], 0
        while after is not None:
            query = {"after": after, "limit": 100}
            answer = self.http.get(f"/v1/tenants/{tenant}/entries", params=query)
            assert answer.is_success, answer.text
            found += answer.json()["entries"]
            after = answer.json()["next"]
        return [Entry(entry) for entry in found if entry["kind"] == kind]

    def settled(self, tenant: str, count: int, seconds: float = 5) -> list["Entry"]:
        """The charges of a tenant, once there are so many and nothing is held any more."""
        end = time.monotonic() + seconds
        while True:
            account = self.tenant(tenant)
            entries = self.entries(tenant)
            if account["open_holds"] == 0 and len(entries) >= count:
                assert len(entries) == count, entries
                return entries
            assert time.monotonic() < end, (account, entries)
            time.sleep(0.05)

    def audit(self) -> None:
        """Every balance follows from its entries."""
        command = [paths.LEDGER, "audit", "--database", self.database]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


class Entry:
    """A change of a balance; `credits` is what was taken or given, without its sign."""

    def __init__(self, entry: dict):
        self.all = entry
        self.credits = abs(Decimal(entry["credits"]))
        self.model, self.outcome = entry.get("model"), entry.get("outcome")
        self.usage, self.estimated = entry.get("usage"), entry.get("estimated")
        self.hold_id = entry.get("hold_id")
        self.user, self.key = entry.get("user"), entry.get("key")

    def __repr__(self) -> str:
        return f"<{self.all}>"
