"""Who has the keyboard of a console: the prompt, or a job in the foreground; and how tasks are
given what is typed for them, either way.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from kernel import Signal, SystemCall

from .foreground import END_OF_INPUT, Feed, Job, SignalJob
from .given import NOBODY_WAITS, call, trouble
from .line import given
from .system import ONLY_LOOKS

if TYPE_CHECKING:
    from .console import Console


class JobControl:
    """Hands what is typed to the job that is in the foreground; on the console's thread."""

    def __init__(self, console: Console) -> None:
        self.console = console
        #: What has the keyboard instead of the prompt, if anything; and an answer that is owed to
        #: the last Ctrl-C.
        self.job: Job | None = None
        self.owed: Future[Any] | None = None

    def attach(self, job: Job | None) -> None:
        """Give the keyboard to a job, or take it back."""
        if self.job is not None and not self.job.over:
            self.console.feed.foreground = frozenset()
        self.job, self.owed = job, None
        self.console.screen.set_foreground(job is not None)
        self.console.screen.invite("")

    def feed(self, text: str) -> None:
        """Give the job the lines that were typed, which stay to be seen; say of each that it could
        not be given.
        """

        def done(reply: Future[bool]) -> None:
            if reply.exception() is not None:
                self.have_given(reply)

        assert self.job is not None
        self.console.screen.echo_input(text)
        for line in text.split("\n"):
            self.submit(Feed(self.job, line)).add_done_callback(done)

    def give(self, line: str) -> None:
        """Give tasks what was typed for them at the prompt."""
        if self.console.read_only:
            self.console.write([[("error", ONLY_LOOKS)]])
            return
        for each in filter(None, map(given, line.split("\n"))):
            self.submit(call(each)).add_done_callback(self.have_given)

    def have_given(self, reply: Future[bool]) -> None:
        """On the kernel's thread: a line has been given to its task, or not."""
        self.console.errands.soon(self.show_given, reply)

    def show_given(self, reply: Future[bool]) -> None:
        """Say what has become of a line for a task, where it was not taken."""
        error = reply.exception()
        if error is not None:
            self.console.write([[("error", trouble(error))]])
        elif not reply.result():
            self.console.write([[("hint", NOBODY_WAITS)]])

    def end_input(self) -> bool:
        """Ctrl-D: no more lines for the job; false if there is none."""
        if self.job is None:
            return False
        self.submit(Feed(self.job, EOFError(END_OF_INPUT)))
        return True

    def suspend(self) -> None:
        """Ctrl-Z: stop the job, and give the prompt back."""
        if self.job is not None:
            self.job.stopped = True
            self.submit(SignalJob(self.job, Signal.STOP))
            self.console.feed.foreground = frozenset()
            self.job.left.set()

    def interrupt(self) -> bool:
        """Ctrl-C: interrupt the job; false if there is none, or if the kernel has not yet done what
        the last one meant, as a task holds it.
        """
        if self.job is None or (self.owed is not None and not self.owed.done()):
            return False
        self.job.interrupted = True
        self.owed = self.submit(SignalJob(self.job, Signal.INT))
        return True

    def submit(self, call: SystemCall) -> Future[Any]:
        return self.console.machine.submit(call)
