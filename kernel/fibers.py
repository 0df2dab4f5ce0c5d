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
from types import CodeType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final

from .errors import BadTrap, NotInFiber
from .frames import locals_of, strip
from .systemcall import SystemCall, brief


def fiber(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
    """What a task is made of whose program is a plain function: `NewTask(fiber(worker, sock))`. It
    may be entered as a subroutine as well.

    In the function `call(…)` makes system calls. What it returns is the answer; if that is a
    generator or coroutine, it is entered, and what that returns is. Raises `TypeError` for what
    cannot be called, `NoGreenlets` where that package is missing.
    """
    from . import greenlets  # noqa: F401 - to be told now that it is missing

    if not callable(function):
        raise TypeError(f"a fiber is made of a function, not of {brief(function)}: f, not f()")
    steps: Any = run(function, args, kwargs)
    steps.__qualname__ = name_of(function)
    made: Generator[Any, Any, Any] = steps
    return made


def name_of(function: Any) -> str:
    """The name of a task whose program is this function."""
    name = getattr(function, "__qualname__", None)
    return name if type(name) is str else type(function).__qualname__


def call(trap: Any) -> Any:
    """Make a system call, or enter a subroutine, in a plain function that is a task; gives the
    answer, or raises the error. `call(None)` gives way to every other ready task.

    It works at any depth, also in a function that C code has called. Raises `NotInFiber` elsewhere,
    and `BadTrap` for what is no call and no subroutine.
    """
    greenlets = sys.modules.get("kernel.greenlets")
    suspend = greenlets.way_out() if greenlets is not None else None
    if suspend is None:
        raise NotInFiber(brief(trap))
    if not isinstance(trap, TRAPS):
        raise BadTrap(explained(trap))
    try:
        return suspend(trap)
    except BaseException as error:
        raise strip(error)  # noqa: B904 - it is the same error, without our own entries


def explained(trap: Any) -> str:
    """Why it cannot be called."""
    from .task import explain

    return explain(trap)


def run(function: Callable[..., Any], args: Any, kwargs: Any) -> Generator[Any, Any, Any]:
    """The steps of a plain function."""
    from .greenlets import Fiber

    stack = Fiber(function, args, kwargs)
    del function, args, kwargs  # the function's own now, to drop when it likes
    error: BaseException | None = None
    answer = None
    while True:
        try:
            trap = stack.resume(answer, error)
        finally:
            answer = error = None
        if stack.dead:
            return (yield trap) if isinstance(trap, SUBROUTINES) else trap
        try:
            answer = yield trap
        except BaseException as raised:
            if stack.stranded or sys.is_finalizing():
                raise
            error = strip(raised)


def plain_frames(steps: FrameType) -> Iterator[FrameType]:
    """The frames of a plain function whose `steps` these are, outermost first; none while it runs,
    or before it begins.
    """
    stack = locals_of(steps).get("stack")
    frames: list[FrameType] = list(stack.frames()) if stack is not None else []
    return reversed([each for each in frames if not is_own(each)])


def is_own(frame: FrameType) -> bool:
    """Whether it is of the kernel's, at the bottom or at the top of the stack."""
    name = frame.f_globals.get("__name__")
    return type(name) is str and (name in OWN_MODULES or name.startswith("kernel.green."))


def not_begun(steps: FrameType) -> CodeType | None:
    """The code of the function that is to begin; None if it has begun, or is none of Python's."""
    function = locals_of(steps).get("function")
    code = getattr(function, "__code__", None)
    return code if type(code) is CodeType else None


#: The code of a task whose program is a plain function.
STEPS: Final = run.__code__

#: What is entered, and what can be called at all.
SUBROUTINES: Final = (GeneratorType, CoroutineType)
TRAPS: Final = (SystemCall, GeneratorType, CoroutineType, type(None))

#: Whose frames are not of interest there.
OWN_MODULES: Final = {__name__, "kernel.greenlets", "kernel.frames"} | {
    f"kernel.hosting.{name}" for name in ("host", "loop", "policy", "program")
}
