"""What the lines of a console leave for the lines after them: a status, a tid, aliases."""

from __future__ import annotations

from .aliases import Aliases
from .line import Word
from .mistake import Mistake
from .statement import Statement


class Environment:
    """One console's."""

    def __init__(self) -> None:
        #: That of the last statement: 0, or 1 if it has failed.
        self.status = 0
        #: The task that was started last, if one was.
        self.last_tid: int | None = None
        self.aliases = Aliases()

    def expanded(self, statement: Statement) -> Statement:
        """The statement with the values of its variables. Raises `Mistake` at one without."""
        return statement.changed(self.value)

    def value(self, word: Word) -> Word:
        """The word with the values of its variables."""
        if not word.variables:
            return word
        text = word.text
        for place in reversed(word.variables):
            text = text[:place] + self.variable(text[place + 1], word) + text[place + 2 :]
        return Word(text, word.start, word.end)

    def variable(self, name: str, word: Word) -> str:
        """The value of `$?` or `$!`."""
        if name == "?":
            return str(self.status)
        if self.last_tid is None:
            raise Mistake("$! has no value: no task has been started", word.start, word.end)
        return str(self.last_tid)
