"""Streams that break in the middle, and go on with another model in the same stream."""

import time
from decimal import Decimal

import pytest

from conftest import ENVOYS
from support import paths
from support.credits import credits_policy, request, stream_text
from support.cutting import SOME
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import MODELS, policy
from support.stubborn import Stubborn, chat_chunk, event
from test_finish_cut import READS, SAID, last, read_openai

EACH = pytest.mark.parametrize("version", ENVOYS)
IDLE_S = 2
# What goes on with another's words, and what does not.
OLDER, GOOGLES, NEWER = "claude-sonnet-4-5", "gemini-2.5-flash", "claude-opus-5"
FAILS = event({"error": {"type": "server_error", "message": "Overloaded"}})


def resuming(rules: dict, sim) -> dict:
    """The same policy, where whatever comes first is followed by one that is well."""
    rules["resilience"] = {
        **{"attempts": 3, "idle_timeout": f"{IDLE_S}s"},
        **{"finish_cut_streams": True, "resume": "continue"},
    }
    providers, models = rules["providers"], rules["models"]
    providers["well"] = {**providers["anthropic"], "endpoint": sim.anthropic}
    providers["good"] = {**providers["google"], "endpoint": sim.google}
    models["older"] = {**models["claude"], "provider": "well", "name": OLDER}
    models["newer"] = {**models["claude"], "provider": "well", "name": NEWER}
    models["googles"] = {**models["gemini"], "provider": "good", "name": GOOGLES}
    for name in MODELS:
        for other in ("older", "newer", "googles"):
            rules["chains"][f"{name}-{other}"] = [name, other]
            rules["routes"].append({"models": [f"{name}-{other}"], "chain": f"{name}-{other}"})
    return rules


@pytest.fixture(scope="module")
def gateways(cutting, sim, ledger, ledger_line):
    """Gateways in front of it, by version."""
    running = {}

    def start(version: str) -> Gateway:
        if version not in running:
            folder = paths.LOGS / f"resume-{version}"
            rules = policy(cutting.url, cutting.url, cutting.url)
            rules = resuming(credits_policy(rules, ledger_line.url), sim)
            running[version] = Gateway(ENVOYS[version], render(rules, folder), 1, folder)
            ledger.buy("acme", "50")
        sim.reset()
        return running[version]

    yield start
    for gateway in running.values():
        gateway.stop()


def rest(gateway, answer_id: str) -> list[dict]:
    """The lines of the requests for the rest of an answer."""
    return [own for own in gateway.envoy.access_log() if own.get("resumes") == answer_id]


@EACH
@pytest.mark.parametrize("model", MODELS)
def test_another_model_says_the_rest(gateways, cutting, sim, version, model):
    gateway = gateways(version)
    cutting.chunks, cutting.how = SOME[model], "fin"
    for read, _ in READS.values():
        for other in ("older", "googles"):
            logged = len(gateway.envoy.access_log())
            text, raised = read(gateway, f"{model}-{other}")
            assert raised is None and text.startswith("one two"), repr(raised)
            own = last(gateway, logged + 1)
            assert own["outcome"] == "resumed" and own["model"] == model, own
            assert [tried["outcome"] for tried in own["attempts"]] == ["cut"]
            (said,) = rest(gateway, own["request_id"])
            assert said["outcome"] == "answered" and said["model"] == other, said
            # What the other model was asked, and what it said: all of that went on.
            asked = sim.requests()[-1]
            if other == "older":
                assert asked.json["messages"][-1]["role"] == "assistant"
                assert "one two" in str(asked.json["messages"][-1]["content"])
            else:
                said = {"role": "model", "parts": [{"text": "one two"}]}
                assert asked.json["contents"][-1] == said
            assert f"{asked.model} saw 2 messages" in text
    labels = (("model", model),)
    gateway.envoy.wait_for(
        "count",
        lambda: gateway.envoy.counters("tradewind_streams_resumed_total").get(labels, 0) >= 4,
    )


