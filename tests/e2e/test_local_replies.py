"""What Envoy answers by itself is JSON too, and in the app's dialect where Envoy knows its path."""

import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY

LATE = {"request_headers_timeout": "1s", "request_timeout": "2s"}


def head(path: str, *more: str, method: str = "POST", version: str = "1.1") -> bytes:
    lines = [
        f"{method} {path} HTTP/{version}",
        "host: gateway",
        f"authorization: Bearer {APP_KEY}",
        "content-type: application/json",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


APPS, LATER = ("invalid_request_error",) * 2, ("server_error", "timeout_error")
# What an app that sends too late, too much or what it may not is told in each dialect.
KINDS = {
    403: ("permission_error", "permission_error"),
    408: LATER,
    426: APPS,
    431: APPS,
    501: APPS,
    400: APPS,
}


def mistakes(path: str) -> dict[str, tuple[bytes, int, bool]]:
    """What is sent, the status it gets, and whether Envoy has read the path by then."""
    chunked = "transfer-encoding: chunked"
    return {
        "headers too large": (head(path, "x-big: " + "a" * 40_000) + b"\r\n", 431, False),
        "a malformed chunk": (head(path, chunked) + b"\r\nzz\r\n\r\n", 400, True),
        "an unknown encoding": (head(path, "transfer-encoding: x") + b"\r\n", 501, False),
        "an upgrade": (head(path, "connection: upgrade", "upgrade: ws") + b"\r\n", 403, True),
        "a body that does not end": (head(path, "content-length: 9") + b"\r\n{", 408, True),
        "headers that do not end": (head(path), 408, False),
        "an old version": (head(path, version="1.0") + b"\r\n", 426, False),
        "an unknown method": (head(path, method="BREW") + b"\r\n", 400, False),
        "two lengths": (head(path, "content-length: 1", chunked) + b"\r\n", 400, False),
    }


def exchange(gateway, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """The answer to these bytes, as far as it comes."""
    host = urlsplit(gateway.url)
    with socket.create_connection((host.hostname, host.port), timeout=10) as raw:
        raw.sendall(sent)
        stream = raw.makefile("rb")
        status = int(stream.readline().split()[1])
        headers = {}
        while line := stream.readline().strip().decode():
            name, value = line.split(": ", 1)
            headers[name] = value
        return status, headers, stream.read(int(headers["content-length"]))


@pytest.mark.parametrize("version", ENVOYS)
def test_every_mistake_is_answered_in_json(launch, rules, sim, version):
    bootstrap = render(rules, paths.LOGS / f"local-{version}")
    listener = bootstrap["static_resources"]["listeners"][0]
    listener["filter_chains"][0]["filters"][0]["typed_config"] |= LATE
    gateway = launch(bootstrap, version)
    sim.reset()
    for path in (CHAT, MESSAGES):
        for name, (sent, status, knows) in mistakes(path).items():
            got, headers, body = exchange(gateway, sent)
            assert (got, headers["content-type"]) == (status, "application/json"), (name, body)
            answer = json.loads(body)
            assert answer["error"]["message"], name
            kind = answer["error"]["type"]
            assert kind == KINDS[status][answer.get("type") == "error"], (name, answer)
            if knows:
                assert (answer.get("type") == "error") == (path == MESSAGES), (name, answer)
                assert headers["x-tradewind-request-id"], name
    assert sim.requests() == []


@pytest.mark.core
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_no_refusal_waits_for_a_body_that_may_never_end(gateway, path):
    chunked = "transfer-encoding: chunked"
    for sent in (
        b"CONNECT api.openai.com:443 HTTP/1.1\r\nhost: api.openai.com:443\r\n\r\n",
        head(path, chunked, method="GET") + b"\r\n",
        head(path, "content-length: 9", method="DELETE") + b"\r\n{",
        head("/nowhere", chunked, method="GET") + b"\r\n",
    ):
        begun = time.monotonic()
        status, headers, body = exchange(gateway, sent)
        assert status == (404 if b"/nowhere" in sent else 405), body
        assert headers["content-type"] == "application/json"
        assert json.loads(body)["error"]["type"] in ("invalid_request_error", "not_found_error")
        assert time.monotonic() < begun + 2


@pytest.mark.core
def test_what_the_module_says_is_not_said_again(gateway):
    """Its own refusals come through the same place of Envoy's."""
    answer = gateway.http.post(CHAT, json={"model": 7})
    assert answer.status_code == 400 and "`model`" in answer.json()["error"]["message"]
    answer = gateway.http.post(MESSAGES, json={}, headers={"authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "authentication_error"
