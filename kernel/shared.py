"""A queue and an event for both sides: ordinary threads, and tasks of any number of kernels.

Threads call the methods, which block; tasks make the calls `SharedPut`, `SharedGet`, `SharedWait`.

A thread's item is never sent to a task, which might be killed while it is on its way. It stays in
the queue, and whoever has waited longest is *called* for it. Once called, one comes and takes what
is first in the queue: a thread at once, a task when its kernel takes in the call. So an item is
either in the queue or in the hands of somebody who sees it, and who leaves the line, at whatever
moment, loses nothing: the next is called. A newcomer goes ahead only if there is more than for all
who have been called. The same holds for the places of those who put.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from queue import Empty, Full
from threading import TIMEOUT_MAX, Lock
from typing import TYPE_CHECKING, Any, Protocol

from .outside import Bed
from .systemcall import brief

if TYPE_CHECKING:
    from .scheduler import Scheduler
    from .waitqueue import Caller


class Place(Protocol):
    """Where somebody waits in a line."""

    #: What is to be put, and then None; or what was got.
    item: Any

    def call(self) -> bool:
        """It is his turn. False if he will not come, as his kernel has stopped."""


class Line:
    """One side of a queue: those who wait there, and how many could go ahead now."""

    def __init__(self, queue: SharedQueue) -> None:
        self.queue = queue
        self.waiting: OrderedDict[Place, None] = OrderedDict()
        self.called: set[Place] = set()

    def spare(self) -> int:
        """How many could act beside those who have been called."""
        return self.available() - len(self.called)

    def leave(self, place: Place) -> None:
        self.waiting.pop(place, None)
        self.called.discard(place)

    def available(self) -> int:
        raise NotImplementedError

    def act(self, place: Place) -> None:
        raise NotImplementedError


class Putters(Line):
    """Those who wait for room."""

    def available(self) -> int:
        return self.queue.size - len(self.queue.items)

    def act(self, place: Place) -> None:
        self.queue.items.append(place.item)
        place.item = None


class Getters(Line):
    """Those who wait for an item."""

    def available(self) -> int:
        return len(self.queue.items)

    def act(self, place: Place) -> None:
        place.item = self.queue.items.popleft()


class SharedQueue:
    """A queue of at most `size` items, first in, first out, for threads and for tasks.

    Whoever waits is served in turn, on whichever side. Raises `ValueError` or `TypeError` for what
    is no size.
    """

    def __init__(self, size: int) -> None:
        if type(size) is not int:
            raise TypeError(f"the size of a queue is an integer, not {brief(size)}")
        if size < 1:
            raise ValueError(f"a queue has room for 1 item at least, not for {size}")
        self.size = size
        self.items: deque[Any] = deque()
        self.lock = Lock()
        self.putters, self.getters = Putters(self), Getters(self)

    def put(self, item: Any, timeout: float | None = None) -> None:
        """From a thread: put an item in, waiting while there is no room.

        Raises `queue.Full` when there was none for `timeout` seconds; 0 does not wait.
        """
        if not self.serve(self.putters, Bell(item), timeout):
            raise Full

    def get(self, timeout: float | None = None) -> Any:
        """From a thread: the next item, waiting while there is none.

        Raises `queue.Empty` when there was none for `timeout` seconds; 0 does not wait.
        """
        bell = Bell()
        if not self.serve(self.getters, bell, timeout):
            raise Empty
        return bell.item

    def serve(self, line: Line, bell: Bell, timeout: float | None) -> bool:
        """A thread's turn in `line`: whether it came within `timeout` seconds."""
        check_timeout(timeout)
        if self.attempt(line, bell):
            return True
        try:
            self.join(line, bell)
            bell.wait(timeout)
            return self.come(line, bell)
        finally:
            self.leave(line, bell)

    # -- for both sides

    def attempt(self, line: Line, place: Place) -> bool:
        """Act at once, if nobody is before; whether it was so."""
        with self.lock:
            if line.waiting or line.spare() <= 0:
                return False
            line.act(place)
        self.call_next()
        return True

    def join(self, line: Line, place: Place) -> None:
        """Wait in the line, to be called."""
        with self.lock:
            line.waiting[place] = None
        self.call_next()

    def come(self, line: Line, place: Place) -> bool:
        """Act, having been called; False if that was not so."""
        with self.lock:
            if place not in line.called:
                return False
            line.called.remove(place)
            line.act(place)
        self.call_next()
        return True

    def leave(self, line: Line, place: Place) -> None:
        """Leave the line, whether called or not; whoever is in none may do so as well."""
        with self.lock:
            line.leave(place)
        self.call_next()

    def call_next(self) -> None:
        """Call everyone for whom there is something now, without the lock: it leads to others."""
        for line in (self.putters, self.getters):
            while line.waiting:
                with self.lock:
                    if not line.waiting or line.spare() <= 0:
                        break
                    place, _ = line.waiting.popitem(last=False)
                    line.called.add(place)
                if not place.call():
                    with self.lock:
                        line.leave(place)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<SharedQueue with {len(self.items)} of {self.size}>"


