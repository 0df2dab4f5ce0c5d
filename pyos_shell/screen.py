"""The terminal: a line being typed at the bottom, and all that is said above it.

One thread calls what is here, the one that runs the event loop; so nothing is ever written into
the middle of something else, and no key is missed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import is_dumb_terminal

from .completer import CommandCompleter
from .mistake import visible
from .player import Player, player_bindings
from .render import STYLES, Fragments, plain

PROMPT: Final = "pyos> "

#: What Ctrl-D means.
GOODBYE: Final = "exit"


class Listener(Protocol):
    """Who is told what is typed."""

    def typed(self, line: str) -> None:
        """A line is finished."""

    def interrupt(self) -> None:
        """Ctrl-C."""


class Screen:
    """A terminal that can move its cursor: prompt_toolkit edits the line."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.output = terminal_output()
        #: What the keys type, while a prepared session is played.
        self.player: Player | None = None
        #: Seconds that the terminal has made us wait with what was written last.
        self.waited = 0.0
        self.output.flush = partial(self.flush, self.output.flush)  # type: ignore[method-assign]
        self.style = Style.from_dict(STYLES)
        self.session: PromptSession[None] = PromptSession(
            self.prompt,
            style=self.style,
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
            completer=CommandCompleter(),
            complete_while_typing=False,
            enable_suspend=True,
            erase_when_done=True,
            prompt_continuation=FormattedText([("", " " * len(PROMPT))]),
            placeholder=self.placeholder,
            key_bindings=merge_key_bindings([self.key_bindings(), player_bindings(self)]),
            output=self.output,
        )
        self.app = self.session.app
        self.session.default_buffer.accept_handler = self.accept
        #: While a command is at work there is no prompt; a hint tells of it if it takes long.
        self.busy = False
        self.hint = ""
        #: Tells which task waits for a line, if one does.
        self.invitation = ""
        #: The line that was repeated last, as long as nothing has been written below it.
        self.echoed: str | None = None

    # -- reading

    async def read(self, ready: Callable[[], None]) -> None:
        """Read keys until `leave`; `ready` is called first. `EOFError` if the terminal is gone."""
        await self.app.run_async(ready, set_exception_handler=False, handle_sigint=False)

    def leave(self) -> None:
        """Read no more."""
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def accept(self, buffer: object) -> bool:
        self.listener.typed(self.session.default_buffer.text)
        return False  # so it is emptied

    def clear_line(self) -> bool:
        """Forget what has been typed; whether there was anything."""
        typed = bool(self.session.default_buffer.text)
        self.session.default_buffer.reset()
        return typed

    def key_bindings(self) -> KeyBindings:
        bindings = KeyBindings()
        at_prompt = has_focus("DEFAULT_BUFFER")
        is_empty = Condition(lambda: not self.session.default_buffer.text)

        @bindings.add("c-c", filter=at_prompt)
        def _(event: KeyPressEvent) -> None:
            self.listener.interrupt()

        @bindings.add("c-d", filter=at_prompt & is_empty)
        def _(event: KeyPressEvent) -> None:
            self.listener.typed(GOODBYE)

        return bindings

    def play(self, lines: list[str]) -> str:
        """Let the keys type these lines; answers in words what they do."""
        self.player = Player(lines)
        return "any key types, Enter runs the line, Esc stops"

    def stop_playing(self) -> None:
        """The keys type what they are again."""
        if self.player is not None:
            self.player = None
            self.clear_line()
            self.write([[("hint", "the play is over")]])

    # -- showing

    def width(self) -> int:
        return self.output.get_size().columns

    def rows(self) -> int:
        return self.output.get_size().rows

    def prompt(self) -> FormattedText:
        return FormattedText([] if self.busy else [("class:prompt", PROMPT)])

    def placeholder(self) -> FormattedText:
        return FormattedText([("class:hint", self.invitation or self.hint)])

    def set_busy(self, busy: bool, hint: str = "") -> None:
        """Show no prompt while a command is at work, but the hint, if any."""
        self.busy, self.hint = busy, hint
        self.app.invalidate()

    def invite(self, invitation: str) -> None:
        """Say, until something is typed, which task waits for a line."""
        if invitation != self.invitation:
            self.invitation = invitation
            self.app.invalidate()

    def echo(self, line: str) -> None:
        """Repeat a line that is about to run, as it looked when it was typed."""
        first, *rest = line.split("\n")
        self.write(
            [
                [("prompt", PROMPT), ("", visible(first))],
                *([("", " " * len(PROMPT) + visible(each))] for each in rest),
            ]
        )
        self.echoed = line

    def write(self, lines: list[Fragments]) -> None:
        """Write lines above what is being typed."""
        if self.app.is_running:
            self.app.renderer.erase()
        text = [
            (f"class:{style}" if style else "", text)
            for line in lines
            for style, text in (*line, ("", "\n"))
        ]
        print_formatted_text(
            self.output, FormattedText(text), self.style, color_depth=self.app.color_depth
        )
        self.app.invalidate()
        self.echoed = None

    def flush(self, flush: Callable[[], None]) -> None:
        begun = time.perf_counter()
        flush()
        self.waited = time.perf_counter() - begun


