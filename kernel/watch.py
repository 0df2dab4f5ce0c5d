"""To be told of a task's end without sleeping for it."""

from __future__ import annotations

from collections.abc import Callable

from .task import Task
from .waitqueue import Caller


class Watch(Caller):
    """Calls `notify(task)` once, when `task` has ended.

    It stands on the task's exit queue between the callers that sleep there, so all are told in the
    order in which they came. `leave` ends it early. What `notify` does is the kernel's own code: it
    must not raise.
    """

    __slots__ = ("notify",)

    def __init__(self, task: Task, notify: Callable[[Task], object]) -> None:
        super().__init__()
        self.kernel = task.kernel
        self.notify = notify
        task.exit_queue().append(self)

    def ended(self, task: Task) -> None:
        self.leave()
        self.notify(task)
