"""Apps of every sort, which ask until the storm is over."""

import asyncio
import itertools
import json
import random

from ..gateway import CHAT, MESSAGES
from .endings import ANSWERED, REFUSED
from .rules import DOUBT, STEPS, key
from .tally import Ask, Tally
from .wire import Answer, Line

PATHS = [CHAT, MESSAGES]
ROUTES = ["auto", "work", "back"]
TEXTS = ["hello", "a list, please [words:60]", "long [words:300]", "x" * 6_000]
# Requests of the same words, so that their answers are kept.
ALIKE = [f"which is the largest harbour of country {number}?" for number in range(6)]
SCHEMA = {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]}


class Apps:
    """All of them at one gateway. `pause` is the longest that one waits between two requests."""

    def __init__(self, url: str, tally: Tally, seed: int, pause: float):
        self.url, self.tally, self.pause = url, tally, pause
        self.chance, self.numbers = random.Random(seed), itertools.count(1)
        self.over = False

    async def run(self, each: int) -> None:
        """So many of the usual ones, and some of the others, until `over`."""
        sorts = [self.talks, self.talks, self.works, self.leaves]
        apps = [sort() for sort in sorts for _ in range(each)]
        apps += [self.narrow() for _ in range(6)]
        apps += [self.bounded(), self.loops(), self.careful(), self.careful(), self.wrong()]
        apps += [self.dawdles(leave) for leave in (None, 0.1)]
        await asyncio.gather(*apps)

    def chat(self, kind: str, text: str, model: str, **more) -> Ask:
        """A request of either API, streamed or not."""
        ask = {"sure": True, "refusals": (), "leave": None, "path": self.chance.choice(PATHS)}
        ask |= {name: more.pop(name) for name in list(more) if name in ask}
        stream = more.pop("stream", self.chance.random() < 0.5)
        number = next(self.numbers)
        body = {"model": model, "max_tokens": 1_000, "stream": stream, **more}
        body["messages"] = [{"role": "user", "content": f"{text} [mark:n{number}n]"}]
        if stream and ask["path"] == CHAT:
            body["stream_options"] = {"include_usage": True}
        return Ask(kind, ask.pop("path"), body, number, stream, **ask)

    async def _ask(self, line: Line, ask: Ask, **headers) -> tuple[str, dict | None, Answer]:
        answer = await line.ask(ask.path, ask.body, ask.leave, **headers)
        ending, message = self.tally.take(ask, answer)
        await asyncio.sleep(self.chance.uniform(0, self.pause))
        return ending, message, answer

    async def talks(self) -> None:
        """Single requests, some of them asked before."""
        line = Line(self.url, key("talking"))
        while not self.over:
            model = self.chance.choice(ROUTES)
            if self.chance.random() < 0.2:
                # The number would make each of them another one.
                ask = self.chat("alike", "", "auto", temperature=0)
                ask.body["messages"][0]["content"] = self.chance.choice(ALIKE)
            else:
                ask = self.chat("talk", self.chance.choice(TEXTS), model)
            await self._ask(line, ask)
        line.close()

    async def works(self) -> None:
        """An agent: a task in steps, each a call of a tool and its result."""
        line = Line(self.url, key("agents"))
        while not self.over:
            path, stream = self.chance.choice(PATHS), self.chance.random() < 0.5
            first = next(self.numbers)
            steps = "".join(f'[step look {{"what": "n{first}-{n}"}}] ' for n in range(4))
            messages = [{"role": "user", "content": f"Do this: {steps}"}]
            model = self.chance.choice(ROUTES)
            for _ in range(6):
                ask = self.chat("agent", "", model, path=path, stream=stream)
                _mark(messages[-1], ask.number)
                ask.body |= {"messages": messages, "tools": _tools(path)}
                ending, message, _ = await self._ask(line, ask, x_session=f"task-{first}")
                if ending != ANSWERED or self.over:
                    break
                results = _results(path, message)
                if not results:
                    break
                messages = [*messages, message, *results]
        line.close()

    async def leaves(self) -> None:
        """An app that goes away at any time of an answer, or before it."""
        while not self.over:
            line = Line(self.url, key("leaving"))
            leave = self.chance.choice([0.002, 0.004, 0.008, 0.02, 0.3])
            ask = self.chat("leave", "long [words:900]", self.chance.choice(ROUTES), leave=leave)
            await self._ask(line, ask)
            line.close()
            await asyncio.sleep(self.pause)

    async def dawdles(self, leave: float | None) -> None:
        """An app that sends slowly; one that leaves has sent half of it."""
        line = Line(self.url, key("leaving"))
        while not self.over:
            ask = self.chat("dawdle", "hello", self.chance.choice(ROUTES), leave=leave)
            answer = await line.ask(ask.path, ask.body, leave, pieces=4)
            self.tally.take(ask, answer)
            await asyncio.sleep(self.pause)
        line.close()

    async def narrow(self) -> None:
        """One of more than may run at once."""
        line = Line(self.url, key("narrow"))
        while not self.over:
            model = self.chance.choice(ROUTES)
            ask = self.chat("narrow", "hello [words:40]", model, refusals=(429,))
            ending, _, answer = await self._ask(line, ask)
            await _wait(ending, answer)
        line.close()

    async def bounded(self) -> None:
        """An app that asks faster than it may."""
        line = Line(self.url, key("bounded"))
        while not self.over:
            ask = self.chat("bounded", "hello", self.chance.choice(ROUTES), refusals=(429,))
            await self._ask(line, ask)
        line.close()

    async def loops(self) -> None:
        """An agent that does not end by itself, and is ended."""
        line = Line(self.url, key("looping"))
        while not self.over:
            session, served = f"loop-{next(self.numbers)}", 0
            while not self.over:
                ask = self.chat("loop", "again", self.chance.choice(ROUTES), refusals=(400,))
                ending, _, answer = await self._ask(line, ask, x_session=session)
                if ending == REFUSED:
                    if b"session_limit" not in answer.body and b"session" not in answer.body:
                        self.tally.improper.append(f"no session's end: {answer.body}")
                    if served > STEPS:
                        self.tally.improper.append(f"{served} requests of one session")
                    break
                served += 1
        line.close()

    async def careful(self) -> None:
        """Requests whose answers are judged; some of them are answered by the last model alone."""
        line = Line(self.url, key("careful"))
        while not self.over:
            doubts = self.chance.random() < 0.3
            text = DOUBT if doubts else "hello"
            # A cascade has no last resorts: whom its order has left alone is not asked again.
            sure = not doubts and "rolling" not in self.tally.moment
            await self._ask(line, self.chat("careful", text, "careful", sure=sure))
        line.close()

    async def wrong(self) -> None:
        """What no model could answer."""
        line = Line(self.url, key("talking"))
        while not self.over:
            path, number = self.chance.choice(PATHS), next(self.numbers)
            await self._ask(line, self.chat("wrong", "hello", "nobody", refusals=(404,)))
            await self._ask(line, Ask("wrong", path, b'{"model": ', number, refusals=(400,)))
            other = Line(self.url, "nobody's key")
            ask = self.chat("wrong", "hello", "auto", refusals=(401,))
            await self._ask(other, ask)
            other.close()
            await asyncio.sleep(4 * self.pause)
        line.close()


