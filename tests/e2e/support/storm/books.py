"""What the ledger has charged beside what the providers have answered, to the token."""

from collections import Counter

from ..ledger import Entry, Ledger
from ..policy import CLAUDE, GEMINI, GPT, HAIKU, THINKER
from ..sim import Request
from .rules import TENANTS
from .weather import MIDWAY

NAMES = {CLAUDE: "claude", GPT: "gpt", GEMINI: "gemini", HAIKU: "haiku", THINKER: "thinker"}


def charges(ledger: Ledger) -> list[Entry]:
    """Everything that was charged."""
    return [entry for tenant in TENANTS for entry in ledger.entries(tenant)]


def compare(entries: list[Entry], requests: list[Request], waited: set[int]) -> list[str]:
    """What does not agree.

    Each charge that is no estimate is an answer that a provider gave. Each answer that a provider
    gave whole, with its tokens, to a request whose app waited for its end is a charge."""
    wrong = []
    charged = Counter(_charge(entry) for entry in entries if not entry.estimated)
    given = Counter(_given(request) for request in requests if request.answered["usage"])
    for what, count in (charged - given).items():
        wrong.append(f"charged {count} times more than answered: {what}")
    owed = Counter(_given(own) for own in requests if _is_owed(own, waited))
    for what, count in (owed - charged).items():
        wrong.append(f"answered {count} times more than charged: {what}")
    return wrong


def _charge(entry: Entry) -> tuple:
    usage = {part: count for part, count in entry.usage.items() if count}
    return entry.model, tuple(sorted(usage.items()))


def _given(request: Request) -> tuple:
    own = request.answered["usage"]
    usage = {
        "input": own["input"] - own["cached"] - own["cache_write"],
        "cached_input": own["cached"],
        "cache_write": own["cache_write"],
        "output": own["output"] + own["thinking"],
        "reasoning": own["thinking"],
    }
    return NAMES[request.model], tuple(sorted((n, count) for n, count in usage.items() if count))


def _is_owed(request: Request, waited: set[int]) -> bool:
    answered, weather = request.answered, request.answered["weather"] or {}
    if not answered["usage"] or answered["ending"] != "whole" or weather.get("missing_usage"):
        return False
    if any(word in weather for word in MIDWAY):
        return False
    return number(request.body) in waited


def number(body: str) -> int | None:
    """The number of an app's request within a provider's."""
    parts = body.rsplit("[mark:n", 1)
    return int(parts[1].split("n]", 1)[0]) if len(parts) > 1 else None
