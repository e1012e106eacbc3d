"""A gateway of which a piece is missing refuses, and sends nobody what was not meant for it."""

import json

import pytest

from conftest import ENVOYS
from support import paths
from support.gateway import CHAT, MESSAGES, render
from support.policy import APP_KEY, policy
from support.server import Server, answer, more

OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
# What an app sends beside its key.
SECRETS = {"cookie": "session=of-the-app", "api-key": "of-the-app", "x-auth-token": "of-the-app"}
WHOLE = {
    "id": "x",
    "object": "chat.completion",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
    ],
}


class Yes:
    """A provider that answers whatever it is sent, and keeps it."""

    def __init__(self, status: str | None = "200 OK"):
        self.status, self.got = status, []
        self.server = Server(self._play)
        self.url = self.server.url

    def _play(self, connection) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += more(connection)
        self.got.append(head)
        if not self.status:
            return  # gone without a word
        body = json.dumps(WHOLE).encode()
        whole = answer(body, status=self.status)
        connection.sendall(whole.replace(b"\r\n\r\n", b"\r\ncontent-length: %d\r\n\r\n" % len(body), 1))
        # A close before the request's end would be a reset.
        while connection.recv(1 << 16):
            pass


@pytest.fixture
def providers():
    """Claude's is overloaded, and GPT's says yes to everything."""
    made = {"anthropic": Yes("529 Overloaded"), "openai": Yes(), "google": Yes("529 Overloaded")}
    yield made
    for provider in made.values():
        provider.server.stop()


def filters(bootstrap: dict, provider: str) -> list:
    """The filters in a provider's cluster."""
    clusters = bootstrap["static_resources"]["clusters"]
    own = next(cluster for cluster in clusters if cluster["name"] == provider)
    return own["typed_extension_protocol_options"][OPTIONS]["http_filters"]


def connection(bootstrap: dict) -> dict:
    """What the listener does with a connection."""
    listener = bootstrap["static_resources"]["listeners"][0]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def route(bootstrap: dict) -> dict:
    return connection(bootstrap)["route_config"]["virtual_hosts"][0]["routes"][0]["route"]


def no_role(bootstrap: dict, provider: str) -> None:
    own = filters(bootstrap, provider)
    own[:] = [entry for entry in own if not entry["name"].startswith("tradewind")]


def no_filters(bootstrap: dict, provider: str) -> None:
    for cluster in bootstrap["static_resources"]["clusters"]:
        if cluster["name"] == provider:
            del cluster["typed_extension_protocol_options"][OPTIONS]["http_filters"]


def no_injector(bootstrap: dict, provider: str) -> None:
    own = filters(bootstrap, provider)
    own[:] = [entry for entry in own if not entry["name"].endswith("credential_injector")]


def no_edge(bootstrap: dict, provider: str) -> None:
    del connection(bootstrap)["http_filters"][0]


def no_matcher(bootstrap: dict, provider: str) -> None:
    del route(bootstrap)["inline_cluster_specifier_plugin"]
    route(bootstrap)["cluster"] = "anthropic"
    del route(bootstrap)["retry_policy"]["refresh_cluster_on_retry"]


def entries(bootstrap: dict) -> dict:
    """Where the matcher sends each model."""
    plugin = route(bootstrap)["inline_cluster_specifier_plugin"]["extension"]["typed_config"]
    return plugin["cluster_matcher"]["matcher_tree"]["exact_match_map"]["map"]


def no_entry(bootstrap: dict, model: str) -> None:
    del entries(bootstrap)[model]


def wrong_entry(bootstrap: dict, model: str) -> None:
    entries(bootstrap)[model]["action"]["typed_config"]["cluster"] = "anthropic"


def no_refresh(bootstrap: dict, provider: str) -> None:
    del route(bootstrap)["retry_policy"]["refresh_cluster_on_retry"]


def no_retry(bootstrap: dict, model: str) -> None:
    del route(bootstrap)["retry_policy"]


# What is left out, of what, which model is asked for, and what the app is told.
MISSING = {
    "role": (no_role, "openai", "gpt", 500),
    "role of the second": (no_role, "openai", "two", 500),
    "role of both": (no_role, "openai", "pair", 500),
    "all filters": (no_filters, "openai", "gpt", 500),
    "injector": (no_injector, "anthropic", "claude", 529),
    "edge": (no_edge, "openai", "gpt", 503),
    "matcher": (no_matcher, "openai", "gpt", 500),
    "matcher's entry": (no_entry, "gpt", "gpt", 503),
    "another's entry": (wrong_entry, "gpt", "gpt", 500),
    "retry policy": (no_retry, "openai", "two", 529),
    "refresh": (no_refresh, "openai", "two", 500),
}
# Without these no request reaches anybody.
NOTHING_SENT = (
    "role", "role of both", "all filters", "edge", "matcher", "matcher's entry", "another's entry",
)


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("missing", MISSING)
def test_a_missing_piece_is_a_refusal(providers, launch, missing, version):
    leave_out, of, asked, status = MISSING[missing]
    rules = policy(**{name: provider.url for name, provider in providers.items()})
    rules["chains"]["two"] = ["claude", "gpt"]
    rules["routes"].append({"models": ["two"], "chain": "two"})
    bootstrap = render(rules, paths.LOGS / "half-installed")
    leave_out(bootstrap, of)
    gateway = launch(bootstrap, version=version)
    body = {"model": asked, "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    for path in (CHAT, MESSAGES):
        response = gateway.http.post(f"{path}?key={APP_KEY}", json=body, headers=SECRETS)
        assert response.status_code == status, response.text
        if missing != "edge":
            assert response.headers["content-type"] == "application/json"
            assert response.json()["error"]["message"]
        if "role" in missing:
            assert "provider role" in response.text and "`gpt`" in response.text
    sent = [request for provider in providers.values() for request in provider.got]
    for request in sent:
        assert APP_KEY.encode() not in request and b"of-the-app" not in request, request
    if missing in NOTHING_SENT:
        assert not sent
    if missing == "refresh":
        assert len(sent) == 2, "the second model is not the first one's provider's"


@pytest.mark.parametrize("version", ENVOYS)
@pytest.mark.parametrize("first", ["529 Overloaded", None])
def test_the_next_provider_gets_nothing_of_the_first_ones(providers, launch, first, version):
    providers["anthropic"].status = first
    rules = policy(**{name: provider.url for name, provider in providers.items()})
    rules["chains"]["two"] = ["claude", "gpt"]
    rules["routes"].append({"models": ["two"], "chain": "two"})
    bootstrap = render(rules, paths.LOGS / "half-installed")
    no_role(bootstrap, "openai")
    gateway = launch(bootstrap, version=version)
    response = gateway.chat(model="two")
    assert response.status_code == 500, response.text
    assert providers["anthropic"].got and not providers["openai"].got
