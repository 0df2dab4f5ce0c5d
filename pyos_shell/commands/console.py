"""Commands about the console itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from .. import topics
from ..answers import Listing, Notice, Page
from ..candidates import Candidate
from ..command import CommandName, aliases, command, commands, known_as
from ..given import DOC, SIGN, SUMMARY, USAGE
from ..line import Word
from ..local import local_programs
from ..manual import page_on
from ..mistake import Mistake, did_you_mean, excerpt
from ..program import ProgramName, built_in_names, is_program
from ..system import Leave, System

if TYPE_CHECKING:
    from ..live import Live


class Topic(Word):
    """What help is asked for: a command, a program, or the sign before a line for a task."""

    metavar: ClassVar[str] = "TOPIC"
    takes: ClassVar[str] = "a command, or a program"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """All commands and programs, those in files too."""
        if ":" not in begun:
            yield from CommandName.candidates(begun, None)
            yield Candidate(topics.NAME, topics.SUMMARY)
        yield from ProgramName.candidates(begun, live)

    @classmethod
    def check(cls, word: Word, live: Live | None) -> None:
        """Raise `Mistake` if there is no help on it."""
        known = [*commands(), *aliases(), *built_in_names(), topics.NAME, SIGN]
        if word.text in known:
            return
        if is_program(word.text) or ":" in word.text:
            ProgramName.check(word, live)
            return
        meant = did_you_mean(word.text, [*known, *(each.name for each in local_programs())])
        message = f"no command and no program '{excerpt(word.text)}'{meant}"
        raise Mistake(message, word.start, word.end)

    @classmethod
    def style(cls, word: Word, live: Live | None) -> str:
        return CommandName.style(word, None) or ProgramName.style(word, live)


@command(looks=True)
def help(system: System, topic: Topic | None = None, *, all: bool = False) -> Listing | Page:
    """Show all commands, or all about one, or a program.

    A program can be one in a file: `help dance`, `help path/to/file.py:dance`.
    It is not run for that.

    all: with a line about each command
    """
    if topic is None:
        rows = [*(by_name() if all else by_topic())]
        rows += [(USAGE, SUMMARY), (topics.USAGE, topics.SUMMARY)]
        return Listing(rows, "begin with: spawn countdown 5   about each: help --all, help spawn")
    Topic.check(topic, None)
    if topic.text == SIGN:
        return Page(USAGE, DOC)
    if topic.text == topics.NAME:
        return Page(topics.USAGE, topics.DOC)
    found = known_as(topic.text)
    if found is not None:
        signature = found.signature
        return Page(signature.usage, signature.doc)
    return page_on(topic)


def by_name() -> Iterator[tuple[str, str]]:
    """Each command, and what it does."""
    for each in commands().values():
        yield each.signature.outline, each.signature.summary


def by_topic() -> Iterator[tuple[str, str]]:
    """The commands of each topic, and what it is: the modules are the topics."""
    for module, topic in groupby(commands().values(), lambda each: each.function.__module__):
        doc = sys.modules[module].__doc__ or ""
        yield ", ".join(each.name for each in topic), doc.partition("\n")[0]


@command()
def restart(system: System) -> Notice:
    """Begin anew with a new kernel, without tasks.

    Living tasks are ended first, as by `exit`. Tids begin at 1 again. After a
    kernel panic this is the way to go on.
    """
    if system.restart():
        return Notice("a new kernel, without any task")
    return Notice("a new kernel; a task still holds the former one, beside it")


@command("quit", name="exit", looks=True)
def leave(system: System) -> None:
    """Leave this console; the first one ends all tasks.

    So does Ctrl-D on an empty line. On the console that the system was started
    on all tasks are ended, the newest first. One that was attached leaves the
    system running; `shutdown` ends that from any console.
    """
    raise Leave


@command()
def shutdown(system: System) -> None:
    """End all tasks, the newest first, and all consoles."""
    system.forbid_ending()
    if system.consoles is not None:
        system.consoles.shut_down()
    raise Leave
