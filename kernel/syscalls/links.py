"""Calls for tasks that concern each other: monitors, by which one is told of another's end, and
links, by which tasks end together. They are those of Erlang.

A monitor is one-sided, and any number of them count one by one. A link has no sides: when one of
two linked tasks crashes or is killed, the other is killed as well, and so on from link to link. One
that traps exits gets an `ExitMessage` instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..frames import drop
from ..links import ExitMessage, broken_by, traps_exits
from ..mailbox import Mailbox, mailbox_of
from ..systemcall import SystemCall, brief, system_call
from ..task import ExitStatus, Task
from ..watch import Watch
from .tasks import own_task

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@dataclass(slots=True, frozen=True)
class Down:
    """A monitored task has ended: what the monitor of this `reference` puts into the mailbox."""

    reference: Reference
    tid: int
    status: ExitStatus


class Reference:
    """One monitor: what `Monitor` answers and `Demonitor` takes."""

    __slots__ = ("mailbox", "tid", "watches")

    def __init__(self, mailbox: Mailbox, task: Task) -> None:
        self.mailbox = mailbox
        self.tid = task.tid
        self.watches = Watch(mailbox.task, self.drop), Watch(task, self.tell)

    def drop(self, task: Task) -> None:
        """The monitoring task has ended."""
        self.leave()

    def tell(self, task: Task) -> None:
        """The monitored task has ended."""
        self.leave()
        assert task.status is not None
        self.mailbox.put_always(Down(self, task.tid, task.status))

    def leave(self) -> bool:
        """Watch no more; whether it did until now."""
        watching = self.watches[0].queue is not None
        for watch in self.watches:
            watch.leave()
        return watching

    def __repr__(self) -> str:
        return f"<Reference to task {self.tid}>"


@system_call
class Monitor(SystemCall):
    """From now on the end of the task `tid` puts a `Down` into the caller's mailbox; at once, if it
    has ended before. Answers a reference, which the `Down` has as well.

    Raises `NoSuchTask`, `ValueError` to a task that monitors itself.
    """

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return monitor(own_task(caller, self), kernel.find(self.tid))


@system_call
class Demonitor(SystemCall):
    """Ends a monitor of the caller: from now on there is no `Down` of it, nor is one left in the
    mailbox. Answers whether it was in time: False if the task had ended before.

    Raises `ValueError` for what is no reference of the caller's own.
    """

    reference: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        mailbox = mailbox_of(own_task(caller, self))
        reference = self.reference
        if not isinstance(reference, Reference) or reference.mailbox is not mailbox:
            raise ValueError(f"Demonitor takes an own answer of Monitor, not {brief(reference)}")
        in_time = reference.leave()
        mailbox.take(lambda message: isinstance(message, Down) and message.reference is reference)
        return in_time


@system_call
class SpawnMonitored(SystemCall):
    """Makes a task, as `NewTask`, and monitors it. Answers the pair (tid, reference)."""

    target: Any
    name: str | None = None

    def drop(self) -> None:
        drop(self.target)

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        own = own_task(caller, self)
        task = Task(self.target, self.name)
        kernel.schedule(task, caller.tid)
        return task.tid, monitor(own, task)


@system_call
class Link(SystemCall):
    """Links the caller to the task `tid`, unless it is already. Answers None.

    If that has ended, the link breaks at once. Raises `NoSuchTask`.
    """

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        own, task = own_task(caller, self), kernel.find(self.tid)
        if task.status is not None:
            break_at_once(kernel, own, task.status)
        elif task is not own:
            kernel.links.tie(own, task)
        return None


@system_call
class Unlink(SystemCall):
    """Ends the link between the caller and the task `tid`. Answers whether there was one.

    An `ExitMessage` that is in the mailbox already stays there.
    """

    tid: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        return kernel.links.untie(own_task(caller, self).tid, self.tid)


@system_call
class SpawnLinked(SystemCall):
    """Makes a task, as `NewTask`, and links the caller to it. Answers its tid."""

    target: Any
    name: str | None = None

    def drop(self) -> None:
        drop(self.target)

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        own = own_task(caller, self)
        task = Task(self.target, self.name)
        kernel.schedule(task, caller.tid)
        kernel.links.tie(own, task)
        return task.tid


@system_call
class TrapExits(SystemCall):
    """Whether the caller traps exits from now on: the end of a linked task, however it ends, then
    puts an `ExitMessage` into its mailbox and does not kill it. Answers whether it did before.
    """

    on: bool

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if not isinstance(self.on, bool):
            raise TypeError(f"TrapExits takes True or False, not {brief(self.on)}")
        mailbox = mailbox_of(own_task(caller, self))
        before, mailbox.traps_exits = mailbox.traps_exits, self.on
        return before


def monitor(own: Task, task: Task) -> Reference:
    """Have `own` told of the end of `task`."""
    if task is own:
        raise ValueError(f"task {task.tid} monitors itself, and would never be told")
    reference = Reference(mailbox_of(own), task)
    if task.frame is None:
        reference.tell(task)
    return reference


def break_at_once(kernel: Scheduler, own: Task, status: ExitStatus) -> None:
    """What the end of a task means to `own`, which links to it afterwards."""
    if traps_exits(own):
        mailbox_of(own).put_always(ExitMessage(status.tid, status))
    elif not status.ok and not own.killed:
        own.killed = True
        kernel.expect_end(own)
        raise broken_by(status)
