"""Aliases: names that stand for a piece of line, with quotes, `;` and `|` in it.

The words of an alias get the place of the word that was typed for it, so that a mistake in them is
shown where the user can see it.
"""

from __future__ import annotations

from typing import Final

from .line import Word
from .mistake import Mistake
from .statement import Plumbing, Statement, parse

#: The names that stand for themselves; Ctrl-D means the first.
FIXED: Final = ("exit", "quit", "unalias")

#: So many aliases stand for each other, at most.
DEEPEST: Final = 50


class Aliases(dict[str, str]):
    """What each name stands for."""

    def __setitem__(self, name: str, meaning: str) -> None:
        """Raises `Mistake` for a name without which there would be no way out."""
        if name in FIXED:
            raise Mistake(f"{name} stays what it is, as there would be no way out without it")
        super().__setitem__(name, meaning)

    def meaning(self, statement: Statement, used: tuple[str, ...]) -> list[Statement] | None:
        """What the statement stands for, if its first word is an alias and not one of the `used`,
        in whose meaning it stands: so an alias may be named like the command that it is made of.
        """
        typed, *rest = statement.words
        if typed.text not in self or typed.text in used:
            return None
        if len(used) == DEEPEST:
            message = f"more than {DEEPEST} aliases stand for each other"
            raise Mistake(message, typed.start, typed.end)
        meaning = [moved(each, typed) for each in parse(self[typed.text])]
        meaning[-1] = continued(meaning[-1], rest, statement.plumbing)
        return meaning

    def explained(self, mistake: Mistake, name: str, place: Word) -> Mistake:
        """A mistake in the meaning of the alias `name`, typed at this place: tells what that is."""
        if name not in self or not place.start <= (mistake.start or 0) <= place.end:
            return mistake
        message = f"{mistake.message} ({name} stands for: {self[name]})"
        return Mistake(message, mistake.start, mistake.end, mistake.usage)


def continued(last: Statement, rest: list[Word], typed: Plumbing) -> Statement:
    """The last statement of an alias, with what was typed behind its name."""
    file = last.plumbing.redirection
    if file is not None and (rest or any(typed)):
        message = "nothing can stand behind this, as it ends with a file"
        raise Mistake(message, file.file.start, file.file.end)
    stages = [last.words, *last.plumbing.stages]
    stages[-1] = stages[-1] + rest
    stages += typed.stages
    plumbing = Plumbing(tuple(stages[1:]), file or typed.redirection)
    return Statement(stages[0], plumbing, last.conditional)


def moved(statement: Statement, place: Word) -> Statement:
    """The statement with all its words at one place."""
    return statement.changed(lambda word: word._replace(start=place.start, end=place.end))
