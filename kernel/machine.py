"""A machine: a scheduler on a thread of its own, and the way in from other threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from .boost import Boost
from .callstack import depth, through
from .deadlock import verdict
from .errors import KernelStopped, RequestCancelled
from .places import info_of
from .preemption.preemption import Preemption
from .request import Cancellation, Reply, Request
from .scheduler import Scheduler, TurnOver
from .switching import switch_interval
from .syscalls.overview import Overview, overview_of
from .systemcall import SystemCall, safe
from .task import in_words
from .trace import Deadlocked, Hogged, Panicked, Sink, TraceEvent
from .watchdog import Watchdog, tell

#: The name of a kernel's thread.
KERNEL_THREAD: Final = "pyos kernel"

#: Seconds that `shutdown` waits beyond its deadline for a kernel that does not come back.
MARGIN: Final = 0.5


class Machine:
    """A scheduler that runs on a background thread from `boot` to `shutdown`.

    Every method may be called from any thread. Unlike `Scheduler.mainloop`, a machine with no task
    left waits for requests, and one whose tasks are all blocked reports it and stays up.
    """

    def __init__(self, scheduler: Scheduler | None = None) -> None:
        self.kernel = scheduler or Scheduler()
        self.thread = threading.Thread(target=self.run, name=KERNEL_THREAD, daemon=True)
        self.watchdog: Watchdog | None = None
        self.observers: list[Callable[[], object]] = []
        self.wakers: list[Callable[[], object]] = []
        #: Seconds that the tasks have to end, once the machine is told to stop.
        self.grace: float | None = None
        #: When the next boost may begin.
        self.unboosted = 0.0
        self.panic: BaseException | None = None
        #: Where the tasks stood then.
        self.stacks = ""
        self.verdict = ""
        #: The pass after which it was worked out: as long as no task has run, it holds.
        self.judged = -1

    def boot(self) -> Machine:
        """Start the kernel's thread; answers the machine itself."""
        self.thread.start()
        return self

    def submit(self, call: SystemCall) -> Reply:
        """Make a system call; the future gets its answer or its error.

        It is answered whatever happens: once the kernel has stopped, with `KernelStopped`.
        """
        request = Request(self.kernel, call)
        self.kernel.inbox.put(request)
        return request.future

    def call(self, call: SystemCall, timeout: float | None = None) -> Any:
        """Make a system call and wait for its answer; `TimeoutError` after `timeout` seconds, or
        half a second later where a task holds the kernel.

        Whatever ends the waiting early, a Ctrl-C too, gives the request up. Raises `RuntimeError`
        on the kernel's own thread, which would wait for itself.
        """
        self.forbid_own_thread()
        reply = self.submit(call)
        try:
            return reply.result(timeout)
        except TimeoutError:
            if reply.done():
                return reply.result()
            self.cancel(reply)
            # An answer that comes before the end of the request is not lost.
            with suppress(TimeoutError, RequestCancelled):
                return reply.result(MARGIN)
            raise
        finally:
            if not reply.done():
                self.cancel(reply)

    def forbid_own_thread(self) -> None:
        """Raise `RuntimeError` in a task that would wait for its own kernel."""
        if threading.current_thread() is self.thread:
            raise RuntimeError("a task cannot wait for its own kernel here: it yields its calls")

    def cancel(self, reply: Reply) -> None:
        """Give a request up. It ends with `RequestCancelled`, unless its answer comes first."""
        self.kernel.inbox.put(Cancellation(reply.request))

    def subscribe(self, sink: Sink, *kinds: type[TraceEvent]) -> None:
        """Call `sink` with every such event, on the kernel's thread or the watchdog's."""
        self.kernel.trace.subscribe(sink, *kinds)

    def unsubscribe(self, sink: Sink) -> None:
        """Call `sink` no more."""
        self.kernel.trace.unsubscribe(sink)

    def holder(self) -> Hogged | None:
        """The task that is in a step at this very moment, and where; None while none is."""
        return self.watchdog.holder() if self.watchdog is not None else None

    def overview(self) -> Overview:
        """The system in a few numbers; after a panic there is nothing any more. Nobody is asked for
        them, and nobody waits.
        """
        return overview_of(self.kernel) if self.panic is None else Overview()

    def shares(self) -> dict[int, float]:
        """The share of the processor that each task has had in the last five seconds, between 0 and
        1, by its tid; without those that hardly had any. Nobody is asked, and nobody waits.
        """
        watchdog = self.watchdog
        return watchdog.shares.gathered(time.monotonic()) if watchdog is not None else {}

    def boost(self) -> Boost:
        """Keep busy tasks from their turns until the boost's `end`, for a hundredth of a second at
        most: there is something to show to somebody who waits.
        """
        boost = Boost(self)
        if not self.kernel.inbox.asleep:
            self.kernel.inbox.put(boost)
        return boost

    def observe(
        self, observer: Callable[[], object], woken: Callable[[], object] | None = None
    ) -> None:
        """Call `observer` ten times a second while the kernel is awake, and a few times more once
        it sleeps or has stopped, on the watchdog's thread. While it sleeps on, nobody is called;
        when it wakes then, or has its first task, `woken` is, on its own thread and before anything
        else.
        """
        self.observers.append(observer)
        if woken is not None:
            self.wakers.append(woken)

    def ignore(self, observer: Callable[[], object]) -> None:
        """Call `observer` no more; nothing happens if it is not called anyway."""
        with suppress(ValueError):
            self.observers.remove(observer)

    def shutdown(self, deadline: float = 2.0) -> bool:
        """End all tasks, newest first, by force after `deadline` seconds, and stop the kernel.

        False if it did not come back in time, because a task holds it: then it stops when that
        lets go, or with the process. False, too, if it has panicked. Raises `ValueError` for a
        deadline that is no time.
        """
        self.forbid_own_thread()
        if not 0 <= deadline < threading.TIMEOUT_MAX:
            raise ValueError(f"cannot give tasks {deadline} seconds to end")
        if self.thread.ident is None:  # a boot that comes now ends at once
            self.grace = deadline
            self.refuse_all(KernelStopped())
            return True
        order = Stop(self, deadline)
        self.kernel.inbox.put(order, first=True)
        self.thread.join(deadline + MARGIN)
        if self.thread.is_alive():
            self.refuse_all(KernelStopped("the kernel is stuck in a task"))
            # The loop looks for arrivals only, so the one that matters waits there for it.
            self.kernel.inbox.arrivals.append(order)
            return False
        return self.panic is None

    def refuse_all(self, reason: KernelStopped) -> None:
        """Answer with `reason` whatever has no answer yet, and whatever comes from now on."""
        self.kernel.inbox.close(reason)
        for request in list(self.kernel.requests):
            request.refuse(reason)

    def __enter__(self) -> Machine:
        return self.boot()

    def __exit__(self, *error: object) -> None:
        self.shutdown()

    # -- on the kernel's thread

    def run(self) -> None:
        reason = KernelStopped()
        switch_interval.shorten()
        self.kernel.running = True
        try:
            self.kernel.poller.poll(0)  # so that it has its descriptors before tasks take them all
            preemption = self.watch()
            with self.kernel.asyncgens:
                self.wait_for_tasks()
                if self.kernel.tasks:
                    tell(self.wakers)
                preemption.run()
        except BaseException as error:
            self.panic = error
            reason = KernelStopped(f"the kernel has panicked: {in_words(error)}")
            self.kernel.trace.report(Panicked(0, error, self.stacks), error)
        finally:
            self.close(reason)

    def watch(self) -> Preemption:
        """Have the kernel watched from now on, and interrupted where a task holds it."""
        preemption = Preemption(
            self.kernel, self.serve, lambda: self.grace, lambda: self.shutdown(0)
        )
        self.kernel.preemption = preemption
        ident = threading.get_ident()
        watchdog = Watchdog(self.kernel, ident, self.observers, self.wakers, preemption)
        watchdog.start()
        self.watchdog = watchdog
        return preemption

    def wait_for_tasks(self) -> None:
        """The loop as long as there is no task: what only tasks need is made ready behind it."""
        kernel = self.kernel
        while self.grace is None and not kernel.tasks:
            kernel.sleep(wait=True)
            kernel.inbox.take()
            if kernel.alarms.live:
                kernel.alarms.ring(kernel.clock.now())

    def serve(self) -> None:
        """The loop; if it fails, the stacks are noted as they are, before any of them is left."""
        try:
            self.turn()
        except TurnOver:
            raise
        except BaseException:
            self.stacks = self.stacks or safe(all_stacks, self.kernel)
            raise

    def turn(self) -> None:
        """Turn the loop until the machine is told to stop and all tasks have ended."""
        while self.grace is None:
            if not self.kernel.ready and self.kernel.tasks:
                self.report_deadlock()
            self.kernel.cycle(once=False)
        self.kernel.end_all(self.grace)

    def report_deadlock(self) -> None:
        """Say that nothing can go on, once for each time that it comes to this."""
        if self.judged == self.kernel.passes:
            return
        # Whoever has stopped a task can continue it.
        if not self.kernel.stuck() or any(task.stopped for task in self.kernel.tasks.values()):
            self.verdict = ""
            return
        stuck = verdict(self.kernel)
        if stuck != self.verdict:
            self.kernel.trace.report(Deadlocked(0, stuck))
        self.verdict = stuck
        self.judged = self.kernel.passes

    def close(self, reason: KernelStopped) -> None:
        """Leave no request unanswered, and nothing open."""
        self.refuse_all(reason)
        self.kernel.running = False
        switch_interval.put_back()
        if self.watchdog is not None:
            self.watchdog.stop()
        if self.kernel.preemption is not None:
            self.kernel.preemption.close()
        if self.kernel.breaks is not None:
            self.kernel.breaks.close()
        self.kernel.workers.close()
        self.kernel.poller.close()


