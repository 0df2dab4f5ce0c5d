"""Critical sections: where a step must not be interrupted.

Whoever holds a lock of the whole process there, or has half done what others then find half done,
is let out first: a task that waits for a lock which a task put aside holds would block all of them.
"""

from __future__ import annotations

import builtins
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE
from types import FrameType
from typing import Final

from ..frames import is_kernels_own, stack_from
from ..scheduler import Scheduler, step_frames

#: Whether the code of a module, and of those in it, is critical, and what it calls. The longest
#: name counts; other packages may add their own.
CRITICAL: Final = {
    "_frozen_importlib": True,
    "_frozen_importlib_external": True,
    "concurrent": True,
    "importlib": True,
    "logging": True,
    "multiprocessing": True,
    "queue": True,
    "threading": True,
    "zipimport": True,
}

#: The modules of the kernel through which a step passes on its way to a program's own code.
PASSED: Final = (
    "kernel.frames",
    "kernel.greenlets",
    "kernel.hosting.loop",
    "kernel.hosting.policy",
    "kernel.hosting.program",
    "kernel.standins",
)

#: Those of green programs.
GREEN: Final = "kernel.green."

#: What a subroutine is made of; the kernel's own are passed as well.
SUBROUTINE: Final = CO_ASYNC_GENERATOR | CO_COROUTINE | CO_GENERATOR | CO_ITERABLE_COROUTINE


def in_critical_section(frame: FrameType) -> bool:
    """Whether the step whose innermost frame is `frame` is in one; or is none, but a call."""
    if is_kernels_own(frame):
        return True
    subroutine = False
    for each in step_frames(frame):
        if is_critical(each):
            return True
        subroutine = subroutine or bool(each.f_code.co_flags & SUBROUTINE)
    return not subroutine


def way_out(frame: FrameType) -> FrameType | None:
    """The frame that the step goes back to when it leaves the section; None if it is in no step."""
    out: FrameType | None = None
    inside = False
    for each in stack_from(frame):
        if inside:
            out = each
        if each.f_code is Scheduler.run_passes.__code__:
            break
        inside = is_critical(each)
    return out


def is_critical(frame: FrameType) -> bool:
    """Whether this frame of a step makes it critical."""
    name = frame.f_globals.get("__name__")
    if is_kernels_own(frame):
        passed = name in PASSED or frame.f_code.co_flags & SUBROUTINE
        return not (passed or str(name).startswith(GREEN))
    if frame.f_builtins is not vars(builtins):  # of a green program, whose locks are of tasks
        return False
    while type(name) is str and name:
        if name in CRITICAL:
            return CRITICAL[name]
        name = name.rpartition(".")[0]
    return False
