"""The loops of a kernel in which tasks are interrupted.

The stack of a step is also that of the loop which has begun it. So with a task that is put aside in
the middle of its step its loop is put aside, too, and a fresh one, on a stack of its own, takes
over and is in charge. When the task has its next turn, the loop in charge waits while the other
goes on: that ends the step, serves its trap as it would have, ends the turn, and is gone. So there
is one loop for each unfinished step, and one that is in charge.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..errors import TaskKilled
from ..greenlets import getcurrent, greenlet
from ..inbox import END_OF_PASS
from ..scheduler import Turn, TurnOver, loop_below
from ..standins import Unfinished
from .aside import aside
from .slices import Slice

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task


class Loops:
    """Those of one kernel; made on its thread before any of them begins."""

    def __init__(self, kernel: Scheduler, loop: Callable[[], object]) -> None:
        self.kernel, self.loop = kernel, loop
        #: The thread's own stack, whose loop is the first one; and the one in charge.
        self.root = bottom_of(getcurrent())
        self.charge: greenlet = self.root
        #: Each fresh loop begins from here. From the step that is interrupted it would inherit how
        #: deep that stack is, and soon there would be one too deep for the interpreter.
        self.cradle = greenlet(self.begin, self.root)
        self.cradle.switch(self.root)
        #: The step that goes on in its own loop at this moment.
        self.resumed: Unfinished | None = None
        self.failure: BaseException | None = None

    def put_aside(self, task: Task, frame: FrameType, turn: Turn, times: int, first: bool) -> None:
        """Put the task aside in the middle of its step, whose innermost frame is `frame`, and
        which began in this `turn`; it has its next turn after all who are ready, or before them if
        it is to be the `first`. The kernel's thread must `leave` at once.
        """
        resumed = self.resumed
        owner = resumed.owner if resumed is not None else self.hand_over(frame)
        slice = resumed.slice if resumed is not None else Slice()
        unfinished = task.frame = Unfinished(task, self, owner, getcurrent(), slice)
        unfinished.turn, unfinished.times = turn, times
        unfinished.context = resumed.context if resumed is not None else self.new_context()
        if first:
            self.kernel.ready.appendleft(task)
        else:
            self.kernel.ready.append(task)

    def leave(self) -> BaseException | None:
        """Go to the loop in charge, with nothing of the step left behind on the thread. Gives the
        error that is to be raised in it when it goes on.
        """
        with aside(self.kernel):
            # While a callback of the interpreter runs there are no others, whoever runs.
            there = self.charge if self.charge else self.cradle
            error: BaseException | None = sys.call_tracing(there.switch, (self.charge,))
        if self.failure is None:
            return error
        self.kernel.inbox.arrivals.appendleft(END_OF_PASS)
        return TaskKilled()

    def hand_over(self, frame: FrameType) -> greenlet:
        """A fresh loop is to take over; gives the greenlet of the one that is in charge so far,
        whose pass ends with this turn.
        """
        end_pass(frame)
        owner = self.charge
        self.charge = self.kernel.loop = greenlet(self.run, self.root)
        return owner

    def new_context(self) -> Any:
        """What the step has set in the shared context is its own; gives that context."""
        contexts = self.kernel.contexts
        former = contexts.shared
        if former is not None:
            contexts.renew()
        return former

    def resume(self, unfinished: Unfinished, error: BaseException | None) -> None:
        """Go on with a step, until its turn ends or it is interrupted again. In the loop in charge.

        There is an arrival, so the other loop's pass ends as soon as its turn does; and so does
        ours, as a slice is long enough for others to wait.
        """
        contexts, owner = self.kernel.contexts, unfinished.owner
        shared, contexts.shared = contexts.shared, unfinished.context
        if owner is not self.root:
            owner.parent = self.charge
        self.resumed = unfinished
        unfinished.slice.begin()
        self.kernel.inbox.arrivals.appendleft(END_OF_PASS)
        try:
            unfinished.place.switch(error)
        finally:
            self.resumed = None
            contexts.shared = shared
            if owner.dead:
                owner.parent = self.root  # or each would keep its successor, and nobody would go
            end_pass(sys._getframe())

    def close(self) -> None:
        """There is no loop any more."""
        self.cradle.throw()

    # -- the bottom of each loop

    def begin(self, place: greenlet) -> None:
        """Go to this place, and then to each that is handed over."""
        while True:
            place = place.switch()

    def run(self) -> None:
        """A fresh loop: until its turn is over after an interruption, or all is over."""
        try:
            self.loop()
        except TurnOver:
            pass
        except BaseException as error:
            self.failure = error
            self.kernel.loop = object()  # nobody is in charge any more: each comes to its end

    def wait(self) -> None:
        """The first loop is gone; its stack, which is the thread's own, waits for the others."""
        self.charge.switch()
        if self.failure is not None:
            raise self.failure


def end_pass(frame: FrameType) -> None:
    """Have the pass, if `frame` is in one, end with the turn that it is in."""
    loop = loop_below(frame)
    if loop is not None:
        loop.f_locals["turns"].clear()


def bottom_of(here: greenlet) -> greenlet:
    while here.parent is not None:
        here = here.parent
    return here
