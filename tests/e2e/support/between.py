"""What stands between the gateways and the ledger: it counts calls, and can be bad weather."""

import json
import socket
import struct
import threading
import time

from .server import answer, read_request

# An end without a goodbye: RST instead of FIN.
ABRUPT = struct.pack("ii", 1, 0)


class Between:
    """Passes calls on to a ledger at `address`, until told otherwise.

    `weather` is one of
    - "fair": calls are passed on,
    - "refused": nobody listens,
    - "silent": calls are taken and never answered,
    - "500" to "599": that is the answer,
    - "reset": connections break when a call has come,
    - "lost": calls are passed on, and connections break before the answer.
    """

    def __init__(self, address: str):
        host, port = address.rsplit(":", 1)
        self.ledger = (host, int(port))
        self.connections: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.log: list[Call] = []
        self.weather, self.delay, self.only = "fair", 0.0, ""
        self._listen(0)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _listen(self, port: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def turn(self, weather: str, delay: float = 0.0, only: str = "") -> None:
        """Changes the weather; `delay` is in seconds, before a call is passed on. Both are for
        paths that end in `only` alone, as far as somebody listens."""
        before, self.weather, self.delay, self.only = self.weather, weather, delay, only
        if weather == "refused" and before != "refused":
            # A thread that waits for a connection is not woken by a close alone.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            with self.lock:
                gone = list(self.connections)
            for connection in gone:
                _break(connection)
        if before == "refused" and weather != "refused":
            self._listen(self.port)

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        upstream = None
        try:
            while True:
                request = read_request(connection)
                call = Call(request)
                weather, delay = "fair", 0.0
                if call.path.endswith(self.only):
                    weather, delay = self.weather, self.delay
                call.weather = weather
                self.log.append(call)
                if delay:
                    time.sleep(delay)
                if weather.isdigit():
                    connection.sendall(answer(b"{}", status=f"{weather} Weather"))
                    return
                if weather in ("reset", "refused"):
                    return _break(connection)
                if weather == "silent":
                    while self.weather == "silent":
                        time.sleep(0.05)
                    return _break(connection)
                if upstream is None:
                    upstream = socket.create_connection(self.ledger)
                    upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                upstream.sendall(request)
                call.answer = read_request(upstream)
                if weather == "lost":
                    return _break(connection)
                connection.sendall(call.answer)
        except OSError:
            pass  # one of the two was faster
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()
            if upstream is not None:
                upstream.close()

    def calls(self, kind: str, tenant: str) -> list["Call"]:
        """The calls for a tenant: `holds` or `settlements`."""
        return [
            call
            for call in list(self.log)
            if call.path.endswith(kind) and f'"{tenant}"'.encode() in call.body
        ]

    def stop(self) -> None:
        """Takes no more connections."""
        self.turn("refused")


class Call:
    """A call of the gateway."""

    def __init__(self, request: bytes):
        head, self.body = request.split(b"\r\n\r\n", 1)
        self.path = head.split(b" ", 2)[1].decode()
        self.weather, self.at = "fair", time.monotonic()
        # As it came, head and all; none while there is none.
        self.answer: bytes | None = None

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def status(self) -> int:
        """What the ledger answered; 0 for nothing."""
        return int(self.answer.split(b" ", 2)[1]) if self.answer else 0

    def __repr__(self) -> str:
        return f"<{self.path} {self.weather} {self.status} {self.body.decode()}>"


def _break(connection: socket.socket) -> None:
    """Ends a connection as a crash would."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
        # Wakes a thread that reads from it.
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    except OSError:
        pass  # it has ended
