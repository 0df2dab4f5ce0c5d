"""The console: a prompt on a live system.

Three kinds of threads, each with one thing to do:
 - the console's own thread alone reads keys and writes to the terminal, and never waits for a
   command; for the console of the process it is the main thread;
 - each command line runs on a thread of its own, one line at a time (`commandline`);
 - the `pump` brings what tasks print and the kernel reports above the prompt.
What is typed for tasks to read waits for no command: it goes to the kernel at once.
Whoever else has something to show hands it to the console's thread, and waits until it is shown
(`errands`). So each of several consoles of one system waits for its own terminal only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prompt_toolkit.application import create_app_session

from kernel import Machine
from kernel.boost import Boost

from .consoles import Consoles
from .environment import Environment
from .errands import Errands
from .foreground import Job
from .given import is_for_tasks
from .jobcontrol import JobControl
from .line import quote
from .live import Live
from .mistake import excerpt, visible
from .pump import Pump
from .render import Fragments
from .screen import screen_for
from .status import Sampler, Status
from .system import PATIENCE
from .terminal import Terminal
from .typewriter import GOODBYE
from .welcome import welcome

if TYPE_CHECKING:
    from .commandline import CommandLine

#: Lines that are typed ahead of their turn, at most.
AHEAD: Final = 1_000


class Typed(str):
    """A line from the keyboard, not one that had been prepared."""


class Console:
    """The interactive shell on a terminal. One that is `read_only` is for looking."""

    def __init__(
        self,
        consoles: Consoles,
        terminal: Terminal,
        *,
        startup: str | None = None,
        history: Path | None = None,
        read_only: bool = False,
    ) -> None:
        self.consoles = consoles
        self.output = consoles.output
        self.feed = self.output.open_feed()
        self.terminal = terminal
        self.read_only = read_only
        #: What lines leave for later ones.
        self.environment = Environment()
        live = Live(lambda: self.machine, self.environment.aliases)
        self.screen = screen_for(self, terminal, live, history)
        self.sampler = Sampler(self.feed, self.refresh)
        self.startup = startup
        #: Lines that wait for their turn, and the one that has it.
        self.lines: deque[str] = deque()
        self.at_work: CommandLine | None = None
        #: Whether Ctrl-C on an empty line has been answered.
        self.asked_to_leave = False
        self.control = JobControl(self)
        self.errands = Errands()
        self.pump = Pump(self)
        #: Keeps busy tasks out of the way of what is shown for a key.
        self.boost = Boost(consoles.machine)
        #: The making ready of all commands, from the first prompt on.
        self.ready: asyncio.Future[object] | None = None
        #: What is done when the prompt has been left, before the last is shown; on another thread.
        self.farewell: Callable[[], object] = lambda: None
        self.status = 0
        #: Whether the terminal has gone away, and what else went wrong.
        self.gone = False
        self.error: BaseException | None = None
        self.number = consoles.join(self)
        self.watch(consoles.machine)

    @property
    def machine(self) -> Machine:
        return self.consoles.machine

    def run(self, prepared: list[str]) -> int:
        """Run the prepared commands, then those typed at the prompt; answers the exit status."""
        self.lines += prepared
        try:
            with (
                create_app_session(),
                asyncio.Runner(loop_factory=self.terminal.new_loop) as runner,
            ):
                runner.run(self.converse())
        finally:
            self.end_waiting()
            self.pump.join()
            self.sampler.stop()
            self.consoles.part(self.number)
        return self.status

    def end_waiting(self) -> None:
        """Nothing is shown any more: whoever waits for that, waits in vain."""
        self.errands.end()
        if self.at_work is not None:
            self.at_work.system.give_up()
            self.at_work.abandoned = True

    def watch(self, machine: Machine) -> None:
        """Have to do with this machine from now on."""
        self.feed.foreground = frozenset()
        self.sampler.watch(machine)

    async def converse(self) -> None:
        """Until the user leaves, or the terminal is gone."""
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self.fail)
        self.errands.begin()
        self.write(welcome(self.read_only))
        self.pump.start()
        try:
            with self.terminal.connected(self.screen.resized, self.interrupt, self.vanish):
                await self.screen.read(self.begin)
        except (EOFError, OSError):
            self.vanish()
        finally:
            await asyncio.to_thread(self.leave)

    def leave(self) -> None:
        """Show the last of what was printed; not on the console's thread."""
        self.farewell()
        self.errands.do(self.pump.show_rest)

    def key_pressed(self) -> None:
        """Somebody waits for what becomes of a key. (Who only looks has to wait like all.)"""
        self.boost.end()
        if not self.read_only:
            self.boost = self.machine.boost()

    def drawn(self) -> None:
        """What has become of it is to be seen. Below the first prompt, the commands are made ready
        for the first key.
        """
        self.boost.end()
        if self.ready is None:
            self.ready = self.loop.run_in_executor(None, make_ready)

    # -- lines

    def begin(self) -> None:
        """Keys are read: run the start-up file, and then the lines that have been prepared."""
        if self.startup is not None:
            self.work(f"source {quote(self.startup)}")
        self.go_on()

    def typed(self, line: str) -> None:
        self.asked_to_leave = False
        if self.control.job is not None:
            self.control.feed(line)
            return
        line = line.strip("\n")
        if len(self.lines) >= AHEAD:
            self.write([[("error", f"not run, {AHEAD:,} lines wait: {visible(excerpt(line))}")]])
        elif is_for_tasks(line):  # and does not wait for what is typed ahead
            self.lines.appendleft(line)
        else:
            self.lines.append(Typed(line))
        self.go_on()

    def go_on(self) -> None:
        """Let the next line run, if it is its turn. What is for tasks does not wait for the command
        at work, which may wait for those very tasks.
        """
        while self.lines and (self.at_work is None or is_for_tasks(self.lines[0])):
            line = self.lines.popleft()
            self.screen.echo(line)
            if is_for_tasks(line):
                self.control.give(line)
            elif line.strip():
                self.work(line)

    def work(self, line: str) -> None:
        """Run a line of commands, on a thread of its own."""
        from .commandline import CommandLine

        self.screen.set_busy(True)
        self.at_work = CommandLine(self, line)
        self.at_work.start()
        self.loop.call_later(PATIENCE, self.remind, self.at_work)

    # -- the foreground

    def attach(self, job: Job | None) -> None:
        """Give the keyboard to a job, with what has been typed ahead, or take it back."""
        self.control.attach(job)
        if job is not None:
            for line in [line for line in self.lines if isinstance(line, Typed)]:
                self.lines.remove(line)
                self.control.feed(line)

    def end_input(self) -> None:
        """Ctrl-D: no more lines for the job, or at the prompt, no more commands."""
        if not self.control.end_input():
            self.typed(GOODBYE)

    def suspend(self) -> None:
        """Ctrl-Z, while a job is in the foreground."""
        self.control.suspend()

    def remind(self, line: CommandLine) -> None:
        """Say what goes on instead of the prompt."""
        if self.at_work is line and self.control.job is None:
            self.screen.set_busy(True, "Ctrl-C gives the prompt back")

    def finished(self, line: CommandLine) -> None:
        """A line has run to its end: the next one's turn."""
        try:
            self.pump.show()
            if self.at_work is line:
                self.at_work = None
                if not self.lines:
                    self.screen.set_busy(False)
                self.go_on()
        except OSError:  # the command's thread, who has us called, could do nothing about it
            self.vanish()

    def interrupt(self) -> None:
        """Ctrl-C: stop what is at work, and forget what has been typed ahead."""
        cleared = self.screen.clear_line()
        if self.control.interrupt():
            return
        if self.lines:
            self.write([[("hint", f"not run: {visible(line)}")] for line in self.lines])
            self.lines.clear()
        if self.at_work is not None:
            self.at_work.system.give_up()
            self.loop.call_later(2 * PATIENCE, self.abandon, self.at_work)
        elif not (cleared or self.asked_to_leave):
            self.asked_to_leave = True
            self.write([[("hint", "Ctrl-D or exit leaves")]])

    def abandon(self, line: CommandLine) -> None:
        """What does not listen gets no more attention."""
        if self.at_work is line:
            line.abandon()
            self.write([[("hint", "given up, though it still runs")]])
            self.finished(line)

    # -- showing

    def sample(self) -> Status:
        return self.sampler.status

    def refresh(self) -> None:
        """On the watchdog's thread: the toolbar has news to show."""
        self.errands.soon(self.screen.refresh)

    def write(self, lines: list[Fragments]) -> None:
        """Write lines above what is being typed; leave if the terminal is gone."""
        if not self.gone:
            try:
                self.screen.write(lines)
            except OSError:
                self.vanish()

    # -- leaving otherwise than by a command

    def vanish(self) -> None:
        """The terminal is gone."""
        self.gone = True
        self.hang_up(self.status or 1)

    def end(self) -> None:
        """The system ends, and the console with it. From any thread."""
        self.errands.soon(self.hang_up, 0)

    def hang_up(self, status: int) -> None:
        """Somebody wants us to end."""
        self.status = status
        self.screen.leave()

    def fail(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something failed in the event loop."""
        error = context.get("exception")
        if isinstance(error, OSError):
            self.gone = True
        elif error is not None:
            self.error = error
        self.hang_up(1)


def make_ready() -> None:
    """Import what lines are run by: to show a prompt, they need not be there."""
    from .command import commands
    from .render.dispatch import import_topics

    import_module(".commandline", __package__)
    commands()
    import_topics()
