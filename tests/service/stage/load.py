"""Callers as proxies are: they hold, settle and release, and repeat with the same id until they are
answered. What was acknowledged is remembered, to be looked for later."""

import asyncio
import threading
import time
from collections import Counter
from decimal import Decimal

from .ledger import ADMIN, Ledger
from .wire import Away, Wire, crowd

# What a hold sets aside, and what the requests cost in turn: one costs more than was held.
HELD = Decimal("0.5")
COSTS = [Decimal(cost) for cost in ("0.1", "0.25", "0.000001", "0.75")]
BOUGHT = Decimal("1000")


class Load:
    """Callers of one tenant, in a thread of their own, until `stop`."""

    def __init__(self, ports, tenant: str, callers: int = 16):
        self.ports, self.tenant, self.callers = ports, tenant, callers
        self.held: set[str] = set()
        self.released: set[str] = set()
        self.settled: dict[str, Decimal] = {}
        self.bought: set[str] = set()
        self.refusals: Counter = Counter()
        self.stopping = False
        self.trouble: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Load":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """Every caller finishes what it has begun."""
        self.stopping = True
        self.thread.join(60)
        assert not self.thread.is_alive(), "callers are still not answered"
        if self.trouble is not None:
            raise self.trouble

    def acknowledged(self) -> int:
        """How much was, so far."""
        return len(self.held) + len(self.settled) + len(self.released) + len(self.bought)

    def wait(self, more: int, seconds: float = 30) -> None:
        """Until so much more is acknowledged."""
        goal = self.acknowledged() + more
        self.wait_for(lambda: self.acknowledged() >= goal, f"{more} more acknowledged", seconds)

    def wait_for(self, found, what: str, seconds: float = 30) -> None:
        """Until something is so."""
        end = time.monotonic() + seconds
        while not found():
            assert self.thread.is_alive(), self.trouble
            assert time.monotonic() < end, f"not {what} in {seconds} s: {self.refusals}"
            time.sleep(0.01)

    def _run(self) -> None:
        try:
            asyncio.run(crowd(self._caller(number) for number in range(self.callers)))
        except BaseException as why:  # the test's own thread raises it again
            self.trouble = why

    async def _caller(self, number: int) -> None:
        wire = Wire(self.ports[number % len(self.ports)], ADMIN, timeout=15)
        turn = 0
        while not self.stopping:
            await self._request(wire, f"{self.tenant}-{number}-{turn}", turn + number)
            turn += 1
        wire.close()

    async def _request(self, wire: Wire, name: str, turn: int) -> None:
        """One request's credits, and now and then a purchase."""
        if turn % 16 == 0:
            await self._buy(wire, name)
        hold = {"hold_id": name, "tenant": self.tenant, "credits": str(HELD)}
        status, said = await self._until_answered(wire, "POST", "/v1/holds", hold)
        assert status in (200, 201), said
        self.held.add(name)
        match turn % 8:
            case 0:
                pass  # the proxy was killed: the hold stays
            case 1:
                path = f"/v1/tenants/{self.tenant}/holds/{name}"
                status, said = await self._until_answered(wire, "DELETE", path)
                assert status == 200, said
                self.released.add(name)
            case _:
                cost = COSTS[turn % len(COSTS)]
                part = {"model": "gpt", "credits": str(cost)}
                item = {"tenant": self.tenant, "hold_id": name, "credits": str(cost)}
                body = {"settlements": [{**item, "parts": [part]}]}
                status, said = await self._until_answered(wire, "POST", "/v1/settlements", body)
                assert said["results"][0]["state"] in ("settled", "settled_before"), said
                self.settled[name] = cost

    async def _buy(self, wire: Wire, name: str) -> None:
        path, headers = f"/v1/tenants/{self.tenant}/purchases", f"idempotency-key: {name}\r\n"
        body = {"credits": str(BOUGHT)}
        status, said = await self._until_answered(wire, "POST", path, body, headers)
        assert status in (200, 201), said
        self.bought.add(name)

    async def _until_answered(self, wire: Wire, *request) -> tuple[int, dict]:
        while True:
            try:
                status, said = await wire.call(*request)
            except Away:
                self.refusals["away"] += 1
            else:
                # What a batch could not have done soon is sent again, as a proxy does.
                late = any(item["state"] == "unavailable" for item in said.get("results", []))
                if status != 503 and not late:
                    return status, said
                assert late or said["code"] == "unavailable", said
                self.refusals["unavailable"] += 1
            await asyncio.sleep(0.02)

    def seen(self) -> tuple[dict[str, Decimal], set[str]]:
        """What is acknowledged by now: settlements and purchases."""
        return dict(self.settled), set(self.bought)

    def look_for(self, ledger: Ledger, settled: dict[str, Decimal], bought: set[str]) -> None:
        """Each of these is there, once."""
        charges, purchases = entries(ledger, self.tenant)
        lost = {name: cost for name, cost in settled.items() if charges.get(name) != [-cost]}
        assert not lost, {name: charges.get(name) for name in lost}
        wrong = [name for name in bought if purchases[name] != 1]
        assert not wrong, wrong

    def check(self, ledger: Ledger) -> None:
        """At the end all was acknowledged: the books say exactly that, and nothing else."""
        charges, purchases = entries(ledger, self.tenant)
        assert charges == {name: [-cost] for name, cost in self.settled.items()}
        spoken = {key: count for key, count in purchases.items() if key != "first"}
        assert spoken == {name: 1 for name in self.bought}
        account = ledger.tenant(self.tenant)
        bought = BOUGHT * (len(self.bought) + 1)
        assert Decimal(account["balance"]) == bought - sum(self.settled.values())
        open_holds = len(self.held) - len(self.settled) - len(self.released)
        assert Decimal(account["held"]) == HELD * open_holds
        for name in sorted(self.held)[:: max(1, len(self.held) // 50)]:
            state = ledger.proxy.get(f"/v1/tenants/{self.tenant}/holds/{name}").json()["state"]
            ended = "released" if name in self.released else "open"
            assert state == ("settled" if name in self.settled else ended), name


def entries(ledger: Ledger, tenant: str) -> tuple[dict[str, list[Decimal]], Counter]:
    """A tenant's charges by hold, and its purchases by key with how often each stands there."""
    charges: dict[str, list[Decimal]] = {}
    purchases: Counter = Counter()
    for entry in ledger.entries(tenant):
        if entry["kind"] == "charge":
            charges.setdefault(entry["hold_id"], []).append(Decimal(entry["credits"]))
        elif entry["kind"] == "purchase":
            purchases[entry["idempotency_key"]] += 1
    return charges, purchases


def customer(ledger: Ledger, tenant: str) -> None:
    """A tenant with its first purchase."""
    assert ledger.buy(tenant, "first", credits=str(BOUGHT)).status_code == 201


def until(found, seconds: float = 15):
    """What is found, as soon as it is."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"not in {seconds} s"
        time.sleep(0.02)
    return value
