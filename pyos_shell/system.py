"""The system as commands see it: the machine, the way to ask it something, and what was printed.

Commands get snapshots and answers, never an object of the kernel's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from kernel import (
    GetTid,
    Hogged,
    KernelStopped,
    Machine,
    RequestCancelled,
    Scheduler,
    SystemCall,
    Task,
    TooManyTasks,
    system_call,
)
from kernel.machine import KERNEL_THREAD
from kernel.preemption.critical import CRITICAL
from kernel.request import Reply

from .consoles import Consoles
from .deadman import SWITCH
from .environment import Environment
from .feed import Feed
from .output import Output
from .plumber import Plumber
from .reports import held_in_words, report_to

if TYPE_CHECKING:
    from .foreground import Job

#: What is said to who would do more than look.
ONLY_LOOKS: Final = "this console is for looking only"

#: Seconds that living tasks get when the system ends.
DEADLINE: Final = 2.0

#: Seconds without an answer after which the console says who holds the kernel.
PATIENCE: Final = 0.5

#: Seconds between two looks for a Ctrl-C while something else than the kernel is waited for.
LOOK: Final = 0.05


class Running(Protocol):
    """A script, on a thread of its own."""

    ended: threading.Event

    @property
    def failed(self) -> bool:
        """Whether something went wrong in it."""


class Leave(Exception):
    """The user wants to leave the console."""


class GivenUp(Exception):
    """Ctrl-C during a command: its request is off its queue again."""


class Failure(Exception):
    """A command could not do what it was told; the message is one line for the user."""


class System:
    """One machine, and the output that its tasks make."""

    def __init__(
        self,
        machine: Machine,
        output: Output,
        rows: Callable[[], int | None] = lambda: None,
        stdin: bool = False,
    ) -> None:
        self.machine = machine
        self.output = output
        #: What the lines before have left.
        self.environment = Environment()
        #: Whether tasks read stdin, as there is no prompt at which lines could be given to them.
        self.stdin = stdin
        #: How many rows of a table fit on the screen; None without one.
        self.rows = rows
        #: Tasks that commands have started and not yet waited for.
        self.started: list[int] = []
        #: Scripts that commands have started and not yet waited for.
        self.scripts: list[Running] = []
        #: The line that the command is from, as it was typed.
        self.line = ""
        #: Confirms what is about to be done; whoever shows the answers sets it.
        self.say: Callable[[str], None] = lambda text: None
        #: Shows an answer before the command has ended; set by the same.
        self.tell: Callable[[object], None] = lambda answer: None
        #: Runs the lines of a file of this name; whether all have succeeded. Whoever runs lines
        #: sets it.
        self.run_file: Callable[[str, str], bool] = lambda name, text: False
        #: Types lines at the prompt for an audience, and answers how; whoever has one sets it.
        self.play: Callable[[list[str]], str] | None = None
        #: Gives the whole screen to an application, which it makes of the screen's setting; answers
        #: the end of that. Whoever has a screen that can do so sets it.
        self.full_screen: Callable[[Callable[[Any], Any]], Future[None]] | None = None
        #: Lends the terminal to a command of the system; answers its exit status. Set by the same.
        self.lend: Callable[[list[str]], Future[int]] | None = None
        #: Gives the keyboard to a job, and takes it back for the prompt. Whoever has one sets it.
        self.attach: Callable[[Job | None], None] | None = None
        #: Whether what the command at work answers goes to the screen, and is no document.
        self.on_screen = True
        #: Whether commands may only look.
        self.read_only = False
        #: Whether what tasks print is shown where the answers are.
        self.shows = True
        #: What is shown on the console that the commands are typed at, if they are.
        self.feed: Feed | None = None
        #: The consoles of the system, where it has any; and who tells the others of a line of ours.
        self.consoles: Consoles | None = None
        self.touching: Callable[[str], None] = lambda line: None
        #: Told of the machine that takes the place of this one; whoever ends it sets it.
        self.restarted: Callable[[Machine], None] = lambda machine: None
        #: Set by Ctrl-C at a prompt, which another thread listens to.
        self.given_up = threading.Event()
        self.reply: Reply | None = None

    def ask(self, call: SystemCall) -> Any:
        """Make a system call, and wait for its answer for as long as it takes.

        Raises the call's own error, and `GivenUp` on Ctrl-C, which may come at any line here.
        """
        reply: Reply | None = None
        while True:
            try:
                if reply is None:
                    reply = self.reply = self.machine.submit(call)
                    if self.given_up.is_set():
                        self.machine.cancel(reply)
                return self.answer(reply)
            except KeyboardInterrupt:
                self.give_up()

    def answer(self, reply: Reply) -> Any:
        """Wait for the answer, or the end of the request; say meanwhile who holds the kernel."""
        asked = time.monotonic()
        warned = False
        while True:
            try:
                error = reply.exception(PATIENCE)
            except TimeoutError:
                self.check()
                warned = warned or self.warn(time.monotonic() - asked, reply)
            else:
                if isinstance(error, RequestCancelled):
                    raise GivenUp
                return reply.result()

    def start(
        self,
        tasks: list[Task],
        title: str,
        plumber: Plumber | None = None,
        announced: bool = True,
    ) -> list[int]:
        """Put new tasks into the system, as stages of a pipeline if there is a `plumber`; answers
        their tids. They are announced before they run, so that nothing they print comes first.
        """
        try:
            for task in tasks:
                task.tid = task.tid or self.ask(ReserveTid())
            if announced:
                self.say(announcement(tasks, title))
        except BaseException:
            drop(tasks, plumber)
            raise
        tids = [task.tid for task in tasks]
        try:
            self.ask(Admit(tasks, plumber))
        except KernelStopped:
            drop(tasks, plumber)
            raise
        finally:
            self.started += tids
            self.environment.last_tid = tids[-1]
        return tids

    def restart(self) -> bool:
        """End the machine, and boot another, without any task; false if the former one is still
        there, because a task holds it. Raises `Failure` if it belongs to somebody else.
        """
        self.forbid_ending()
        former = self.machine
        self.output.end_traces()
        ended = former.shutdown(DEADLINE) or former.panic is not None
        self.started.clear()
        self.scripts.clear()
        self.environment.last_tid = None
        self.environment.jobs.clear()
        self.machine = boot(self.output, self.stdin)
        self.restarted(self.machine)
        return ended

    def forbid_ending(self) -> None:
        """Raise `Failure` if the machine is not ours to end."""
        if self.consoles is not None and not self.consoles.owned:
            raise Failure("this machine belongs to a program, and ends with it")

    def forget(self, tid: int) -> None:
        """A task has been waited for."""
        if tid in self.started:
            self.started.remove(tid)

    def wait(self, done: threading.Event, seconds: float) -> bool:
        """Wait for what another thread does, so many seconds at most; whether it is done.

        Raises `GivenUp` on Ctrl-C.
        """
        deadline = time.monotonic() + seconds
        while not done.wait(LOOK):
            self.check()
            if time.monotonic() > deadline:
                return done.is_set()
        return True

    def give_up(self) -> None:
        """Ctrl-C: take the request off its queue again, and make no other. From any thread."""
        self.given_up.set()
        if self.reply is not None:
            self.machine.cancel(self.reply)

    def check(self) -> None:
        """Raise `GivenUp` if Ctrl-C has been pressed."""
        if self.given_up.is_set():
            raise GivenUp

    def holder(self) -> Hogged | None:
        """The task that holds the kernel, so that nothing can be asked; None if none does."""
        reply = self.machine.submit(GetTid())
        with suppress(TimeoutError):
            reply.exception(PATIENCE)
            return None
        self.machine.cancel(reply)
        return self.machine.holder()

    def warn(self, seconds: float, reply: Reply) -> bool:
        """Say which task holds the kernel, if one does; whether it was said."""
        holder = self.machine.holder()
        if holder is None or holder.seconds < PATIENCE / 2:
            return False
        ends = reply.request.ends(holder.tid)
        said = held_in_words(holder, ends, may_kill=not (ends or self.read_only))
        self.output.report(holder.tid, f"no answer for {seconds:.1f} s: {said}")
        return True


#: What tasks call of ours, to print say, takes locks of the console; its programs are as others.
CRITICAL.update({"pyos_shell": True, "pyos_shell.programs": False})


def boot(output: Output, stdin: bool = False) -> Machine:
    """A machine that runs; what its tasks print, and what it reports, goes to `output`. They read
    `stdin`, or else what is given to them.
    """
    machine = Machine(Scheduler(stdin=stdin))
    report_to(output, machine)
    machine.observe(partial(SWITCH.look, machine, output), SWITCH.hold)
    machine.kernel.workers.on_hire = SWITCH.cover
    output.awaited = 0
    output.routes.clear()
    machine.boot()
    output.kernel_thread = machine.thread.ident
    return machine


def held() -> bool:
    """Whether a kernel still runs in this process, though it has been told to stop: then a task
    holds it. Only the end of the process helps, for the interpreter's own could wait for whatever
    that task holds, or abort.
    """
    return any(thread.name == KERNEL_THREAD for thread in threading.enumerate())


def left_behind(machine: Machine) -> str:
    """What is said of a machine that has not stopped in time."""
    if machine.holder() is not None:
        return "the kernel is held by a task; it ends with this process"
    return "not all tasks have ended in time; they end with this process"


@system_call
class ReserveTid(SystemCall):
    """Answers a tid that no other task will get. Raises `TooManyTasks` if the table is full."""

    def run(self, kernel: Scheduler, caller: object) -> object:
        if len(kernel.tasks) >= kernel.limit:
            raise TooManyTasks(kernel.limit)
        kernel.last_tid += 1
        return kernel.last_tid


@system_call
class Admit(SystemCall):
    """Puts tasks into the system whose tids have been reserved."""

    tasks: list[Task]
    plumber: Plumber | None = None

    def run(self, kernel: Scheduler, caller: object) -> object:
        for task in self.tasks:
            kernel.admit(task, 0)
        if self.plumber is not None:
            self.plumber.join(kernel, self.tasks)
        return None


def announcement(tasks: list[Task], title: str) -> str:
    """What is said of tasks that begin."""
    numbers = ", ".join(str(task.tid) for task in tasks)
    return f"task{'s' * (len(tasks) > 1)} {numbers}: {title}"


def drop(tasks: list[Task], plumber: Plumber | None = None) -> None:
    """End tasks that have never been in the system, and need no plumber."""
    for task in tasks:
        task.force()
    if plumber is not None:
        plumber.close()
