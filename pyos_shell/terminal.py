"""Where a console is: a keyboard, and something to write on.

A `Terminal` is the one of this process; `RemoteTerminal` is another process's.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TextIO

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import is_dumb_terminal

#: Bytes that are read at a time.
HELPING = 65_536


class Terminal:
    """The terminal that this process has been started on."""

    #: Whether Ctrl-Z stops the process, so that the shell gets the terminal.
    can_suspend = True

    def __init__(self) -> None:
        self.stdin = sys.stdin
        self.stdout: TextIO = sys.stdout
        #: Whether it can only print.
        self.dumb = is_dumb_terminal()
        no_color = bool(os.environ.get("NO_COLOR"))
        self.color_depth = ColorDepth.DEPTH_1_BIT if no_color else None

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """An event loop for a console on this terminal."""
        return asyncio.new_event_loop()

    def input(self) -> Input:
        return create_input(self.stdin)

    def output(self) -> Output:
        """Where to write. The terminal is not asked where its cursor is: its answer would have to
        come first through all that waits to be shown.
        """
        output = create_output(self.stdout)
        if isinstance(output, Vt100_Output):
            output.enable_cpr = False
        return output

    def size(self) -> Size:
        try:
            columns, rows = os.get_terminal_size(self.stdin.fileno())
        except OSError:  # the terminal is gone
            columns, rows = 80, 24
        return Size(rows=rows or 24, columns=columns or 80)

    def connected(
        self, resized: Callable[[], None], interrupt: Callable[[], None], gone: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """In the `with` block the three are called, on the event loop, when the terminal has
        another size, when Ctrl-C comes and is no key, and when it is gone; unless signals tell.
        """
        return nullcontext()

    @contextmanager
    def listening(self, take: Callable[[str], None]) -> Iterator[None]:
        """In the `with` block `take` is called with the lines that are typed, on the event loop."""
        loop, keyboard = asyncio.get_running_loop(), self.stdin.fileno()
        loop.add_reader(
            keyboard, lambda: take(os.read(keyboard, HELPING).decode("utf-8", "replace"))
        )
        try:
            yield
        finally:
            loop.remove_reader(keyboard)
