"""Keys that a provider quotes reach neither an app nor the log, wherever it writes them."""

import json

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY, policy
from support.server import Server, more

# As the providers make them, and as a proxy between may quote them.
KEYS = [
    "sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
    "sk-ant-api03-Zx8cV5bN2mQ9wE6rT3yU0iO7pA4sD1",
    "AIzaSyD4eF7gH0iJ3kL6mN9oP2qR5sT8uV1wX4yZ",
    "Bearer 7f3e9a1c5b8d2f6e0a4c8b1d5f9e3a7c",
]
HEADERS = ["x-request-id", "retry-after", "openai-organization", "x-echo", "request-id"]
CHUNK = {
    "id": "x",
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "delta": {"content": "yes"}, "finish_reason": "stop"}],
}


def head(status: str, kind: str) -> str:
    lines = [f"{name}: {key}" for name, key in zip(HEADERS, KEYS * 2)]
    lines += [f"content-type: {kind}", "connection: close"]
    return f"HTTP/1.1 {status}\r\n" + "\r\n".join(lines) + "\r\n\r\n"


def refusal(status: str) -> str:
    words = f"wrong key: {', '.join(KEYS)}"
    error = {"message": words, "type": KEYS[0], "code": KEYS[1], "param": KEYS[2]}
    return head(status, "application/json") + json.dumps({"error": error})


def stream() -> str:
    comments = "".join(f": {key}\n\n" for key in KEYS)
    chunk = json.dumps(CHUNK)
    whole = f"{comments}: {KEYS[0]}\ndata: {chunk}\n\n{comments}data: [DONE]\n\n{comments}"
    return head("200 OK", "text/event-stream") + whole


ANSWERS = {
    "rejected": refusal("400 Bad Request"),
    "key_refused": refusal("401 Unauthorized"),
    "failed": refusal("500 Internal Server Error"),
    "in_band": stream().replace(json.dumps(CHUNK), refusal("200 OK").rsplit("\r\n", 1)[1]),
    "answered": stream(),
}


@pytest.mark.parametrize("version", ENVOYS)
def test_quoted_keys_come_neither_to_apps_nor_into_the_log(version, launch):
    said = {"answer": ""}

    def play(connection) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += more(connection)
        connection.sendall(said["answer"].encode())

    provider = Server(play)
    rules = policy(openai=provider.url, anthropic=provider.url, google=provider.url)
    gateway = launch(render(rules, paths.LOGS / "quoted-keys"), version=version)
    body = {"model": "gpt", "max_tokens": 9, "stream": True}
    body["messages"] = [{"role": "user", "content": "hello"}]
    seen = {}
    for name, said["answer"] in ANSWERS.items():
        for path in (CHAT, MESSAGES):
            response = gateway.http.post(path, json=body)
            assert (response.status_code == 200) == (name == "answered"), response.text
            seen[name, path] = repr(response.headers) + response.text
    provider.stop()
    assert all('"yes"' in seen["answered", path] for path in (CHAT, MESSAGES))
    assert "\n:\n" in seen["answered", CHAT], "a comment that keeps a connection alive"
    lines = gateway.envoy.wait_for(
        "the log", lambda: (found := gateway.envoy.access_log())[len(seen) - 1 :] and found
    )
    seen["the access log"] = json.dumps(lines)
    seen["Envoy's log"] = gateway.envoy.log.read_text()
    for key in KEYS:
        bare = key.removeprefix("Bearer ")
        assert [where for where, text in seen.items() if bare in text] == [], key
    # What the log says of attempts is no header's.
    assert {(len(line["attempts"]), len(line["request_id"])) for line in lines} == {(1, 36)}
