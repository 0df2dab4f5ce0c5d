"""What commands answer, beside the kernel's own snapshots. `render` shows them.

An answer with an `ok` that is false makes the command count as failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kernel.errors import PipeBroken
from kernel.record import record
from kernel.task import ExitCode

from .output import Line

if TYPE_CHECKING:
    from kernel import (
        BreakInfo,
        EndedList,
        ExitStatus,
        Explanation,
        FileList,
        Hogged,
        StackInfo,
        Stepped,
        TaskDetails,
        TaskInfo,
        TaskList,
    )


@record
class Notice:
    """A line that confirms what was done. It is no data: without a terminal it goes to stderr."""

    text: str
    ok: bool = True


@dataclass(slots=True)
class Ends:
    """How tasks ended: `before` the command was given, which is told now, and since then, which
    has been reported already; and those that `others` had started, whatever became of them. And
    whether a script failed behind its `mainloop`.
    """

    before: list[tuple[str, ExitStatus]]
    since: list[ExitStatus]
    others: list[ExitStatus]
    script_failed: bool = False

    @property
    def ok(self) -> bool:
        awaited = [*(status for _, status in self.before), *self.since]
        return not self.script_failed and all(map(ended_well, awaited))


@record
class Started:
    """The tasks that have been started; that has been said before they ran."""

    tids: list[int]


@record
class Left:
    """A job that the user has left: its tasks are stopped, and go on when he wants."""

    tids: list[int]
    title: str

    @property
    def ok(self) -> bool:
        return False


@record
class Ran:
    """The commands of a file have run; whether all have succeeded."""

    file: str
    ok: bool


@record
class Table:
    """Living tasks; `everything` if the user asked for all rows, `narrowed` if only for some kind
    of tasks, `tree` if they are to be drawn as one. `marks` are those of jobs: `fg` in the
    foreground, `+` the one that was left last, `-` those before. `shares` are those of the
    processor in the last five seconds, of 1.
    """

    tasks: TaskList
    everything: bool
    narrowed: bool = False
    tree: bool = False
    marks: dict[int, str] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)


@record
class Ended:
    """Tasks that have ended; `narrowed` if the user asked for some only."""

    tasks: EndedList
    narrowed: bool = False


@record
class Busy:
    """A task, and the `share` of the processor that it had, of 1."""

    share: float
    task: TaskInfo


@record
class Top:
    """The tasks that use the processor, and how many there are, by state.

    `processor` is the share that all of them had, of 1, and `turns` are those of all tasks in a
    second, about; `history` has this share and the length of the ready queue at each sample so
    far. `memory` is in bytes, None where the system does not tell. `rows` are the tasks from the
    row `first` on, of all that `match` what was asked for. While the system is `paused` no task has
    a step, or `rate` steps a second are made.
    """

    tasks: int
    ready: int
    blocked: int
    stopped: int
    processor: float
    turns: float
    memory: int | None
    history: list[tuple[float, int]]
    first: int
    match: int
    rows: list[Busy]
    paused: bool = False
    rate: float | None = None


@record
class Stack:
    """The call stack of a task; to be shown with so many lines of `source` around each, and with
    its `locals`, if the user asked for them.
    """

    stack: StackInfo
    source: int = 0
    locals: bool = False


@record
class Inspection:
    """All there is about a task, and its last calls in words; None while they are not traced."""

    details: TaskDetails
    calls: list[str] | None


@record
class Why:
    """Why the task `tid` does not go on: an explanation, or the task that holds the kernel, so that
    nobody could be asked. A `hint` says what may help.
    """

    tid: int
    explanation: Explanation | None
    holder: Hogged | None = None
    hint: str = ""

    @property
    def is_deadlock(self) -> bool:
        return self.explanation is not None and "deadlock" in self.explanation.verdict

    @property
    def sentence(self) -> str:
        """All of it in one sentence."""
        if self.holder is None:
            return str(self.explanation)
        return str(self.holder) + ("" if self.holder.tid == self.tid else ", so no other can run")


@record
class Files:
    """The files that the kernel watches, or those of the task `tid`."""

    files: FileList
    tid: int | None = None


@record
class Source:
    """Lines of a source file, from the line `first` on; those at which a task stands are
    `marked`.
    """

    file: str
    first: int
    lines: list[str]
    marked: tuple[int, ...] = ()
    hint: str = ""


@record
class Listing:
    """Names with a line about each, and a `hint` below."""

    rows: list[tuple[str, str]]
    hint: str = ""


@record
class Page:
    """Help on one thing: its usage and its docstring. `rows` are names that belong to it, such as
    those of its arguments, with a line about each.
    """

    usage: str
    text: str
    hint: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)


@record
class Log:
    """Remembered lines of output."""

    lines: list[Line]


@record
class Steps:
    """Steps that tasks have made one by one. Each has been told as it happened."""

    steps: list[Stepped]


@record
class Breakpoints:
    """Where tasks stop."""

    points: list[BreakInfo]


@record
class Value:
    """What an expression gives, in one line."""

    text: str


Answer = Any


def ended_well(status: ExitStatus) -> bool:
    """Whether a task has returned, and a script without an exit code; or was only ended because
    nobody read what it printed.
    """
    if isinstance(status.error, PipeBroken):
        return True
    return status.ok and not isinstance(status.value, ExitCode)
