"""What credits cost: CPU of Envoy per request without them, with a call for each request, and with
a lease; how many calls that makes, and how much longer a request takes.

Three listeners of one Envoy differ in their policy's `credits` alone. The ledger is the real one,
on SQLite, in a process of its own.
"""

import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import bench

LEDGER = bench.ROOT / "target/release/tradewind-ledger"

LEASE = {"credits": "500", "seconds": 60}

# The policies by name: what stands in their `credits`, and the most that they may cost as a
# multiple of the same path without.
KINDS = {
    "without credits": (None, None),
    "a call for each request": ({"cluster": "one", "lease": "off"}, None),
    "a call by HTTP/2": ({"cluster": "two", "http2": True, "lease": "off"}, 1.5),
    "a lease": ({"cluster": "two", "http2": True, "lease": LEASE}, 1.1),
}


class Ledger:
    """A running ledger with one rich tenant."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [LEDGER, "serve", "--listen", "127.0.0.1:0", "--database", folder / "ledger.db"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            sys.exit(f"bench: the ledger does not start: {line!r}")
        self.url = found[0]
        self.ask("/v1/tenants/bench/purchases", {"credits": "1000000000"})

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
            request.add_header("idempotency-key", "bench")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def bootstrap(folder, ports, ledger, upstream):
    """One Envoy with a listener for each kind; their providers' clusters are the same."""
    merged = None
    for kind, (credits, _) in KINDS.items():
        policy = bench.policy(ports["upstream"], upstream.port)
        if credits is not None:
            policy["credits"] = {"endpoint": ledger.url, "timeout": "1s", **credits}
        path = folder / "policy.json"
        path.write_text(json.dumps(policy))
        rendered = subprocess.run(
            [bench.TRADEWIND, "render", path, "--for", "envoy", "--wasm", bench.WASM, "--listen",
             f"127.0.0.1:{ports[kind]}", "--admin", f"127.0.0.1:{ports['admin']}"],
            check=True, stdout=subprocess.PIPE)
        static = (own := json.loads(rendered.stdout))["static_resources"]
        for listener in static["listeners"]:
            listener["name"] = kind
        if merged is None:
            merged = own
            continue
        merged["static_resources"]["listeners"] += static["listeners"]
        known = {cluster["name"] for cluster in merged["static_resources"]["clusters"]}
        merged["static_resources"]["clusters"] += [
            cluster for cluster in static["clusters"] if cluster["name"] not in known]
    bench.plain_parts(merged, ports["plain"], ports["upstream"], upstream.port)
    return merged


def counters(ports):
    """Holds by outcome, as Envoy has counted them."""
    url = f"http://127.0.0.1:{ports['admin']}/stats?filter=tradewind_holds_total"
    with urllib.request.urlopen(url, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    rows = (line.rsplit(": ", 1) for line in lines)
    return {name.rsplit(".", 1)[-1]: int(value) for name, value in rows}


def latency_us(port, path, body, count):
    """The median time of a request that is alone, in microseconds."""
    client = bench.Client(port, path, body)
    connection, reader = client.sockets[0]
    times = []
    for _ in range(count):
        begin = time.perf_counter_ns()
        connection.sendall(client.request)
        client.read(reader)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return statistics.median(times)


def measure(envoy, ports, rounds):
    path, body = "/v1/chat/completions", bench.request_body("same", 4 << 10)
    clients = {kind: bench.Client(ports[kind], path, body) for kind in KINDS}
    count = 800
    for client in clients.values():
        client.send(count // 2)
    # What a worker has counted is told once a second.
    time.sleep(1.2)
    times, calls = {kind: [] for kind in KINDS}, {}
    for _ in range(rounds):
        for kind, client in clients.items():
            before = counters(ports) if kind not in calls else None
            times[kind].append(bench.cpu_us(envoy, client, count))
            if before is not None:
                time.sleep(1.2)
                grown = counters(ports)
                asked = sum(grown.get(word, 0) - before.get(word, 0) for word in ("held", "lease"))
                calls[kind] = asked / count
    waits = {kind: latency_us(ports[kind], path, body, 400) for kind in KINDS}
    return {kind: (statistics.median(times[kind]), calls[kind], waits[kind]) for kind in KINDS}


def run(binary, rounds):
    """Prints the table."""
    upstream = bench.Upstream([], 0)
    ports = {name: bench.free_port() for name in (*KINDS, "plain", "upstream", "admin")}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ledger = Ledger(folder)
        try:
            with bench.Envoy(binary, bootstrap(folder, ports, ledger, upstream), folder) as envoy:
                for kind in KINDS:
                    envoy.wait(ports[kind])
                time.sleep(1)
                rows = measure(envoy, ports, rounds)
        finally:
            ledger.stop()
    print("\n| same dialect, 4 KB | CPU of Envoy | ratio | budget | calls per request | alone |")
    print("|---|--:|--:|--:|--:|--:|")
    base, _, alone = rows["without credits"]
    for kind, (cpu, calls, wait) in rows.items():
        budget = KINDS[kind][1]
        limit = f"{budget:.1f} x" if budget else ""
        print(f"| {kind} | {cpu:.0f} us | {cpu / base:.2f} x | {limit} | {calls:.3f} | "
              f"{wait:.0f} us (+{max(0, wait - alone):.0f}) |")
