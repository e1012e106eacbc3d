"""A provider that speaks HTTP/2 over TLS, as the real ones do."""

import json
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import h2.config
import h2.connection
import h2.errors
import h2.events

ANSWER = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
    ],
}


class Http2:
    """Listens as `localhost`; `requests` holds the headers of what was asked.

    With `leaves` every second request of a connection is left: by `close`, `goaway` or `refuse`.
    """

    def __init__(self, folder: Path, leaves: str | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.leaves, self.served, self.left = leaves, 0, 0
        key, self.certificate = folder / "localhost.key", folder / "localhost.pem"
        command = [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", key, "-out", self.certificate),
        ]
        subprocess.run(command, check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = self._named
        self.requests: list[dict] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _named(self, connection, name, _context) -> None:
        connection.asked_for = name

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[plain], daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            with self.context.wrap_socket(plain, server_side=True) as secure:
                self.connections += 1
                self._speak(secure)
        except OSError:
            pass  # the gateway was faster

    def _speak(self, secure: ssl.SSLSocket) -> None:
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        secure.sendall(http.data_to_send())
        body = json.dumps(ANSWER).encode()
        while data := secure.recv(1 << 16):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    headers = {_text(name): _text(value) for name, value in event.headers}
                    tls = {"server_name": secure.asked_for}
                    tls["protocol"] = secure.selected_alpn_protocol()
                    self.requests.append({**headers, **tls})
                elif isinstance(event, h2.events.StreamEnded):
                    if self.leaves and event.stream_id % 4 == 3:
                        self.left += 1
                        if self.leaves == "close":
                            return
                        self._leave(http, event.stream_id)
                        continue
                    self.served += 1
                    length = str(len(body))
                    head = [(":status", "200"), ("content-type", "application/json")]
                    http.send_headers(event.stream_id, [*head, ("content-length", length)])
                    http.send_data(event.stream_id, body, end_stream=True)
            secure.sendall(http.data_to_send())

    def _leave(self, http: h2.connection.H2Connection, stream: int) -> None:
        if self.leaves == "refuse":
            http.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        else:
            http.close_connection(last_stream_id=stream - 2)

    def stop(self) -> None:
        """Takes no more connections."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else value
