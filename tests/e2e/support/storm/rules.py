"""The policy of a storm: everything that carries traffic through bad weather is on."""

import copy
import hashlib

from ..credits import PRICES
from ..policy import policy
from ..sim import Sim

# One for each sort of app; what stands here is bought before the storm.
TENANTS = ["talking", "agents", "leaving", "narrow", "bounded", "looping", "careful"]
PURCHASE = "5000"
# Requests that run at once of `narrow`, requests of a session, requests of `bounded` at once.
RUNNING, STEPS, BOUND = 4, 20, 10
# What no answer may say that its cascade accepts: an app that says it gets the last model's.
DOUBT = "I am not sure"
# The longest that a model is left alone: fair weather lasts longer before another provider fails.
MOST_OPEN_S = 2
IDLE_S = 2


def key(tenant: str) -> str:
    """The key of a tenant's apps."""
    return f"storm-key-of-{tenant}"


def rules(sim: Sim, ledger: str) -> dict:
    """The policy, for these providers and a ledger at this address."""
    own = policy(sim.openai, sim.anthropic, sim.google)
    keys = own["identity"][0]["api_key"]["keys"]
    for tenant in TENANTS:
        keys.append({"sha256": hashlib.sha256(key(tenant).encode()).hexdigest(), "tenant": tenant})
    for name, model in own["models"].items():
        model["price"] = PRICES[name]
    own["chains"] |= {
        "work": ["gpt", "gemini", "claude"],
        "back": ["gemini", "claude", "gpt"],
        "careful": {
            "cascade": ["gpt", "claude", "gemini"],
            "accept": {"hedging": [DOUBT]},
            "streaming": "wait",
        },
    }
    own["routes"] += [{"models": [name], "chain": name} for name in ("work", "back", "careful")]
    own["request_headers"] = ["x-session"]
    own["limits"]["rate"] = [
        {"tokens": 1_000_000, "per": "day", "burst": 1_000_000_000},
        {"concurrent": 1_000},
        {"concurrent": RUNNING, "tenants": ["narrow"], "name": "narrow"},
        {"requests": 5, "per": "second", "burst": BOUND, "tenants": ["bounded"], "name": "bounded"},
    ]
    own["limits"]["session"] = {"by": {"header": "x-session"}, "requests": STEPS}
    own["sticky"] = {"by": "conversation", "for": "1m"}
    own["cache"] = {
        "routes": ["auto", "work"],
        "when": {"temperature": {"at_most": 0}},
        "ttl": "3s",
        "stale_for": "1m",
    }
    own["resilience"] = {
        "attempts": 3,
        "idle_timeout": f"{IDLE_S}s",
        "breaker": {
            "failures": 3,
            "rate": {"share": "50%", "requests": 20},
            "window": "5s",
            "open_for": "400ms",
            "max_open_for": f"{MOST_OPEN_S}s",
        },
        "fallback": ["stale_cache", "error"],
    }
    own["credits"] = {
        "endpoint": ledger,
        "secret": "ledger-key",
        "timeout": "500ms",
        "hold_for": "8s",
        "lease": {"credits": "2", "seconds": 3},
        "on_unavailable": "grace",
        "grace": {"credits": "1000", "seconds": 60},
    }
    return own


def changed(own: dict, number: int) -> dict:
    """The same with another name for a route, which serves once the change is there."""
    fresh = copy.deepcopy(own)
    fresh["routes"].append({"models": [fresh_name(number)], "chain": "back"})
    return fresh


def fresh_name(number: int) -> str:
    """What apps ask for by the change of that number."""
    return f"fresh-{number}"
