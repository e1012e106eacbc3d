"""Credits: what models cost, who pays, and a policy that says so."""

import copy
import hashlib
import itertools
import json
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

import anthropic
import httpx
import openai

from .gateway import CHAT, MESSAGES, Gateway
from .ledger import Entry, Ledger

# Of no two models the same, so that a charge tells whose it is.
PRICES = {
    "claude": {
        "input": "3",
        "cached_input": "0.3",
        "cache_write": "3.75",
        "cache_write_1h": "6",
        "output": "15",
    },
    "gpt": {"input": "2.5", "cached_input": "1.25", "output": "10"},
    "thinker": {"input": "1.25", "cached_input": "0.125", "output": "10", "reasoning": "12"},
    "gemini": {"input": "1.25", "cached_input": "0.31", "output": "11"},
    "tiny": {"input": "0.15", "output": "0.6"},
    "plain": {"input": "1", "output": "5"},
    "haiku": {"input": "0.9", "output": "4.5"},
}
# How a usage is told, and which price is for it.
PARTS = {
    "input": "input",
    "cached_input": "cached_input",
    "cache_write": "cache_write",
    "cache_write_1h": "cache_write_1h",
}
TENANTS = 400
# What stands in front of a number, by what the keys of such tenants say.
PLAIN, ANN, BOB = "t", "ann", "bob"


def cost(model: str, usage: dict[str, int]) -> Decimal:
    """What a usage costs: each part at its price, rounded up once to a millionth."""
    price = {name: Decimal(text) for name, text in PRICES[model].items()}
    thought = usage.get("reasoning", 0)
    output = usage.get("output", 0) - thought
    sum_ = output * price["output"] + thought * price.get("reasoning", price["output"])
    for part, name in PARTS.items():
        sum_ += usage.get(part, 0) * price.get(name, price["input"])
    return sum_.quantize(Decimal(1), ROUND_CEILING) / 1_000_000


def credits_policy(rules: dict, ledger: str, **credits) -> dict:
    """The same policy with prices, a ledger at this base URL, and tenants to use up."""
    rules = copy.deepcopy(rules)
    for name, model in rules["models"].items():
        model["price"] = PRICES[name]
    rules["credits"] = {"endpoint": ledger, "secret": "ledger-key", "timeout": "3s", "lease": "off"}
    rules["credits"].update(credits)
    keys = rules["identity"][0]["api_key"]["keys"]
    for number in range(TENANTS):
        tenant = f"t{number}"
        keys.append({"sha256": _digest(f"{PLAIN}-{number}"), "tenant": tenant})
        for user in (ANN, BOB):
            labels = {"user": user, "key": f"{user}-laptop"}
            keys.append({"sha256": _digest(f"{user}-{number}"), "tenant": tenant, **labels})
    return rules


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Purses:
    """Tenants that nobody has used yet."""

    def __init__(self, ledger: Ledger):
        self.ledger, self.numbers = ledger, itertools.count()

    def new(self, credits: str | None = None) -> "Purse":
        """A tenant of its own, with credits or unknown to the ledger."""
        purse = Purse(self.ledger, next(self.numbers))
        assert purse.number < TENANTS
        if credits is not None:
            purse.buy(credits)
        return purse


@dataclass
class Purse:
    """A tenant and its keys."""

    ledger: Ledger
    number: int

    @property
    def tenant(self) -> str:
        return f"t{self.number}"

    def key(self, whose: str = PLAIN) -> str:
        """A key that speaks for it."""
        return f"{whose}-{self.number}"

    def headers(self, whose: str = PLAIN) -> dict[str, str]:
        """The same as a header."""
        return {"authorization": f"Bearer {self.key(whose)}"}

    def buy(self, credits: str) -> None:
        """More credits."""
        self.ledger.buy(self.tenant, credits)

    def account(self) -> dict:
        """How it stands."""
        return self.ledger.tenant(self.tenant)

    def balance(self) -> Decimal:
        """What it has, holds or not."""
        return Decimal(self.account()["balance"])

    def settled(self, count: int, seconds: float = 5) -> list[Entry]:
        """Its charges, once there are so many and nothing is held."""
        return self.ledger.settled(self.tenant, count, seconds)

    def openai(self, gateway: Gateway, **options) -> openai.OpenAI:
        """Its OpenAI app."""
        return gateway.openai(self.key(), **options)

    def anthropic(self, gateway: Gateway, **options) -> anthropic.Anthropic:
        """Its Anthropic app."""
        return gateway.anthropic(self.key(), **options)

    def ask(
        self,
        gateway: Gateway,
        path: str = CHAT,
        text: str = "hello",
        model: str = "gpt",
        whose: str = PLAIN,
        timeout: float = 30,
        **more,
    ) -> httpx.Response:
        """One request, without an SDK."""
        body = request(path, text, model, **more)
        headers = self.headers(whose)
        return gateway.http.post(path, json=body, headers=headers, timeout=timeout)


def request(path: str, text: str, model: str, **more) -> dict:
    """The body of a request in the dialect of a path."""
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    if path == MESSAGES:
        body["max_tokens"] = 1_000
    return {**body, **more}


def paid(entry: Entry, model: str, outcome: str = "answered", estimated: bool = False) -> None:
    """Checks a charge: whose, how it ended, and that it is the price of what was used."""
    assert (entry.model, entry.outcome, entry.estimated) == (model, outcome, estimated), entry
    assert entry.credits == cost(model, entry.usage) > 0, entry


def text_of(line: str) -> str:
    """The text that a line of a stream brings, in either dialect."""
    if not line.startswith("data: {"):
        return ""
    event = json.loads(line.removeprefix("data: "))
    if event.get("type") == "content_block_delta":
        return event["delta"].get("text", "")
    return "".join(choice["delta"].get("content") or "" for choice in event.get("choices", []))


def stream_text(body: str) -> str:
    """All text of a stream."""
    return "".join(map(text_of, body.splitlines()))
