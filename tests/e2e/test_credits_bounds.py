"""What a request may cost at most, and what happens when little is left."""

from decimal import Decimal

import pytest

from support.credits import paid
from support.gateway import CHAT, MESSAGES
from support.policy import MODELS

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])
EACH = pytest.mark.parametrize("model", MODELS)
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
MOST = 8_192


def asked_most(request) -> dict[str, int]:
    """The bounds on an answer that a provider was given, by the names of their fields."""
    body = {**request.json, **request.json.get("generationConfig", {})}
    names = ("max_tokens", "max_completion_tokens", "maxOutputTokens")
    return {name: body[name] for name in names if name in body}


@EACH
@STREAMED
def test_an_answer_without_a_bound_is_given_the_models(credited, purses, sim, model, stream):
    gateway, purse = credited(), purses.new("5")
    assert purse.ask(gateway, CHAT, "[words:9]", model, stream=stream).status_code == 200
    own = {"claude": "max_tokens", "gpt": "max_completion_tokens", "gemini": "maxOutputTokens"}
    assert asked_most(sim.requests()[0]) == {own[model]: MOST}
    paid(purse.settled(1)[0], model)


@BOTH
@EACH
def test_a_bound_of_the_apps_own_is_kept(credited, purses, sim, between, path, model):
    gateway, purse = credited(), purses.new("5")
    answer = purse.ask(gateway, path, "[words:900]", model, max_tokens=55)
    assert answer.status_code == 200
    assert list(asked_most(sim.requests()[0]).values()) == [55]
    entry = purse.settled(1)[0]
    paid(entry, model)
    assert entry.usage["output"] == 55
    held = Decimal(between.calls("holds", purse.tenant)[0].json["credits"])
    assert entry.credits <= held < Decimal("0.003")


def test_several_answers_are_held_for_and_paid(credited, purses, sim, between):
    gateway, purse = credited(), purses.new("5")
    for n in (1, 3):
        answer = purse.ask(gateway, CHAT, "[words:900]", max_tokens=100, n=n)
        assert len(answer.json()["choices"]) == n
        paid(purse.settled(1 if n == 1 else 2)[-1], "gpt")
    one, three = (Decimal(call.json["credits"]) for call in between.calls("holds", purse.tenant))
    first, second = purse.settled(2)
    assert second.usage["output"] == 300 == 3 * first.usage["output"]
    assert second.credits <= three and three - one > 2 * Decimal("0.0009")


def openai_stream(purse, gateway, model: str, bound: int = 100) -> tuple[str, str]:
    """The text and the reason of the end, as the SDK has them."""
    with purse.openai(gateway).chat.completions.create(
        model=model, messages=say("go on"), max_tokens=bound, stream=True,
        stream_options={"include_usage": True},
    ) as stream:
        chunks = list(stream)
    choices = [choice for chunk in chunks for choice in chunk.choices]
    reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
    assert len(reasons) == 1
    return "".join(choice.delta.content or "" for choice in choices), reasons[0]


def anthropic_stream(purse, gateway, model: str, bound: int = 100) -> tuple[str, str]:
    """The text and the reason of the end, as the SDK has them."""
    with purse.anthropic(gateway).messages.stream(
        model=model, messages=say("go on"), max_tokens=bound
    ) as stream:
        text = "".join(stream.text_stream)
        return text, stream.get_final_message().stop_reason


