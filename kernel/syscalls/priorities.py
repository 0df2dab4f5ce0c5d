"""Calls about who runs next: how nice a task is to others, and the policy itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checks import check_kind
from ..errors import TaskEnded
from ..inbox import Order
from ..nice import LEAST, MOST, Nice
from ..policies import Policy
from ..systemcall import SystemCall, brief, system_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class SetNice(SystemCall):
    """Says how nice a task is to others: from -20, which takes the most turns, to 19; each five
    levels halve its share. New tasks have level 0. Answers the former level.

    Raises `NoSuchTask`, `TaskEnded`, and `ValueError` for what is no level.
    """

    tid: int
    level: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if type(self.level) is not int or not LEAST <= self.level <= MOST:
            raise ValueError(f"a level is from {LEAST} to {MOST}, not {brief(self.level)}")
        task = kernel.find(self.tid)
        if task.frame is None:
            raise TaskEnded(self.tid)
        nice = kernel.nice = kernel.nice or Nice(kernel)
        former = nice.level(task)
        nice.set(task, self.level)
        between_passes(kernel, caller, nice.settle)
        return former


@system_call
class SetPolicy(SystemCall):
    """Has another policy say which ready task runs next. Answers the former one.

    Called by a task, it is in force from the next pass over the ready queue on. While some task has
    a level other than 0 (`SetNice`) it lies beneath, and comes into force when none has any more.
    """

    policy: Policy

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.policy, Policy, "a policy")
        if isinstance(self.policy, Nice):
            raise ValueError("this policy comes by SetNice, and goes by it")
        former = foundation(kernel)
        between_passes(kernel, caller, lambda: lay(kernel, self.policy))
        return former


def foundation(kernel: Scheduler) -> Policy:
    """The policy for tasks that are all at level 0."""
    nice = kernel.nice
    return nice.former if nice is not None and kernel.policy is nice else kernel.policy


def lay(kernel: Scheduler, policy: Policy) -> None:
    """Let this be the policy for tasks that are all at level 0."""
    if kernel.nice is not None and kernel.policy is kernel.nice:
        kernel.nice.former, kernel.nice.budget = policy, policy.budget
    else:
        kernel.policy = policy


def between_passes(kernel: Scheduler, caller: Caller, work: Callable[[], object]) -> None:
    """Do it now if no pass is under way, or else when this one is over."""
    if caller.task is None:
        work()
    else:
        kernel.inbox.put(Order(work))
