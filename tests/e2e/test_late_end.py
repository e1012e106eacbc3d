"""A provider that has said all ends its answer late: its app sees an end in order all the same."""

import copy

import pytest

from conftest import ENVOYS
from support import paths
from support.cutting import WHOLE, Cutting
from support.gateway import Gateway, render
from support.policy import MODELS, policy
from test_finish_cut import READS


@pytest.fixture(scope="module", params=[False, True], ids=["usual", "finishes"])
def late(request):
    """A provider whose machine stands still as it ends, and gateways in front of it, by version."""
    provider, running = Cutting(), {}
    provider.how = "a late end"

    def start(version: str) -> Gateway:
        if version not in running:
            rules = copy.deepcopy(policy(provider.url, provider.url, provider.url))
            rules["resilience"] = {"finish_cut_streams": request.param, "idle_timeout": "20s"}
            folder = paths.LOGS / f"late-{request.param}-{version}"
            running[version] = Gateway(ENVOYS[version], render(rules, folder), 1, folder)
        return running[version]

    yield provider, start
    for gateway in running.values():
        gateway.stop()
    provider.stop()


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("model", MODELS)
def test_an_end_that_comes_late_is_waited_for(late, version, model):
    provider, start = late
    provider.chunks, gateway = WHOLE[model], start(version)
    for read, _ in READS.values():
        assert read(gateway, model) == ("one two", None)
    for path, done in [("chat", "[DONE]"), ("messages", "message_stop")]:
        answer = getattr(gateway, path)(model=model, stream=True)
        assert answer.status_code == 200 and done in answer.text
