"""Calls of asyncio programs that are tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NoSuchAsyncTask, TaskKilled
from ..files import FileCall
from ..poller import READ
from ..systemcall import ASLEEP, SystemCall, system_call
from ..watch import Watch
from .select import Select
from .tasks import own_task

if TYPE_CHECKING:
    from ..files import File
    from ..hosting.host import Host
    from ..hosting.loop import WaitsByCalls
    from ..hosting.visitor import Visitor
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class Enroll(SystemCall):
    """Notes that the caller is the host of an asyncio program. Answers None."""

    host: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        host: Host = self.host
        host.kernel, host.task = kernel, own_task(caller, self)
        kernel.hosts[caller.tid] = host
        host.watch = Watch(host.task, host.ended)
        return None


@system_call
class AwaitLoop(FileCall):
    """Waits until an asyncio loop has something to do: one of its files is ready, so many `seconds`
    have passed, or somebody has woken it. Other tasks run in any case. Answers None.
    """

    selector: Any
    seconds: float | None

    woken_by = "its files and timers"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        tell_of_kill(self.selector, caller)
        if self.seconds == 0 or self.selector.rung:
            return caller.give_way()
        answer = kernel.files.wait(kernel.files.of(self.selector), READ, caller, self)
        if self.seconds is not None:
            kernel.alarms.set(kernel.clock.now() + self.seconds, caller)
        return answer

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        file.readable = False
        return None

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(None)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return told_of(self.selector)


class AwaitFiles(Select):
    """The same, where no descriptor stands for all files of a loop: waits for each by a call."""

    __slots__ = ("seconds", "selector")

    def __init__(self, selector: WaitsByCalls, seconds: float | None, *calls: SystemCall) -> None:
        super().__init__(*calls)
        self.selector, self.seconds = selector, seconds

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        tell_of_kill(self.selector, caller)
        if self.seconds == 0 or self.selector.rung:
            return caller.give_way()
        return super().run(kernel, caller)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return told_of(self.selector)


def tell_of_kill(selector: WaitsByCalls, caller: Caller) -> None:
    """Raise `TaskKilled` if the program does not know of its kill: it has been raised in the middle
    of a step, in one of the asyncio tasks, and that has kept it.
    """
    if caller.task is not None and caller.task.killed and not selector.loop.knows_of_kill:
        raise TaskKilled


def told_of(selector: WaitsByCalls) -> str:
    """What a task waits for whose asyncio loop has nothing to do."""
    tasks = sum(not task.done() for task in list(selector.loop.host.inner))
    return f"asyncio: {tasks} task{'s' * (tasks != 1)}"


@system_call
class Visit(SystemCall):
    """Makes a call for one asyncio task of the caller's. Answers what it answers, or if it sleeps
    the `visitor`, who does so in its place.
    """

    visitor: Visitor
    call: SystemCall

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        try:
            answer = self.visitor.make(self.call)
        except TaskKilled as error:  # of itself: that concerns the whole program
            own_task(caller, self).interrupt(error)
            answer = ASLEEP
        return self.visitor if answer is ASLEEP else answer


@system_call
class CancelAsyncTask(SystemCall):
    """Cancels one asyncio task, by its `number`, of the asyncio program that is the task `tid`.
    Answers None. Raises `NoSuchTask`, and `NoSuchAsyncTask` if it is not there or has ended.
    """

    tid: int
    number: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        host = host_of(kernel, self.tid, self.number)
        from ..hosting.inner import find

        find(host, self.number).cancel()
        host.wake()
        return None


def host_of(kernel: Scheduler, tid: int, number: int) -> Host:
    """The asyncio program that is a task. Raises `NoSuchTask`, and `NoSuchAsyncTask` if it is none
    in which there could be a task of this number.
    """
    kernel.find(tid)
    if tid not in kernel.hosts:
        raise NoSuchAsyncTask(tid, number)
    return kernel.hosts[tid]
