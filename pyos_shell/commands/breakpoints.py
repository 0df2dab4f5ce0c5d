"""The command that has tasks stop at a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, ClassVar, Self

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
from ..calls import kernel_calls
from ..candidates import Candidate, summary
from ..command import command
from ..line import Word
from ..loader import LoadingFailed
from ..mistake import Mistake, did_you_mean, excerpt
from ..outline import LARGEST
from ..program import ProgramName, built_in, built_in_names, existing, split
from ..source import compiled
from ..sourcetext import lines_of
from ..system import Failure, System
from ..tid import Tid

if TYPE_CHECKING:
    from ..live import Live

OFF = "off"


class BreakPlace(Word):
    """Where tasks are to stop."""

    metavar: ClassVar[str] = "PLACE"
    takes: ClassVar[str] = "a call, a program, the number of a task, or a line of a file"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The living tasks, the programs, the calls; behind a file's colon its lines."""
        file, line = split(begun)
        if line is not None:
            yield from lines_in(file)
            return
        yield from Tid.candidates(begun, live)
        yield from ProgramName.candidates(begun, live)
        for name, call in sorted(kernel_calls().items()):
            yield Candidate(name, summary(call))
        yield Candidate(OFF, "take all breakpoints back, or the one of a number")


class BreakNumber(int):
    """The number of a breakpoint."""

    metavar: ClassVar[str] = "NUMBER"
    takes: ClassVar[str] = "the number of a breakpoint"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is none."""
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise ValueError("NUMBER takes the number of a breakpoint, as `break` shows it")
        return cls(text)

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """Those there are."""
        for each in live.breaks if live is not None else ():
            yield Candidate(str(each.number), f"on {each.where}, hits {each.hits}")


@command("breaks", name="break")
def break_(
    system: System, place: BreakPlace | None = None, number: BreakNumber | None = None
) -> Breakpoints | Notice:
    """Have tasks stop at a place, or list those places.

    PLACE is
      Recv              a call: who makes it stops there,
      echo_server       a program, or a function of one: its tasks stop,
      3                 a task: it stops at its next `yield`,
      path/file.py:12   a line: who comes to it stops before it.

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
    if text in kernel_calls():
        return kernel_calls()[text]
    file, _, line = text.rpartition(":")
    if file.endswith(".py") and line.isdigit():
        return code_line(file, int(line), word)
    known = {*built_in_names(), *living(system)}
    if text not in known:
        meant = did_you_mean(text, [*kernel_calls(), *known]) or "; type help break"
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
    path = file_meant(file, word)
    lines = lines_with_code(path, word)
    if line not in lines:
        later = min((each for each in lines if each > line), default=None)
        hint = f"; the next that has is {later}" if later is not None else ""
        raise Mistake(f"line {line} of {path.name} has no code{hint}", word.start, word.end)
    return CodeLine(str(path), line)


def file_meant(file: str, word: Word) -> Path:
    """The file of this name, or that of a built-in program. Raises `Mistake` at the word."""
    name = file.removesuffix(".py")
    if not Path(file).exists() and name in built_in_names():
        return Path(built_in(name).function.__code__.co_filename)
    return existing(file, word)


def lines_in(file: str) -> Iterator[Candidate]:
    """The lines of a file at which tasks can stop, with what is written there."""
    place = Word(file, 0, 0)
    try:
        path = file_meant(file, place) if file.endswith(".py") else None
        if path is None or path.stat().st_size > LARGEST:
            return
        text, numbers = lines_of(path), lines_with_code(path, place)
    except (Mistake, Failure, LoadingFailed, OSError):
        return
    for number in sorted(numbers):
        yield Candidate(f"{file}:{number}", text[number - 1].strip())


def lines_with_code(file: Path, word: Word) -> set[int]:
    """The numbers of the lines of a file that have code."""
    return {each for code in compiled(file, word) for each in numbers_of(code)}


def numbers_of(code: CodeType) -> Iterator[int]:
    """The lines of a function's code, without that which only defines it."""
    for _, _, line in code.co_lines():
        if line:
            yield line
