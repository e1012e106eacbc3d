"""Many HTTP/2 requests at once, written as bytes: no client would be fast enough to be a burden."""

import selectors
import socket
import struct
import time
from collections import Counter
from urllib.parse import urlsplit

from hpack import Decoder

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION = 0, 1, 3, 4, 6, 9
END_HEADERS, ACK = 4, 1
# What a peer takes in one frame unless it says more.
LARGEST = 16_384


class Crowd:
    """Connections with open requests: they have sent headers and a part of a body, and wait."""

    def __init__(self, url: str, connections: int):
        host = urlsplit(url)
        # By status, and `reset N` for RST_STREAM with code N.
        self.outcomes: Counter[str] = Counter()
        self.selector = selectors.DefaultSelector()
        self.lines = []
        for _ in range(connections):
            raw = socket.create_connection((host.hostname, host.port), timeout=30)
            self.lines.append(Line(raw, self.outcomes))
            self.selector.register(raw, selectors.EVENT_READ, self.lines[-1])

    def open(self, each: int, headers: list[tuple[str, str]], body: bytes = b"") -> None:
        """Opens so many requests on each connection, which never end."""
        block = b"".join(_literal(name, value) for name, value in headers)
        for _ in range(each):
            for line in self.lines:
                line.request(block, body)
            self.read(0)

    def read(self, seconds: float) -> None:
        """Reads what comes for that long."""
        end = time.monotonic() + seconds
        while True:
            for key, _ in self.selector.select(max(end - time.monotonic(), 0)):
                if not key.data.read():
                    self.selector.unregister(key.fileobj)
                    self.outcomes["closed"] += 1
            if time.monotonic() >= end:
                return

    def until(self, outcomes: int, seconds: float = 15) -> None:
        """Reads until so many requests have ended."""
        end = time.monotonic() + seconds
        while self.outcomes.total() < outcomes and time.monotonic() < end:
            self.read(0.05)

    def close(self) -> None:
        """Everybody leaves."""
        self.selector.close()
        for line in self.lines:
            line.raw.close()


class Line:
    """One connection."""

    def __init__(self, raw: socket.socket, outcomes: Counter):
        self.raw, self.outcomes = raw, outcomes
        self.decoder, self.data, self.next, self.lost = Decoder(), b"", 1, False
        self._send(PREFACE + _frame(SETTINGS, 0, 0, b""))

    def request(self, block: bytes, body: bytes) -> None:
        """Opens a request that does not end."""
        own, self.next = self.next, self.next + 2
        parts = [block[at : at + LARGEST] for at in range(0, len(block), LARGEST)]
        out = []
        for number, part in enumerate(parts):
            last = END_HEADERS if number == len(parts) - 1 else 0
            out.append(_frame(CONTINUATION if number else HEADERS, last, own, part))
        for at in range(0, len(body), LARGEST):
            out.append(_frame(DATA, 0, own, body[at : at + LARGEST]))
        self._send(b"".join(out))

    def _send(self, data: bytes) -> None:
        try:
            if not self.lost:
                self.raw.sendall(data)
        except OSError:
            self.lost = True

    def read(self) -> bool:
        """Reads what has come; whether more may come."""
        try:
            data = self.raw.recv(1 << 18)
        except OSError:
            data = b""
        self.data += data
        while len(self.data) >= 9:
            size = int.from_bytes(self.data[:3], "big")
            if len(self.data) < 9 + size:
                break
            kind, flags = self.data[3], self.data[4]
            self._frame(kind, flags, self.data[9 : 9 + size])
            self.data = self.data[9 + size :]
        return bool(data)

    def _frame(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == HEADERS:
            self.outcomes[dict(self.decoder.decode(payload))[":status"]] += 1
        elif kind == RST_STREAM:
            self.outcomes[f"reset {struct.unpack('>I', payload)[0]}"] += 1
        elif kind == SETTINGS and not flags & ACK:
            self._send(_frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._send(_frame(PING, ACK, 0, payload))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    size = len(payload).to_bytes(3, "big")
    return size + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _literal(name: str, value: str) -> bytes:
    """A header as HPACK without a table: neither indexed nor compressed."""
    return b"\x00" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    data = text.encode()
    size = len(data)
    if size < 127:
        return bytes([size]) + data
    out, rest = bytearray([127]), size - 127
    while rest >= 128:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes(out) + bytes([rest]) + data
