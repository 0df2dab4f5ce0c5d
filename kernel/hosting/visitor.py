"""System calls of single asyncio tasks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..fibers import call
from ..outside import bearable
from ..syscalls.hosting import Visit
from ..systemcall import ASLEEP, SystemCall
from ..waitqueue import Caller
from .loop import HostedLoop

if TYPE_CHECKING:
    from ..task import Task
    from .host import Host


class Visitor(Caller):
    """A caller that answers an asyncio task, in the name of the task that this lives in."""

    __slots__ = ("future", "host", "tid")

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host, self.kernel, self.tid = host, host.kernel, host.task.tid
        self.future = Answer(self)

    @property
    def task(self) -> Task:
        return self.host.task

    def make(self, call: SystemCall) -> Any:
        """Make the call: gives the answer, or `ASLEEP`, or raises."""
        answer = self.kernel.trace.run(call, self.kernel, self)
        if answer is ASLEEP and not self.future.done():
            if self.queue is None:
                raise RuntimeError(f"{type(call).__name__} sleeps on no queue")
            self.host.visitors.add(self)
        return answer

    def answer(self, value: object) -> None:
        if self.kernel.trace.calls and self.queue is not None:
            self.kernel.trace.answered(self, value)
        self.leave()
        if not self.future.done():
            self.future.set_result(value)
        self.host.wake()

    def fail(self, error: BaseException) -> None:
        if self.kernel.trace.calls:
            self.kernel.trace.failed(self, error)
        call = self.call if self.queue is not None else None
        self.leave()
        if not self.future.done():
            self.future.set_exception(bearable(error, call))
        self.host.wake()

    def leave(self) -> None:
        super().leave()
        self.host.visitors.discard(self)


class Answer(asyncio.Future[Any]):
    """What the asyncio task awaits. Cancelled, it gives the call up at once: no answer may come
    between that and the turn in which the asyncio task is told.
    """

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        self.visitor = visitor

    def cancel(self, msg: Any = None) -> bool:
        cancelled = super().cancel(msg)
        if cancelled:
            self.visitor.leave()
        return cancelled


def current_host() -> Host | None:
    """The task that the asyncio program lives in that calls this."""
    loop = asyncio._get_running_loop()
    return loop.host if isinstance(loop, HostedLoop) else None


async def visit(host: Host, trap: SystemCall) -> Any:
    """Make the call, and wait for the answer."""
    visitor = Visitor(host)
    answer = call(Visit(visitor, trap))
    if answer is not visitor:
        return answer
    future = visitor.future
    try:
        return await future
    except asyncio.CancelledError:
        if not future.done() or future.cancelled():
            raise
        cancel_later()
        return future.result()
    finally:
        visitor.leave()


def cancel_later() -> None:
    """Have a cancellation that comes after an answer be raised at the next `await`, unless it is
    void by then, as that of a timeout whose block has been left.
    """
    task = asyncio.current_task()
    assert task is not None
    standing = task.cancelling()

    def again() -> None:
        if not task.done() and task.cancelling() >= standing:
            task.uncancel()
            task.cancel()

    asyncio.get_running_loop().call_soon(again)