class SharedEvent:
    """Something that happens or not, for threads and for tasks. To set and to clear it never wait,
    so a task calls these methods, too.
    """

    def __init__(self) -> None:
        self.happened = False
        self.lock = Lock()
        self.waiting: dict[Place, None] = {}

    def set(self) -> None:
        """It has happened: everyone who waits goes on, even if it is cleared at once."""
        with self.lock:
            self.happened = True
            places, self.waiting = self.waiting, {}
        for place in places:
            place.call()

    def clear(self) -> None:
        """It has not happened: who waits from now on waits."""
        with self.lock:
            self.happened = False

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self.happened

    def wait(self, timeout: float | None = None) -> bool:
        """From a thread: wait until it happens; False if it has not after `timeout` seconds."""
        check_timeout(timeout)
        bell = Bell()
        try:
            self.join(bell)
            return bell.wait(timeout)
        finally:
            self.leave(bell)

    def join(self, place: Place) -> None:
        """Have `place` called when it happens; at once if it has."""
        with self.lock:
            happened = self.happened
            if not happened:
                self.waiting[place] = None
        if happened:
            place.call()

    def leave(self, place: Place) -> None:
        """Wait no more."""
        with self.lock:
            self.waiting.pop(place, None)

    def __repr__(self) -> str:
        return f"<SharedEvent {'set' if self.happened else 'not set'}>"


class Bell:
    """Where a thread waits."""

    def __init__(self, item: Any = None) -> None:
        self.item = item
        self.lock = Lock()
        self.lock.acquire()

    def call(self) -> bool:
        self.lock.release()
        return True

    def wait(self, timeout: float | None) -> bool:
        """Whether it rang within `timeout` seconds."""
        return self.lock.acquire(timeout=-1 if timeout is None else timeout)


class CallersPlace(Bed):
    """Where a caller waits, asleep in its kernel: called, it comes in through the inbox."""

    __slots__ = ("item", "kernel")

    def __init__(self, kernel: Scheduler, item: Any = None) -> None:
        super().__init__()
        self.kernel, self.item = kernel, item

    def call(self) -> bool:
        inbox = self.kernel.inbox
        if inbox.closed is None:
            inbox.put(self)
        return inbox.closed is None

    def arrive(self) -> None:
        """On the kernel's thread: its turn has come, unless it has left meanwhile."""
        if self.first is not None:
            self.first.answer(None)

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped; whoever called learns it from `call`."""


class QueuePlace(CallersPlace):
    """The place of a caller in a line of a queue."""

    __slots__ = ("line",)

    def __init__(self, kernel: Scheduler, line: Line, item: Any = None) -> None:
        super().__init__(kernel, item)
        self.line = line

    def attempt(self) -> bool:
        """Whether it can be done without waiting; then it is done."""
        return self.line.queue.attempt(self.line, self)

    def append(self, caller: Caller) -> None:
        super().append(caller)
        self.line.queue.join(self.line, self)

    def arrive(self) -> None:
        caller = self.first
        if caller is not None and self.line.queue.come(self.line, self):
            caller.answer(self.item)

    def refuse(self, reason: BaseException) -> None:
        self.line.queue.leave(self.line, self)

    def remove(self, caller: Caller) -> None:
        super().remove(caller)
        self.line.queue.leave(self.line, self)


class EventPlace(CallersPlace):
    """The place of a caller who waits for an event."""

    __slots__ = ("event",)

    def __init__(self, kernel: Scheduler, event: SharedEvent) -> None:
        super().__init__(kernel)
        self.event = event

    def append(self, caller: Caller) -> None:
        super().append(caller)
        self.event.join(self)

    def remove(self, caller: Caller) -> None:
        super().remove(caller)
        self.event.leave(self)


def check_timeout(timeout: float | None) -> None:
    """Raise `ValueError` for what is no time, `TypeError` for no number."""
    if timeout is not None and not 0 <= timeout <= TIMEOUT_MAX:
        raise ValueError(f"cannot wait for {timeout} seconds")
