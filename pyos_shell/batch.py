"""Commands of a client that has no terminal (`pyos attach PATH -c`, or lines piped in): they run
one after the other, and what they answer goes to that client only.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from functools import partial
from typing import Final

from .consoles import Consoles
from .line import joined
from .render import Fragments, plain
from .session import Session
from .system import GivenUp, Leave, System
from .wire import PORTION, Channel, Frame, Garbage, Kind

#: Bytes of a line, at most.
LONGEST: Final = 1_000_000

#: Lines that wait for their turn, at most: whoever sends more waits with them.
WAITING: Final = 100


class Batch:
    """The commands of one client."""

    def __init__(self, consoles: Consoles, channel: Channel, read_only: bool) -> None:
        self.channel = channel
        self.system = System(consoles.machine, consoles.output)
        self.system.consoles = consoles
        self.system.read_only = read_only
        self.system.shows = False
        self.system.restarted = consoles.restarted
        self.system.touching = partial(consoles.tell_others, 0)
        self.session = Session(self.system, self.show)
        #: The beginning of a line of which more is to come.
        self.begun = b""
        #: None is the end of them.
        self.lines: queue.Queue[str | None] = queue.Queue(WAITING)
        self.over = threading.Event()

    def run(self, frames: list[Frame]) -> int:
        """Run commands until there are no more; answers the exit status."""
        hearing = threading.Thread(
            target=self.hear, args=(frames,), name="pyos commands", daemon=True
        )
        hearing.start()
        try:
            for line in joined(iter(self.lines.get, None)):
                self.session.run(line)
                self.system.check()
        except Leave:
            pass
        except GivenUp:
            return 1
        finally:
            self.over.set()
        return 1 if self.session.failed else 0

    def hear(self, frames: list[Frame] | None) -> None:
        """Take what comes, on a thread of its own, so that the end of the client is noticed."""
        try:
            while frames is not None:
                for frame in frames:
                    self.take(frame)
                frames = self.channel.receive()
        except (OSError, Garbage):
            pass
        self.end()

    def take(self, frame: Frame) -> None:
        """A line, or a part of one, or the end of them. Raises `Garbage`."""
        if frame.kind is Kind.COMMAND:
            self.begun += frame.data
            if len(self.begun) > LONGEST:
                raise Garbage
            if len(frame.data) < PORTION:
                self.put(self.begun.decode("utf-8", "replace"))
                self.begun = b""
        elif frame.kind is Kind.END:
            self.put(None)
        else:
            raise Garbage

    def put(self, line: str | None) -> None:
        """Let a line wait for its turn."""
        while not self.over.is_set():
            with suppress(queue.Full):
                self.lines.put(line, timeout=0.1)
                return

    def end(self) -> None:
        """Run no more, and stop what is at work. From any thread."""
        self.system.give_up()
        self.put(None)

    def show(self, lines: list[Fragments], data: bool) -> None:
        """Send an answer, or a message about what was done."""
        if lines and not self.system.given_up.is_set():
            text = "".join(f"{plain(line)}\n" for line in lines)
            kind = Kind.SCREEN if data else Kind.MESSAGE
            try:
                self.channel.send(kind, text.encode("utf-8", "replace"))
            except OSError:
                raise GivenUp from None
