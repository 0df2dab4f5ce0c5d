"""Values to text: the only place that knows columns and colours.

A rendered line is a list of fragments, pairs of a style and a text. `plain` drops the styles; with
a terminal prompt_toolkit draws them. The colours are the terminal's own sixteen, chosen so that
they can be read on dark and on light.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterable
from functools import singledispatch
from pathlib import Path
from typing import Final

from kernel import ExitStatus, FrameInfo, TaskInfo

from .answers import Ends, Listing, Log, Notice, Page, Stack, Table
from .mistake import Mistake, columns, visible
from .output import Line

Fragments = list[tuple[str, str]]

STYLES: Final = {
    "heading": "bold",
    "tid": "ansicyan",
    "hint": "ansibrightblack",
    "error": "ansired bold",
    "place": "ansired",
    "good": "ansigreen",
    "report": "ansimagenta",
    "state.ready": "ansigreen",
    "state.running": "ansigreen bold",
    "state.blocked": "",
    "state.exited": "ansibrightblack",
    "code.keyword": "ansimagenta",
    "code.string": "ansigreen",
    "code.number": "ansicyan",
    "code.comment": "ansibrightblack",
    "code.name": "bold",
    "prompt": "ansigreen bold",
}


@singledispatch
def render(answer: object, width: int | None = None) -> list[Fragments]:
    """The lines that show `answer`, each at most `width` columns wide; None: never cut."""
    return [] if answer is None else [[("", visible(str(answer)))]]


def plain(line: Fragments) -> str:
    """The text of a line."""
    return "".join(text for _, text in line)


@render.register
def _(answer: Notice, width: int | None = None) -> list[Fragments]:
    style = "good" if answer.ok else "error"
    return [[(style, visible(text))] for text in answer.text.split("\n")]


@render.register
def _(answer: Ends, width: int | None = None) -> list[Fragments]:
    if not (answer.before or answer.since):
        return [[("hint", "there is no task to wait for")]]
    return [cut(end(program, status), width) for program, status in answer.before]


def end(program: str, status: ExitStatus) -> Fragments:
    """How one task ended."""
    style = "good" if status.ok else "error"
    return [
        ("", "task "),
        ("tid", str(status.tid)),
        ("", f" ({visible(program)}) "),
        (style, visible(str(status))),
    ]


# -- tables


@render.register
def _(answer: Table, width: int | None = None) -> list[Fragments]:
    listed = answer.tasks
    if not listed.tasks:
        return [
            [("hint", "no tasks; start one: spawn countdown 5   what there is: programs")],
            *poller_line(answer),
        ]
    heading = ["TID", "PAR", "STATE", "AGE", "DEEP", "WAITS FOR", "PROGRAM"]
    rows = [cells(task) for task in listed.tasks]
    lines = table(heading, rows, width)
    for line, task in zip(lines[1:], listed.tasks, strict=True):
        line[0] = ("tid", line[0][1])
        line[2] = (f"state.{task.state}", line[2][1])
    rest = listed.total - len(listed.tasks)
    if rest:
        lines.append([("hint", f"… and {rest:,} more: tasks --all")])
    return [*lines, *poller_line(answer)]


def cells(task: TaskInfo) -> list[str]:
    return [
        str(task.tid),
        str(task.parent),
        task.state,
        duration(task.age),
        str(task.depth),
        visible(task.reason),
        visible(task.program),
    ]


def poller_line(answer: Table) -> list[Fragments]:
    """Says what the poller can watch, where that is little."""
    if answer.tasks.limit is None:
        return []
    text = f"files are watched by {answer.tasks.poller}: sockets only, {answer.tasks.limit} at most"
    return [[("hint", text)]]


def table(heading: list[str], rows: list[list[str]], width: int | None) -> list[Fragments]:
    """The heading and the rows in columns; where they are too wide, the last columns are cut."""
    widths = [max(map(columns, column)) for column in zip(heading, *rows, strict=True)]
    if width is not None:
        widths = fitted(widths, width)
    lines = [[("heading", text) for text in aligned(heading, widths)]]
    lines += [[("", text) for text in aligned(row, widths)] for row in rows]
    return lines


def fitted(widths: list[int], width: int) -> list[int]:
    """The widths of the columns, the widest of the last two cut until all fit into `width`."""
    widths = list(widths)
    excess = sum(widths) + len(widths) - 1 - width
    for column in (-1, -2):
        cut = min(max(0, excess), max(0, widths[column] - 8))
        if column == -1 and widths[-2] > 39:
            cut = min(cut, max(0, widths[-1] - 14))
        widths[column] -= cut
        excess -= cut
    if excess > 0:
        widths[-1] = max(1, widths[-1] - excess)
    return widths


def aligned(texts: list[str], widths: list[int]) -> list[str]:
    """The texts padded or cut to their columns; numbers to the right."""
    cells = []
    for text, width in zip(texts, widths, strict=True):
        text = shortened(text, width)
        padding = " " * (width - columns(text))
        cells.append(padding + text if text.isdigit() else text + padding)
    return [cell + " " for cell in cells[:-1]] + [cells[-1].rstrip()]


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` columns."""
    if columns(text) <= width:
        return text
    while text and columns(text) >= width:
        text = text[: -max(1, (columns(text) - width) // 2)]
    return text + "…"


def duration(seconds: float) -> str:
    """Four characters: `3.4s`, `12s`, `5m`, `2h`, `9d`."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    for unit, length in (("s", 1), ("m", 60), ("h", 3600), ("d", 86400)):
        if seconds < 100 * length or unit == "d":
            return f"{seconds / length:.0f}{unit}"
    raise AssertionError


# -- stacks


@render.register
def _(answer: Stack, width: int | None = None) -> list[Fragments]:
    stack = answer.stack
    title: Fragments = [
        ("", "task "),
        ("tid", str(stack.tid)),
        ("heading", f" {visible(stack.program)}"),
        ("", "  "),
    ]
    if stack.status is not None:
        title.append(("good" if stack.status.ok else "error", visible(str(stack.status))))
    else:
        title.append((f"state.{stack.state}", stack.state))
    lines = [title]
    half = len(stack.frames) // 2
    for number, frame in enumerate(stack.frames):
        if stack.omitted and number == half:
            lines.append([("hint", f"  … {stack.omitted:,} frames more …")])
        lines += frame_lines(frame)
    if stack.call:
        lines.append([("", "  in "), ("heading", visible(stack.call)), ("hint", why(stack.reason))])
    return [cut(line, width) for line in lines]


def why(reason: str) -> str:
    return f"  {visible(reason)}" if reason else ""


def frame_lines(frame: FrameInfo) -> list[Fragments]:
    """Where a frame stands, and the line of source there."""
    place = f"{display_path(frame.file)}:{frame.line}"
    lines: list[Fragments] = [
        [("code.name", f"  {visible(frame.function)}"), ("hint", f"  {place}")]
    ]
    linecache.checkcache(frame.file)
    source = linecache.getline(frame.file, frame.line).strip()
    if source:
        lines.append([("", "      "), *highlighted(source)])
    return lines


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


def cut(line: Fragments, width: int | None) -> Fragments:
    """The line in at most `width` columns."""
    if width is None or columns(plain(line)) <= width:
        return line
    result: Fragments = []
    for style, text in line:
        room = width - columns(plain(result))
        if columns(text) > room:
            return [*result, (style, shortened(text, room))]
        result.append((style, text))
    return result


# -- texts


@render.register
def _(answer: Listing, width: int | None = None) -> list[Fragments]:
    left = min(36, max((columns(name) for name, _ in answer.rows), default=0))
    lines: list[Fragments] = []
    for name, about in answer.rows:
        if columns(name) > left:
            lines.append([("heading", f"  {name}")])
            name = ""
        padding = " " * (left - columns(name))
        lines.append([("heading", f"  {name}{padding}"), ("", f"  {visible(about)}")])
    if answer.hint:
        lines += [[], [("hint", f"  {answer.hint}")]]
    return [cut(line, width) for line in lines]


@render.register
def _(answer: Page, width: int | None = None) -> list[Fragments]:
    return [
        [("heading", f"  {answer.usage}")],
        [],
        *([("", f"  {visible(line)}".rstrip())] for line in answer.text.split("\n")),
    ]


@render.register
def _(answer: Log, width: int | None = None) -> list[Fragments]:
    lines = [output_line(line) for line in answer.lines]
    return lines or [[("hint", "nothing has been printed or reported")]]


def mistake(error: Mistake, source: str, width: int | None) -> list[Fragments]:
    """The picture of a mistake: the line, the place, what is wrong, what would be right."""
    lines = error.picture(source, width or 10_000)
    place = len(lines) - 1 - bool(error.usage)
    styles = {place - 1: "place", place: "error", place + 1: "hint"}
    return [[(styles.get(number, ""), line)] for number, line in enumerate(lines)]


def output_line(line: Line) -> Fragments:
    """What a task printed or the kernel reported, with the task's tid."""
    label = f"{line.tid or '-':>3} "
    style = "report" if line.kind == "report" else ""
    return [("tid", label), ("hint", "│ "), (style, line.text)]


def failure(error: BaseException) -> list[Fragments]:
    """An error that a program's own code raised while it was loaded; it has the last word."""
    import traceback

    lines: Iterable[str]
    if isinstance(error, SyntaxError):
        lines = traceback.format_exception_only(error)
    else:
        lines = traceback.format_exception(error)
    texts = [visible(text) for line in lines for text in line.rstrip("\n").split("\n")]
    return [
        [("error" if number == len(texts) - 1 else "", text)] for number, text in enumerate(texts)
    ]
