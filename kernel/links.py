"""Links: tasks that live and die together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .errors import LinkBroken
from .mailbox import mailbox_of
from .watch import Watch

if TYPE_CHECKING:
    from .task import ExitStatus, Task


@dataclass(slots=True, frozen=True)
class ExitMessage:
    """A linked task has ended: what one that traps exits is told."""

    tid: int
    status: ExitStatus


class Links:
    """Which tasks are linked. A link is two watches, each on one task for the other."""

    def __init__(self) -> None:
        #: For every linked task, the watches on its partners, by their tids.
        self.watches: dict[int, dict[int, Watch]] = {}

    def tie(self, one: Task, other: Task) -> None:
        """Link two living tasks; between two there is one link at most."""
        if other.tid in self.watches.get(one.tid, ()):
            return
        for task, partner in ((one, other), (other, one)):
            watch = Watch(partner, partial(self.broken, task))
            self.watches.setdefault(task.tid, {})[partner.tid] = watch

    def untie(self, one: int, other: int) -> bool:
        """End the link of two tasks; False if there is none."""
        if other not in self.watches.get(one, ()):
            return False
        for tid, partner in ((one, other), (other, one)):
            self.watches[tid].pop(partner).leave()
            if not self.watches[tid]:
                del self.watches[tid]
        return True

    def broken(self, task: Task, partner: Task) -> None:
        """`partner`, to which `task` was linked, has ended."""
        self.untie(task.tid, partner.tid)
        assert partner.status is not None
        if traps_exits(task):
            mailbox_of(task).put_always(ExitMessage(partner.tid, partner.status))
        elif not partner.status.ok:
            task.kernel.kill(task, error=broken_by(partner.status))


def traps_exits(task: Task) -> bool:
    """Whether it is told of the end of a linked task, and not killed."""
    return task.mailbox is not None and task.mailbox.traps_exits


def broken_by(status: ExitStatus) -> LinkBroken:
    """What ends a task whose partner has ended so. The first of those who die of each other is
    named to all, so that the last need not name each before it.
    """
    first = status.error.status if isinstance(status.error, LinkBroken) else status
    return LinkBroken(status.tid, first)
