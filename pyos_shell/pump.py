"""The pump: brings what tasks print and the kernel reports, in helpings, above the prompt."""

from __future__ import annotations

import math
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from .errands import Ended
from .feed import Line
from .given import invitation
from .output import UNFINISHED
from .pace import PERIOD, Pace
from .render import Fragments, output_lines

if TYPE_CHECKING:
    from .console import Console


class Pump:
    """Empties the feed of one console, on a thread of its own, and shows it on the console's."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.feed = console.feed
        self.pace = Pace()
        self.thread = threading.Thread(target=self.run, name="pyos output", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def join(self) -> None:
        """Wait for the end of the thread, if it has ever begun."""
        self.feed.ring()
        if self.thread.ident is not None:
            self.thread.join()

    def run(self) -> None:
        """Have what arrives shown, as long as there is somebody to show it."""
        do = self.console.errands.do
        with suppress(Ended):
            while True:
                self.feed.arrived.wait()
                time.sleep(PERIOD)
                if not do(self.show):
                    time.sleep(UNFINISHED)
                    do(partial(self.show, UNFINISHED))

    # -- on the console's thread

    def show(self, unfinished: float = math.inf) -> bool:
        """Write a helping of what was printed and reported; whether there was any. It waits while
        the screen is covered.
        """
        screen = self.console.screen
        if screen.is_covered:
            return False
        lines = self.feed.take(self.pace.characters, unfinished)
        if lines:
            self.console.write(self.rendered(lines))
            self.pace.note(screen.waited)
        if self.console.control.job is None:
            screen.invite(invitation(self.console.output.awaited))
        return bool(lines)

    def show_rest(self) -> None:
        """Write all that is left."""
        self.console.write(self.rendered(self.feed.take(sys.maxsize, unfinished=0)))

    def rendered(self, lines: list[Line]) -> list[Fragments]:
        """As it is shown: what a task in the foreground prints, as it is."""
        width, plain = self.console.screen.width(), self.feed.foreground
        return [part for line in lines for part in output_lines(line, width, line.tid in plain)]
