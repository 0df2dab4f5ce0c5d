"""Waiting for the first of several calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..systemcall import ASLEEP, Asleep, SystemCall, brief, system_call
from ..waitqueue import Caller, Dormitory, WaitQueue

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task


@system_call
class Select(SystemCall):
    """Makes the first of several calls that can be answered; answers its number and its answer.

        number, answer = yield Select(ChanRecv(news), Sleep(3))

    They are asked in their order; if one has its answer, those behind it are not made. Otherwise
    the caller waits for all of them, and once one is answered the others are as if they had never
    been made. What one of them raises, the `Select` raises.

    Raises `TypeError` for what is no call, and for a call that may do a part of its work before it
    sleeps, such as `Send`; `ValueError` without any.
    """

    calls: tuple[SystemCall, ...]

    acts_first = True  # its branches have their places before it could be told to wait

    def __init__(self, *calls: SystemCall) -> None:
        self.calls = calls

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_branches(self.calls)
        branches: list[Branch] = []
        for number, call in enumerate(self.calls):
            branch = Branch(kernel, caller, number)
            branches.append(branch)
            try:
                answer = call.run(kernel, branch)
            except BaseException:
                forget(branches)
                raise
            if answer is not ASLEEP:
                forget(branches)
                return number, answer
        return caller.sleep(Branches(branches), self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        branches = caller.queue.branches if isinstance(caller.queue, Branches) else []
        return " or ".join(branch.reason() for branch in branches)

    def __repr__(self) -> str:
        return f"Select({', '.join(map(brief, self.calls))})"


def check_branches(calls: tuple[Any, ...]) -> None:
    """Raise for what cannot be a branch."""
    if not calls:
        raise ValueError("a Select of nothing would wait for ever")
    for call in calls:
        if not isinstance(call, SystemCall):
            raise TypeError(f"a Select is made of system calls, not of {brief(call)}")
        if call.acts_first:
            name = type(call).__name__
            raise TypeError(f"{name} cannot be in a Select: it may do a part of its work and wait")


class Branch(Caller):
    """One call of a `Select`. It is a caller that answers in the name of another."""

    __slots__ = ("number", "owner", "place", "tid")

    def __init__(self, kernel: Scheduler, owner: Caller, number: int) -> None:
        super().__init__()
        self.kernel, self.owner, self.number = kernel, owner, number
        self.tid = owner.tid
        #: Where it is to sleep if all branches are to.
        self.place: WaitQueue | None = None

    @property
    def task(self) -> Task | None:
        return self.owner.task

    def sleep(self, queue: WaitQueue, call: SystemCall) -> Asleep:
        if self.queue is not None:
            return super().sleep(queue, call)
        self.place, self.call = queue, call
        return ASLEEP

    def take_place(self) -> None:
        assert self.place is not None
        self.place.append(self)

    def give_way(self) -> Any:
        return None

    def answer(self, value: object) -> None:
        self.owner.answer((self.number, value))

    def fail(self, error: BaseException) -> None:
        if self.queue is not None:  # or else the Select has its answer already
            self.owner.fail(error)


class Branches(Dormitory):
    """Where the caller of a `Select` sleeps. While it does, its branches have their places."""

    __slots__ = ("branches",)

    def __init__(self, branches: list[Branch]) -> None:
        super().__init__()
        self.branches = branches

    def append(self, caller: Caller) -> None:
        super().append(caller)
        for branch in self.branches:
            branch.take_place()

    def remove(self, caller: Caller) -> None:
        super().remove(caller)
        forget(self.branches)


def forget(branches: list[Branch]) -> None:
    """As if their calls had never been made."""
    for branch in branches:
        branch.leave()
