"""The official `openai` SDK for Python, unchanged, served by three providers."""

import base64
import json

import openai
import pytest
from pydantic import BaseModel

from support.policy import CLAUDE, GEMINI, GPT

MODELS = ["claude", "gpt", "gemini"]
EACH = pytest.mark.parametrize("model", MODELS)
# GPT-6 has a temperature and a stop sequence while it does not reason.
NO_REASONING = {"gpt": {"reasoning_effort": "none"}}
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
TIME = {
    "type": "function",
    "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}},
}


def say(*texts: str) -> list[dict]:
    """A conversation: the user's words first, then by turns."""
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]


@pytest.mark.core
@EACH
def test_a_conversation(gateway, model):
    done = gateway.openai().chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "Be brief."},
            *say("one", "two", "three [mark:q]"),
        ],
        temperature=0.5,
        max_completion_tokens=300,
        stop=["never-said"],
        **NO_REASONING.get(model, {}),
    )
    assert "[mark:q]" in done.choices[0].message.content
    assert done.choices[0].finish_reason == "stop"
    assert done.object == "chat.completion" and done.id and done.created
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens
    assert done._request_id


@EACH
def test_a_short_answer_says_that_it_was_cut(gateway, model):
    done = gateway.openai().chat.completions.create(
        model=model, messages=say("[words:100]"), max_tokens=20
    )
    assert done.choices[0].finish_reason == "length"


@EACH
def test_a_stop_sequence_stops(gateway, model):
    done = gateway.openai().chat.completions.create(
        model=model, messages=say("[words:50]"), stop=["word7"], **NO_REASONING.get(model, {})
    )
    assert done.choices[0].message.content.rstrip().endswith("word6")
    assert done.choices[0].finish_reason == "stop"


@pytest.mark.core
@EACH
def test_tools_are_called_and_their_results_read(gateway, model):
    client, tools = gateway.openai(), [WEATHER, TIME]
    asked = say("call the tools get_weather and get_time [mark:t]")
    first = client.chat.completions.create(model=model, messages=asked, tools=tools)
    calls = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert "city" in json.loads(calls[0].function.arguments)
    assert len({call.id for call in calls}) == 2
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"result of {call.function.name}"}
        for call in calls
    ]
    turns = [*asked, first.choices[0].message.model_dump(exclude_none=True), *results]
    second = client.chat.completions.create(model=model, messages=turns, tools=tools)
    text = second.choices[0].message.content
    assert "result of get_weather" in text and "result of get_time" in text


@pytest.mark.core
@EACH
def test_tools_are_called_in_a_stream(gateway, model):
    asked = say("call the tools get_weather and get_time")
    with gateway.openai().chat.completions.stream(
        model=model, messages=asked, tools=[WEATHER, TIME]
    ) as stream:
        stream.until_done()
        done = stream.get_final_completion()
    calls = done.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_weather", "get_time"]
    assert "city" in json.loads(calls[0].function.arguments)
    assert done.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("model", ["haiku", "gpt", "gemini"])
@pytest.mark.parametrize(
    "choice, called",
    [
        ("none", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
    ],
    ids=["none", "required", "named"],
)
def test_a_tool_choice_is_kept(gateway, model, choice, called):
    done = gateway.openai().chat.completions.create(
        model=model, messages=say("hello"), tools=[WEATHER, TIME], tool_choice=choice
    )
    calls = done.choices[0].message.tool_calls or []
    assert [call.function.name for call in calls] == called


def test_a_model_that_cannot_be_made_to_call_is_passed_over(gateway, sim):
    ask = {"messages": say("hello"), "tools": [WEATHER], "tool_choice": "required"}
    with pytest.raises(openai.BadRequestError) as raised:
        gateway.openai().chat.completions.create(model="claude", **ask)
    assert "tool_choice" in str(raised.value) and sim.requests() == []
    done = gateway.openai().chat.completions.create(model="auto", **ask)
    assert done.choices[0].message.tool_calls
    assert [request.model for request in sim.requests()] == [GPT]


def test_a_stop_sequence_is_refused_by_name_where_a_model_reasons(gateway, sim):
    with pytest.raises(openai.BadRequestError) as raised:
        gateway.openai().chat.completions.create(model="gpt", messages=say("hi"), stop=["x"])
    assert "`stop`" in str(raised.value) and sim.requests() == []


@EACH
def test_an_image_is_seen(gateway, model):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    content = [{"type": "text", "text": "what is it?"}, image]
    done = gateway.openai().chat.completions.create(
        model=model, messages=[{"role": "user", "content": content}]
    )
    assert "1 image" in done.choices[0].message.content


@pytest.mark.core
@EACH
def test_an_answer_has_the_shape_asked_for(gateway, model):
    class Place(BaseModel):
        city: str
        people: int

    done = gateway.openai().chat.completions.parse(
        model=model, messages=say("where?"), response_format=Place
    )
    assert isinstance(done.choices[0].message.parsed, Place)


@pytest.mark.parametrize("model", ["claude", "thinker", "gemini"])
def test_reasoning_effort_is_carried(gateway, sim, model):
    done = gateway.openai().chat.completions.create(
        model=model, messages=say("think"), reasoning_effort="low", max_completion_tokens=4_000
    )
    assert done.choices[0].message.content
    body = sim.requests()[-1].body
    asked = {"claude": "thinking", "thinker": "reasoning_effort", "gemini": "thinkingConfig"}
    assert asked[model] in body


def test_unknown_fields_reach_the_apps_own_provider_untouched(gateway, sim):
    extra = {"metadata": {"a": "b"}, "store": True}
    gateway.openai().chat.completions.create(model="gpt", messages=say("hi"), extra_body=extra)
    seen = sim.requests()[-1].json
    assert seen["metadata"] == {"a": "b"} and seen["store"] is True and seen["model"] == GPT


def test_what_a_dialect_cannot_say_is_a_400_that_names_it(gateway, sim):
    with pytest.raises(openai.BadRequestError) as raised:
        gateway.openai().chat.completions.create(
            model="claude", messages=say("hi"), frequency_penalty=1.5
        )
    assert "frequency_penalty" in str(raised.value)
    assert sim.requests() == []


@EACH
def test_neutral_values_are_no_obstacle(gateway, model):
    done = gateway.openai().chat.completions.create(
        model=model, messages=say("hi"), n=1, frequency_penalty=0, presence_penalty=0, stop=None
    )
    assert done.choices[0].message.content


def test_the_sdks_own_retries_see_what_they_can_read(gateway, sim):
    for name in (CLAUDE, GPT, GEMINI):
        sim.weather(name, status=429, retry_after="0", times=1)
    done = gateway.openai(max_retries=1).chat.completions.create(model="auto", messages=say("hi"))
    assert done.choices[0].message.content
