"""A storm from its first request to its last charge, and what is to be said of it."""

import asyncio
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from .. import paths
from ..between import Between
from ..gateway import CHAT, Gateway, run_render
from ..ledger import Ledger
from ..policy import broken
from ..sim import Request, Sim
from . import books
from .apps import Apps
from .endings import ANSWERED, CUT, FAILED, INTERRUPTED, LEFT, REFUSED
from .rules import PURCHASE, RUNNING, TENANTS, changed, fresh_name, key, rules
from .tally import Ask, Tally
from .weather import KILLED, LEDGER, MIDWAY, script
from .wire import Line

WORKERS = 4
# Longer than any answer of a storm takes: what began under an older policy ends under it.
DRAIN_S = 10
# How often the policy changes, and what the providers have seen is asked for.
RELOAD_S, SEEN_S = 7, 30
# Two sizes of Envoy are compared: once the storm has blown for this share of it, and at its end.
WARM = 0.5
# By how much it may have grown between them, in all and in MiB.
GROWTH, ROOM_MIB = 1.2, 30
TRAPS = ("panicked", "wasm trap", "Uncaught", "vm_reload")


@dataclass
class Report:
    """What is wrong, and the figures."""

    wrong: list[str] = field(default_factory=list)
    figures: dict = field(default_factory=dict)

    def need(self, holds: object, what: str) -> None:
        """Notes what does not hold."""
        if not holds:
            self.wrong.append(what)


