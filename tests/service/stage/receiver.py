"""Who alerts are sent to: checks each signature, answers as it is told, remembers everything."""

import hashlib
import hmac
import json
import socket
import threading
import time
from dataclasses import dataclass

from support.server import Server, read_request

SECRET = "secret-of-the-webhooks"
HANG, RESET = "hang", "reset"


@dataclass
class Delivery:
    """One POST."""

    at: float
    headers: dict[str, str]
    body: dict
    answered: int | str


class Receiver:
    """Answers 204, but first each of these in turn: a status, `HANG` or `RESET`."""

    def __init__(self, *first: int | str):
        self.answers = list(first)
        self.always: int | str = 204
        self.deliveries: list[Delivery] = []
        self.mistakes: list[str] = []
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.server = Server(self._play)
        self.url = f"{self.server.url}/hooks/credits?team=a%20b"

    def stop(self) -> None:
        """Takes no more, and fails the test if anything was wrong with what came."""
        self.ended.set()
        self.server.stop()
        assert not self.mistakes, self.mistakes

    def _play(self, connection: socket.socket) -> None:
        head, _, body = read_request(connection).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        try:
            assert first.split()[:2] == ["POST", "/hooks/credits?team=a%20b"], first
            verify(headers, body)
        except AssertionError as why:
            self.mistakes.append(f"{first} {headers}: {why}")
        with self.lock:
            answer = self.answers.pop(0) if self.answers else self.always
            self.deliveries.append(Delivery(time.time(), headers, json.loads(body), answer))
        if answer == HANG:
            self.ended.wait(60)
        elif answer != RESET:
            more = "location: /elsewhere\r\n" if 300 <= answer < 400 else ""
            said = f"HTTP/1.1 {answer} Said\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n"
            connection.sendall(said.encode())

    def wait_for(self, count: int, seconds: float = 15) -> list[Delivery]:
        """Until there are so many deliveries that were accepted; all of these."""
        end = time.monotonic() + seconds
        while len(self.accepted()) < count:
            assert time.monotonic() < end, f"{len(self.accepted())} of {count} in {seconds} s"
            time.sleep(0.01)
        return self.accepted()

    def accepted(self) -> list[Delivery]:
        """What it has answered well."""
        return [delivery for delivery in self.deliveries if delivery.answered == 204]


def verify(headers: dict[str, str], body: bytes) -> None:
    """The signature is that of this body, made now, with our secret."""
    parts = dict(part.split("=", 1) for part in headers["x-tradewind-signature"].split(","))
    assert abs(time.time() - int(parts["t"])) < 60, parts
    signed = parts["t"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], digest), parts
    said = json.loads(body)
    assert headers["content-type"] == "application/json", headers
    assert headers["x-tradewind-event"] == str(said["id"]), headers
    assert said["type"] == "credits.below", said
