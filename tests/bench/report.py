"""The tables, and whether the budgets are met."""

import datetime
import os
import pathlib
import platform
import re

import work
from envoy import version
from figures import lowest_fifth
from variants import AGAIN, AGAINST, BARE, DECIDING, FAIR, OURS, PLAIN

README = pathlib.Path(__file__).with_name("README.md")
BEGIN, END = "<!-- make bench -->", "<!-- make bench ends -->"

# Most microseconds that may be added to plain Envoy, or most times as much as plain Envoy.
ADDED = {"same 4 KB": 50, "cross 4 KB": 60, "same chunk": 9, "cross chunk": 9}
TIMES = {"same 1 MB": 1.7, "cross 1 MB": 2.0}
LEASE, LOG, DECISIONS, WEATHER, P50 = 12, 5, 15, 8, 90
# An answer from the cache, to plain Envoy's of the same dialect.
HIT = 0.8
READY, IDLE_MIB, WORKER_MIB, OPEN_MIB, WASM_KIB = 0.9, 45, 8, 64, 1024


def held(value, budget, form):
    """A budget and whether it is met."""
    if budget is None or value is None:
        return ""
    return f"{form.format(budget)}: {'met' if value <= budget else 'not met'}"


def rows(heads, lines):
    """A table of Markdown; nothing when it has no lines."""
    if not lines:
        return []
    return ["| " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) - 1) + "|",
            *("| " + " | ".join(line) + " |" for line in lines), ""]


def micros(value):
    return "" if value is None else f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


