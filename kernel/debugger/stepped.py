"""What happened in one step of a task, in words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..callstack import innermost_frame
from ..frames import strip
from ..places import FrameInfo, info_of, place_of
from ..record import record
from ..standins import Raise, Stopped, Throw, behind
from ..systemcall import brief, safe
from ..task import in_words
from ..trace import Answered, Called, Failed, TraceEvent

if TYPE_CHECKING:
    from ..task import Task


@record
class Stepped(TraceEvent):
    """A task had one step, while all others were held up.

    It went on `before`, and stands `after`; None if it has ended. `deed` says what it did: called,
    entered, gave way, ended. The tasks `woken` became ready by it.
    """

    before: FrameInfo
    after: FrameInfo | None
    deed: str
    woken: list[int]

    def __str__(self) -> str:
        text = f"task {self.tid} {self.way} {self.deed}"
        if self.woken:
            text += f"; ready by it: {', '.join(map(str, self.woken))}"
        return text

    @property
    def way(self) -> str:
        """From which line to which: `server.py:12 → 14`."""
        begin, end = self.before, self.after
        text = f"{os.path.basename(begin.file)}:{begin.line}"
        if end is None:
            return text
        if end.file != begin.file:
            return f"{text} → {os.path.basename(end.file)}:{end.line}"
        return f"{text} → {end.line}"


class Witness:
    """Sees one step of a task, made in its `with` block."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.before = info_of(innermost_frame(task))
        self.depth = depth(task)
        self.call: Any = None
        self.events: list[Answered | Failed] = []

    def __enter__(self) -> Witness:
        self.task.kernel.trace.subscribe(self.see, Called, Answered, Failed)
        return self

    def __exit__(self, *error: object) -> None:
        self.task.kernel.trace.unsubscribe(self.see)

    def see(self, event: Any) -> None:
        """What happens to other tasks meanwhile is their affair."""
        if event.tid != self.task.tid:
            return
        if isinstance(event, Called):
            self.call = event.call
        else:
            self.events.append(event)

    def report(self, woken: list[int]) -> Stepped:
        """What has happened. The step is over."""
        task = self.task
        after = info_of(innermost_frame(task)) if task.frame is not None else None
        deed = self.deed() if after is not None else str(task.status)
        return Stepped(task.tid, self.before, after, deed, woken)

    def deed(self) -> str:
        """What the task did, which lives on."""
        task = self.task
        if task.unfinished is not None:
            return "is interrupted" if task.stop is None else "stops"
        match self.call:
            case None:
                return self.deed_without_call()
            case Stopped():
                return "stops"
            case Raise():
                return f"is told of {in_words(self.call.error)}"
        return f"calls {safe(repr, self.call)}{self.outcome(task)}"

    def outcome(self, task: Task) -> str:
        """What has become of the call so far."""
        match self.events:
            case []:
                return " and waits" if task.queue is not None else ""
            case [Answered(answer=answer), *_]:
                return f" = {brief(answer)}"
            case [Failed(error=error), *_]:
                return f", which raises {in_words(error)}"
        raise AssertionError

    def deed_without_call(self) -> str:
        """How a step ends that makes no call."""
        task, function = self.task, self.before.function
        if isinstance(task.frame, Throw):
            return f"leaves {function} with {in_words(strip(task.frame.error))}"
        if depth(task) > self.depth:
            return f"enters {place_of(behind(task.frame)).function}"
        if depth(task) < self.depth and task.reply is not None:
            return f"returns {brief(task.reply)} early"
        return "gives way"


def depth(task: Task) -> int:
    return len(task.callers or ())
