"""A terminal that can only print."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from .mistake import visible
from .player import Player
from .render import Fragments, plain
from .terminal import Terminal

PROMPT: Final = "pyos> "

#: What Ctrl-D means.
GOODBYE: Final = "exit"


class Listener(Protocol):
    """Who is told what is typed."""

    def typed(self, line: str) -> None:
        """A line is finished."""

    def end_input(self) -> None:
        """Ctrl-D."""


class Typewriter:
    """A terminal that can only print (TERM=dumb), such as an editor's window: it edits the line
    itself, and passes it on when it is finished.
    """

    def __init__(self, listener: Listener, terminal: Terminal) -> None:
        self.listener = listener
        self.terminal = terminal
        #: What an empty line runs the next line of, while a prepared session is played.
        self.player: Player | None = None
        self.stdout = terminal.stdout
        self.left = asyncio.Event()
        #: Nothing ever covers what has been printed.
        self.is_covered = False
        self.busy = False
        self.prompted = False
        self.waited = 0.0
        self.invitation = ""
        self.echoed: str | None = None

    async def read(self, ready: Callable[[], None]) -> None:
        with self.terminal.listening(self.take):
            self.show_prompt()
            ready()
            await self.left.wait()
        self.end_line()

    def leave(self) -> None:
        self.left.set()

    def take(self, text: str) -> None:
        """What has been typed; at the end of it, nothing."""
        self.prompted = False
        if not text:
            self.listener.end_input()
        for line in text.removesuffix("\n").split("\n") if text else ():
            if self.player is not None and not line.strip():
                self.play_on(self.player)
            else:
                self.listener.typed(line)

    def play(self, lines: list[str]) -> str:
        """Let each empty line run the next of these; answers that in words."""
        self.player = Player(lines)
        return "Enter shows and runs the next line, Ctrl-C stops"

    def play_on(self, player: Player) -> None:
        """Show and run the next line, with the comments before it."""
        comments = player.comments()
        line = player.next_line()
        if not player.lines:
            self.player = None
        if line is not None:
            comments.append([("", f"{PROMPT}{visible(line)}")])
        self.write([*comments, *([[("hint", "the play is over")]] if not player.lines else [])])
        if line is not None:
            self.listener.typed(line)

    def clear_line(self) -> bool:
        self.player = None
        self.end_line()
        self.show_prompt()
        return True

    def width(self) -> int:
        return self.terminal.size().columns

    def rows(self) -> int:
        return self.terminal.size().rows

    def set_busy(self, busy: bool, hint: str = "") -> None:
        self.busy = busy
        self.show_prompt()

    def invite(self, invitation: str) -> None:
        """Say which task waits for a line, once."""
        if invitation and invitation != self.invitation:
            self.write([[("hint", invitation)]])
        self.invitation = invitation

    def refresh(self) -> None:
        """There is no toolbar."""

    def set_foreground(self, foreground: bool) -> None:
        """What is typed looks the same."""

    def echo_input(self, text: str) -> None:
        """The terminal has shown it already."""

    def resized(self) -> None:
        """Nothing that is shown depends on the size."""

    def echo(self, line: str) -> None:
        """The terminal has shown it already."""

    def write(self, lines: list[Fragments]) -> None:
        """Write lines; what was being typed is no longer to be seen, but not lost."""
        self.end_line()
        begun = time.perf_counter()
        self.stdout.write("".join(plain(line) + "\n" for line in lines))
        self.stdout.flush()
        self.waited = time.perf_counter() - begun
        self.show_prompt()

    def end_line(self) -> None:
        if self.prompted:
            self.stdout.write("\n")
            self.prompted = False

    def show_prompt(self) -> None:
        if not (self.busy or self.prompted or self.left.is_set()):
            self.stdout.write(PROMPT)
            self.prompted = True
        self.stdout.flush()
