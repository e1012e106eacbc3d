"""Providers that do not let go: they answer, and keep their connections open or drip."""

import json
import socket
import threading
import time
from typing import Iterable

import h2.config
import h2.connection
import h2.events

from .policy import GPT
from .server import Server, read_request

JSON, EVENTS = "application/json", "text/event-stream"


class Stubborn(Server):
    """Answers each request with these chunks, then with `drip` again and again until it is let go.

    `let_go` tells after how many seconds the last connection was closed by the gateway.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        drip: bytes = b": still here\n\n",
        kind: str = EVENTS,
        status: str = "200 OK",
        ends: bool = False,
        pace: float = 0,
    ):
        self.chunks, self.drip, self.kind, self.status = list(chunks), drip, kind, status
        self.ends, self.pace, self.let_go = ends, pace, []
        super().__init__(self._play)

    def _play(self, connection: socket.socket) -> None:
        read_request(connection)
        begun = time.monotonic()
        head = f"HTTP/1.1 {self.status}\r\ncontent-type: {self.kind}\r\n"
        connection.sendall(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        try:
            for chunk in self.chunks:
                connection.sendall(chunked(chunk))
                time.sleep(self.pace)
            if self.ends:
                connection.sendall(b"0\r\n\r\n")
                return
            connection.settimeout(0.1)
            while time.monotonic() < begun + 15:
                connection.sendall(chunked(self.drip) if self.drip else b"")
                try:
                    if not connection.recv(1 << 10):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        self.let_go.append(time.monotonic() - begun)

    def wait_until_let_go(self, seconds: float = 10) -> float:
        """After how many seconds the gateway closed the connection."""
        end = time.monotonic() + seconds
        while not self.let_go:
            assert time.monotonic() < end, "the gateway still holds the provider's stream"
            time.sleep(0.02)
        return self.let_go[-1]


class Quiet(Server):
    """Answers with these chunks, says nothing for so many seconds, and ends, after those that are
    late."""

    def __init__(self, chunks: Iterable[bytes], quiet: float, late: Iterable[bytes] = ()):
        self.chunks, self.quiet, self.late = list(chunks), quiet, list(late)
        super().__init__(self._play)

    def _play(self, connection: socket.socket) -> None:
        read_request(connection)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"".join(map(chunked, self.chunks)))
        time.sleep(self.quiet)
        for chunk in self.late:
            connection.sendall(chunked(chunk))
            time.sleep(0.1)
        connection.sendall(b"0\r\n\r\n")


def chunked(chunk: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(chunk), chunk)


# What no app is to see.
TRAILERS = [("grpc-status", "0"), ("set-cookie", "a=b"), ("x-key", "sk-proj-0123456789abcdef")]


class Trailing(Server):
    """An HTTP/2 provider whose streams end with trailers, so many seconds after the last chunk."""

    def __init__(self, chunks: Iterable[bytes], kind: str = EVENTS, quiet: float = 0):
        self.chunks, self.kind, self.quiet = list(chunks), kind, quiet
        super().__init__(self._play)

    def _play(self, connection: socket.socket) -> None:
        config = h2.config.H2Configuration(client_side=False)
        http = h2.connection.H2Connection(config=config)
        http.initiate_connection()
        connection.sendall(http.data_to_send())
        while data := connection.recv(1 << 16):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    http.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                if isinstance(event, h2.events.StreamEnded):
                    self._answer(connection, http, event.stream_id)
            connection.sendall(http.data_to_send())

    def _answer(self, connection, http, stream: int) -> None:
        http.send_headers(stream, [(":status", "200"), ("content-type", self.kind)])
        for chunk in self.chunks:
            http.send_data(stream, chunk)
            connection.sendall(http.data_to_send())
            time.sleep(0.05)
        time.sleep(self.quiet)
        http.send_headers(stream, TRAILERS, end_stream=True)


def chat_chunk(text: str = "", reason: str | None = None, **more) -> bytes:
    """A chunk of an OpenAI stream."""
    delta = {"content": text} if text else {}
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": GPT}
    return event({**chunk, "choices": [choice], **more})


def event(data: dict, name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def message_events(text: str) -> list[bytes]:
    """An Anthropic stream, whole."""
    usage = {"input_tokens": 3, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    block = {"type": "text", "text": ""}
    delta = {"type": "text_delta", "text": text}
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    return [event(data, data["type"]) for data in events]


def at_once(number: int, what) -> list:
    """Does the same in so many threads; what each gave, in order."""
    given = [None] * number

    def one(index: int) -> None:
        given[index] = what(index)

    threads = [threading.Thread(target=one, args=[index]) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given
