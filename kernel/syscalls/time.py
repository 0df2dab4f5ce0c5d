"""Calls about time. All times are in seconds."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ..systemcall import SystemCall, brief, system_call

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
        seconds = self.seconds
        try:
            if not 0 <= seconds < inf:
                raise ValueError(f"cannot sleep for {seconds} seconds")
        except TypeError:
            raise TypeError(f"seconds are a number, not {brief(seconds)}") from None
        if type(seconds) is not float:
            seconds = float(seconds)
        kernel.alarms.set(kernel.clock.now() + seconds, caller)
        return caller.sleep(kernel.sleepers, self)

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(None)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        left = caller.alarm[0] - kernel.clock.now() if caller.alarm is not None else 0.0
        return f"sleep {max(0.0, left):.1f} s left"