class Storm:
    """Providers, a ledger, and a gateway whose policy changes by the documented command."""

    def __init__(
        self, binary: Path, folder: Path, seed: int = 1, each: int = 6, pause: float = 0.25
    ):
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.watched, self.seed, self.each = folder, folder / "envoy", seed, each
        self.tally, self.report = Tally(), Report()
        self.seen: dict[int, dict] = {}
        self.sizes: list[tuple[float, float]] = []
        self.changes, self.over, self.stopping = 0, False, []
        try:
            self.sim = self._starts(Sim(folder / "sim"))
            self.ledger = self._starts(Ledger(folder / "ledger"))
            self.between = self._starts(Between(self.ledger.address))
            self.rules = rules(self.sim, self.between.url)
            self._render(self.rules)
            bootstrap = json.loads((self.watched / "bootstrap.json").read_text())
            how = {"drain_s": DRAIN_S, "drain": "immediate"}
            self.gateway = self._starts(Gateway(binary, bootstrap, WORKERS, folder, **how))
        except BaseException:
            self.stop()
            raise
        for tenant in TENANTS:
            self.ledger.buy(tenant, PURCHASE)
        self.apps = Apps(self.gateway.url, self.tally, seed, pause)

    def _starts(self, part):
        self.stopping.append(part)
        return part

    def stop(self) -> None:
        """Ends all of it."""
        for part in reversed(self.stopping):
            part.stop()

    def _render(self, policy: dict) -> None:
        done = run_render(policy, self.folder, "--dynamic", str(self.watched))
        assert done.returncode == 0, done.stderr

    def blow(self, seconds: float) -> Report:
        """The storm itself; then fair weather, and the accounts."""
        asyncio.run(self._blow(seconds))
        self._settle()
        return self.report

    async def _blow(self, seconds: float) -> None:
        await self._acquaint()
        apps = asyncio.create_task(self.apps.run(self.each))
        others = (self._ledger(), self._change(), self._watch())
        beside = [asyncio.create_task(own) for own in others]
        await self._weather(seconds)
        self.apps.over = self.over = True
        await self._fair()
        self.between.turn("fair")
        await asyncio.gather(apps, *beside)
        await asyncio.to_thread(self.look)
        await self._burst()

    async def _acquaint(self) -> None:
        """Each tenant is known: one whom the proxy has never met has no grace."""
        for tenant in TENANTS:
            line = Line(self.gateway.url, key(tenant))
            self.tally.take(*await self._plain(line, "first"))
            line.close()

    async def _plain(self, line: Line, kind: str, model: str = "auto", **more):
        ask = self.apps.chat(kind, "hello", model, path=CHAT, stream=False, **more)
        return ask, await line.ask(ask.path, ask.body)

    async def _weather(self, seconds: float) -> None:
        start = time.monotonic()
        for moment in script(seconds, self.seed):
            self.tally.moment = f"{moment.name} ({time.monotonic() - start:.1f} s)"
            if moment.rows:
                put = self.sim.admin.put
                answer = await asyncio.to_thread(put, "/weather", json=moment.rows)
                assert answer.is_success, answer.text
            else:
                await self._fair()
            await asyncio.sleep(moment.seconds)
            if time.monotonic() - start > seconds:
                return

    async def _fair(self) -> None:
        await asyncio.to_thread(self.sim.admin.delete, "/weather")

    async def _ledger(self) -> None:
        """The ledger goes away and comes back."""
        while not self.over:
            for weather, seconds in LEDGER:
                if weather == KILLED:
                    self.ledger.kill()
                    await self._sleep(seconds)
                    await asyncio.to_thread(self.ledger.restart)
                    continue
                await asyncio.to_thread(self.between.turn, weather)
                await self._sleep(seconds)

    async def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over:
            await asyncio.sleep(0.1)

    async def _change(self) -> None:
        """Another policy every few seconds, and each time a bad one, which changes nothing."""
        line = Line(self.gateway.url, key("talking"))
        while not self.over:
            await self._sleep(RELOAD_S)
            if self.over:
                break
            self.changes += 1
            await asyncio.to_thread(self._render, changed(self.rules, self.changes))
            bad = broken(self.rules)
            done = await asyncio.to_thread(
                run_render, bad, self.folder, "--dynamic", str(self.watched)
            )
            self.report.need(done.returncode == 1, f"a bad policy: {done.stderr}")
            end, ending = time.monotonic() + 15, REFUSED
            while ending == REFUSED:
                refusals = (404,) if time.monotonic() < end else ()
                own = fresh_name(self.changes)
                ask, answer = await self._plain(line, "change", own, refusals=refusals)
                ending, _ = self.tally.take(ask, answer)
                await asyncio.sleep(0.1)
        line.close()

    async def _watch(self) -> None:
        """The size of Envoy, and what the providers have seen before they forget it."""
        start = time.monotonic()
        while not self.over:
            for _ in range(SEEN_S):
                if self.over:
                    return
                self.sizes.append((time.monotonic() - start, resident(self.gateway)))
                await asyncio.sleep(1)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Asks the simulator for what it has seen."""
        for entry in self.sim.admin.get("/requests", timeout=60).json():
            # Its number is all that is asked of a body later.
            own = books.number(entry["body"])
            entry |= {"body": f"[mark:n{own}n]" if own else "", "headers": []}
            self.seen[entry["serial"]] = entry

    async def _burst(self) -> None:
        """As many as may run at once do, and no more: no slot was lost, and none is there twice."""
        await asyncio.to_thread(self.sim.admin.put, "/weather", json=[{"latency_ms": 800}])

        async def one() -> str:
            line = Line(self.gateway.url, key("narrow"))
            ask, answer = await self._plain(line, "burst", refusals=(429,))
            line.close()
            return self.tally.take(ask, answer)[0]

        endings = await asyncio.gather(*(one() for _ in range(RUNNING + 2)))
        found = sorted(endings)
        self.report.need(
            found == [ANSWERED] * RUNNING + [REFUSED] * 2, f"slots after the storm: {found}"
        )
        await self._fair()

    def _settle(self) -> None:
        """Waits for the last charge, and compares."""
        held = self._wait_for_holds()
        self.report.need(not held, f"still held: {held}")
        self.look()
        log = self.gateway.envoy.text()
        reloads = sum(self.gateway.envoy.stats("wasm.*vm_reload").values())
        self.report.need(reloads == 0, f"{reloads} reloads of a VM")
        traps = [line for line in log.splitlines() if any(word in line for word in TRAPS)]
        self.report.need(not traps, f"{len(traps)} traps, the first: {traps[:1]}")
        self._judge()
        self._memory()
        entries = books.charges(self.ledger)
        requests = [Request(entry) for _, entry in sorted(self.seen.items())]
        self.report.wrong += books.compare(entries, requests, self.tally.waited)
        self.report.figures |= {
            "charges": len(entries),
            "estimated": sum(entry.estimated for entry in entries),
            "attempts": len(requests),
        }
        try:
            self.ledger.audit()
        except AssertionError as wrong:
            self.report.wrong.append(f"audit: {wrong}")

    def _wait_for_holds(self) -> dict[str, int]:
        end = time.monotonic() + 20
        while True:
            held = {name: self.ledger.tenant(name)["open_holds"] for name in TENANTS}
            held = {name: count for name, count in held.items() if count}
            if not held or time.monotonic() > end:
                return held
            time.sleep(0.2)

    def _judge(self) -> None:
        tally, need = self.tally, self.report.need
        need(not tally.improper, f"{len(tally.improper)} improper: {tally.improper[:5]}")
        need(not tally.failed, f"{len(tally.failed)} failed: {tally.failed[:5]}")
        twice = [own for own, count in tally.ids.items() if count > 1]
        need(not twice, f"ids of two answers: {twice[:3]}")
        # What was cut after it had begun was cut by the weather.
        midway = sum(
            any(word in (entry["answered"]["weather"] or {}) for word in MIDWAY)
            for entry in self.seen.values()
        )
        ended = tally.of(CUT) + tally.of(INTERRUPTED)
        need(ended <= midway, f"{ended} ended midway, {midway} by the weather")
        log = self.gateway.envoy.access_log()
        lines = [line["request_id"] for line in log if line.get("request_id")]
        need(len(lines) == len(set(lines)), "two lines of one request")
        lost = set(tally.ids) - set(lines)
        need(not lost, f"{len(lost)} requests without a line")
        self.report.figures |= {
            "requests": tally.total(),
            **{own: tally.of(own) for own in (ANSWERED, REFUSED, FAILED, INTERRUPTED, CUT, LEFT)},
            "improper": len(tally.improper),
            "failed though a model was well": len(tally.failed),
            "from the cache": tally.cached,
            "policies": self.changes,
        }

    def _memory(self) -> None:
        last = self.sizes[-1][0]
        warm = max(size for at, size in self.sizes if at <= last * WARM)
        end = max(size for _, size in self.sizes[-3:])
        self.report.figures |= {"MiB when warm": round(warm), "MiB at the end": round(end)}
        self.report.need(end <= warm * GROWTH + ROOM_MIB, f"memory: {warm:.0f}, then {end:.0f} MiB")


def resident(gateway: Gateway) -> float:
    """What Envoy has in memory, in MiB."""
    for line in Path(f"/proc/{gateway.envoy.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("Envoy has ended")


def storm(binary: Path, name: str, seconds: float, **more) -> Report:
    """A storm of so many seconds with this Envoy."""
    own = Storm(binary, paths.LOGS / name, **more)
    try:
        return own.blow(seconds)
    finally:
        own.stop()
