"""The terminal: a line being typed at the bottom, and all that is said above it.

One thread calls what is here, the one that runs the event loop; so nothing is ever written into
the middle of something else, and no key is missed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, create_app_session
from prompt_toolkit.application.current import set_app
from prompt_toolkit.application.run_in_terminal import in_terminal
from prompt_toolkit.auto_suggest import ConditionalAutoSuggest
from prompt_toolkit.completion import ConditionalCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.layout.processors import ConditionalProcessor
from prompt_toolkit.lexers import DynamicLexer
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style

from .advice import Advice
from .completer import CommandCompleter
from .highlight import LineLexer, MistakeMarker
from .history import SharedHistory, SuggestLines
from .live import Live
from .mistake import visible
from .player import Player, player_bindings
from .render import STYLES, Fragments
from .status import Status
from .terminal import Terminal
from .toolbar import add_toolbar
from .typewriter import PROMPT, Typewriter

__all__ = ["PROMPT", "Screen", "screen_for"]

#: Seconds that the drawing waits for an answer.
MOMENT: Final = 0.01

#: Characters of what is typed: all of it is looked at with each key.
LONGEST: Final = 50_000

#: Lines that are kept while something covers the screen.
HELD: Final = 1_000


class Listener(Protocol):
    """Who is told what is typed."""

    def key_pressed(self) -> None:
        """Something will soon be drawn for a key."""

    def drawn(self) -> None:
        """It has been."""

    def typed(self, line: str) -> None:
        """A line is finished."""

    def interrupt(self) -> None:
        """Ctrl-C."""

    def end_input(self) -> None:
        """Ctrl-D."""

    def suspend(self) -> None:
        """Ctrl-Z, for what is in the foreground."""

    def sample(self) -> Status:
        """How the system is doing, for the toolbar."""


class Setting(NamedTuple):
    """What an application needs to run on this screen."""

    input: Input
    output: Output
    style: Style
    color_depth: ColorDepth


MakeApplication = Callable[[Setting], Application[None]]


class Screen:
    """A terminal that can move its cursor: prompt_toolkit edits the line."""

    def __init__(
        self, listener: Listener, terminal: Terminal, live: Live, history: Path | None
    ) -> None:
        self.listener = listener
        self.live = live
        self.output = terminal.output()
        #: What the keys type, while a prepared session is played.
        self.player: Player | None = None
        #: Seconds that the terminal has made us wait with what was written last.
        self.waited = 0.0
        self.output.flush = partial(self.flush, self.output.flush)  # type: ignore[method-assign]
        self.style = Style.from_dict(STYLES)
        #: Whether what is typed is no command, but for a task in the foreground.
        self.in_foreground = False
        self.at_commands = Condition(lambda: not self.in_foreground)
        colours, marker = LineLexer(live), MistakeMarker(lambda: self.advice.mistake())
        self.session: PromptSession[None] = PromptSession(
            self.prompt,
            style=self.style,
            color_depth=terminal.color_depth,
            lexer=DynamicLexer(lambda: None if self.in_foreground else colours),
            input_processors=[ConditionalProcessor(marker, self.at_commands)],
            completer=ConditionalCompleter(CommandCompleter(live), self.at_commands),
            auto_suggest=ConditionalAutoSuggest(SuggestLines(), self.at_commands),
            history=SharedHistory(history, self.warn),
            complete_while_typing=False,
            enable_suspend=terminal.can_suspend,
            erase_when_done=True,
            prompt_continuation=FormattedText([("", " " * len(PROMPT))]),
            placeholder=self.placeholder,
            reserve_space_for_menu=0,
            key_bindings=merge_key_bindings([self.key_bindings(), player_bindings(self)]),
            input=terminal.input(),
            output=self.output,
        )
        self.app = self.session.app
        self.app.key_processor.before_key_press += lambda _: listener.key_pressed()
        self.app.after_render += lambda _: listener.drawn()
        self.buffer = self.session.default_buffer
        self.buffer.accept_handler = self.accept
        self.buffer.on_text_changed += lambda _: self.shorten()
        self.advice = Advice(self.commands, live, listener.sample, self.width)
        add_toolbar(
            self.session.layout,
            [self.advice.about_line, self.advice.about_system],
            menu=lambda: self.buffer.complete_state is not None,
        )
        #: Draws soon, unless that is put off; and what ends the delay.
        self.draw = self.app.invalidate
        self.app.invalidate = self.invalidate  # type: ignore[method-assign]
        #: Draws for another size.
        self.draw_resized = self.app._on_resize
        self.app._on_resize = self.draw_if_seen  # type: ignore[method-assign]
        self.delay: asyncio.TimerHandle | None = None
        self.leaving = False
        #: While a command is at work there is no prompt; a hint tells of it if it takes long.
        self.busy = False
        self.hint = ""
        #: Tells which task waits for a line, if one does.
        self.invitation = ""
        #: The application that has the whole screen, whether somebody has it; and what is to be
        #: written then.
        self.covered: Application[None] | None = None
        self.is_covered = False
        self.held: deque[Fragments] = deque(maxlen=HELD)
        #: The line that was repeated last, as long as nothing has been written below it.
        self.echoed: str | None = None

    # -- reading

    async def read(self, ready: Callable[[], None]) -> None:
        """Read keys until `leave`; `ready` is called first. `EOFError` if the terminal is gone."""
        await self.app.run_async(ready, set_exception_handler=False, handle_sigint=False)

    async def cover(self, make: MakeApplication) -> None:
        """Give the whole screen to an application, until that ends; then all is as it was."""
        setting = Setting(self.app.input, self.output, self.style, self.app.color_depth)
        self.covered = make(setting)
        async with self.set_aside():
            if not self.leaving:
                await self.covered.run_async(set_exception_handler=False, handle_sigint=False)

    async def lend(self, command: list[str]) -> int:
        """Lend the terminal to a command of the system; answers its exit status."""
        keyboard, screen = self.app.input.fileno(), self.output.fileno()
        async with self.set_aside():
            child = await asyncio.create_subprocess_exec(
                *command, stdin=keyboard, stdout=screen, stderr=screen
            )
            return await child.wait()

    @asynccontextmanager
    async def set_aside(self) -> AsyncIterator[None]:
        """In this block somebody else has the terminal; what is to be written is kept."""
        self.is_covered = True
        try:
            with create_app_session(self.app.input, self.output), set_app(self.app):
                async with in_terminal():
                    yield
        finally:
            self.is_covered, self.covered = False, None
        self.write(list(self.held))
        self.held.clear()
        if self.leaving:
            self.leave()

    def leave(self) -> None:
        """Read no more."""
        self.leaving = True
        if self.is_covered:
            if self.covered is not None and self.covered.is_running and not self.covered.is_done:
                self.covered.exit()
            return
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def accept(self, buffer: object) -> bool:
        line = self.buffer.text
        self.put_off_drawing()
        if not self.in_foreground:
            self.buffer.append_to_history()
        self.empty()
        self.listener.typed(line)
        return True  # as it has been emptied

    def commands(self) -> Document:
        """What has been typed, as far as it is commands."""
        return Document() if self.in_foreground else self.buffer.document

    def set_foreground(self, foreground: bool) -> None:
        """What is typed from now on is for a task in the foreground, or for the prompt again."""
        self.in_foreground = foreground
        self.app.invalidate()

    def echo_input(self, text: str) -> None:
        """Leave what was typed for a task to be seen."""
        self.write([[("", visible(line))] for line in text.split("\n")])

    def shorten(self) -> None:
        """Take no more than there is room for."""
        if len(self.buffer.text) > LONGEST:
            self.buffer.text = self.buffer.text[:LONGEST]
            self.warn(f"a line has {LONGEST:,} characters at most; the others are left out")

    def clear_line(self) -> bool:
        """Forget what has been typed; whether there was anything."""
        typed = bool(self.buffer.text)
        self.empty()
        return typed

    def empty(self) -> None:
        """Begin a new line, with the history behind the very next key: else that would be there
        only after the next drawing.
        """
        self.buffer.reset()
        self.buffer.load_history_if_not_yet_loaded()

    def key_bindings(self) -> KeyBindings:
        bindings = KeyBindings()
        at_prompt = has_focus("DEFAULT_BUFFER")
        is_empty = Condition(lambda: not self.buffer.text)

        @bindings.add("c-c", filter=at_prompt)
        def _(event: KeyPressEvent) -> None:
            self.listener.interrupt()

        @bindings.add("c-d", filter=at_prompt & is_empty)
        def _(event: KeyPressEvent) -> None:
            self.listener.end_input()

        @bindings.add("c-z", filter=~self.at_commands)
        def _(event: KeyPressEvent) -> None:
            self.listener.suspend()

        return bindings

    def warn(self, text: str) -> None:
        """Say that something goes otherwise than it should."""
        self.write([[("report", visible(text))]])

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

    def refresh(self) -> None:
        """The toolbar has news to show."""
        self.app.invalidate()

    def resized(self) -> None:
        """The terminal, which cannot tell us by a signal, has another size now."""
        app: Application[None] = self.covered or self.app
        if app.is_running:
            app._on_resize()

    def draw_if_seen(self) -> None:
        """Draw for another size, unless something else is to be seen there."""
        if not self.is_covered:
            self.draw_resized()

    def invite(self, invitation: str) -> None:
        """Say, until something is typed, which task waits for a line."""
        if invitation != self.invitation:
            self.invitation = invitation
            self.app.invalidate()

    def echo(self, line: str) -> None:
        """Repeat a line that is about to run, as it looked when it was typed."""
        first, *rest = line.split("\n")
        self.print(
            [
                [("prompt", PROMPT), ("", visible(first))],
                *([("", " " * len(PROMPT) + visible(each))] for each in rest),
            ]
        )
        self.put_off_drawing()
        self.echoed = line

    def write(self, lines: list[Fragments]) -> None:
        """Write lines above what is being typed."""
        if self.is_covered:
            self.held += lines
            return
        self.print(lines)
        self.echoed = None
        self.draw_again()

    def put_off_drawing(self) -> None:
        """Draw what is being typed when the next answer has been written: as a rule that comes at
        once, and would have to wait for the drawing. Or else a moment later.
        """
        if self.delay is not None:
            self.delay.cancel()
        with suppress(RuntimeError):  # nobody reads keys yet
            self.delay = asyncio.get_running_loop().call_later(MOMENT, self.draw_again)

    def draw_again(self) -> None:
        """Put the drawing off no longer."""
        if self.delay is not None:
            self.delay.cancel()
            self.delay = None
        self.app.invalidate()

    def invalidate(self) -> None:
        """What is drawn is no longer so."""
        if self.delay is None:
            self.draw()

    def print(self, lines: list[Fragments]) -> None:
        """Print lines where what is being typed was drawn."""
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

    def flush(self, flush: Callable[[], None]) -> None:
        begun = time.perf_counter()
        flush()
        self.waited = time.perf_counter() - begun


def screen_for(
    listener: Listener, terminal: Terminal, live: Live, history: Path | None
) -> Screen | Typewriter:
    """What this terminal can do. The lines that are typed are kept in the file `history`."""
    if terminal.dumb:
        return Typewriter(listener, terminal)
    return Screen(listener, terminal, live, history)
