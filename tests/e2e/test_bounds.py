"""What is held has a bound, and at the bound another model is asked."""

from support.policy import CLAUDE

ASK = {"max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}


def test_an_answer_too_large_to_be_held_is_a_failure_like_any_other(gateway, sim):
    sim.weather(CLAUDE, huge_body_bytes=20 << 20)
    answer = gateway.openai().chat.completions.with_raw_response.create(model="auto", **ASK)
    assert answer.headers["x-tradewind-model"] == "gpt"
    assert answer.headers["x-tradewind-attempts"] == "2"


def test_without_another_model_the_app_is_told_that_it_was_too_large(gateway, sim):
    sim.weather(CLAUDE, huge_body_bytes=20 << 20)
    answer = gateway.http.post("/v1/messages", json={"model": "claude", **ASK})
    assert answer.status_code == 502
    assert answer.json()["error"]["type"] == "api_error"
    assert "too large" in answer.json()["error"]["message"]
