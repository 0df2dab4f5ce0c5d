"""The scheduler: the task table and the loop.

Each round of the loop, in this order:
 1. the poller tells which files are ready (it is there that an idle kernel sleeps; a busy one asks
    it now and then);
 2. requests from other threads arrive;
 3. alarms that are due ring;
 4. every ready task gets one turn (or, while the brake is on, a single one a step).

Nothing here looks at the time, a file, another thread or a random number but through the four
doors: `clock`, `poller`, `inbox`, `policy`.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from types import FrameType, GeneratorType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .alarms import Alarms
from .asyncgens import AsyncGenerators
from .clock import Clock
from .contexts import Contexts
from .deadline import Deadline
from .deadlock import verdict
from .errors import Deadlock, NoSuchTask, TaskKilled, TooManyTasks
from .files import FileTable
from .frames import stack_from
from .futures import Futures
from .inbox import Inbox
from .interrupts import Interrupts
from .lines import Lines, StdinLines
from .links import Links
from .names import Names
from .policies import Policy
from .poller import Poller, best_poller
from .request import Request
from .switching import switch_interval
from .systemcall import ASLEEP
from .task import Target, Task
from .trace import Exited, Spawned, Trace
from .waitqueue import Dormitory, WaitQueue
from .workers import Workers

if TYPE_CHECKING:
    from .debugger.brake import Brake
    from .debugger.breaks import Breaks
    from .hosting.host import Host as AsyncioHost
    from .nice import Nice
    from .preemption.preemption import Preemption
    from .syscalls.signals import Handler, Signal

#: Ended tasks that can still be waited for.
KEPT: Final = 1000

#: Tasks that can be alive at once, unless told otherwise.
TASKS: Final = 200_000

#: One pass over the ready queue: so many turns at most, and no further one after so many calls.
PASS: Final = 1000

#: The turns of a pass over a queue that is shorter, once it has kept its length for a pass: to look
#: around takes longer than a step or two.
LAPS: Final = (0, 1, 2, 3)


def turns_in_pass(ready: int) -> int:
    """How many turns a pass has, about, as long as so many tasks are ready."""
    return len(LAPS) if 0 < ready < len(LAPS) else min(max(ready, 1), PASS)


#: Between two looks at the files while tasks are busy: so many seconds (more than the interpreter's
#: switch interval and what it takes to wake a thread), or so many passes if no clock runs.
LOOK: Final = 0.0005
LOOKS: Final = 1000


#: Seconds from a kill to the end by force, unless told otherwise.
GRACE: Final = 2.0

#: Seconds that the end of all may take longer.
SLACK: Final = 0.1


class TurnOver(BaseException):
    """Ends a loop that is not in charge any more, as the turn that it was to end is over."""


class Host(threading.local):
    """What a thread gets that asks for a `Scheduler`: while it loads a program file for a running
    system, of another class.
    """

    scheduler: type[Scheduler] | None = None


HOST: Final = Host()


class Scheduler:
    """Runs tasks, one step at a time, all on the thread that calls `mainloop`.

    Two schedulers never meet: each has its own task table, tids and doors.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Scheduler:
        host = HOST.scheduler if cls is Scheduler else None
        return super().__new__(host or cls)

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        poller: Poller | None = None,
        inbox: Inbox | None = None,
        policy: Policy | None = None,
        tasks: int = TASKS,
        grace: float = GRACE,
        workers: int | None = None,
        stdin: bool = True,
    ) -> None:
        self.clock = clock or Clock()
        self.poller = poller or best_poller()
        self.inbox = inbox or Inbox()
        self.policy = policy or Policy()
        self.inbox.wake = self.poller.wake
        self.limit = tasks
        self.grace = grace
        self.tasks: dict[int, Task] = {}
        #: The ended tasks that are kept; their tids in the order of their ends, and when that was.
        self.ended: dict[int, Task] = {}
        self.endings: deque[tuple[int, float]] = deque()
        #: In which pass a task has ended last, and when: those of one pass have one time.
        self.ended_in, self.ended_at = -1, 0.0
        self.ready: deque[Task] = deque()
        self.alarms = Alarms()
        #: Where tasks sleep that only an alarm will wake.
        self.sleepers = Dormitory()
        self.files = FileTable(self)
        self.contexts = Contexts()
        self.asyncgens = AsyncGenerators(self)
        #: Those who wait until nobody else can go on.
        self.idlers = WaitQueue()
        self.workers = Workers(self, workers)
        self.futures = Futures(self.inbox)
        #: What tasks read: the lines of `sys.stdin`, or else only those that are given to them.
        self.lines = StdinLines(self) if stdin else Lines(self)
        #: By tid, the pipes that tasks read instead.
        self.inputs: dict[int, Lines] = {}
        #: How many sleep for something outside: a thread, another machine.
        self.outside = 0
        self.trace = Trace()
        self.names = Names()
        self.links = Links()
        #: Requests from other threads that have arrived and have no answer yet.
        self.requests: set[Request] = set()
        #: What tasks have called for signals: by tid and signal.
        self.handlers: dict[int, dict[Signal, Handler]] = {}
        #: By tid, the asyncio programs that are tasks.
        self.hosts: dict[int, AsyncioHost] = {}
        #: Killed tasks that have not ended yet.
        self.dying: dict[int, Deadline] = {}
        #: The tids of those that are kept from having a step.
        self.held: set[int] = set()
        self.last_tid = 0
        #: Passes over the ready queue so far; whoever samples this sees whether tasks have run.
        self.passes = 0
        #: When, and in which pass, it has looked at the files while tasks were busy.
        self.looked, self.looked_in = -LOOK, 0
        #: Whether a `mainloop` or a machine turns it.
        self.running = False
        #: What keeps all tasks from having a step; None while nobody wants that.
        self.brake: Brake | None = None
        #: The policy that knows which tasks are to have more turns than others, and where tasks are
        #: to stop; made when needed.
        self.nice: Nice | None = None
        self.breaks: Breaks | None = None
        #: The loop in charge, once there are several.
        self.loop: object = None
        #: What meets tasks in the middle of a step, where somebody watches.
        self.preemption: Preemption | None = None
        #: Called once, as soon as the kernel does not sleep any more.
        self.on_waking: Callable[[], None] | None = None

    # -- the task table

    def new(self, target: Target, name: str | None = None) -> int:
        """Make a task of a generator or coroutine; answers its tid. It runs when its turn comes.

        Raises `TypeError` for anything else, `TooManyTasks` when the table is full.
        """
        task = Task(target, name)
        self.schedule(task)
        return task.tid

    def schedule(self, task: Task, parent: int = 0) -> None:
        """Put a new task into the table and the ready queue.

        Raises `ValueError` for one that has been scheduled before, `TooManyTasks` when the table
        is full.
        """
        if task.tid:
            raise ValueError(f"task {task.tid} has been scheduled before")
        if len(self.tasks) >= self.limit:
            task.force()
            raise TooManyTasks(self.limit)
        task.tid = self.last_tid = self.last_tid + 1
        if not parent or self.contexts.shared is not None:
            self.contexts.inherit(task, self.tasks.get(parent))
        self.admit(task, parent)

    def admit(self, task: Task, parent: int) -> None:
        """The task has its tid: it is in the system from now on."""
        task.kernel, task.parent, task.born = self, parent, self.clock.now()
        self.tasks[task.tid] = task
        self.ready.append(task)
        if self.trace.lives:
            self.trace.emit(Spawned(task.tid, parent, task.name))

    def find(self, tid: int) -> Task:
        """The task, alive or among the ended ones that are kept. Raises `NoSuchTask`."""
        if type(tid) is not int and not is_number(tid):
            raise NoSuchTask(tid)
        task = self.tasks.get(tid) or self.ended.get(tid)
        if task is None:
            raise NoSuchTask(tid, ended=0 < tid <= self.last_tid)
        return task

    def kill(self, task: Task, grace: float | None = None, error: TaskKilled | None = None) -> None:
        """Kill a task: `TaskKilled`, or the `error` that says why, surfaces at its `yield`, and
        after `grace` seconds it is ended by force. To one that is being killed already, only a
        sooner end makes a difference.
        """
        if not task.killed:
            task.kill(error)
        self.expect_end(task, grace)

    def expect_end(self, task: Task, grace: float | None = None) -> None:
        """A kill has been delivered: from now on the task has so many seconds, or fewer."""
        when = self.clock.now() + (self.grace if grace is None else grace)
        deadline = self.dying.get(task.tid)
        if deadline is not None:
            if deadline.when <= when:
                return
            self.alarms.drop(deadline)
        deadline = self.dying[task.tid] = Deadline(task, when)
        self.alarms.set(when, deadline)

    def force(self, task: Task) -> None:
        """End a task as it stands; not from its own step.

        If it is ready it stays in the queue, since the loop counts on those who are there: its turn
        will do nothing.
        """
        if self.preemption is not None and self.preemption.drive_out(task):
            return
        task.force()
        self.held.discard(task.tid)
        self.ended_in = -1
        self.bury(task)

    def forget_handlers(self, task: Task) -> None:
        del self.handlers[task.tid]

    def bury(self, task: Task) -> None:
        """A task has ended: out of the table, and tell those who wait for it."""
        tid = task.tid
        if self.tasks.pop(tid, None) is None:  # a call had answered it twice: a turn too many
            return
        self.ended[tid] = task
        if self.ended_in != self.passes:
            self.ended_in, self.ended_at = self.passes, self.clock.now()
        self.endings.append((tid, self.ended_at))
        if len(self.endings) > KEPT:
            del self.ended[self.endings.popleft()[0]]
        if self.dying:
            deadline = self.dying.pop(tid, None)
            if deadline is not None and deadline.alarm is not None:
                self.alarms.drop(deadline)
        if task.error is not None or task.forced:
            self.trace.report(exited(task), task.error)
        elif self.trace.lives:
            self.trace.emit(exited(task))
        if task.waiters is not None:
            while (waiter := task.waiters.first) is not None:
                waiter.ended(task)

    # -- the loop

    def mainloop(self) -> None:
        """Run until no task is left.

        Raises `Deadlock` when none can ever go on. Ctrl-C, on the main thread, ends all tasks,
        newest first, and then surfaces here as `KeyboardInterrupt`. Raises `RuntimeError` where
        it, or a machine, is at it already.
        """
        if self.running:
            raise RuntimeError("this scheduler is running already")
        self.running = True
        switch_interval.shorten()
        try:
            with Interrupts(self), self.asyncgens:
                self.run_all()
        finally:
            switch_interval.put_back()
            self.running = False
            if self.breaks is not None:
                self.breaks.close()
            self.workers.close()
            self.poller.close()

    def run_all(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            while self.tasks or self.inbox.arrivals or self.asyncgens.close_all():
                if self.stuck():
                    raise Deadlock(verdict(self))
                self.cycle(once=False)
            return
        self.end_all()
        raise KeyboardInterrupt

    def stuck(self) -> bool:
        """Whether nothing that the kernel knows of can ever make a task ready."""
        at_work = self.ready or self.inbox.arrivals or self.idlers
        return not (at_work or self.alarms.live or self.files.waiting or self.outside)

    def end_all(self, grace: float | None = None) -> None:
        """Kill every task, newest first, and run until none is left; those whose `finally` starts
        new ones too. A second Ctrl-C meanwhile ends what is left by force, and so does the end of
        twice `grace` seconds, for tasks that start others without end.
        """
        if self.brake is not None:
            self.brake.release()
        if self.breaks is not None:
            self.breaks.clear_all()
        grace = self.grace if grace is None else grace
        end = self.clock.now() + 2 * grace + SLACK
        told: set[int] = set()  # by number, as one that was reserved may be the newest's
        with contextlib.suppress(KeyboardInterrupt):
            while self.clock.now() <= end:
                if not self.tasks:
                    if not self.asyncgens.close_all():
                        break
                    told.update(self.tasks)  # who closes them is left alone
                if next(reversed(self.tasks), 0) not in told:
                    told.update(self.tasks)
                    for tid in sorted(self.tasks, reverse=True):
                        self.kill(self.tasks[tid], grace)
                    newest_first = sorted(self.ready, key=lambda task: -task.tid)
                    self.ready.clear()
                    self.ready.extend(newest_first)
                self.cycle()
        self.ready.clear()
        for tid in sorted(self.tasks, reverse=True):
            self.force(self.tasks[tid])

    def cycle(self, wait: bool = True, once: bool = True) -> None:
        """One round of the loop. Where nothing is to be done it sleeps, unless told not to `wait`.

        Turned by hand, it lets a test look at the system between any two rounds.
        """
        if not self.ready or self.brake is not None:
            self.sleep(wait)
        elif self.files.waiting and (once or self.may_look()):
            self.files.expect_closing()
            self.look(0)
        if self.inbox.arrivals:
            self.inbox.take()
            once = True  # it may have been an order to stop
        if self.alarms.live:
            self.alarms.ring(self.clock.now())
        if self.brake is not None:
            self.brake.turn()
        elif self.ready:
            loop = self.loop
            self.contexts.run(self.run_passes, once)
            if self.loop is not loop:
                raise TurnOver

    def sleep(self, wait: bool) -> None:
        """Sleep in the poller until a file is ready, an alarm is due, or a request is put in."""
        self.files.expect_closing()
        due = self.alarms.due()
        timeout = self.timeout(due)
        self.rest(timeout if wait else 0)
        if self.idlers.first is not None and not self.can_go_on(due):
            for idler in [*self.idlers]:
                idler.answer(None)
        if self.on_waking is not None:
            notify, self.on_waking = self.on_waking, None
            notify()

    def rest(self, timeout: float | None) -> None:
        """Sleep for so many seconds at most, as long as no file is ready and no request put in."""
        # The order matters: whoever puts something in after we have looked finds us asleep.
        self.inbox.asleep = True
        try:
            self.look(0 if self.inbox.arrivals else timeout)
        finally:
            self.inbox.asleep = False

    def timeout(self, due: float | None) -> float | None:
        """How long it may sleep, in seconds; None for ever."""
        if self.idlers.first is not None and not self.ready:
            return 0.0
        return None if due is None else self.clock.left(due)

    def can_go_on(self, due: float | None) -> bool:
        """Whether somebody has something to do, or will have at once."""
        late = due is not None and due <= self.clock.now()
        return late or bool(self.ready or self.inbox.arrivals)

    def may_look(self) -> bool:
        """Whether to look at the files while tasks are busy, or whether the last look is too near.

        Each look lets go of the interpreter's lock for an instant. A thread that waits for the lock
        is woken by that, comes too late, and begins to wait anew, before it would have asked for it
        by force. So with a look after every short pass other threads would starve.
        """
        now = self.clock.now()
        if 0 <= now - self.looked < LOOK and self.passes < self.looked_in + LOOKS:
            return False
        self.looked, self.looked_in = now, self.passes
        return True

    def look(self, timeout: float | None) -> None:
        """Ask the poller, and let the calls go on whose file is ready."""
        self.files.ready(self.poller.poll(timeout))

    def run_passes(self, once: bool) -> None:  # noqa: C901 - a function call is as dear as a step
        """Give every ready task one turn, a pass; unless `once`, pass after pass while there is
        nothing else to look at.

        A turn is steps of the task's innermost frame. A step ends with
         - a return or an error, with which the frame's caller goes on;
         - None: the task gives way;
         - a subroutine, which is entered;
         - a system call, which is run (or, in a subroutine, a value to return).
        After so many of these as its budget allows the task gives way as well; and after `PASS` of
        them in all, the pass ends with the turn. Who had none is first in the next. (A return is
        not counted, as the entry before it was.)
        """
        ready, arrivals, files, alarms = self.ready, self.inbox.arrivals, self.files, self.alarms
        pick = self.contexts.guard(self.policy.picker(ready))
        queue, trace = ready.append, self.trace
        budget = self.policy.budget
        crowd, calls, trap = 0, 0, None
        numbers = count(self.passes + 1)
        laps = [*LAPS]
        for self.passes in numbers:
            if len(ready) != crowd:
                crowd = len(ready)
                if not crowd:
                    break
                turns = [0] * min(crowd, PASS)
            elif crowd < len(LAPS):
                turns = laps
            untraced = trace.untraced
            for turn in turns:  # noqa: B007 - `turn_at` reads it; others may end the pass by it
                try:
                    task = pick()
                except IndexError:
                    if ready:
                        raise
                    break
                answer = task.reply
                task.reply = None
                used = 0
                while True:
                    try:
                        trap = task.frame.send(answer)
                    except StopIteration as returned:
                        answer = returned.value
                        if task.callers:
                            task.frame = task.callers.pop()
                            continue
                        task.end(answer)
                        self.bury(task)
                        break
                    except BaseException as error:
                        if not task.callers:
                            task.end(None, error)
                            self.bury(task)
                            break
                        task.unwind(error)
                        answer = None
                        used += 1
                        if used != budget:
                            continue
                        queue(task)
                        break
                    if trap is None:
                        queue(task)
                        break
                    if type(trap) is GeneratorType:
                        if task.callers is None:
                            task.callers = []
                        task.callers.append(task.frame)
                        task.frame = trap
                        answer = None
                    else:
                        try:
                            if isinstance(trap, untraced):
                                answer = trap.run(self, task)
                            else:
                                answer = task.serve(trap)
                        except BaseException as error:
                            task.fail(error)
                            break
                        if answer is ASLEEP:
                            break
                    used += 1
                    if used == budget:
                        task.reply = answer
                        queue(task)
                        break
                if used:
                    calls += used
                    if calls >= PASS:
                        calls = 0
                        break
            if once or arrivals or files.waiting or alarms.live:
                break
        # An error keeps the frames that it came through: let this one hold nothing for it.
        del task, answer, trap

    @staticmethod
    def running_task(frame: FrameType | None) -> Task | None:
        """The task in whose step a kernel's thread is, as `turn_at`."""
        return Scheduler.turn_at(frame).task

    @staticmethod
    def turn_at(frame: FrameType | None, kernel: Scheduler | None = None) -> Turn:
        """The turn that a kernel's thread is in, read off the loop's own frame: this `kernel`'s, as
        a task may run another one in its step, or the innermost.

        `frame` is where the thread stands. So whoever wants to know pays, and the loop does not.
        """
        loop = loop_below(frame)
        while loop is not None and kernel not in (None, loop.f_locals["self"]):
            loop = loop_below(loop.f_back)
        if loop is None:
            return NO_TURN
        local = loop.f_locals
        return Turn(local["self"].passes, local.get("turn", 0), local.get("task"))


def step_frames(frame: FrameType | None) -> Iterator[FrameType]:
    """The Python frames of a step, from this one down to the loop."""
    for each in stack_from(frame):
        if each.f_code is Scheduler.run_passes.__code__:
            return
        yield each


def loop_below(frame: FrameType | None) -> FrameType | None:
    """The frame of the loop that is below this one."""
    for each in stack_from(frame):
        if each.f_code is Scheduler.run_passes.__code__:
            return each
    return None


class Turn(NamedTuple):
    """A turn of a task: what tells it from all others."""

    passes: int
    number: int
    task: Task | None


#: The kernel is not in any.
NO_TURN: Final = Turn(0, 0, None)


def exited(task: Task) -> Exited:
    """The news that a task has ended."""
    assert task.status is not None
    return Exited(task.tid, task.name, task.status, task.parent)


def is_number(value: object) -> bool:
    """Whether it can be a tid: True is none, although it equals 1."""
    return isinstance(value, int) and not isinstance(value, bool)
