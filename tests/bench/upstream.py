"""The bench's provider: a process of its own that reads a whole request before it answers, and
keeps every connection.

A request for a stream gets one event at each tick of the pace; one for the model `held` gets the
first few, and then nothing more. `GET /stats` tells how many connections and requests there were.
"""

import collections
import json
import re
import select
import socket
import sys
import time

import answers

# Seconds between two events of a stream.
PACE = 0.002
# Chunks of a held stream that are sent: its head, its beginning, and some content.
HELD_AFTER = 5

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
STREAM = re.compile(rb'"stream": *true')
ANSWERS = {
    "openai": (answers.whole(answers.openai_whole()), answers.chunks(answers.openai_events())),
    "anthropic": (answers.whole(answers.anthropic_whole()),
                  answers.chunks(answers.anthropic_events())),
}


class Connection:
    """What has come of a request on one connection."""

    __slots__ = ("line", "start", "head", "left", "tail")

    def __init__(self, line):
        self.line = line
        self.clear()

    def clear(self):
        # The beginning of the request; the length of its head, while there is one; how much of its
        # body is still to come, None while that is not known; the last bytes that came.
        self.start, self.head, self.left, self.tail = b"", 0, None, b""

    def take(self, data):
        """Whether the request is whole with these bytes."""
        if not self.head:
            self.start += data
            self.head = self.start.find(b"\r\n\r\n") + 4
            if self.head < 4:
                self.head = 0
                return False
            found = LENGTH.search(self.start, 0, self.head)
            if found:
                self.left = int(found[1]) - (len(self.start) - self.head)
            elif not CHUNKED.search(self.start, 0, self.head):
                self.left = 0
            else:
                self.tail = self.start[-5:]
        elif self.left is None:
            self.tail = (self.tail + data)[-5:]
        else:
            self.left -= len(data)
        return self.tail == b"0\r\n\r\n" if self.left is None else self.left <= 0


class Upstream:
    """One loop over all connections."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.poll = select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)
        self.connections = {}
        self.opened = self.requests = 0
        # Streams under way: the connection, its chunks, and which is next.
        self.streams = collections.deque()

    def serve(self):
        due = time.monotonic()
        while True:
            wait = max(0, due - time.monotonic()) if self.streams else -1
            for number, _ in self.poll.poll(wait):
                if number == self.listener.fileno():
                    self.accept()
                else:
                    self.read(self.connections[number])
            if self.streams and time.monotonic() >= due:
                due = time.monotonic() + PACE
                self.tick()

    def accept(self):
        line, _ = self.listener.accept()
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections[line.fileno()] = Connection(line)
        self.poll.register(line, select.EPOLLIN)
        self.opened += 1

    def read(self, connection):
        try:
            data = connection.line.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            self.streams = collections.deque(
                stream for stream in self.streams if stream[0] is not connection)
            del self.connections[connection.line.fileno()]
            connection.line.close()
        elif connection.take(data):
            start = connection.start
            connection.clear()
            self.answer(connection, start)

    def answer(self, connection, start):
        if start.startswith(b"GET /stats"):
            told = {"connections": self.opened, "requests": self.requests}
            return connection.line.sendall(answers.whole(told))
        self.requests += 1
        messages = b"/messages" in start[:64]
        whole, chunks = ANSWERS["anthropic" if messages else "openai"]
        if not STREAM.search(start):
            return connection.line.sendall(whole)
        if b'held"' in start:
            return connection.line.sendall(b"".join(chunks[:HELD_AFTER]))
        connection.line.sendall(chunks[0])
        self.streams.append((connection, chunks, 1))

    def tick(self):
        """The next event of every stream; the last goes together with the end."""
        for _ in range(len(self.streams)):
            connection, chunks, number = self.streams.popleft()
            if number + 2 < len(chunks):
                connection.line.sendall(chunks[number])
                self.streams.append((connection, chunks, number + 1))
            else:
                connection.line.sendall(b"".join(chunks[number:]))


def main():
    upstream = Upstream()
    print(json.dumps({"port": upstream.listener.getsockname()[1]}), flush=True)
    upstream.serve()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
