"""Whose a request was, as the access log has it."""

import httpx

from .gateway import Gateway

BODY = {"model": "gpt", "messages": [{"role": "user", "content": "hello"}]}


def ask(url: str, headers=(), path="/v1/chat/completions", **client) -> httpx.Response:
    """One request without anything that a client would add to be known."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False, **client) as http:
        return http.post(path, json=BODY, headers=list(headers))


def whose(gateway: Gateway, answer: httpx.Response) -> tuple[str | None, str | None]:
    """The tenant and the user that a request was known by."""
    assert answer.status_code == 200, answer.text
    request_id = answer.headers["x-tradewind-request-id"]

    def line():
        lines = gateway.envoy.access_log()
        return next((own for own in lines if own.get("request_id") == request_id), None)

    found = gateway.envoy.wait_for("the line", line)
    return found.get("tenant"), found.get("user")


def refused(answer: httpx.Response, status: int, *words: str) -> None:
    """The app is told so, in its dialect."""
    assert answer.status_code == status, answer.text
    message = answer.json()["error"]["message"]
    for word in words:
        assert word in message, message
