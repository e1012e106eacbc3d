"""How fast the ledger is: holds and settlements per second on one core, and how long a hold takes.

The ledger has a core of its own; PostgreSQL and whoever asks have the others. Beside it, in turns
and on the same server, stands pgbench's simple update (`-N`): one UPDATE, SELECT and INSERT in a
transaction, from a client that has the ledger's core to itself. What was done is counted in the
ledger's own books, which are audited at the end.
"""

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import postgres  # noqa: E402

LEDGER = pathlib.Path(os.environ.get("TRADEWIND_LEDGER") or ROOT / "target/release/tradewind-ledger")
SCRIPT = pathlib.Path(__file__).with_suffix(".lua")
TOKEN = secrets.token_hex(16)
TENANTS, BOUGHT = 20, Decimal("1000000000")
HELD, COST = Decimal("0.02"), Decimal("0.01")
RATE = 200
# As many settlements in a call as a proxy sends.
ONE, BATCH = 1, 20

# What is wanted: per second; as a share of pgbench; and in milliseconds.
SQLITE_LEAST, POSTGRES_LEAST, P99_MOST = 5_000, 0.5, 10


class Ledger:
    """The service on a core of its own, with tenants who have bought enough."""

    def __init__(self, database, core):
        self.database = database
        environment = {**os.environ, "TRADEWIND_LEDGER_ADMIN_TOKEN": TOKEN}
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), LEDGER, "serve", "--listen", "127.0.0.1:0",
             "--database", database], env=environment, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"listening on (http://\S+)", line)
        if not found:
            sys.exit(f"bench: the ledger does not start: {line!r}")
        self.url = found[1]
        for tenant in range(TENANTS):
            self.ask(f"/v1/tenants/t{tenant}/purchases", {"credits": str(BOUGHT)})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, path, body=None):
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json",
                   "idempotency-key": "bench"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def done(self):
        """Holds and settlements so far, by the books."""
        accounts = [self.ask(f"/v1/tenants/t{tenant}") for tenant in range(TENANTS)]
        spent = sum(BOUGHT - Decimal(account["balance"]) for account in accounts)
        held = sum(Decimal(account["held"]) for account in accounts)
        settlements = spent / COST
        return int(settlements + settlements + held / HELD)

    def cpu(self):
        """Seconds on a CPU, all threads together."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):
                total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9


def press(ledger, batch, clients, seconds):
    """Holds and settlements per second, and the ledger's CPU for each in microseconds."""
    name = secrets.token_hex(4)
    before, cpu, began = ledger.done(), ledger.cpu(), time.monotonic()
    ran = subprocess.run(
        ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT,
         ledger.url, "--", TOKEN, name, str(TENANTS), str(batch)],
        capture_output=True, text=True, check=True)
    took, cpu = time.monotonic() - began, ledger.cpu() - cpu
    if wrong := re.findall(r"(?:Non-2xx|Socket errors).*", ran.stdout):
        sys.exit(f"bench: {wrong}")
    count = ledger.done() - before
    return count / took, cpu / count * 1e6


def pgbench(server, core, clients, seconds):
    """Simple updates per second."""
    ran = subprocess.run(
        ["taskset", "-c", str(core), postgres.programs() / "pgbench", "-N", "-M", "prepared", "-n",
         "-c", str(clients), "-j", "1", "-T", str(seconds), server.url("pgbench")],
        capture_output=True, text=True, check=True)
    return float(re.search(r"^tps = ([\d.]+)", ran.stdout, re.MULTILINE)[1])


async def paced(url, seconds):
    """Milliseconds from when each hold was due, 200 in a second; they are settled in batches."""
    host, port = url.removeprefix("http://").split(":")
    idle, times, waiting, name = asyncio.Queue(), [], [], secrets.token_hex(4)

    async def call(path, body):
        reader, writer = idle.get_nowait() if idle.qsize() else (
            await asyncio.open_connection(host, port))
        data = json.dumps(body).encode()
        writer.write(f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
                     f"authorization: Bearer {TOKEN}\r\ncontent-length: {len(data)}\r\n\r\n"
                     .encode() + data)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        await reader.readexactly(length)
        idle.put_nowait((reader, writer))
        if not head.startswith(b"http/1.1 20"):
            sys.exit(f"bench: {head!r}")

    async def hold(number, due):
        await call("/v1/holds", {"hold_id": f"{name}-{number}", "tenant": f"t{number % TENANTS}",
                                 "credits": str(HELD)})
        times.append((asyncio.get_running_loop().time() - due) * 1000)
        waiting.append({"tenant": f"t{number % TENANTS}", "hold_id": f"{name}-{number}",
                        "credits": str(COST)})

    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(RATE * seconds):
            due = began + number / RATE
            await asyncio.sleep(max(0, due - loop.time()))
            group.create_task(hold(number, due))
            if len(waiting) >= BATCH:
                group.create_task(call("/v1/settlements", {"settlements": waiting[:]}))
                waiting.clear()
    while idle.qsize():
        idle.get_nowait()[1].close()
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100]


