"""Calls that send messages to tasks, by tid or by name, and receive them.

Every task has a mailbox. To send never waits: a message is in the mailbox at once, or an error says
why not. `Receive` takes the first message that it is meant for, and leaves the others in order.

    def server():
        while True:
            asked = yield Receive(Asked)
            yield Answer(asked, asked.message.upper())

    reply = yield Ask(server_tid, "hello")      # "HELLO"

Whoever asks sleeps until the answer comes or the server ends. So no answer lies about in a mailbox:
one that comes late finds nobody.
"""

from __future__ import annotations

from contextlib import suppress
from types import UnionType
from typing import TYPE_CHECKING, Any, Final

from ..checks import check_count, check_kind, check_seconds
from ..errors import NoAnswer, NoSuchName, TaskEnded
from ..mailbox import NOTHING, Delivery, mailbox_of
from ..systemcall import SystemCall, brief, system_call
from .tasks import own_task

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..task import Task
    from ..waitqueue import Caller

#: What a `Receive` is meant for may be a kind of messages: whatever `isinstance` takes.
KINDS: Final = (type, tuple, UnionType)


@system_call
class SendMessage(SystemCall):
    """Sends `message` to a task, known by its tid or by a name. Answers None, at once.

    Raises `NoSuchTask`, or `TaskEnded`, or `NoSuchName`; `MailboxFull` when the task has as many
    messages as its mailbox holds.
    """

    to: int | str
    message: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        mailbox_of(living(kernel, self.to)).put(self.message)
        return None


@system_call
class Receive(SystemCall):
    """Waits for a message that is meant, and answers it; all others stay, in order.

    `match` is a type, a tuple of types, a predicate, or None for any message. Raises `TimeoutError`
    after `timeout` seconds (0: at once), `NotATask` to a request from outside, and whatever the
    predicate raises.
    """

    match: Any = None
    timeout: float | None = None

    woken_by = "whoever sends it a message"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        mailbox = mailbox_of(own_task(caller, self))
        if self.match is not None:
            check_match(self.match)
        if self.timeout is not None:
            check_seconds(self.timeout)
        message = mailbox.take(self.wants)
        if message is not NOTHING:
            return message
        if self.timeout == 0:
            raise self.too_late()
        if self.timeout is not None:
            kernel.alarms.set(kernel.clock.now() + float(self.timeout), caller)
        return caller.sleep(mailbox.receivers, self)

    def wants(self, message: object) -> bool:
        """Whether the message is meant; raises whatever the predicate raises."""
        if self.match is None:
            return True
        if isinstance(self.match, KINDS):
            return isinstance(message, self.match)
        return bool(self.match(message))

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.fail(self.too_late())

    def too_late(self) -> TimeoutError:
        return TimeoutError(f"no such message within {float(self.timeout or 0):g} s")

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        kinds = self.match if isinstance(self.match, tuple) else (self.match,)
        names = " or ".join(getattr(kind, "__name__", brief(kind)) for kind in kinds)
        what = "receive" if self.match is None else f"receive {names}"
        return what + time_left(kernel, caller)


@system_call
class LimitMailbox(SystemCall):
    """From now on the caller's mailbox holds `size` messages, 10,000 until then; whoever sends one
    more gets `MailboxFull`. What is there stays. Answers None.
    """

    size: int

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_count(self.size, 1, "a mailbox holds 1 message at least")
        mailbox_of(own_task(caller, self)).size = self.size
        return None


@system_call
class Register(SystemCall):
    """Gives a task a name: the caller, or the task `tid`. It may have several. Answers None.

    The name falls free when the task ends. Raises `NameTaken` while a task has it, `NoSuchTask`,
    and `TypeError` or `ValueError` for what is no name.
    """

    name: str
    tid: int | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        own = self.tid is None
        task = own_task(caller, self) if own else living(kernel, self.tid)
        kernel.names.give(self.name, task)
        return None


@system_call
class Unregister(SystemCall):
    """Frees a name. Answers None. Raises `NoSuchName`."""

    name: str

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        kernel.names.take_back(self.name)
        return None


@system_call
class WhereIs(SystemCall):
    """Answers the tid of the task that goes by a name; None if there is none."""

    name: str

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        try:
            return kernel.names.find(self.name).tid
        except NoSuchName:
            return None


