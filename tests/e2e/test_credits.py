"""Every way a request may end, and the entry that it leaves in the ledger."""

import time
from decimal import Decimal

import httpx
import pytest

from conftest import NEWEST
from support import paths
from support.credits import credits_policy, paid, request, stream_text, text_of
from support.gateway import CHAT, MESSAGES, render
from support.policy import MODELS
from support.server import ClosedPort

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES], ids=["openai", "anthropic"])
EACH = pytest.mark.parametrize("model", MODELS)
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def free(purse, between, outcome: str = "failed") -> None:
    """Checks that a request was held for, settled, and cost nothing."""
    assert purse.settled(0) == []
    assert purse.balance() == Decimal(purse.account()["available"]) == 5
    assert len(between.calls("holds", purse.tenant)) == 1
    end = time.monotonic() + 5
    while not (calls := between.calls("settlements", purse.tenant)):
        assert time.monotonic() < end, "no settlement"
        time.sleep(0.02)
    settlements = [item for call in calls for item in call.json["settlements"]]
    assert [(item["credits"], item["outcome"]) for item in settlements] == [("0", outcome)]


@pytest.fixture
def purse(purses):
    return purses.new("5")


@pytest.mark.core
@BOTH
@EACH
def test_an_answer_is_charged_by_its_usage(credited, purse, between, path, model):
    gateway = credited()
    whole = purse.ask(gateway, path, "tell me [words:30]", model)
    assert whole.status_code == 200, whole.text
    assert whole.headers["x-tradewind-credits"] == "5"
    first = purse.settled(1)[0]
    told = whole.json()["usage"]
    input_, output = (
        (told["prompt_tokens"], told["completion_tokens"])
        if path == CHAT
        else (told["input_tokens"], told["output_tokens"])
    )
    assert (first.usage["input"], first.usage["output"]) == (input_, output)
    paid(first, model)
    streamed = purse.ask(gateway, path, "tell me [words:30]", model, stream=True)
    assert streamed.status_code == 200 and stream_text(streamed.text).endswith("word30")
    assert Decimal(streamed.headers["x-tradewind-credits"]) == 5 - first.credits
    second = purse.settled(2)[1]
    paid(second, model)
    assert second.usage == first.usage
    assert purse.balance() == 5 - first.credits - second.credits
    holds = between.calls("holds", purse.tenant)
    assert [call.status for call in holds] == [201, 201]
    assert all(Decimal(call.json["credits"]) >= first.credits for call in holds)


FALLBACKS = {
    "529": {"status": 529},
    "reset": {"reset": "before_headers"},
    "silent": {"silent": True},
    "not json": {"not_json": True},
}


@pytest.mark.parametrize("weather", FALLBACKS.values(), ids=FALLBACKS)
def test_only_the_model_that_answers_is_charged(credited, purse, sim, weather):
    gateway = credited()
    sim.weather(MODELS["claude"], **weather)
    for stream in (False, True) if "silent" not in weather else (True,):
        answer = purse.ask(gateway, model="auto", stream=stream)
        assert answer.headers["x-tradewind-model"] == "gpt", answer.text
    for entry in purse.settled(1 + ("silent" not in weather)):
        paid(entry, "gpt")


@BOTH
@STREAMED
def test_everything_down_costs_nothing(credited, purse, sim, between, path, stream):
    gateway = credited()
    for model in MODELS.values():
        sim.weather(model, status=529)
    answer = purse.ask(gateway, path, model="auto", stream=stream)
    assert answer.status_code in (503, 529), answer.text
    assert answer.headers["x-tradewind-attempts"] == "3"
    free(purse, between)


@pytest.mark.parametrize("weather", [{"reset": "before_headers"}, {"silent": True}], ids=str)
def test_a_provider_that_never_answers_costs_nothing(credited, purse, sim, between, weather):
    gateway = credited()
    sim.weather(MODELS["gpt"], **weather)
    answer = purse.ask(gateway)
    assert answer.status_code in (502, 503, 504), answer.text
    free(purse, between)


def test_nobody_to_be_reached_costs_nothing(launch, rules, purse, between):
    closed = ClosedPort()
    policy = credits_policy(rules, between.url)
    for provider in policy["providers"].values():
        provider["endpoint"] = closed.url
    folder = paths.LOGS / "credits-nobody"
    gateway = launch(render(policy, folder), NEWEST, 1)
    answer = purse.ask(gateway, model="auto")
    closed.stop()
    assert answer.status_code == 503, answer.text
    free(purse, between)


