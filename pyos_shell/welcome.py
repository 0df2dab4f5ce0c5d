"""What stands above the first prompt."""

from __future__ import annotations

from typing import Final

from .render import Fragments

#: What to type stands between backquotes.
WELCOME: Final = (
    "PyOS is an operating system for Python coroutines; this is its console.",
    "Start a program: `spawn echo_server`   look at it: `tasks`   end it: `kill 1`",
    "All there is: `help`, `programs`   Ctrl-C stops waiting   Ctrl-D leaves",
)

#: The same where nothing can be touched.
WATCHING: Final = (
    "This console of PyOS is for looking: it shows what tasks print.",
    "Look at the system: `tasks`, `log`   All there is: `help`   Ctrl-D leaves",
)


def welcome(read_only: bool) -> list[Fragments]:
    """The lines, for a console that can touch the system or one that is `read_only`."""
    return [emphasized(line) for line in (WATCHING if read_only else WELCOME)]


def emphasized(text: str) -> Fragments:
    """The text, with what stands between backquotes in bold."""
    parts = text.split("`")
    return [("heading" if number % 2 else "", part) for number, part in enumerate(parts)]
