"""Plain functions as tasks.

    def worker(sock):
        data = call(Recv(sock, 100))        # suspends this task only
        ...

    sched.new(fiber(worker, sock))

To the kernel such a task is a generator like any other: one that hands over as its own traps what
the function calls, from any depth of plain calls, on its own stack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from types import FrameType
from typing import Any, Final

from .errors import NotInFiber
from .systemcall import brief


def fiber(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
    """What a task is made of whose program is a plain function: `NewTask(fiber(worker, sock))`. It
    may be entered as a subroutine as well.

    In the function `call(…)` makes system calls. Raises `TypeError` for what cannot be called,
    `NoGreenlets` where that package is missing.
    """
    from . import greenlets  # noqa: F401 - to be told now that it is missing

    if not callable(function):
        raise TypeError(f"a fiber is made of a function, not of {brief(function)}")
    steps: Any = run(function, args, kwargs)
    steps.__qualname__ = getattr(function, "__qualname__", None) or type(function).__qualname__
    made: Generator[Any, Any, Any] = steps
    return made


def call(trap: Any) -> Any:
    """Make a system call, or enter a subroutine, in a plain function that is a task; gives the
    answer, or raises the error. `call(None)` gives way to every other ready task.

    It works at any depth, also in a function that C code has called. Raises `NotInFiber` elsewhere.
    """
    greenlets = sys.modules.get("kernel.greenlets")
    stack = greenlets.current_fiber() if greenlets is not None else None
    if stack is None:
        raise NotInFiber(brief(trap))
    return stack.suspend(trap)


def run(function: Callable[..., Any], args: Any, kwargs: Any) -> Generator[Any, Any, Any]:
    """The steps of a plain function."""
    from .greenlets import Fiber

    stack = Fiber(function, args, kwargs)
    way, what = "switch", None
    while True:
        trap = stack.resume(way, what)
        if stack.dead:
            return trap
        try:
            way, what = "switch", (yield trap)
        except BaseException as error:
            if stack.stranded:
                raise
            way, what = "throw", error


def plain_frames(steps: FrameType) -> Iterator[FrameType]:
    """The frames of a plain function whose `steps` these are, outermost first; none while it runs,
    or before it begins.
    """
    stack = steps.f_locals.get("stack")
    frame: FrameType | None = stack.place.gr_frame if stack is not None else None
    frames = []
    while frame is not None:
        if frame.f_globals.get("__name__") not in OWN_MODULES:
            frames.append(frame)
        frame = frame.f_back
    return reversed(frames)


#: The code of a task whose program is a plain function.
STEPS: Final = run.__code__

#: Whose frames are not of interest there.
OWN_MODULES: Final = {__name__, "kernel.greenlets", "kernel.frames"} | {
    f"kernel.hosting.{name}" for name in ("host", "loop", "policy", "program")
}
