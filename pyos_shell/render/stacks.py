"""How a call stack is shown, with the source in colour."""

from __future__ import annotations

import linecache
from pathlib import Path

from kernel import FrameInfo

from ..answers import Stack
from ..mistake import columns, visible
from .dispatch import render
from .layout import Fragments, cut, end_of, plain, wrapped


@render.register
def _(answer: Stack, width: int | None = None) -> list[Fragments]:
    stack = answer.stack
    title: Fragments = [
        ("", "task "),
        ("tid", str(stack.tid)),
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
    for number, frame in enumerate(stack.frames):
        if stack.omitted and number == half:
            lines.append([("hint", f"  … {stack.omitted:,} frames more …")])
        lines += frame_lines(frame, width)
    if stack.call:
        lines.append([("", "  in "), ("heading", visible(stack.call)), ("hint", why(stack.reason))])
    return [cut(line, width) for line in lines]


def why(reason: str) -> str:
    """What the call waits for, where that is known."""
    return f"  {visible(reason)}" if reason else ""


def frame_lines(frame: FrameInfo, width: int | None) -> list[Fragments]:
    """Where a frame stands, and the line of source there; in colour, if there is a screen."""
    function = f"  {visible(frame.function)}"
    place = f"{display_path(frame.file)}:{frame.line}"
    if width is not None:
        place = end_of(place, width - columns(function) - 2)
    lines: list[Fragments] = [[("code.name", function), ("hint", f"  {place}")]]
    source = source_line(frame)
    if source:
        code = [("", visible(source))] if width is None else highlighted(source)
        lines.append([("", "      "), *code])
    return lines


def source_line(frame: FrameInfo) -> str:
    """The line of source where a frame stands, as it is on disk now; empty if there is none."""
    try:
        linecache.checkcache(frame.file)
        return linecache.getline(frame.file, frame.line).strip()
    except ValueError:  # a program can give its code a name that no file can have
        return ""


def display_path(file: str) -> str:
    """The path of a file, from the current folder where it is below it."""
    try:
        return visible(str(Path(file).relative_to(Path.cwd())))
    except (ValueError, OSError):
        return visible(file)


def highlighted(source: str) -> Fragments:
    """A line of Python in colour."""
    from pygments.lexers.python import PythonLexer
    from pygments.token import Token, is_token_subtype

    kinds = (
        (Token.Keyword, "code.keyword"),
        (Token.Operator.Word, "code.keyword"),
        (Token.Literal.String, "code.string"),
        (Token.Literal.Number, "code.number"),
        (Token.Comment, "code.comment"),
        (Token.Name.Function, "code.name"),
    )
    fragments = []
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        style = next((style for kind, style in kinds if is_token_subtype(token, kind)), "")
        fragments.append((style, visible(text)))
    return fragments