@pytest.mark.core
def test_an_app_that_leaves_while_the_ledger_is_asked_is_charged_nothing(
    credited, purse, sim, between
):
    gateway = credited()
    between.turn("fair", delay=0.8, only="holds")
    with pytest.raises(httpx.TimeoutException):
        purse.ask(gateway, timeout=0.3)
    end = time.monotonic() + 5
    while not (calls := between.calls("holds", purse.tenant)) or not calls[0].answer:
        assert time.monotonic() < end, "the ledger was asked"
        time.sleep(0.02)
    assert calls[0].status == 409, "the ledger has been told before that nobody waits"
    assert purse.settled(0) == [] and sim.requests() == []
    assert purse.balance() == Decimal(purse.account()["available"]) == 5


@BOTH
@EACH
def test_an_app_that_leaves_before_the_answer_pays_for_its_input_and_the_time(
    credited, purse, sim, path, model
):
    gateway = credited()
    sim.weather(MODELS[model], latency_ms=1_500)
    with pytest.raises(httpx.TimeoutException):
        purse.ask(gateway, path, "word " * 500, model, timeout=0.6)
    entry = purse.settled(1)[0]
    paid(entry, model, "cut", estimated=True)
    # Of a model that nothing is known of 70 tokens a second.
    assert 30 < entry.usage["output"] < 100
    # Of this text every estimate is near: a word and its blank.
    assert 400 < entry.usage["input"] < 800


def read_some(gateway, purse, path: str, model: str, pieces: int, text: str) -> str:
    """What an app has read of a stream when it leaves it; all of it for no number of pieces."""
    body = request(path, text, model, stream=True, max_tokens=8_000)
    said = []
    with gateway.http.stream("POST", path, json=body, headers=purse.headers()) as response:
        assert response.status_code == 200, response.read()
        for line in response.iter_lines():
            said.append(text_of(line))
            if pieces and sum(map(bool, said)) >= pieces:
                break
    return "".join(said)


@pytest.mark.core
@BOTH
@EACH
def test_an_app_that_leaves_a_stream_pays_for_what_it_received(credited, purse, sim, path, model):
    gateway = credited()
    ask = "tell me [words:1500]"
    # What the whole answer is estimated at, for a provider that never tells.
    sim.weather(MODELS[model], missing_usage=True, times=1)
    whole = read_some(gateway, purse, path, model, 0, ask)
    estimate = purse.settled(1)[0].usage["output"]
    sim.weather(MODELS[model], chunk_delay_ms=30)
    said = read_some(gateway, purse, path, model, 17, ask)
    assert 0 < len(said) < len(whole)
    entry = purse.settled(2)[1]
    paid(entry, model, "cut", estimated=True)
    share = len(said) / len(whole)
    assert entry.usage["output"] == pytest.approx(estimate * share, rel=0.15)


# A stream that its provider breaks after some of it.
BREAKS = {
    "error": {"error_event": {"after_events": 12}},
    "close": {"close": {"after_events": 12}},
    "reset": {"reset": {"after_events": 12}},
    "silence": {"stall": {"after_events": 12}},
}


@BOTH
@EACH
@pytest.mark.parametrize("name", BREAKS)
def test_a_stream_that_its_provider_breaks_is_charged_as_far_as_it_came(
    credited, purse, sim, path, model, name
):
    gateway = credited()
    ask = "tell me [words:1500]"
    sim.weather(MODELS[model], missing_usage=True, times=1)
    whole = read_some(gateway, purse, path, model, 0, ask)
    estimate = purse.settled(1)[0].usage["output"]
    sim.weather(MODELS[model], **BREAKS[name])
    body = request(path, ask, model, stream=True, max_tokens=8_000)
    said = []
    try:
        with gateway.http.stream("POST", path, json=body, headers=purse.headers()) as response:
            said.extend(map(text_of, response.iter_lines()))
    except httpx.TransportError:
        assert name in ("reset", "silence")
    entry = purse.settled(2)[1]
    paid(entry, model, "cut", estimated=True)
    share = len("".join(said)) / len(whole)
    assert 0 < share < 0.5
    assert entry.usage["output"] == pytest.approx(estimate * share, rel=0.15)


def test_a_request_that_is_refused_asks_for_no_credits(credited, purse, between):
    gateway = credited()
    assert purse.ask(gateway, model="nobody's").status_code == 404
    assert gateway.http.get("/v1/models", headers=purse.headers()).status_code == 200
    assert between.calls("holds", purse.tenant) == []
