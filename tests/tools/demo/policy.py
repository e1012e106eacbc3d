"""The policy that is served: the reference in `envoy/gateway`, made to fit this machine."""

import datetime
import hashlib
import json
import os
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[3] / "envoy/gateway/policy.yaml"
POLICY = Path(os.environ.get("POLICY") or REFERENCE)
PLACEHOLDER = "change-me"
LEDGER_ENDPOINT = "http://127.0.0.1:8700"
LEDGER_SECRET = "ledger-token"
# The tenant of the policy, and those that the demo adds: one with few credits, one in a hurry.
TENANT = "acme"
SMALL, SMALL_KEY = "startup", "startup-key"
HASTY, HASTY_KEY = "hasty", "hasty-key"
ENDPOINTS = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com",
    "gemini": "https://generativelanguage.googleapis.com",
}
SECRETS = {name: f"{name}-api-key" for name in ENDPOINTS}

LEAVES = datetime.date.today() + datetime.timedelta(days=100)
# A tour has no time: how long a model is left alone, how long an answer is given again, and how
# many requests an agent may make, in the place of what the reference says.
SHORTER = {
    "open_for: 15s, max_open_for: 5m": "open_for: 1s, max_open_for: 1s",
    "ttl: 10m": "ttl: 2s",
    "requests: 500": "requests: 8",
    # A hold for each request: what it costs is known as soon as it is over.
    "\ncredits:\n": "\ncredits:\n  lease: off\n",
}

# What the tour shows beside the reference: by the line that it stands behind. A model that has room
# for a few pages, one that is gone and one that leaves, a route for each thing, two arms of an
# experiment, what is added to a request, and a limit that is soon met.
SHOWN = {
    "  rate:": f"""
    - {{requests: 1, per: second, burst: 2, tenants: [{HASTY}]}}""",
    "models:": f"""
  claude-gone:
    provider: anthropic
    name: claude-sonnet-4-5
    context_window: 200000
    max_output_tokens: 64000
    capabilities: [tools, images]
    price: {{input: "2", output: "10"}}
    deprecated: {{after: 2026-01-01, replacement: claude-sonnet}}
  gpt-leaving:
    provider: openai
    name: gpt-5-mini
    context_window: 400000
    max_output_tokens: 128000
    capabilities: [tools, images]
    price: {{input: "0.10", output: "0.50"}}
    deprecated: {{after: {LEAVES}, replacement: gpt-luna}}
  gpt-narrow:
    provider: openai
    name: gpt-6-luna
    context_window: 3000
    max_output_tokens: 500
    capabilities: [tools]
    price: {{input: "0.10", cached_input: "0.01", cache_write: "0.125", output: "0.50"}}""",
    "chains:": """
  gone: [claude-gone]
  leaving: [gpt-leaving]
  luna: [gpt-luna]
  narrow: [gpt-narrow]""",
    "  - {models: [careful], chain: careful}": """
  - {models: [trial, helper], chain: budget}
  - {models: [memory], chain: narrow}
  - {models: [claude-gone], chain: gone}
  - {models: [gpt-leaving], chain: leaving}""",
    "version: tradewind/v1": """
experiments:
  - name: lite-or-luna
    when: {requested_model: [trial]}
    unit: request
    arms: [{name: lite, weight: 1}, {name: luna, weight: 1, chain: luna}]
prompt:
  - when: {requested_model: [helper]}
    prepend_system: "You work for {{tenant}}, and answer in one sentence."
    cap: {max_tokens: 200}
context: {overflow: drop_oldest}""",
}


def simulated(key: str, endpoints: dict[str, str], ledger: str) -> str:
    """The policy for a key, with simulated providers in the place of the real ones, keys of two
    more tenants, and what the tour shows beside."""
    text = real(key, ledger)
    [own] = [line for line in text.splitlines(True) if _digest(key) in line]
    for tenant, others in ((SMALL, SMALL_KEY), (HASTY, HASTY_KEY)):
        line = own.replace(_digest(key), _digest(others)).replace(TENANT, tenant)
        text = text.replace(own, own + line)
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    for line, more in SHOWN.items():
        text = text.replace(f"\n{line}\n", f"\n{line}{more}\n")
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
        chains[name] = _left(chain, lost)
    empty = {name for name, chain in chains.items() if not chain}
    _drop(chains, empty)
    policy["routes"] = [route for route in policy["routes"] if not _leads_to(route) & empty]
    return json.dumps(policy, indent=2)


def _left(chain: list | dict, lost: set[str]) -> list | dict:
    """A chain without some models; of a cascade one model alone is nobody to judge."""
    if isinstance(chain, list):
        return [model for model in chain if model not in lost]
    cascade = [model for model in chain["cascade"] if model not in lost]
    return {**chain, "cascade": cascade} if len(cascade) > 1 else cascade


def _leads_to(route: dict) -> set[str]:
    """The chains of a route: one, or one for each class."""
    chain = route["chain"]
    return set(chain.values()) if isinstance(chain, dict) else {chain}


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
