"""What bad input gets: an answer in the app's own dialect, and nothing reaches a provider."""

import json
import socket
from urllib.parse import urlsplit

import anthropic
import httpx
import openai
import pytest

from support.gateway import CHAT, MESSAGES
from support.raw import read_answer

GOOD = {
    CHAT: {"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
    MESSAGES: {
        "model": "auto",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "hi"}],
    },
}
LIMIT = 4 << 20


def refused(response, path: str, status: int, kind: str) -> str:
    """Checks the shape of a refusal and answers its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.headers["x-tradewind-request-id"]
    assert "connection" not in response.headers, "an app may go on using its connection"
    body = response.json()
    error = body["error"]
    assert error["type"] == kind, body
    if path == MESSAGES:
        assert body["type"] == "error"
        assert response.headers["request-id"] == body["request_id"]
    else:
        assert set(error) >= {"message", "type", "param", "code"}
        assert response.headers["x-request-id"]
    return error["message"]


BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])


@pytest.mark.core
@BOTH
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"not json", b'{"model": "auto"', b"[]", b'"text"', b"null", b"\xff\xfe{}"],
)
def test_what_is_no_object_is_refused_with_its_position(gateway, sim, path, body):
    response = gateway.http.post(path, content=body)
    message = refused(response, path, 400, "invalid_request_error")
    assert "JSON" in message
    if body not in (b"", b"[]", b'"text"', b"null"):
        assert "line 1" in message, "where it stops being JSON"
    assert sim.requests() == []


@BOTH
@pytest.mark.parametrize(
    "change, place",
    [
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"temperature": "warm"}, "temperature"),
        ({"stream": "yes"}, "stream"),
        ({"tools": [{"type": "function"}, 3]}, "tools"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
    ],
)
def test_a_wrong_field_is_named(gateway, sim, path, change, place):
    body = {key: value for key, value in {**GOOD[path], **change}.items() if value is not None}
    response = gateway.http.post(path, json=body)
    message = refused(response, path, 400, "invalid_request_error")
    param = response.json()["error"].get("param") or ""
    assert place in message or place in param, "the field's path"
    assert sim.requests() == []


@pytest.mark.core
@BOTH
def test_an_unknown_model_is_told_the_nearest(gateway, sim, path):
    response = gateway.http.post(path, json={**GOOD[path], "model": "claud"})
    kind = "not_found_error" if path == MESSAGES else "invalid_request_error"
    message = refused(response, path, 404, kind)
    assert "`claud`" in message and "`claude`" in message
    if path == CHAT:
        assert response.json()["error"]["code"] == "model_not_found"
    assert sim.requests() == []


@pytest.mark.core
@BOTH
@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "wrong"])
def test_nobody_without_a_key_reaches_a_provider(gateway, sim, path, key):
    headers = {} if key is None else {"authorization": key}
    response = httpx.post(gateway.url + path, json=GOOD[path], headers=headers, trust_env=False)
    kind = "authentication_error" if path == MESSAGES else "invalid_request_error"
    message = refused(response, path, 401, kind)
    assert "key" in message.lower()
    assert sim.requests() == []


@pytest.mark.core
@BOTH
def test_a_body_over_the_limit_is_refused_and_the_connection_stays(gateway, sim, path):
    padded = {**GOOD[path], "metadata": {"user_id": "x" * LIMIT}}
    response = gateway.http.post(path, json=padded)
    kind = "request_too_large" if path == MESSAGES else "invalid_request_error"
    message = refused(response, path, 413, kind)
    assert str(LIMIT) in message
    assert sim.requests() == []
    assert gateway.http.post(path, json=GOOD[path]).status_code == 200


@BOTH
def test_the_connection_survives_a_large_body(gateway, path):
    host = urlsplit(gateway.url)
    body = b" " * (LIMIT + 1)
    key = gateway.http.headers["authorization"]
    with socket.create_connection((host.hostname, host.port), timeout=20) as raw:
        for content in (body, json.dumps(GOOD[path]).encode()):
            head = (
                f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: {key}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
            )
            raw.sendall(head.encode() + content)
            status, answer = read_answer(raw)
            assert status == (413 if content is body else 200), answer


@pytest.mark.core
@BOTH
def test_a_path_takes_its_own_method(gateway, path):
    response = gateway.http.get(path)
    refused(response, path, 405, "invalid_request_error")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(gateway, method):
    assert gateway.http.request(method, CHAT, json=GOOD[CHAT]).status_code == 405


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/completions", "/v1/chat/completions/x", "/v1%2Fmessages"]
)
def test_an_unknown_path_is_not_found(gateway, sim, path):
    message = refused(gateway.http.post(path, json={}), path, 404, "invalid_request_error")
    assert path in message
    assert sim.requests() == []


def test_an_unknown_path_is_not_found_in_the_words_of_an_anthropic_app(gateway):
    anthropic_app = {"anthropic-version": "2023-06-01"}
    response = gateway.http.post("/v1/complete", json={}, headers=anthropic_app)
    refused(response, MESSAGES, 404, "not_found_error")


def test_the_sdks_raise_their_own_errors(gateway):
    say = [{"role": "user", "content": "hi"}]
    with pytest.raises(openai.NotFoundError) as raised:
        gateway.openai().chat.completions.create(model="nope", messages=say)
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        gateway.openai(key="wrong").chat.completions.create(model="auto", messages=say)
    with pytest.raises(anthropic.NotFoundError):
        gateway.anthropic().messages.create(model="nope", max_tokens=5, messages=say)
    with pytest.raises(anthropic.AuthenticationError) as refused:
        gateway.anthropic(key="wrong").messages.create(model="auto", max_tokens=5, messages=say)
    assert refused.value.request_id


def test_a_request_that_no_model_fits_says_why(gateway, sim):
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    content = [{"type": "text", "text": "see"}, image]
    response = gateway.http.post(
        CHAT, json={"model": "plain", "messages": [{"role": "user", "content": content}]}
    )
    message = refused(response, CHAT, 400, "invalid_request_error")
    assert "`plain`" in message and "images" in message
    long = gateway.chat("word " * 5_000, model="tiny")
    assert refused(long, CHAT, 400, "invalid_request_error")
    assert long.json()["error"]["code"] == "context_length_exceeded"
    assert sim.requests() == []


def test_too_many_messages_are_refused(gateway):
    many = [{"role": "user", "content": "hi"}] * 201
    response = gateway.http.post(CHAT, json={"model": "auto", "messages": many})
    assert "200" in refused(response, CHAT, 400, "invalid_request_error")


def test_a_compressed_body_is_refused(gateway):
    response = gateway.http.post(
        CHAT, content=b"\x1f\x8b", headers={"content-encoding": "gzip"}
    )
    assert "gzip" in refused(response, CHAT, 415, "invalid_request_error")
