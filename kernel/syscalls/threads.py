"""Calls that wait for work done elsewhere: on a worker thread, or behind any future."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..outside import bearable
from ..systemcall import SystemCall, brief, system_call
from ..workers import Job

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller


@system_call
class RunInThread(SystemCall):
    """Runs `function(*arguments)` on a worker thread, while other tasks run on; answers what it
    returns, and raises what it raises. It sees the caller's context variables.

    Who is killed meanwhile is gone at once. A function that has begun is left to finish, which is
    reported as `Abandoned`, and its error, if any, as `Unheard`; one that has not never runs.
    Raises `TypeError` for what is not callable, `RuntimeError` if no thread can be started.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    acts_first = True
    woken_by = "the thread, once its function returns"

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function = function
        self.arguments = arguments

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if not callable(self.function):
            raise TypeError(f"a thread runs a function, not {brief(self.function)}")
        job = Job(kernel, caller, self)
        kernel.workers.give(job)
        return caller.sleep(job, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"thread: {brief(self.function)}"

    def __repr__(self) -> str:
        return f"RunInThread({', '.join(map(brief, (self.function, *self.arguments)))})"


@system_call
class WaitFuture(SystemCall):
    """Waits for a `concurrent.futures.Future`: of any `Executor`, or a `Reply` of another machine.
    Answers its result, or raises its error; `CancelledError` if it has been cancelled.

    Who is killed meanwhile leaves the future alone, and others may still wait for it. Raises
    `TypeError` for what is no such future.
    """

    future: Future[Any]

    woken_by = "whoever gives it a result"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        future = self.future
        if not isinstance(future, Future):
            kind = f"{type(future).__module__}.{type(future).__qualname__}"
            raise TypeError(f"WaitFuture waits for a concurrent.futures.Future, not for a {kind}")
        if not future.done():
            return caller.sleep(kernel.futures.queue(future), self)
        error = future.exception()
        if error is not None:
            raise bearable(error, future)
        return future.result()

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        state = "running" if self.future.running() else "pending"
        return f"{type(self.future).__name__}, {state}"
