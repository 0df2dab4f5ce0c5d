"""Ctrl-C while a `mainloop` runs on the main thread.

Python raises `KeyboardInterrupt` wherever the thread happens to be: that would be in some task.
Here it arrives like any request, between two task steps.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scheduler import Scheduler, Turn


class Interrupts:
    """Makes Ctrl-C an arrival for as long as the `with` block lasts.

    Off the main thread, and where the program has a handler of its own, it changes nothing. If a
    Ctrl-C has not been taken in when the next one comes, and it is still the same turn of the same
    task, the kernel is held: then it is raised in place, as there is no other way out.
    """

    def __init__(self, kernel: Scheduler) -> None:
        self.kernel = kernel
        self.pending = False
        #: The turn in which it has come.
        self.turn: Turn | None = None
        self.former: Any = None

    def __enter__(self) -> None:
        on_main_thread = threading.current_thread() is threading.main_thread()
        if on_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.former = signal.signal(signal.SIGINT, self.handle)
            self.heed_signals(True)

    def heed_signals(self, heeds: bool) -> None:
        """Have the poller open anew, when it is next used, with or without an ear for signals."""
        self.kernel.poller.close()
        self.kernel.poller.heeds_signals = heeds

    def __exit__(self, *error: object) -> None:
        if self.former is not None:
            self.heed_signals(False)
        if self.former is not None and signal.getsignal(signal.SIGINT) == self.handle:
            signal.signal(signal.SIGINT, self.former)
        self.arrive()  # one that came with the last step

    def handle(self, signum: int, frame: FrameType | None) -> None:
        turn = self.kernel.turn_at(frame)
        if not self.pending:
            self.pending = True
            self.kernel.inbox.put(self, first=True)
        elif turn == self.turn:
            raise KeyboardInterrupt
        self.turn = turn

    def arrive(self) -> None:
        if self.pending:
            self.pending = False
            raise KeyboardInterrupt

    def refuse(self, reason: BaseException) -> None:
        self.pending = False
