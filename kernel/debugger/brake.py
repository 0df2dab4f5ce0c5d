"""The brake: while it is on no task has a step, unless somebody orders one, or one is due.

Everything else goes on: requests are answered, files are looked at, alarms ring; whoever gets an
answer is ready, and stays so. To the loop it is one more reason not to begin a pass. An ordered
step is a pass after all, but over a ready queue in which there is one task, and with a budget of
one call. So the loop itself knows nothing of steps.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ..policies import Policy
from ..waitqueue import WaitQueue
from .stepped import Stepped, Witness

if TYPE_CHECKING:
    from ..alarms import Alarm
    from ..scheduler import Scheduler
    from ..task import Task
    from ..waitqueue import Caller

#: What is in force during an ordered step.
SINGLE: Final = Policy(budget=1)


class Brake:
    """The brake of one kernel, which is on from its making until its release."""

    def __init__(self, kernel: Scheduler) -> None:
        self.kernel = kernel
        #: Those who have ordered a step, and wait until a task is there to make it.
        self.orders = WaitQueue()
        #: The one that is being carried out.
        self.current: Caller | None = None
        #: So many steps a second come by themselves; None for none.
        self.rate: float | None = None
        self.silent = False
        #: Whether the next of these can be made, or else when.
        self.due = False
        self.alarm: Alarm | None = None

    def set_rate(self, rate: float | None, silent: bool = False) -> None:
        """Make so many steps a second from now on, `silent` or told; None for ordered ones only."""
        self.rate, self.silent, self.due = rate, silent, rate is not None
        if self.alarm is not None:
            self.kernel.alarms.drop(self)

    def ring(self) -> None:
        """The next step is due."""
        self.due = True

    def release(self) -> None:
        """Off; orders that have not been carried out are answered by None. The deadlines of those
        who are being killed begin again, as they had no chance to end meanwhile.
        """
        kernel = self.kernel
        kernel.brake = None
        self.set_rate(None)
        for order in [*self.orders]:
            if order is not self.current:
                order.answer(None)
        for deadline in kernel.dying.values():
            if deadline.alarm is None:
                kernel.alarms.set(kernel.clock.now() + kernel.grace, deadline)

    def turn(self) -> None:
        """Make the steps that are ordered or due, as far as tasks are ready. Only for the loop."""
        for order in [*self.orders]:
            self.carry_out(order)
        if self.due and (task := self.take(None)) is not None:
            self.due = False
            assert self.rate is not None
            self.kernel.alarms.set(self.kernel.clock.now() + 1 / self.rate, self)
            self.step(task, self.silent)

    def take(self, tid: int | None) -> Task | None:
        """Out of the ready queue, the task of this number, or the one whose turn it is."""
        ready = self.kernel.ready
        task: Task | None = None
        if tid is not None:
            task = next((task for task in ready if task.tid == tid), None)
            if task is not None:
                ready.remove(task)
            return task
        pick = self.kernel.policy.picker(ready)
        while ready and (task is None or task.frame is None):  # one ended by force may be there
            task = pick()
        return task if task is not None and task.frame is not None else None

    def carry_out(self, order: Caller) -> None:
        """Make the step that somebody waits for, if its task is ready, and tell."""
        if order.queue is not self.orders:  # an earlier step has ended the waiting
            return
        tid = order.call.tid
        task = self.take(tid)
        if task is None:
            if tid is not None and tid not in self.kernel.tasks:
                order.answer(None)
            return
        self.current = order
        stepped = self.step(task)
        self.current = None
        if order.queue is self.orders:
            order.answer(stepped)

    def step(self, task: Task, silent: bool = False) -> Stepped:
        """Let the task have one step; gives what happened in it."""
        kernel = self.kernel
        ready, policy = kernel.ready, kernel.policy
        with Witness(task) as witness:
            kernel.ready, kernel.policy = deque([task]), SINGLE
            try:
                kernel.contexts.run(kernel.run_passes, True)
            finally:
                queued, kernel.ready, kernel.policy = kernel.ready, ready, policy
                ready.extend(queued)
        stepped = witness.report([each.tid for each in queued if each is not task])
        if not silent:
            kernel.trace.emit(stepped)
        return stepped
