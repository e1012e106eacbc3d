"""The credit service as a process: started on a port of its own choice, asked over HTTP."""

import json
import os
import re
import shutil
import subprocess
import time
from decimal import Decimal
from pathlib import Path

import httpx
from support import paths
from support.daemon import Daemon

LEDGER = Path(os.environ.get("TRADEWIND_LEDGER") or paths.ROOT / "target/release/tradewind-ledger")
# Logs, databases and screenshots of the last run stay here.
FOLDER = paths.ROOT / "target/ledger"
ADMIN, PROXY = "admin-of-the-tests", "proxy-of-the-tests"
TOKENS = {"TRADEWIND_LEDGER_ADMIN_TOKEN": ADMIN, "TRADEWIND_LEDGER_PROXY_TOKEN": PROXY}


def environment(*more: dict[str, str] | None) -> dict[str, str]:
    """This process's own, without what would speak to the service from outside."""
    ours = ("TRADEWIND_LEDGER", "DATABASE_URL")
    found = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    for some in more:
        found.update(some or {})
    return found


def new_folder(name: str) -> Path:
    """An empty one."""
    path = FOLDER / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


class Ledger(Daemon):
    """A running service on a database; `stop` is polite, `kill` is not."""

    count = 0

    def __init__(
        self,
        database: str,
        folder: Path,
        *arguments,
        listen="127.0.0.1:0",
        env=None,
        prefix=(),
        **more,
    ):
        Ledger.count += 1
        folder.mkdir(parents=True, exist_ok=True)
        self.out = folder / f"ledger-{Ledger.count}.out"
        with self.out.open("wb") as out:
            super().__init__(
                [*prefix, LEDGER, *_serve(listen, database, arguments)],
                folder / f"ledger-{Ledger.count}.log",
                stdout=out,
                env=environment(TOKENS, env),
                **more,
            )
        try:
            self.url = self.wait_for("address", self._address)
        except BaseException:
            self.stop()
            raise
        self.port = int(self.url.rsplit(":", 1)[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin, self.proxy, self.nobody = map(self.client, (ADMIN, PROXY, None))

    def client(self, token: str | None) -> httpx.Client:
        """A caller with a token or without."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def _address(self) -> str | None:
        found = re.search(r"^ledger: listening on (http://\S+)", self.out.read_text(), re.MULTILINE)
        return found and found[1]

    def kill(self) -> None:
        """As a crash does it."""
        self.process.kill()
        self.process.wait()

    def buy(self, tenant: str, key: str, **purchase) -> httpx.Response:
        """`credits` or `paid`, once for a key."""
        headers = {"idempotency-key": key}
        path = f"/v1/tenants/{tenant}/purchases"
        return self.admin.post(path, json=purchase, headers=headers)

    def configure(self, tenant: str, **settings) -> httpx.Response:
        """Changes a tenant's settings, and makes the tenant if there is none."""
        return self.admin.put(f"/v1/tenants/{tenant}", json=settings)

    def hold(self, hold_id: str, tenant: str, credits: str, **more) -> httpx.Response:
        """Sets credits aside."""
        body = {"hold_id": hold_id, "tenant": tenant, "credits": credits, **more}
        return self.proxy.post("/v1/holds", json=body)

    def settle(self, hold_id: str, credits: str, tenant="acme", model=None, **more) -> str:
        """What becomes of one settlement; with a model it has one part."""
        item = {"tenant": tenant, "hold_id": hold_id, "credits": credits, **more}
        if model:
            item["parts"] = [{"model": model, "credits": credits}]
        answer = self.proxy.post("/v1/settlements", json={"settlements": [item]})
        assert answer.status_code == 200, answer.text
        return answer.json()["results"][0]["state"]

    def tenant(self, tenant: str) -> dict:
        """Everything about a tenant."""
        answer = self.admin.get(f"/v1/tenants/{tenant}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def balance(self, tenant: str) -> Decimal:
        """What a tenant has."""
        return Decimal(self.tenant(tenant)["balance"])

    def entries(self, tenant: str) -> list[dict]:
        """All of a tenant's entries, oldest first."""
        found, after = [], 0
        while True:
            query = {"after": after, "limit": 1000}
            answer = self.admin.get(f"/v1/tenants/{tenant}/entries", params=query)
            if answer.status_code == 503:
                time.sleep(0.05)  # its database is coming back: asked again until the test ends
                continue
            page = answer.raise_for_status().json()
            found += page["entries"]
            if not page.get("next"):
                return found
            after = page["next"]

    def events(self, tenant: str) -> list[dict]:
        """A tenant's alerts."""
        return self.admin.get(f"/v1/tenants/{tenant}/alerts").json()["alerts"]


def audit(database: str) -> subprocess.CompletedProcess:
    """What the audit of a database says."""
    command = [LEDGER, "audit", "--database", database]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment()
    )


def repair(database: str, *arguments) -> subprocess.CompletedProcess:
    """What the repair of a database says."""
    command = [LEDGER, "repair", "--database", database, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment()
    )


def assert_clean(database: str) -> None:
    """The audit finds nothing."""
    done = audit(database)
    assert done.returncode == 0, done.stdout + done.stderr


def refused(
    database: str, *arguments, listen="127.0.0.1:0", binary=LEDGER, env=None, **more
) -> subprocess.CompletedProcess:
    """What a service says that does not start; one that does start is a failure."""
    command = [binary, *_serve(listen, database, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, env=environment(env), **more
    )


def _serve(listen: str, database: str, arguments) -> list:
    return ["serve", "--listen", listen, "--database", database, *arguments]


def problem(answer: httpx.Response, status: int, code: str) -> dict:
    """The problem that an answer states, after a look at its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.headers
    said = json.loads(answer.text)
    assert said["status"] == status and said["title"] and said["type"], said
    assert said["code"] == code, said
    return said
