"""The command that writes programs."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..answers import Notice
from ..candidates import Candidate
from ..command import command
from ..line import Word, quote
from ..local import find_local
from ..mistake import Mistake
from ..outline import outline
from ..program import ProgramName, built_in_names
from ..programfile import NotEditable, ProgramFile, open_program
from ..system import LOOK, Failure, System

if TYPE_CHECKING:
    from ..live import Live


class EditedName(Word):
    """The name of a file of Python, to which `.py` may be missing."""

    takes: ClassVar[str] = "a path"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """The programs and files that there are; no function of one, as a file is edited."""
        return ProgramName.candidates(begun.partition(":")[0], live)


@command()
def edit(system: System, name: EditedName, *, external: bool = False) -> Notice:
    """Write a program.

    NAME is a file, to which `.py` may be missing. A new one begins with a small
    program; `edit countdown` with a copy of the built-in one. Then `spawn NAME`
    runs what is saved; no second window is needed.
    Ctrl-S saves, Ctrl-X leaves, Ctrl-F finds, F3 finds again, Ctrl-Z undoes and
    Ctrl-Y does again. What is no Python is underlined while it is typed.

    external: in the editor that $VISUAL or $EDITOR names
    """
    if system.full_screen is None or (external and system.lend is None):
        raise Failure("here is no screen to edit on")
    if external:
        return edit_outside(system, name)
    try:
        file = open_program(name.text)
    except NotEditable as error:
        raise Mistake(str(error), name.start, name.end) from None
    editor = edit_here(system, file)
    if not editor.saved:
        return Notice(f"{file.path} is as it was" if not file.is_new else "nothing is saved")
    return Notice(f"{file.path} is saved{how_to_run(file.path)}")


def edit_here(system: System, file: ProgramFile) -> Any:
    """Edit on the screen of the console; answers the editor, which has been left."""
    from ..editor import Editor

    made: list[Editor] = []

    def make(setting: Any) -> Any:
        made.append(Editor(file, setting))
        return made[0].app

    assert system.full_screen is not None
    left = system.full_screen(make)
    while not left.done():
        system.given_up.wait(LOOK)
        system.given_up.clear()  # what is not saved is not thrown away by a signal
    left.result()
    return made[0]


def edit_outside(system: System, name: Word) -> Notice:
    """Edit in another program, to which the terminal is lent."""
    words = editor_of_choice()
    path = Path(name.text if name.text.endswith(".py") else f"{name.text}.py").expanduser()
    assert system.lend is not None
    left = system.lend([*words, str(path)])
    while not left.done():
        system.given_up.wait(LOOK)
        system.given_up.clear()
    try:
        status = left.result()
    except OSError as error:
        raise Failure(f"{words[0]} does not start: {error.strerror}") from None
    if status:
        return Notice(f"{words[0]} ended with status {status}", ok=False)
    return Notice(f"{path} is left{how_to_run(path)}")


def editor_of_choice() -> list[str]:
    """The command of the user's editor. Raises `Failure` if there is none."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        words = shlex.split(chosen, posix=sys.platform != "win32")
    except ValueError as error:
        raise Failure(f"$VISUAL or $EDITOR cannot be read: {error}") from None
    if not words:
        raise Failure("set $VISUAL or $EDITOR to name an editor; edit NAME needs none")
    if shutil.which(words[0]) is None:
        raise Failure(f"there is no program {words[0]}, which $VISUAL or $EDITOR names")
    return words


def how_to_run(path: Path) -> str:
    """The end of a message: the command that runs the program."""
    name = path.stem
    if outline(path) is None:
        return ""
    local = find_local(name) if path == Path(path.name) else None
    if local is not None and local.function is not None and name not in built_in_names():
        return f"; run it: run {quote(name)}"
    function = (
        local.function.name if local is not None and local.function is not None else "FUNCTION"
    )
    return f"; run it: run {quote(str(path))}:{function}"
