"""How the demo looks: colour on a terminal alone, and one screen of it."""

import os
import sys
from pathlib import Path

_COLOURS = {"red": 31, "green": 32, "bold": 1, "dim": 2}
_unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
_coloured = sys.stdout.isatty() and not _unwanted


def paint(text: str, colour: str) -> str:
    """The text in a colour, where there are colours."""
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if _coloured else text


def say(text: str = "") -> None:
    """One line, at once."""
    print(text, flush=True)


def wrong(text: str) -> None:
    """Something that has failed."""
    say(paint(text, "red"))


_INVITATION = """
{title}
  curl     curl {url}/v1/chat/completions -H 'authorization: Bearer {key}' \\
             -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "hello"}}]}}'
  openai   .tools/venv/bin/python -c 'import openai
app = openai.OpenAI(base_url="{url}/v1", api_key="{key}")
hello = [{{"role": "user", "content": "hello"}}]
print(app.chat.completions.create(model="{model}", messages=hello))'
  others   anthropic.Anthropic(base_url="{url}", api_key="{key}")
  models   {models}{more}
  files    {folder}/policy.yaml     the policy
           {folder}/envoy.json      Envoy's configuration for it
           {folder}/envoy.out       one line for each request
  envoy    {admin}     its admin page"""


def invite(title: str, url: str, key: str, models: list[str], folder: Path, admin: str, *more: str):
    """What to try now, ready to be copied; `more` are lines of this run alone."""
    say(_INVITATION.format(
        title=paint(title, "bold"),
        url=url,
        key=key,
        model=models[0],
        models=", ".join(models),
        more="".join(f"\n  {line}" for line in more),
        folder=folder,
        admin=admin,
    ))
