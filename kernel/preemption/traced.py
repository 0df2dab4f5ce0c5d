"""Safe points by a trace function, on Python 3.11: each line and each instruction.

There `sys.settrace` is for one's own thread only. But the interpreter has a function that gives a
trace function to another one (from 3.12 on `threading.settrace_all_threads` is made of it), and it
takes effect in a loop which is running already. So no error is sent to the thread, which could
arrive too late, in the middle of the loop: it is raised by the trace function, which has looked
first where it is.

A trace function that raises is called no more: the interpreter drops it, and that of the frame as
well. So where an error is to be raised again and again, that one is an object which begins anew as
it is dropped.
"""

from __future__ import annotations

import sys
from ctypes import PYFUNCTYPE, c_int, c_void_p, cast, py_object, pythonapi
from types import FrameType
from typing import Any, Final

from ..frames import stack_from
from ..scheduler import step_frames
from .safepoints import Reached, SafePoints

#: `int _PyEval_SetTrace(PyThreadState *, Py_tracefunc, PyObject *)`; whoever calls it has the lock.
SetTrace: Final = PYFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p)

#: `int (PyObject *, PyFrameObject *, int, PyObject *)`.
TraceFunction: Final = PYFUNCTYPE(c_int, c_void_p, py_object, c_int, c_void_p)

#: `PyThreadState *PyThreadState_Get()`.
this_thread: Final = pythonapi.PyThreadState_Get
this_thread.restype = c_void_p


class TracedPoints(SafePoints):
    """By a trace function. Raises `AttributeError` on a Python that has no such function."""

    def __init__(self, reached: Reached) -> None:
        super().__init__(reached)
        self.set_trace = SetTrace(("_PyEval_SetTrace", pythonapi))
        self.thread = this_thread()
        self.armed = False
        #: What traces this thread otherwise: coverage, say.
        self.former: Any = sys.gettrace()
        #: Which frames we trace, and what traced them before.
        self.frames: list[tuple[FrameType, Any]] = []
        # Kept, as the interpreter does not, while it calls them.
        self.function = TraceFunction(self.begin)
        self.entering, self.stepping = self.enter, self.step

    def arm(self, frame: FrameType | None, wide: bool = False) -> None:
        if self.armed and not wide:
            return
        self.armed = True  # if it was, the program may have taken our place since then
        for each in step_frames(frame):  # a loop within one line has no other events
            each.f_trace_opcodes = True
        self.set_trace(self.thread, cast(self.function, c_void_p), None)

    def disarm(self) -> None:
        """On any other thread it only takes note: the trace function ends itself when it is next
        called, and knows what was there before.
        """
        self.armed = False

    def narrow(self, frame: FrameType | None) -> None:
        if frame is None:
            self.disarm()

    def close(self) -> None:
        self.armed = False

    # -- called by the interpreter

    def begin(self, _: object, frame: FrameType, what: int, argument: object) -> int:
        """The first event: a trace function in Python takes over, which may raise errors."""
        self.trace_from(frame)
        return 0

    def trace_from(self, frame: FrameType) -> None:
        """Trace this frame and those below it."""
        sys.settrace(self.entering)
        for each in stack_from(frame):
            if each.f_trace is not self.stepping:
                self.frames.append((each, each.f_trace))
                each.f_trace = self.stepping
                each.f_trace_opcodes = True

    def enter(self, frame: FrameType, event: str, argument: object) -> Any:
        """A function is called."""
        if not self.armed:
            self.end(frame)
            return None
        frame.f_trace_opcodes = True
        return self.stepping

    def step(self, frame: FrameType, event: str, argument: object) -> Any:
        """Any other event in a frame that is traced."""
        if not self.armed:
            self.end(frame)
            return None
        error = self.reached(frame) if event in ("line", "opcode") else None
        if error is None:
            return self.stepping
        self.armed = self.relentless
        frame.f_trace = Afterwards(self, frame)  # type: ignore[assignment]
        try:
            raise error
        finally:
            del error, frame  # the error keeps this frame: let it hold nothing

    def end(self, frame: FrameType) -> None:
        """Trace no more, and put back what was there before."""
        for each in stack_from(frame):
            if each.f_trace is self.stepping:
                each.f_trace, each.f_trace_opcodes = None, False
        frames, self.frames = self.frames, []
        for each, former in frames:
            each.f_trace, each.f_trace_opcodes = former, False
        if sys.gettrace() not in (None, self.entering):
            return  # a frame that we have traced goes on in a debugger
        # A debugger that a task has begun traces frames by the same function as the thread.
        debuggers = [former for _, former in frames if former is not None]
        sys.settrace(debuggers[0] if debuggers else self.former)
        if self.armed:  # we have been asked again meanwhile
            sys.settrace(self.entering)


class Afterwards:
    """The trace function of a frame in which an error is raised: the interpreter drops it then, and
    so we are called once it has. (No other one may notice that it is dropped: what it did then
    would be traced, too, for ever.)
    """

    def __init__(self, points: TracedPoints, frame: FrameType) -> None:
        self.points, self.frame = points, frame

    def __del__(self) -> None:
        if self.points.armed:
            self.points.trace_from(self.frame)
        else:
            self.points.end(self.frame)
