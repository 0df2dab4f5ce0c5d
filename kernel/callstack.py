"""The call stack of a task as it is shown: of a very deep one without its middle."""

from __future__ import annotations

from types import FrameType
from typing import TYPE_CHECKING, Final, TypeVar

from .places import python_frames

if TYPE_CHECKING:
    from .task import Task

T = TypeVar("T")

#: A stack of more frames than this is shown without its middle.
SHOWN: Final = 200


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
