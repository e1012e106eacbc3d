"""`make demo`: simulated providers, the tour, and then everything stays up."""

import os

import anthropic
import openai

import policy
import screen
from apps import Seen
from deciding import DECIDING
from screen import paint, say, wrong
from receiver import Receiver
from spending import BUYING, SPENDING
from stack import Stack
from tour import STEPS, Broken, Step, Tour
from trouble import Trouble
from weather import WEATHER

# The last stop leaves models alone that nobody tries again before Claude fails: nothing follows it.
ALL = BUYING + STEPS + DECIDING + WEATHER[:-1] + SPENDING + WEATHER[-1:]
KEY = "demo-key"
CLAUDE_AWAY = '{"model": "claude-*", "status": 529}'
TITLE = "Tradewind: official SDKs, unchanged -> Envoy -> OpenAI, Anthropic, Gemini (simulated)"


def serve(stack: Stack, once: bool) -> int:
    """Everything, to its end; the exit code."""
    _forget_accounts()
    sim = stack.start_sim()
    for name, secret in policy.SECRETS.items():
        stack.secret(secret, f"simulated-{name}-key")
    receiver = Receiver()
    ledger = stack.start_ledger(receiver.url)
    receiver.secret = ledger.secret
    envoy = stack.start_envoy(policy.simulated(KEY, sim.endpoints, ledger.url))
    say(paint(TITLE, "bold"))
    try:
        tour = Tour(envoy, KEY, sim, ledger, receiver)
    except (openai.OpenAIError, anthropic.AnthropicError) as error:
        raise Trouble(f"the gateway does not list its models: {error}", envoy.log) from None
    failed = 0
    for number, step in enumerate(ALL, 1):
        if not _walk(number, step, tour):
            failed += 1
            stack.check()
    if failed:
        wrong(f"{failed} of {len(ALL)} steps do not show what they say")
        wrong(f"the logs are in {stack.folder}")
        return 1
    if once:
        say(paint(f"all {len(ALL)} steps show what they say", "green"))
        return 0
    sim.weather()
    stack.done = True
    screen.invite(
        "It stays up until Ctrl-C. Try:",
        *(envoy.url, KEY, tour.models, stack.folder, envoy.admin_url),
        f"weather  curl {sim.url}/weather -d '{CLAUDE_AWAY}'",
        f"         curl {sim.url}/weather -X DELETE       fair again",
        f"         curl {sim.url}/requests                what the providers were asked",
        f"credits  {ledger.page}",
        "         the operator's page: tenants, balances, spending; in a browser, or with curl",
        f"report   {envoy.page.as_uri()}",
        "         the experiment of the tour, and what was saved: `tradewind report` on envoy.out",
    )
    stack.stay()


def _walk(number: int, step: Step, tour: Tour) -> bool:
    """One step, on two lines; whether it shows what it says."""
    say(f"{number:2}  {step.shows}")
    tour.sim.weather(*step.weather)
    try:
        seen = step.run(tour)
    except Broken as broken:
        wrong(f"    FAILED: {broken}")
    except Trouble:
        raise
    except Exception as error:
        wrong(f"    FAILED: {type(error).__name__}: {error}")
    else:
        say(f"    {paint('ok', 'green')}  {paint(_line(seen), 'dim')}")
        return True
    wrong(f"    the providers saw: {tour.path() or 'nothing'}")
    return False


def _line(seen: Seen) -> str:
    """What happened, in columns."""
    attempts = "1 attempt " if seen.attempts == 1 else f"{seen.attempts} attempts"
    tokens = "{}+{} tokens".format(*seen.tokens) if any(seen.tokens) else "no tokens"
    way = f"{seen.route} -> {seen.model}"
    took = f"{seen.milliseconds:.0f} ms"
    return f"{way:29}{attempts:10}  {took:>7}  {tokens:12}  {seen.note}".rstrip()


def _forget_accounts() -> None:
    """The tour's apps are strangers: no address and no key of this machine's own accounts."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTHROPIC_")):
            del os.environ[name]
