"""A rate limit service that speaks Envoy's protocol: `envoy.service.ratelimit.v3` over gRPC."""

import socket
import threading
from collections import Counter
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

from .server import Server

METHOD = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"
OK, OVER_LIMIT = 1, 2
MINUTE = 2
# When the stand-in's windows are over, in seconds.
RESET = 37

Entries = tuple[tuple[str, str], ...]


@dataclass
class Asked:
    """One request to the service; `authority` is whom it was sent to."""

    authority: str
    domain: str = ""
    # Each with how much it adds; None for the usual, which is one.
    descriptors: list[tuple[Entries, int | None]] = field(default_factory=list)


class RateLimits:
    """Counts by `limits`, from a descriptor to how much it lets through; others are unlimited."""

    def __init__(self, limits: dict[Entries, int] | None = None):
        self.limits = limits or {}
        self.used: Counter[Entries] = Counter()
        self.asked: list[Asked] = []
        # A service that takes every request and answers none.
        self.silent = False
        self.lock = threading.Lock()
        self.server = Server(self._play)
        self.url = self.server.url

    def stop(self) -> None:
        self.server.stop()

    def told(self, *entries: tuple[str, str]) -> list[int | None]:
        """What was added to a descriptor, each time that it was asked about."""
        with self.lock:
            all_of_them = [own for asked in self.asked for own in asked.descriptors]
        return [added for own, added in all_of_them if own == entries]

    def _play(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        connection.sendall(http.data_to_send())
        streams: dict[int, tuple[dict, bytearray]] = {}
        while data := connection.recv(1 << 16):
            for event in http.receive_data(data):
                match event:
                    case h2.events.RequestReceived():
                        headers = {name.decode(): value.decode() for name, value in event.headers}
                        streams[event.stream_id] = (headers, bytearray())
                    case h2.events.DataReceived():
                        streams[event.stream_id][1].extend(event.data)
                        http.acknowledge_received_data(
                            event.flow_controlled_length, event.stream_id
                        )
                    case h2.events.StreamEnded():
                        self._answer(http, event.stream_id, *streams.pop(event.stream_id))
                    case h2.events.StreamReset():
                        streams.pop(event.stream_id, None)
            connection.sendall(http.data_to_send())

    def _answer(self, http, stream: int, headers: dict, body: bytearray) -> None:
        assert headers[":path"] == METHOD and headers["content-type"].startswith("application/grpc")
        length = int.from_bytes(body[1:5], "big")
        assert body[0] == 0 and len(body) == 5 + length, "one message, not compressed"
        asked = read(bytes(body[5:]), headers[":authority"])
        with self.lock:
            self.asked.append(asked)
            if self.silent:
                return
            message = self._decide(asked)
        http.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        http.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message)
        http.send_headers(stream, [("grpc-status", "0")], end_stream=True)

    def _decide(self, asked: Asked) -> bytes:
        """All or nothing, as the usual service has it: what is over adds to nothing."""
        found = [(own, self.limits.get(own), 1 if n is None else n) for own, n in asked.descriptors]

        def over(own: Entries, limit: int | None, adds: int) -> bool:
            # Who only asks is let through as long as there is something.
            return limit is not None and self.used[own] + max(adds, 1) > limit

        refused = any(over(*one) for one in found)
        statuses = b""
        for own, limit, adds in found:
            # What is told after a request is counted, whatever there is.
            if not refused or adds > 1:
                self.used[own] += adds
            code = OVER_LIMIT if over(own, limit, adds) else OK
            status = number(1, code)
            if limit is not None:
                rest = max(limit - self.used[own], 0)
                status += bytes_of(2, number(1, limit) + number(2, MINUTE)) + number(3, rest)
                status += bytes_of(4, number(1, RESET))
            statuses += bytes_of(2, status)
        return number(1, OVER_LIMIT if refused else OK) + statuses


def read(message: bytes, authority: str) -> Asked:
    """`RateLimitRequest`, with the descriptors of `envoy.extensions.common.ratelimit.v3`."""
    asked = Asked(authority)
    for number_of, value in fields(message):
        if number_of == 1:
            asked.domain = value.decode()
        if number_of == 2:
            entries, adds = [], None
            for inner, own in fields(value):
                if inner == 1:
                    pair = dict(fields(own))
                    entries.append((pair[1].decode(), pair.get(2, b"").decode()))
                if inner == 3:
                    # google.protobuf.UInt64Value: 0 is left out.
                    adds = dict(fields(own)).get(1, 0)
            asked.descriptors.append((tuple(entries), adds))
    return asked


def fields(message: bytes):
    """The fields of a message of protobuf: numbers, and bytes."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        value, at = varint(message, at)
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        else:
            assert key & 7 == 0, "no other kind is expected"
        yield key >> 3, value


def varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = message[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def number(field_number: int, value: int) -> bytes:
    out = bytearray([field_number << 3])
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def bytes_of(field_number: int, value: bytes) -> bytes:
    head = number(field_number, len(value))
    return bytes([field_number << 3 | 2]) + head[1:] + value
