"""Calls about tasks: who am I, make one, end one, wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import check_seconds
from ..errors import NotATask, TaskFailed, TaskKilled
from ..frames import drop
from ..systemcall import SystemCall, brief, system_call
from ..task import Task

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class GetTid(SystemCall):
    """Answers the caller's own tid; 0 to a request from outside."""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return caller.tid


@system_call
class Yield(SystemCall):
    """Gives up the processor: every other ready task runs first. `await Yield()` in an
    `async def` is what a bare `yield` is in a generator.
    """

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return caller.give_way()


@system_call
class NewTask(SystemCall):
    """Makes a task of a generator or coroutine; answers its tid. The caller goes on at once.

    Raises `TypeError` for anything else, `TooManyTasks` when the task table is full.
    """

    target: Any
    name: str | None = None

    def drop(self) -> None:
        drop(self.target)

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task = Task(self.target, self.name)
        kernel.schedule(task, caller.tid)
        return task.tid


@system_call
class KillTask(SystemCall):
    """Kills a task: `TaskKilled` surfaces at its innermost `yield`, so its `finally` runs, and may
    wait. After `grace` seconds (the kernel's own, unless given) it is ended by force.

    An answer that the task has been given already is seen first. Answers True, or False if the
    task had ended before. Raises `NoSuchTask`, and `ValueError` for a `grace` that is no time.
    """

    tid: int
    grace: float | None = None

    def ends(self, tid: int) -> bool:
        return self.tid == tid

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if self.grace is not None:
            check_seconds(self.grace, "cannot give a task {} seconds to end")
        task = kernel.find(self.tid)
        if task.frame is None:
            return False
        if task is caller.task and not task.killed:
            task.killed = True
            kernel.expect_end(task, self.grace)
            raise TaskKilled
        kernel.kill(task, self.grace)
        return True


@system_call
class WaitTask(SystemCall):
    """Waits until a task has ended; answers its `ExitStatus`, at once if it has ended before.

    The last 1,000 ended tasks are kept. Raises `NoSuchTask` for any other, and `ValueError` to a
    task that waits for itself.
    """

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task = kernel.find(self.tid)
        if task.frame is None:
            return self.ended(task)
        if task is caller.task:
            raise ValueError(f"task {self.tid} waits for its own end, which would never come")
        return caller.sleep(task.exit_queue(), self)

    def ended(self, task: Task) -> object:
        return task.status

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"exit of {brief(self.tid)}"

    def waits_for(self) -> int | None:
        return self.tid


@system_call
class Join(WaitTask):
    """Waits until a task has ended; answers what it returned.

    Raises `TaskFailed`, from the task's own error, if it crashed or was killed; otherwise as
    `WaitTask`.
    """

    def ended(self, task: Task) -> object:
        status = task.status
        assert status is not None
        if status.ok:
            return status.value
        raise TaskFailed(status) from status.error


def own_task(caller: Caller, call: SystemCall) -> Task:
    """The task that makes a call which only tasks can make. Raises `NotATask`."""
    task = caller.task
    if task is None:
        raise NotATask(type(call).__name__)
    return task
