"""The futures that callers wait for: of threads, processes, other machines, clusters."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .outside import Outside

if TYPE_CHECKING:
    from .inbox import Inbox


class Awaited(Outside):
    """Those who wait for one future. It arrives when the future is done."""

    __slots__ = ("__weakref__", "inbox")

    def __init__(self, inbox: Inbox) -> None:
        super().__init__()
        self.inbox = inbox

    def done(self, future: Future[Any]) -> None:
        """On whatever thread the future is done."""
        self.inbox.put(self)

    def arrive(self) -> None:
        while self.first is not None:
            self.first.look_again()

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, and its tasks have ended."""


class Futures:
    """The futures that are waited for in one kernel.

    A future cannot be told to forget a callback. So each has one only, however often it is waited
    for and given up; and the kernel keeps none of them alive.
    """

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.awaited: WeakKeyDictionary[Future[Any], Awaited] = WeakKeyDictionary()

    def queue(self, future: Future[Any]) -> Awaited:
        """Where callers sleep until `future` is done."""
        awaited = self.awaited.get(future)
        if awaited is None:
            awaited = Awaited(self.inbox)
            future.add_done_callback(awaited.done)
            self.awaited[future] = awaited
        return awaited
