"""A task's mailbox: what it has been sent and has not received yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .errors import MailboxFull
from .waitqueue import WaitQueue
from .watch import Watch

if TYPE_CHECKING:
    from .alarms import Alarm
    from .task import Task

#: So many messages a mailbox holds, unless its task wishes otherwise.
SIZE: Final = 10_000

#: Stands for no message.
NOTHING: Final = object()


class Mailbox:
    """The messages for `task`, in the order in which they came.

    While the task sleeps in a `Receive`, there is none here that it wants.
    """

    __slots__ = ("expected", "messages", "receivers", "size", "task", "traps_exits")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.size = SIZE
        #: Made with the first message that has to wait: an empty deque takes 760 bytes.
        self.messages: deque[Any] | None = None
        #: Messages on their way, whose places are kept for them.
        self.expected = 0
        #: Where the task sleeps that waits for a message.
        self.receivers = WaitQueue()
        #: Whether it is told of the end of a linked task, and not killed.
        self.traps_exits = False

    def put(self, message: object) -> None:
        """Hand it to the task that waits for it, or else keep it. Raises `MailboxFull`."""
        if not self.hand_over(message):
            self.check_room()
            self.keep(message)

    def put_always(self, message: object) -> None:
        """Put what has its place already, or is a message of the kernel's own."""
        if not self.hand_over(message):
            self.keep(message)

    def hand_over(self, message: object) -> bool:
        """Give it to the task if that waits for it; whether it did."""
        for receiver in self.receivers:  # there are several only in a `Select`, which ends with one
            try:
                wanted = receiver.call.wants(message)
            except BaseException as error:
                receiver.fail(error)
                return False
            if wanted:
                receiver.answer(message)
                return True
        return False

    def take(self, wants: Callable[[object], bool]) -> object:
        """Out of the mailbox, the first message that is wanted; `NOTHING` if none is."""
        for place, message in enumerate(self.messages or ()):
            if wants(message):
                assert self.messages is not None
                del self.messages[place]
                return message
        return NOTHING

    def keep(self, message: object) -> None:
        if self.messages is None:
            self.messages = deque()
        self.messages.append(message)

    def check_room(self) -> None:
        """Raise `MailboxFull` if not one more message fits."""
        if len(self.messages or ()) + self.expected >= self.size:
            raise MailboxFull(self.task.tid, self.size)


def mailbox_of(task: Task) -> Mailbox:
    """The mailbox of a living task; made when first needed, it ends with the task."""
    if task.mailbox is None:
        task.mailbox = Mailbox(task)
        Watch(task, forget)
    return task.mailbox


def forget(task: Task) -> None:
    task.mailbox = None


class Delivery:
    """A message on its way: from now on it has its place in the mailbox, and is there at `when`.

    If the receiver ends before, it is dropped.
    """

    __slots__ = ("alarm", "end", "mailbox", "message")

    def __init__(self, mailbox: Mailbox, message: object, when: float) -> None:
        mailbox.check_room()
        mailbox.expected += 1
        self.mailbox, self.message = mailbox, message
        self.alarm: Alarm | None = None
        self.end = Watch(mailbox.task, lambda _: self.cancel())
        mailbox.task.kernel.alarms.set(when, self)

    def ring(self) -> None:
        self.mailbox.put_always(self.leave())

    def cancel(self) -> bool:
        """Take it back; False if it has arrived, or has been taken back before."""
        if self.alarm is None:
            return False
        self.mailbox.task.kernel.alarms.drop(self)
        self.leave()
        return True

    def leave(self) -> object:
        """On its way no more; gives the message."""
        self.end.leave()
        self.mailbox.expected -= 1
        message, self.message = self.message, None
        return message

    def __repr__(self) -> str:
        return f"<Delivery to task {self.mailbox.task.tid}>"
