"""What a task's call stack looks like from outside: its Python frames, and what is in them.

Here nothing is changed and nothing is kept alive: whoever looks leaves no trace.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .frames import delegates, frame_of
from .systemcall import SystemCall

if TYPE_CHECKING:
    from .task import Task

T = TypeVar("T")

#: A stack of more frames than this is shown without its middle.
SHOWN: Final = 200

#: The references to `frame.f_locals` where the program has not called `locals()` itself: one of the
#: frame's, and two of ours.
KEPT_BY_THE_FRAME: Final = 3

#: The one generator that is the kernel's own: it carries a call through an `await`.
AWAIT: Final = SystemCall.__await__.__code__


def python_frames(frames: list[Any]) -> Iterator[FrameType]:
    """These frames of a stack, each with those that it delegates to by `yield from` or `await`."""
    for frame in frames:
        for part in delegates(frame):
            python_frame = frame_of(part)
            if python_frame is not None and python_frame.f_code is not AWAIT:
                yield python_frame


def depth(task: Task) -> int:
    """How many frames it has; of a very deep stack, without what they delegate to."""
    frames = task.frames()
    return len(frames) if len(frames) > SHOWN else sum(1 for _ in python_frames(frames))


def cut(frames: list[T]) -> tuple[list[T], int]:
    """The frames without the middle of a very deep stack, and how many those are."""
    omitted = len(frames) - SHOWN
    if omitted <= 0:
        return frames, 0
    return frames[: SHOWN // 2] + frames[-SHOWN // 2 :], omitted


def shown_frames(task: Task) -> tuple[list[FrameType], int]:
    """The Python frames of a task, outermost first; of a very deep stack without its middle."""
    stack, deep = cut(task.frames())
    frames, more = cut(list(python_frames(stack)))
    return frames, deep + more


def told_of(frame: FrameType, tell: Callable[[Mapping[str, Any]], T]) -> T:
    """What `tell` makes of the locals of a frame. It must keep none of them."""
    values: Any = frame.f_locals
    try:
        return tell(values)
    finally:
        # Before 3.13 that is a copy, which would hold on to what the program drops.
        if sys.version_info < (3, 13) and sys.getrefcount(values) == KEPT_BY_THE_FRAME:
            values.clear()
