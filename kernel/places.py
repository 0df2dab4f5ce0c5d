"""Where the frames of a task stand: their functions, files and lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Final

from .frames import delegates, frame_of
from .systemcall import SystemCall


@dataclass(slots=True, frozen=True)
class FrameInfo:
    """One frame of a call stack."""

    function: str
    file: str
    line: int


def expanded(frames: list[Any]) -> Iterator[FrameInfo]:
    for code, line in code_and_lines(frames):
        yield FrameInfo(code.co_qualname, code.co_filename, line)


def code_and_lines(frames: list[Any]) -> Iterator[tuple[CodeType, int]]:
    """The code of these frames of a stack, and of those that they delegate to, and their lines."""
    for frame in python_frames(frames):
        yield frame.f_code, frame.f_lineno


def python_frames(frames: list[Any]) -> Iterator[FrameType]:
    """These frames of a stack, each with those that it delegates to by `yield from` or `await`."""
    for frame in frames:
        for part in delegates(frame):
            python_frame = frame_of(part)
            if python_frame is not None and python_frame.f_code is not AWAIT:
                yield python_frame


def place_of(frame: Any) -> FrameInfo:
    """Where a frame of a stack stands, or the innermost of those that it delegates to."""
    *_, place = expanded([frame])
    return place


#: The one generator that is the kernel's own: it carries a call through an `await`.
AWAIT: Final = SystemCall.__await__.__code__
