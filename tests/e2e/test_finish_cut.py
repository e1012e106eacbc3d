"""Streams that are cut in the middle end properly all the same, where the policy says so."""

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import anthropic
import httpx
import openai
import pytest

from conftest import ENVOYS
from support import paths
from support.credits import credits_policy, request, stream_text
from support.cutting import NOTHING, SOME
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import KEYS, MODELS, policy
from support.server import ClosedPort
from support.stale import Http1, close, wait
from support.stubborn import Trailing, chat_chunk
from support.trap import trap

EACH = pytest.mark.parametrize("version", ENVOYS)
IDLE_S = 2
SAID = "the provider's stream ended before its answer was complete"
CUTS = ["reset", "fin", "within a chunk", "silence"]


def finishing(rules: dict, **resilience) -> dict:
    """The same policy that finishes streams."""
    rules = copy.deepcopy(rules)
    own = {"attempts": 3, "idle_timeout": f"{IDLE_S}s", "finish_cut_streams": True}
    rules["resilience"] = {**own, **resilience}
    rules["chains"]["two"] = ["claude", "gpt"]
    rules["routes"].append({"models": ["two"], "chain": "two"})
    return rules


@pytest.fixture(scope="module")
def finishers(cutting, sim):
    """Gateways in front of it, by version; `two` goes on to a model that answers."""
    running = {}

    def start(version: str) -> Gateway:
        if version not in running:
            rules = finishing(policy(cutting.url, cutting.url, cutting.url))
            rules["providers"]["well"] = {**rules["providers"]["openai"], "endpoint": sim.openai}
            for name in MODELS:
                rules["chains"][f"{name}-two"] = [name, "well"]
                rules["routes"].append({"models": [f"{name}-two"], "chain": f"{name}-two"})
            rules["models"]["well"] = {**rules["models"]["gpt"], "provider": "well"}
            folder = paths.LOGS / f"finish-{version}"
            running[version] = Gateway(ENVOYS[version], render(rules, folder), 1, folder)
        return running[version]

    yield start
    for gateway in running.values():
        gateway.stop()


def last(gateway, since: int) -> dict:
    """The line of the access log after so many."""
    return gateway.envoy.wait_for("the log", lambda: gateway.envoy.access_log()[since:])[-1]


def read_openai(gateway, model: str) -> tuple[str, Exception | None]:
    """What an OpenAI app reads, and what its SDK raises."""
    text = ""
    try:
        for chunk in gateway.openai().chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}], stream=True
        ):
            text += chunk.choices[0].delta.content or "" if chunk.choices else ""
    except Exception as raised:
        return text, raised
    return text, None


def read_anthropic(gateway, model: str) -> tuple[str, Exception | None]:
    """What an Anthropic app reads, and what its SDK raises."""
    text = ""
    try:
        with gateway.anthropic().messages.stream(
            model=model, max_tokens=500, messages=[{"role": "user", "content": "hi"}]
        ) as stream:
            for piece in stream.text_stream:
                text += piece
    except Exception as raised:
        return text, raised
    return text, None


READS = {
    "openai": (read_openai, openai.APIError),
    "anthropic": (read_anthropic, anthropic.APIError),
}


@EACH
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", CUTS)
def test_a_cut_stream_ends_in_the_apps_own_words(finishers, cutting, version, model, how):
    gateway = finishers(version)
    cutting.chunks, cutting.how = SOME[model], how
    for read, own_error in READS.values():
        logged = len(gateway.envoy.access_log())
        text, raised = read(gateway, model)
        assert text == "one two"
        # No connection error: the SDK has read the error event.
        said = SAID if how != "within a chunk" or model == "claude" else "JSON"
        assert isinstance(raised, own_error) and said in str(raised), repr(raised)
        assert not isinstance(raised, (openai.APIConnectionError, anthropic.APIConnectionError))
        attempts = last(gateway, logged)["attempts"]
        assert [own["outcome"] for own in attempts] == ["cut"], attempts
    for path in (CHAT, MESSAGES):
        logged = len(gateway.envoy.access_log())
        body = {"model": model, "max_tokens": 50, "stream": True}
        body["messages"] = [{"role": "user", "content": "hi"}]
        # httpx raises where the last chunk is missing.
        answer = gateway.http.post(path, json=body)
        last(gateway, logged)
        assert answer.status_code == 200 and answer.text.count('"error"') >= 1
        assert answer.headers["transfer-encoding"] == "chunked"
        assert "x-tradewind-hop" not in answer.headers


@EACH
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("how", ["at once", *CUTS])
def test_before_the_first_content_the_next_model_answers(finishers, cutting, version, model, how):
    gateway = finishers(version)
    cutting.chunks, cutting.how = NOTHING[model], how
    for read, _ in READS.values():
        logged = len(gateway.envoy.access_log())
        text, raised = read(gateway, f"{model}-two")
        assert raised is None and text, repr(raised)
        attempts = last(gateway, logged)["attempts"]
        failed = "reset" if how == "at once" else "failed"
        assert [own["outcome"] for own in attempts] == [failed, "answered"], attempts


