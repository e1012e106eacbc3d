"""Requests on kept connections: as fast as they are answered, or at a fixed rate."""

import re
import select
import socket
import sys
import time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def connect(port):
    line = socket.create_connection(("127.0.0.1", port), 60)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


class Line:
    """One connection, and how much of its answer has come."""

    __slots__ = ("socket", "status", "start", "left", "tail", "sent")

    def __init__(self, port, status):
        self.socket, self.status, self.sent = connect(port), b"HTTP/1.1 %d " % status, 0

    def send(self, request):
        self.start, self.left, self.tail = b"", None, b""
        self.socket.sendall(request)

    def ended(self):
        """Reads what is there; whether the answer is whole."""
        data = self.socket.recv(1 << 18)
        if not data:
            sys.exit("bench: a connection that should be kept was closed")
        if self.tail:
            self.tail = (self.tail + data)[-5:]
        elif self.left is not None:
            self.left -= len(data)
        else:
            self.start += data
            head = self.start.find(b"\r\n\r\n") + 4
            if head < 4:
                return False
            if not self.start.startswith(self.status):
                sys.exit(f"bench: {self.start[:800]!r}, and not {self.status!r}")
            found = LENGTH.search(self.start, 0, head)
            if found:
                self.left = head + int(found[1]) - len(self.start)
            else:
                self.tail = self.start[-5:]
        return self.tail == b"0\r\n\r\n" if self.left is None else self.left <= 0


class Load:
    """The same request again and again, on a few connections; or, where it has a number, each time
    with the next one."""

    def __init__(self, port, request, width, status=200, number=None):
        self.request, self.number, self.sent = request, number, 0
        self.lines = [Line(port, status) for _ in range(width)]
        self.by_number = {line.socket.fileno(): line for line in self.lines}
        self.poll = select.epoll()
        for number in self.by_number:
            self.poll.register(number, select.EPOLLIN)

    def next(self):
        """The request that is sent next."""
        if not self.number:
            return self.request
        self.sent += 1
        return self.request.replace(self.number, b"%0*d" % (len(self.number), self.sent))

    def run(self, count):
        """So many requests; each connection asks again as soon as it was answered."""
        first = min(count, len(self.lines))
        for line in self.lines[:first]:
            line.send(self.next())
        waiting, open_ = count - first, first
        while open_:
            for number, _ in self.poll.poll(60):
                line = self.by_number[number]
                if not line.ended():
                    continue
                if waiting:
                    waiting -= 1
                    line.send(self.next())
                else:
                    open_ -= 1

    def paced(self, rate, count):
        """So many microseconds for each of so many requests, one due every 1/rate seconds. Whoever
        is late is measured from when it was due."""
        idle, busy, times = list(self.lines), {}, []
        begin = time.perf_counter()
        due = begin
        for number in range(count):
            due = begin + number / rate
            while (now := time.perf_counter()) < due or not idle:
                wait = max(0, due - now) if idle else 60
                # The one call that waits for less than a millisecond.
                ready, _, _ = select.select(list(busy), (), (), wait)
                self._answered(ready, idle, busy, times)
            line = idle.pop()
            late = time.perf_counter() - due
            line.sent = time.perf_counter() if late < 0.001 else due
            line.send(self.next())
            busy[line.socket.fileno()] = line
        while busy:
            ready, _, _ = select.select(list(busy), (), (), 60)
            self._answered(ready, idle, busy, times)
        return times

    @staticmethod
    def _answered(ready, idle, busy, times):
        for number in ready:
            line = busy[number]
            if line.ended():
                times.append((time.perf_counter() - line.sent) * 1e6)
                idle.append(busy.pop(number))

    def close(self):
        for line in self.lines:
            line.socket.close()
        self.poll.close()
