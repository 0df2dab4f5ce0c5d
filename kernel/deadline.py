"""How long a killed task may take to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .alarms import Alarm
    from .task import Task


class Deadline:
    """When a killed task is ended by force: but not before the kill has surfaced in it."""

    __slots__ = ("alarm", "task", "when")

    def __init__(self, task: Task, when: float) -> None:
        self.task = task
        self.when = when
        self.alarm: Alarm | None = None

    def ring(self) -> None:
        task, kernel = self.task, self.task.kernel
        if kernel.brake is not None:  # nobody can end while it is on; its release sets us anew
            return
        # One that is on no queue is ready, unless a faulty call has lost it.
        if task.heeded or task.queue is not None or not kernel.ready:
            kernel.force(task)
        else:  # it has not had a turn since
            kernel.alarms.set(kernel.clock.now(), self)
