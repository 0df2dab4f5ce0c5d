"""How a call stack is shown, with the source in colour."""

from __future__ import annotations

from kernel import FrameInfo, TaskInfo

from ..answers import Stack
from ..mistake import columns, visible
from .code import display_path, highlighted, numbered, source_line, source_lines
from .dispatch import shown
from .layout import Fragments, cut, end_of, plain, wrapped
from .tasks import number


@shown.register
def _(answer: Stack, width: int | None = None) -> list[Fragments]:
    stack = answer.stack
    title: Fragments = [
        ("", "task "),
        ("tid", f"{stack.tid}.{stack.inner}" if stack.inner else str(stack.tid)),
        ("heading", f" {visible(stack.program)}"),
        ("", "  "),
    ]
    lines = [title]
    if stack.status is None:
        title.append((f"state.{stack.state}", stack.state))
    else:
        style, text = "good" if stack.status.ok else "error", visible(str(stack.status))
        if width is None or columns(plain(title) + text) <= width:
            title.append((style, text))
        else:
            lines += [[(style, f"  {part}")] for part in wrapped(text, width, indent="  ")]
    half = len(stack.frames) // 2
    for position, frame in enumerate(stack.frames):
        if stack.omitted and position == half:
            lines.append([("hint", f"  … {stack.omitted:,} frames more …")])
        lines += frame_lines(frame, width, answer.source)
    lines += parts(answer, width)
    if stack.call:
        lines.append([("", "  in "), ("heading", visible(stack.call)), ("hint", why(stack.reason))])
    elif stack.reason:
        lines.append([("", "  awaits"), ("hint", why(stack.reason)[1:])])
    lines += [within(task) for task in stack.within]
    if (rest := stack.within_total - len(stack.within)) > 0:
        lines.append([("hint", f"  … {rest:,} asyncio tasks more …")])
    if answer.locals and stack.status is not None:
        lines.append([("hint", "  its variables are gone, as it has ended")])
    return [cut(line, width) for line in lines]


def parts(answer: Stack, width: int | None) -> list[Fragments]:
    """The errors of the group that ended the task, and where each was raised."""
    stack = answer.stack
    lines: list[Fragments] = []
    for part in stack.parts:
        lines.append([("error", f"  {visible(part.text)}")])
        lines += frame_lines(part.place, width, answer.source) if part.place else []
    if (rest := stack.parts_total - len(stack.parts)) > 0:
        lines.append([("hint", f"  … {rest:,} errors more …")])
    return lines


def within(task: TaskInfo) -> Fragments:
    """An asyncio task that lives in the task, and what it waits for."""
    reason = f"  {visible(task.reason)}" if task.reason else ""
    return [
        ("tid", f"  {number(task)}"),
        ("heading", f" {visible(task.program)}"),
        (f"state.{task.state}", f"  {task.state}"),
        ("hint", reason),
    ]


def why(reason: str) -> str:
    """What the call waits for, where that is known."""
    return f"  {visible(reason)}" if reason else ""


def frame_lines(frame: FrameInfo, width: int | None, around: int) -> list[Fragments]:
    """Where a frame stands, the source there, and its variables; in colour, if there is a
    screen.
    """
    function = f"  {visible(frame.function)}"
    place = f"{display_path(frame.file)}:{frame.line}"
    if width is not None:
        place = end_of(place, width - columns(function) - 2)
    heading: Fragments = [("code.name", function), ("hint", f"  {place}")]
    return [heading, *source(frame, around, width is not None), *variables(frame)]


def source(frame: FrameInfo, around: int, in_colour: bool) -> list[Fragments]:
    """The line of source where a frame stands, and so many around it."""
    text = source_line(frame)
    if around and text:
        first = max(1, frame.line - around)
        part = source_lines(frame.file)[first - 1 : frame.line + around]
        return numbered(part, first, {frame.line}, in_colour, indent="    ")
    if not text:
        return []
    return [[("", "      "), *(highlighted(text) if in_colour else [("", visible(text))])]]


def variables(frame: FrameInfo) -> list[Fragments]:
    """The local variables of a frame, a line each."""
    lines: list[Fragments] = [
        [("", "      "), ("local", visible(name)), ("hint", " = "), ("", visible(value))]
        for name, value in frame.locals
    ]
    if frame.omitted:
        lines.append([("hint", f"      … {frame.omitted:,} variables more …")])
    return lines
