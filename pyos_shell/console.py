"""The console: a prompt on a live system.

Three kinds of threads, each with one thing to do:
 - the console's own thread alone reads keys and writes to the terminal, and never waits for a
   command; for the console of the process it is the main thread;
 - each command line runs on a thread of its own, one line at a time, so that a Ctrl-C typed after
   it finds it wherever it is;
 - the pump brings what tasks print and the kernel reports, in helpings, above the prompt.
What is typed for tasks to read waits for no command: it goes to the kernel at once.
Whoever else has something to show hands it to the console's thread, and waits until it is shown.
So each of several consoles of one system waits for its own terminal only.
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from prompt_toolkit.application import create_app_session

from kernel import Machine
from kernel.boost import Boost
from kernel.task import in_words

from . import render
from .commands.console import Leave
from .consoles import Consoles
from .environment import Environment
from .feed import LABEL, Line
from .foreground import Job
from .given import NOBODY_WAITS, call, invitation, trouble
from .jobcontrol import JobControl
from .line import given, quote
from .live import Live
from .mistake import Mistake, columns, visible
from .pace import PERIOD, Pace
from .render import Fragments, output_lines, plain
from .screen import PROMPT, MakeApplication, Screen, screen_for
from .session import ONLY_LOOKS, Session
from .status import Sampler, Status
from .system import PATIENCE, GivenUp, System
from .terminal import Terminal
from .typewriter import GOODBYE

T = TypeVar("T")

#: Seconds after which text without a newline is shown.
UNFINISHED: Final = 0.2

#: Characters of an answer that are written at a time.
PORTION: Final = 4_096

#: What to type stands between backquotes.
WELCOME: Final = (
    "PyOS is an operating system for Python coroutines; this is its console.",
    "Start a program: `spawn echo_server`   look at it: `tasks`   end it: `kill 1`",
    "All there is: `help`, `programs`   Ctrl-C stops waiting   Ctrl-D leaves",
)

#: The same where nothing can be touched.
WATCHING: Final = (
    "This console of PyOS is for looking: it shows what tasks print.",
    "Look at the system: `tasks`, `log`   All there is: `help`   Ctrl-D leaves",
)


class Typed(str):
    """A line from the keyboard, not one that had been prepared."""


class Ended(Exception):
    """There is no console any more."""


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
        #: Keeps busy tasks out of the way of what is shown for a key.
        self.boost = Boost(consoles.machine)
        self.pace = Pace()
        self.pump = threading.Thread(target=self.pump_output, name="pyos output", daemon=True)
        #: What is done when the prompt has been left, before the last is shown; on another thread.
        self.farewell: Callable[[], object] = lambda: None
        self.status = 0
        #: Whether the terminal has gone away, and what else went wrong.
        self.gone = False
        self.error: BaseException | None = None
        #: What other threads wait for that this one shows; None once nothing is shown any more.
        self.pending: set[Future[Any]] | None = set()
        self.lock = threading.Lock()
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
            if self.pump.ident is not None:
                self.pump.join()
            self.sampler.stop()
            self.consoles.part(self.number)
        return self.status

    def end_waiting(self) -> None:
        """Nothing is shown any more: whoever waits for that, waits in vain."""
        with self.lock:
            pending, self.pending = self.pending or set(), None
        for done in list(pending):  # which takes itself out of the set
            if not done.done():
                done.set_exception(Ended())
        if self.at_work is not None:
            self.at_work.system.give_up()
            self.at_work.abandoned = True
        self.feed.ring()

    def watch(self, machine: Machine) -> None:
        """Have to do with this machine from now on."""
        self.sampler.watch(machine)

    async def converse(self) -> None:
        """Until the user leaves, or the terminal is gone."""
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self.fail)
        self.context = contextvars.copy_context()
        self.write([emphasized(line) for line in (WATCHING if self.read_only else WELCOME)])
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
        self.on_terminal(self.show_rest)

    def key_pressed(self) -> None:
        """Somebody waits for what becomes of a key."""
        self.boost.end()
        self.boost = self.machine.boost()

    def drawn(self) -> None:
        """What has become of it is to be seen."""
        self.boost.end()

    # -- lines

    def begin(self) -> None:
        """Keys are read: run the start-up file, and then the lines that have been prepared."""
        if self.startup is not None:
            self.work(f"source {quote(self.startup)}")
        self.go_on()

    def typed(self, line: str) -> None:
        self.asked_to_leave = False
        if self.control.job is not None:
            self.control.feed(line, self.have_given)
            return
        line = line.strip("\n")
        if is_for_tasks(line):  # and does not wait for what is typed ahead
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
                self.give(line)
            elif line.strip():
                self.work(line)

    def work(self, line: str) -> None:
        """Run a line of commands, on a thread of its own."""
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
                self.control.feed(line, self.have_given)

    def end_input(self) -> None:
        """Ctrl-D: no more lines for the job, or at the prompt, no more commands."""
        if not self.control.end_input():
            self.typed(GOODBYE)

    def suspend(self) -> None:
        """Ctrl-Z, while a job is in the foreground."""
        self.control.suspend()

    # -- lines for tasks

    def give(self, line: str) -> None:
        """Give tasks what was typed for them."""
        if self.read_only:
            self.write([[("error", ONLY_LOOKS)]])
            return
        for each in filter(None, map(given, line.split("\n"))):
            self.machine.submit(call(each)).add_done_callback(self.have_given)

    def have_given(self, reply: Future[bool]) -> None:
        """On the kernel's thread: a line has been given to its task, or not."""
        self.soon(self.show_given, reply)

    def show_given(self, reply: Future[bool]) -> None:
        """Say what has become of a line for a task, where it was not taken."""
        error = reply.exception()
        if error is not None:
            self.write([[("error", trouble(error))]])
        elif not reply.result():
            self.write([[("hint", NOBODY_WAITS)]])

    def remind(self, line: CommandLine) -> None:
        """Say what goes on instead of the prompt."""
        if self.at_work is line and self.control.job is None:
            self.screen.set_busy(True, "Ctrl-C gives the prompt back")

    def finished(self, line: CommandLine) -> None:
        """A line has run to its end: the next one's turn."""
        self.show_output()
        if self.at_work is line:
            self.at_work = None
            if not self.lines:
                self.screen.set_busy(False)
            self.go_on()

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
        self.soon(self.screen.refresh)

    def on_terminal(self, work: Callable[[], T]) -> T:
        """Let the console's thread do `work`, and wait until it has. Raises `Ended` if it does
        nothing any more.
        """
        done: Future[T] = Future()

        def do() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        with self.lock:
            if self.pending is None:
                raise Ended
            self.pending.add(done)
            done.add_done_callback(self.pending.discard)
        try:
            self.loop.call_soon_threadsafe(do, context=self.context)
        except RuntimeError:
            raise Ended from None
        return done.result()

    def write(self, lines: list[Fragments]) -> None:
        """Write lines above what is being typed; leave if the terminal is gone."""
        if not self.gone:
            try:
                self.screen.write(lines)
            except OSError:
                self.vanish()

    def answer(self, lines: list[Fragments], first: bool) -> None:
        """Write a portion of an answer, the first one below what was printed before it came."""
        if first:
            self.show_output()
        self.write(lines)

    def show_mistake(self, error: Mistake, line: str) -> None:
        """Write what is wrong with a line: under the line itself, if it is still to be seen."""
        width = self.screen.width()
        lines = render.mistake(error, line, width)
        fits = len(PROMPT) + columns(plain(lines[0])) < width
        if fits and self.screen.echoed == line == plain(lines[0]):
            lines = [[("", " " * len(PROMPT)), *lines[1]], *lines[2:]]
        self.write(lines)

    def show_output(self, unfinished: bool = False) -> bool:
        """Write a helping of what was printed and reported; whether there was any. It waits while
        the screen is covered.
        """
        if self.screen.is_covered:
            return False
        lines = self.feed.take(self.pace.characters, unfinished)
        if lines:
            self.write(self.rendered(lines))
            self.pace.note(self.screen.waited)
        if self.control.job is None:
            self.screen.invite(invitation(self.output.awaited))
        return bool(lines)

    def show_rest(self) -> None:
        """Write all that is left."""
        self.write(self.rendered(self.feed.take(sys.maxsize, unfinished=True)))

    def rendered(self, lines: list[Line]) -> list[Fragments]:
        width = self.screen.width()
        return [part for line in lines for part in output_lines(line, width, self.is_plain(line))]

    def is_plain(self, line: Line) -> bool:
        """Whether a line is shown as it is, as its task is in the foreground."""
        return line.tid in self.output.foreground

    def pump_output(self) -> None:
        """Have what arrives shown, as long as there is somebody to show it."""
        with suppress(Ended):
            while True:
                self.feed.arrived.wait()
                time.sleep(PERIOD)
                if not self.on_terminal(self.show_output):
                    time.sleep(UNFINISHED)
                    self.on_terminal(partial(self.show_output, unfinished=True))

    # -- leaving otherwise than by a command

    def vanish(self) -> None:
        """The terminal is gone."""
        self.gone = True
        self.hang_up(self.status or 1)

    def end(self) -> None:
        """The system ends, and the console with it. From any thread."""
        self.soon(self.hang_up, 0)

    def soon(self, work: Callable[..., object], *arguments: object) -> None:
        """Let the console's thread do `work`, if it still does anything. From any thread."""
        with suppress(RuntimeError, AttributeError):  # the loop has ended, or not yet begun
            self.loop.call_soon_threadsafe(work, *arguments)

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


