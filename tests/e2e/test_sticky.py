"""Conversations stay with the model that has answered them, and are read from its cache."""

import copy

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import Gateway, render
from support.policy import CLAUDE

# More tokens than the simulator needs to keep something in its cache.
LONG = "Answer as a harbour master would. " * 400
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def sticky_gateways():
    """What is running, by setup."""
    running = {}
    yield running
    for gateway in running.values():
        gateway.stop()


@pytest.fixture
def sticky(setup, sticky_gateways, rules):
    """A gateway that keeps conversations on their models, in fair weather."""
    if setup not in sticky_gateways:
        own = copy.deepcopy(rules)
        own["models"]["claude"]["prompt_cache"] = {"marks": "auto"}
        own["sticky"] = {"by": "conversation", "for": "5m", "routes": ["auto"]}
        version, workers = setup
        folder = paths.LOGS / f"sticky-{version}-{workers}w"
        sticky_gateways[setup] = Gateway(ENVOYS[version], render(own, folder), workers, folder)
    return sticky_gateways[setup]


def talk(first: str, *more: str) -> list[dict]:
    """A conversation: what the user has said, and something between."""
    messages = [{"role": "user", "content": first}]
    for text in more:
        messages += [
            {"role": "assistant", "content": "Aye."},
            {"role": "user", "content": text},
        ]
    return messages


def asked(gateway, messages: list[dict], model: str = "auto", **more) -> str:
    """The model that answers."""
    raw = gateway.openai().chat.completions.with_raw_response
    answer = raw.create(model=model, messages=messages, **more)
    return answer.headers["x-tradewind-model"]


@pytest.mark.core
def test_after_a_fallback_a_conversation_stays_where_it_was_answered(sticky, sim):
    first = f"hello [mark:{id(sim)}]"
    sim.weather(CLAUDE, status=529)
    assert asked(sticky, talk(first)) == "gpt"
    sim.reset()
    # Whichever worker it comes to.
    assert {asked(sticky, talk(first, f"and {number}?")) for number in range(8)} == {"gpt"}
    assert asked(sticky, talk("another")) == "claude"


@pytest.mark.core
def test_what_answers_a_call_goes_to_the_model_that_made_it(sticky, sim):
    name = {"type": "function", "function": {"name": "f"}}
    sim.weather(CLAUDE, status=529)
    raw = sticky.openai().chat.completions.with_raw_response
    messages = [{"role": "user", "content": "call it"}]
    answer = raw.create(model="auto", messages=messages, tools=[TOOL], tool_choice=name)
    assert answer.headers["x-tradewind-model"] == "gpt"
    said = answer.parse().choices[0].message
    sim.reset()
    calls = [call.model_dump() for call in said.tool_calls]
    messages.append({"role": "assistant", "content": None, "tool_calls": calls})
    messages.append({"role": "tool", "tool_call_id": calls[0]["id"], "content": "42"})
    assert asked(sticky, messages, tools=[TOOL]) == "gpt"


@pytest.mark.core
@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_the_next_turn_is_read_from_the_cache(sticky, client):
    # The simulator's cache outlives a gateway.
    first = f"{client} {id(sticky)} {LONG}"

    def cached(messages: list[dict]) -> int:
        if client == "openai":
            answer = sticky.openai().chat.completions.create(model="claude", messages=messages)
            return answer.usage.prompt_tokens_details.cached_tokens
        own = sticky.anthropic().messages
        answer = own.create(model="claude", max_tokens=100, messages=messages)
        return answer.usage.cache_read_input_tokens

    assert cached(talk(first)) == 0
    assert cached(talk(first, "and?")) > 1000
