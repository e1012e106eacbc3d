"""A provider whose streams are cut in the middle, in each format and in each way."""

import socket
import struct
import time

from .server import Server, read_request
from .stubborn import EVENTS, chat_chunk, chunked, event, message_events


def gemini_event(text: str = "", **more) -> bytes:
    """A chunk of a Gemini stream."""
    parts = {"content": {"role": "model", "parts": [{"text": text}]}} if text else {}
    return event({"candidates": [{**parts, "index": 0, **more}], "modelVersion": "gemini"})


# What each provider says before its stream is cut: nothing of content, or some.
NOTHING = {
    "claude": message_events("")[:2],
    "gpt": [chat_chunk()],
    "gemini": [b": ping\n\n"],
}
SOME = {
    "claude": [*message_events("one ")[:3], message_events("two")[2]],
    "gpt": [chat_chunk("one "), chat_chunk("two")],
    "gemini": [gemini_event("one "), gemini_event("two")],
}
# All that it has to say.
WHOLE = {
    "claude": [*SOME["claude"], *message_events("")[3:]],
    "gpt": [*SOME["gpt"], chat_chunk(reason="stop"), b"data: [DONE]\n\n"],
    "gemini": [*SOME["gemini"], gemini_event(finishReason="STOP")],
}

# How long its machine stands still where it ends late, in seconds.
LATE_S = 2.5


class Cutting(Server):
    """A provider whose streams are cut after these chunks: `how` says in what way."""

    def __init__(self):
        self.chunks, self.how, self.seen, self.left = [], "fin", [], 0
        super().__init__(self._play)

    def _play(self, connection: socket.socket) -> None:
        self.seen.append(read_request(connection))
        if self.how == "at once":
            return
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {EVENTS}\r\ntransfer-encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"".join(map(chunked, self.chunks)))
        # What was sent has arrived before the cut does: a reset overtakes it otherwise.
        time.sleep(0.1)
        if self.how == "within a chunk":
            connection.sendall(b"40\r\ndata: {")
        if self.how == "a late end":
            time.sleep(LATE_S)
            connection.sendall(b"0\r\n\r\n")
        if self.how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.how == "silence":
            while connection.recv(1 << 16):
                pass
            self.left += 1
