"""Memory that stays flat: a long mix of requests with every failure in it, and the process's size.

Once it is warm the resident memory of Envoy may grow by no more than a tenth.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from support import paths  # noqa: E402
from support.crowd import Crowd  # noqa: E402
from support.gateway import CHAT, MESSAGES, Gateway, render  # noqa: E402
from support.policy import APP_KEY, CLAUDE, GEMINI, GPT, policy  # noqa: E402
from support.sim import Sim  # noqa: E402

MODELS = (CLAUDE, GPT, GEMINI)
# What the first two models of the chain do, one after another.
WEATHERS = [
    {},
    *({"status": status} for status in (408, 429, 500, 502, 503, 529)),
    *({"error": kind} for kind in ("overloaded", "quota", "auth", "permission", "not_found")),
    {"error": "context_length"},
    {"error_event": "before_content"},
    {"error_event": "after_events:2"},
    {"error_in_200_body": True},
    {"not_json": True},
    {"reset": "before_headers"},
    {"reset": "after_headers"},
    {"reset": "after_events:2"},
    {"close": "before_headers"},
    {"close": "after_headers"},
    {"close": "after_events:2"},
    {"stall": "before_content"},
    {"huge_body_bytes": 2 << 20},
]
# Requests of one weather, and connections at once.
EACH, CONNECTIONS = 200, 48


def message(path: str, body: bytes, *more: str, key: str = APP_KEY) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "host: gateway",
        f"authorization: Bearer {key}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def mix() -> list[tuple[bytes, bool]]:
    """Requests, and whether the app leaves before the answer has ended."""
    found = []
    for path in (CHAT, MESSAGES):
        for stream in (False, True):
            for model, text in (("auto", "hello"), ("gpt", "x" * 20_000), ("gemini", "[words:200]")):
                ask = {
                    "model": model,
                    "max_tokens": 500,
                    "stream": stream,
                    "messages": [{"role": "user", "content": text}],
                }
                found.append((message(path, json.dumps(ask).encode()), False))
        found.append((message(path, json.dumps({**ask, "stream": True}).encode()), True))
        found.append((message(path, json.dumps({**ask, "model": "nobody"}).encode()), False))
        found.append((message(path, b'{"model": '), False))
        found.append((message(path, b"{}", key="wrong"), False))
        found.append((message(path, b"{}", "x-big: " + "b" * 40_000), False))
        found.append((message(path, b" " * (4 << 20) + b" "), False))
        head = message(path, b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
        found.append((head + b"zz\r\n\r\n", False))
    found.append((message("/v1/nowhere", b"{}"), False))
    return found


class Load:
    """Many apps of one gateway."""

    def __init__(self, url: str):
        host = urlsplit(url)
        self.address, self.mix = (host.hostname, host.port), mix()
        self.count, self.end, self.answers = 0, 0, {}

    async def until(self, end: int) -> None:
        """Goes on until so many requests have been made."""
        self.end = end
        await asyncio.gather(*(self._app() for _ in range(CONNECTIONS)))

    async def _app(self) -> None:
        line = None
        while self.count < self.end:
            request, leaves = self.mix[self.count % len(self.mix)]
            self.count += 1
            try:
                line = line or await asyncio.open_connection(*self.address, limit=1 << 22)
                status, more = await asyncio.wait_for(_ask(line, request, leaves), 30)
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
                status, more = type(error).__name__, False
            self.answers[status] = self.answers.get(status, 0) + 1
            if not more and line:
                line[1].close()
                line = None
        if line:
            line[1].close()


async def _ask(line, request: bytes, leaves: bool) -> tuple[int, bool]:
    """The status of the answer, and whether the connection is still of use."""
    reader, writer = line
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if leaves:
        return status, False
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        length = head.split(b"content-length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
    return status, b"connection: close" not in head


def resident(gateway: Gateway) -> float:
    """MiB."""
    for line in open(f"/proc/{gateway.envoy.process.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("Envoy has ended")


def crowd(gateway: Gateway) -> None:
    """A thousand HTTP/2 requests that never end."""
    headers = {":method": "POST", ":scheme": "http", ":path": CHAT, ":authority": "gateway"}
    own = {"authorization": f"Bearer {APP_KEY}", "content-type": "application/json"}
    many = Crowd(gateway.url, 10)
    many.open(100, [*headers.items(), *own.items()], b"{" + b" " * 10_000)
    many.read(0.3)
    many.close()


def soak(gateway: Gateway, sim: Sim, requests: int, warm_after: int) -> bool:
    """Whether the memory stayed flat."""
    load, sizes, start, step = Load(gateway.url), [], time.monotonic(), 0
    while load.count < requests:
        sim.reset()
        for model in MODELS[: 1 + step % 3]:
            if WEATHERS[step % len(WEATHERS)]:
                sim.weather(model, **WEATHERS[step % len(WEATHERS)])
        asyncio.run(load.until(min(load.count + EACH, requests)))
        if step % len(WEATHERS) == 0:
            crowd(gateway)
        sizes.append((load.count, resident(gateway)))
        step += 1
        if step % 50 == 0:
            print(f"  {load.count}: {sizes[-1][1]:.0f} MiB", flush=True)
    later = [size for count, size in sizes if count >= warm_after]
    warm, most = later[0], max(later)
    reloads = sum(gateway.envoy.stats("wasm.*vm_reload$").values())
    flat = most <= warm * 1.1 and reloads == 0
    print(
        f"  {load.count} requests in {time.monotonic() - start:.0f} s, {reloads} reloads, "
        f"{warm:.0f} MiB after {warm_after}, then at most {most:.0f}: {'flat' if flat else 'NOT FLAT'}\n"
        f"  answers: {dict(sorted(load.answers.items(), key=str))}",
        flush=True,
    )
    return flat


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--warm", type=int, default=20_000, help="requests before it counts")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 4])
    options = parser.parse_args()
    flat = True
    for version, binary in paths.envoys().items():
        for workers in options.workers:
            folder = paths.LOGS / f"soak-{version}-{workers}"
            sim = Sim(folder)
            rules = policy(sim.openai, sim.anthropic, sim.google)
            rules["resilience"] = {"attempts": 3, "idle_timeout": "300ms"}
            gateway = Gateway(binary, render(rules, folder), workers, folder)
            try:
                print(f"Envoy {version}, {workers} worker(s)", flush=True)
                flat &= soak(gateway, sim, options.requests, options.warm)
            finally:
                gateway.stop()
                sim.stop()
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
