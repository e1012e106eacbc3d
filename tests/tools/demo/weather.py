"""The tour's stops in bad weather: providers fail, apps ask too much, and what becomes of it."""

import time

import openai

import policy
from apps import OpenAIApp, Seen, since
from tour import TOOL, Step, Tour, claim, raised, served

WEATHER: list[Step] = []

# Every second answer of Claude's fails, for longer than anybody asks for it here.
BROWN_OUT = [
    {"provider": "anthropic", "times": 1},
    {"provider": "anthropic", "times": 1, "status": 529, "error": "overloaded"},
] * 50
RATE_LIMITED = {"provider": "anthropic", "status": 429, "error": "rate_limit", "retry_after": "1"}
UNKNOWN = {
    "model": "gpt-5-mini",
    "status": 404,
    "body": {"error": {"message": "There is no such model", "code": "model_not_found"}},
}
DOWN = {"status": 500}
ALL_DOWN = {"status": 503, "retry_after": "1"}

# Asked so that nothing is sampled: the reference keeps such answers.
SAME = {"model": "auto", "temperature": 0}
QUESTION = "Where do the trade winds blow?"
# How often something is asked that is to happen at once, and for how long what takes a moment.
OFTEN, PATIENCE = 100, 5


def step(shows: str, *weather: dict):
    """Adds a stop, in its weather."""

    def add(run):
        WEATHER.append(Step(shows, list(weather), run))
        return run

    return add


@step("Cache: an answer that was given whole is given again, as a stream, for nothing")
def cached(tour: Tour) -> Seen:
    first = served(tour.openai.ask(content=QUESTION, **SAME), "claude-sonnet")
    seen, _ = tour.openai.stream(text=QUESTION, **SAME)
    claim(tour.openai.told("cache") == "hit", f"it is a {tour.openai.told('cache')}")
    claim(seen.text == first.text, f"the answer is `{seen.text}`, and was `{first.text}`")
    claim(len(tour.sim.tried()) == 1, f"the providers saw {tour.path()}")
    line = tour.envoy.line(tour.openai.told("request-id"))
    seen.note = f"age: {tour.openai.told_by('age')} s, {line['cache_saved']:.6f} credits saved"
    return seen


@step("Brown-out: half of Claude's answers fail, so it is asked no more for a time", *BROWN_OUT)
def brown_out(tour: Tour) -> Seen:
    asked, opened = _left_alone(tour)
    claim(opened["why"] == "rate", f"it is left alone for {opened['why']}")
    tour.sim.weather()
    seen, waited = _well_again(tour)
    seen.note = f"left alone after {asked} requests, and back after {waited:.1f} s"
    return seen


@step("Rate limit: Claude says 429 and to wait 1 s; it is left alone, no app waits", RATE_LIMITED)
def rate_limited(tour: Tour) -> Seen:
    _, opened = _left_alone(tour)
    claim(opened["why"] == "wait", f"it is left alone for {opened['why']}")
    path = tour.path()
    tour.sim.weather()
    seen, waited = _well_again(tour)
    seen.note = f"{path}; left alone for {opened['ms']} ms, and back after {waited:.1f} s"
    return seen


@step("Retired: an app asks for a Claude that is gone since January; its replacement answers")
def retired(tour: Tour) -> Seen:
    seen = served(tour.openai.ask("claude-gone", "Good morning"), "claude-sonnet")
    seen.note = tour.path()
    return seen


@step("Retiring: answers say the day; its provider forgets it before, and nobody notices")
def retiring(tour: Tour) -> Seen:
    served(tour.openai.ask("gpt-leaving", "Good morning"), "gpt-leaving")
    sunset = tour.openai.told_by("sunset")
    claim(f"{policy.LEAVES:%d %b %Y}" in sunset, f"Sunset is {sunset}")
    claim("deprecation" in tour.openai.headers, "there is no Deprecation")
    tour.sim.weather(UNKNOWN)
    seen = served(tour.openai.ask("gpt-leaving", "Good evening"), "gpt-luna", attempts=2)
    [opened] = tour.envoy.line(tour.openai.told("request-id")).get("opened", [{}])
    claim(opened.get("why") == "model_gone", f"it is left alone for {opened.get('why')}")
    seen.note = f"Sunset: {sunset}; {tour.path()}"
    return seen


