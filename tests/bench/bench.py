"""What Tradewind costs beside plain Envoy: CPU per request, per streamed chunk, and memory.

One Envoy process holds everything: a plain listener, a Tradewind listener, and the listener that
both have as their upstream. Each measurement sends the same requests to both, in turns, and reads
the process's own CPU account, so that what else the machine does matters little.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRADEWIND = ROOT / "target/release/tradewind"
WASM = ROOT / "target/wasm32-wasip1/release/tradewind.wasm"
ANSWER_TEXT = "The trade winds blow from east to west near the equator. " * 8

# What each may cost at most, as a multiple of plain Envoy.
BUDGETS = {
    "same 4 KB": 1.35,
    "cross 4 KB": 1.60,
    "same 1 MB": 2.5,
    "cross 1 MB": 2.5,
}


def openai_answer():
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                     "message": {"role": "assistant", "content": ANSWER_TEXT, "refusal": None}}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 110, "total_tokens": 1010},
    }


def anthropic_answer():
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [{"type": "text", "text": ANSWER_TEXT}], "stop_reason": "end_turn",
        "stop_sequence": None, "usage": {"input_tokens": 900, "output_tokens": 110},
    }


def request_body(model, size, stream=False):
    """A conversation of about `size` bytes: several turns, as apps send them."""
    sentence = "Please explain how the trade winds shaped the routes of sailing ships, "
    body = {"model": model, "temperature": 0.2, "max_tokens": 512, "stream": stream,
            "messages": [{"role": "system", "content": "You answer briefly and exactly."}]}
    turns = 9 if size > 2048 else 1
    each = max(1, (size - len(json.dumps(body))) // turns - 40)
    for turn in range(turns):
        text = (sentence * (each // len(sentence) + 1))[:each]
        role = "user" if turn % 2 == 0 else "assistant"
        body["messages"].append({"role": role, "content": text})
    return json.dumps(body).encode()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Upstream:
    """A provider that streams: one write per event, from a thread of this process."""

    def __init__(self, events, pause):
        self.events, self.pause = events, pause
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self.listener.getsockname()[1]
        self.hold = threading.Event()
        self.hold.set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        reader = connection.makefile("rb")
        try:
            while reader.readline():
                length = 0
                while (line := reader.readline().strip()):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                reader.read(length)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                   b"transfer-encoding: chunked\r\n\r\n")
                for number, event in enumerate(self.events):
                    connection.sendall(b"%x\r\n%b\r\n" % (len(event), event))
                    if number == 3:
                        self.hold.wait()
                    time.sleep(self.pause)
                connection.sendall(b"0\r\n\r\n")
        except OSError:
            pass


def anthropic_events(count):
    def event(name, **data):
        return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()

    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
               "content": [], "stop_reason": None, "stop_sequence": None,
               "usage": {"input_tokens": 900, "output_tokens": 1}}
    yield event("message_start", message=message)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for number in range(count):
        yield event("content_block_delta", index=0,
                    delta={"type": "text_delta", "text": f" wind {number}"})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
                usage={"output_tokens": count})
    yield event("message_stop")


def policy(upstream, stream_upstream):
    model = {"context_window": 10_000_000, "max_output_tokens": 64_000,
             "capabilities": ["tools", "images", "json_schema", "reasoning"],
             "price": {"input": "1", "output": "2"}}
    return {
        "version": "tradewind/v1",
        "identity": [{"anonymous": {"tenant": "bench"}}],
        "limits": {"request": {"max_body_bytes": 8 << 20}},
        "providers": {
            "same": {"dialect": "openai", "endpoint": f"http://127.0.0.1:{upstream}"},
            "cross": {"dialect": "anthropic", "endpoint": f"http://127.0.0.1:{upstream}"},
            "stream": {"dialect": "anthropic", "endpoint": f"http://127.0.0.1:{stream_upstream}"},
        },
        "models": {name: {"provider": name, "name": f"real-{name}", **model}
                   for name in ("same", "cross", "stream")},
        "chains": {name: [name] for name in ("same", "cross", "stream")},
        "routes": [{"models": [name], "chain": name} for name in ("same", "cross", "stream")],
    }


def plain_parts(bootstrap, plain_port, upstream_port, stream_port):
    """The same listener without the filter, and the upstream of both."""
    def hcm(name, virtual_host, before):
        return {"name": "envoy.filters.network.http_connection_manager", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager."
                     "v3.HttpConnectionManager",
            "stat_prefix": name, "route_config": {"virtual_hosts": [virtual_host]},
            "http_filters": [*before, {"name": "envoy.filters.http.router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                "suppress_envoy_headers": True}}]}}

    def listener(name, port, virtual_host, *before):
        return {"name": name, "per_connection_buffer_limit_bytes": 16 << 20,
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
                "filter_chains": [{"filters": [hcm(name, virtual_host, before)]}]}

    def direct(path, answer):
        return {"match": {"path": path}, "direct_response": {
            "status": 200, "body": {"inline_string": json.dumps(answer)}},
            "response_headers_to_add": [{"header": {"key": "content-type",
                                                    "value": "application/json"},
                                         "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]}

    def cluster(name, port):
        return {"name": name, "type": "STATIC", "connect_timeout": "3s", "load_assignment": {
            "cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {
                "socket_address": {"address": "127.0.0.1", "port_value": port}}}}]}]}}

    def route(path, name):
        return {"match": {"prefix": path}, "route": {"cluster": name, "timeout": "600s"}}

    # It answers when it has the whole request, as a provider does: an answer that comes earlier ends
    # the connection of whoever is still sending.
    whole = {"name": "envoy.filters.http.buffer", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
        "max_request_bytes": 16 << 20}}
    upstream = {"name": "upstream", "domains": ["*"], "routes": [
        direct("/v1/chat/completions", openai_answer()), direct("/v1/messages", anthropic_answer())]}
    plain = {"name": "plain", "domains": ["*"], "routes": [
        route("/stream", "plain-stream"), route("/", "plain-upstream")]}
    static = bootstrap["static_resources"]
    static["listeners"] += [listener("plain", plain_port, plain),
                            listener("upstream", upstream_port, upstream, whole)]
    static["clusters"] += [cluster("plain-upstream", upstream_port),
                           cluster("plain-stream", stream_port)]
    for entry in static["listeners"]:
        for chain in entry["filter_chains"]:
            for network_filter in chain["filters"]:
                network_filter["typed_config"].pop("access_log", None)


class Envoy:
    def __init__(self, binary, bootstrap, folder, workers=1):
        path = folder / "envoy.json"
        path.write_text(json.dumps(bootstrap))
        self.process = subprocess.Popen(
            [binary, "-c", str(path), "--concurrency", str(workers), "--use-dynamic-base-id",
             "--log-level", "error"], stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def cpu_ns(self):
        """Nanoseconds on a CPU, all threads together."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:
                pass
        return total

    def rss(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def wait(self, port):
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    sys.exit("bench: Envoy stopped at its start")
                time.sleep(0.05)
        sys.exit("bench: Envoy does not listen")


class Client:
    """Kept connections that send the same request again and again, all of them at once: a busy
    worker answers many requests each time it wakes, and so it is measured."""

    def __init__(self, port, path, body):
        head = (f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
                f"authorization: Bearer sk-bench\r\ncontent-length: {len(body)}\r\n\r\n")
        self.request = head.encode() + body
        self.width = 16 if len(body) < 1 << 18 else 2
        self.sockets = []
        for _ in range(self.width):
            connection = socket.create_connection(("127.0.0.1", port), 60)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets.append((connection, connection.makefile("rb")))

    def send(self, count):
        for _ in range(max(1, count // self.width)):
            for connection, _ in self.sockets:
                connection.sendall(self.request)
            for _, reader in self.sockets:
                self.read(reader)
        return max(1, count // self.width) * self.width

    @staticmethod
    def read(reader):
        status = reader.readline()
        length, chunked = 0, False
        while (line := reader.readline().strip().lower()):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            chunked |= line == b"transfer-encoding: chunked"
        body = reader.read(length)
        while chunked and (size := int(reader.readline(), 16)):
            reader.read(size + 2)
        if chunked:
            reader.readline()
        if b" 200 " not in status:
            sys.exit(f"bench: {status!r} {body[:500]!r}")


def cpu_us(envoy, client, count):
    before = envoy.cpu_ns()
    sent = client.send(count)
    return (envoy.cpu_ns() - before) / sent / 1000


def compare(envoy, plain, ours, count, rounds):
    """Medians over rounds in turns: microseconds of CPU per request, plain and with the filter."""
    plain.send(max(3, count // 5))
    ours.send(max(3, count // 5))
    pairs = [(cpu_us(envoy, plain, count), cpu_us(envoy, ours, count)) for _ in range(rounds)]
    return [statistics.median(side) for side in zip(*pairs)]


def sizes_table(envoy, ports, rounds):
    rows = []
    for size in (1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20):
        count = max(6, min(800, (16 << 20) // size))
        label = f"{size >> 10} KB" if size < 1 << 20 else f"{size >> 20} MB"
        for model, path in (("same", "/v1/chat/completions"), ("cross", "/v1/chat/completions")):
            body = request_body(model, size)
            plain, ours = compare(envoy, Client(ports["plain"], path, body),
                                  Client(ports["tradewind"], path, body), count, rounds)
            rows.append((f"{model} {label}", plain, ours))
            print(f"  {rows[-1][0]:14} plain {plain:9.1f} us  tradewind {ours:9.1f} us"
                  f"  {ours / plain:5.2f} x", file=sys.stderr)
    return rows


def stream_row(envoy, ports, chunks, rounds):
    """Extra CPU per streamed chunk, cross dialect."""
    body = request_body("stream", 1024, stream=True)
    plain, ours = compare(envoy, Client(ports["plain"], "/stream", body),
                          Client(ports["tradewind"], "/v1/chat/completions", body), 16,
                          min(rounds, 3))
    return (ours - plain) / chunks, plain / chunks, ours / chunks


def open_streams(envoy, port, path, upstream, count):
    """How much memory grows with `count` streams open and held in their middle."""
    upstream.hold.clear()
    body = request_body("stream", 4096, stream=True)
    head = (f"POST {path} HTTP/1.1\r\nhost: bench\r\n"
            f"content-length: {len(body)}\r\n\r\n").encode()
    before = envoy.rss()
    sockets = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(head + body)
        sockets.append(connection)
    for connection in sockets:
        connection.settimeout(60)
        if not connection.recv(64).startswith(b"HTTP/1.1 200"):
            sys.exit("bench: a held stream was refused")
    grown = envoy.rss() - before
    upstream.hold.set()
    for connection in sockets:
        connection.close()
    return grown


def idle_memory(binary, bootstrap, folder, port):
    """Memory of an idle process with one worker and with five."""
    sizes = []
    for workers in (1, 5):
        with Envoy(binary, bootstrap, folder, workers) as envoy:
            envoy.wait(port)
            time.sleep(1)
            sizes.append(envoy.rss())
    return sizes


def memory_rows(binary, bootstrap, folder, ports, upstream):
    """What a worker's VM takes, and what open streams add to it: each beside plain Envoy."""
    plain = idle_memory(binary, plain_only(bootstrap), folder, ports["plain"])
    ours = idle_memory(binary, bootstrap, folder, ports["tradewind"])
    each = ((ours[1] - ours[0]) - (plain[1] - plain[0])) / 4
    grown = []
    for name, path in (("plain", "/stream"), ("tradewind", "/v1/chat/completions")):
        with Envoy(binary, bootstrap, folder) as envoy:
            envoy.wait(ports[name])
            time.sleep(1)
            grown.append(open_streams(envoy, ports[name], path, upstream, 1000))
    return [("first worker and Envoy's main thread, idle", ours[0] - plain[0], None),
            ("each further worker's VM, idle", each, 8),
            ("1,000 open streams", grown[1] - grown[0], 64)]


def build_bootstrap(folder, ports, upstream):
    path = folder / "policy.json"
    path.write_text(json.dumps(policy(ports["upstream"], upstream.port)))
    rendered = subprocess.run(
        [TRADEWIND, "render", path, "--for", "envoy", "--wasm", WASM,
         "--listen", f"127.0.0.1:{ports['tradewind']}", "--admin", f"127.0.0.1:{ports['admin']}"],
        check=True, stdout=subprocess.PIPE)
    bootstrap = json.loads(rendered.stdout)
    plain_parts(bootstrap, ports["plain"], ports["upstream"], upstream.port)
    return bootstrap


def plain_only(bootstrap):
    """The same process without any of our filters: what memory is compared with."""
    static = bootstrap["static_resources"]
    ours = {"plain", "upstream"}
    listeners = [entry for entry in static["listeners"] if entry["name"] in ours]
    clusters = [entry for entry in static["clusters"] if entry["name"].startswith("plain-")]
    return {**bootstrap, "static_resources": {"listeners": listeners, "clusters": clusters}}


def report(rows, stream, memory, binary):
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"/(\d+\.\d+\.\d+)/", version.stdout)[1]
    today = datetime.date.today().isoformat()
    print(f"\n`make bench`, {today}, Envoy {version}, one worker, {os.cpu_count()} cores "
          f"({platform.machine()}); CPU of the Envoy process per request, median of rounds.\n")
    print("| request | plain Envoy | Tradewind | ratio | budget |\n|---|--:|--:|--:|--:|")
    for label, plain, ours in rows:
        budget = BUDGETS.get(label)
        limit = f"{budget:.2f} x" if budget else ""
        print(f"| {label} | {plain:.0f} us | {ours:.0f} us | {ours / plain:.2f} x | {limit} |")
    extra, plain, ours = stream
    print(f"| streamed chunk, cross | {plain:.1f} us | {ours:.1f} us | +{extra:.1f} us | +15 us |")
    print("\n| memory and size, over plain Envoy | measured | budget |\n|---|--:|--:|")
    print(f"| wasm file | {WASM.stat().st_size / 1024:.0f} KiB | 1024 KiB |")
    for label, size, budget in memory:
        limit = f"{budget} MiB" if budget else ""
        print(f"| {label} | {size / 2**20:.1f} MiB | {limit} |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--envoy", required=True, help="the Envoy binary to measure")
    arguments.add_argument("--rounds", type=int, default=7, help="rounds per measurement")
    options = arguments.parse_args()
    chunks = 400
    # Slow enough that each chunk is a read of its own, as it is from a real provider.
    upstream = Upstream(list(anthropic_events(chunks)), 0.005)
    ports = {name: free_port() for name in ("plain", "tradewind", "upstream", "admin")}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bootstrap = build_bootstrap(folder, ports, upstream)
        with Envoy(options.envoy, bootstrap, folder) as envoy:
            envoy.wait(ports["tradewind"])
            time.sleep(1)
            rows = sizes_table(envoy, ports, options.rounds)
            stream = stream_row(envoy, ports, chunks, options.rounds)
        memory = memory_rows(options.envoy, bootstrap, folder, ports, upstream)
        report(rows, stream, memory, options.envoy)
    import credits  # noqa: PLC0415 - it builds on this file

    credits.run(options.envoy, options.rounds)


if __name__ == "__main__":
    main()
