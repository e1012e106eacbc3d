"""`make run`: the policy on the real providers, with the keys of this machine."""

import os
import secrets
from pathlib import Path

import httpx

import policy
import screen
from screen import say
from stack import Stack, render
from trouble import Trouble

# What a run may spend, in US dollars at the prices of the policy.
CREDITS = "10"

# Where each provider's SDK looks for its key too.
VARIABLES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "gemini": "GEMINI_API_KEY",
}


def serve(stack: Stack, once: bool) -> int:
    """Everything, to its end; the exit code."""
    missing = _keys(stack)
    key = os.environ.get("TRADEWIND_KEY") or f"tw-{secrets.token_hex(12)}"
    ledger = stack.start_ledger()
    ledger.buy(policy.TENANT, CREDITS)
    text = policy.real(key, ledger.url)
    if missing:
        stack.policy.write_text(text)
        for name in missing:
            # Only so that it can be rendered: what has no key is taken out right after.
            stack.secret(policy.SECRETS[name], "none")
        text = policy.without(render(stack.policy, stack.folder / "secrets"), missing)
    envoy = stack.start_envoy(text)
    models = _models(envoy.url, key, envoy.log)
    stack.done = True
    screen.invite(
        "It stays up until Ctrl-C. Providers charge for every answer. Try:",
        *(envoy.url, key, models, stack.folder, envoy.admin_url),
        f"credits  {ledger.page}",
        f"         the operator's page: {CREDITS} credits to spend, gone with this run",
        "key      it is new with every run; TRADEWIND_KEY sets one that stays",
    )
    if once:
        return 0
    stack.stay()


def _keys(stack: Stack) -> set[str]:
    """Writes each provider's key for Envoy; says which have none, and names those providers."""
    missing = set()
    for provider, variable in VARIABLES.items():
        key = _key(variable)
        if key:
            stack.secret(policy.SECRETS[provider], key)
        else:
            missing.add(provider)
    names = " or ".join(f"{variable}[_FILE]" for variable in VARIABLES.values())
    if len(missing) == len(VARIABLES):
        raise Trouble(f"there is no provider's key: set {names}; `make demo` needs none")
    for provider in sorted(missing):
        variable = VARIABLES[provider]
        say(f"{provider} is left out: to have it, set {variable} or {variable}_FILE to its key")
    return missing


def _key(variable: str) -> str:
    """A key from the environment, or from the file that the environment names."""
    file = os.environ.get(f"{variable}_FILE")
    if not file:
        return os.environ.get(variable, "").strip()
    try:
        return Path(file).read_text().strip()
    except OSError as why:
        raise Trouble(f"{variable}_FILE: `{file}` cannot be read: {why.strerror}") from None


def _models(url: str, key: str, log: Path) -> list[str]:
    """What apps may ask for, by asking: no provider is needed for it."""
    bearer = {"authorization": f"Bearer {key}"}
    try:
        answer = httpx.get(f"{url}/v1/models", headers=bearer, timeout=10, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Trouble(f"the gateway does not list its models: {error}", log) from None
    return [model["id"] for model in answer.json()["data"]]
