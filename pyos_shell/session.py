"""Runs command lines, whoever typed them: at the prompt, in a file, or after `-c`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kernel.task import in_words

from . import render
from .answers import Ends, Notice
from .command import run
from .commands.console import Leave
from .given import give
from .line import given, joined, parse
from .loader import LoadingFailed, leaving
from .mistake import Mistake, visible
from .render import Fragments
from .system import Failure, GivenUp, System

#: Shows lines; the flag says whether they are data, or else a message about what was done.
Show = Callable[[list[Fragments], bool], None]


class Session:
    """Commands, one after the other; `failed` tells whether any has failed."""

    def __init__(
        self, system: System, show: Show, width: Callable[[], int | None] = lambda: None
    ) -> None:
        self.system = system
        self.show = show
        self.width = width
        self.failed = False
        system.say = self.confirm
        system.tell = self.tell

    def run(self, source: str) -> None:
        """Run each statement of `source`; one that fails does not keep the rest from running.

        Raises `Leave` for `exit`, and `GivenUp` on Ctrl-C.
        """
        for line in joined(source.split("\n")):
            try:
                statements = self.statements(line)
            except Mistake as error:
                self.mistaken(error, line)
                continue
            for statement in statements:
                self.run_statement(statement, line)

    def statements(self, line: str) -> list[Callable[[], Any]]:
        """What the line says is to be done. Raises `Mistake`."""
        for_task = given(line)
        if for_task is not None:
            return [partial(give, self.system, for_task)]
        return [partial(run, self.system, statement) for statement in parse(line)]

    def run_statement(self, statement: Callable[[], Any], line: str) -> None:
        """Run one command, or tell that it was given up."""
        try:
            self.system.check()
            self.attempt(statement, line)
        except GivenUp:
            self.fail([[("hint", "given up")]])
            raise

    def attempt(self, statement: Callable[[], Any], line: str) -> None:
        """Run one command, and show what it answers or what is wrong with it."""
        try:
            answer = statement()
        except (GivenUp, Leave):
            raise
        except Mistake as error:
            self.mistaken(error, line)
        except LoadingFailed as failed:
            if isinstance(failed.error, SystemExit):
                self.fail([[("error", visible(leaving(failed.error)))]])
            else:
                self.fail(render.failure(failed.error, self.width()))
        except Failure as error:
            self.fail([[("error", str(error))]])
        except Exception as error:
            self.fail([[("error", visible(in_words(error)))]])
        else:
            self.failed = self.failed or not getattr(answer, "ok", True)
            self.show(render.render(answer, self.width()), not isinstance(answer, (Notice, Ends)))

    def confirm(self, text: str) -> None:
        """Show what is about to be done, in the middle of a command."""
        self.show(render.render(Notice(text), self.width()), False)

    def tell(self, answer: object) -> None:
        """Show an answer in the middle of a command."""
        self.show(render.render(answer, self.width()), True)

    def mistaken(self, error: Mistake, line: str) -> None:
        self.fail(render.mistake(error, line, self.width()))

    def fail(self, lines: list[Fragments]) -> None:
        self.failed = True
        self.show(lines, False)
