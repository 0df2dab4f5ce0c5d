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
        #: Where an error has been raised.
        self.thrown_in: FrameType | None = None
        # Kept, as the interpreter does not, while it calls them.
        self.function = TraceFunction(self.begin)
        self.entering = self.enter

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

    def trace_from(self, frame: FrameType | None) -> None:
        """Trace this frame and those below it."""
        sys.settrace(self.entering)
        while frame is not None:
            if not isinstance(frame.f_trace, Tracer):
                self.frames.append((frame, frame.f_trace))
                frame.f_trace = Tracer(self)
                frame.f_trace_opcodes = True
            frame = frame.f_back

    def enter(self, frame: FrameType, event: str, argument: object) -> Any:
        if not self.armed:
            self.end()
            return None
        frame.f_trace_opcodes = True
        return Tracer(self)

    def trace(self, frame: FrameType, event: str) -> BaseException | None:
        """One event; gives the error that is to be raised there."""
        error = None
        if self.armed and event in ("line", "opcode"):
            error = self.reached(frame)
        if error is not None:
            self.armed, self.thrown_in = self.relentless, frame
        elif not self.armed:
            self.end()
        return error

    def end(self) -> None:
        self.thrown_in = None
        frames, self.frames = self.frames, []
        # A debugger that a task has begun traces frames by the same function as the thread.
        debuggers = [former for _, former in frames if former is not None]
        sys.settrace(debuggers[0] if debuggers else self.former)
        if self.armed:  # we have been asked again meanwhile
            sys.settrace(self.entering)
        for frame, former in frames:
            frame.f_trace, frame.f_trace_opcodes = former, False


class Tracer:
    """The trace function of one frame."""

    def __init__(self, points: TracedPoints) -> None:
        self.points = points

    def __call__(self, frame: FrameType, event: str, argument: object) -> Tracer | None:
        error = self.points.trace(frame, event)
        if error is None:
            return self if self.points.armed else None
        try:
            raise error
        finally:
            del self, error, frame  # the error keeps this frame: let it hold nothing

    def __del__(self) -> None:
        """Dropped by the interpreter, as it has raised an error."""
        if self.points.thrown_in is not None:
            if self.points.armed:
                self.points.trace_from(self.points.thrown_in)
            else:
                self.points.end()
