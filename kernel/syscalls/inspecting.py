"""All there is about one task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..record import record
from ..systemcall import SystemCall, brief, safe, system_call
from ..task import ExitStatus, Task
from ..waitqueue import Caller, Dormitory
from ..watch import Watch
from .links import Reference
from .listing import TaskInfo, task_info
from .locks import OwnedLock
from .openfiles import FileInfo, file_info, files_of
from .select import Branches

if TYPE_CHECKING:
    from ..alarms import Sleeper
    from ..scheduler import Scheduler

#: So many messages, context variables and files are told of.
FIRST: Final = 10


@record
class PlaceInfo:
    """A place on a queue, from 1 on, and how many have one; what for, in words."""

    reason: str
    place: int
    length: int


@record
class ScopeInfo:
    """A cancel scope that is open: how many seconds are left of its time, if it has any."""

    left: float | None
    cancelled: bool
    shield: bool


@record
class MailboxInfo:
    """A mailbox: the number of messages in it, of those on their way, and how many it holds; the
    first of them in short; whether its task traps exits.
    """

    messages: int
    expected: int
    size: int
    first: tuple[str, ...]
    traps_exits: bool


@record
class TaskDetails:
    """All there is about a task.

    `call` is what it sleeps in, and `places` are those that it has on queues; more than one in a
    `Select`. So many seconds are left of its `alarm`, which wakes it, and until the `deadline` of a
    kill. `waiters` wait for its end, or for an answer (0: a request from outside). `locks` are
    those that it has and that know it; `files` are open files that it waits for or has in a local
    variable. `handlers` and `context` are pairs: of a signal and its handler, of a context variable
    and its value.
    """

    task: TaskInfo
    status: ExitStatus | None
    call: str
    places: tuple[PlaceInfo, ...]
    alarm: float | None
    deadline: float | None
    children: tuple[int, ...]
    waiters: tuple[int, ...]
    links: tuple[int, ...]
    monitors: tuple[int, ...]
    monitored_by: tuple[int, ...]
    names: tuple[str, ...]
    locks: tuple[str, ...]
    scopes: tuple[ScopeInfo, ...]
    handlers: tuple[tuple[str, str], ...]
    mailbox: MailboxInfo | None
    files: tuple[FileInfo, ...]
    context: tuple[tuple[str, str], ...]


@system_call
class InspectTask(SystemCall):
    """Answers the `TaskDetails` of a task, alive or ended. Raises `NoSuchTask`."""

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        task, tid = kernel.find(self.tid), self.tid
        handlers = kernel.handlers.get(tid, {})
        monitors = watching(task, Reference)  # those that it has, and those on it
        return TaskDetails(
            task=task_info(kernel, task, caller),
            status=task.status,
            call=safe(repr, task.call) if task.queue is not None else "",
            places=tuple(places(task)),
            alarm=left(kernel, task),
            deadline=left(kernel, kernel.dying.get(tid)),
            children=tuple(other.tid for other in kernel.tasks.values() if other.parent == tid),
            waiters=tuple(other.tid for other in task.waiters or () if type(other) is not Watch),
            links=tuple(kernel.links.watches.get(tid, ())),
            monitors=tuple(each.tid for each in monitors if each.tid != tid),
            monitored_by=tuple(each.mailbox.task.tid for each in monitors if each.tid == tid),
            names=tuple(name for name, (owner, _) in kernel.names.owners.items() if owner is task),
            locks=tuple(safe(str, lock) for lock in watching(task, OwnedLock)),
            scopes=tuple(
                ScopeInfo(left(kernel, scope), scope.cancelled, scope.shield)
                for scope in task.scopes or ()
            ),
            handlers=tuple((signal.name, brief(handler)) for signal, handler in handlers.items()),
            mailbox=mailbox_info(task),
            files=tuple(
                file_info(kernel, fd, source)
                for fd, source in islice(sorted(files_of(task).items(), key=first), FIRST)
            ),
            context=tuple(
                (variable.name, brief(value))
                for variable, value in islice((task.context or {}).items(), FIRST)
            ),
        )


def first(pair: tuple[int, Any]) -> int:
    return pair[0]


def places(task: Task) -> Iterator[PlaceInfo]:
    """Where it stands on queues."""
    callers: Iterable[Caller] = [task]
    if isinstance(task.queue, Branches):
        callers = task.queue.branches
    for caller in callers:
        queue = caller.queue
        if queue is not None and not isinstance(queue, Dormitory):
            standing = [other for other in queue if type(other) is not Watch]
            yield PlaceInfo(caller.reason(), standing.index(caller) + 1, len(standing))


def left(kernel: Scheduler, sleeper: Sleeper | None) -> float | None:
    """How many seconds are left until its alarm rings; None without one."""
    if sleeper is None or sleeper.alarm is None:
        return None
    return max(0.0, sleeper.alarm[0] - kernel.clock.now())


def watching(task: Task, kind: type) -> list[Any]:
    """The things of this kind that are told of the end of the task."""
    notified = [watch.notify for watch in task.waiters or () if isinstance(watch, Watch)]
    things = (getattr(notify, "__self__", None) for notify in notified)
    return [thing for thing in things if isinstance(thing, kind)]


def mailbox_info(task: Task) -> MailboxInfo | None:
    box = task.mailbox
    if box is None:
        return None
    messages = box.messages or ()
    shown = tuple(brief(message) for message in islice(messages, FIRST))
    return MailboxInfo(len(messages), box.expected, box.size, shown, box.traps_exits)
