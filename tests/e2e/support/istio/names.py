"""A name service that knows what it is told, for as long as it is told."""

import socket
import socketserver
import struct
import threading

A, IN, UNKNOWN = 1, 1, 3


class Names:
    """Answers over UDP with the addresses of `known`, and that there is no such name of others."""

    def __init__(self, known: dict[str, str]):
        self.known = dict(known)
        names = self

        class Answer(socketserver.BaseRequestHandler):
            def handle(self):
                packet, line = self.request
                line.sendto(names.answer(packet), self.client_address)

        self.server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answer)
        self.address = self.server.server_address
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, packet: bytes) -> bytes:
        """One question's answer."""
        end, labels = 12, []
        while length := packet[end]:
            labels.append(packet[end + 1 : end + 1 + length].decode())
            end += 1 + length
        question = packet[12 : end + 5]
        (kind,) = struct.unpack(">H", question[-4:-2])
        address = self.known.get(".".join(labels).lower())
        records = b""
        if address and kind == A:
            # The name is the question's; it is true for a second.
            records = struct.pack(">HHHIH", 0xC00C, A, IN, 1, 4) + socket.inet_aton(address)
        flags = 0x8180 | (0 if address else UNKNOWN)
        head = packet[:2] + struct.pack(">HHHHH", flags, 1, 1 if records else 0, 0, 0)
        return head + question + records

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
