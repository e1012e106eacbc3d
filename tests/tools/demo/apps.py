"""Two apps: the official SDKs, told nothing but where to go and with which key."""

import time
from dataclasses import dataclass

import anthropic
import httpx
import openai


@dataclass
class Seen:
    """What an app saw of one request, and what the answer's headers say of it."""

    route: str
    text: str
    model: str
    attempts: int
    milliseconds: float
    tokens: tuple[int, int]
    note: str = ""


class OpenAIApp:
    """An app on the `openai` SDK."""

    def __init__(self, url: str, key: str, **more):
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, **more)

    def ask(self, model: str, content, **more) -> Seen:
        """One question, one answer."""
        messages = content if isinstance(content, list) and "role" in content[0] else [
            {"role": "user", "content": content}
        ]
        begin = time.perf_counter()
        raw = self.client.chat.completions.with_raw_response.create(
            model=model, messages=messages, **more
        )
        answer, took = raw.parse(), since(begin)
        self.message, self.headers = answer.choices[0].message, raw.headers
        tokens = (answer.usage.prompt_tokens, answer.usage.completion_tokens)
        return _seen(model, self.message.content or "", raw.headers, took, tokens)

    def told(self, name: str) -> str:
        """What the gateway says of the last answer."""
        return self.told_by(f"x-tradewind-{name}")

    def told_by(self, header: str) -> str:
        """What a header of the last answer says."""
        return self.headers.get(header, "(not said)")

    def stream(self, model: str, text: str, **more) -> tuple[Seen, list[float]]:
        """One question, its answer as it comes: when each piece of text came."""
        begin = time.perf_counter()
        stream = self.client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": text}],
            stream=True,
            stream_options={"include_usage": True},
            **more,
        )
        pieces, times, tokens = [], [], (0, 0)
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                pieces.append(chunk.choices[0].delta.content)
                times.append(since(begin))
            if chunk.usage:
                tokens = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        self.headers = stream.response.headers
        seen = _seen(model, "".join(pieces), self.headers, since(begin), tokens)
        return seen, times


class AnthropicApp:
    """An app on the `anthropic` SDK."""

    def __init__(self, url: str, key: str):
        self.client = anthropic.Anthropic(base_url=url, api_key=key)

    def ask(self, model: str, text: str) -> Seen:
        """One question, one answer."""
        begin = time.perf_counter()
        raw = self.client.messages.with_raw_response.create(
            model=model, max_tokens=500, messages=[{"role": "user", "content": text}]
        )
        answer, took = raw.parse(), since(begin)
        return _seen(model, answer.content[0].text, raw.headers, took, _usage(answer))

    def stream(self, model: str, text: str) -> Seen:
        """The same by the SDK's own helper for streams."""
        begin = time.perf_counter()
        messages = [{"role": "user", "content": text}]
        with self.client.messages.stream(model=model, max_tokens=500, messages=messages) as stream:
            said = "".join(stream.text_stream)
            headers, answer = stream.response.headers, stream.get_final_message()
        return _seen(model, said, headers, since(begin), _usage(answer))


def _usage(answer: anthropic.types.Message) -> tuple[int, int]:
    return answer.usage.input_tokens, answer.usage.output_tokens


def since(begin: float) -> float:
    """Milliseconds since a moment of `time.perf_counter`."""
    return (time.perf_counter() - begin) * 1000


def _seen(route: str, text: str, headers: httpx.Headers, took: float, tokens) -> Seen:
    model = headers.get("x-tradewind-model", "(no model named)")
    attempts = int(headers.get("x-tradewind-attempts", 0))
    return Seen(route, text, model, attempts, took, tokens)
