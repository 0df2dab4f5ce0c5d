"""Calls about time. All times are in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..systemcall import SystemCall, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class Sleep(SystemCall):
    """Sleeps for `seconds`, at least; 0 gives up the processor. Answers None.

    Raises `ValueError` for a negative number or one that is no time, `TypeError` for no number.
    """

    seconds: float

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if not 0 <= self.seconds < float("inf"):
            raise ValueError(f"cannot sleep for {self.seconds} seconds")
        when = kernel.clock.now() + float(self.seconds)
        return Sleeping(self.seconds, when).run(kernel, caller)


@system_call
class Sleeping(SystemCall):
    """What is left of a `Sleep`: to wake up at the time `when` of the kernel's clock."""

    seconds: float
    when: float

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        kernel.alarms.set(self.when, caller)
        return caller.sleep(kernel.sleepers, self)

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(None)

    def reason(self, kernel: Scheduler) -> str:
        left = max(0.0, self.when - kernel.clock.now())
        return f"sleep {left:.1f} s left"

    def __repr__(self) -> str:
        return repr(Sleep(self.seconds))
