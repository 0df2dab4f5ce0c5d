"""The system as commands see it: the machine, the way to ask it something, and what was printed.

Commands get snapshots and answers, never an object of the kernel's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from kernel import KernelStopped, Machine, RequestCancelled, SystemCall

from .output import Output

#: Seconds without an answer after which the console says who holds the kernel.
PATIENCE: Final = 0.5

#: Seconds to wait for the kernel to acknowledge that a request is given up.
ACKNOWLEDGE: Final = 0.5


class GivenUp(Exception):
    """Ctrl-C during a command: its request is off its queue again."""


class Failure(Exception):
    """A command could not do what it was told; the message is one line for the user."""


class System:
    """One machine, and the output that its tasks make."""

    def __init__(
        self, machine: Machine, output: Output, rows: Callable[[], int | None] = lambda: None
    ) -> None:
        self.machine = machine
        self.output = output
        #: How many rows of a table fit on the screen; None without one.
        self.rows = rows

    def ask(self, call: SystemCall) -> Any:
        """Make a system call, and wait for its answer for as long as it takes.

        Raises the call's own error, and `GivenUp` on Ctrl-C.
        """
        reply = self.machine.submit(call)
        asked = time.monotonic()
        warned = False
        while True:
            try:
                return reply.result(PATIENCE)
            except TimeoutError:
                if reply.done():
                    raise
                warned = warned or self.warn(time.monotonic() - asked)
            except KeyboardInterrupt:
                self.machine.cancel(reply)
                return self.acknowledged(reply)

    def acknowledged(self, reply: Any) -> Any:
        """The answer, if it was faster than the user; otherwise raises `GivenUp`."""
        try:
            return reply.result(ACKNOWLEDGE)
        except (RequestCancelled, TimeoutError):
            raise GivenUp from None

    def warn(self, seconds: float) -> bool:
        """Say which task holds the kernel, if one does; whether it was said."""
        holder = self.machine.holder()
        if holder is None or holder.seconds < PATIENCE / 2:
            return False
        self.output.report(
            holder.tid,
            f"no answer for {seconds:.1f} s: task {holder.tid} holds the kernel at "
            f"{holder.file}:{holder.line} (Ctrl-C gives the prompt back)",
        )
        return True

    @property
    def stopped(self) -> KernelStopped | None:
        """Why the kernel answers no more, if so."""
        reason = self.machine.kernel.inbox.closed
        return reason if isinstance(reason, KernelStopped) else None
