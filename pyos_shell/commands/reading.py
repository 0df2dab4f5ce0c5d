"""Commands that show source, and the log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from kernel import GetStack

from .. import sourcetext
from ..answers import Listing, Log, Source
from ..candidates import Candidate
from ..command import command
from ..line import Word
from ..local import local_programs
from ..mistake import Mistake
from ..output import KINDS, Line
from ..program import ProgramName, built_in, built_in_names
from ..system import Failure, GivenUp, System
from ..tid import AnyTid, Tid
from .look import about

if TYPE_CHECKING:
    from ..live import Live

#: The kinds of lines of each level: what matters less than the level is left out.
LEVELS: Final = {"printed": KINDS, "reported": ("report", "crash"), "crash": ("crash",)}


@command(looks=True)
def programs(system: System) -> Listing:
    """List the built-in programs, and your own.

    Your own are those in the current folder; `edit NAME` writes one.
    """
    signatures = [built_in(name).signature for name in built_in_names()]
    rows = [(each.outline, each.summary) for each in signatures]
    for each in local_programs():
        if each.function is not None and each.name not in built_in_names():
            taken = each.function.signature
            outline = each.name if taken is None else taken._replace(name=each.name).outline
            rows.append((outline, each.function.summary or str(each.file)))
    return Listing(rows, "start one: spawn countdown 5   all about one: help countdown")


class Listed(Word):
    """What is listed: a program, or a task by its number."""

    metavar: ClassVar[str] = "PROGRAM|TID"

    @property
    def is_tid(self) -> bool:
        return AnyTid.known(self.text)

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The living tasks, and the programs."""
        yield from AnyTid.candidates(begun, live)
        yield from ProgramName.candidates(begun, live)

    @classmethod
    def check(cls, word: Word, live: Live | None) -> None:
        """Raise `Mistake` if there is none of the two, as far as that can be known."""
        (AnyTid if cls(*word).is_tid else ProgramName).check(word, live)

    @classmethod
    def style(cls, word: Word, live: Live | None) -> str:
        return (AnyTid if cls(*word).is_tid else ProgramName).style(word, live)


@command(name="list", looks=True)
def list_source(system: System, program: Listed, *, all: bool = False) -> Source:
    """Show the source of a program, or of a task.

    PROGRAM is what `spawn` takes. Of a task, or an asyncio task in one, 3.2, the
    lines where it stands are marked.

    all: the whole file, and not just the function
    """
    if not Listed(*program).is_tid:
        found = sourcetext.of_program(program)
        if system.read_only and not found.file.endswith(".py"):  # it could be anything
            raise Failure("this console is for looking only: list shows it files of Python")
        return sourcetext.whole(found) if all else found
    try:
        tid = AnyTid.parse(program.text)
    except ValueError as error:
        raise Mistake(str(error), program.start, program.end) from None
    info = about(system, GetStack(int(tid), inner=tid.inner))
    if info.within:  # what is the program's own of a program of asyncio's
        info = about(system, GetStack(int(tid), inner=info.within[0].inner))
    if not info.frames:
        raise Failure(f"task {tid} has {info.status}, and stands nowhere; list its program by name")
    return sourcetext.of_task(info.frames, all)


@command(looks=True)
def log(
    system: System,
    tid: Tid | None = None,
    *,
    level: Literal["printed", "reported", "crash"] = "printed",
    last: int | None = None,
    follow: bool = False,
) -> Log | None:
    """Show again what was printed and reported.

    That is what one task printed, or all; the last 2,000 lines are remembered.

    level: only what matters at least as much
    last: only so many lines
    follow: then nothing but such lines as they come, until Ctrl-C
    """
    if last is not None and last < 0:
        raise Failure(f"--last takes a number of lines, not {last}")
    if follow and not system.shows:
        raise Failure("only answers are shown here; follow the log at a prompt")
    kinds, output = LEVELS[level], system.output
    with output.lock:  # so that no line comes between the two
        lines = output.log(tid, kinds)
        if follow and system.feed is not None:
            system.feed.wanted = lambda line: is_wanted(line, tid, kinds)
    answer = Log(lines if last is None else lines[len(lines) - min(last, len(lines)) :])
    if not follow:
        return answer
    follow_up(system, answer)
    return None


def follow_up(system: System, answer: Log) -> None:
    """Show what there is, and let come what is wanted, until Ctrl-C."""
    try:
        if answer.lines:
            system.tell(answer)
        system.wait(threading.Event(), inf)
    except GivenUp:
        pass
    finally:
        if system.feed is not None:
            system.feed.wanted = None


def is_wanted(line: Line, tid: int | None, kinds: tuple[str, ...]) -> bool:
    """Whether a line that comes is one of those that are followed."""
    return line.kind in kinds and (tid is None or line.tid == tid)
