"""Calls about breakpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..debugger.breaks import Breaks, Where
from ..debugger.linewatch import CodeLine
from ..systemcall import SystemCall, brief, system_call

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class SetBreak(SystemCall):
    """Sets a breakpoint, where tasks stop as by the signal STOP: at each call of a class (`Recv`),
    at each `yield` of a task (its tid) or of a program (its name), or at the first `yield` after
    a line was executed (`CodeLine(file, line)`). Answers its number.

    A `Broke` event tells of each stop. Raises `TypeError` for anything else, and `LinesTaken` if a
    debugger of Python's own has the place that a line needs.
    """

    where: Where

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        where = self.where
        is_call = isinstance(where, type) and issubclass(where, SystemCall)
        if not is_call and (type(where) is bool or not isinstance(where, int | str | CodeLine)):
            raise TypeError(f"a breakpoint is on a call, tid, program or line, not {brief(where)}")
        kernel.breaks = kernel.breaks or Breaks(kernel)
        return kernel.breaks.set(where)


@system_call
class ClearBreak(SystemCall):
    """Takes a breakpoint back, or without a `number` all of them. Tasks that stand at it stay
    stopped. Answers how many that are. Raises `NoSuchBreak`.
    """

    number: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        breaks = kernel.breaks = kernel.breaks or Breaks(kernel)
        if self.number is None:
            return breaks.clear_all()
        breaks.clear(self.number)
        return 1


@system_call
class ListBreaks(SystemCall):
    """Answers the `BreakInfo`s of all breakpoints."""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return kernel.breaks.infos() if kernel.breaks is not None else []
