"""Waiting until nothing goes on any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..systemcall import SystemCall, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class WaitAllBlocked(SystemCall):
    """Waits until nobody else can go on by itself: every other task is asleep, no file is ready and
    no alarm is due. Answers None. For tests.
    """

    woken_by = "the last who falls asleep"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return caller.sleep(kernel.idlers, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "all others to be blocked"
