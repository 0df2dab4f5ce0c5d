"""What a command is: a typed function with a docstring, declared once.

    @command
    def kill(system: System, tid: Tid, *more: Tid) -> Killed:
        \"\"\"End tasks: `kill 3 7`. Their `finally` blocks run first.\"\"\"

From the signature come parsing, checking and the line of usage, from the docstring the help. A
command answers a value, which `render` knows how to show, or raises `Mistake`; it never prints.

A parameter of the type `Plumbing` is not on the line: it tells a command whose tasks print where
that goes. What any other command answers goes to the file of `> FILE` without its knowing. So it is
with `--json`, which every command takes and none knows of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from .candidates import Candidate
from .line import Word
from .mistake import Mistake, did_you_mean, excerpt
from .program import is_program
from .signature import JSON, Signature
from .statement import Plumbing, Statement

if TYPE_CHECKING:
    from .live import Live

CommandFunction = Callable[..., Any]


class Bound(NamedTuple):
    """A command with all that it was given, checked, so that it can be run."""

    command: Command
    arguments: list[Any]
    options: dict[str, Any]

    @property
    def looks(self) -> bool:
        """Whether it only looks."""
        return self.command.looks and self.options.keys().isdisjoint(self.command.unless)

    def run(self, system: Any) -> Any:
        """Do it."""
        return self.command.function(system, *self.arguments, **self.options)


class Command:
    """A command of the console."""

    def __init__(
        self,
        function: CommandFunction,
        name: str,
        aliases: tuple[str, ...],
        looks: bool,
        unless: tuple[str, ...],
    ) -> None:
        self.function = function
        self.name = name
        self.aliases = aliases
        #: Whether it only looks, so that who may not touch the system may use it, unless one of
        #: these options is given.
        self.looks, self.unless = looks, unless

    @cached_property
    def declared(self) -> Signature:
        """What its function takes but the system, which no line gives."""
        return Signature.of(self.function, skip=1, name=self.name)

    @cached_property
    def signature(self) -> Signature:
        """What a line gives it."""
        given = [each for each in self.declared.parameters if each.type is not Plumbing]
        return self.declared._replace(parameters=(*given, JSON))

    @cached_property
    def plumbed(self) -> str:
        """The parameter that is told of pipes and files; empty if there is none."""
        kinds = {each.type: each.name for each in self.declared.parameters}
        return kinds.get(Plumbing, "")

    def bind(self, statement: Statement) -> Bound:
        """The command with what the statement gives it. Raises `Mistake` at what does not fit."""
        arguments, options = self.signature.bind(statement.words[1:], statement.end)
        options.pop(JSON.name, None)
        if self.plumbed:
            options[self.plumbed] = statement.plumbing
        else:
            self.forbid_pipe(statement)
        return Bound(self, arguments, options)

    def forbid_pipe(self, statement: Statement) -> None:
        """Raise `Mistake` at a pipe where it has no meaning."""
        if statement.plumbing.stages and not self.plumbed:
            first, *_, last = (*statement.plumbing.stages[0], *statement.plumbing.stages[0])
            message = f"{self.name} has no pipe: | joins the stages of spawn"
            raise Mistake(message, first.start, last.end, "usage: spawn PROGRAM | PROGRAM")


#: What has been declared so far: every command by its name, and the other words for some.
COMMANDS: dict[str, Command] = {}
ALIASES: dict[str, str] = {}


def commands() -> dict[str, Command]:
    """Every command by its name, by topic. The first who asks has their modules imported, which
    takes longer than to show a prompt.
    """
    import_module(f"{__package__}.commands")
    return COMMANDS


def aliases() -> dict[str, str]:
    """The other words for commands, and the names of those."""
    commands()
    return ALIASES


def known_as(name: str) -> Command | None:
    """The command of this name, or that has this other word; None if there is none."""
    return commands().get(ALIASES.get(name, name))


def command(
    *aliases: str, name: str = "", looks: bool = False, unless: tuple[str, ...] = ()
) -> Callable[[CommandFunction], CommandFunction]:
    """Declare a command: `@command()`, or with other words for it, `@command("ps")`.

    One that `looks` changes nothing in the system, nor anything that others see, `unless` one of
    these options is given; whatever does not say so may touch it.
    """

    def declare(function: CommandFunction) -> CommandFunction:
        known_as = name or function.__name__
        COMMANDS[known_as] = Command(function, known_as, aliases, looks, unless)
        ALIASES.update(dict.fromkeys(aliases, known_as))
        return function

    return declare


def find(word: Word) -> Command:
    """The command that `word` names. Raises `Mistake`, with what was meant, probably."""
    found = known_as(word.text)
    if found is not None:
        return found
    if is_program(word.text):
        message = f"'{excerpt(word.text)}' is a program; start it: spawn {word.text}"
        raise Mistake(message, word.start, word.end)
    meant = did_you_mean(word.text, [*COMMANDS, *ALIASES]) or "; type help for all of them"
    raise Mistake(f"no command '{excerpt(word.text)}'{meant}", word.start, word.end)


def bind(statement: Statement) -> Bound:
    """The command that the statement names, with what it gives it. Raises `Mistake`."""
    return find(statement.words[0]).bind(statement)


def wants_json(statement: Statement) -> bool:
    """Whether it asks for JSON, whatever else is wrong with it."""
    name, *words = statement.words
    try:
        return find(name).signature.has_flag(JSON, words)
    except Mistake:
        return any(word.text == JSON.label for word in words)


class CommandName(Word):
    """The word that names a command."""

    metavar: ClassVar[str] = "COMMAND"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """All commands, then their other names, and the user's own."""
        for name, each in commands().items():
            yield Candidate(name, each.signature.summary)
        for alias, name in ALIASES.items():
            yield Candidate(alias, f"the same as {name}")
        for alias, meaning in live.aliases.items() if live is not None else ():
            yield Candidate(alias, f"stands for {meaning}")

    @classmethod
    def check(cls, word: Word, live: Live | None) -> None:
        if live is None or word.text not in live.aliases:
            find(word)

    @classmethod
    def style(cls, word: Word, live: Live | None) -> str:
        own = live is not None and word.text in live.aliases
        return "typed.command" if own or known_as(word.text) is not None else ""


class CommandWords(Word):
    """The words behind the name of a command."""

    @classmethod
    def signature(cls, name: Word, live: Live | None) -> Signature | None:
        """What takes them; None if there is no such command, or if it is an alias."""
        if live is not None and name.text in live.aliases:
            return None
        found = known_as(name.text)
        return found.signature if found is not None else None
