"""Context variables: what a task sets no other task sees, and a new task begins with its maker's.

All tasks run in one empty context until one of them sets a variable there. The kernel sees that
before the next task has its turn: from then on the context is the setter's own, in which it takes
each step, and the others have a new one. So who sets nothing pays nothing; and as long as nobody
has imported `contextvars`, nobody even looks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .standins import InContext, StandIn

if TYPE_CHECKING:
    from contextvars import Context

    from .task import Task


class ContextChanged(BaseException):
    """Ends the passes: a task has set a variable in the shared context."""


class Contexts:
    """The contexts of one kernel's tasks."""

    def __init__(self) -> None:
        #: That of the tasks that have none of their own; it is empty, or has just been set.
        self.shared: Context | None = None
        #: Whose turn it was last.
        self.last: Task | None = None

    def run(self, passes: Callable[[bool], None], once: bool) -> None:
        """Run passes over the ready queue."""
        if self.shared is None:
            if not known():
                return passes(once)
            self.shared = new_context()
        shared = self.shared
        with suppress(ContextChanged):
            shared.run(passes, once)
        if shared:
            self.hand_over(shared)
        self.last = None
        return None

    def guard(self, pick: Callable[[], Task]) -> Callable[[], Task]:
        """What the loop takes its next task by: `pick`, which first looks if it has to."""
        shared = self.shared
        if shared is None:
            return pick

        def guarded() -> Task:
            if shared:
                raise ContextChanged
            self.last = task = pick()
            return task

        return guarded

    def hand_over(self, context: Context) -> None:
        """Whoever has set something in the shared context keeps it; the others get a new one."""
        self.renew()
        task = self.last
        if task is not None and task.frame is not None:
            put_into(task, context)

    def renew(self) -> None:
        """From now on, a new context is the shared one."""
        self.shared = new_context()

    def inherit(self, task: Task, parent: Task | None) -> None:
        """A new task begins with a copy of its maker's context, if there is anything in it."""
        if not known():
            return
        context = self.of(parent)
        if context:
            task.frame = InContext(task, task.frame, context.copy())

    def for_thread(self, task: Task | None) -> Context | None:
        """The context of what a thread does for a task, apart from what it does for others; None
        if nobody knows of contexts.
        """
        if not known():
            return None
        context = self.of(task)
        return context.copy() if context else new_context()

    def of(self, task: Task | None) -> Context | None:
        """The context of a task; that of the thread where there is no task."""
        if task is None:
            here: Context = sys.modules["contextvars"].copy_context()
            return here
        return task.context or (self.shared if task is self.last else None)


def put_into(task: Task, context: Context) -> None:
    """Let every frame of the task take its steps in `context`."""
    task.frame = wrapped(task, task.frame, context)
    if task.callers:
        task.callers = [wrapped(task, frame, context) for frame in task.callers]


def wrapped(task: Task, frame: Any, context: Context) -> StandIn:
    """`frame` in a context; of a stand-in, the frame behind it."""
    if isinstance(frame, InContext):
        return InContext(task, frame.frame, context)
    if isinstance(frame, StandIn):
        frame.frame = wrapped(task, frame.frame, context)
        return frame
    return InContext(task, frame, context)


def known() -> bool:
    """Whether somebody has imported `contextvars`, and to its end: this is its last name, and
    another thread may be about to import it.
    """
    return hasattr(sys.modules.get("contextvars"), "copy_context")


def new_context() -> Context:
    context: Context = sys.modules["contextvars"].Context()
    return context
