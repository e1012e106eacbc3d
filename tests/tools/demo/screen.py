"""How the demo looks: colour on a terminal alone, and one screen of it."""

import os
import sys

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