@step("Rate: hasty asks once a second at most, and is told when to come again; an SDK does")
def over_rate(tour: Tour) -> Seen:
    tour.ledger.buy(policy.HASTY, "1")
    hasty = OpenAIApp(tour.url, policy.HASTY_KEY, max_retries=0)
    for answered in range(OFTEN):
        try:
            hasty.ask("fast", "Are we there yet?")
        except openai.RateLimitError as error:
            headers = error.response.headers
            break
    else:
        claim(False, f"{OFTEN} requests were let through")
    claim(len(tour.sim.tried()) == answered, f"a provider was asked: {tour.path()}")
    wait, left = headers.get("retry-after"), headers.get("x-ratelimit-remaining-requests")
    claim((wait, left) == ("1", "0"), f"Retry-After is {wait}, and {left} are left")
    seen = served(OpenAIApp(tour.url, policy.HASTY_KEY).ask("fast", "Are we there?"), "gemini-lite")
    seen.note = f"{answered} answers, then RateLimitError 429, Retry-After: {wait}; then one more"
    return seen


@step("Session: an agent that calls its tool over and over is ended, and told how to go on")
def runaway(tour: Tour) -> Seen:
    ask = {"role": "user", "content": "Please call the tool get_weather"}
    begin, turns = time.perf_counter(), [ask]
    for answered in range(OFTEN):
        try:
            tour.openai.ask("auto", turns, tools=[TOOL], extra_headers={"x-session-id": "agent-7"})
        except openai.BadRequestError as error:
            claim(error.code == "session_limit", f"raised {error}")
            told = error.body["message"].split(" (")[0]
            note = f"{answered} calls, then {type(error).__name__} 400, {error.code}: {told}"
            return Seen("auto", "", "nobody", 0, since(begin), (0, 0), note)
        call = tour.openai.message
        turns.append(call.model_dump(exclude_none=True))
        for asked in call.tool_calls or []:
            turns.append({"role": "tool", "tool_call_id": asked.id, "content": "Try again."})
        turns.append(ask)
    claim(False, f"{OFTEN} requests were let through")


@step("Everything down, and asked before: the app gets the answer that it had, an old one", DOWN)
def stale(tour: Tour) -> Seen:
    end = time.monotonic() + PATIENCE
    seen = tour.openai.ask(content=QUESTION, **SAME)
    while tour.openai.told("cache") == "hit" and time.monotonic() < end:
        time.sleep(0.1)
        seen = tour.openai.ask(content=QUESTION, **SAME)
    claim(tour.openai.told("degraded") == "stale", f"{tour.openai.told('degraded')} stands in")
    claim(QUESTION in seen.text, f"the answer is `{seen.text}`")
    seen.note = f"degraded: stale, age: {tour.openai.told_by('age')} s, after {tour.path()}"
    return seen


@step("Everything down: the SDK waits as Retry-After says, twice, then raises", ALL_DOWN)
def all_down(tour: Tour) -> Seen:
    seen, error = raised(tour, "auto", openai.InternalServerError)
    wait, tried = error.response.headers.get("retry-after"), tour.sim.tried()
    claim(wait == "1", f"Retry-After is {wait}, not 1")
    claim(seen.milliseconds > 2000, f"the SDK gave up after {seen.milliseconds:.0f} ms")
    claim(len(set(tried)) == 4, f"the providers saw {tour.path()}")
    seen.note += f", Retry-After: {wait}, after {len(tried)} attempts of {len(set(tried))} models"
    tour.sim.weather()
    _well_again(tour)
    return seen


def _left_alone(tour: Tour) -> tuple[int, dict]:
    """Asks until Claude is asked no more: how often that was, and what the log says of it."""
    last = None
    for asked in range(OFTEN):
        seen = tour.openai.ask("auto", "Good morning")
        if seen.model == "claude-sonnet":
            continue
        if seen.attempts > 1:
            last = tour.openai.told("request-id")
            continue
        claim(last is not None, f"{seen.model} is asked before Claude")
        opened = tour.envoy.line(last).get("opened")
        claim(bool(opened), "the log does not say why")
        return asked, opened[0]
    claim(False, f"Claude was asked {OFTEN} times")


def _well_again(tour: Tour) -> tuple[Seen, float]:
    """Asks until Claude answers again: its answer, and how many seconds that took."""
    begin = time.perf_counter()
    while (waited := since(begin) / 1000) < PATIENCE:
        seen = tour.openai.ask("auto", "Good evening")
        if seen.model == "claude-sonnet":
            return served(seen, "claude-sonnet"), waited
        time.sleep(0.05)
    claim(False, "Claude is left alone though it is well")