class Asked:
    """A question in a mailbox, to be answered by `Answer`: the `message` of an `Ask`, and the tid
    of its `sender` (0 for a request from outside).
    """

    __slots__ = ("asker", "message", "sender")
    __match_args__ = ("message", "sender")

    def __init__(self, asker: Caller, message: object) -> None:
        self.asker = asker
        self.message = message
        self.sender = asker.tid

    @property
    def waited_for(self) -> bool:
        """Whether the sender still waits for the answer."""
        call = getattr(self.asker, "call", None)
        return isinstance(call, Asking) and call.asked is self

    def __repr__(self) -> str:
        return f"Asked({brief(self.message)}, {self.sender})"


@system_call
class Ask(SystemCall):
    """Sends `message` as an `Asked`, and waits; answers what the other task gives to `Answer`.

    Raises `TimeoutError` after `timeout` seconds, `NoAnswer` when the other task ends meanwhile,
    and what `SendMessage` raises. Raises `ValueError` to a task that asks itself.
    """

    to: int | str
    message: Any
    timeout: float | None = None

    acts_first = True

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        timeout = None
        if self.timeout is not None:
            check_seconds(self.timeout)
            timeout = float(self.timeout)
        task = living(kernel, self.to)
        if task.tid == caller.tid:
            raise ValueError(f"task {task.tid} asks itself, which cannot answer while it waits")
        asked = Asked(caller, self.message)
        mailbox_of(task).put(asked)
        if timeout is not None:
            kernel.alarms.set(kernel.clock.now() + timeout, caller)
        return caller.sleep(task.exit_queue(), Asking(task.tid, asked, timeout))


@system_call
class Asking(SystemCall):
    """What is left of an `Ask`: the question has been sent to the task `tid`."""

    tid: int
    asked: Asked
    timeout: float | None

    def ended(self, task: Task) -> object:
        status = task.status
        assert status is not None
        raise NoAnswer(status) from status.error

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        caller.fail(TimeoutError(f"no answer of task {self.tid} within {self.timeout:g} s"))

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"answer of {self.tid}" + time_left(kernel, caller)

    def waits_for(self) -> int | None:
        return self.tid

    def __repr__(self) -> str:
        return repr(Ask(self.tid, self.asked.message, self.timeout))


@system_call
class Answer(SystemCall):
    """Answers the `Ask` that came as `asked`. Any task may, not just the one that was asked.

    Answers True; False if nobody waits any more, because it was answered, timed out, or was killed.
    """

    asked: Asked
    value: Any = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.asked, Asked, "a received Asked")
        if not self.asked.waited_for:
            return False
        self.asked.asker.answer(self.value)
        return True


@system_call
class SendAfter(SystemCall):
    """Sends `message` when `seconds` have passed; answers at once, with what `CancelSend` takes.

    The message has its place in the mailbox from now on. It is dropped if the receiver ends before.
    Otherwise as `SendMessage`.
    """

    seconds: float
    to: int | str
    message: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_seconds(self.seconds)
        mailbox = mailbox_of(living(kernel, self.to))
        return Delivery(mailbox, self.message, kernel.clock.now() + float(self.seconds))


@system_call
class CancelSend(SystemCall):
    """Takes a message back that `SendAfter` has on its way. Answers whether it was in time."""

    delivery: Any

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        check_kind(self.delivery, Delivery, "an answer of SendAfter")
        return self.delivery.cancel()


def living(kernel: Scheduler, to: Any) -> Task:
    """The task of this tid or name. Raises `NoSuchTask`, `TaskEnded` or `NoSuchName`."""
    task = kernel.names.find(to) if isinstance(to, str) else kernel.find(to)
    if task.frame is None:
        raise TaskEnded(task.tid)
    return task


def check_match(match: Any) -> None:
    """Raise `TypeError` for what is neither a kind of messages nor a predicate."""
    if isinstance(match, KINDS):
        with suppress(TypeError):  # a tuple may hold what is no type
            isinstance(None, match)
            return
    elif callable(match):
        return
    raise TypeError(f"Receive takes a type, a tuple of types or a predicate, not {brief(match)}")


def time_left(kernel: Scheduler, caller: Caller) -> str:
    """How long a sleeper with a timeout still waits, to be added to the reason."""
    if caller.alarm is None:
        return ""
    return f", {max(0.0, caller.alarm[0] - kernel.clock.now()):.1f} s left"
