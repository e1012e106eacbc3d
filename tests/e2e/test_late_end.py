"""What becomes of an answer whose end comes late, or never does."""

import copy

import pytest

from conftest import ENVOYS
from support import paths
from support.cutting import WHOLE, Cutting
from support.gateway import Gateway, render
from support.policy import MODELS, policy
from support.stubborn import chat_chunk
from test_finish_cut import READS


@pytest.fixture(scope="module", params=[False, True], ids=["usual", "finishes"])
def late(request):
    """A provider, and gateways in front of it, by version; whether these finish streams."""
    provider, running = Cutting(), {}

    def start(version: str) -> Gateway:
        if version not in running:
            rules = copy.deepcopy(policy(provider.url, provider.url, provider.url))
            rules["resilience"] = {"finish_cut_streams": request.param, "idle_timeout": "20s"}
            folder = paths.LOGS / f"late-{request.param}-{version}"
            running[version] = Gateway(ENVOYS[version], render(rules, folder), 1, folder)
        return running[version]

    yield provider, start, request.param
    for gateway in running.values():
        gateway.stop()
    provider.stop()


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("model", MODELS)
def test_an_end_that_comes_late_is_waited_for(late, version, model):
    """Its provider's machine stands still once all has been said: the app sees an end in order."""
    provider, start, _ = late
    provider.how, provider.chunks, gateway = "a late end", WHOLE[model], start(version)
    for read, _ in READS.values():
        assert read(gateway, model) == ("one two", None)
    for path, done in [("chat", "[DONE]"), ("messages", "message_stop")]:
        answer = getattr(gateway, path)(model=model, stream=True)
        assert answer.status_code == 200 and done in answer.text


@pytest.mark.parametrize("version", ENVOYS)
def test_what_never_went_out_is_nobodys_answer(late, version):
    """All but its end came at once, and was held for that: Envoy asks nobody the same again."""
    provider, start, finishes = late
    provider.how, provider.chunks = "reset", [chat_chunk("one") + chat_chunk(reason="stop")]
    before = len(provider.seen)
    answer = start(version).chat(model="gpt", stream=True)
    assert len(provider.seen) == before + 1
    if finishes:
        assert answer.status_code == 200 and answer.text.endswith("data: [DONE]\n\n")
    else:
        assert answer.status_code == 503, answer.text
        assert "`gpt` closed its connection before it had answered" in answer.text
