"""The policy that is served: the reference in `envoy/gateway`, made to fit this machine."""

import hashlib
import json
import os
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[3] / "envoy/gateway/policy.yaml"
POLICY = Path(os.environ.get("POLICY") or REFERENCE)
PLACEHOLDER = "change-me"
LEDGER_ENDPOINT = "http://127.0.0.1:8700"
LEDGER_SECRET = "ledger-token"
# The tenant of the policy, and the one that the demo adds.
TENANT, SMALL, SMALL_KEY = "acme", "startup", "startup-key"
ENDPOINTS = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
SECRETS = {name: f"{name}-api-key" for name in ENDPOINTS}


def simulated(key: str, endpoints: dict[str, str], ledger: str) -> str:
    """The policy for a key, with simulated providers in the place of the real ones, and a second
    key of a tenant that has few credits."""
    text = real(key, ledger)
    [own] = [line for line in text.splitlines(True) if _digest(key) in line]
    small = own.replace(_digest(key), _digest(SMALL_KEY)).replace("acme", SMALL)
    text = text.replace(own, own + small)
    # A hold for each request: the tour shows what it costs as soon as it is over.
    text = text.replace("\ncredits:\n", "\ncredits:\n  lease: off\n")
    for name, endpoint in ENDPOINTS.items():
        text = text.replace(endpoint, endpoints[name])
    return text


def real(key: str, ledger: str) -> str:
    """The policy for a key of the app and a ledger's address."""
    text = POLICY.read_text().replace(_digest(PLACEHOLDER), _digest(key))
    return text.replace(LEDGER_ENDPOINT, ledger)


def without(bootstrap: str, missing: set[str]) -> str:
    """A rendered policy without the providers whose dialect is missing, and what rests on them."""
    policy = _inside(json.loads(bootstrap))
    providers, models = policy["providers"], policy["models"]
    gone = {name for name, provider in providers.items() if provider["dialect"] in missing}
    lost = {name for name, model in models.items() if model["provider"] in gone}
    _drop(providers, gone)
    _drop(models, lost)
    chains = policy["chains"]
    for name, chain in list(chains.items()):
        chains[name] = [model for model in chain if model not in lost]
    empty = {name for name, chain in chains.items() if not chain}
    _drop(chains, empty)
    policy["routes"] = [route for route in policy["routes"] if route["chain"] not in empty]
    return json.dumps(policy, indent=2)


def _inside(bootstrap: dict) -> dict:
    """The policy that Envoy hands to the edge role."""
    [listener] = bootstrap["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    edge = manager["http_filters"][0]["typed_config"]["config"]
    return json.loads(edge["configuration"]["value"])["policy"]


def _drop(table: dict, names: set[str]) -> None:
    for name in names:
        del table[name]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
