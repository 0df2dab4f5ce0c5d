"""How source is shown: in colour, with line numbers, the lines that matter marked."""

from __future__ import annotations

import linecache
from collections.abc import Collection, Iterable
from pathlib import Path

from kernel import FrameInfo

from ..mistake import visible
from .layout import Fragments

#: Stands before a line that is marked.
MARK = "→"


def source_lines(file: str) -> list[str]:
    """The lines of a file, as it is on disk now; none if it cannot be read."""
    try:
        linecache.checkcache(file)
        return [line.rstrip("\n") for line in linecache.getlines(file)]
    except ValueError:  # a program can give its code a name that no file can have
        return []


def source_line(frame: FrameInfo) -> str:
    """The line of source where a frame stands; empty if there is none."""
    return line_of_source(frame.file, frame.line)


def line_of_source(file: str, line: int) -> str:
    """This line of a file; empty if there is none."""
    lines = source_lines(file)
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def display_path(file: str) -> str:
    """The path of a file, from the current folder where it is below it."""
    try:
        return visible(str(Path(file).relative_to(Path.cwd())))
    except (ValueError, OSError):
        return visible(file)


def numbered(
    lines: list[str], first: int, marked: Collection[int], in_colour: bool, indent: str = ""
) -> list[Fragments]:
    """Lines of Python with their numbers, of which the first is given."""
    digits = len(str(first + len(lines) - 1))
    code = highlighted_lines(lines) if in_colour else [[("", visible(line))] for line in lines]
    shown: list[Fragments] = []
    for number, fragments in enumerate(code, first):
        sign, style = (MARK, "mark") if number in marked else (" ", "hint")
        shown.append([("", indent), (style, f"{sign} {number:>{digits}} "), *fragments])
    return shown


def highlighted_lines(lines: list[str]) -> list[Fragments]:
    """Lines of Python in colour; a string may go on from one to the next."""
    shown: list[Fragments] = [[]]
    for style, text in coloured("\n".join(lines)):
        first, *more = text.split("\n")
        shown[-1].append((style, visible(first)))
        shown += [[(style, visible(part))] for part in more]
    return shown


def highlighted(source: str) -> Fragments:
    """A line of Python in colour."""
    return [(style, visible(text)) for style, text in coloured(source)]


def coloured(source: str) -> Iterable[tuple[str, str]]:
    """The tokens of Python source, each with its style."""
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
    for token, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        yield next((style for kind, style in kinds if is_token_subtype(token, kind)), ""), text
