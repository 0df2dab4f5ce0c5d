"""A task that an asyncio program lives in."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..fibers import call
from ..greenlets import Fiber, current_fiber
from ..syscalls.hosting import Enroll
from .belongings import Belongings, set_loop_setter, set_runner
from .policy import HostedRunner, HostPolicy, set_running_loop

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..systemcall import SystemCall
    from ..task import Task
    from ..watch import Watch
    from .loop import HostedLoop
    from .visitor import Visitor


class Host:
    """In its `with` block, which is on the task's own stack, asyncio's loops are the kernel's."""

    kernel: Scheduler
    task: Task
    #: Tells of the task's end, if that comes first.
    watch: Watch

    def __init__(self) -> None:
        fiber = current_fiber()
        assert fiber is not None
        self.fiber: Fiber = fiber
        self.loops: list[HostedLoop] = []
        #: The asyncio tasks, each with its number and when it was made.
        self.inner: WeakKeyDictionary[asyncio.Task[Any], tuple[int, float]] = WeakKeyDictionary()
        self.numbers = count(1)
        #: Who is in a system call for one of them.
        self.visitors: set[Visitor] = set()
        #: Whether all is to end by force.
        self.forced = False

    def __enter__(self) -> Host:
        call(Enroll(self))
        self.fiber.belongings = Belongings()
        asyncio._set_running_loop(None)  # one in which the kernel itself runs is not the program's
        asyncio.set_event_loop_policy(HostPolicy(self))
        set_runner(HostedRunner)
        set_loop_setter(set_running_loop)
        return self

    def __exit__(self, *error: object) -> None:
        for loop in [*self.loops]:
            loop.close()
        assert self.fiber.belongings is not None
        self.fiber.belongings.swap()
        self.fiber.belongings = None
        self.watch.leave()
        self.ended(self.task)

    def note(self, task: asyncio.Task[Any]) -> None:
        """An asyncio task has been made."""
        if not task.done():
            self.inner[task] = next(self.numbers), self.kernel.clock.now()

    def wait(self, trap: SystemCall) -> None:
        """Make a call on the task's own stack. Once all is to end by force, no more."""
        if self.forced:
            raise GeneratorExit
        try:
            call(trap)
        except GeneratorExit:
            self.forced = True
            raise

    def wake(self) -> None:
        """There is something to do for the loop. On the kernel's thread, but not in a step."""
        for loop in self.loops:
            loop.selector.rung = True
            if self.task.queue is not None and self.task.call is loop.selector.waiting:
                self.task.answer(None)

    def ended(self, task: Task) -> None:
        """The program has ended, and nobody waits in its name any more."""
        del self.kernel.hosts[task.tid]
        for visitor in [*self.visitors]:
            visitor.leave()
