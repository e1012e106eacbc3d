"""Everything goes wrong at once, and whoever asks is answered."""

import copy
import json
import os

import pytest

from conftest import ENVOYS, NEWEST
from support.gateway import CHAT, MESSAGES
from support.ledger import Entry
from support.policy import GPT
from support.sim import Request
from support.storm import books, endings
from support.storm.storm import storm
from support.storm.weather import HARMLESS, ILLS, PROVIDERS, script
from support.storm.wire import Answer
from support.stubborn import chat_chunk, message_events

# The long form is `make storm`; another seed is other weather.
SECONDS = float(os.environ.get("STORM_SECONDS") or 30)
SEED = int(os.environ.get("STORM_SEED") or 1)


def test_a_storm_is_carried_through():
    report = storm(ENVOYS[NEWEST], f"storm-{NEWEST}", SECONDS, seed=SEED)
    print(report.figures)
    assert not report.wrong, "\n".join([*report.wrong, str(report.figures)])
    figures = report.figures
    # It was one: each sort of ending was there.
    assert figures["answered"] > 20 * SECONDS, figures
    usual = ("refused", "interrupted", "cut", "left", "from the cache", "policies", "estimated")
    for what in usual:
        assert figures[what] > 0, (what, figures)


def test_somebody_is_well_at_any_time_and_every_ill_has_its_turn():
    moments = script(120, seed=1)
    seen = set()
    rows = [moment.rows for moment in moments]
    for before, after in zip([[], *rows], rows):
        sick = {row["provider"] for row in before + after}
        assert len(sick) < len(PROVIDERS), "nobody stays well from one to the next"
        seen |= {name for name, ill in ILLS.items() for row in after if ill.items() <= row.items()}
    assert seen == set(ILLS) > HARMLESS


STREAM = {"content-type": "text/event-stream"}
CHUNKS = [chat_chunk("Hi"), chat_chunk(reason="stop"), b"data: [DONE]\n\n"]
EVENTS = message_events("Hi")
BROKEN = b'data: {"error":{"message":"m","type":"t"}}\n\n'
NO_ANSWERS = {
    "no end": (CHAT, CHUNKS[:2]),
    "two ends": (CHAT, [*CHUNKS, CHUNKS[2]]),
    "two reasons": (CHAT, [*CHUNKS[:2], *CHUNKS[1:]]),
    "an error, then words": (CHAT, [BROKEN, *CHUNKS]),
    "an end, then an error": (CHAT, [*CHUNKS[:2], BROKEN]),
    "half an event": (CHAT, [*CHUNKS, b"data: "]),
    "a message without end": (MESSAGES, EVENTS[:-1]),
    "a message that begins twice": (MESSAGES, [EVENTS[0], *EVENTS]),
    "an open block": (MESSAGES, [*EVENTS[:3], *EVENTS[4:]]),
    "nothing": (MESSAGES, []),
}


@pytest.mark.parametrize("path, parts", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_proper_ending_is_seen(path, parts):
    with pytest.raises(endings.Improper):
        endings.judge(path, True, Answer(200, STREAM, b"".join(parts), "whole"))


@pytest.mark.parametrize("path, parts", [(CHAT, CHUNKS), (MESSAGES, EVENTS)])
def test_what_is_one_is_seen_as_well(path, parts):
    ending, message = endings.judge(path, True, Answer(200, STREAM, b"".join(parts), "whole"))
    assert ending == endings.ANSWERED and "Hi" in json.dumps(message)
    for end in ("nothing", "for ever", "wrong: x"):
        with pytest.raises(endings.Improper):
            endings.judge(path, True, Answer(200, STREAM, b"".join(parts), end))
    with pytest.raises(endings.Improper):
        endings.judge(path, False, Answer(200, {}, b"{}", "cut"))


def test_a_token_too_much_is_seen():
    usage = {"input": 9, "cached": 2, "cache_write": 0, "output": 3, "thinking": 1}
    answered = {"usage": usage, "ending": "whole", "weather": None}
    entry = {"provider": "openai", "model": GPT, "path": CHAT, "body": "[mark:n7n]", "headers": []}
    given = Request({**entry, "answered": answered})
    paid = {"input": 7, "cached_input": 2, "output": 4, "reasoning": 1}
    charge = {"credits": "-1", "model": "gpt", "usage": paid, "estimated": False}
    assert books.compare([Entry(charge)], [given], {7}) == []
    other = copy.deepcopy(charge)
    other["usage"]["output"] += 1
    assert len(books.compare([Entry(other)], [given], {7})) == 2
    assert len(books.compare([], [given], {7})) == 1
    assert len(books.compare([Entry(charge)] * 2, [given], {7})) == 1
    assert books.compare([], [given], set()) == [], "whose app left is an estimate"
