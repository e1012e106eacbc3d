"""Bodies that are legal and odd: in pieces, long, deep, with a name twice."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from conftest import ENVOYS, NEWEST
from support import paths
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import APP_KEY, MODELS, policy
from support.raw import read_answer

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
EACH = pytest.mark.parametrize("model", MODELS)
TEXT = "grüße 🌬 [mark:b]"
# What the parser allows, the body's own object counted.
DEEPEST = 128


def ask(text: str = TEXT, model: str = "auto", **more) -> dict:
    return {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": text}], **more}


def encode(body: dict) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def connect(gateway) -> socket.socket:
    host = urlsplit(gateway.url)
    raw = socket.create_connection((host.hostname, host.port), timeout=20)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw


def head(path: str, *more: str) -> bytes:
    lines = [
        *(f"POST {path} HTTP/1.1", "host: x", f"authorization: Bearer {APP_KEY}"),
        *("content-type: application/json", *more),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@BOTH
def test_an_app_that_waits_for_a_continue_gets_one(gateway, sim, path):
    body = encode(ask())
    with connect(gateway) as raw:
        raw.sendall(head(path, f"content-length: {len(body)}", "expect: 100-continue"))
        interim = raw.recv(1 << 10)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(body)
        status, answer = read_answer(raw)
    assert status == 200 and "[mark:b]" in answer.decode()
    assert "expect" not in sim.requests()[-1].headers


def pieces(body: bytes, way: str) -> list[bytes]:
    """A body cut in an odd way."""
    if way == "every byte":
        return [body[at : at + 1] for at in range(len(body))]
    places = {
        "inside a letter": [body.index("ü".encode()) + 1, body.index("🌬".encode()) + 2],
        "around a brace": [1, len(body) - 1],
        "inside a name": [body.index(b"messages") + 3],
    }[way]
    edges = [0, *places, len(body)]
    return [body[start:end] for start, end in zip(edges, edges[1:])]


@BOTH
@pytest.mark.parametrize(
    "way", ["every byte", "inside a letter", "around a brace", "inside a name"]
)
@EACH
def test_an_upload_may_be_cut_anywhere(gateway, sim, path, way, model):
    body = encode(ask(model=model))
    with connect(gateway) as raw:
        raw.sendall(head(path, "transfer-encoding: chunked"))
        for piece in pieces(body, way):
            raw.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        raw.sendall(b"0\r\n\r\n")
        status, answer = read_answer(raw)
    assert status == 200, answer
    [request] = sim.requests()
    assert TEXT in said(request)
    assert int(request.headers["content-length"]) == len(request.body.encode())
    assert "transfer-encoding" not in request.headers


def said(request) -> str:
    """The text that the only message of a request has, in its provider's dialect."""
    if request.provider == "gemini":
        return request.json["contents"][0]["parts"][0]["text"]
    content = request.json["messages"][0]["content"]
    return content if isinstance(content, str) else content[0]["text"]


@BOTH
def test_an_app_may_speak_http2_from_the_start(gateway, path):
    bearer = {"authorization": f"Bearer {APP_KEY}"}
    options = {"http1": False, "http2": True, "trust_env": False, "timeout": 20}
    with httpx.Client(base_url=gateway.url, headers=bearer, **options) as http:
        for stream in (False, True):
            response = http.post(path, json=ask(stream=stream))
            assert response.http_version == "HTTP/2"
            assert response.status_code == 200 and "mark:b" in response.text
        refused = http.post(path, content=b"{")
        assert refused.status_code == 400 and refused.json()["error"]
        assert http.post(path, json=ask()).status_code == 200


def deep(path: str, levels: int) -> bytes:
    """A request whose innermost array is on this level; the body's own object is level 1."""
    arrays = levels - (5 if path == CHAT else 4)
    schema = {"type": "object", "properties": {}, "default": "HERE"}
    if path == CHAT:
        tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    else:
        tool = {"name": "f", "input_schema": schema}
    nested = b"[" * arrays + b"]" * arrays
    return encode(ask(model="MODEL", tools=[tool])).replace(b'"HERE"', nested)


@BOTH
@EACH
def test_nesting_has_a_bound(gateway, sim, path, model):
    allowed = deep(path, DEEPEST).replace(b"MODEL", model.encode())
    gateway.http.post(path, content=allowed)
    # Its own parser may allow less.
    assert len(sim.requests()) == 1, "the provider decides"
    over = deep(path, DEEPEST + 1).replace(b"MODEL", model.encode())
    response = gateway.http.post(path, content=over)
    assert response.status_code == 400, response.text
    assert "fewer levels of nesting" in response.json()["error"]["message"]
    assert len(sim.requests()) == 1


