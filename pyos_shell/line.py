r"""The words of a command line: quotes, comments, variables, and the signs between words.

    spawn echo_server 45000 --host 'my host' && tasks > table     # all of them

`;`, `&&`, `|`, `>`, `>>` and a newline are operators, whose meaning `statement` knows; `#` at the
start of a word begins a comment. Between single quotes every character is itself; between double
quotes `\"`, `\\` and `\$` are a quote, a backslash and a dollar. Outside quotes a backslash takes
away the meaning of the next character, except before a letter, a digit, `_` or `.`, where it is
just a backslash, so that `C:\temp\..\new` needs no quotes; at the end of a line it continues the
line. Parts that touch are one word: `a'b c'd`; `''` is an empty word.

`$?` and `$!` stand for what the lines before have left, also between double quotes; a `$` that
begins no name is itself.

A line that begins with `>` has no commands: it is for a task to read, `3> …` for task 3. Behind the
sign and one blank it is what it is, without quotes, comments or `;`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from .mistake import Missing, Mistake, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Word(NamedTuple):
    """A word of the line, without its quotes; `source[start:end]` is how it was typed.

    `variables` are the places in `text` of each `$?` and `$!` that is to be expanded.
    """

    text: str
    start: int
    end: int
    variables: tuple[int, ...] = ()


class Given(NamedTuple):
    """A line for a task: for `tid`, or for whoever has waited longest."""

    text: str
    tid: int | None


class Operator(NamedTuple):
    """A sign that is no word: what stands before it and after it are different things."""

    text: str
    start: int
    end: int


#: A longer operator stands before the one that it begins with.
OPERATORS: Final = (";", "\n", "&&", "|", ">>", ">")

#: What the variables are, for whoever types another.
VARIABLES: Final = {"$?": "the last status", "$!": "the last tid"}

_OPERATOR = "|".join(map(re.escape, OPERATORS))
_BLANK = r"[^\S\n] | \\\r?\n"
_ESCAPED = r"\\(?!\r?\n)[^\w.]"
_PLAIN = r"(?: [^\s'\"\\;|>&] | &(?!&) | \\(?=[\w.]|\Z) )+"
_PART = rf"""{_ESCAPED} | {_PLAIN} | '[^']*' | "(?:[^"\\]|\\.)*" """
_VERBOSE = re.VERBOSE | re.DOTALL

ESCAPED = re.compile(_ESCAPED)
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

#: A word without these is what it looks like.
SPECIAL = re.compile(r"['\"\\$]")

#: What has a meaning of its own outside quotes, and what between double ones.
VARIABLE = re.compile(r"(?P<variable>\$(?:[?!]|[^\W\d]\w*))")
IN_QUOTES = re.compile(rf"""\\(?P<escaped>["\\$])|{VARIABLE.pattern}""")

GIVEN = re.compile(r"\s*(?:([1-9][0-9]{0,18})\s*)?> ?(.*)")
NEEDS_NO_QUOTES = re.compile(r"[\w@%+=:,./-]+")


def given(line: str) -> Given | None:
    """What the line has for a task to read; None if it is one of commands."""
    match = GIVEN.fullmatch(line)
    if match is None:
        return None
    return Given(match[2], int(match[1]) if match[1] else None)


def tokens(source: str) -> Iterator[Word | Operator]:
    """The words and operators of `source`, in order.

    Raises `Missing` at a quote that is not closed, and `Mistake` at a variable that there is not;
    every other text is words and operators.
    """
    position = 0
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None:  # nothing but a quote without its fellow begins no token
            raise Missing("this quote is not closed", position, position + 1)
        if match.lastgroup == "word":
            yield _word(match)
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


def _word(match: re.Match[str]) -> Word:
    """The word that was typed so, its parts without their quotes put together."""
    if not SPECIAL.search(match[0]):
        return Word(match[0], *match.span())
    text, variables = "", []
    for part in PART.finditer(match[0]):
        raw = part[0]
        if raw.startswith("'"):
            text += raw[1:-1]
        elif raw.startswith("\\") and len(raw) > 1 and ESCAPED.fullmatch(raw):
            text += raw[1:]
        else:
            quoted = raw.startswith('"')
            place = match.start() + part.start() + quoted
            for piece, is_variable in _pieces(raw[1:-1] if quoted else raw, quoted, place):
                if is_variable:
                    variables.append(len(text))
                text += piece
    return Word(text, *match.span(), tuple(variables))


def _pieces(raw: str, quoted: bool, place: int) -> Iterator[tuple[str, bool]]:
    """What a part of a word stands for, piece by piece, and whether a piece is a variable. Raises
    `Mistake` at one that there is not; `place` is where the part begins in the source.
    """
    end = 0
    for found in (IN_QUOTES if quoted else VARIABLE).finditer(raw):
        yield raw[end : found.start()], False
        end = found.end()
        if found.lastgroup == "escaped":
            yield found["escaped"], False
        elif found[0] in VARIABLES:
            yield found[0], True
        else:
            known = " and ".join(f"{name} ({what})" for name, what in VARIABLES.items())
            message = f"no variable {excerpt(found[0])}; there are {known}"
            raise Mistake(message, place + found.start(), place + end)
    yield raw[end:], False


def quote(text: str) -> str:
    """How to type `text` as one word: `tokens(quote(text))` has just that word."""
    if NEEDS_NO_QUOTES.fullmatch(text):
        return text
    return "'" + text.replace("'", r"'\''") + "'"