def terminal_output() -> Output:
    """Where to write. The terminal is not asked where its cursor is: its answer would have to come
    first through all that waits to be shown.
    """
    output = create_output(sys.stdout)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output


class Typewriter:
    """A terminal that can only print (TERM=dumb), such as an editor's window: it edits the line
    itself, and passes it on when it is finished.
    """

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        #: What an empty line runs the next line of, while a prepared session is played.
        self.player: Player | None = None
        self.input = sys.stdin.fileno()
        self.stdout = sys.stdout
        self.left = asyncio.Event()
        self.busy = False
        self.prompted = False
        self.waited = 0.0
        self.invitation = ""
        self.echoed: str | None = None

    async def read(self, ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self.input, self.read_lines)
        try:
            self.show_prompt()
            ready()
            await self.left.wait()
        finally:
            loop.remove_reader(self.input)
            self.end_line()

    def leave(self) -> None:
        self.left.set()

    def read_lines(self) -> None:
        text = os.read(self.input, 65536).decode("utf-8", "replace")
        self.prompted = False
        for line in text.splitlines() or [GOODBYE]:
            if self.player is not None and not line.strip():
                self.play_on(self.player)
            else:
                self.listener.typed(line)

    def play(self, lines: list[str]) -> str:
        """Let each empty line run the next of these; answers that in words."""
        self.player = Player(lines)
        return "Enter shows and runs the next line, Ctrl-C stops"

    def play_on(self, player: Player) -> None:
        """Show and run the next line, with the comments before it."""
        comments = player.comments()
        line = player.next_line()
        if not player.lines:
            self.player = None
        if line is not None:
            comments.append([("", f"{PROMPT}{visible(line)}")])
        self.write([*comments, *([[("hint", "the play is over")]] if not player.lines else [])])
        if line is not None:
            self.listener.typed(line)

    def clear_line(self) -> bool:
        self.player = None
        self.end_line()
        self.show_prompt()
        return True

    def width(self) -> int:
        return self.size().columns or 80

    def rows(self) -> int:
        return self.size().lines or 24

    def size(self) -> os.terminal_size:
        try:
            return os.get_terminal_size(self.input)
        except OSError:  # the terminal is gone
            return os.terminal_size((80, 24))

    def set_busy(self, busy: bool, hint: str = "") -> None:
        self.busy = busy
        self.show_prompt()

    def invite(self, invitation: str) -> None:
        """Say which task waits for a line, once."""
        if invitation and invitation != self.invitation:
            self.write([[("hint", invitation)]])
        self.invitation = invitation

    def echo(self, line: str) -> None:
        """The terminal has shown it already."""

    def write(self, lines: list[Fragments]) -> None:
        """Write lines; what was being typed is no longer to be seen, but not lost."""
        self.end_line()
        begun = time.perf_counter()
        self.stdout.write("".join(plain(line) + "\n" for line in lines))
        self.stdout.flush()
        self.waited = time.perf_counter() - begun
        self.show_prompt()

    def end_line(self) -> None:
        if self.prompted:
            self.stdout.write("\n")
            self.prompted = False

    def show_prompt(self) -> None:
        if not (self.busy or self.prompted or self.left.is_set()):
            self.stdout.write(PROMPT)
            self.prompted = True
        self.stdout.flush()


def screen_for(listener: Listener) -> Screen | Typewriter:
    """The terminal that we are on."""
    return Typewriter(listener) if is_dumb_terminal() else Screen(listener)
