"""HTTP/1.1 by hand: what came, to the byte, and how it ended."""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# The longest that an app waits for what comes next.
PATIENCE_S = 20
# How long an app pauses that sends its body in pieces.
PAUSE_S = 0.05


@dataclass
class Answer:
    """What came for one request. `end` is `whole`, `cut` within it, `nothing` where not a byte
    came, `left` where the app went first, or what was wrong with its framing."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    end: str = "nothing"


class Line:
    """A connection of an app, which is kept as long as the gateway keeps it."""

    def __init__(self, url: str, key: str):
        host = urlsplit(url)
        self.address, self.key = (host.hostname, host.port), key
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(
        self,
        path: str,
        body: dict | bytes,
        leave: float | None = None,
        pieces: int = 1,
        **headers,
    ) -> Answer:
        """One request. `leave` is after how many seconds the app goes away; in so many pieces it
        sends its body, with a pause after each."""
        answer = Answer()
        try:
            work = self._ask(answer, path, body, pieces, headers)
            await asyncio.wait_for(work, PATIENCE_S if leave is None else leave)
        except (asyncio.TimeoutError, TimeoutError):
            answer.end = "left" if leave is not None else "for ever"
        except (EOFError, OSError):
            answer.end = "cut" if answer.status else "nothing"
        except ValueError as wrong:
            answer.end = f"wrong: {wrong}"
        if answer.end != "whole" or answer.headers.get("connection") == "close":
            self.close()
        return answer

    async def _ask(
        self, answer: Answer, path: str, body: dict | bytes, pieces: int, headers: dict
    ) -> None:
        if self.reader is not None and self.reader.at_eof():
            self.close()
        if self.reader is None:
            opened = await asyncio.open_connection(*self.address, limit=1 << 22)
            self.reader, self.writer = opened
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        own = {
            "host": "gateway",
            "authorization": f"Bearer {self.key}",
            "content-type": "application/json",
            "content-length": str(len(data)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in own.items())
        self.writer.write(head.encode() + b"\r\n")
        size = -(-len(data) // pieces)
        for start in range(0, len(data), size):
            self.writer.write(data[start : start + size])
            await self.writer.drain()
            await asyncio.sleep(PAUSE_S if pieces > 1 else 0)
        await self._read(answer)

    async def _read(self, answer: Answer) -> None:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        if not first.startswith("HTTP/1.1 "):
            raise ValueError(f"what comes is no answer: {first[:100]!r}")
        pairs = (line.split(":", 1) for line in rest)
        answer.headers = {name.strip().lower(): value.strip() for name, value in pairs}
        answer.status = int(first.split(" ")[1])
        if answer.headers.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline() or self._ended(), 16):
                answer.body += await self.reader.readexactly(size)
                if await self.reader.readexactly(2) != b"\r\n":
                    raise ValueError("a chunk is longer than it says")
            if await self.reader.readline() != b"\r\n":
                raise ValueError("trailers that nobody asked for")
        else:
            answer.body = await self.reader.readexactly(int(answer.headers["content-length"]))
        answer.end = "whole"

    @staticmethod
    def _ended() -> bytes:
        raise EOFError

    def close(self) -> None:
        """The next request has a connection of its own."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None
