"""The tour: each step sends what an app would send, and proves what it says it shows."""

import base64
import struct
import time
import zlib
from dataclasses import dataclass
from typing import Callable

import anthropic
import openai

from apps import AnthropicApp, OpenAIApp, Seen, since
from receiver import Receiver
from stack import Envoy, Ledger, Sim

CLAUDE_DOWN = {"provider": "anthropic", "status": 529, "error": "overloaded"}
ERROR_IN_STREAM = {"provider": "anthropic", "error_event": "before_content", "error": "overloaded"}
SLOW_STREAM = {"chunk_delay_ms": 10}

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Lisbon"]}},
            "required": ["city"],
        },
    },
}


class Broken(Exception):
    """A step does not show what it says."""


def claim(holds: bool, otherwise: str) -> None:
    """What must be true for a step to have shown something."""
    if not holds:
        raise Broken(otherwise)


@dataclass
class Tour:
    """What the steps work with."""

    envoy: Envoy
    key: str
    sim: Sim
    ledger: Ledger
    receiver: Receiver

    def __post_init__(self) -> None:
        self.url = self.envoy.url
        self.openai = OpenAIApp(self.url, self.key)
        self.anthropic = AnthropicApp(self.url, self.key)
        # An SDK's first request loads half of the SDK: that is not the gateway's time.
        self.models = [model.id for model in self.openai.client.models.list()]
        self.anthropic.client.models.list()

    def path(self) -> str:
        """The attempts that reached a provider, in order."""
        return ", ".join(self.sim.tried())


@dataclass
class Step:
    """One stop: what it shows, the weather for it, and the proof."""

    shows: str
    weather: list[dict]
    run: Callable[[Tour], Seen]


STEPS: list[Step] = []


def step(shows: str, *weather: dict):
    """Adds a stop to the tour."""

    def add(run: Callable[[Tour], Seen]) -> Callable[[Tour], Seen]:
        STEPS.append(Step(shows, list(weather), run))
        return run

    return add


def served(seen: Seen, model: str, attempts: int = 1) -> Seen:
    """The claim that most steps make."""
    claim(seen.model == model, f"served by {seen.model}, not by {model}")
    claim(seen.attempts == attempts, f"{seen.attempts} attempts, not {attempts}")
    claim(all(seen.tokens), f"usage is missing: {seen.tokens}")
    return seen


@step("Plain answer: an OpenAI app is answered by Claude, in OpenAI's format")
def plain(tour: Tour) -> Seen:
    seen = served(tour.openai.ask("auto", "Good morning"), "claude-sonnet")
    claim("Good morning" in seen.text, f"the answer is `{seen.text}`")
    return seen


@step("Stream: the same by server-sent events, forwarded as they come", SLOW_STREAM)
def stream(tour: Tour) -> Seen:
    seen, times = tour.openai.stream("auto", "Tell me a story [words:40]")
    claim(seen.text.endswith("word40"), f"the answer ends in `{seen.text[-20:]}`")
    spread = times[-1] - times[0]
    claim(spread > 100, f"{len(times)} pieces came within {spread:.0f} ms: they were held back")
    seen.note = f"first token after {times[0]:.0f} ms, {len(times)} pieces"
    return served(seen, "claude-sonnet")


@step("Tool call: Claude calls the app's function, and answers with its result")
def tool(tour: Tour) -> Seen:
    question = {"role": "user", "content": "Please call the tool get_weather"}
    tour.openai.ask("auto", [question], tools=[TOOL])
    call = tour.openai.message
    claim(bool(call.tool_calls), f"no tool call, but `{call.content}`")
    asked = call.tool_calls[0]
    result = {"role": "tool", "tool_call_id": asked.id, "content": "21 degrees and sunny"}
    turns = [question, call.model_dump(exclude_none=True), result]
    seen = tour.openai.ask("auto", turns, tools=[TOOL])
    claim("21 degrees and sunny" in seen.text, f"the result is not in `{seen.text}`")
    seen.note = f"{asked.function.name}({asked.function.arguments}) and back"
    return served(seen, "claude-sonnet")


@step("Image: an OpenAI app's data URL becomes Gemini's inline data")
def image(tour: Tour) -> Seen:
    picture = "data:image/png;base64," + base64.b64encode(_png(16)).decode()
    content = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": picture}},
    ]
    seen = tour.openai.ask("fast", content)
    claim("1 image" in seen.text, f"no image was seen: `{seen.text}`")
    seen.note = "Gemini saw 1 image"
    return served(seen, "gemini-lite")


@step("Anthropic app: it asks for claude-haiku, Gemini serves, the SDK cannot tell")
def anthropic_by_gemini(tour: Tour) -> Seen:
    seen = tour.anthropic.ask("claude-haiku", "Good morning")
    claim("gemini-3.5-flash-lite" in seen.text, f"the answer is `{seen.text}`")
    return served(seen, "gemini-lite")


@step("Claude down (529): an Anthropic app's stream comes from GPT-6 unnoticed", CLAUDE_DOWN)
def claude_down(tour: Tour) -> Seen:
    seen = tour.anthropic.stream("claude-sonnet", "Good evening")
    claim("openai/gpt-6-sol" in seen.text, f"the answer is `{seen.text}`")
    seen.note = tour.path()
    return served(seen, "gpt-sol", attempts=2)


@step("Error inside a 200: Claude's stream begins with an error; unnoticed too", ERROR_IN_STREAM)
def error_in_stream(tour: Tour) -> Seen:
    seen, _ = tour.openai.stream("auto", "Good night")
    claim("openai/gpt-6-sol" in seen.text, f"the answer is `{seen.text}`")
    seen.note = tour.path()
    return served(seen, "gpt-sol", attempts=2)


@step("Bad request: refused before any provider sees it, with the path of the field")
def bad_request(tour: Tour) -> Seen:
    turns = [{"role": "user", "content": "Hello"}, {"role": "tool", "content": "21 degrees"}]
    seen, error = raised(tour, "auto", openai.BadRequestError, turns)
    claim(error.param == "messages[1].tool_call_id", f"it names {error.param}")
    claim(not tour.sim.tried(), f"a provider was asked: {tour.path()}")
    seen.note += f", {error.body['message']}"
    return seen


@step("Wrong key: the SDK raises as it does at home, and no provider sees anything")
def wrong_key(tour: Tour) -> Seen:
    stranger, begin = AnthropicApp(tour.url, "sk-ant-of-somebody-else"), time.perf_counter()
    try:
        seen = stranger.ask("claude-sonnet", "Hello")
    except anthropic.AuthenticationError as error:
        claim(not tour.sim.tried(), f"a provider was asked: {tour.path()}")
        took, note = since(begin), f"AuthenticationError {error.status_code}"
        return Seen("claude-sonnet", "", "nobody", 0, took, (0, 0), note)
    raise Broken(f"it was answered by {seen.model}")


def raised(tour: Tour, model: str, expected: type, content="Hello"):
    """What an app sees of a failure: the SDK's own exception."""
    begin = time.perf_counter()
    try:
        seen = tour.openai.ask(model, content)
    except openai.APIStatusError as error:
        took = since(begin)
        name = type(error).__name__
        claim(isinstance(error, expected), f"raised {name}, not {expected.__name__}: {error}")
        attempts = int(error.response.headers.get("x-tradewind-attempts", 0))
        note = f"{name} {error.status_code}"
        return Seen(model, "", "nobody", attempts, took, (0, 0), note), error
    raise Broken(f"it was answered by {seen.model}")


def _png(side: int) -> bytes:
    """A small red square."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff\0\0" * side) * side
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
