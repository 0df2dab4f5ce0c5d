"""Why a task does not go on: what it waits for, who holds that, and so on to the end of the chain.

Whatever is said here is so at this moment: it is read off the queues, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..callstack import shown_frames
from ..deadlock import circle_of, in_words, steps, walk
from ..frames import locals_of
from ..named import Named
from ..record import record
from ..systemcall import SystemCall, system_call
from ..task import Task
from ..waitqueue import Caller
from .listing import program, state_of
from .scopes import Scope
from .select import Branches

if TYPE_CHECKING:
    from ..alarms import Sleeper
    from ..scheduler import Scheduler

#: So many tasks of a chain are told, half of them from its end.
LONGEST: Final = 20

#: So many tasks are looked at for who has a thing at hand, and so many of them are named.
LOOKED_AT: Final = 1000
NAMED: Final = 5


@record
class Cause:
    """Why one task does not go on, in words: "waits to acquire Mutex m, which task 3 has".

    If something is known of who could wake it, `woken_by` says who that is, in words, and `wakers`
    are the first tasks that could, or that have what it takes in a local variable.
    """

    tid: int
    program: str
    state: str
    text: str
    woken_by: str = ""
    wakers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"task {self.tid} {self.text}"


@record
class Explanation:
    """Why a task does not go on: the task itself, the one that it waits for, and so on.

    `omitted` of the `chain` are left out in its middle. Where tasks wait for each other, `circle`
    are their tids. `verdict` says what is to become of it, where that is known: of a deadlock, that
    it is one.
    """

    chain: list[Cause]
    omitted: int
    circle: list[int]
    verdict: str

    def __str__(self) -> str:
        parts = [str(cause) for cause in self.chain]
        if self.omitted:
            parts.insert(len(parts) // 2, f"and so on, {self.omitted:,} tasks more")
        last = self.chain[-1]
        if last.woken_by and not self.verdict:
            parts.append(f"{last.woken_by} could wake it{at_hand(last.wakers)}")
        return "; ".join([*parts, *filter(None, [self.verdict])])


@system_call
class ExplainTask(SystemCall):
    """Answers an `Explanation` of why a task does not go on: what it waits for, who has that, and
    so on. Raises `NoSuchTask`.
    """

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return explain(kernel, kernel.find(self.tid), caller)


def at_hand(tids: tuple[int, ...]) -> str:
    """Names the tasks that have at hand what it takes."""
    if not tids:
        return ""
    *first, last = map(str, tids)
    if not first:
        return f", as task {last} perhaps, which has it at hand"
    return f", as tasks {', '.join(first)} and {last} perhaps, which have it at hand"


def explain(kernel: Scheduler, task: Task, caller: Caller) -> Explanation:
    """Follow the chain that begins with this task."""
    path = walk(kernel, task.tid, set())
    circle = circle_of(path)
    tids = path[:-1] if circle else path
    half = LONGEST // 2
    omitted = max(0, len(tids) - LONGEST)
    shown = [*tids[:half], *tids[-half:]] if omitted else tids
    chain = [cause(kernel, kernel.find(tid), caller, tid == path[-1]) for tid in shown]
    return Explanation(chain, omitted, circle, verdict(kernel, tids, circle, caller))


def verdict(kernel: Scheduler, tids: list[int], circle: list[int], caller: Caller) -> str:
    """What is to become of it."""
    if circle:
        ends = [end for tid in circle if (end := way_out(kernel.tasks[tid])) is not None]
        arrow = " → ".join(steps(circle))
        if ends:
            return f"they wait in a circle, {arrow}, which somebody leaves in {min(ends):.1f} s"
        return f"a deadlock: {arrow}"
    last = kernel.tasks.get(tids[-1])
    asleep = last is not None and last.queue is not None
    if asleep and caller.task is None and kernel.stuck() and not kernel.held:
        return "a deadlock: nothing in the system can wake it"
    return ""


def way_out(task: Task) -> float | None:
    """In how many seconds the task gives up what it waits for; None if it never does."""
    deadline = task.kernel.dying.get(task.tid)
    return first_to_ring(task.kernel, [task, *heard(task), *([deadline] if deadline else [])])


def first_to_ring(kernel: Scheduler, sleepers: Iterable[Sleeper]) -> float | None:
    """In how many seconds the first of these alarms rings; None if there is none."""
    due = [sleeper.alarm[0] for sleeper in sleepers if sleeper.alarm is not None]
    return max(0.0, min(due) - kernel.clock.now()) if due else None


def heard(task: Task) -> Iterable[Scope]:
    """The scopes whose end would end the sleep of the task."""
    if task.killed or task.call.uninterruptible:
        return
    for scope in reversed(task.scopes or ()):
        yield scope
        if scope.shield:
            return


def cause(kernel: Scheduler, task: Task, caller: Caller, is_last: bool) -> Cause:
    """Why this task does not go on; at the end of a chain, also who could wake it."""
    state = state_of(task, caller)
    text = STATES[state](kernel, task)
    if task.tid in kernel.dying:
        left = max(0.0, kernel.dying[task.tid].when - kernel.clock.now())
        text += f", and has been killed: it ends by force in {left:.1f} s at the latest"
    if not is_last or state != "blocked":
        return Cause(task.tid, program(task), state, text)
    return Cause(task.tid, program(task), state, text, *helpers(kernel, task))


def exited(kernel: Scheduler, task: Task) -> str:
    assert task.status is not None
    return f"was {task.status}" if task.killed else str(task.status)


def running(kernel: Scheduler, task: Task) -> str:
    return "is running"


def ready(kernel: Scheduler, task: Task) -> str:
    if kernel.brake is not None:
        return "is ready, but " + ("the system is slowed" if kernel.brake.rate else "all is paused")
    before = next((place for place, other in enumerate(kernel.ready) if other is task), None)
    if before is None:
        return "is ready, but in no queue: a faulty call has lost it"
    if not before:
        return "is ready, and next"
    return f"is ready; {before:,} {'is' if before == 1 else 'are'} before it"


def stopped(kernel: Scheduler, task: Task) -> str:
    return "is stopped, until somebody sends it CONT"


def blocked(kernel: Scheduler, task: Task) -> str:
    end, own = first_to_ring(kernel, heard(task)), first_to_ring(kernel, [task])
    is_sooner = end is not None and (own is None or end < own)
    return in_words(task.reason()) + (f", for {end:.1f} s at most" if is_sooner else "")


def helpers(kernel: Scheduler, task: Task) -> tuple[str, tuple[int, ...]]:
    """Who could wake a task: in words, and the tasks that are known."""
    calls = [task.call]
    if isinstance(task.queue, Branches):
        calls = [branch.call for branch in task.queue.branches]
    words = " or ".join(dict.fromkeys(call.woken_by for call in calls if call.woken_by))
    things = [thing for call in calls for thing in shared(call)]
    return words, tuple(islice(holders(kernel, things, task), NAMED)) if things else ()


def shared(call: Any) -> list[Any]:
    """What tasks share that the call is about."""
    values = (getattr(call, name, None) for name in getattr(call, "__match_args__", ()))
    return [value for value in values if issubclass(type(value), Named)]


def holders(kernel: Scheduler, things: list[Any], besides: Task) -> Iterable[int]:
    """The tids of other tasks that have one of these things in a local variable, and do not wait
    for it as well.
    """
    for task in islice(kernel.tasks.values(), LOOKED_AT):
        waits_too = task is besides or (task.queue is not None and task.queue is besides.queue)
        if not waits_too and has_any(task, things):
            yield task.tid


def has_any(task: Task, things: list[Any]) -> bool:
    """Whether one of these things is in a local variable of the task."""
    return any(
        value is thing
        for frame in shown_frames(task)[0]
        for value in locals_of(frame).values()
        for thing in things
    )


#: What is said of a task in each state.
STATES: Final = {
    "exited": exited,
    "running": running,
    "ready": ready,
    "stopped": stopped,
    "blocked": blocked,
}
