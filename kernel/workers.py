"""The worker threads of a kernel, on which blocking functions run.

There is none before the first job. Short jobs are all done by one worker, as a thread that is awake
takes the next one fastest. Only when a job has waited for a millisecond, because every worker is in
a long one, another worker is hired, up to the limit. They all leave with the kernel.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from .frames import strip
from .outside import Bed, bearable
from .systemcall import brief
from .trace import Abandoned, Unheard

if TYPE_CHECKING:
    from collections.abc import Callable

    from .alarms import Alarm
    from .inbox import Inbox
    from .scheduler import Scheduler
    from .syscalls.threads import RunInThread
    from .waitqueue import Caller

#: Seconds that a job waits before another worker is hired.
PATIENCE: Final = 0.001

#: So many jobs that were dropped may lie in the queue, whatever its length.
DROPPED: Final = 64


class Job(Bed):
    """A function that is to run on a worker, and the place of the caller who waits for it."""

    __slots__ = ("call", "context", "done", "error", "kernel", "tid", "unbegun", "value")

    def __init__(self, kernel: Scheduler, caller: Caller, call: RunInThread) -> None:
        self.first = self.last = None
        self.kernel, self.tid, self.call = kernel, caller.tid, call
        self.context = kernel.contexts.for_thread(caller.task)
        #: Whoever takes the call out of here decides: the worker, who runs it, or the kernel, where
        #: nobody waits for it any more.
        self.unbegun = [call]
        self.value: Any = None
        self.error: BaseException | None = None
        #: Whether the kernel knows what came of it.
        self.done = False

    def run(self) -> bool:
        """On a worker: run the function; False if it had been dropped."""
        context, self.context = self.context, None
        try:
            call = self.unbegun.pop()
        except IndexError:
            return False
        run = call.function if context is None else partial(context.run, call.function)
        try:
            self.value = run(*call.arguments)
        except BaseException as error:
            self.error = strip(error)  # or its traceback would lead back here, and to the job
        return True

    def finish(self) -> None:
        """The function has ended: its caller goes on, if there still is one."""
        self.done = True
        caller, error = self.first, self.error
        if caller is not None:
            if error is None:
                caller.answer(self.value)
            else:
                caller.fail(bearable(error, self.call.function))
        elif error is not None:
            self.kernel.trace.report(Unheard(self.tid, self.call, error), error)

    def remove(self, caller: Caller) -> None:
        super().remove(caller)
        if not self.done:
            self.give_up()

    def give_up(self) -> None:
        """Nobody waits any more: drop it, or else leave the worker to finish, and say so."""
        try:
            self.unbegun.pop()
        except IndexError:
            self.kernel.trace.report(Abandoned(self.tid, self.call))
        else:
            self.kernel.workers.drop()


class Results:
    """The jobs that workers have finished; all that are here come in with one arrival."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.jobs: deque[Job] = deque()
        #: How many jobs are to come in yet.
        self.due = 0
        #: Whether it is in the inbox, or will be in an instant.
        self.announced = False

    def add(self, job: Job) -> None:
        """On a worker: hand in a job."""
        self.jobs.append(job)
        if not self.announced:
            self.announced = True
            self.inbox.put(self)

    def arrive(self) -> None:
        # The order matters: whoever hands in a job after we have looked announces it.
        self.announced = False
        while self.jobs:
            self.due -= 1
            self.jobs.popleft().finish()

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, and its tasks have ended."""
        self.announced = False
        self.jobs.clear()


class Workers:
    """The workers of one kernel."""

    def __init__(self, kernel: Scheduler, limit: int | None = None) -> None:
        self.kernel = kernel
        self.alarm: Alarm | None = None
        self.threads: list[Thread] = []
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.results = Results(kernel.inbox)
        #: How many jobs there have been, in all, and when it last began to wait for their taking.
        self.given = self.seen = 0
        #: How many of those in the queue have been dropped, at most.
        self.dropped = 0
        #: Called by each new worker, before its first job.
        self.on_hire: Callable[[], object] = lambda: None
        self.limit = min(32, (os.cpu_count() or 1) + 4) if limit is None else checked(limit)

    def give(self, job: Job) -> None:
        """Have a job done. Raises `RuntimeError` when there is no thread to be had for it."""
        if not self.threads:
            self.hire()
        self.given += 1
        self.results.due += 1
        self.jobs.put(job)
        if self.results.due > len(self.threads):
            self.look_later()

    def hire(self) -> None:
        """One worker more."""
        arguments = self.jobs, self.results, self.on_hire
        thread = Thread(target=work, args=arguments, name="pyos worker", daemon=True)
        thread.start()
        self.threads.append(thread)

    def look_later(self) -> None:
        """See in a moment whether the jobs that there are have been taken."""
        if self.alarm is None and len(self.threads) < self.limit:
            self.seen = self.given
            self.kernel.alarms.set(self.kernel.clock.now() + PATIENCE, self)

    def ring(self) -> None:
        """The moment is over."""
        waiting = self.jobs.qsize()
        if self.given - waiting < self.seen:
            with suppress(RuntimeError):  # no thread to be had: those that there are go on
                self.hire()
        if waiting:
            self.look_later()

    def drop(self) -> None:
        """A job in the queue will not be done. Dropped ones never outnumber the others for long."""
        self.results.due -= 1
        self.dropped += 1
        if self.dropped > max(DROPPED, self.jobs.qsize() // 2):
            self.throw_out()

    def throw_out(self) -> None:
        """Get rid of the dropped ones."""
        kept = []
        with suppress(Empty):
            while True:
                job = self.jobs.get_nowait()
                if job is not None and job.unbegun:
                    kept.append(job)
        for job in kept:
            self.jobs.put(job)
        self.dropped = 0

    def close(self) -> None:
        """Send the workers home. Nobody waits for those that are in a job; whoever comes later has
        new ones.
        """
        if self.alarm is not None:
            self.kernel.alarms.drop(self)
        for _ in self.threads:
            self.jobs.put(None)
        self.threads, self.jobs, self.results = [], SimpleQueue(), Results(self.kernel.inbox)
        self.given = self.seen = self.dropped = 0

    def __del__(self) -> None:
        self.close()


def work(jobs: SimpleQueue[Job | None], results: Results, on_hire: Callable[[], object]) -> None:
    """What a worker does, until it is sent home."""
    on_hire()
    while (job := jobs.get()) is not None:
        if job.run():
            results.add(job)
        del job  # an idle worker keeps nothing alive


def checked(limit: int) -> int:
    """Raise `ValueError` or `TypeError` for what is no number of workers."""
    if type(limit) is not int:
        raise TypeError(f"the number of workers is an integer, not {brief(limit)}")
    if limit < 1:
        raise ValueError(f"a kernel has 1 worker at least, not {limit}")
    return limit
