"""Commands that run the commands of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..answers import Notice, Ran
from ..candidates import Candidate, files
from ..command import command
from ..commandfile import NotCommands, read_regular
from ..line import Word, joined
from ..mistake import Mistake
from ..system import Failure, System

if TYPE_CHECKING:
    from ..live import Live


class CommandFile(Word):
    """The name of a file of commands."""

    takes: ClassVar[str] = "a path"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The files where it leads."""
        return files(begun)


@command()
def source(system: System, file: CommandFile) -> Ran:
    """Run the commands in a file.

    It goes on behind a line that fails, whose number is told. What the file
    sets stays set: aliases, `$?` and `$!`.
    """
    return Ran(file.text, system.run_file(file.text, text_of(file)))


@command()
def play(system: System, file: CommandFile) -> Notice:
    """Type a file at the prompt, key by key.

    Any key types a little more of the line, Enter the rest, and runs it. What
    stands behind `#` is shown as text. Esc or Ctrl-C stops it.
    On a terminal that can only print, Enter shows and runs the next line.
    """
    if system.play is None:
        raise Failure("here is no prompt to type at; run the file: source FILE")
    lines = [line for line in joined(text_of(file).split("\n")) if line.strip()]
    return Notice(f"playing {file.text}: {system.play(lines)}")


def text_of(file: Word) -> str:
    """The text of a file of commands. Raises `Mistake` at its name if it has none."""
    try:
        return read_regular(file.text)
    except NotCommands as error:
        raise Mistake(str(error), file.start, file.end) from None