@EACH
def test_what_a_provider_sees_is_the_same(finishers, cutting, launch, version):
    plain = finishing(policy(cutting.url, cutting.url, cutting.url), finish_cut_streams=False)
    gateways = [finishers(version), launch(render(plain, paths.LOGS / "plain"), version=version)]
    cutting.how = "fin"
    for model, key in zip(MODELS, ("anthropic", "openai", "google")):
        cutting.chunks, cutting.seen = SOME[model], []
        for gateway in gateways:
            read_openai(gateway, model)
        ours, theirs = (
            sorted(own.split(b"\r\n\r\n")[0].lower().split(b"\r\n")) for own in cutting.seen
        )
        assert ours == theirs
        assert KEYS[key].lower().encode() in b"".join(ours)
        others = [own for name, own in KEYS.items() if name != key]
        assert not any(own.lower().encode() in b"".join(ours) for own in others)


@EACH
def test_a_provider_that_is_not_there_is_passed_over(launch, sim, version):
    ways = {
        "unreachable": ClosedPort(),
        "reset": Http1(close, kept=0),
        "silent": Http1(wait, kept=0),
    }
    rules = finishing(policy(sim.openai, sim.anthropic, sim.google))
    for name, provider in ways.items():
        rules["providers"][name] = {**rules["providers"]["openai"], "endpoint": provider.url}
        rules["models"][name] = {**rules["models"]["gpt"], "provider": name}
        for chain, models in [(name, [name, "claude"]), (f"only-{name}", [name])]:
            rules["chains"][chain] = models
            rules["routes"].append({"models": [chain], "chain": chain})
    rules["providers"]["nowhere"] = {
        **rules["providers"]["openai"], "endpoint": "http://no-such-host.invalid:80"
    }
    rules["models"]["nowhere"] = {**rules["models"]["gpt"], "provider": "nowhere"}
    rules["chains"]["nowhere"] = ["nowhere", "claude"]
    rules["routes"].append({"models": ["nowhere"], "chain": "nowhere"})
    gateway = launch(render(rules, paths.LOGS / "finish-ways"), version=version)
    for count, name in enumerate([*ways, "nowhere"]):
        answer = gateway.chat(model=name, stream=True)
        assert answer.status_code == 200 and answer.headers["x-tradewind-model"] == "claude"
        first, second = last(gateway, count)["attempts"]
        wanted = "unreachable" if name == "nowhere" else name
        assert (first["outcome"], second["outcome"]) == (wanted, "answered"), first
        if name == "unreachable":
            assert "refused" in first["why"] or "111" in first["why"], first
    for name, (status, said) in {
        "unreachable": (503, "could not be reached"),
        "reset": (503, "closed its connection before"),
        "silent": (504, "did not answer in time"),
    }.items():
        answer = gateway.chat(model=f"only-{name}", stream=True)
        assert answer.status_code == status, answer.text
        assert f"`{name}` {said}" in answer.json()["error"]["message"]
        assert answer.headers["x-tradewind-attempts"] == "1"
    for one in ways.values():
        one.stop()


@EACH
def test_a_stale_connection_has_the_same_model_asked_once_more(launch, sim, version):
    provider = Http1(close)
    rules = finishing(policy(provider.url, sim.anthropic, sim.google))
    gateway = launch(render(rules, paths.LOGS / "finish-stale"), version=version)
    for _ in range(10):
        # Its answers are no streams; that they come on the hop's connections is what counts.
        answer = gateway.chat(model="gpt", stream=True)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-tradewind-attempts"] == "1"
    assert provider.served == 10 and provider.left >= 5
    gateway.envoy.wait_for("the log", lambda: len(gateway.envoy.access_log()) == 10)
    tries = [own.get("tries", 1) for line in gateway.envoy.access_log() for own in line["attempts"]]
    assert sorted(tries) == [1] * (10 - provider.left) + [2] * provider.left
    provider.stop()


@EACH
def test_what_was_delivered_is_charged(cutting, launch, purses, sim, version):
    rules = credits_policy(
        finishing(policy(cutting.url, cutting.url, cutting.url)), purses.ledger.url
    )
    gateway = launch(render(rules, paths.LOGS / "finish-credits"), version=version)
    cutting.how = "reset"
    for model in MODELS:
        purse = purses.new("5")
        cutting.chunks = SOME[model]
        body = request(CHAT, "hello", model, stream=True)
        answer = httpx.post(gateway.url + CHAT, json=body, headers=purse.headers(), timeout=30)
        assert SAID in answer.text
        gateway.envoy.wait_for("the settlement", lambda: Decimal(purse.account()["held"]) == 0)
        spent = Decimal("5") - purse.balance()
        # A few words, in and out; neither nothing nor all that was held.
        assert Decimal(0) < spent < Decimal("0.001"), (model, spent)


