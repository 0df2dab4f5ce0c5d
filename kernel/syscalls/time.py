"""Calls about time. All times are in seconds."""

from __future__ import annotations

from math import inf
from sys import float_info
from types import coroutine
from typing import TYPE_CHECKING, Any

from ..checks import check_seconds
from ..systemcall import SystemCall, system_call

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class Now(SystemCall):
    """Answers the time of the kernel's clock, which never goes back; only differences count."""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return kernel.clock.now()


@system_call
class Sleep(SystemCall):
    """Sleeps for `seconds`, at least; 0 gives up the processor. Answers None.

    Raises `ValueError` for a negative number or one that is no time, `TypeError` for no number.
    """

    seconds: float

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        seconds = self.seconds
        if type(seconds) is not float or not 0 <= seconds < inf:
            check_seconds(seconds, "cannot sleep for {} seconds")
            seconds = float(seconds)
        kernel.alarms.set(kernel.clock.now() + seconds, caller)
        return caller.sleep(kernel.sleepers, self)

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.answer(None)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        left = caller.alarm[0] - kernel.clock.now() if caller.alarm is not None else 0.0
        return f"sleep {max(0.0, left):.1f} s left"


@system_call
class SleepUntil(Sleep):
    """Sleeps until the clock, as told by `Now`, is at `seconds`; if it is already, gives up the
    processor. Answers None. Otherwise like `Sleep`.
    """

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_seconds(self.seconds, "cannot sleep until {}", least=-float_info.max)
        kernel.alarms.set(max(float(self.seconds), kernel.clock.now()), caller)
        return caller.sleep(kernel.sleepers, self)


class Ticks:
    """Every so many seconds, without drift: `async for number in Ticks(0.5)`, or in classic style
    `number = yield ticks.next()`. Gives the number of the tick, from 1 on; ticks that nobody has
    waited for in time are left out.

    Raises `ValueError` for what is no time between two ticks.
    """

    def __init__(self, seconds: float) -> None:
        if not 0 < seconds < inf:
            raise ValueError(f"cannot tick every {seconds} seconds")
        self.seconds = seconds
        self.begin: float | None = None
        self.number = 0

    @coroutine
    def next(self) -> Generator[Any, Any, int]:
        """Wait for the next tick; the first is so many seconds after the first call of this."""
        now = yield Now()
        if self.begin is None:
            self.begin = now
        self.number = max(self.number, int((now - self.begin) / self.seconds)) + 1
        yield SleepUntil(self.begin + self.number * self.seconds)
        return self.number

    def __aiter__(self) -> Ticks:
        return self

    async def __anext__(self) -> int:
        number: int = await self.next()
        return number