TWICE = [
    (("model", '"gpt"'), ("model", '"claude"'), "model"),
    (("mod\\u0065l", '"gpt"'), ("model", '"claude"'), "model"),
    (("model", '"gpt"'), ("\\u004dodel", '"claude"'), "Model"),
    (("model", '"gpt"'), ("meſſages", "[]"), "meſſages"),
    (("model", '"gpt"'), ("maxTokens", "90000"), "maxTokens"),
    (("model", '"gpt"'), ("max_tokens", "90000"), "max_tokens"),
]


@BOTH
@pytest.mark.parametrize("first, second, field", TWICE)
def test_what_two_servers_would_read_in_two_ways_is_refused(
    gateway, sim, path, first, second, field
):
    rest = encode({"max_tokens": 50, "messages": ask()["messages"]}).decode()[1:]
    body = f'{{"{first[0]}": {first[1]}, "{second[0]}": {second[1]}, {rest}'
    response = gateway.http.post(path, content=body.encode())
    assert response.status_code == 400, response.text
    assert f"`{field}`" in response.json()["error"]["message"]
    assert sim.requests() == []


@BOTH
def test_a_malformed_chunk_is_the_apps_fault(gateway, sim, path):
    with connect(gateway) as raw:
        raw.sendall(head(path, "transfer-encoding: chunked"))
        raw.sendall(b'5\r\n{"a":\r\nnot a length\r\n')
        status, answer = read_answer(raw)
    assert status == 400, answer
    error = json.loads(answer)["error"]
    assert error["type"] == "invalid_request_error" and "not valid HTTP" in error["message"]
    assert "model" not in error["message"]
    assert sim.requests() == []


def test_no_app_has_many_headers_held(gateway, sim):
    beta = [("anthropic-beta", f"{n:04}" + "x" * 996) for n in range(14)]
    asks = [("x-api-key", APP_KEY), ("content-type", "application/json")]
    body = encode(ask())
    response = httpx.post(f"{gateway.url}{MESSAGES}", headers=asks + beta, content=body)
    assert response.status_code == 431, response.text
    assert "`anthropic-beta`" in response.json()["error"]["message"]
    assert sim.requests() == []
    response = httpx.post(f"{gateway.url}{MESSAGES}", headers=asks + beta[:3], content=body)
    assert response.status_code == 200, response.text
    [request] = sim.requests()
    # The simulator keeps the last of equal names.
    assert request.headers["anthropic-beta"] == beta[2][1]


@pytest.fixture(scope="module")
def roomy(sim):
    """A gateway that takes long bodies, and drops what a provider cannot say."""
    rules = policy(sim.openai, sim.anthropic, sim.google)
    rules["limits"]["request"]["max_body_bytes"] = 8 << 20
    for name in MODELS:
        rules["models"][name] |= {"context_window": 100_000_000, "unsupported": "drop"}
    folder = paths.LOGS / "roomy"
    gateway = Gateway(ENVOYS[NEWEST], render(rules, folder), 1, folder)
    yield gateway
    gateway.stop()


@BOTH
@EACH
def test_a_body_of_four_megabytes_arrives_intact(roomy, sim, path, model):
    text = "".join(f"{number:07} ü\n" for number in range((4 << 20) // 11)) + "[mark:b]"
    assert len(text.encode()) > 4 << 20
    response = roomy.http.post(path, content=encode(ask(text, model=model)))
    assert response.status_code == 200, response.text[:500]
    [request] = sim.requests()
    assert said(request) == text


@BOTH
@EACH
def test_a_name_in_a_body_does_not_become_a_header(roomy, sim, path, model):
    names = ["x\r\nx-injected: 1", "y\nx-injected: 2", "z\rw", "\u0000n", "ü🌬", "n" * 100_000]
    messages = [{"role": "user", "content": [{"type": "text", "text": "hi", **dict.fromkeys(names, 1)}]}]
    body = ask(model=model, **dict.fromkeys(names, 1)) | {"messages": messages}
    with connect(roomy) as raw:
        content = encode(body)
        raw.sendall(head(path, f"content-length: {len(content)}", "connection: close") + content)
        answer = b""
        while data := raw.recv(1 << 16):
            answer += data
    start, _ = answer.split(b"\r\n\r\n", 1)
    lines = start.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and b"\0" not in line for line in lines)
    assert not any(line.lower().startswith(b"x-injected") for line in lines)
    assert len(start) < 8 << 10, "clients take no more"
    if b" 200 " in lines[0] and (path, model) not in {(CHAT, "gpt"), (MESSAGES, "claude")}:
        assert any(line.startswith(b"x-tradewind-dropped:") for line in lines)
