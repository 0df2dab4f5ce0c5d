"""Tasks that are to have more turns than others, or fewer.

A weighted round robin. A task has a weight of 1, and half of it for each five levels that it is
nicer. At the front of the ready queue it saves up its weight; once it has saved as much as the
heaviest of all has, it has a turn and has spent that much, and until then it goes to the back. So
turns are shared out in proportion to the weights, and nobody starves: the lightest of all tasks has
a turn at every 223rd time at the front, at the latest.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

from .inbox import Order
from .policies import Policy
from .watch import Watch

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .task import Task

#: The levels, as in Unix: the least nice takes the most.
LEAST: Final = -20
MOST: Final = 19

#: So many levels halve the weight.
HALF: Final = 5

#: What has been saved up is compared with what rounding cannot change.
ENOUGH: Final = 1 - 1e-9

#: What ended tasks have saved is thrown out when there is so much of it, and as much again as of
#: living ones.
LEFT_OVER: Final = 1_000


class Nice(Policy):
    """The policy of a kernel in which some tasks have a level other than 0.

    It takes the place of the policy that was there, and gives it back when there is none any more.
    """

    def __init__(self, kernel: Scheduler) -> None:
        super().__init__(kernel.policy.budget)
        self.kernel = kernel
        self.former = kernel.policy
        #: The levels that are not 0, by tid.
        self.levels: dict[int, int] = {}
        self.heaviest = 1.0
        #: What tasks have saved up, as a part of what a turn costs.
        self.saved: dict[int, float] = {}

    def level(self, task: Task) -> int:
        return self.levels.get(task.tid, 0)

    def set(self, task: Task, level: int) -> None:
        """Give a living task a level."""
        if level and task.tid not in self.levels:
            Watch(task, self.forget)
        self.levels.pop(task.tid, None)
        if level:
            self.levels[task.tid] = level
        self.weigh()

    def forget(self, task: Task) -> None:
        """The task has ended, maybe in the middle of a pass."""
        self.levels.pop(task.tid, None)
        self.weigh()
        self.kernel.inbox.put(Order(self.settle))

    def weigh(self) -> None:
        self.heaviest = max(map(weight, (0, *self.levels.values())))

    def settle(self) -> None:
        """Be the kernel's policy, or be it no more, as the levels want it; between two passes."""
        kernel = self.kernel
        if self.levels and kernel.policy is not self:
            self.former, kernel.policy = kernel.policy, self
            self.budget = self.former.budget
        elif not self.levels and kernel.policy is self:
            kernel.policy = self.former
            self.saved.clear()

    def pick(self, ready: deque[Task]) -> Task:
        while True:
            task = ready.popleft()
            if not ready:
                return task
            tid = task.tid
            saved = self.saved.get(tid, 0.0) + weight(self.levels.get(tid, 0)) / self.heaviest
            if saved >= ENOUGH:
                self.spend(tid, saved - 1)
                return task
            self.saved[tid] = saved
            ready.append(task)

    def spend(self, tid: int, rest: float) -> None:
        """A task has its turn; so much is left of what it has saved."""
        self.saved[tid] = rest
        if len(self.saved) > 2 * len(self.kernel.tasks) + LEFT_OVER:
            self.saved = {tid: self.saved[tid] for tid in self.saved if tid in self.kernel.tasks}

    def peek(self, ready: deque[Task]) -> Task | None:
        saved = self.saved.copy()
        try:
            return self.pick(ready.copy()) if ready else None
        finally:
            self.saved = saved


def weight(level: int) -> float:
    return math.pow(2, -level / HALF)
