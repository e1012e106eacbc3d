"""What callers are known by: signed tokens with their keys, and certificates of an own authority."""

import base64
import http.server
import json
import subprocess
import threading
import time
from pathlib import Path


def run(*command, given: bytes | None = None) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encoded(value: dict) -> str:
    """A part of a token."""
    return _text(json.dumps(value).encode())


class Signer:
    """Issues tokens, with a key of its own."""

    def __init__(self, folder: Path, kid: str = "one"):
        folder.mkdir(parents=True, exist_ok=True)
        self.kid, self.key = kid, folder / f"{kid}.key"
        run("openssl", "genrsa", "-out", self.key, "2048")
        modulus = run("openssl", "rsa", "-in", self.key, "-noout", "-modulus").decode()
        n = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
        own = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": _text(n), "e": "AQAB"}
        self.jwks = json.dumps({"keys": [own]})

    def token(self, issuer: str, header: dict | None = None, **claims) -> str:
        """A token with these claims, good for an hour where they do not say until when."""
        usual = {"iss": issuer, "aud": "tradewind", "exp": int(time.time()) + 3600}
        claims = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        head = {"alg": "RS256", "typ": "JWT", "kid": self.kid, **(header or {})}
        signed = f"{encoded(head)}.{encoded(claims)}"
        signature = run("openssl", "dgst", "-sha256", "-sign", self.key, given=signed.encode())
        return f"{signed}.{_text(signature)}"


class KeyServer:
    """Serves a key set; `asked` counts how often, and while `away` it answers 503."""

    def __init__(self, jwks: str):
        self.asked, self.away = 0, False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = jwks.encode()
                self.send_response(503 if outer.away else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Authority:
    """Issues certificates: `certificate` is its own."""

    def __init__(self, folder: Path, name: str = "authority"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.pem"
        run(
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate),
        )

    def issue(self, name: str, *alternatives: str, subject: str = "") -> tuple[str, str]:
        """The paths of a certificate with these alternative names, such as `URI:spiffe://…`, and of
        its key."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        certificate, more = self.folder / f"{name}.pem", self.folder / f"{name}.ext"
        run(
            *("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", subject or f"/CN={name}"),
            *("-keyout", key, "-out", request),
        )
        more.write_text(f"subjectAltName={','.join(alternatives)}\n" if alternatives else "")
        run(
            *("openssl", "x509", "-req", "-in", request, "-days", "2", "-CA", self.certificate),
            *("-CAkey", self.key, "-CAcreateserial", "-extfile", more, "-out", certificate),
        )
        return str(certificate), str(key)