class CommandLine(threading.Thread):
    """A line that is at work."""

    def __init__(self, console: Console, source: str) -> None:
        super().__init__(name="pyos command", daemon=True)
        self.console = console
        self.source = source
        self.system = System(console.machine, console.output, self.rows)
        self.system.restarted = console.consoles.restarted
        self.system.feed = console.feed
        self.system.read_only = console.read_only
        self.system.consoles = console.consoles
        self.system.touching = partial(console.consoles.tell_others, console.number)
        self.system.environment = console.environment
        self.system.play = self.play
        self.system.attach = self.attach
        if isinstance(console.screen, Screen):
            self.system.full_screen = partial(self.full_screen, console.screen)
            if type(console.terminal) is Terminal:  # another process's cannot be lent
                self.system.lend = partial(self.lend, console.screen)
        self.session = TypedSession(self)
        self.abandoned = False

    def run(self) -> None:
        ended: Callable[[], None] = partial(self.console.finished, self)
        with suppress(Ended, GivenUp):  # that may come at any moment, from `abandon`
            try:
                self.session.run(self.source)
            except Leave:
                ended = self.console.screen.leave
            except GivenUp:
                pass
            except BaseException as error:  # a plain function that was spawned may raise any
                self.show([[("error", in_words(error))]], False)
            self.console.on_terminal(ended)

    def abandon(self) -> None:
        """Show no more; and end, if it is Python code that runs."""
        self.abandoned = True
        if self.ident is not None and self.is_alive():
            raising = ctypes.pythonapi.PyThreadState_SetAsyncExc
            raising(ctypes.c_ulong(self.ident), ctypes.py_object(GivenUp))

    def play(self, lines: list[str]) -> str:
        """Have lines typed for an audience; answers what the keys do."""
        return self.console.on_terminal(partial(self.console.screen.play, lines))

    def attach(self, job: Job | None) -> None:
        """Give the keyboard to a job, or take it back."""
        self.console.on_terminal(partial(self.console.attach, job))

    def full_screen(self, screen: Screen, make: MakeApplication) -> Future[None]:
        """Give the whole screen to an application; answers its end."""
        return asyncio.run_coroutine_threadsafe(screen.cover(make), self.console.loop)

    def lend(self, screen: Screen, command: list[str]) -> Future[int]:
        """Lend the terminal to a command of the system; answers its exit status."""
        return asyncio.run_coroutine_threadsafe(screen.lend(command), self.console.loop)

    def rows(self) -> int:
        """How many rows of a table fit, with the line, the heading, a hint, and the prompt."""
        return max(5, self.console.screen.rows() - 5)

    def show(self, lines: list[Fragments], data: bool) -> None:
        """Have an answer written, a portion at a time, below what was printed before it came.

        Raises `GivenUp` in the middle of it.
        """
        for number, portion in enumerate(portions(lines)):
            if self.abandoned or (number and self.system.given_up.is_set()):
                raise GivenUp
            self.console.on_terminal(partial(self.console.answer, portion, first=not number))


class TypedSession(Session):
    """A session at the prompt, where the line is to be seen above."""

    def __init__(self, line: CommandLine) -> None:
        super().__init__(line.system, line.show, line.console.screen.width)
        self.console = line.console

    def mistaken(self, error: Mistake, line: str) -> None:
        self.console.on_terminal(self.console.show_output)
        self.console.on_terminal(partial(self.console.show_mistake, error, line))


def is_for_tasks(line: str) -> bool:
    """Whether all of what was typed is for tasks to read."""
    return all(map(given, line.split("\n")))


def emphasized(text: str) -> Fragments:
    """The text, with what stands between backquotes in bold."""
    parts = text.split("`")
    return [("heading" if number % 2 else "", part) for number, part in enumerate(parts)]


def portions(lines: list[Fragments]) -> Iterator[list[Fragments]]:
    """The lines in portions of so many characters that the keys are heard between two of them."""
    portion: list[Fragments] = []
    characters = 0
    for line in lines:
        portion.append(line)
        characters += LABEL + len(plain(line))
        if characters > PORTION:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion
