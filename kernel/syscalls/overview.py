"""How much there is of everything, in a few numbers."""

from __future__ import annotations

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
    many `requests` of other threads have no answer yet. `time` is that of the kernel's clock.
    """

    tasks: int
    running: int
    ready: int
    blocked: int
    stopped: int
    dying: int
    spawned: int
    passes: int
    alarms: int
    files: int
    waits: int
    outside: int
    requests: int
    time: float


@system_call
class GetOverview(SystemCall):
    """Answers an `Overview`. It is as quick however many tasks there are: only those that are kept
    from having a step are looked at.
    """

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        tasks, running = kernel.tasks, int(caller.task is not None)
        stopped = [tasks[tid] for tid in kernel.held if tasks[tid].stopped]
        halting = sum(task.queue is None for task in stopped)  # they are in the ready queue
        ready = min(len(kernel.ready) - halting, len(tasks) - len(stopped) - running)
        return Overview(
            tasks=len(tasks),
            running=running,
            ready=ready,
            blocked=len(tasks) - len(stopped) - running - ready,
            stopped=len(stopped),
            dying=len(kernel.dying),
            spawned=kernel.last_tid,
            passes=kernel.passes,
            alarms=kernel.alarms.live,
            files=len(kernel.files.files),
            waits=kernel.files.waiting,
            outside=kernel.outside,
            requests=len(kernel.requests) - (caller in kernel.requests),
            time=kernel.clock.now(),
        )