class Stop:
    """The machine's order to stop."""

    def __init__(self, machine: Machine, grace: float) -> None:
        self.machine, self.grace = machine, grace

    def arrive(self) -> None:
        self.machine.grace = self.grace
        kernel = self.machine.kernel
        for task in kernel.tasks.values():
            if task.unfinished is not None:  # the next step may be a long one
                kernel.kill(task, self.grace)

    def ends(self, tid: int) -> bool:
        return True

    def refuse(self, reason: BaseException) -> None:
        """It has stopped already; or it is stuck, and is to stop when it comes back."""
        self.machine.grace = self.grace


def all_stacks(kernel: Scheduler, most: int = 50) -> str:
    """Where the tasks stood, for a kernel panic: so many of them, and the innermost frames."""
    lines = []
    for task in islice(kernel.tasks.values(), most):
        lines.append(f"task {task.tid} {task.name}")
        innermost = through(task.frames()[-most:], task.unfinished)
        frames = [info_of(frame) for frame in innermost][-most:]
        if omitted := depth(task) - len(frames):
            lines.append(f"  … {omitted:,} frames")
        lines += [f"  {frame.function} {frame.file}:{frame.line}" for frame in frames]
    if len(kernel.tasks) > most:
        lines.append(f"and {len(kernel.tasks) - most:,} more tasks")
    return "\n".join(lines)
