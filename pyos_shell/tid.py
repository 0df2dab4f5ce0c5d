"""The type of a task's number at the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from .candidates import Candidate
from .mistake import Mistake
from .render.tasks import duration

if TYPE_CHECKING:
    from .line import Word
    from .live import Live


class Tid(int):
    """The number of a task, as `tasks` shows it."""

    metavar: ClassVar[str] = "TID"
    takes: ClassVar[str] = "the number of a task"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no number of a task."""
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text)):
            shown = text if len(text) <= 40 else text[:39] + "…"
            raise ValueError(f"TID takes the number of a task, as `tasks` shows it, not '{shown}'")
        return cls(text)

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The living tasks."""
        for task in live.tasks if live is not None else ():
            about = f"{task.state:8} {duration(task.age):>4}  {task.reason}"
            yield Candidate(str(task.tid), about.rstrip(), task.program)

    @classmethod
    def check(cls, word: Word, live: Live | None) -> None:
        """Raise `Mistake` if no task has had this number yet."""
        if live is not None and not live.has_been(int(word.text)):
            message = f"no task {word.text}; type tasks for those there are"
            raise Mistake(message, word.start, word.end)

    @classmethod
    def style(cls, word: Word, live: Live | None) -> str:
        """Whether the task lives can be seen."""
        known = word.text.isascii() and word.text.isdigit() and len(word.text) < 20
        lives = live is None or (known and live.lives(int(word.text)))
        return "typed.tid" if lives else "typed.ended"
