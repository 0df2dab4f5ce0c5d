"""Calls about the time that a task may hold the machine for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import check_seconds
from ..errors import NoPreemption
from ..systemcall import SystemCall, brief, system_call

if TYPE_CHECKING:
    from ..preemption.preemption import Preemption
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class Preempt(SystemCall):
    """Has every task interrupted, from now on, whose step takes longer than `slice` seconds: all
    others who are ready have their turns, and then it goes on where it was. None for no task.

    Answers the slice that was in force before. Raises `ValueError` for a slice that is no time
    above 0, `NoPreemption` where tasks cannot be interrupted.
    """

    slice: float | None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if self.slice is not None:
            check_seconds(self.slice, "a slice is a time above 0 seconds, not {}")
            if not self.slice:
                raise ValueError(f"a slice is a time above 0 seconds, not {brief(self.slice)}")
        preemption = preemption_of(kernel)
        preemption.prepare()
        if self.slice is not None:
            preemption.check()
        former, preemption.slice = preemption.slice, self.slice
        return former


@system_call
class GetSlice(SystemCall):
    """Answers after how many seconds in one step a task is interrupted; None for never."""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if kernel.preemption is None:
            return None
        kernel.preemption.prepare()
        return kernel.preemption.slice


def preemption_of(kernel: Scheduler) -> Preemption:
    """Raises `NoPreemption` where nobody watches the kernel."""
    if kernel.preemption is None:
        raise NoPreemption("tasks are interrupted in a Machine: there is a watchdog")
    return kernel.preemption