def measure(ledger, options, beside=lambda: None):
    """Medians of rounds: rate and CPU with single and with batched settlements, and what stands
    beside; then the time that a hold takes."""
    press(ledger, BATCH, options.clients, 2)
    rounds = []
    for _ in range(options.rounds):
        rounds.append((*press(ledger, ONE, options.clients, options.seconds),
                       *press(ledger, BATCH, options.clients, options.seconds), beside()))
        print("  {:7.0f}/s {:5.1f} us  {:7.0f}/s {:5.1f} us  beside {}".format(*rounds[-1]),
              file=sys.stderr)
    columns = list(zip(*rounds))
    medians = [statistics.median(column) for column in columns[:4]]
    other = statistics.median(columns[4]) if columns[4][0] else None
    return medians, other, asyncio.run(paced(ledger.url, options.seconds))


def audited(ledger):
    done = subprocess.run([LEDGER, "audit", "--database", ledger.database], capture_output=True)
    if done.returncode != 0:
        sys.exit(f"bench: the books are wrong: {done.stdout!r}")


def report(rows, options):
    today = datetime.date.today().isoformat()
    print(f"\n`make bench-ledger`, {today}, {os.cpu_count()} cores ({platform.machine()}), the "
          f"ledger on one of them; {options.clients} connections, {TENANTS} tenants, medians of "
          f"{options.rounds} rounds of {options.seconds} s.\n")
    print("| holds + settlements | settled one by one | in batches of 20 | CPU each | wanted |")
    print("|---|--:|--:|--:|--:|")
    for name, (one, _, many, cpu), other, _ in rows:
        wanted = f"{SQLITE_LEAST:,}/s"
        if other:
            wanted = f"{POSTGRES_LEAST} x pgbench = {POSTGRES_LEAST * other:,.0f}/s"
        print(f"| {name} | {one:,.0f}/s | {many:,.0f}/s | {cpu:.0f} us | {wanted} |")
        if other:
            print(f"| pgbench -N -M prepared, same server | {other:,.0f}/s | | | |")
            print(f"| PostgreSQL beside pgbench | {one / other:.2f} x | {many / other:.2f} x | | |")
    print(f"\n| a hold at {RATE}/s | p50 | p99 | wanted |\n|---|--:|--:|--:|")
    for name, _, _, (median, high) in rows:
        print(f"| {name} | {median:.1f} ms | {high:.1f} ms | under {P99_MOST} ms |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3, help="rounds per measurement")
    arguments.add_argument("--seconds", type=int, default=5, help="length of each")
    arguments.add_argument("--clients", type=int, default=64, help="connections, and pgbench's")
    arguments.add_argument("--only", choices=["sqlite", "postgres"], help="one database alone")
    options = arguments.parse_args()
    core, *others = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, others or [core])
    rows = []
    if options.only != "postgres":
        with tempfile.TemporaryDirectory() as folder:
            with Ledger(f"sqlite:{folder}/ledger.db", core) as ledger:
                rows.append(("SQLite, WAL, synchronous=NORMAL", *measure(ledger, options)))
                audited(ledger)
    if options.only != "sqlite":
        with postgres.Postgres(durable=True) as server:
            scale = [postgres.programs() / "pgbench", "-i", "-q", "-s", "20",
                     server.create("pgbench")]
            subprocess.run(scale, check=True, capture_output=True)
            with Ledger(server.url(), core) as ledger:
                # It is at its best with fewer of them: it is compared with its best.
                beside = lambda: max(pgbench(server, core, clients, options.seconds)
                                     for clients in (16, options.clients))
                rows.append(("PostgreSQL 18", *measure(ledger, options, beside)))
                audited(ledger)
    report(rows, options)


if __name__ == "__main__":
    main()
