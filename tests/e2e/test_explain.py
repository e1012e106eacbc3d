"""What `tradewind explain` says is what Envoy does: the same models asked, with the same bodies."""

import json
import subprocess

import pytest

from support import paths
from support.gateway import CHAT, MESSAGES
from support.policy import APP_KEY

TOOL = {
    "type": "function",
    "function": {"name": "now", "parameters": {"type": "object", "properties": {}}},
}
HELLO = [{"role": "user", "content": "hello"}]

# A request, the models that fail and how, and the status that the app is answered with.
CASES = {
    "first": (CHAT, {"model": "auto", "messages": HELLO}, {}, 200),
    "own format": (MESSAGES, {"model": "auto", "max_tokens": 50, "messages": HELLO}, {}, 200),
    "streamed": (CHAT, {"model": "gemini", "messages": HELLO, "stream": True}, {}, 200),
    "tools": (CHAT, {"model": "auto", "messages": HELLO, "tools": [TOOL]}, {"claude": 529}, 200),
    "second": (MESSAGES, {"model": "auto", "max_tokens": 50, "messages": HELLO}, {"claude": 429}, 200),
    "third": (CHAT, {"model": "auto", "messages": HELLO}, {"claude": 500, "gpt": 503}, 200),
    "nobody": (CHAT, {"model": "pair", "messages": HELLO}, {"gpt": 500, "thinker": 500}, 500),
    "passed over": (
        CHAT,
        {"model": "learning", "messages": HELLO, "tools": [TOOL], "temperature": 0.5},
        {},
        200,
    ),
    "refused": (CHAT, {"model": "nothing", "messages": HELLO}, {}, 404),
    "too many": (CHAT, {"model": "auto", "messages": HELLO * 201}, {}, 400),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_explained_happens(gateway, sim, rules, tmp_path, case):
    path, body, weather, status = case
    for model, failure in weather.items():
        sim.weather(rules["models"][model]["name"], status=failure)
    answer = gateway.http.post(path, json=body)
    assert answer.status_code == status, answer.text
    explained, code = explain(rules, path, body, weather, tmp_path)
    seen = [(request.path, request.json) for request in sim.requests()]
    said = [(path_of(attempt["url"]), attempt["body"]) for attempt in explained["attempts"]]
    assert said == seen
    assert code == (0 if status == 200 else 1)
    assert explained["model"] == (answer.headers["x-tradewind-model"] if status == 200 else None)
    if status >= 400:
        assert explained["told"]["status"] == status
        same = explained["told"]["body"]["error"]["type"] == answer.json()["error"]["type"]
        assert same, (explained["told"], answer.text)


def path_of(url: str) -> str:
    return "/" + url.split("://", 1)[1].split("/", 1)[1]


def explain(rules, path: str, body: dict, weather: dict, folder) -> tuple[dict, int]:
    (folder / "policy.json").write_text(json.dumps(rules))
    (folder / "request.json").write_text(json.dumps(body))
    command = [paths.TRADEWIND, "explain", folder / "policy.json", folder / "request.json"]
    command += ["--json", "--path", path, "--header", f"authorization: Bearer {APP_KEY}"]
    for model, failure in weather.items():
        command += ["--weather", f"{model}={failure}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode
