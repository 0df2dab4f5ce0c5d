"""What other threads have the thread of a console do, which alone writes to the terminal."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Ended(Exception):
    """There is no console any more."""


class Errands:
    """Done by the thread that runs the event loop, from its `begin` to its `end`."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        #: What others wait for; None once nothing is done any more.
        self.pending: set[Future[Any]] | None = set()
        self.lock = threading.Lock()

    def begin(self) -> None:
        """The event loop that runs is there for others from now on."""
        self.loop = asyncio.get_running_loop()
        self.context = contextvars.copy_context()

    def end(self) -> None:
        """Nothing is done any more: whoever waits for that, waits in vain."""
        with self.lock:
            pending, self.pending = self.pending or set(), None
        for done in list(pending):  # which takes itself out of the set
            if not done.done():
                done.set_exception(Ended())

    def do(self, work: Callable[[], T]) -> T:
        """Have `work` done, and wait until it is. Raises `Ended` if nothing is any more."""
        done: Future[T] = Future()

        def run() -> None:
            if done.done():  # it has been given up
                return
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        with self.lock:
            if self.pending is None or self.loop is None:
                raise Ended
            self.pending.add(done)
            done.add_done_callback(self.pending.discard)
        try:
            self.loop.call_soon_threadsafe(run, context=self.context)
        except RuntimeError:
            raise Ended from None
        return done.result()

    def soon(self, work: Callable[..., object], *arguments: object) -> None:
        """Have `work` done, if anything still is, and wait for nothing. From any thread."""
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self.loop.call_soon_threadsafe(work, *arguments)
