"""What is known of the running system while somebody types, without waiting for it.

A key must never wait for a kernel that a task holds. So the numbers of tasks, their names and the
breakpoints are read off the kernel's tables as they are, and the tasks themselves are those of the
last answer, which is asked for when a menu is opened, and waited for only a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kernel import KernelStopped, ListTasks, Machine, RequestCancelled

if TYPE_CHECKING:
    from kernel import BreakInfo, TaskInfo

#: Seconds that an opening menu waits for the kernel.
PATIENCE: Final = 0.1

#: Tasks that a menu shows, at most: the oldest.
MOST: Final = 1_000

#: Asyncio tasks of each that it shows, at most.
WITHIN: Final = 50

NO_ALIASES: Final[Mapping[str, str]] = {}


class Live:
    """The system of one console."""

    def __init__(
        self, machine: Callable[[], Machine], aliases: Mapping[str, str] = NO_ALIASES
    ) -> None:
        self.machine = machine
        #: The names that the user has made, and what each stands for.
        self.aliases = aliases
        self.may_grow = False
        #: The living tasks, as they were when they were asked for last.
        self.tasks: Sequence[TaskInfo] = ()
        #: And the asyncio tasks that live in them.
        self.inner: Sequence[TaskInfo] = ()

    def later(self) -> Live:
        """The system as it is when a command has run that may start any number of tasks."""
        later = Live(self.machine, self.aliases)
        later.tasks, later.inner, later.may_grow = self.tasks, self.inner, True
        return later

    def lives(self, tid: int) -> bool:
        """Whether there is a living task of this number."""
        return tid in self.machine().kernel.tasks

    def has_been(self, tid: int) -> bool:
        """Whether there is a task of this number, or was one, or may be by then."""
        return self.may_grow or tid <= self.machine().kernel.last_tid

    @property
    def names(self) -> dict[str, int]:
        """The tids of the tasks that go by a name."""
        return self.machine().kernel.names.tids()

    @property
    def breaks(self) -> list[BreakInfo]:
        """Where tasks stop."""
        breaks = self.machine().kernel.breaks
        return breaks.infos() if breaks is not None else []

    async def refresh(self) -> None:
        """Ask for the tasks. Where no answer comes in time, those of last time must do."""
        machine = self.machine()
        reply = machine.submit(ListTasks(MOST, inner=WITHIN))
        with suppress(KernelStopped, RequestCancelled):
            try:
                answer = await asyncio.wait_for(asyncio.wrap_future(reply), PATIENCE)
            except TimeoutError:
                machine.cancel(reply)
            else:
                self.tasks = [task for task in answer.tasks if not task.inner]
                self.inner = [task for task in answer.tasks if task.inner]
