"""The statements of a command line: what its words and operators mean together.

    line      = [statement] { (";" | newline) [statement] | "&&" statement }
    statement = words { "|" words } [ (">" | ">>") word ]

A statement behind `&&` runs only if the one before it has succeeded. `|` joins the stages of
`spawn`; the file takes what the command answers, or what its tasks print.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from .line import Operator, Word, tokens
from .mistake import Missing, Mistake, excerpt

SEPARATORS: Final = (";", "\n", "&&", "")

Tokens: TypeAlias = list[Word | Operator]


class Redirection(NamedTuple):
    """The file that takes the output: from its beginning, or behind what is in it."""

    file: Word
    append: bool


class Plumbing(NamedTuple):
    """Where the output of a command goes, if not to the screen: into further stages, and a file."""

    stages: tuple[list[Word], ...] = ()
    redirection: Redirection | None = None


#: The output goes to the screen.
NO_PLUMBING: Final = Plumbing()


class Statement(NamedTuple):
    """One command: its words, of which there is one at least. `conditional` if it runs only where
    the one before it has succeeded.
    """

    words: list[Word]
    plumbing: Plumbing = NO_PLUMBING
    conditional: bool = False

    @property
    def end(self) -> int:
        """Where its own words end, and a further one would stand."""
        return self.words[-1].end

    def changed(self, change: Callable[[Word], Word]) -> Statement:
        """The statement with each of its words changed."""
        stages, redirection = self.plumbing
        if redirection is not None:
            redirection = Redirection(change(redirection.file), redirection.append)
        further = tuple([change(word) for word in words] for words in stages)
        words = [change(word) for word in self.words]
        return Statement(words, Plumbing(further, redirection), self.conditional)


def parse(source: str) -> list[Statement]:
    """The statements of `source`. Raises `Mistake` at what is no statement, or no word."""
    statements = []
    parts: Tokens = []
    before = Operator(";", 0, 0)
    for token in (*tokens(source), Operator("", len(source), len(source))):
        if isinstance(token, Word) or token.text not in SEPARATORS:
            parts.append(token)
            continue
        if parts:
            statements.append(statement(parts, before.text == "&&"))
        else:
            forbid_nothing(before, token)
        before, parts = token, []
    return statements


def forbid_nothing(before: Operator, behind: Operator) -> None:
    """Raise `Mistake` where nothing stands between two separators, and one of them is `&&`."""
    for sign, side in ((before, "behind"), (behind, "before")):
        if sign.text == "&&":
            kind = Missing if side == "behind" else Mistake
            raise kind(f"a command is missing {side} &&", sign.start, sign.end)


def statement(parts: Tokens, conditional: bool) -> Statement:
    """The statement that these words and operators are."""
    stages: list[list[Word]] = [[]]
    file = None
    for number, part in enumerate(parts):
        if isinstance(part, Word):
            stages[-1].append(part)
            continue
        if not stages[-1]:
            raise nothing_before(part)
        if part.text != "|":
            file = redirection(part, parts[number + 1 :])
            break
        stages.append([])
    if not stages[-1]:
        raise Missing("a program is missing behind |", *parts[-1][1:3])
    return Statement(stages[0], Plumbing(tuple(stages[1:]), file), conditional)


def nothing_before(sign: Operator) -> Mistake:
    """What is said where a statement or a stage begins with an operator."""
    if sign.text == "|":
        return Mistake("a program is missing before |", sign.start, sign.end)
    message = f"a command is missing before {sign.text}; a line for a task stands alone"
    return Mistake(message, sign.start, sign.end)


def redirection(sign: Operator, rest: Tokens) -> Redirection:
    """The file behind `sign`. Raises `Mistake` if there is none, or something behind it."""
    file, *more = rest or [sign]
    if not isinstance(file, Word):
        message = f"a file is missing behind {sign.text}; the sign itself is typed '{sign.text}'"
        raise Missing(message, sign.start, sign.end)
    if more:
        message = f"'{excerpt(more[0].text)}' is one too many: the file ends the statement"
        raise Mistake(message, more[0].start, more[0].end)
    return Redirection(file, append=sign.text == ">>")
