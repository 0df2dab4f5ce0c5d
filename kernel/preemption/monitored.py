"""Safe points by `sys.monitoring`, since Python 3.12: each line, each jump, each call.

The interpreter calls back where an event is set, whatever thread has set it, and takes notice of
that in a loop which is running already. A code that has its own events leaves all other code as
fast as it is; only if no safe point is reached so, because the thread has gone on to other
functions, all code has them.

A comprehension on one line raises no LINE as it loops, so JUMP is needed. But to raise an error out
of the callback of a JUMP is undefined (CPython issue 152375); from INSTRUCTION it is not.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Final

from ..errors import NoPreemption
from ..frames import is_kernels_own
from ..scheduler import step_frames
from .safepoints import Reached, SafePoints

#: The numbers that a tool can have there; those between belong to nobody.
TOOLS: Final = (4, 3, 5, 2, 1, 0)


class MonitoredPoints(SafePoints):
    """By `sys.monitoring`."""

    def __init__(self, reached: Reached) -> None:
        super().__init__(reached)
        #: Kept here, as the interpreter calls us until its very end, when `sys` is gone.
        self.monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        self.events: Any = self.monitoring.events
        self.points: int = self.events.LINE | self.events.JUMP | self.events.PY_START
        self.tool: int | None = None
        #: The codes that have events of their own.
        self.codes: set[CodeType] = set()
        #: The error that is raised at the next instruction.
        self.pending: BaseException | None = None

    def claim(self) -> int:
        """The number of our tool."""
        if self.tool is None:
            free = [tool for tool in TOOLS if not self.monitoring.get_tool(tool)]
            if not free:
                raise NoPreemption(
                    "no task can be interrupted: debuggers and profilers of this process have all "
                    "six places of sys.monitoring"
                )
            self.tool = free[0]
            self.monitoring.use_tool_id(self.tool, "pyos preemption")
            self.call_at(self.events.LINE, self.at_line)
            self.call_at(self.events.JUMP, self.at_jump)
            self.call_at(self.events.PY_START, self.at_start)
            self.call_at(self.events.INSTRUCTION, self.at_instruction)
        return self.tool

    def call_at(self, event: int, function: Callable[..., object] | None) -> None:
        self.monitoring.register_callback(self.tool, event, function)

    def close(self) -> None:
        if self.tool is not None:
            self.disarm()
            for event in (self.events.LINE, self.events.JUMP, self.events.PY_START):
                self.call_at(event, None)
            self.call_at(self.events.INSTRUCTION, None)
            self.monitoring.free_tool_id(self.tool)
            self.tool = None

    # -- arming

    def arm(self, frame: FrameType | None, wide: bool = False) -> None:
        tool = self.claim()
        for each in step_frames(frame):
            if each.f_code not in self.codes and not is_kernels_own(each):
                self.set_events(each.f_code, self.points)
        if wide and frame is not None and frame.f_code in self.codes:
            # It may be in a call of C, behind which the line has no other point.
            self.set_events(frame.f_code, self.points | self.events.INSTRUCTION)
        self.widen(tool, wide)

    def widen(self, tool: int, wide: bool) -> None:
        if wide is not self.wide:
            self.wide = wide
            self.monitoring.set_events(tool, self.points if wide else 0)

    def disarm(self) -> None:
        if self.tool is None:
            return
        self.widen(self.tool, False)
        for code in list(self.codes):
            self.monitoring.set_local_events(self.tool, code, 0)
            self.codes.discard(code)

    def narrow(self, frame: FrameType | None) -> None:
        self.disarm()
        self.arm(frame)

    def set_events(self, code: CodeType, events: int) -> None:
        self.codes.add(code)
        self.monitoring.set_local_events(self.tool, code, events)

    # -- called by the interpreter

    def at_line(self, code: CodeType, line: int) -> None:
        if threading.get_ident() == self.ident:
            self.throw(self.reached(sys._getframe(1)))

    def at_jump(self, code: CodeType, start: int, end: int) -> None:
        if threading.get_ident() == self.ident:
            self.pending = self.reached(sys._getframe(1))
            if self.pending is not None:
                self.set_events(code, self.events.INSTRUCTION)

    def at_start(self, code: CodeType, start: int) -> None:
        self.at_jump(code, start, start)

    def at_instruction(self, code: CodeType, start: int) -> None:
        if threading.get_ident() == self.ident:
            error, self.pending = self.pending, None
            if error is None:
                error = self.reached(sys._getframe(1))
            elif code in self.codes:
                self.set_events(code, self.points)
            self.throw(error)

    def throw(self, error: BaseException | None) -> None:
        """Raise it in the code from which we are called, if there is any."""
        if error is not None:
            if not self.relentless:
                self.disarm()
            try:
                raise error
            finally:
                del error
