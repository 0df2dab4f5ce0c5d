r"""The language of a command line: words, quotes, comments, and what separates statements.

    spawn echo_server 45000 --host 'my host'; tasks     # all of them

`;` and a newline separate statements; `#` at the start of a word begins a comment. Between
single quotes every character is itself; between double quotes `\"` and `\\` are a quote and a
backslash. Outside quotes a backslash takes away the meaning of the next character, except
before a letter, a digit, `_` or `.`, where it is just a backslash, so that `C:\temp\..\new`
needs no quotes; at the end of a line it continues the line. Parts that touch are one word:
`a'b c'd`; `''` is an empty word.

A line that begins with `>` has no commands: it is for a task to read, `3> …` for task 3. Behind the
sign and one blank it is what it is, without quotes, comments or `;`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from .mistake import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Word(NamedTuple):
    """A word of the line, without its quotes; `source[start:end]` is how it was typed."""

    text: str
    start: int
    end: int


class Given(NamedTuple):
    """A line for a task: for `tid`, or for whoever has waited longest."""

    text: str
    tid: int | None


class Operator(NamedTuple):
    """A sign that is no word: what stands before it and after it are different things."""

    text: str
    start: int
    end: int


Statement: TypeAlias = list[Word]

# A longer operator stands before the one it begins with: `&&` before `&`.
OPERATORS = (";", "\n")

_OPERATOR = "|".join(map(re.escape, OPERATORS))
_BLANK = r"[^\S\n] | \\\r?\n"
_ESCAPED = r"\\(?!\r?\n)[^\w.]"
_PLAIN = rf"(?: (?!{_OPERATOR}) [^\s'\"\\] | \\(?=[\w.]|\Z) )+"
_PART = rf"""{_ESCAPED} | {_PLAIN} | '[^']*' | "(?:[^"\\]|\\.)*" """
_VERBOSE = re.VERBOSE | re.DOTALL

PART = re.compile(_PART, _VERBOSE)
TOKEN = re.compile(
    rf"""
      (?P<blank> (?:{_BLANK})+ )
    | (?P<comment> \#[^\n]* )
    | (?P<operator> {_OPERATOR} )
    | (?P<word> (?:{_PART})+ )
    """,
    _VERBOSE,
)
GIVEN = re.compile(r"\s*(?:([1-9][0-9]{0,18})\s*)?> ?(.*)")
NEEDS_NO_QUOTES = re.compile(r"[\w@%+=:,./-]+")


def given(line: str) -> Given | None:
    """What the line has for a task to read; None if it is one of commands."""
    match = GIVEN.fullmatch(line)
    if match is None:
        return None
    return Given(match[2], int(match[1]) if match[1] else None)


def parse(source: str) -> list[Statement]:
    """The statements of `source`, none of them empty.

    Raises `Missing` at a quote that is not closed; every other text is a list of statements.
    """
    statements: list[Statement] = [[]]
    for token in tokens(source):
        if isinstance(token, Operator):
            statements.append([])
        else:
            statements[-1].append(token)
    return [statement for statement in statements if statement]


def tokens(source: str) -> Iterator[Word | Operator]:
    """The words and operators of `source`, in order. Raises `Missing` as `parse` does."""
    position = 0
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None:  # nothing but a quote without its fellow begins no token
            raise Missing("this quote is not closed", position, position + 1)
        if match.lastgroup == "word":
            yield Word(PART.sub(_unquoted, match[0]), *match.span())
        elif match.lastgroup == "operator":
            yield Operator(match[0], *match.span())
        position = match.end()


def joined(lines: Iterable[str]) -> Iterator[str]:
    """The lines, each together with the next where a backslash at its end continues it.

    A quote that is not closed is the mistake of its own line, and leaves the next ones alone.
    """
    begun = ""
    for line in lines:
        begun += line.rstrip("\r\n")
        backslashes = len(begun) - len(begun.rstrip("\\"))
        if backslashes % 2 and not given(begun):
            begun += "\n"
        else:
            yield begun
            begun = ""
    if begun:
        yield begun


def _unquoted(part: re.Match[str]) -> str:
    """What a part of a word stands for."""
    raw = part[0]
    if raw.startswith("'"):
        return raw[1:-1]
    if raw.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", raw[1:-1])
    return raw[1:] if re.fullmatch(_ESCAPED, raw) else raw


def quote(text: str) -> str:
    """How to type `text` as one word: `parse(quote(text))` has just that word."""
    if NEEDS_NO_QUOTES.fullmatch(text):
        return text
    return "'" + text.replace("'", r"'\''") + "'"
