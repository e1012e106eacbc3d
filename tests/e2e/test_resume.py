"""Streams that break in the middle, and go on with another model in the same stream."""

import copy
from decimal import Decimal

import httpx
import pytest

from conftest import ENVOYS
from support import paths
from support.credits import credits_policy
from support.gateway import CHAT, MESSAGES, Gateway, render
from support.policy import MODELS, policy
from support.stubborn import event, message_events
from test_finish_cut import READS, SAID, SOME, Cutting, last, read_openai

EACH = pytest.mark.parametrize("version", ENVOYS)
IDLE_S = 2
# What goes on: an older model of Anthropic's, and one of Google's.
OLDER, GOOGLES = "claude-sonnet-4-5", "gemini-2.5-flash"
ERROR = {
    "claude": b'event: error\n' + event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "gpt": event({"error": {"type": "server_error", "message": "Overloaded"}}),
    "gemini": event({"error": {"code": 503, "status": "UNAVAILABLE", "message": "Overloaded"}}),
}


def resuming(cutting, sim, **resilience) -> dict:
    """A policy whose first models all break, and whose next go on."""
    rules = policy(cutting.url, cutting.url, cutting.url)
    own = {"attempts": 3, "idle_timeout": f"{IDLE_S}s", "finish_cut_streams": True}
    rules["resilience"] = {**own, "resume": "continue", **resilience}
    for name, kind, url in [("well", "anthropic", sim.anthropic), ("good", "google", sim.google)]:
        rules["providers"][name] = {**rules["providers"][kind], "endpoint": url}
    rules["models"]["older"] = {**rules["models"]["claude"], "provider": "well", "name": OLDER}
    rules["models"]["googles"] = {**rules["models"]["gemini"], "provider": "good", "name": GOOGLES}
    rules["models"]["newer"] = {**rules["models"]["claude"], "provider": "well"}
    for name in MODELS:
        for other in ("older", "googles", "newer"):
            rules["chains"][f"{name}-{other}"] = [name, other]
            rules["routes"].append({"models": [f"{name}-{other}"], "chain": f"{name}-{other}"})
    return rules


@pytest.fixture(scope="module")
def cutting():
    """One provider for all formats."""
    provider = Cutting()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def running(cutting, sim):
    """Gateways in front of it, by version."""
    gateways = {}

    def start(version: str) -> Gateway:
        if version not in gateways:
            folder = paths.LOGS / f"resume-{version}"
            bootstrap = render(resuming(cutting, sim), folder)
            gateways[version] = Gateway(ENVOYS[version], bootstrap, 1, folder)
        sim.reset()
        return gateways[version]

    yield start
    for gateway in gateways.values():
        gateway.stop()


@EACH
@pytest.mark.parametrize("how", ["fin", "reset", "within a chunk", "silence"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("other", ["older", "googles"])
def test_another_model_says_the_rest(running, cutting, sim, version, model, other, how):
    gateway = running(version)
    cutting.chunks, cutting.how = SOME[model], how
    for read, _ in READS.values():
        logged = len(gateway.envoy.access_log())
        text, raised = read(gateway, f"{model}-{other}")
        assert raised is None, repr(raised)
        assert text.startswith("one two") and len(text) > 10, text
        print(text, gateway.envoy.access_log()[logged:])
