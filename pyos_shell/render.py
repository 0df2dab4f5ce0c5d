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
    "state.stopped": "ansimagenta",
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
    if not (answer.before or answer.since or answer.others):
        return [cut([("hint", "there is no task to wait for")], width)]
    if width is None:  # all reports are there to be read, one after the other
        return []
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

HEADING: Final = ["TID", "PAR", "STATE", "AGE", "DEEP", "WAITS FOR", "PROGRAM"]

#: The columns of `HEADING` that a narrow screen can do without: DEEP, AGE, PAR, WAITS FOR, STATE.
LEAST_FIRST: Final = (4, 3, 1, 5, 2)

#: How narrow the last two columns of a table can be.
LEAST: Final = (16, 8)


@render.register
def _(answer: Table, width: int | None = None) -> list[Fragments]:
    listed = answer.tasks
    if not listed.tasks:
        hint = "no tasks; start one: spawn countdown 5   what there is: programs"
        return [cut(line, width) for line in [[("hint", hint)], *poller_line(answer)]]
    lines = table(HEADING, [cells(task) for task in listed.tasks], width)
    rest = listed.total - len(listed.tasks)
    if rest:
        lines.append([("hint", f"… and {rest:,} more: tasks --all")])
    return [cut(line, width) for line in [*lines, *poller_line(answer)]]


def cells(task: TaskInfo) -> Fragments:
    """The row of a task, in the columns of `HEADING`."""
    return [
        ("tid", str(task.tid)),
        ("", str(task.parent)),
        (f"state.{task.state}", task.state),
        ("", duration(task.age)),
        ("", str(task.depth)),
        ("", visible(task.reason)),
        ("", visible(task.program)),
    ]


def poller_line(answer: Table) -> list[Fragments]:
    """Says what the poller can watch, where that is little."""
    if answer.tasks.limit is None:
        return []
    text = f"files are watched by {answer.tasks.poller}: sockets only, {answer.tasks.limit} at most"
    return [[("hint", text)]]


def table(heading: list[str], rows: list[Fragments], width: int | None) -> list[Fragments]:
    """The heading and the rows in columns. A table that is too wide first loses the columns that
    tell least, and then the ends of the last two.
    """
    lines = [[("heading", name) for name in heading], *rows]
    widths = [max(columns(text) for _, text in column) for column in zip(*lines, strict=True)]
    shown = list(range(len(heading)))
    if width is not None:
        for column in LEAST_FIRST:
            if narrowest([widths[each] for each in shown]) > width:
                shown.remove(column)
        widths = fitted([widths[each] for each in shown], width)
    return [aligned([line[each] for each in shown], widths) for line in lines]


def narrowest(widths: list[int]) -> int:
    """How wide a table is whose last two columns are cut as far as they can be."""
    return sum(widths[:-2]) + sum(map(min, widths[-2:], LEAST)) + len(widths) - 1


def fitted(widths: list[int], width: int) -> list[int]:
    """The widths of the columns, the last two cut so that all fit into `width`."""
    *fixed, wide, last = widths
    room = width - sum(fixed) - len(fixed) - 1
    if wide + last > room:
        last = max(room - wide, min(last, max(LEAST[1], room // 4)))
        wide = room - last
    return [*fixed, max(1, wide), max(1, last)]


def aligned(cells: Fragments, widths: list[int]) -> Fragments:
    """The cells padded or cut to their columns; numbers to the right."""
    line: Fragments = []
    for (style, text), width in zip(cells, widths, strict=True):
        text = shortened(text, width)
        padding = " " * (width - columns(text))
        text = padding + text if text.isdigit() else text + padding
        line.append((style, text + " "))
    style, text = line[-1]
    return [*line[:-1], (style, text.rstrip())]


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` columns."""
    if columns(text) <= width:
        return text
    while text and columns(text) >= width:
        text = text[: -max(1, (columns(text) - width) // 2)]
    return text + "…"


def end_of(text: str, width: int) -> str:
    """The end of `text` in at most `width` columns: of a place, that is the name and the line."""
    while columns(text) > max(1, width):
        text = "…" + text[2:]
    return text


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


def cut(line: Fragments, width: int | None) -> Fragments:
    """The line in at most `width` columns."""
    if width is None or columns(plain(line)) <= width:
        return line
    result: Fragments = []
    room = width - len("…")
    for style, text in line:
        if columns(text) > room:
            return [*result, (style, shortened(text + "…", room + len("…")))]
        result.append((style, text))
        room -= columns(text)
    return result


# -- texts


@render.register
def _(answer: Listing, width: int | None = None) -> list[Fragments]:
    left = max((columns(name) for name, _ in answer.rows), default=0)
    lines: list[Fragments] = []
    for name, about in answer.rows:
        padding = " " * (left - columns(name))
        lines.append([("heading", f"  {name}{padding}"), ("", f"  {visible(about)}")])
    if answer.hint:
        lines += [[], [("hint", f"  {answer.hint}")]]
    return [cut(line, width) for line in lines]


@render.register
def _(answer: Page, width: int | None = None) -> list[Fragments]:
    usage = wrapped(answer.usage, width, indent="    ")
    text = [part for line in answer.text.split("\n") for part in wrapped(line, width)]
    return [
        *([("heading", f"  {line}".rstrip())] for line in usage),
        [],
        *([("", f"  {visible(line)}".rstrip())] for line in text),
    ]


def wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """The lines of `text`, two columns less than `width` wide; where there are several, each but
    the first begins with `indent`.
    """
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        if width is not None and lines[-1].strip() and columns(f"{lines[-1]} {word}") > width - 2:
            lines.append(indent + word)
        else:
            lines[-1] += f" {word}"
    return lines


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


#: The columns before what was printed or reported.
LABEL: Final = 6


def output_line(line: Line) -> Fragments:
    """What a task printed or the kernel reported, with the task's tid."""
    label = f"{line.tid or '-':>3} "
    style = {"report": "report", "crash": "error"}.get(line.kind, "")
    return [("tid", label), ("hint", "│ "), (style, line.text)]


def output_lines(line: Line, width: int) -> list[Fragments]:
    """The same on a screen, where a long report goes on below its beginning. What was printed is
    left as it is.
    """
    label, bar, (style, text) = output_line(line)
    if line.kind == "out" or width < 2 * LABEL + LEAST[0]:
        return [output_line(line)]
    first, *rest = wrapped(text, width - LABEL + 2)
    return [[label, bar, (style, first)], *([("", "    "), bar, (style, part)] for part in rest)]


def failure(error: BaseException, width: int | None) -> list[Fragments]:
    """An error that a program's own code raised while it was loaded; it has the last word."""
    import traceback

    lines: Iterable[str]
    if isinstance(error, SyntaxError):
        lines = traceback.format_exception_only(error)
    else:
        lines = traceback.format_exception(error)
    *texts, last = "".join(lines).rstrip("\n").split("\n")
    return [*(traceback_line(text, width) for text in texts), [("error", visible(last))]]


def traceback_line(text: str, width: int | None) -> Fragments:
    """A line of a traceback: a place, the code there, or the marks below it."""
    if not text.startswith("    ") or width is None:
        return [("hint" if text.startswith("  ") else "", visible(text))]
    return [("place", visible(text))] if not text.strip(" ^~") else highlighted(text)
