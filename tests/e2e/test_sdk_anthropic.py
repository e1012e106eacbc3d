"""The official `anthropic` SDK for Python, unchanged, served by three providers."""

import base64

import pytest

MODELS = ["claude", "gpt", "gemini"]
EACH = pytest.mark.parametrize("model", MODELS)
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}

WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
}
TIME = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}


def say(*texts: str) -> list[dict]:
    """A conversation: the user's words first, then by turns."""
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]


@pytest.mark.core
@EACH
def test_a_conversation(gateway, model):
    done = gateway.anthropic().messages.create(
        model=model,
        max_tokens=300,
        system="Be brief.",
        messages=say("one", "two", "three [mark:q]"),
        stop_sequences=["never-said"],
        # GPT-6 has stop sequences while it does not reason.
        **({"thinking": {"type": "disabled"}} if model == "gpt" else {}),
    )
    assert "[mark:q]" in done.content[0].text
    assert done.stop_reason == "end_turn" and done.type == "message" and done.role == "assistant"
    assert done.usage.input_tokens > 0 and done.usage.output_tokens > 0
    assert done._request_id


@EACH
def test_a_short_answer_says_that_it_was_cut(gateway, model):
    done = gateway.anthropic().messages.create(
        model=model, messages=say("[words:100]"), max_tokens=20
    )
    assert done.stop_reason == "max_tokens"


@pytest.mark.core
@EACH
def test_tools_are_called_and_their_results_read(gateway, model):
    client, tools = gateway.anthropic(), [WEATHER, TIME]
    asked = say("call the tools get_weather and get_time [mark:t]")
    first = client.messages.create(model=model, max_tokens=500, messages=asked, tools=tools)
    calls = [block for block in first.content if block.type == "tool_use"]
    assert first.stop_reason == "tool_use"
    assert [call.name for call in calls] == ["get_weather", "get_time"]
    assert "city" in calls[0].input
    results = [
        {
            "type": "tool_result",
            "tool_use_id": call.id,
            "content": [{"type": "text", "text": f"result of {call.name}"}],
        }
        for call in calls
    ]
    turns = [
        *asked,
        {"role": "assistant", "content": [block.model_dump() for block in first.content]},
        {"role": "user", "content": results},
    ]
    second = client.messages.create(model=model, max_tokens=500, messages=turns, tools=tools)
    text = second.content[0].text
    assert "result of get_weather" in text and "result of get_time" in text


@pytest.mark.core
@EACH
def test_tools_are_called_in_a_stream(gateway, model):
    asked = say("call the tools get_weather and get_time")
    with gateway.anthropic().messages.stream(
        model=model, max_tokens=500, messages=asked, tools=[WEATHER, TIME]
    ) as stream:
        done = stream.get_final_message()
    calls = [block for block in done.content if block.type == "tool_use"]
    assert [call.name for call in calls] == ["get_weather", "get_time"]
    assert "city" in calls[0].input
    assert done.stop_reason == "tool_use"
    assert done.usage.output_tokens > 0


@pytest.mark.parametrize("model", ["haiku", "gpt", "gemini"])
@pytest.mark.parametrize(
    "choice, called",
    [
        ({"type": "none"}, []),
        ({"type": "any"}, ["get_weather"]),
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
    ],
    ids=["none", "any", "named"],
)
def test_a_tool_choice_is_kept(gateway, model, choice, called):
    done = gateway.anthropic().messages.create(
        model=model,
        max_tokens=200,
        messages=say("hello"),
        tools=[WEATHER, TIME],
        tool_choice=choice,
    )
    assert [block.name for block in done.content if block.type == "tool_use"] == called


@EACH
def test_an_image_is_seen(gateway, model):
    content = [{"type": "text", "text": "what is it?"}, IMAGE]
    done = gateway.anthropic().messages.create(
        model=model, max_tokens=200, messages=[{"role": "user", "content": content}]
    )
    assert "1 image" in done.content[0].text


@EACH
def test_an_image_in_a_tools_result_is_seen(gateway, model):
    call = {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {"city": "x"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [IMAGE]}
    done = gateway.anthropic().messages.create(
        model=model,
        max_tokens=200,
        tools=[WEATHER],
        messages=[
            *say("look"),
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    )
    assert "1 image" in done.content[0].text


@pytest.mark.parametrize("model", ["claude", "thinker", "gemini"])
def test_thinking_is_asked_for(gateway, sim, model):
    done = gateway.anthropic().messages.create(
        model=model,
        max_tokens=4_000,
        messages=say("think"),
        thinking={"type": "enabled", "budget_tokens": 1_024},
    )
    assert any(block.type == "text" for block in done.content)
    asked = {"claude": "thinking", "thinker": "reasoning_effort", "gemini": "thinkingConfig"}
    assert asked[model] in sim.requests()[-1].body


def test_the_anthropic_version_and_betas_reach_anthropic(gateway, sim):
    client = gateway.anthropic()
    client.messages.create(
        model="claude",
        max_tokens=50,
        messages=say("hi"),
        extra_headers={"anthropic-beta": "interleaved-thinking-2025-05-14"},
    )
    headers = sim.requests()[-1].headers
    assert headers["anthropic-version"] == client.default_headers["anthropic-version"]
    assert headers["anthropic-beta"] == "interleaved-thinking-2025-05-14"


def test_a_signature_goes_to_no_other_provider(gateway, sim):
    thought = {"type": "thinking", "thinking": "hmm", "signature": "signed-by-claude"}
    turn = {"role": "assistant", "content": [thought, {"type": "text", "text": "yes"}]}
    for model in ("gpt", "gemini"):
        gateway.anthropic().messages.create(
            model=model,
            max_tokens=50,
            messages=[*say("hi"), turn, {"role": "user", "content": "and?"}],
        )
        assert "signed-by-claude" not in sim.requests()[-1].body
