"""What Tradewind costs beside plain Envoy: CPU per request and per streamed chunk, latency at a
fixed rate, memory, and the time to be ready.

Each variant (`variants.py`) is measured in several processes of Envoy, all of them in shuffled
order; in each its work (`work.py`) is done in several rounds, in shuffled order too. `figures.py`
says what is made of the rounds, `report.py` prints it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

import figures
import process
import report
import variants
import work
from envoy import Envoy
from ledgers import Ledger
from load import Load, connect
from process import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRADEWIND = ROOT / "target/release/tradewind"
LEDGER = ROOT / "target/release/tradewind-ledger"
WASM = ROOT / "target/wasm32-wasip1/release/tradewind.wasm"
# Streams that are open at once when memory is measured.
OPEN = 1000


@contextlib.contextmanager
def upstream():
    """The provider's port; it is this process's neighbour on the cores that Envoy has not."""
    script = pathlib.Path(__file__).with_name("upstream.py")
    running = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    try:
        yield json.loads(running.stdout.readline())["port"]
    finally:
        running.kill()
        running.wait()


def ports():
    return {"listen": free_port(), "admin": free_port()}


class Bench:
    """One run."""

    # At a fixed rate: requests per second, and how many are one round.
    rate, paced = 500, 500

    def __init__(self, options, setting, folder):
        self.options, self.setting, self.folder = options, setting, folder
        self.found = figures.Figures()

    def every(self):
        """The variants to measure."""
        if self.options.against:
            yield variants.against(self.options.against)
        for one in variants.EVERY:
            usual = one.name in (variants.PLAIN, variants.OURS)
            chosen = self.options.variant in one.name
            if usual or chosen:
                yield one
            if self.options.variant and self.options.against and chosen and not usual:
                yield variants.twin(one, self.options.against)

    def start(self, variant, workers=1):
        own = ports()
        bootstrap = variant.bootstrap(self.setting, self.folder, own)
        first = self.request(variant, work.FIRST)
        return Envoy(self.options.envoy, bootstrap, self.folder, own, first, workers)

    def request(self, variant, one):
        return one.request(variant.plain)

    def works(self, names):
        return [work.EVERY[name] for name in names if self.options.only in name]

    def process(self, variant):
        """All rounds of a variant in a process of its own."""
        with self.start(variant) as proxy:
            self.found.ready[variant.name].append(proxy.ready)
            port = proxy.ports["listen"]
            number = work.NUMBER.encode() if variant.differ else None
            loads = {one: Load(port, self.request(variant, one), one.width, one.status, number)
                     for one in self.works(variant.works)}
            for one, load in loads.items():
                load.run(max(one.width, one.count // 2))
            paced = self.works(variant.paced)
            for _ in range(self.options.rounds):
                rounds = [(self.busy, one) for one in loads] + [(self.quiet, one) for one in paced]
                random.shuffle(rounds)
                for measure, one in rounds:
                    measure(proxy, variant, one, loads[one])
            if isinstance(proxy, Envoy) and self.options.only == "":
                proxy.assert_kept()
            for load in loads.values():
                load.close()

    def busy(self, proxy, variant, one, load):
        """CPU per request where the next request always waits."""
        before = proxy.cpu_ns()
        load.run(one.count)
        cost = (proxy.cpu_ns() - before) / 1000 / one.count / one.parts
        self.found.cpu[variant.name, one.name].append(cost)

    def quiet(self, proxy, variant, one, load):
        """Latency at a fixed rate that leaves Envoy idle most of the time."""
        before = proxy.cpu_ns()
        times = sorted(load.paced(self.rate, self.paced))
        key = variant.name, one.name
        self.found.paced_cpu[key].append((proxy.cpu_ns() - before) / 1000 / len(times))
        self.found.p50[key].append(times[len(times) // 2])
        self.found.p99[key].append(times[len(times) * 99 // 100])

    def memory(self, variant):
        """Bytes of an idle process, of one with more workers, and of one with many open streams."""
        found = self.found.memory[variant.name]
        for workers in (1, 5):
            with self.start(variant, workers) as proxy:
                time.sleep(1)
                found[f"{workers} workers"].append(idle := proxy.rss())
                if workers == 1:
                    lines = open_streams(proxy.ports["listen"], work.HELD.request(variant.plain))
                    found["open"].append(proxy.rss() - idle)
                    for line in lines:
                        line.close()

    def run(self):
        every = list(self.every())
        order = every * self.options.processes
        random.shuffle(order)
        for number, variant in enumerate(order, 1):
            print(f"  {number} of {len(order)}: {variant.name}", file=sys.stderr, flush=True)
            self.process(variant)
        if self.options.only == "":
            for variant in every:
                if variant.name in (variants.PLAIN, variants.OURS):
                    self.memory(variant)


def open_streams(port, request):
    """Streams that have begun and do not go on."""
    lines = []
    for _ in range(OPEN):
        line = connect(port)
        line.sendall(request)
        lines.append(line)
    for line in lines:
        if not line.recv(12).startswith(b"HTTP/1.1 200"):
            sys.exit("bench: a held stream was refused")
    return lines


def main(kind=Bench, tables=report.tables, about=__doc__):
    arguments = argparse.ArgumentParser(description=about)
    arguments.add_argument("--envoy", required=True, help="the Envoy binary to measure")
    arguments.add_argument("--quick", action="store_true", help="a glance: 2 processes of 3 rounds")
    arguments.add_argument("--processes", type=int, help="processes of each variant (5)")
    arguments.add_argument("--rounds", type=int, help="rounds in each process (8)")
    arguments.add_argument("--only", default="", help="work whose name has this in it")
    arguments.add_argument("--variant", default="",
                           help="variants whose name has this in it, beside plain and Tradewind")
    arguments.add_argument("--wasm", default=str(WASM), help="the module to measure")
    arguments.add_argument("--against", help="another module to measure in the same run")
    arguments.add_argument("--write", action="store_true", help="put the tables into README.md")
    options = arguments.parse_args()
    options.processes = options.processes or (2 if options.quick else 5)
    options.rounds = options.rounds or (3 if options.quick else 8)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, process.OTHERS)
    with tempfile.TemporaryDirectory() as name, upstream() as port:
        folder = pathlib.Path(name)
        ledger = Ledger(LEDGER, folder)
        try:
            setting = variants.Setting(str(TRADEWIND), options.wasm, port, ledger.url)
            bench = kind(options, setting, folder)
            bench.run()
        finally:
            ledger.stop()
    tables(bench.found, options, bench.rate)


if __name__ == "__main__":
    main()
