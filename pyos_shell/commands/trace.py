"""The command that shows system calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self, TextIO

from ..answers import Notice
from ..calls import known_calls
from ..candidates import Candidate, summary
from ..command import command
from ..mistake import did_you_mean, excerpt
from ..system import Failure, System
from ..tid import Tid
from ..tracer import RATE, Tracer, Wishes

if TYPE_CHECKING:
    from ..live import Live

OFF: Final = "off"


class Traced(str):
    """What is to be traced: a task by its number, or a call by its name; or `off`."""

    metavar: ClassVar[str] = "TID|CALL"
    takes: ClassVar[str] = "the number of a task, the name of a call, or off"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is none of these."""
        if text.isdigit():
            return cls(Tid.parse(text))
        names = {name.casefold(): name for name in (*known_calls(), OFF)}
        if text.casefold() not in names:
            meant = did_you_mean(text, names.values())
            raise ValueError(f"there is no call '{excerpt(text)}'{meant}")
        return cls(names[text.casefold()])

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The living tasks, and all calls."""
        yield from Tid.candidates(begun, live)
        yield Candidate(OFF, "trace no more")
        for name, call in sorted(known_calls().items()):
            yield Candidate(name, summary(call))


@command(looks=True, unless=("file",))
def trace(
    system: System,
    *what: Traced,
    lives: bool = False,
    rate: int | None = None,
    file: Path | None = None,
) -> Notice:
    """Show system calls as they happen.

    Each with its arguments, what it answered or raised, and how long it took: of
    some tasks (`trace 3 7`), some calls (`trace Recv Send`), or both. One that
    sleeps is shown with `…`, and again when it has its answer. `trace off` ends
    that. Other consoles do not see it.

    lives: births and deaths of tasks as well
    rate: so many lines a second, 100 unless given
    file: write all to this file, and not to the screen
    """
    if not system.shows and file is None and (system.read_only or OFF not in what):
        raise Failure("only answers are shown here; trace at a prompt")
    before = system.output.end_trace(system.feed)
    if OFF in what:
        return Notice("nothing is traced any more" if before else "nothing was traced")
    if rate is not None and rate < 1:
        raise Failure(f"--rate takes a number of lines from 1 on, not {rate}")
    if rate is None and file is None:
        rate = RATE
    tids = frozenset(int(each) for each in what if each.isdigit())
    calls = frozenset(each for each in what if not each.isdigit())
    wishes = Wishes(tids, calls, lives, rate, opened(file))
    tracer = Tracer(system.machine, system.output, wishes, feed=system.feed)
    system.output.tracers[system.feed] = tracer
    tracer.on()
    into = f" into {file}" if file is not None else ""
    return Notice(f"tracing {wishes.tell()}{into}; trace off ends it")


def opened(file: Path | None) -> TextIO | None:
    """The file, open to be written anew. Raises `Failure`."""
    if file is None:
        return None
    try:
        return open(file, "w", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Failure(f"cannot write {file}: {getattr(error, 'strerror', error)}") from None
