"""HTTP for callers that press: one kept connection, little work for each request."""

import asyncio
import json


class Away(Exception):
    """No answer: nobody knows whether it was done."""


class Wire:
    """A connection that is made when it is needed and dropped at any trouble."""

    def __init__(self, port, token: str, timeout: float = 30):
        # Who restarts the service tells where it is now.
        self.port = port if callable(port) else lambda: port
        self.head = f"host: ledger\r\nauthorization: Bearer {token}\r\n"
        self.timeout = timeout
        self.reader = self.writer = None

    async def call(self, method: str, path: str, body=None, headers: str = "") -> tuple[int, dict]:
        """Status and body of the answer, or `Away`."""
        data = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            headers += f"content-type: application/json\r\ncontent-length: {len(data)}\r\n"
        request = f"{method} {path} HTTP/1.1\r\n{self.head}{headers}\r\n".encode() + data
        try:
            return await asyncio.wait_for(self._exchange(request), self.timeout)
        except (OSError, EOFError, asyncio.TimeoutError, ValueError) as why:
            self.close()
            raise Away(f"{method} {path}: {why!r}") from why

    async def _exchange(self, request: bytes) -> tuple[int, dict]:
        if self.writer is None:
            opened = asyncio.open_connection("127.0.0.1", self.port())
            self.reader, self.writer = await opened
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        status, length = int(lines[0].split()[1]), 0
        for line in lines[1:]:
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = await self.reader.readexactly(length)
        if b"connection: close" in lines:
            self.close()
        return status, json.loads(body) if body else {}

    def close(self) -> None:
        """Gives the connection up."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def crowd(callers) -> list:
    """All of them at once; the first mistake ends all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(caller) for caller in callers]
    return [task.result() for task in tasks]
