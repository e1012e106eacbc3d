"""What an answer used, and what each part of it costs."""

from decimal import Decimal

import pytest

from support.credits import paid
from support.gateway import CHAT, MESSAGES
from support.policy import MODELS

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])
EACH = pytest.mark.parametrize("model", MODELS)
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


@pytest.fixture
def purse(purses):
    return purses.new("5")


@BOTH
@EACH
@STREAMED
def test_an_answer_without_its_usage_is_charged_by_an_estimate(
    credited, purse, sim, path, model, stream
):
    gateway = credited()
    sim.weather(MODELS[model], missing_usage=True)
    answer = purse.ask(gateway, path, "tell me [words:100]", model, stream=stream)
    assert answer.status_code == 200, answer.text
    entry = purse.settled(1)[0]
    paid(entry, model, estimated=True)
    assert 100 < entry.usage["output"] < 400 and entry.usage["input"] > 0


@pytest.mark.parametrize("model", ["gpt", "gemini"])
def test_input_from_a_cache_has_its_own_price(credited, purse, model):
    gateway = credited()
    prompt = f"{purse.tenant} knows this already. " * 400
    for _ in range(2):
        assert purse.ask(gateway, CHAT, prompt, model).status_code == 200
    first, second = purse.settled(2)
    assert "cached_input" not in first.usage and second.usage["cached_input"] > 1_000
    for entry in (first, second):
        paid(entry, model)
    assert second.credits < first.credits / 2 + Decimal("0.001")


@STREAMED
def test_input_that_is_written_to_a_cache_has_its_own_price(credited, purse, stream):
    gateway = credited()
    text = f"{purse.tenant} knows this already. " * 400
    marked = [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]
    for _ in range(2):
        answer = purse.ask(gateway, MESSAGES, "hi", "claude", system=marked, stream=stream)
        assert answer.status_code == 200, answer.text
    first, second = purse.settled(2)
    assert first.usage["cache_write"] == second.usage["cached_input"] > 1_000
    for entry in (first, second):
        paid(entry, "claude")
    assert second.credits < first.credits / 5


@STREAMED
def test_thoughts_have_their_own_price(credited, purse, stream):
    gateway = credited()
    answer = purse.ask(gateway, CHAT, "think", "thinker", stream=stream, reasoning_effort="high")
    assert answer.status_code == 200, answer.text
    entry = purse.settled(1)[0]
    paid(entry, "thinker")
    assert 0 < entry.usage["reasoning"] < entry.usage["output"]


def test_the_entry_says_on_whose_behalf(credited, purse):
    gateway = credited()
    assert purse.ask(gateway, whose="ann").status_code == 200
    entry = purse.settled(1)[0]
    assert (entry.user, entry.key) == ("ann", "ann-laptop")