class Report:
    def __init__(self, found, options, rate):
        self.found, self.options, self.rate = found, options, rate

    def cpu(self, variant, name):
        return lowest_fifth(self.found.cpu.get((variant, name)))

    def beside(self, name):
        """What plain Envoy was given instead: dialects differ only in streams."""
        return name if name.endswith("chunk") else name.replace("cross", "same")

    def to_plain(self, own, name):
        """So many times what plain Envoy takes, where that was measured."""
        plain = self.cpu(PLAIN, self.beside(name))
        return own / plain if plain else None

    def requests(self):
        lines = []
        for name in [one.name for one in [*work.WHOLE, *work.STREAMED]]:
            ours, plain = self.cpu(OURS, name), self.cpu(PLAIN, self.beside(name))
            if ours is None or plain is None:
                continue
            bare, other = self.cpu(BARE, self.beside(name)), self.cpu(AGAINST, name)
            limit = (held(ours - plain, ADDED.get(name), "+{} us")
                     or held(ours / plain, TIMES.get(name), "{:.1f} x"))
            line = [name, micros(plain), micros(bare), micros(ours), f"+{micros(ours - plain)}",
                    f"{ours / plain:.2f} x", limit]
            lines.append(line + [micros(other)] * bool(self.options.against))
        heads = ["CPU of Envoy, us", "plain", "rendered, no module", "Tradewind", "added", "ratio",
                 "budget"] + [AGAINST] * bool(self.options.against)
        return rows(heads, lines)

    def changed(self):
        """What one thing costs: each beside Tradewind as rendered."""
        lines = []
        for variant, name in self.found.cpu:
            ours, own = self.cpu(OURS, name), self.cpu(variant, name)
            if variant in (PLAIN, BARE, OURS, AGAINST) or name not in ("same 4 KB", "cross 4 KB"):
                continue
            base = self.cpu(BARE, name) if variant.startswith(BARE) else ours
            base = self.cpu(AGAINST, name) if variant.endswith(AGAINST) else base
            budget = {"credits, a lease": held(own - base, LEASE, "+{} us"),
                      DECIDING: held(own - base, DECISIONS, "+{} us"),
                      FAIR: held(own - base, WEATHER, "+{} us"),
                      AGAIN: held(self.to_plain(own, name), HIT, "{} x plain"),
                      "without the access log": held(base - own, LOG, "log: {} us")}
            lines.append([f"{variant}, {name}", micros(own), f"{own - base:+.1f}",
                          budget.get(variant, "")])
        return rows(["one thing changed, CPU in us", "with it", "beside without", "budget"],
                    sorted(lines))

    def refused(self):
        lines = [[one.name, micros(self.cpu(OURS, one.name))] for one in work.REFUSED
                 if self.cpu(OURS, one.name)]
        return rows(["refused, CPU in us", "Tradewind"], lines)

    def paced(self):
        base = self.found.p50.get((PLAIN, work.FIRST.name))
        lines = []
        for variant, name in self.found.p50:
            key = variant, name
            p50, p99 = lowest_fifth(self.found.p50[key]), lowest_fifth(self.found.p99[key])
            added = p50 - lowest_fifth(base) if base else None
            budget = held(added, P50 if variant == OURS and name == "same 4 KB" else None, "+{} us")
            lines.append([f"{variant}, {name}", micros(p50), f"{added:+.0f}", micros(p99),
                          micros(lowest_fifth(self.found.paced_cpu[key])), budget])
        heads = [f"{self.rate} requests a second, us", "p50", "added", "p99", "CPU", "budget"]
        return rows(heads, sorted(lines))

    def memory(self):
        ready, memory = self.found.ready, self.found.memory
        lines = []

        def line(label, unit, form, plain, ours, budget=None):
            added = ours - plain
            lines.append([label, form.format(plain) + unit, form.format(ours) + unit,
                          f"{added:+.2f}{unit}", budget(ours, added) if budget else ""])

        if OURS in ready:
            line("from start to first answer", " s", "{:.2f}", lowest_fifth(ready[PLAIN]),
                 lowest_fifth(ready[OURS]), lambda ours, _: held(ours, READY, "{} s"))
        if OURS in memory:
            size = lambda variant, what: memory[variant][what][0] / 2**20
            for label, what, most in (("idle, one worker", "1 workers", IDLE_MIB),
                                      ("1,000 open streams", "open", OPEN_MIB)):
                line(label, " MiB", "{:.1f}", size(PLAIN, what), size(OURS, what),
                     lambda _, added, most=most: held(added, most, "+{} MiB"))
            worker = lambda variant: (size(variant, "5 workers") - size(variant, "1 workers")) / 4
            line("each further worker", " MiB", "{:.1f}", worker(PLAIN), worker(OURS),
                 lambda _, added: held(added, WORKER_MIB, "+{} MiB"))
        kib = pathlib.Path(self.options.wasm).stat().st_size / 1024
        lines.append(["wasm file", "", f"{kib:.0f} KiB", "", held(kib, WASM_KIB, "{} KiB")])
        return rows(["start and memory", "plain", "Tradewind", "added", "budget"], lines)

    def head(self):
        today, options = datetime.date.today().isoformat(), self.options
        return [f"Measured {today}, Envoy {version(options.envoy)}, one worker, {os.cpu_count()} "
                f"cores ({platform.machine()}), {options.processes} processes of {options.rounds} "
                "rounds for each variant.", ""]

    def peers(self):
        """Everybody beside plain Envoy."""
        lines = []
        for variant, name in sorted(self.found.cpu):
            own, plain = self.cpu(variant, name), self.cpu(PLAIN, work.FIRST.name)
            lines.append([f"{variant}, {name}", micros(own), f"+{micros(own - plain)}",
                          f"{own / plain:.1f} x", f"{min(self.found.ready[variant]):.1f} s"])
        return rows(["as fast as it goes, us", "CPU", "added", "ratio", "ready"], lines)


def tables(found, options, rate):
    """Prints the tables; with `--write` they replace those of the README."""
    told = Report(found, options, rate)
    parts = [told.head(), told.requests(), told.changed(), told.refused(), told.paced(),
             told.memory()]
    text = "\n".join(line for part in parts for line in part)
    print(text)
    if options.write:
        old = README.read_text()
        between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
        README.write_text(between.sub(lambda _: f"{BEGIN}\n{text}\n{END}", old))


def peers(found, options, rate):
    """The shorter tables of `make bench-peers`."""
    told = Report(found, options, rate)
    print("\n".join([*told.head(), *told.peers(), *told.paced()]))
