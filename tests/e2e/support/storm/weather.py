"""The script of a storm: what becomes of providers, and of the ledger, from moment to moment."""

import random
from dataclasses import dataclass

from .rules import IDLE_S, MOST_OPEN_S

PROVIDERS = ["openai", "anthropic", "gemini"]
# What a provider does for a while; more often than not it is one of the usual ones.
ILLS = {
    "overloaded": {"error": "overloaded"},
    "500": {"status": 500},
    "502": {"status": 502},
    "503 with a hint": {"status": 503, "retry_after": "1"},
    "429 with a hint": {"status": 429, "retry_after": "1"},
    "429 without": {"status": 429},
    "429 with a reset": {"status": 429, "headers": {"x-ratelimit-reset-requests": "900ms"}},
    "429 with a wait of years": {"status": 429, "retry_after": "99999999999999999999"},
    "429 with no time": {"status": 429, "retry_after": "-1"},
    "408": {"status": 408},
    "a redirect": {"status": 307},
    "a status that is none": {"status": 599},
    "no money": {"error": "quota"},
    "key refused": {"error": "auth"},
    "model gone": {"error": "not_found"},
    "reset": {"reset": "before_headers"},
    "reset after headers": {"reset": "after_headers"},
    "reset in mid-stream": {"reset": "after_events:2"},
    "closed": {"close": "before_headers"},
    "closed after headers": {"close": "after_headers"},
    "closed in mid-stream": {"close": "after_events:2"},
    "silent": {"silent": True},
    "silent after headers": {"stall": "after_headers"},
    "silent in mid-stream": {"stall": "after_events:2"},
    "an error first": {"error_event": "before_content"},
    "an error in mid-stream": {"error_event": "after_events:2"},
    "an error in a 200": {"error_in_200_body": True},
    "a page of HTML": {"not_json": True},
    "a huge error": {"huge_body_bytes": 3 << 20},
    "slow tokens": {"chunk_delay_ms": 40},
    "slow start": {"latency_ms": 600},
    "no usage": {"missing_usage": True},
}
# Those that are an answer all the same.
HARMLESS = {"slow tokens", "slow start", "no usage"}
# After these a stream that has begun is at its end, whatever anybody does.
MIDWAY = ("reset", "close", "stall", "error_event")
# What the ledger does: a word of `Between`, or `killed`, and for how long, in seconds.
KILLED = "killed"
LEDGER = [
    ("fair", 4), ("refused", 2), ("fair", 3), ("silent", 1.5), ("fair", 3), ("503", 1.5),
    ("fair", 3), (KILLED, 1), ("fair", 3), ("lost", 1), ("fair", 3), ("reset", 1), ("fair", 3),
]
# How long one provider stays well while the others have their ills, and an ill lasts.
ANCHORED_S, ILL_S, BLINK_S = 9.0, 1.5, 0.15
# How long weather rolls from provider to provider after that, how long one of them is well
# meanwhile, and for how long the one before it still is.
ROLLING_S, ROLL_S, OVERLAP_S = 9.0, 0.9, 0.1
# Ills that a request has soon behind it: whoever waits for one of the others asks the next model
# when that is ill, too.
QUICK = [
    name for name, ill in ILLS.items()
    if name not in HARMLESS and not {"silent", "stall", "huge_body_bytes"} & set(ill)
]


@dataclass
class Moment:
    """What holds for so many seconds: rows of weather, none for fair weather."""

    seconds: float
    rows: list[dict]
    name: str


def script(seconds: float, seed: int) -> list[Moment]:
    """Weather for so long. One provider is always well. Which it is changes at first only in fair
    weather that lasts until the others are asked again; then weather rolls from one to the next,
    and whoever is well has just been ill."""
    chance = random.Random(seed)
    ills = list(ILLS)
    chance.shuffle(ills)
    moments, spent, turn = [], 0.0, 0
    calm = MOST_OPEN_S + IDLE_S + 0.5

    def add(length: float, rows: list[dict], name: str) -> None:
        nonlocal spent
        moments.append(Moment(length, rows, name))
        spent += length

    while spent < seconds:
        well = PROVIDERS[turn % 3]
        ill = [name for name in PROVIDERS if name != well]
        for _ in range(int(ANCHORED_S / ILL_S)):
            # Every ill comes before one comes again.
            names = [ills.pop() for _ in range(2) if ills]
            if len(names) < 2:
                ills = list(ILLS)
                chance.shuffle(ills)
                names += [ills.pop() for _ in range(2 - len(names))]
            rows = [{"provider": at, **ILLS[name]} for at, name in zip(ill, names)]
            name = f"{well} is well, " + ", ".join(f"{at}: {n}" for at, n in zip(ill, names))
            if chance.random() < 0.3:
                # A brown-out: it fails, and does not, and fails.
                for _ in range(int(ILL_S / BLINK_S / 2)):
                    add(BLINK_S, rows, f"{name}, at times")
                    add(BLINK_S, [], "between")
            else:
                add(ILL_S, rows, name)
        add(calm, [], "fair")
        turn += 1
        sick = {name: ILLS[chance.choice(QUICK)] for name in PROVIDERS}
        for step in range(int(ROLLING_S / ROLL_S)):
            well, after = (PROVIDERS[(turn + step + more) % 3] for more in (0, 1))
            for length, both in ((ROLL_S, {well}), (OVERLAP_S, {well, after})):
                rows = [{"provider": at, **ill} for at, ill in sick.items() if at not in both]
                add(length, rows, f"rolling, {' and '.join(sorted(both))} well")
            # Who is ill from now on has an ill of its own.
            sick[well] = ILLS[chance.choice(QUICK)]
        add(calm, [], "fair")
    return moments
