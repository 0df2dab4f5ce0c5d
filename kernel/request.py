"""A system call made from outside: by the console, or by any thread.

It is a caller like a task: its call may sleep on any queue, and only this request sleeps.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, Any

from .errors import RequestCancelled
from .systemcall import ASLEEP, SystemCall
from .trace import log
from .waitqueue import Caller

if TYPE_CHECKING:
    from .scheduler import Scheduler


class Reply(Future[Any]):
    """The future of a request."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request
        # From now on only the kernel ends it, so that no answer is given to nobody.
        self.set_running_or_notify_cancel()


class Request(Caller):
    """One call, and the future that gets its answer."""

    __slots__ = ("future", "wanted")

    def __init__(self, kernel: Scheduler, call: SystemCall) -> None:
        super().__init__()
        self.kernel = kernel
        self.wanted = call
        self.future = Reply(self)

    def arrive(self) -> None:
        self.kernel.requests.add(self)
        try:
            if not isinstance(self.wanted, SystemCall):
                raise TypeError(f"a request is a system call, not {type(self.wanted).__name__}")
            answer = self.kernel.trace.run(self.wanted, self.kernel, self)
            if answer is ASLEEP and self.queue is None and not self.future.done():
                raise RuntimeError(f"{type(self.wanted).__name__} sleeps on no queue")
        except BaseException as error:
            self.fail(error)
        else:
            if answer is not ASLEEP:
                self.answer(answer)

    def ends(self, tid: int) -> bool:
        """Whether it is to end this task, or to interrupt what it does."""
        wanted: object = self.wanted
        return isinstance(wanted, SystemCall) and wanted.ends(tid)

    def answer(self, value: object) -> None:
        if self.kernel.trace.calls and self.queue is not None:
            self.kernel.trace.answered(self, value)
        self.leave()
        self.kernel.requests.discard(self)
        self.settle(self.future.set_result, value)

    def fail(self, error: BaseException) -> None:
        if self.kernel.trace.calls:
            self.kernel.trace.failed(self, error)
        self.leave()
        self.kernel.requests.discard(self)
        self.settle(self.future.set_exception, error)

    def refuse(self, reason: BaseException) -> None:
        # An error of its own, as every thread that raises one adds to its traceback.
        self.settle(self.future.set_exception, type(reason)(*reason.args))

    def settle(self, end: Callable[[Any], None], outcome: Any) -> None:
        """Give the future its outcome, if it has none yet.

        What its callbacks raise is not the kernel's affair.
        """
        try:
            end(outcome)
        except InvalidStateError:
            pass
        except BaseException as error:
            log("a callback of the reply to %r failed", self.wanted, error)


class Cancellation:
    """Takes a request off its queue, if it has no answer yet."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def arrive(self) -> None:
        if not self.request.future.done():
            self.request.fail(RequestCancelled())

    def refuse(self, reason: BaseException) -> None:
        """Nothing to do: a kernel that stops fails the request itself."""
