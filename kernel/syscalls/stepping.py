"""Calls that hold up the whole system, and let it go on step by step."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ..checks import check_seconds
from ..debugger.brake import Brake
from ..errors import NotPaused, TaskEnded
from ..inbox import Order
from ..systemcall import SystemCall, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class Pause(SystemCall):
    """Holds up the whole system: no task has a step until `Resume`. Requests are answered all the
    same, files are looked at and alarms ring, so tasks become ready.

    Answers whether that makes a difference. A task that calls it takes no further step, and has its
    answer, None, when all goes on; the others have their turns of the same pass.
    """

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if caller.task is not None:
            return behind_this_pass(kernel, caller, self, None)
        differs = kernel.brake is None or kernel.brake.rate is not None
        brake_of(kernel).set_rate(None)
        return differs


@system_call
class Resume(SystemCall):
    """Lets the system go on after a `Pause` or `Slow`. Answers whether that makes a difference."""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if kernel.brake is None:
            return False
        kernel.brake.release()
        return True


@system_call
class Step(SystemCall):
    """Lets one task have one step in a system that is held up: the one whose turn it is, or the
    task `tid`. A step ends with a call, a bare `yield`, the entry of a subroutine, or the task.

    Waits until there is a task that can. Answers what happened, a `Stepped`; None if nobody ever
    can, or if the system goes on. Raises `NotPaused`; `NoSuchTask`, or `TaskEnded`.
    """

    tid: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if kernel.brake is None:
            raise NotPaused
        if self.tid is not None and kernel.find(self.tid).frame is None:
            raise TaskEnded(self.tid)
        if kernel.stuck():
            return None
        return caller.sleep(kernel.brake.orders, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return "a step" if self.tid is None else f"a step of {self.tid}"


@system_call
class Slow(SystemCall):
    """Lets the system go on, by `rate` steps a second and no more. Answers None.

    Each is a step as of `Step`, and a `Stepped` event tells of it, unless it is to be `silent`.
    Raises `ValueError` for what is no rate.
    """

    rate: float
    silent: bool = False

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_seconds(self.rate, "cannot make {} steps a second")
        if not 0 < self.rate < inf:
            raise ValueError(f"cannot make {self.rate} steps a second")
        rate = float(self.rate)
        if caller.task is not None:
            return behind_this_pass(kernel, caller, self, rate, self.silent)
        brake_of(kernel).set_rate(rate, self.silent)
        return None


def behind_this_pass(
    kernel: Scheduler, caller: Caller, call: SystemCall, rate: float | None, silent: bool = False
) -> object:
    """Put the brake on when the pass is over in which a task has called for it; until then the task
    sleeps, and it has its next step by the brake's leave.
    """

    def carry_out() -> None:
        brake_of(kernel).set_rate(rate, silent)
        if caller.queue is not None and caller.call is call:  # nobody has killed it meanwhile
            caller.answer(None)

    kernel.inbox.put(Order(carry_out))
    return caller.sleep(kernel.sleepers, call)


def brake_of(kernel: Scheduler) -> Brake:
    """The kernel's brake, which is on from now on if it was not."""
    if kernel.brake is None:
        kernel.brake = Brake(kernel)
    return kernel.brake
