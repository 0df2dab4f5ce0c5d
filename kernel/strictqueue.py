"""A queue in which nobody overtakes, even where those in front keep off others who could go on: as
a writer who waits keeps off the readers behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .waitqueue import Caller, WaitQueue

if TYPE_CHECKING:
    from .alarms import Alarm


class StrictQueue(WaitQueue):
    """When the first leaves it before its turn, those behind may be able to go on.

    So these are looked at in the next round, and not at once: who leaves a `Select` leaves any
    number of queues, in each of which the next may be in a `Select`.
    """

    __slots__ = ("alarm",)

    def __init__(self) -> None:
        super().__init__()
        self.alarm: Alarm | None = None

    def remove(self, caller: Caller) -> None:
        was_first = caller is self.first
        super().remove(caller)
        kernel = caller.kernel
        if self.first is None:
            if self.alarm is not None:
                kernel.alarms.drop(self)
        elif was_first and self.alarm is None and self.may_go_on(self.first):
            kernel.alarms.set(kernel.clock.now(), self)

    def ring(self) -> None:
        assert self.first is not None
        self.pass_on(self.first)

    def may_go_on(self, first: Caller) -> bool:
        """Whether the first could go on now."""
        raise NotImplementedError

    def pass_on(self, first: Caller) -> None:
        """Let go on who can."""
        raise NotImplementedError
