"""Providers that answer some requests, and then end or fall silent without a word."""

import json

from .server import Server, read_request
from .tls import ANSWER


class Http1:
    """A provider that answers the first `kept` requests of a connection, and then does `then`."""

    def __init__(self, then, kept: int = 1):
        self.then, self.kept = then, kept
        self.served = self.left = 0
        self.server = Server(self._play)
        self.url = self.server.url

    def _play(self, connection) -> None:
        body = json.dumps(ANSWER).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        for _ in range(self.kept):
            read_request(connection)
            self.served += 1
            connection.sendall(head.encode() + b"\r\n\r\n" + body)
        read_request(connection)
        self.left += 1
        self.then(connection)

    def stop(self) -> None:
        self.server.stop()


def close(connection) -> None:
    """Ends the connection without a word."""


def wait(connection) -> None:
    """Answers nothing until the gateway is gone."""
    while connection.recv(1 << 16):
        pass
