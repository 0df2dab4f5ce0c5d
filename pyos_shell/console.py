"""The console: a prompt on a live system.

The main thread reads a line, runs it, and reads the next. A second thread, the pump, shows what
tasks print and the kernel reports, above the prompt if there is one at the moment.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output import create_output
from prompt_toolkit.styles import Style

from kernel import Machine

from .commands.console import Leave
from .completer import CommandCompleter
from .output import Line, Output
from .render import STYLES, Fragments, output_line
from .reports import report_to
from .session import Session
from .system import System

#: Seconds between two helpings of output, and the characters of one. A helping that the terminal
#: takes too long over is followed by smaller ones, so that the keys are answered meanwhile.
PACE: Final = 0.05
HELPING: Final = (1_024, 16_384)
SLOW: Final = 0.02

#: Seconds after which text without a newline is shown.
UNFINISHED: Final = 0.2

#: Seconds that living tasks get at the end.
DEADLINE: Final = 2.0

WELCOME: Final = (
    "PyOS, an operating system for Python coroutines. This is its console.",
    "Start a program: spawn countdown 5 or spawn echo_server. Look at it: tasks",
    "All there is: help and programs. Ctrl-C stops waiting, Ctrl-D leaves.",
)


class Console:
    """The interactive shell on a terminal."""

    def __init__(self) -> None:
        self.terminal = create_output(sys.stdout)
        self.style = Style.from_dict(STYLES)
        self.output = Output()
        self.machine = Machine()
        self.session = Session(
            System(self.machine, self.output, self.rows), self.show_answer, self.width
        )
        self.prompt: PromptSession[str] = PromptSession(
            FormattedText([("class:prompt", "pyos> ")]),
            style=self.style,
            completer=CommandCompleter(),
            complete_while_typing=False,
            output=self.terminal,
        )
        #: Held by whoever writes to the terminal while there is no prompt.
        self.writing = threading.Lock()
        self.helping = HELPING[0]
        self.closing = threading.Event()
        self.pump = threading.Thread(target=self.pump_output, name="pyos output", daemon=True)

    def run(self, prepared: list[str]) -> int:
        """Run the prepared commands, then those typed at the prompt; answers the exit status."""
        streams = sys.stdout, sys.stderr
        self.machine.boot()
        self.output.kernel_thread = self.machine.thread.ident
        report_to(self.output, self.machine)
        self.show([[("class:hint", line)] for line in WELCOME])
        sys.stdout = sys.stderr = self.output
        self.pump.start()
        try:
            self.converse(prepared)
        finally:
            self.leave()
            sys.stdout, sys.stderr = streams
        return 1 if self.machine.panic is not None else 0

    def converse(self, prepared: list[str]) -> None:
        """Until the user leaves."""
        pending = list(prepared)
        while True:
            try:
                self.session.run(pending.pop(0) if pending else self.prompt.prompt())
            except KeyboardInterrupt:
                continue
            except (EOFError, Leave):
                return

    def leave(self) -> None:
        """End what lives, and show the last of what was printed."""
        try:
            stopped = self.machine.shutdown(DEADLINE)
        except KeyboardInterrupt:
            stopped = False
        if not stopped:
            self.output.report(0, "the kernel is held by a task; it ends with this process")
        self.closing.set()
        self.output.arrived.set()
        self.pump.join()

    # -- to the terminal

    def width(self) -> int:
        return self.terminal.get_size().columns

    def rows(self) -> int:
        """How many rows of a table fit, with its heading, a hint, and the prompt."""
        return max(5, self.terminal.get_size().rows - 5)

    def show_answer(self, lines: list[Fragments], data: bool) -> None:
        self.show(
            [[(f"class:{style}" if style else "", text) for style, text in line] for line in lines]
        )

    def show(self, lines: list[Fragments]) -> None:
        """Write lines where the cursor is; only while there is no prompt, or above it."""
        if lines:
            text = [fragment for line in lines for fragment in (*line, ("", "\n"))]
            with self.writing:
                print_formatted_text(
                    FormattedText(text), end="", style=self.style, output=self.terminal
                )

    # -- the pump

    def pump_output(self) -> None:
        """Show what arrives, in helpings, until the console closes and all is shown."""
        while not (self.closing.is_set() and not self.output.arrived.is_set()):
            self.output.arrived.wait()
            lines = self.output.take(self.helping)
            if not lines:
                self.closing.wait(UNFINISHED)
                lines = self.output.take(self.helping, unfinished=True)
            if lines:
                self.show_above(lines)
            if not self.closing.is_set():
                time.sleep(PACE)

    def show_above(self, lines: list[Line]) -> None:
        rendered = [
            [(f"class:{style}" if style else "", text) for style, text in output_line(line)]
            for line in lines
        ]
        begun = time.monotonic()
        self.in_terminal(lambda: self.show(rendered))
        slow = time.monotonic() - begun > SLOW
        self.helping = (
            max(HELPING[0], self.helping // 2) if slow else min(HELPING[1], self.helping * 2)
        )

    def in_terminal(self, write: Callable[[], None]) -> None:
        """Call `write` above the prompt, if there is one, on the prompt's own thread; otherwise
        here. Comes back when it is done.
        """
        loop = self.prompt.app.loop
        if loop is None:
            write()
            return
        turn = Turn(write)
        with suppress(RuntimeError):  # the prompt may have ended just now
            loop.call_soon_threadsafe(run_in_terminal, turn.take)
        while not turn.done.wait(PACE):
            if self.prompt.app.loop is not loop:
                turn.take()


class Turn:
    """Something to be done once, by whoever comes first."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.taken = threading.Lock()
        self.done = threading.Event()

    def take(self) -> None:
        if self.taken.acquire(blocking=False):
            try:
                self.work()
            finally:
                self.done.set()
