"""The command that has tasks stop at a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import CodeType

from kernel import (
    ClearBreak,
    CodeLine,
    GetStack,
    KernelError,
    ListBreaks,
    ListTasks,
    SetBreak,
    SystemCall,
)

from ..answers import Breakpoints, Notice
from ..command import command
from ..line import Word
from ..mistake import Mistake, did_you_mean, excerpt
from ..program import built_in, built_in_names, existing
from ..source import compiled
from ..system import Failure, System
from ..tid import Tid
from ..vocabulary import CALLS

OFF = "off"


@command("breaks", name="break")
def break_(
    system: System, place: Word | None = None, number: int | None = None
) -> Breakpoints | Notice:
    """Have tasks stop at a place, or list those places.

    PLACE is
      Recv              a call: who makes it stops there,
      echo_server       a program, or a function of one: its tasks stop,
      3                 a task: it stops at its next `yield`,
      path/file.py:12   a line: who has executed it stops at its next `yield`.

    A task that stops keeps its place in every queue, and what it gets there;
    `cont` goes on to the next such place. `break off` takes all back, `break
    off 2` the one of that number.
    """
    if place is None:
        return Breakpoints(system.ask(ListBreaks()))
    try:
        if place.text == OFF:
            count = system.ask(ClearBreak(number))
            return Notice(f"{count} break{'s' * (count != 1)} taken back")
        if number is not None:
            raise Mistake("NUMBER goes with off only: break off 2", place.start, place.end)
        where = meant(system, place)
        return Notice(f"break {system.ask(SetBreak(where))} on {described(where)}")
    except KernelError as error:
        raise Failure(str(error)) from None


def described(where: type[SystemCall] | int | str | CodeLine) -> str:
    if isinstance(where, int):
        return f"task {where}"
    if isinstance(where, CodeLine):
        return f"{Path(where.file).name}:{where.line}"
    return where if isinstance(where, str) else where.__name__


def meant(system: System, word: Word) -> type[SystemCall] | int | str | CodeLine:
    """What the word names. Raises `Mistake` at it if that is nothing."""
    text = word.text
    if text.isdigit():
        return tid_of(system, word)
    if text in CALLS:
        return CALLS[text]
    file, _, line = text.rpartition(":")
    if file.endswith(".py") and line.isdigit():
        return code_line(file, int(line), word)
    known = {*built_in_names(), *living(system)}
    if text not in known:
        meant = did_you_mean(text, [*CALLS, *known]) or "; type help break"
        message = f"no call, program or line is called '{excerpt(text)}'{meant}"
        raise Mistake(message, word.start, word.end)
    return text


def tid_of(system: System, word: Word) -> int:
    """The number of a living task."""
    try:
        tid = Tid.parse(word.text)
        if system.ask(GetStack(tid)).status is None:
            return int(tid)
        trouble = f"task {tid} has ended"
    except (ValueError, KernelError) as error:
        trouble = str(error)
    raise Mistake(f"{trouble}; type tasks for those there are", word.start, word.end)


def living(system: System) -> Iterator[str]:
    """What the programs of living tasks are called."""
    for task in system.ask(ListTasks()).tasks:
        yield task.program.partition(" ")[0]


def code_line(file: str, line: int, word: Word) -> CodeLine:
    """A line of a file that has code. Raises `Mistake` at the word if it has none."""
    name = file.removesuffix(".py")
    if not Path(file).exists() and name in built_in_names():
        path = Path(built_in(name).function.__code__.co_filename)
    else:
        path = existing(file, word)
    lines = {each for code in compiled(path, word) for each in lines_of(code)}
    if line not in lines:
        later = min((each for each in lines if each > line), default=None)
        hint = f"; the next that has is {later}" if later is not None else ""
        raise Mistake(f"line {line} of {path.name} has no code{hint}", word.start, word.end)
    return CodeLine(str(path), line)


def lines_of(code: CodeType) -> Iterator[int]:
    """The lines of a function's code, without that which only defines it."""
    for _, _, line in code.co_lines():
        if line:
            yield line
