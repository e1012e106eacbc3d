"""Limits of far more subjects than run at once: each has its own, whoever serves it."""

import asyncio
import copy
import hashlib
import json
from collections import Counter
from urllib.parse import urlsplit

import pytest

from conftest import ENVOYS, NEWEST
from support import paths
from support.gateway import CHAT, Gateway, render

SESSIONS = 10_000
BURST = 2
CONNECTIONS = 48
KEY = "key-of-many"
BODY = json.dumps({"model": "gpt", "messages": [{"role": "user", "content": "hello"}]})


def limited(rules: dict) -> dict:
    """The policy with a limit for each session, of which next to nothing flows back."""
    own = copy.deepcopy(rules)
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    own["identity"][0]["api_key"]["keys"].append({"sha256": digest, "tenant": "many"})
    own["request_headers"] = ["x-session"]
    rule = {"requests": 1, "per": "day", "burst": BURST, "by": "session", "tenants": ["many"]}
    own["limits"]["rate"] = [rule]
    own["limits"]["session"] = {"by": {"header": "x-session"}, "requests": 1000}
    return own


@pytest.fixture(scope="module")
def gateway(rules):
    folder = paths.LOGS / "limits-many"
    own = Gateway(ENVOYS[NEWEST], render(limited(rules), folder), 4, folder)
    yield own
    own.stop()


def memory(gateway: Gateway) -> int:
    """What Envoy has allocated, in bytes."""
    return gateway.envoy.stats("server.memory_allocated")["server.memory_allocated"]


async def some(url: str, sessions: list[int]) -> Counter:
    """One request after the other on a connection of its own: what came of each session's."""
    to = urlsplit(url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    outcomes = Counter()
    for session in sessions:
        head = [
            f"POST {CHAT} HTTP/1.1",
            "host: many.test",
            f"authorization: Bearer {KEY}",
            "content-type: application/json",
            f"content-length: {len(BODY)}",
            f"x-session: session-{session}",
        ]
        writer.write(("\r\n".join(head) + "\r\n\r\n" + BODY).encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = answer.split("content-length: ")[1].split("\r\n")[0]
        await reader.readexactly(int(length))
        outcomes[session, answer.split()[1]] += 1
    writer.close()
    return outcomes


async def crowd(url: str, turns: int) -> Counter:
    """So many requests of each session, each on another connection than its last one."""
    lines = [
        [own for turn in range(turns) for own in range(SESSIONS) if (own + turn) % CONNECTIONS == at]
        for at in range(CONNECTIONS)
    ]
    outcomes = Counter()
    for own in await asyncio.gather(*(some(url, line) for line in lines)):
        outcomes.update(own)
    return outcomes


def test_ten_thousand_sessions_have_a_limit_each(gateway):
    before = memory(gateway)
    outcomes = asyncio.run(crowd(gateway.url, BURST + 1))
    statuses = Counter()
    for (_, status), count in outcomes.items():
        statuses[status] += count
    let = SESSIONS * BURST
    assert statuses.keys() == {"200", "429"} and statuses.total() == SESSIONS * (BURST + 1)
    assert let * 0.98 <= statuses["200"] <= let * 1.02, statuses
    most = max(count for (_, status), count in outcomes.items() if status == "200")
    assert most == BURST, "nobody lives on what is another's"
    more = memory(gateway) - before
    assert more < 64 << 20, f"{more >> 20} MiB more"
