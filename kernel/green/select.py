"""`select`: to wait for several files suspends the task only. Of these is `selectors` made."""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from ..fibers import call
from ..syscalls.files import ReadWait, WriteWait
from ..syscalls.select import Select
from ..syscalls.time import Sleep
from ..systemcall import SystemCall
from .module import changed
from .waiting import count_call, give_way

if TYPE_CHECKING:
    from .program import GreenProgram

T = TypeVar("T")


def green_select(readers: Any, writers: Any, others: Any, timeout: Any = None, /) -> Any:
    """As `select.select`."""
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    readers, writers, others = list(readers), list(writers), list(others)

    def ready() -> Any:
        found = select.select(readers, writers, others, 0)
        return found if any(found) else None

    calls: list[SystemCall] = [*map(ReadWait, [*readers, *others]), *map(WriteWait, writers)]
    return until(ready, timeout, lambda: calls) or ([], [], [])


def until(
    ready: Callable[[], T | None],
    seconds: float | None,
    calls: Callable[[], list[SystemCall]],
) -> T | None:
    """What is ready, as soon as anything is; None if nothing was for so many seconds. One of the
    `calls` is answered then.
    """
    if seconds is not None and seconds <= 0:
        give_way()  # or who asks without end would hold up all others
        return ready()
    count_call()
    end = None if seconds is None else time.monotonic() + seconds
    while (found := ready()) is None:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            return None
        pause = [] if left is None else [Sleep(left)]
        call(Select(*calls(), *pause) if calls() or pause else Sleep(86_400))
    return found


class GreenPoll:
    """What `select.poll` gives."""

    def __init__(self) -> None:
        self.poller = select.poll()
        self.events: dict[int, int] = {}

    def register(self, file: Any, events: int = 7, /) -> None:
        self.poller.register(file, events)
        self.events[number_of(file)] = events

    def modify(self, file: Any, events: int, /) -> None:
        self.poller.modify(file, events)
        self.events[number_of(file)] = events

    def unregister(self, file: Any, /) -> None:
        self.poller.unregister(file)
        self.events.pop(number_of(file), None)

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Which are ready; waits for `timeout` milliseconds at most, without it as long as need
        be.
        """
        seconds = None if timeout is None or timeout < 0 else timeout / 1000
        return until(lambda: self.poller.poll(0) or None, seconds, self.calls) or []

    def calls(self) -> list[SystemCall]:
        readers = [ReadWait(fd) for fd, events in self.events.items() if events & ~select.POLLOUT]
        writers = [WriteWait(fd) for fd, events in self.events.items() if events & select.POLLOUT]
        return [*readers, *writers]


class Polled:
    """A poller of the system that has a descriptor: that is readable when a file is ready."""

    def __init__(self, poller: Any) -> None:
        self.poller = poller

    def wait(self, ready: Callable[[], list[Any]], seconds: float | None) -> list[Any]:
        if seconds is not None and seconds < 0:
            seconds = None
        calls: list[SystemCall] = [ReadWait(self.poller.fileno())]
        return until(lambda: ready() or None, seconds, lambda: calls) or []

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None:
        self.poller.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.poller, name)


class GreenEpoll(Polled):
    """What `select.epoll` gives."""

    def __init__(self, sizehint: int = -1, flags: int = 0) -> None:
        super().__init__(select.epoll(sizehint, flags))

    @classmethod
    def fromfd(cls, fd: int, /) -> GreenEpoll:
        """Of a descriptor that there is."""
        self = cls.__new__(cls)
        self.poller = select.epoll.fromfd(fd)
        return self

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[Any]:
        """Which are ready; waits for `timeout` seconds at most."""
        return self.wait(lambda: self.poller.poll(0, maxevents), timeout)


class GreenKqueue(Polled):
    """What `select.kqueue` gives."""

    def __init__(self) -> None:
        super().__init__(select.kqueue())  # type: ignore[attr-defined,unused-ignore]

    def control(self, changes: Any, most: int, timeout: float | None = None, /) -> list[Any]:
        """Change what is watched, and tell what is ready."""
        self.poller.control(changes, 0, 0)
        if not most:
            return []
        return self.wait(lambda: self.poller.control(None, most, 0), timeout)


def number_of(file: Any) -> int:
    """The descriptor of a file."""
    return file if isinstance(file, int) else file.fileno()


KINDS = {"poll": GreenPoll, "epoll": GreenEpoll, "kqueue": GreenKqueue}


def make(program: GreenProgram) -> ModuleType:
    kinds = {name: kind for name, kind in KINDS.items() if hasattr(select, name)}
    return changed(select, ("devpoll",), select=green_select, **kinds)
