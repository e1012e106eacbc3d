"""Many at once: no answer goes to another app."""

import asyncio
import json

import httpx
import pytest

from support import paths
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY, CLAUDE, GEMINI, GPT

MANY = 1_000


@pytest.mark.core
@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_a_thousand_in_flight_get_their_own_answers(launch, setup, rules, sim, http2):
    # Two cores shared with everything else may be silent longer than the other tests allow.
    patient = {**rules, "resilience": {"attempts": 3, "idle_timeout": "40s"}}
    version, workers = setup
    folder = paths.LOGS / f"many-{version}-{workers}"
    gateway = launch(render(patient, folder), version, workers)
    sim.reset()
    # Everything waits until all have arrived; a third of it has to fail over meanwhile.
    sim.weather(CLAUDE, status=529, latency_ms=300)
    sim.weather(GPT, latency_ms=1_000, chunk_delay_ms=5)
    sim.weather(GEMINI, latency_ms=1_000, chunk_delay_ms=5)
    wrong = asyncio.run(all_at_once(gateway.url, http2))
    assert wrong == []
    assert gateway.envoy.stats("wasm.*vm_reload$").keys(), "the counter is there"
    assert sum(gateway.envoy.stats("wasm.*vm_reload$").values()) == 0


async def all_at_once(url: str, http2: bool) -> list[str]:
    headers = {"authorization": f"Bearer {APP_KEY}"}
    limits = httpx.Limits(max_connections=4 if http2 else MANY)
    async with httpx.AsyncClient(
        base_url=url, http1=not http2, http2=http2, headers=headers, timeout=60, limits=limits,
        trust_env=False,
    ) as client:
        answers = await asyncio.gather(*(one(client, number) for number in range(MANY)))
    return [wrong for wrong in answers if wrong]


async def one(client: httpx.AsyncClient, number: int) -> str | None:
    """Asks in one of twelve ways; says what is wrong with the answer."""
    path = (CHAT, MESSAGES)[number % 2]
    model = ("auto", "gpt", "gemini")[number % 3]
    stream = number % 4 < 2
    mark = f"[mark:{number:05}]"
    text = f"{mark} " + "x" * (number % 50 * 100)
    body = {
        "model": model,
        "max_tokens": 500,
        "stream": stream,
        "messages": [{"role": "user", "content": text}],
    }
    response = await client.post(path, json=body)
    if response.status_code != 200:
        return f"{number}: {response.status_code} {response.text[:200]}"
    # A mark may be cut into several events, so the answer is put together first.
    seen = "".join(texts(response.text, stream))
    marks = seen.count("[mark:")
    if mark not in seen or marks != seen.count(mark):
        return f"{number}: {mark} expected, found {seen[:200]!r}"
    return None


def texts(body: str, stream: bool):
    """The pieces of text of an answer, in either dialect."""
    if not stream:
        answer = json.loads(body)
        if "choices" in answer:
            yield answer["choices"][0]["message"]["content"]
        else:
            yield from (block["text"] for block in answer["content"])
        return
    for line in body.splitlines():
        if not line.startswith("data: {"):
            continue
        event = json.loads(line.removeprefix("data: "))
        for choice in event.get("choices", []):
            yield choice["delta"].get("content") or ""
        if event.get("type") == "content_block_delta":
            yield event["delta"].get("text", "")
