"""The tour's stops at the crossroads: what kind of request it is decides who answers it."""

import json
import re
import time

import policy
from apps import Seen, since
from tour import Step, Tour, claim, served

DECIDING: list[Step] = []

EASY = ["When is lunch?", "Say hello in French", "Which day follows Monday?"]
HARD = "Prove that there are infinitely many primes"
HEDGING = "Repeat after me: I'm not sure"
TRIALS = 40


def step(shows: str):
    """Adds a stop, in fair weather."""

    def add(run):
        DECIDING.append(Step(shows, [], run))
        return run

    return add


@step("Classes: simple questions go to a budget model, a proof goes to Claude")
def classes(tour: Tour) -> Seen:
    for question in EASY:
        served(tour.openai.ask("smart", question), "gemini-lite")
        claim(tour.openai.told("class") == "easy", "it is not said to be easy")
    seen = served(tour.openai.ask("smart", HARD), "claude-sonnet")
    claim(tour.openai.told("class") == "hard", "it is not said to be hard")
    seen.note = f"{len(EASY)} easy by gemini-lite, 1 hard by claude-sonnet"
    return seen


@step("Cascade: GPT-6 luna answers first, and its answer is good enough")
def accepted(tour: Tour) -> Seen:
    seen = served(tour.openai.ask("careful", "When is lunch?"), "gpt-luna")
    claim(len(tour.sim.tried()) == 1, f"the providers saw {tour.path()}")
    seen.note = tour.path()
    return seen


@step("Cascade: luna is not sure of itself; the app sees the larger model's answer alone")
def not_accepted(tour: Tour) -> Seen:
    seen = served(tour.openai.ask("careful", HEDGING), "gpt-sol", attempts=2)
    claim("openai/gpt-6-sol" in seen.text, f"the answer is `{seen.text}`")
    line = tour.envoy.line(tour.openai.told("request-id"))
    first = line["attempts"][0]
    claim(first["why"] == "hedging", f"it was not accepted for {first.get('why')}")
    seen.note = f"{tour.path()}: {first['why']} cost {line['unaccepted_credits']:.6f} credits"
    return seen


@step("Prompt: the gateway's own instructions stand before the app's, and a bound beside them")
def prompt(tour: Tour) -> Seen:
    seen = served(tour.openai.ask("helper", "When is lunch?"), "gemini-lite")
    [asked] = tour.sim.asked()
    told = json.dumps(asked)
    claim(f"You work for {policy.TENANT}," in told, f"the model was told {told}")
    claim('"maxOutputTokens": 200' in told, f"the model was told {told}")
    seen.note = f"You work for {policy.TENANT}, …; at most 200 tokens"
    return seen


@step("Context: a long conversation fits a small model without its oldest turns")
def context(tour: Tour) -> Seen:
    turns = [{"role": "system", "content": "You are a librarian."}]
    for chapter in range(1, 21):
        turns.append({"role": "user", "content": f"Chapter {chapter}: " + "once upon a time " * 60})
        turns.append({"role": "assistant", "content": f"I have read chapter {chapter}."})
    turns.append({"role": "user", "content": "What was it about?"})
    seen = served(tour.openai.ask("memory", turns), "gpt-narrow")
    said = tour.openai.told("context")
    dropped = re.fullmatch(r"dropped=(\d+)", said)
    claim(bool(dropped), f"x-tradewind-context says `{said}`")
    [asked] = tour.sim.asked()
    left = asked["messages"]
    claim(left[0]["content"] == turns[0]["content"], f"the instructions are gone: {left[0]}")
    claim(left[-1]["content"] == turns[-1]["content"], f"the question is gone: {left[-1]}")
    claim(len(left) == len(turns) - int(dropped[1]), f"{len(left)} messages are left")
    seen.note = f"{len(turns)} messages, {said}: {len(left)} were sent"
    return seen


@step(f"Experiment: {TRIALS} requests by lot between two models, and what the report says of them")
def experiment(tour: Tour) -> Seen:
    models = {"lite": "gemini-lite", "luna": "gpt-luna"}
    counted = dict.fromkeys(models, 0)
    for _ in range(TRIALS):
        seen = tour.openai.ask("trial", "When is lunch?")
        _, arm = tour.openai.told("experiment").split("=")
        served(seen, models[arm])
        counted[arm] += 1
    tour.envoy.line(tour.openai.told("request-id"))
    groups = tour.envoy.report("--policy", tour.envoy.policy)["groups"]
    [trial] = [group for group in groups if group["name"] == "lite-or-luna"]
    reported = {row["name"]: row["requests"] for row in trial["rows"]}
    claim(reported == counted, f"the report counts {reported}, not {counted}")
    chance = trial["mismatch_p"]
    claim(chance > 1e-6, f"shares like these have a chance of {chance}")
    seen.note = f"lite {counted['lite']}, luna {counted['luna']}; {tour.envoy.page.as_uri()}"
    return seen


@step("Saved: what `smart` has cost, beside the same answers at Claude's price")
def saved(tour: Tour) -> Seen:
    begin = time.perf_counter()
    options = ("--policy", tour.envoy.policy, "--premium", "claude-sonnet", "--by", "route")
    [routes] = tour.envoy.report(*options)["groups"]
    [smart] = [row for row in routes["rows"] if row["name"] == "smart"]
    share = smart["saved"]["value"]
    claim(0.2 < share < 0.9, f"{share:.1%} were saved")
    took, note = since(begin), f"{share:.0%} saved: {smart['paid']:.6f} of {smart['premium']:.6f}"
    return Seen("report", "", "-", 0, took, (0, 0), f"{note} credits")
