"""A cascade in a real Envoy: an answer that is not accepted is seen by nobody, and is paid."""

import copy
import json
from decimal import Decimal

import pytest

from conftest import ENVOYS
from support import paths
from support.credits import cost, credits_policy, paid, stream_text
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import CLAUDE, GEMINI, GPT, THINKER

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])
# More than the answer that the simulator gives to a word, less than a hundred words more.
MOST = 400
LONG = "tell me [words:200]"
# The simulator quotes what it is asked: every model comes to this.
SAME = r"what is \boxed{18}"


@pytest.fixture(scope="module")
def cascades():
    """What is running, by setup."""
    running = {}
    yield running
    for gateway in running.values():
        gateway.stop()


@pytest.fixture
def cascade(setup, cascades, rules, between):
    """A gateway with cascades, in fair weather."""
    if setup not in cascades:
        own = credits_policy(copy.deepcopy(rules), between.url)
        accept = {"max_chars": MOST}
        own["chains"]["careful"] = {"cascade": ["gpt", "claude"], "accept": accept}
        own["chains"]["patient"] = {
            "cascade": ["gpt", "claude"],
            "accept": accept,
            "streaming": "wait",
        }
        own["chains"]["usual"] = {"cascade": ["thinker", "claude"]}
        own["chains"]["agreeing"] = {
            "cascade": ["gpt", "gemini", "claude"],
            "accept": {"agree": ["gpt", "gemini"]},
            "streaming": "wait",
        }
        for chain in ("careful", "patient", "usual", "agreeing"):
            own["routes"].append({"models": [chain], "chain": chain})
        version, workers = setup
        folder = paths.LOGS / f"cascade-{version}-{workers}w"
        cascades[setup] = Gateway(ENVOYS[version], render(own, folder), workers, folder)
    return cascades[setup]


@pytest.fixture
def purse(purses):
    return purses.new("5")


def asked(sim) -> list[str]:
    """The models that providers were asked for."""
    return [request.model for request in sim.requests()]


def charged(purse) -> None:
    """Checks that both models are charged, each for what it used, the first as not accepted."""
    first, last = purse.settled(2)
    paid(first, "gpt", "not_accepted")
    paid(last, "claude")


def logged(gateway, answer) -> dict:
    """An answer's line of the access log."""
    own = answer.headers["x-tradewind-request-id"]

    def line() -> dict | None:
        lines = gateway.envoy.access_log()
        return next((line for line in lines if line["request_id"] == own), None)

    return gateway.envoy.wait_for("the log", line)


@pytest.mark.core
@BOTH
def test_an_answer_that_is_accepted_is_the_apps(cascade, purse, sim, path):
    answer = purse.ask(cascade, path, "hello", "careful")
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == "gpt"
    assert asked(sim) == [GPT]
    purse.settled(1)


@pytest.mark.core
@BOTH
def test_one_that_is_not_is_seen_by_nobody_and_paid(cascade, purse, sim, between, path):
    answer = purse.ask(cascade, path, LONG, "careful")
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == "claude"
    assert answer.headers["x-tradewind-attempts"] == "2"
    assert "anthropic/" in answer.text and "openai/" not in answer.text
    assert asked(sim) == [GPT, CLAUDE]
    charged(purse)
    # What both may cost: 1,000 tokens of output at most for an app that says so, 8,192 otherwise.
    output = 1_000 if path == MESSAGES else 8_192
    held = Decimal(between.calls("holds", purse.tenant)[0].json["credits"])
    assert held > sum(cost(model, {"output": output}) for model in ("gpt", "claude"))
    line = logged(cascade, answer)
    first, last = line["attempts"]
    assert (first["outcome"], first["why"]) == ("not_accepted", "max_chars"), line
    assert last["outcome"] == "answered"
    assert Decimal(str(line["unaccepted_credits"])) > 0
    parts = line["used_by"]
    assert [part["model"] for part in parts] == ["gpt", "claude"], line
    for tokens in ("input_tokens", "output_tokens"):
        assert sum(part[tokens] for part in parts) == line[tokens], line
    rows = cascade.envoy.counters("tradewind_cascade_answers_total")
    assert rows[(("model", "gpt"), ("verdict", "max_chars"))] >= 1
    assert rows[(("model", "gpt"), ("verdict", "hedging"))] == 0


@BOTH
def test_a_stream_goes_to_the_last_model(cascade, purse, sim, path):
    answer = purse.ask(cascade, path, "hello", "careful", stream=True)
    assert stream_text(answer.text).startswith("anthropic/"), answer.text
    assert asked(sim) == [CLAUDE]
    purse.settled(1)


