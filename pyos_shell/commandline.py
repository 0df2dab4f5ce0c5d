"""A line of commands at work: on a thread of its own, so that a Ctrl-C finds it wherever it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from kernel.task import in_words

from . import render
from .errands import Ended
from .feed import LABEL
from .foreground import Job
from .mistake import Mistake, columns
from .raising import raise_in
from .render import Fragments, plain
from .screen import PROMPT, MakeApplication, Screen
from .session import Session
from .system import GivenUp, Leave, System
from .terminal import Terminal

if TYPE_CHECKING:
    from .console import Console

#: Characters of an answer that are written at a time.
PORTION: Final = 4_096


class CommandLine(threading.Thread):
    """A line that is at work."""

    def __init__(self, console: Console, source: str) -> None:
        super().__init__(name="pyos command", daemon=True)
        self.console = console
        self.source = source
        self.system = System(console.machine, console.output, self.rows)
        self.system.restarted = console.consoles.restarted
        self.system.feed = console.feed
        self.system.read_only = console.read_only
        self.system.consoles = console.consoles
        self.system.touching = partial(console.consoles.tell_others, console.number)
        self.system.environment = console.environment
        self.system.play = self.play
        self.system.attach = self.attach
        if isinstance(console.screen, Screen):
            self.system.full_screen = partial(self.full_screen, console.screen)
            if type(console.terminal) is Terminal:  # another process's cannot be lent
                self.system.lend = partial(self.lend, console.screen)
        self.session = TypedSession(self)
        self.abandoned = False

    def run(self) -> None:
        ended: Callable[[], None] = partial(self.console.finished, self)
        with suppress(Ended, GivenUp):  # that may come at any moment, from `abandon`
            try:
                self.session.run(self.source)
            except Leave:
                ended = self.console.screen.leave
            except GivenUp:
                pass
            except BaseException as error:  # a plain function that was spawned may raise any
                self.show([[("error", in_words(error))]], False)
            self.console.errands.do(ended)

    def abandon(self) -> None:
        """Show no more; and end, if it is Python code that runs."""
        self.abandoned = True
        if self.is_alive():
            raise_in(self, GivenUp)

    def play(self, lines: list[str]) -> str:
        """Have lines typed for an audience; answers what the keys do."""
        return self.console.errands.do(partial(self.console.screen.play, lines))

    def attach(self, job: Job | None) -> None:
        """Give the keyboard to a job, or take it back."""
        self.console.errands.do(partial(self.console.attach, job))

    def full_screen(self, screen: Screen, make: MakeApplication) -> Future[None]:
        """Give the whole screen to an application; answers its end."""
        return asyncio.run_coroutine_threadsafe(screen.cover(make), self.console.loop)

    def lend(self, screen: Screen, command: list[str]) -> Future[int]:
        """Lend the terminal to a command of the system; answers its exit status."""
        return asyncio.run_coroutine_threadsafe(screen.lend(command), self.console.loop)

    def rows(self) -> int:
        """How many rows of a table fit, with the line, the heading, a hint, and the prompt."""
        return max(5, self.console.screen.rows() - 5)

    def show(self, lines: list[Fragments], data: bool) -> None:
        """Have an answer written, a portion at a time, below what was printed before it came.

        Raises `GivenUp` in the middle of it.
        """
        for number, portion in enumerate(portions(lines)):
            if self.abandoned or (number and self.system.given_up.is_set()):
                raise GivenUp
            self.console.errands.do(partial(self.write, portion, first=not number))

    def write(self, lines: list[Fragments], first: bool) -> None:
        """Write a portion, the first one below what was printed; on the console's thread."""
        if first:
            self.console.pump.show()
        self.console.write(lines)


class TypedSession(Session):
    """A session at the prompt, where the line is to be seen above."""

    def __init__(self, line: CommandLine) -> None:
        super().__init__(line.system, line.show, line.console.screen.width)
        self.console = line.console

    def mistaken(self, error: Mistake, line: str) -> None:
        self.console.errands.do(self.console.pump.show)
        self.console.errands.do(partial(self.underline, error, line))

    def underline(self, error: Mistake, line: str) -> None:
        """Write what is wrong with the line: under the line itself, if it is still to be seen. On
        the console's thread.
        """
        screen = self.console.screen
        lines = render.mistake(error, line, screen.width())
        fits = len(PROMPT) + columns(plain(lines[0])) < screen.width()
        if fits and screen.echoed == line == plain(lines[0]):
            lines = [[("", " " * len(PROMPT)), *lines[1]], *lines[2:]]
        self.console.write(lines)


def portions(lines: list[Fragments]) -> Iterator[list[Fragments]]:
    """The lines in portions of so many characters that the keys are heard between two of them."""
    portion: list[Fragments] = []
    characters = 0
    for line in lines:
        portion.append(line)
        characters += LABEL + len(plain(line))
        if characters > PORTION:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion
