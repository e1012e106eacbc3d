"""Several models of one provider: they share its cluster, and each attempt is its own model's."""

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import render
from support.policy import CLAUDE, GPT, THINKER, policy
from support.server import ClosedPort

# One of each way in which Envoy comes to the next attempt.
FAILURES = {
    "500": {"status": 500},
    "429": {"status": 429, "retry_after": "1"},
    "529": {"status": 529},
    "model gone": {"error": "not_found"},
    "reset": {"reset": "before_headers"},
    "closed after headers": {"close": "after_headers"},
    "silent": {"silent": True},
    "error in a 200": {"error_in_200_body": True},
}
STREAMED = FAILURES | {"first event is an error": {"error_event": "before_content"}}
del STREAMED["error in a 200"]


def tried(gateway, count: int) -> list[list[tuple]]:
    """Of each line of the access log, the models that were tried and what became of them."""
    lines = gateway.envoy.wait_for(
        "the log", lambda: (found := gateway.envoy.access_log())[count - 1 :] and found
    )
    attempts = [line["attempts"] for line in lines]
    return [[(one["model"], one["outcome"]) for one in line] for line in attempts]


@pytest.mark.core
@pytest.mark.parametrize("weather", FAILURES.values(), ids=FAILURES)
def test_the_next_model_of_the_same_provider_answers(gateway, sim, weather):
    sim.weather(GPT, **weather)
    for ask in (gateway.chat, gateway.messages):
        response = ask("[mark:1]", model="pair")
        assert response.status_code == 200, response.text
        assert response.headers["x-tradewind-model"] == "thinker"
        assert response.headers["x-tradewind-attempts"] == "2"
        assert f"openai/{THINKER}" in response.text and "[mark:1]" in response.text
        # A connection that was kept may be lost, and the same model asked once more.
        models = [request.model for request in sim.requests()]
        assert models[0] == GPT and models.count(THINKER) == 1 and models[-1] == THINKER
        sim.reset()
        sim.weather(GPT, **weather)


@pytest.mark.core
@pytest.mark.parametrize("weather", STREAMED.values(), ids=STREAMED)
def test_its_stream_is_the_next_models(gateway, sim, weather):
    sim.weather(GPT, **weather)
    response = gateway.chat("[mark:2]", model="pair", stream=True)
    assert response.status_code == 200, response.text
    assert response.headers["x-tradewind-model"] == "thinker"
    assert "mark:2" in response.text and "data: [DONE]" in response.text


@pytest.mark.core
def test_the_last_failure_is_the_last_models(gateway, sim):
    sim.weather(GPT, status=503)
    sim.weather(THINKER, status=429, retry_after="7")
    for response in (gateway.chat(model="pair"), gateway.messages(model="pair")):
        assert response.status_code == 429, response.text
        assert response.headers["retry-after"] == "7"
        assert response.headers["x-tradewind-model"] == "thinker"
        assert response.headers["x-tradewind-attempts"] == "2"
    assert [request.model for request in sim.requests()] == [GPT, THINKER] * 2


# A provider that nobody can connect to.
UNREACHED = {"refused": None, "no such name": "http://nowhere.invalid:8080"}


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("endpoint", UNREACHED.values(), ids=UNREACHED)
def test_each_model_of_a_provider_that_is_down_is_tried(launch, sim, version, endpoint):
    closed = ClosedPort()
    rules = policy(endpoint or closed.url, sim.anthropic, sim.google)
    rules["chains"]["three"] = ["gpt", "thinker", "claude"]
    rules["routes"].append({"models": ["three"], "chain": "three"})
    bootstrap = render(rules, paths.LOGS / "one-provider")
    for cluster in bootstrap["static_resources"]["clusters"]:
        if cluster["name"] == "provider/openai":
            cluster["wait_for_warm_on_init"] = False
    gateway = launch(bootstrap, version=version)
    sim.reset()
    response = gateway.chat(model="three")
    assert response.status_code == 200, response.text
    assert response.headers["x-tradewind-model"] == "claude"
    assert response.headers["x-tradewind-attempts"] == "3"
    response = gateway.chat(model="pair")
    assert response.status_code == 503
    said = response.json()["error"]["message"]
    assert said.startswith("2 models were tried, and the last, `thinker`, could not be reached")
    down = [("gpt", "unreachable"), ("thinker", "unreachable")]
    assert tried(gateway, 2) == [[*down, ("claude", "answered")], down]
    closed.stop()


@pytest.mark.parametrize("version", ENVOYS)
def test_a_kept_connection_that_is_lost_costs_neither_model(launch, rules, sim, version):
    gateway = launch(render(rules, paths.LOGS / "one-provider"), version=version)
    assert gateway.chat(model="pair").status_code == 200
    sim.weather(GPT, reset="before_headers")
    response = gateway.chat(model="pair")
    assert response.headers["x-tradewind-model"] == "thinker", response.text
    assert response.headers["x-tradewind-attempts"] == "2"
    # Once on the connection that was kept, once on a new one.
    assert [request.model for request in sim.requests()] == [GPT, GPT, GPT, THINKER]
    last = gateway.envoy.wait_for(
        "the log", lambda: (found := gateway.envoy.access_log())[1:] and found[1]
    )
    tries = [(one["model"], one.get("tries", 1)) for one in last["attempts"]]
    assert tries == [("gpt", 2), ("thinker", 1)]


@pytest.mark.parametrize("version", ENVOYS)
def test_a_model_may_be_called_like_another_provider(launch, sim, version):
    rules = policy(sim.openai, sim.anthropic, sim.google)
    rules["models"]["openai"] = rules["models"]["claude"]
    rules["models"]["anthropic"] = rules["models"]["gpt"]
    rules["chains"]["swapped"] = ["openai", "anthropic"]
    rules["routes"].append({"models": ["swapped"], "chain": "swapped"})
    sim.reset()
    gateway = launch(render(rules, paths.LOGS / "one-provider"), version=version)
    assert gateway.chat(model="swapped").headers["x-tradewind-model"] == "openai"
    sim.weather(CLAUDE, status=529)
    assert gateway.chat(model="swapped").headers["x-tradewind-model"] == "anthropic"
    assert [request.model for request in sim.requests()] == [CLAUDE, CLAUDE, GPT]