@pytest.mark.core
@BOTH
@pytest.mark.parametrize("long", [False, True], ids=["accepted", "not accepted"])
def test_a_stream_that_waits_is_judged(cascade, purse, sim, path, long):
    answer = purse.ask(cascade, path, LONG if long else "hello", "patient", stream=True)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    text = stream_text(answer.text)
    if long:
        assert text.startswith("anthropic/") and text.endswith("word200")
        assert asked(sim) == [GPT, CLAUDE]
        charged(purse)
    else:
        assert text.startswith("openai/")
        assert asked(sim) == [GPT]
        paid(purse.settled(1)[0], "gpt")


def test_a_refusal_goes_on(cascade, purse, sim):
    answer = purse.ask(cascade, CHAT, "refuse this", "usual")
    assert answer.status_code == 200, answer.text
    assert asked(sim) == [THINKER, CLAUDE]
    assert logged(cascade, answer)["attempts"][0]["why"] == "refusal"


def test_both_fail(cascade, purse, sim):
    sim.weather(CLAUDE, status=529)
    answer = purse.ask(cascade, CHAT, LONG, "careful")
    assert answer.status_code == 529, answer.text
    assert json.loads(answer.text)["error"]["message"].startswith("claude: ")
    # What failed costs nothing; the answer that nobody saw was made all the same.
    entry = purse.settled(1)[0]
    assert entry.outcome == "not_accepted" and entry.credits > 0


@pytest.mark.core
@BOTH
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_two_that_agree_give_one_answer(cascade, purse, sim, path, stream):
    more = {"stream": True} if stream else {}
    answer = purse.ask(cascade, path, SAME, "agreeing", **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == "gemini"
    assert answer.headers["x-tradewind-attempts"] == "2"
    text = stream_text(answer.text) if stream else answer.text
    assert "gemini" in text and "openai/" not in text
    assert asked(sim) == [GPT, GEMINI]
    first, second = purse.settled(2)
    paid(first, "gpt", "not_accepted")
    paid(second, "gemini")
    held, agreed = logged(cascade, answer)["attempts"]
    assert (held["outcome"], held["why"]) == ("not_accepted", "agree")
    assert agreed["outcome"] == "answered"
    assert (held["conclusion"], held["digest"]) == (agreed["conclusion"], agreed["digest"])
    assert held["conclusion"] == "number"


@pytest.mark.core
@BOTH
def test_two_that_do_not_agree_are_followed_by_the_last(cascade, purse, sim, path):
    # Each names itself in a few words.
    answer = purse.ask(cascade, path, "hi", "agreeing")
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tradewind-model"] == "claude"
    assert asked(sim) == [GPT, GEMINI, CLAUDE]
    first, second, last = purse.settled(3)
    paid(first, "gpt", "not_accepted")
    paid(second, "gemini", "not_accepted")
    paid(last, "claude")
    attempts = logged(cascade, answer)["attempts"]
    assert [own.get("why") for own in attempts] == ["agree", "agree", None], attempts
    rows = cascade.envoy.counters("tradewind_cascade_answers_total")
    assert rows[(("model", "gemini"), ("verdict", "agree"))] >= 1


@pytest.mark.core
def test_where_nothing_can_agree_the_second_is_left_out(cascade, purse, sim):
    answer = purse.ask(cascade, CHAT, LONG, "agreeing")
    assert answer.headers["x-tradewind-model"] == "claude", answer.text
    assert asked(sim) == [GPT, CLAUDE]
    charged(purse)
    held, _ = logged(cascade, answer)["attempts"]
    assert (held["why"], held["conclusion"]) == ("agree", "prose")


@pytest.mark.parametrize(
    "weather", [{"status": 529}, {"reset": "before_headers"}], ids=["status", "reset"]
)
def test_where_the_first_fails_the_second_is_left_out(cascade, purse, sim, weather):
    sim.weather(GPT, **weather)
    answer = purse.ask(cascade, CHAT, SAME, "agreeing")
    assert answer.headers["x-tradewind-model"] == "claude", answer.text
    # A connection that breaks may have been a stale one.
    assert [model for model in asked(sim) if model != GPT] == [CLAUDE]
    paid(purse.settled(1)[0], "claude")


def test_where_the_second_fails_the_last_is_asked(cascade, purse, sim):
    sim.weather(GEMINI, status=503)
    answer = purse.ask(cascade, CHAT, SAME, "agreeing")
    assert answer.headers["x-tradewind-model"] == "claude", answer.text
    assert asked(sim) == [GPT, GEMINI, CLAUDE]
    charged(purse)
