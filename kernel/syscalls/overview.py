"""How much there is of everything, in a few numbers.

They can be read off a kernel that runs meanwhile, too. Nobody is asked then, so they are there at
once, even while a task holds the kernel, and they cost the loop nothing. They are those of one
moment, but not all of exactly the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..record import record
from ..systemcall import SystemCall, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@record
class Overview:
    """The system in numbers.

    Of the living `tasks` one at most is `running`, so many are `ready`, `blocked` and `stopped`,
    and so many (of any state) are `dying`, as they have been killed. So many have `spawned` in all;
    there have been so many `passes` over the ready queue; so many `alarms` are set. So many `files`
    are known, and `waits` for them; so many sleep for something `outside`, such as a thread; so
    many `requests` of other threads have no answer yet. `time` is that of the kernel's clock. While
    the system is `paused` no task has a step, or `rate` steps a second are made.
    """

    tasks: int = 0
    running: int = 0
    ready: int = 0
    blocked: int = 0
    stopped: int = 0
    dying: int = 0
    spawned: int = 0
    passes: int = 0
    alarms: int = 0
    files: int = 0
    waits: int = 0
    outside: int = 0
    requests: int = 0
    time: float = 0.0
    paused: bool = False
    rate: float | None = None


@system_call
class GetOverview(SystemCall):
    """Answers an `Overview`. It is as quick however many tasks there are: only those that are kept
    from having a step are looked at.
    """

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        overview = overview_of(kernel, int(caller.task is not None))
        return replace(overview, requests=overview.requests - (caller in kernel.requests))


def overview_of(kernel: Scheduler, running: int = 0) -> Overview:
    """The overview of a kernel. From any thread, which takes a task that is `running` at that
    moment for one that is ready, or blocked.
    """
    held = [kernel.tasks.get(tid) for tid in list(kernel.held)]  # a list is made in one instruction
    stopped = [task for task in held if task is not None and task.stopped]
    halting = sum(task.queue is None for task in stopped)  # they are in the ready queue
    others = max(0, len(kernel.tasks) - len(stopped) - running)
    ready = max(0, min(len(kernel.ready) - halting, others))
    brake = kernel.brake
    return Overview(
        tasks=len(kernel.tasks),
        running=running,
        ready=ready,
        blocked=others - ready,
        stopped=len(stopped),
        dying=len(kernel.dying),
        spawned=kernel.last_tid,
        passes=kernel.passes,
        alarms=kernel.alarms.live,
        files=len(kernel.files.files),
        waits=kernel.files.waiting,
        outside=kernel.outside,
        requests=len(kernel.requests),
        time=kernel.clock.now(),
        paused=brake is not None,
        rate=brake.rate if brake is not None else None,
    )
