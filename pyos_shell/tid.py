"""The type of a task's number at the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, Self

from .candidates import Candidate
from .mistake import Mistake
from .render.tasks import duration

if TYPE_CHECKING:
    from .line import Word
    from .live import Live


#: The number of a task, and that of an asyncio task in it.
BOTH: Final = re.compile(r"([1-9][0-9]{0,18})\.([1-9][0-9]{0,18})")


class Tid(int):
    """The number of a task, as `tasks` shows it."""

    metavar: ClassVar[str] = "TID"
    takes: ClassVar[str] = "the number of a task"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `ValueError`, in words, for what is no number of a task."""
        if match := BOTH.fullmatch(text):
            raise ValueError(f"TID takes the number of a task here: {match[1]}, which {text} is in")
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


class AnyTid(Tid):
    """The number of a task, or of an asyncio task in one: `3.2`. Then `inner` is not 0."""

    takes: ClassVar[str] = "the number of a task, or of an asyncio task in one: 3.2"

    inner: int = 0

    @classmethod
    def known(cls, text: str) -> bool:
        """Whether the text is meant for one."""
        return (text.isascii() and text.isdigit()) or BOTH.fullmatch(text) is not None

    @classmethod
    def parse(cls, text: str) -> Self:
        match = BOTH.fullmatch(text)
        made = super().parse(match[1] if match else text)
        made.inner = int(match[2]) if match else 0
        return made

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The living tasks, and the asyncio tasks in them."""
        yield from super().candidates(begun, live)
        for task in live.inner if live is not None else ():
            about = f"{task.state:8} {duration(task.age):>4}  {task.reason}"
            yield Candidate(f"{task.tid}.{task.inner}", about.rstrip(), task.program)

    @classmethod
    def check(cls, word: Word, live: Live | None) -> None:
        super().check(outer(word), live)

    @classmethod
    def style(cls, word: Word, live: Live | None) -> str:
        return super().style(outer(word), live)

    def __str__(self) -> str:
        return f"{int(self)}.{self.inner}" if self.inner else str(int(self))


def outer(word: Word) -> Word:
    """The part of the word that is the number of a task of the kernel's."""
    match = BOTH.fullmatch(word.text)
    return word._replace(text=match[1]) if match else word
