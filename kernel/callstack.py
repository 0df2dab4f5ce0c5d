"""The call stack of a task as it is shown: of a very deep one without its middle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .frames import is_kernels_own
from .places import python_frames
from .scheduler import step_frames
from .standins import behind

if TYPE_CHECKING:
    from .standins import Unfinished
    from .task import Task

T = TypeVar("T")

#: A stack of more frames than this is shown without its middle.
SHOWN: Final = 200


def depth(task: Task) -> int:
    """How many frames it has; of a very deep stack, without what they delegate to."""
    frames = task.frames()
    if len(frames) > SHOWN:
        return len(frames)
    return sum(1 for _ in through(frames, task.unfinished))


def cut(frames: list[T]) -> tuple[list[T], int]:
    """The frames without the middle of a very deep stack, and how many those are."""
    omitted = len(frames) - SHOWN
    if omitted <= 0:
        return frames, 0
    return frames[: SHOWN // 2] + frames[-SHOWN // 2 :], omitted


def shown_frames(task: Task) -> tuple[list[FrameType], int]:
    """The Python frames of a task, outermost first; of a very deep stack without its middle."""
    stack, deep = cut(task.frames())
    frames, more = cut(list(through(stack, task.unfinished)))
    return frames, deep + more


def all_frames(task: Task) -> Iterator[FrameType]:
    """The Python frames of a living task, outermost first."""
    return through(task.frames(), task.unfinished)


def innermost_frame(task: Task) -> FrameType:
    """The last of them."""
    *_, frame = through([behind(task.frame)], task.unfinished)
    return frame


def through(stack: list[Any], unfinished: Unfinished | None) -> Iterator[FrameType]:
    """The Python frames of a stack, whose last frame is in the middle of a step if that is
    `unfinished`.
    """
    if unfinished is None:
        return python_frames(stack)
    return chain(python_frames(stack[:-1]), interrupted_frames(unfinished))


def interrupted_frames(unfinished: Unfinished) -> list[FrameType]:
    """The Python frames of a step that was interrupted, outermost first."""
    frames = step_frames(unfinished.place.gr_frame)
    return [frame for frame in frames if not is_kernels_own(frame)][::-1]