@EACH
@pytest.mark.parametrize("how", ["reset", "within a chunk", "silence"])
def test_however_it_breaks(gateways, cutting, version, how):
    gateway = gateways(version)
    cutting.chunks, cutting.how = SOME["claude"], how
    for path, whole in ((CHAT, "[DONE]"), (MESSAGES, "message_stop")):
        body = request(path, "hi", "claude-older", stream=True)
        answer = gateway.http.post(path, json=body)
        text = stream_text(answer.text)
        assert text.startswith("one twoanthropic/claude"), answer.text
        said = answer.text.replace('": "', '":"')
        ends = [said.count(own) for own in (whole, '"role":"assistant"', '"error"')]
        assert ends == [2 if path == MESSAGES else 1, 1, 0], answer.text
        starts = answer.text.count("content_block_start")
        assert starts == (2 if path == MESSAGES else 0), "the block goes on"


@EACH
def test_a_provider_that_says_it_failed_and_stays(launch, sim, version):
    """Nothing of it reaches the app but what had, and it is let go."""
    provider = Stubborn([chat_chunk("one "), chat_chunk("two"), FAILS], pace=0.05)
    rules = resuming(policy(provider.url, sim.anthropic, sim.google), sim)
    rules["resilience"]["finish_cut_streams"] = False
    gateway = launch(render(rules, paths.LOGS / "resume-stays"), version=version)
    text, raised = read_openai(gateway, "gpt-older")
    assert raised is None and text.startswith("one twoanthropic/claude"), repr(raised)
    provider.wait_until_let_go()
    provider.stop()


@EACH
def test_where_nobody_goes_on_it_ends_as_it_would(gateways, cutting, sim, version):
    gateway = gateways(version)
    cutting.chunks, cutting.how = SOME["gpt"], "fin"
    for route, weather in [
        ("gpt-newer", None),
        ("gpt-older", {"status": 529}),
        ("gpt-older", {"latency_ms": 1_000 * IDLE_S + 1_000}),
    ]:
        if weather:
            sim.weather(OLDER, **weather)
        logged, since = len(gateway.envoy.access_log()), time.monotonic()
        text, raised = read_openai(gateway, route)
        assert text == "one two" and SAID in str(raised), (route, weather, text, raised)
        assert time.monotonic() - since < IDLE_S + 2
        lines = gateway.envoy.wait_for(
            "the log", lambda: (own := gateway.envoy.access_log()[logged:])[bool(weather) :] and own
        )
        (own,) = [line for line in lines if "resumes" not in line]
        assert own["outcome"] == "cut", own
        sim.reset()


@EACH
@pytest.mark.parametrize("leaves", [False, True], ids=["stays", "leaves"])
def test_each_is_charged_for_its_own_part(gateways, cutting, sim, purses, version, leaves):
    gateway, purse = gateways(version), purses.new("5")
    cutting.chunks, cutting.how = SOME["gpt"], "fin"
    body = request(CHAT, "hi", "gpt-older", stream=True)
    if leaves:
        sim.weather(OLDER, latency_ms=1_000)
    with gateway.http.stream("POST", CHAT, json=body, headers=purse.headers()) as answer:
        if leaves:
            pieces = answer.iter_bytes()
            next(pieces)
            # The provider breaks off after 100 ms, and the next takes a second.
            time.sleep(0.5)
        else:
            answer.read()
    charges = {own.model: own for own in purse.settled(2)}
    assert set(charges) == {"gpt", "older"}, charges
    assert charges["gpt"].outcome == "cut" and charges["gpt"].credits > 0
    # Envoy does not give up a call whose stream is gone: the rest is said, and paid, to its end.
    assert charges["older"].outcome == "answered"
    spent = sum((own.credits for own in charges.values()), Decimal(0))
    assert purse.balance() == Decimal(5) - spent
