"""Where the frames of a task stand: their functions, files and lines."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any, Final

from .fibers import STEPS, not_begun, plain_frames
from .frames import delegates, frame_of
from .record import record
from .systemcall import SystemCall


@record
class FrameInfo:
    """One frame of a call stack: where it stands, and where its function begins. `locals` are the
    names and values of its variables, if they were asked for, without the `omitted` last ones.
    """

    function: str
    file: str
    line: int
    first: int = 0
    locals: tuple[tuple[str, str], ...] = ()
    omitted: int = 0


def info_of(frame: FrameType) -> FrameInfo:
    """Where a frame stands; a plain function that has not begun, where it will."""
    code = not_begun(frame) if frame.f_code is STEPS else None
    if code is not None:
        return frame_info(code, code.co_firstlineno)
    return frame_info(frame.f_code, frame.f_lineno)


def frame_info(code: CodeType, line: int) -> FrameInfo:
    return FrameInfo(code.co_qualname, code.co_filename, line, code.co_firstlineno)


def python_frames(frames: list[Any]) -> Iterator[FrameType]:
    """These frames of a stack, each with those that it delegates to by `yield from` or `await`,
    and of a plain function those on its own stack.
    """
    for frame in frames:
        for part in delegates(frame):
            python_frame = frame_of(part)
            if python_frame is None or python_frame.f_code is AWAIT:
                continue
            plain = list(plain_frames(python_frame)) if python_frame.f_code is STEPS else []
            yield from plain or [python_frame]


def place_of(frame: Any) -> FrameInfo:
    """Where a frame of a stack stands, or the innermost of those that it delegates to."""
    *_, innermost = python_frames([frame])
    return info_of(innermost)


#: The one generator that is the kernel's own: it carries a call through an `await`.
AWAIT: Final = SystemCall.__await__.__code__
