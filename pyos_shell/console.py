"""The console: a prompt on a live system.

Three kinds of threads, each with one thing to do:
 - the main thread alone reads keys and writes to the terminal, and never waits for a command;
 - each command line runs on a thread of its own, one line at a time, so that a Ctrl-C typed after
   it finds it wherever it is;
 - the pump brings what tasks print and the kernel reports, in helpings, above the prompt.
What is typed for tasks to read waits for no command: it goes to the kernel at once.
Whoever else has something to show hands it to the main thread, and waits until it is shown.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from kernel import Machine
from kernel.task import in_words

from . import render
from .capture import Capture
from .commands.console import Leave
from .environment import Environment
from .foreground import Job
from .given import NOBODY_WAITS, call, invitation, trouble
from .history import default_file
from .jobcontrol import JobControl
from .line import given, quote
from .live import Live
from .mistake import Mistake, columns, visible
from .output import LABEL, Errors, Line, Output
from .pace import PERIOD, Pace
from .render import Fragments, output_lines, plain
from .screen import PROMPT, MakeApplication, Screen, screen_for
from .session import Session
from .status import Sampler, Status
from .system import DEADLINE, PATIENCE, GivenUp, System, boot, held, left_behind
from .typewriter import GOODBYE

T = TypeVar("T")

#: Seconds after which text without a newline is shown.
UNFINISHED: Final = 0.2

#: Characters of an answer that are written at a time.
PORTION: Final = 4_096

#: Seconds from a signal that ends us to the end, whatever happens.
LAST_RESORT: Final = 3 * DEADLINE

#: What to type stands between backquotes.
WELCOME: Final = (
    "PyOS is an operating system for Python coroutines; this is its console.",
    "Start a program: `spawn echo_server`   look at it: `tasks`   end it: `kill 1`",
    "All there is: `help`, `programs`   Ctrl-C stops waiting   Ctrl-D leaves",
)


def converse(prepared: list[str], startup: str | None = None, history: bool = True) -> int:
    """Run the start-up file and these commands on the terminal, then those typed at the prompt; the
    exit status. What is typed is kept for the next time, unless no `history` is wanted.
    """
    output = Output()
    with Capture(output) as capture:
        kept = default_file() if history else None
        return Console(output, capture, startup, kept).run(prepared)


class Typed(str):
    """A line from the keyboard, not one that had been prepared."""


class Ended(Exception):
    """There is no console any more."""


class Console:
    """The interactive shell on a terminal."""

    def __init__(
        self,
        output: Output,
        capture: Capture,
        startup: str | None = None,
        history: Path | None = None,
    ) -> None:
        #: What lines leave for later ones.
        self.environment = Environment()
        live = Live(lambda: self.machine, self.environment.aliases)
        self.screen = screen_for(self, live, history)
        self.sampler = Sampler(output, self.refresh)
        self.output = output
        self.capture = capture
        self.startup = startup
        self.machine: Machine
        #: Lines that wait for their turn, and the one that has it.
        self.lines: deque[str] = deque()
        self.at_work: CommandLine | None = None
        #: Whether Ctrl-C on an empty line has been answered.
        self.asked_to_leave = False
        self.control = JobControl(self)
        self.pace = Pace()
        self.pump = threading.Thread(target=self.pump_output, name="pyos output", daemon=True)
        self.status = 0
        #: Whether the terminal has gone away, and what else went wrong.
        self.gone = False
        self.error: BaseException | None = None

    def run(self, prepared: list[str]) -> int:
        """Run the prepared commands, then those typed at the prompt; answers the exit status."""
        self.lines += prepared
        self.watch(boot(self.output))
        with streams(self.output):
            asyncio.run(self.converse())
            if self.error is None and held():
                os._exit(self.exit_status())
        if self.gone:  # and what is still to be written to it, with it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if self.error is not None:
            raise self.error
        return self.exit_status()

    def watch(self, machine: Machine) -> None:
        """Have to do with this machine from now on."""
        self.machine = machine
        self.sampler.watch(machine)

    def exit_status(self) -> int:
        return self.status or (1 if self.machine.panic is not None else 0)

    async def converse(self) -> None:
        """Until the user leaves, or the terminal is gone."""
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self.fail)
        self.listen_to_signals()
        self.screen.write([emphasized(line) for line in WELCOME])
        self.pump.start()
        try:
            await self.screen.read(self.begin)
        except (EOFError, OSError):
            self.gone = True
            self.hang_up(self.status or 1)
        finally:
            await asyncio.to_thread(self.leave)

    def leave(self) -> None:
        """End what lives, and show the last of what was printed; not on the main thread."""
        if not self.machine.shutdown(DEADLINE) and self.machine.panic is None:
            self.output.report(0, left_behind(self.machine))
        self.output.end_trace()
        self.capture.give_back()
        self.on_terminal(self.show_rest)

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
        for each in filter(None, map(given, line.split("\n"))):
            self.machine.submit(call(each)).add_done_callback(self.have_given)

    def have_given(self, reply: Future[bool]) -> None:
        """On the kernel's thread: a line has been given to its task, or not."""
        with suppress(RuntimeError):  # the loop has ended already
            self.loop.call_soon_threadsafe(self.show_given, reply)

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
        with suppress(RuntimeError, AttributeError):  # the loop has ended, or not yet begun
            self.loop.call_soon_threadsafe(self.screen.refresh)

    def on_terminal(self, work: Callable[[], T]) -> T:
        """Let the main thread do `work`, and wait until it has. Raises `Ended` if it has left."""
        done: Future[T] = Future()

        def do() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        try:
            self.loop.call_soon_threadsafe(do)
        except RuntimeError:
            raise Ended from None
        return done.result()

    def write(self, lines: list[Fragments]) -> None:
        """Write lines above what is being typed; leave if the terminal is gone."""
        if not self.gone:
            try:
                self.screen.write(lines)
            except OSError:
                self.gone = True
                self.hang_up(1)

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
        lines = self.output.take(self.pace.characters, unfinished)
        if lines:
            self.write(self.rendered(lines))
            self.pace.note(self.screen.waited)
        if self.control.job is None:
            self.screen.invite(invitation(self.output.awaited))
        return bool(lines)

    def show_rest(self) -> None:
        """Write all that is left."""
        self.write(self.rendered(self.output.take(sys.maxsize, unfinished=True)))

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
                self.output.arrived.wait()
                time.sleep(PERIOD)
                if not self.on_terminal(self.show_output):
                    time.sleep(UNFINISHED)
                    self.on_terminal(partial(self.show_output, unfinished=True))

    # -- leaving otherwise than by a command

    def hang_up(self, status: int) -> None:
        """The terminal is gone, or somebody wants us to end."""
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

    def listen_to_signals(self) -> None:
        """Have the signals that concern a console come through the event loop."""
        signal.signal(signal.SIGINT, self.signalled)
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self.signalled)

    def signalled(self, number: int, frame: object) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            if number == signal.SIGINT:
                self.loop.call_soon_threadsafe(self.interrupt)
            else:
                end_after(LAST_RESORT, 128 + number)
                self.loop.call_soon_threadsafe(self.hang_up, 128 + number)


class CommandLine(threading.Thread):
    """A line that is at work."""

    def __init__(self, console: Console, source: str) -> None:
        super().__init__(name="pyos command", daemon=True)
        self.console = console
        self.source = source
        self.system = System(console.machine, console.output, self.rows)
        self.system.restarted = console.watch
        self.system.environment = console.environment
        self.system.play = self.play
        self.system.attach = self.attach
        if isinstance(console.screen, Screen):
            self.system.full_screen = partial(self.full_screen, console.screen)
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


def end_after(seconds: float, status: int) -> None:
    """End the process then, if it is still there: its terminal may not take what we write."""
    timer = threading.Timer(seconds, os._exit, [status])
    timer.daemon = True
    timer.start()


@contextmanager
def streams(output: Output) -> Iterator[None]:
    """What tasks print goes to `output`; what they read from the terminal is at its end."""
    former = sys.stdin, sys.stdout, sys.stderr
    with open(os.devnull) as nothing:
        sys.stdin, sys.stdout, sys.stderr = nothing, output, Errors(output)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = former
