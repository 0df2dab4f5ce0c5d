"""The third door: what other threads ask of the kernel.

Anything with an `arrive` method can be put in, from any thread; the kernel takes it out between
two task steps. Nothing here waits for a lock: a `deque` is safe to append to from any thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

#: So many arrive in one round of the loop, at most.
ROUND: Final = 64


class Arrival(Protocol):
    """What can be put into an inbox."""

    def arrive(self) -> None:
        """Taken out, on the kernel's thread."""

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped, so it never arrives; on whatever thread finds that out."""


class Order:
    """Something that a task has set going, and that is to be done between two passes: what a pass
    uses must not change under it. As it is there, the pass is the last before it.
    """

    def __init__(self, carry_out: Callable[[], object]) -> None:
        self.carry_out = carry_out

    def arrive(self) -> None:
        self.carry_out()

    def refuse(self, reason: BaseException) -> None:
        """The kernel has stopped: there is no pass any more."""


#: Nothing is to be done at it, but that the pass comes to its end.
END_OF_PASS: Final = Order(lambda: None)


class Inbox:
    """Arrivals from other threads, first in, first out."""

    def __init__(self) -> None:
        self.arrivals: deque[Arrival] = deque()
        self.closed: BaseException | None = None
        #: Wakes the kernel where it sleeps; the scheduler sets it.
        self.wake: Callable[[], None] = lambda: None
        #: True from just before the kernel looks for the last time until it is awake again.
        self.asleep = False

    def put(self, arrival: Arrival, first: bool = False) -> None:
        """Hand `arrival` to the kernel, behind all others or `first`, and wake it if it sleeps."""
        if first:
            self.arrivals.appendleft(arrival)
        else:
            self.arrivals.append(arrival)
        if self.asleep:
            self.wake()
        if self.closed is not None:
            self.close(self.closed)

    def take(self) -> None:
        """Let what is here now arrive; of very many the first, so that tasks have their turn."""
        for _ in range(min(len(self.arrivals), ROUND)):
            try:
                arrival = self.arrivals.popleft()
            except IndexError:  # whoever closes the inbox has taken it
                return
            arrival.arrive()

    def close(self, reason: BaseException) -> None:
        """Refuse what is here and whatever comes from now on."""
        self.closed = reason
        while True:
            # Several threads may be here at once; each arrival is taken by one of them.
            try:
                arrival = self.arrivals.popleft()
            except IndexError:
                return
            arrival.refuse(reason)