async def _wait(ending: str, answer: Answer) -> None:
    """What is told to come later comes a little later."""
    if ending == REFUSED:
        await asyncio.sleep(min(0.2, float(answer.headers.get("retry-after", 1))))


def _tools(path: str) -> list[dict]:
    if path == MESSAGES:
        return [{"name": "look", "description": "Looks.", "input_schema": SCHEMA}]
    own = {"name": "look", "description": "Looks.", "parameters": SCHEMA}
    return [{"type": "function", "function": own}]


def _mark(message: dict, number: int) -> None:
    """Writes a request's number into its last message: what stands before it stays as it was."""
    content = message["content"]
    if isinstance(content, list):
        content[-1]["content"] += f" [mark:n{number}n]"
    else:
        message["content"] += f" [mark:n{number}n]"


def _results(path: str, message: dict) -> list[dict]:
    """What the tools say to an answer; nothing where it calls none."""
    if path == MESSAGES:
        calls = [block for block in message["content"] if block["type"] == "tool_use"]
        results = [
            {
                "type": "tool_result",
                "tool_use_id": call["id"],
                "content": f"seen {json.dumps(call['input'])}",
            }
            for call in calls
        ]
        return [{"role": "user", "content": results}] if results else []
    return [
        {
            "role": "tool",
            "tool_call_id": call["id"],
            "content": f"seen {call['function']['arguments']}",
        }
        for call in message.get("tool_calls") or []
    ]
