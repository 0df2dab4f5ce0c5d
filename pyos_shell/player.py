"""A prepared session that a lecturer's key presses type, line by line.

Comments are no commands here but text for the audience.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from .mistake import visible
from .render import Fragments

if TYPE_CHECKING:
    from .screen import Screen

#: Characters that a key types.
AT_ONCE: Final = 3


class Player:
    """The lines that are still to come."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = deque(lines)

    def comments(self) -> list[Fragments]:
        """The comments that come next, as text; they are through then."""
        found: list[Fragments] = []
        while self.lines and self.lines[0].lstrip().startswith("#"):
            text = self.lines.popleft().lstrip().lstrip("#").strip()
            found.append([("heading", visible(text))])
        return found

    def more(self, typed: str) -> str:
        """What stands at the prompt after another key."""
        line = self.lines[0] if self.lines else typed
        return line[: len(typed) + AT_ONCE] if line.startswith(typed) else line[:AT_ONCE]

    def next_line(self) -> str | None:
        """The next line; None if there is no other. It is through then."""
        return self.lines.popleft() if self.lines else None


def player_bindings(screen: Screen) -> KeyBindings:
    """While a session is played every key types it, but for those that run a line and stop it."""
    bindings = KeyBindings()
    playing = Condition(lambda: screen.player is not None)

    @bindings.add(Keys.Any, filter=playing, eager=True)
    def _(event: KeyPressEvent) -> None:
        press(screen, event.current_buffer, enter=False)

    @bindings.add("enter", filter=playing, eager=True)
    def _(event: KeyPressEvent) -> None:
        press(screen, event.current_buffer, enter=True)

    @bindings.add("escape", filter=playing, eager=True)
    @bindings.add("c-c", filter=playing, eager=True)
    @bindings.add("c-d", filter=playing, eager=True)
    def _(event: KeyPressEvent) -> None:
        screen.stop_playing()
        if screen.busy and event.key_sequence[-1].key == Keys.ControlC:
            screen.listener.interrupt()

    return bindings


def press(screen: Screen, buffer: Buffer, enter: bool) -> None:
    """A key: it shows the comments that come next, or types some of the line, or runs it."""
    player = screen.player
    assert player is not None
    comments = player.comments()
    if comments:
        screen.write(comments)
    elif enter:
        buffer.text = player.next_line() or ""
        buffer.validate_and_handle()
    else:
        buffer.text = player.more(buffer.text)
        buffer.cursor_position = len(buffer.text)
    if not player.lines:
        screen.stop_playing()
