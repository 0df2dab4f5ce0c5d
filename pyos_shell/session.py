"""Runs command lines, whoever typed them: at the prompt, in a file, or after `-c`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from kernel.task import in_words

from . import render
from .answers import Ends, Notice
from .command import bind, wants_json
from .given import give
from .line import Given, given, joined
from .loader import LoadingFailed, leaving
from .mistake import Mistake, excerpt, visible
from .outputfile import OutputFile
from .render import Fragments, plain
from .statement import Statement, parse
from .system import ONLY_LOOKS, Failure, GivenUp, Leave, System

#: Shows lines; the flag says whether they are data, or else a message about what was done.
Show = Callable[[list[Fragments], bool], None]


class Place(NamedTuple):
    """Where a line stands in a file."""

    file: str
    line: int


class Session:
    """Commands, one after the other; `failed` tells whether any has failed."""

    def __init__(
        self, system: System, show: Show, width: Callable[[], int | None] = lambda: None
    ) -> None:
        self.system = system
        self.show = show
        self.width = width
        self.failed = False
        #: The line that is at work, and whether others have been told of it; and where it stands,
        #: in the last of the files that are read.
        self.line = ""
        self.told = False
        self.places: list[Place] = []
        system.say = self.confirm
        system.run_file = self.run_file

    def run(self, source: str) -> None:
        """Run each statement of `source`; one that fails does not keep the rest from running, but
        for those behind its `&&`.

        Raises `Leave` for `exit`, and `GivenUp` on Ctrl-C.
        """
        for line in joined(source.split("\n")):
            self.run_line(line)

    def run_file(self, name: str, text: str) -> bool:
        """Run the lines of a file; whether all have succeeded. Raises as `run`, and `Failure` for a
        file that reads itself.
        """
        if any(place.file == name for place in self.places):
            raise Failure(f"{name} is being read already")
        outer = self.line, self.failed
        self.failed = False
        self.places.append(Place(name, 1))
        try:
            for line in joined(text.split("\n")):
                self.run_line(line)
                number = self.places[-1].line + 1 + line.count("\n")
                self.places[-1] = Place(name, number)
            return not self.failed
        finally:
            self.places.pop()
            self.line, failed = outer
            self.failed = self.failed or failed

    def run_line(self, line: str) -> None:
        """Run one line: commands, or what is for a task to read."""
        self.line = self.system.line = line
        for_task = given(line)
        if for_task is not None:
            self.attempt(lambda: self.hand_over(for_task))
            return
        try:
            statements = parse(line)
        except Mistake as error:
            self.fail(error)
        else:
            self.run_all(statements)

    def run_all(self, statements: Iterable[Statement], used: tuple[str, ...] = ()) -> None:
        """Run statements, each behind `&&` only if the one before it has succeeded. They stand in
        the meaning of the aliases that are `used`.
        """
        for statement in statements:
            if statement.conditional and self.system.environment.status:
                continue
            try:
                meaning = self.system.environment.aliases.meaning(statement, used)
            except Mistake as error:
                self.fail(error)
                continue
            if meaning is not None:
                self.run_all(meaning, (*used, statement.words[0].text))
            else:
                json = wants_json(statement)
                self.attempt(partial(self.carry_out, statement, used, json), json)

    # -- one statement

    def attempt(self, work: Callable[[], None], json: bool = False) -> None:
        """Do one thing, or tell what is wrong with it, or that it was given up."""
        self.system.say = ignore if json else self.confirm
        try:
            self.system.check()
            work()
        except Leave:
            raise
        except GivenUp:
            self.fail(GivenUp("given up"), json)
            raise
        except Exception as error:
            self.fail(error, json)

    def carry_out(self, statement: Statement, used: tuple[str, ...], json: bool) -> None:
        """Run a command, and show what it answers, or write it to the file behind `>`."""
        try:
            statement = self.system.environment.expanded(statement)
            bound = bind(statement)
            redirection = statement.plumbing.redirection
            self.system.on_screen = not json and redirection is None
            if redirection is not None or not bound.looks:
                self.touch(statement)
            if redirection is None or bound.command.plumbed:
                self.system.tell = partial(self.tell, json=json)
                self.tell(bound.run(self.system), json)
                return
            with OutputFile(redirection) as target:
                self.system.tell = partial(self.tell, json=json, target=target)
                self.tell(bound.run(self.system), json, target)
        except Mistake as error:
            if used:
                aliases = self.system.environment.aliases
                raise aliases.explained(error, used[0], statement.words[0]) from None
            raise

    def hand_over(self, line: Given) -> None:
        """Give a task a line."""
        if self.system.read_only:
            raise Failure(ONLY_LOOKS)
        self.tell(give(self.system, line))

    def touch(self, statement: Statement) -> None:
        """Say that a command is about to do more than look. Raises `Mistake` where none may."""
        name = statement.words[0]
        if self.system.read_only:
            message = f"{ONLY_LOOKS}: {excerpt(name.text)} does more"
            raise Mistake(message, name.start, name.end)
        if not self.told:
            self.told = True
            self.system.touching(self.line)

    def tell(self, answer: Any, json: bool = False, target: OutputFile | None = None) -> None:
        """Note whether a command has succeeded, and show what it answers, or write it to a file."""
        ok = getattr(answer, "ok", True)
        self.note(ok)
        data = json or not isinstance(answer, (Notice, Ends))
        if json:
            lines = in_json(answer, ok)
        else:
            lines = render.render(answer, None if target is not None else self.width())
        if target is not None and data:
            write(target, lines)
        else:
            self.show(lines, data)

    def note(self, ok: bool) -> None:
        """The status of the last statement."""
        self.system.environment.status = 0 if ok else 1
        self.failed = self.failed or not ok

    def confirm(self, text: str) -> None:
        """Show what is about to be done, in the middle of a command."""
        self.show(render.render(Notice(text), self.width()), False)

    # -- what is wrong

    def fail(self, error: BaseException, json: bool = False) -> None:
        """Tell what is wrong, and in which line of a file."""
        self.note(False)
        if json:
            self.show(self.wrong_in_json(error), True)
            return
        if self.places:
            file, number = self.places[-1]
            self.show([[("hint", f"{visible(file)}:{number}:")]], False)
        if isinstance(error, Mistake):
            self.mistaken(error, self.line)
        else:
            self.show(self.wrong(error), False)

    def mistaken(self, error: Mistake, line: str) -> None:
        self.show(render.mistake(error, line, self.width()), False)

    def wrong(self, error: BaseException) -> list[Fragments]:
        """What is wrong, in lines."""
        if isinstance(error, GivenUp):
            return [[("hint", in_one_line(error))]]
        if isinstance(error, LoadingFailed) and not isinstance(error.error, SystemExit):
            return render.failure(error.error, self.width())
        return [[("error", in_one_line(error))]]

    def wrong_in_json(self, error: BaseException) -> list[Fragments]:
        """What is wrong, as a document."""
        from .documents import error_document

        where = self.places[-1]._asdict() if self.places else {}
        return [[("", error_document(in_one_line(error), error, **where))]]


def in_one_line(error: BaseException) -> str:
    """What is wrong, in words."""
    if isinstance(error, LoadingFailed):
        inner = error.error
        return visible(leaving(inner) if isinstance(inner, SystemExit) else in_words(inner))
    own = isinstance(error, (Mistake, Failure, GivenUp))
    return visible(str(error) if own else in_words(error))


def in_json(answer: Any, ok: bool) -> list[Fragments]:
    """The answer as a document; imported only for who wants one."""
    from .documents import document, error_document

    if isinstance(answer, Notice) and not ok:
        return [[("", error_document(answer.text))]]
    return [[("", document(answer))]]


def write(target: OutputFile, lines: list[Fragments]) -> None:
    """Write the lines, without their colours. Raises `Failure`, in one line."""
    try:
        target.begin()
        target.write(0, "".join(f"{plain(line)}\n" for line in lines))
    except OSError as error:
        raise Failure(target.trouble(error)) from None


def ignore(text: str) -> None:
    """Whoever reads JSON reads nothing else."""
