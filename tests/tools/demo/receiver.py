"""Where alerts arrive: an HTTP server of the demo's own, which believes only what is signed."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import ports


class Receiver:
    """A running receiver; `secret` is told once the ledger has one."""

    def __init__(self):
        self.secret = ""
        self.alerts: list[dict] = []
        self._server = ThreadingHTTPServer((ports.HOST, 0), self._handler())
        self.url = f"http://{ports.HOST}:{self._server.server_address[1]}/alerts"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def genuine(self, signature: str, body: bytes) -> bool:
        """Whether the ledger has signed this."""
        parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
        signed = parts.get("t", "").encode() + b"." + body
        own = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(own, parts.get("v1", ""))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                genuine = receiver.genuine(self.headers.get("x-tradewind-signature", ""), body)
                if genuine:
                    receiver.alerts.append(json.loads(body))
                self.send_response(204 if genuine else 403)
                self.end_headers()

            def log_message(self, *_) -> None:
                """Nothing: the tour says what arrived."""

        return Handler
