"""How an answer ended, judged from outside: in the words of the app's API, once, and well."""

import json

from ..gateway import MESSAGES
from .wire import Answer

ANSWERED, REFUSED, FAILED, INTERRUPTED, CUT, LEFT = (
    "answered", "refused", "failed", "interrupted", "cut", "left",
)


class Improper(Exception):
    """What came is no answer of the API."""


def judge(path: str, stream: bool, answer: Answer) -> tuple[str, dict | None]:
    """How it ended, and the message of an answer, in the words of its API.

    Raises `Improper` for what is none of: an answer, an error of the API, a stream that says itself
    that it broke, and one that was cut after it had begun.
    """
    if answer.end == "left":
        return LEFT, None
    streamed = answer.headers.get("content-type", "").startswith("text/event-stream")
    if answer.end == "cut" and streamed and answer.status == 200:
        return CUT, None
    if answer.end != "whole":
        raise Improper(f"{answer.end}, {answer.status}")
    if answer.status != 200:
        _error(path, _json(answer.body))
        return FAILED, None
    if streamed != stream:
        raise Improper(f"a {answer.headers.get('content-type')} where stream is {stream}")
    if not stream:
        # What a provider of the app's own API leaves out, nobody adds.
        own = answer.headers.get("x-tradewind-model") == "claude"
        return ANSWERED, _message(path, _json(answer.body), own)
    events = _events(answer.body)
    return _anthropic(events) if path == MESSAGES else _openai(events)


def _json(body: bytes) -> dict:
    try:
        return json.loads(body)
    except ValueError as wrong:
        raise Improper(f"no JSON: {body[:200]!r}") from wrong


def _need(holds: object, what: str) -> None:
    if not holds:
        raise Improper(what)


def _error(path: str, body: dict) -> None:
    error = body.get("error")
    _need(isinstance(error, dict) and error.get("message") and error.get("type"), f"error {body}")
    _need((body.get("type") == "error") == (path == MESSAGES), f"another API's error: {body}")


def _message(path: str, body: dict, own: bool) -> dict:
    if path == MESSAGES:
        _need(body.get("type") == "message" and body.get("stop_reason"), f"no message: {body}")
        _need(isinstance(body.get("content"), list), f"no message: {body}")
        _need(own or body.get("usage"), f"no usage: {body}")
        return {"role": "assistant", "content": body["content"]}
    _need(body.get("object") == "chat.completion" and body.get("choices"), f"no answer: {body}")
    _need(body["choices"][0].get("finish_reason"), f"it has no end: {body}")
    return body["choices"][0]["message"]


def _events(body: bytes) -> list[tuple[str, str]]:
    _need(body.endswith(b"\n\n"), f"half an event: {body[-100:]!r}")
    found = []
    for block in body.decode().split("\n\n")[:-1]:
        name, data = "", []
        for line in block.split("\n"):
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data.append(line.removeprefix("data: "))
            else:
                _need(line.startswith(":") or not line, f"no event: {line!r}")
        if data:
            found.append((name, "\n".join(data)))
    _need(found, "a stream of nothing")
    return found


def _openai(events: list[tuple[str, str]]) -> tuple[str, dict | None]:
    done = [data == "[DONE]" for _, data in events]
    chunks = [_json(data.encode()) for _, data in events if data != "[DONE]"]
    errors = [chunk for chunk in chunks if "error" in chunk]
    ends = [
        choice["finish_reason"]
        for chunk in chunks for choice in chunk.get("choices", []) if choice.get("finish_reason")
    ]
    if errors:
        _need(len(errors) == 1 and errors[0] is chunks[-1], "words after an error")
        _need(not ends, "an end and an error")
        _error("", errors[0])
        return INTERRUPTED, None
    _need(done.count(True) == 1 and done[-1], f"{done.count(True)} ends, the last {events[-1]}")
    _need(len(ends) == 1, f"{len(ends)} reasons to end")
    text, calls = "", {}
    for chunk in chunks:
        for choice in chunk.get("choices", []):
            text += choice["delta"].get("content") or ""
            for part in choice["delta"].get("tool_calls") or []:
                call = calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
                call["id"] += part.get("id") or ""
                call["name"] += part["function"].get("name") or ""
                call["arguments"] += part["function"].get("arguments") or ""
    message = {"role": "assistant", "content": text or None}
    if calls:
        message["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for _, call in sorted(calls.items())
        ]
    return ANSWERED, message


def _anthropic(events: list[tuple[str, str]]) -> tuple[str, dict | None]:
    parsed = [_json(data.encode()) for _, data in events]
    for (name, _), event in zip(events, parsed):
        _need(name == event.get("type"), f"{name} is a {event.get('type')}")
    kinds = [event["type"] for event in parsed if event["type"] != "ping"]
    if "error" in kinds:
        _need(kinds.count("error") == 1 and kinds[-1] == "error", "words after an error")
        _need("message_stop" not in kinds, "an end and an error")
        _error(MESSAGES, parsed[-1])
        return INTERRUPTED, None
    _need(kinds[0] == "message_start" and kinds.count("message_start") == 1, f"begins {kinds[:3]}")
    _need(kinds[-1] == "message_stop" and kinds.count("message_stop") == 1, f"ends {kinds[-3:]}")
    _need(kinds.count("content_block_start") == kinds.count("content_block_stop"), "open blocks")
    blocks, inputs, reason = {}, {}, None
    for event in parsed:
        if event["type"] == "content_block_start":
            blocks[event["index"]] = event["content_block"]
        elif event["type"] == "content_block_delta":
            block, delta = blocks[event["index"]], event["delta"]
            if delta["type"] == "text_delta":
                block["text"] += delta["text"]
            elif delta["type"] == "input_json_delta":
                inputs[event["index"]] = inputs.get(event["index"], "") + delta["partial_json"]
        elif event["type"] == "message_delta":
            reason = event["delta"]["stop_reason"]
    _need(reason, "no reason to end")
    for index, text in inputs.items():
        blocks[index]["input"] = _json(text.encode() or b"{}")
    content = [block for _, block in sorted(blocks.items())]
    return ANSWERED, {"role": "assistant", "content": content}