def say(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


READERS = {"openai": openai_stream, "anthropic": anthropic_stream}
SDKS = pytest.mark.parametrize("sdk", READERS)


@pytest.mark.core
@SDKS
@EACH
def test_a_stream_beyond_its_bound_is_stopped(credited, purses, sim, between, sdk, model):
    gateway, purse = credited(on_exhausted="stop"), purses.new("5")
    sim.weather(MODELS[model], words=3_000)
    text, reason = READERS[sdk](purse, gateway, model)
    assert reason == {"openai": "length", "anthropic": "max_tokens"}[sdk]
    assert "word3" in text and "word3000" not in text
    entry = purse.settled(1)[0]
    paid(entry, model, estimated=entry.estimated)
    assert entry.usage["output"] == 100
    assert entry.credits <= Decimal(between.calls("holds", purse.tenant)[0].json["credits"])


@SDKS
@EACH
def test_a_stream_within_its_bound_is_not_stopped(credited, purses, sim, sdk, model):
    gateway, purse = credited(on_exhausted="stop"), purses.new("5")
    sim.weather(MODELS[model], words=10)
    text, reason = READERS[sdk](purse, gateway, model)
    assert reason in ("stop", "end_turn") and text.endswith("word10")
    paid(purse.settled(1)[0], model)


# Of text of so many tokens that a stream's end alone tells that it has one more.
JUST = {"claude": 26, "gpt": 23}


@SDKS
@pytest.mark.parametrize("model", JUST)
def test_a_stream_just_beyond_its_bound_ends_once(credited, purses, sim, between, sdk, model):
    gateway, purse = credited(on_exhausted="stop"), purses.new("5")
    sim.weather(MODELS[model], words=6)
    text, reason = READERS[sdk](purse, gateway, model, bound=JUST[model])
    assert reason in ("stop", "end_turn") and text.endswith("word6")
    entry = purse.settled(1)[0]
    paid(entry, model)
    assert entry.usage["output"] == JUST[model]
    assert entry.credits <= Decimal(between.calls("holds", purse.tenant)[0].json["credits"])


# Words of an answer that is longer than a bound of 100 tokens, and shorter than what is believed.
LONGER = 90


@BOTH
@EACH
def test_a_whole_answer_beyond_its_bound_is_charged_as_it_is(
    credited, purses, sim, between, path, model
):
    gateway, purse = credited(on_exhausted="stop"), purses.new("5")
    sim.weather(MODELS[model], words=LONGER)
    answer = purse.ask(gateway, path, "go on", model, max_tokens=100)
    assert answer.status_code == 200 and f"word{LONGER}" in answer.text
    entry = purse.settled(1)[0]
    paid(entry, model)
    assert 100 < entry.usage["output"] < 260
    assert entry.credits > Decimal(between.calls("holds", purse.tenant)[0].json["credits"])


@BOTH
@EACH
def test_usage_far_beyond_its_bound_is_not_believed(
    credited, purses, sim, between, path, model
):
    gateway, purse = credited(), purses.new("5")
    sim.weather(MODELS[model], words=3_000)
    answer = purse.ask(gateway, path, "go on", model, max_tokens=100)
    assert answer.status_code == 200 and "word3000" in answer.text
    entry = purse.settled(1)[0]
    assert (entry.model, entry.outcome, entry.estimated) == (model, "answered", True)
    held = Decimal(between.calls("holds", purse.tenant)[0].json["credits"])
    assert 0 < entry.credits <= held
    counter = "tradewind_usage_rejected_total"
    gateway.envoy.wait_for(
        counter, lambda: gateway.envoy.counters(counter).get((("model", model),), 0) > 0
    )


def test_several_streamed_answers_have_a_bound_each(credited, purses):
    gateway, purse = credited(on_exhausted="stop"), purses.new("5")
    with purse.openai(gateway).chat.completions.create(
        # Each thinks for 64 of them.
        model="gpt", messages=say("[words:900]"), max_tokens=124, n=3, stream=True
    ) as stream:
        choices = [choice for chunk in stream for choice in chunk.choices]
    for index in range(3):
        own = [choice for choice in choices if choice.index == index]
        assert len("".join(choice.delta.content or "" for choice in own)) == 240
        assert [choice.finish_reason for choice in own if choice.finish_reason] == ["length"]
    entry = purse.settled(1)[0]
    paid(entry, "gpt")
    assert entry.usage["output"] == 372


@SDKS
@EACH
def test_a_stream_beyond_its_bound_may_finish(credited, purses, sim, between, sdk, model):
    gateway, purse = credited(), purses.new("5")
    sim.weather(MODELS[model], words=LONGER)
    text, reason = READERS[sdk](purse, gateway, model)
    assert reason in ("stop", "end_turn") and text.endswith(f"word{LONGER}")
    entry = purse.settled(1)[0]
    paid(entry, model)
    assert 100 < entry.usage["output"] < 260
    assert entry.credits > Decimal(between.calls("holds", purse.tenant)[0].json["credits"])


NEAR = {"share": ("40%", "0.008"), "amount": ("0.008", "0.008")}


@BOTH
@pytest.mark.parametrize("below, level", NEAR.values(), ids=NEAR)
def test_who_has_little_left_is_served_by_the_cheaper_chain(
    credited, purses, path, below, level
):
    gateway = credited(near_limit={"below": below, "chain": "plain"})
    purse = purses.new("0.02")
    served, spent = [], Decimal(0)
    while True:
        answer = purse.ask(gateway, path, "[words:300]", "claude", max_tokens=100)
        if answer.status_code == 402:
            break
        assert answer.status_code == 200, answer.text
        left, model = Decimal(answer.headers["x-tradewind-credits"]), served_by(answer)
        assert left == Decimal("0.02") - spent
        assert model == ("plain" if left < Decimal(level) else "claude")
        served.append(model)
        assert len(served) < 100
        entries = purse.settled(len(served))
        paid(entries[-1], model)
        spent = sum(entry.credits for entry in entries)
    assert served.index("plain") >= 5 and served[-1] == "plain"
    assert sorted(served) == served, "never back without a purchase"
    assert "buy credits" in answer.json()["error"]["message"]
    # All has been used up but less than the cheapest request may cost.
    assert 0 <= purse.balance() < Decimal("0.001")
    labels = (("tenant", purse.tenant),)
    micros = int(purse.balance() * 1_000_000)
    gauge = "tradewind_credits_left_micros"
    gateway.envoy.wait_for(
        "gauge", lambda: gateway.envoy.counters(gauge).get(labels) == micros
    )
    purse.buy("0.02")
    # A purchase is seen by asking: the first request may still go the cheaper way.
    models = [
        served_by(purse.ask(gateway, path, "hi", "claude", max_tokens=100)) for _ in range(3)
    ]
    assert models[1:] == ["claude", "claude"]


def served_by(answer) -> str:
    assert answer.status_code == 200, answer.text
    return answer.headers["x-tradewind-model"]
