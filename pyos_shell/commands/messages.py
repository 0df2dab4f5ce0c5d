"""Commands that send something into a task."""

from __future__ import annotations

import builtins
from ast import literal_eval
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import kernel
from kernel import KernelError, RaiseIn, SendMessage
from kernel.task import in_words

from ..answers import Notice
from ..calls import public
from ..candidates import Candidate, summary
from ..command import command
from ..line import Word
from ..mistake import Mistake, did_you_mean, excerpt
from ..system import Failure, System
from ..tid import Tid

if TYPE_CHECKING:
    from ..live import Live

#: What a task gets otherwise: by `kill`, or when a scope ends.
OTHERWISE = (kernel.TaskKilled, kernel.Cancelled, GeneratorExit)


class Receiver(str):
    """The number of a task, or a name that one goes by."""

    metavar: ClassVar[str] = "TO"
    takes: ClassVar[str] = "the number of a task, or its name"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The names that tasks go by, and all living tasks."""
        for name, tid in live.names.items() if live is not None else ():
            yield Candidate(name, f"task {tid}")
        yield from Tid.candidates(begun, live)


@command()
def send(system: System, to: Receiver, message: Word, *message_: Word, py: bool = False) -> Notice:
    """Send a task a message, which it gets by `Receive`.

    TO is its tid, or a name that it goes by (`Register`). The message is the
    text of the words that follow.

    py: the message is a value of Python, such as 3 or [1, 2]
    """
    words = (message, *message_)
    value = literal(words) if py else " ".join(word.text for word in words)
    whom = int(to) if to.isascii() and to.isdigit() else str(to)
    try:
        system.ask(SendMessage(whom, value))
    except KernelError as error:
        raise Failure(f"{error}; type tasks for those there are") from None
    return Notice(f"sent to {'task ' * isinstance(whom, int)}{whom}")


def literal(words: tuple[Word, ...]) -> Any:
    """The value that the words write out. Raises `Mistake` if it is none."""
    text = " ".join(word.text for word in words)
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        message = f"'{excerpt(text)}' is no value of Python, such as 3, 'a b' or [1, 2]"
        raise Mistake(message, words[0].start, words[-1].end) from None


class ErrorClass:
    """A class of errors by its name."""

    metavar: ClassVar[str] = "ERROR"
    takes: ClassVar[str] = "the name of a class of errors"

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    @classmethod
    def parse(cls, text: str) -> ErrorClass:
        """Raises `ValueError`, in words, for what is no class of errors that can be thrown."""
        if text not in errors():
            raise ValueError(f"there is no error '{excerpt(text)}'{did_you_mean(text, errors())}")
        if issubclass(errors()[text], OTHERWISE):
            raise ValueError(f"{text} ends a task; kill does that")
        return cls(errors()[text])

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """Those that can be thrown."""
        for name in sorted(errors()):
            if not issubclass(errors()[name], OTHERWISE):
                yield Candidate(name, summary(errors()[name]))


@command()
def throw(system: System, tid: Tid, error: ErrorClass, *text: str) -> Notice:
    """Raise an error in a task, at its `yield`.

    ERROR is the name of a class of errors of Python's own or of the kernel's:
    `throw 3 TimeoutError too late`. What it sleeps in ends by it. A task that
    is ready gets it at its next `yield`.
    """
    try:
        raised = error.kind(" ".join(text)) if text else error.kind()
    except Exception as refusal:
        raise Failure(f"no {error.kind.__name__} can be made of this: {refusal}") from None
    try:
        if not system.ask(RaiseIn(tid, raised)):
            raise Failure(f"task {tid} had ended before")
    except KernelError as refusal:
        raise Failure(f"{refusal}; type tasks for those there are") from None
    return Notice(f"task {tid} gets {in_words(raised)}")


@cache
def errors() -> dict[str, type[BaseException]]:
    """The classes of errors of Python's own and of the kernel's, by their names."""
    return {
        name: value
        for name, value in (vars(builtins) | public()).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