@EACH
def test_silence_ends_a_stream_whatever_time_its_first_token_had(cutting, launch, version):
    rules = finishing(
        policy(cutting.url, cutting.url, cutting.url), first_token_timeout="1s"
    )
    gateway = launch(render(rules, paths.LOGS / "finish-first"), version=version)
    cutting.chunks, cutting.how = SOME["gpt"], "silence"
    since = time.monotonic()
    text, raised = read_openai(gateway, "gpt")
    assert text == "one two" and SAID in str(raised)
    assert IDLE_S <= time.monotonic() - since < 3 * IDLE_S + 2


@EACH
def test_streams_that_are_well_are_whole_and_leave_nothing(launch, sim, version):
    rules = finishing(policy(sim.openai, sim.anthropic, sim.google))
    rules["models"]["gemini"]["context_window"] = 10_000_000
    gateway = launch(render(rules, paths.LOGS / "finish-well"), version=version, workers=4)
    sim.reset()

    def app(number: int) -> bool:
        model, path = list(MODELS)[number % 3], (CHAT, MESSAGES)[number % 2]
        words = 2_000 if number % 10 == 0 else 50
        body = request(path, f"[mark:{number}] [words:{words}]", model, stream=True)
        body["max_tokens" if path == MESSAGES else "max_completion_tokens"] = 8_000
        answer = gateway.http.post(path, json=body)
        ended = "[DONE]" if path == CHAT else "message_stop"
        text = stream_text(answer.text)
        whole = f"[mark:{number}]" in text and text.endswith(f"word{words}")
        assert answer.status_code == 200 and whole and ended in answer.text, answer.text[-300:]
        return True

    with ThreadPoolExecutor(16) as apps:
        assert all(apps.map(app, range(200)))
    # A body that comes in many pieces, both ways.
    big = gateway.chat("[words:5000] " + "x" * (3 << 20), model="gemini", stream=True)
    assert big.status_code == 200 and stream_text(big.text).endswith("word5000"), big.text[:200]

    def open_ways() -> int:
        ways = r"_streams\.upstream_cx_active|_hop\.downstream_cx_active"
        return sum(gateway.envoy.stats(ways).values())

    gateway.envoy.wait_for("the hop's connections to end", lambda: open_ways() == 0)
    assert not any(gateway.envoy.stats("wasm.*(vm_reload|runtime_error|failed)").values())


@EACH
@pytest.mark.parametrize("callback", ["response_headers", "downstream_data"])
def test_a_vm_that_fails_serves_streams_again(launch, sim, version, callback):
    """The hop's connections and the providers' roles are in one VM."""
    folder = paths.LOGS / f"finish-trap-{callback}-{version}"
    bootstrap = render(finishing(policy(sim.openai, sim.anthropic, sim.google)), folder)
    bootstrap = trap(bootstrap, "provider", paths.WASM, f"proxy_on_{callback}", folder, 3)
    gateway = launch(bootstrap, version=version)
    sim.reset()
    # Each worker counts for itself, and a connection may come to any of them.
    found = []
    while 503 not in found and len(found) < 50:
        found.append(gateway.chat(model="gpt", stream=True).status_code)
    assert 503 in found and set(found) <= {200, 503}, found
    again = gateway.envoy.wait_for(
        "the VM", lambda: (own := gateway.chat(model="gpt", stream=True)).is_success and own
    )
    assert "[DONE]" in again.text


@EACH
def test_an_app_that_leaves_has_its_provider_let_go(finishers, cutting, version):
    gateway = finishers(version)
    cutting.chunks, cutting.how, cutting.left = SOME["gpt"], "silence", 0
    body = {"model": "gpt", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    since = time.monotonic()
    with gateway.http.stream("POST", CHAT, json=body) as response:
        next(response.iter_bytes())
    gateway.envoy.wait_for("the provider to be let go", lambda: cutting.left)
    assert time.monotonic() - since < IDLE_S


@EACH
def test_a_stream_that_http2_resets_is_finished_too(launch, sim, version):
    provider = Resetting([chat_chunk("one "), chat_chunk("two")])
    rules = finishing(policy(provider.url, sim.anthropic, sim.google))
    bootstrap = render(rules, paths.LOGS / "finish-h2")
    for cluster in bootstrap["static_resources"]["clusters"]:
        if cluster["name"] == "provider/openai":
            for options in cluster["typed_extension_protocol_options"].values():
                options["explicit_http_config"] = {"http2_protocol_options": {}}
    gateway = launch(bootstrap, version=version)
    for read, own_error in READS.values():
        text, raised = read(gateway, "gpt")
        assert text == "one two" and isinstance(raised, own_error) and SAID in str(raised)
    provider.stop()


class Resetting(Trailing):
    """An HTTP/2 provider that resets its streams after the last chunk."""

    def _answer(self, connection, http, stream: int) -> None:
        http.send_headers(stream, [(":status", "200"), ("content-type", self.kind)])
        for chunk in self.chunks:
            http.send_data(stream, chunk)
            connection.sendall(http.data_to_send())
            time.sleep(0.05)
        http.reset_stream(stream, 2)
