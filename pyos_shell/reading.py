"""A line as far as it has been typed: what each of its words is.

Colours, completion, the hint and the check all look at a line through this, and `walk.py` behind
it, which is how the line is run as well. Nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .command import CommandName, CommandWords
from .line import Operator, Word, tokens
from .mistake import Missing, Mistake
from .parameter import Kind, Parameter
from .program import ProgramName, ProgramWords
from .signature import Signature
from .walk import Role, Walk

if TYPE_CHECKING:
    from .live import Live


def statement(command: CommandName, *words: CommandWords) -> None:
    """What stands at the beginning of a line, and behind `;` and `&&`."""


def stage(program: ProgramName, *arguments: ProgramWords) -> None:
    """A program that reads what the one before it prints."""


def target(file: Path) -> None:
    """The file that takes what is answered, or printed."""


STATEMENT: Final = Signature.of(statement, name="")

#: What takes the words behind an operator.
BEHIND: Final = {
    "|": Signature.of(stage, name="|"),
    ">": Signature.of(target, name=">"),
    ">>": Signature.of(target, name=">>"),
}


class Reader:
    """Takes the words of a part of a line, one after the other. Where words follow a name that are
    its own, as behind that of a command, they are read by the signature of what it names.
    """

    def __init__(self, signature: Signature = STATEMENT, live: Live | None = None) -> None:
        self.live = live
        self.signatures: list[Signature] = []
        self.walks: list[Walk] = []
        self.enter(signature)
        self.walk.options_over = True  # `-x` at the beginning is a wrong name, no option

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
            signature = signature_of(following, role, self.live)
            if signature is not None:
                self.enter(signature)
        return role

    def finish(self, end: int) -> None:
        """There are no more words. Raises `Missing` if there had to be more."""
        for walk in reversed(self.walks):
            walk.finish(end)


def signature_of(following: Parameter, role: Role, live: Live | None) -> Signature | None:
    """What takes the words behind a name, where they are its own; a type of words tells that by a
    classmethod `signature`.
    """
    of_name: Any = getattr(following.type, "signature", None)
    if not following.is_raw or role.parameter is following or of_name is None:
        return None
    found: Signature | None = of_name(role.value, live)
    return found


class Part(NamedTuple):
    """Words between two operators, and what takes them."""

    signature: Signature
    words: list[Word]


class Reading(NamedTuple):
    """The parts of a line, and the operators between them, in order; and what is wrong with its
    last word, if that is none.
    """

    parts: list[Part]
    operators: list[Operator]
    trouble: Mistake | None


def read(source: str) -> Reading:
    """The words of the line. One whose quote is not closed goes on to the line's end."""
    reading = Reading([Part(STATEMENT, [])], [], None)
    try:
        for token in tokens(source):
            if isinstance(token, Operator):
                reading.operators.append(token)
                reading.parts.append(Part(BEHIND.get(token.text, STATEMENT), []))
            else:
                reading.parts[-1].words.append(token)
    except Mistake as trouble:
        words = reading.parts[-1].words
        words.append(rest(words, source, trouble))
        return reading._replace(trouble=trouble)
    return reading


def rest(words: list[Word], source: str, trouble: Mistake) -> Word:
    """The last word, as far as it goes; a quote that is not closed may stand in its middle."""
    start = trouble.start or 0
    begin = start + isinstance(trouble, Missing)
    if words and words[-1].end == start:
        begun = words.pop()
        return Word(begun.text + source[begin:], begun.start, len(source))
    return Word(source[begin:], start, len(source))


class Place(NamedTuple):
    """Where the cursor is: a reader that has taken all before, and the word that is begun there."""

    reader: Reader
    word: Word


def place(before: str, live: Live | None = None) -> Place | None:
    """The place behind the text `before` the cursor; None if it is in a comment."""
    reading = read(before)
    signature, words = reading.parts[-1]
    end = len(before)
    begun = words.pop() if words and words[-1].end == end else Word("", end, end)
    if not begun.text and any(ends == end for _, ends in comments(before, reading)):
        return None
    reader = Reader(signature, live)
    for word in words:
        reader.take(word)
    return Place(reader, begun)


def comments(source: str, reading: Reading) -> Iterator[tuple[int, int]]:
    """The places of the comments: whatever is neither word nor operator nor blank."""
    known = [(word.start, word.end) for part in reading.parts for word in part.words]
    known += [(sign.start, sign.end) for sign in reading.operators]
    ends = 0
    for start, end in [*sorted(known), (len(source), len(source))]:
        sign = source.find("#", ends, start)
        if sign >= 0:
            yield sign, start
        ends = end
