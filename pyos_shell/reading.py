"""A line as far as it has been typed: what each of its words is.

Colours, completion, the hint and the check all look at a line through this, and `walk.py` behind
it, which is how the line is run as well. Nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .command import CommandName, CommandWords
from .line import Operator, Word, tokens
from .mistake import Missing
from .parameter import Kind, Parameter
from .signature import Signature
from .walk import Role, Walk


def statement(command: CommandName, *words: CommandWords) -> None:
    """What every statement is."""


STATEMENT = Signature.of(statement, name="")


class Reader:
    """Takes the words of a statement, one after the other. Where words follow a name that are its
    own, as behind that of a command, they are read by the signature of what it names.
    """

    def __init__(self) -> None:
        self.signatures: list[Signature] = []
        self.walks: list[Walk] = []
        self.enter(STATEMENT)
        self.walk.options_over = True  # `-x` at the beginning is a wrong command, no option

    @property
    def walk(self) -> Walk:
        """The walk through the words of the innermost name."""
        return self.walks[-1]

    def enter(self, signature: Signature) -> None:
        """The next words are for this signature."""
        self.signatures.append(signature)
        self.walks.append(signature.walk())

    def take(self, word: Word) -> Role:
        """What the next word is."""
        role = self.walk.take(word)
        following = self.walk.expected()
        if role.value is not None and following is not None and following.kind is Kind.ARGUMENTS:
            signature = signature_of(following, role)
            if signature is not None:
                self.enter(signature)
        return role

    def finish(self, end: int) -> None:
        """There are no more words. Raises `Missing` if there had to be more."""
        for walk in reversed(self.walks):
            walk.finish(end)


def signature_of(following: Parameter, role: Role) -> Signature | None:
    """What takes the words behind a name, where they are its own; a type of words tells that by a
    classmethod `signature`.
    """
    of_name: Any = getattr(following.type, "signature", None)
    if not following.is_raw or role.parameter is following or of_name is None:
        return None
    found: Signature | None = of_name(role.value)
    return found


class Reading(NamedTuple):
    """The statements of a line, and the signs between them, in order; and whether its last word has
    a quote that is not closed.
    """

    statements: list[list[Word]]
    operators: list[Operator]
    unclosed: Missing | None


def read(source: str) -> Reading:
    """The words of the line. One whose quote is not closed goes on to the line's end."""
    reading = Reading([[]], [], None)
    try:
        for token in tokens(source):
            if isinstance(token, Operator):
                reading.operators.append(token)
                reading.statements.append([])
            else:
                reading.statements[-1].append(token)
    except Missing as unclosed:
        last = reading.statements[-1]
        last.append(rest(last, source, unclosed.start or 0))
        return reading._replace(unclosed=unclosed)
    return reading


def rest(words: list[Word], source: str, quote: int) -> Word:
    """The last word, with what stands behind its quote; it may have begun before that."""
    if words and words[-1].end == quote:
        begun = words.pop()
        return Word(begun.text + source[quote + 1 :], begun.start, len(source))
    return Word(source[quote + 1 :], quote, len(source))


class Place(NamedTuple):
    """Where the cursor is: a reader that has taken all before, and the word that is begun there."""

    reader: Reader
    word: Word


def place(before: str) -> Place | None:
    """The place behind the text `before` the cursor; None if it is in a comment."""
    words = read(before).statements[-1]
    end = len(before)
    begun = words.pop() if words and words[-1].end == end else Word("", end, end)
    if not begun.text and in_comment(before, words):
        return None
    reader = Reader()
    for word in words:
        reader.take(word)
    return Place(reader, begun)


def in_comment(before: str, words: list[Word]) -> bool:
    """Whether a comment has begun behind the last word."""
    return "#" in before[words[-1].end if words else before.rfind(";") + 1 :]


def comments(source: str, reading: Reading) -> Iterator[tuple[int, int]]:
    """The places of the comments: whatever is neither word nor operator nor blank."""
    known = [(word.start, word.end) for words in reading.statements for word in words]
    known += [(sign.start, sign.end) for sign in reading.operators]
    ends = 0
    for start, end in sorted(known):
        yield from visible_part(source, ends, start)
        ends = end
    yield from visible_part(source, ends, len(source))


def visible_part(source: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    sign = source.find("#", start, end)
    if sign >= 0:
        yield sign, end
