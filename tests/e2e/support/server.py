"""Servers that do what no provider should: each connection is played by a function."""

import re
import socket
import threading
from typing import Callable


class Server:
    """Listens on a port of its own; `play(connection)` runs in a thread of each connection."""

    def __init__(self, play: Callable[[socket.socket], None]):
        self.play = play
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.url = f"http://{self.address}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                self.play(connection)
            except OSError:
                pass  # the gateway was faster

    def stop(self) -> None:
        """Takes no more connections."""
        # A thread that waits for a connection is not woken by a close alone.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class ClosedPort:
    """A port that is nobody's: who connects to it is refused."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.url = f"http://{self.address}"

    def stop(self) -> None:
        """Gives the port back."""
        self.socket.close()


def read_request(connection: socket.socket) -> bytes:
    """One request with a content-length: its head and its body."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += more(connection)
    head, _ = data.split(b"\r\n\r\n", 1)
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    whole = len(head) + 4 + (int(length[1]) if length else 0)
    while len(data) < whole:
        data += more(connection)
    return data


def more(connection: socket.socket) -> bytes:
    """What comes next; an end is an error."""
    data = connection.recv(1 << 16)
    if not data:
        raise ConnectionError("ended within a request")
    return data


def answer(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    """An answer that ends with its connection."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n"
    return head.encode() + body
