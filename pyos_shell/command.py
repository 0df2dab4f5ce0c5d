"""What a command is: a typed function with a docstring, declared once.

    @command
    def kill(system: System, tid: Tid, *more: Tid) -> Killed:
        \"\"\"End tasks: `kill 3 7`. Their `finally` blocks run first.\"\"\"

From the signature come parsing, checking and the line of usage, from the docstring the help. A
command answers a value, which `render` knows how to show, or raises `Mistake`; it never prints.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from .line import Statement, Word
from .mistake import Mistake, did_you_mean, excerpt
from .program import is_program
from .signature import Signature

CommandFunction = Callable[..., Any]


class Command:
    """A command of the console: `run(system, words)` binds the words and calls the function."""

    def __init__(
        self, function: CommandFunction, name: str, aliases: tuple[str, ...], looks: bool
    ) -> None:
        self.function = function
        self.name = name
        self.aliases = aliases
        #: Whether it only looks, so that who may not touch the system may use it.
        self.looks = looks

    @cached_property
    def signature(self) -> Signature:
        """What the command takes; its first parameter is the system, which no line gives."""
        return Signature.of(self.function, skip=1, name=self.name)

    def run(self, system: Any, words: list[Word], end: int) -> Any:
        """Do it, with the words after its name; `end` is where the statement ends."""
        arguments, options = self.signature.bind(words, end)
        return self.function(system, *arguments, **options)


#: Every command by its name; `find` knows the aliases as well.
COMMANDS: dict[str, Command] = {}
ALIASES: dict[str, str] = {}


def command(
    *aliases: str, name: str = "", looks: bool = False
) -> Callable[[CommandFunction], CommandFunction]:
    """Declare a command: `@command()`, or with other words for it, `@command("ps")`.

    One that `looks` changes nothing in the system, nor anything that others see; whatever does not
    say so may touch it.
    """

    def declare(function: CommandFunction) -> CommandFunction:
        known_as = name or function.__name__
        COMMANDS[known_as] = Command(function, known_as, aliases, looks)
        ALIASES.update(dict.fromkeys(aliases, known_as))
        return function

    return declare


def find(word: Word) -> Command:
    """The command that `word` names. Raises `Mistake`, with what was meant, probably."""
    name = ALIASES.get(word.text, word.text)
    if name not in COMMANDS and is_program(word.text):
        message = f"'{excerpt(word.text)}' is a program; start it: spawn {word.text}"
        raise Mistake(message, word.start, word.end)
    if name not in COMMANDS:
        meant = did_you_mean(word.text, [*COMMANDS, *ALIASES]) or "; type help for all of them"
        raise Mistake(f"no command '{excerpt(word.text)}'{meant}", word.start, word.end)
    return COMMANDS[name]


def run(system: Any, statement: Statement) -> Any:
    """Run one statement: its first word names the command."""
    name, *words = statement
    return find(name).run(system, words, statement[-1].end)
