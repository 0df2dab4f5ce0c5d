"""A supervisor keeps tasks running: it starts anew those that end. It is a program over the calls
that every program can make, after the supervisor of Erlang's OTP.

    yield supervise([Child(database), Child(web_server, 8000)], "rest_for_one")

It is linked to its children and traps exits. So it is told of every end; and if it is ended itself,
even by force, no child outlives it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from types import coroutine
from typing import Any, Final

from ..checks import check_count, check_kind
from ..errors import LinkBroken, NoSuchTask, TooManyRestarts
from ..links import ExitMessage
from ..syscalls.links import SpawnLinked, TrapExits
from ..syscalls.mailboxes import Receive
from ..syscalls.scopes import OpenScope
from ..syscalls.tasks import KillTask
from ..syscalls.time import Now
from ..systemcall import SystemCall, brief
from ..task import ExitStatus

#: When a child is started anew: always, unless it returned, or never.
RESTARTS: Final = ("permanent", "transient", "temporary")

#: Who is started anew with a child: nobody, all others, or those that were started after it.
STRATEGIES: Final = ("one_for_one", "one_for_all", "rest_for_one")

Calls = Generator[SystemCall, Any, None]


@dataclass(slots=True, init=False)
class Child:
    """A task that a supervisor starts: `function(*arguments)` gives its generator or coroutine.

    A `permanent` child is started anew whenever it ends, a `transient` one unless it returned, a
    `temporary` one never. To be ended it has `shutdown` seconds, the kernel's own grace unless
    given. Raises `TypeError` and `ValueError` for anything else.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    name: str | None
    restart: str
    shutdown: float | None

    def __init__(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        name: str | None = None,
        restart: str = "permanent",
        shutdown: float | None = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"a child is made by a function, not by {brief(function)}")
        check_word("restart", restart, RESTARTS)
        if shutdown is not None and not 0 <= shutdown < inf:
            raise ValueError(f"cannot give a child {shutdown} seconds to end")
        self.function, self.arguments, self.name = function, arguments, name
        self.restart, self.shutdown = restart, shutdown

    def is_to_restart(self, status: ExitStatus) -> bool:
        """Whether it is started anew after this end."""
        return self.restart == "permanent" or (self.restart == "transient" and not status.ok)


@coroutine
def supervise(
    children: Iterable[Child],
    strategy: str = "one_for_one",
    intensity: int = 3,
    period: float = 5.0,
) -> Calls:
    """Start `children` in order, and anew when they end, until none is left that runs.

    With a child that is started anew, the strategy "one_for_all" ends and starts all others as
    well, "rest_for_one" those after it. After more than `intensity` restarts within `period`
    seconds it ends its children and raises `TooManyRestarts`. Killed, or with any error of its own,
    it first ends its children, newest first. Its task traps exits from now on.
    """
    supervisor = Supervisor(children, strategy, intensity, period)
    yield TrapExits(True)
    try:
        yield from supervisor.run()
    except GeneratorExit:  # by force, so there is no time; the links end the children
        raise
    except BaseException:
        with (yield OpenScope(shield=True)):  # whatever else is cancelled: they are ended first
            yield from supervisor.stop(supervisor.places)
        raise


class Supervisor:
    """The children of one `supervise`, and which tasks they are at the moment."""

    def __init__(
        self, children: Iterable[Child], strategy: str, intensity: int, period: float
    ) -> None:
        self.children = list(children)
        for child in self.children:
            check_kind(child, Child, "a Child(function, …)")
        check_word("strategy", strategy, STRATEGIES)
        check_count(intensity, 0, "an intensity is a number of restarts")
        if not 0 < period < inf:
            raise ValueError(f"a period is some seconds, not {brief(period)}")
        self.strategy, self.intensity, self.period = strategy, intensity, period
        self.places = range(len(self.children))
        self.tids: list[int | None] = [None for _ in self.children]
        #: When children were started anew, within the last period.
        self.restarts: deque[float] = deque()

    def run(self) -> Calls:
        yield from self.start(self.places)
        while any(self.tids):
            message = yield Receive(ExitMessage)
            if message.tid in self.tids:
                yield from self.replace(self.tids.index(message.tid), message.status)
            elif not message.status.ok:  # who else is linked to it means to take it along
                raise LinkBroken(message.tid, message.status)

    def replace(self, place: int, status: ExitStatus) -> Calls:
        """A child has ended: start it anew, if it is to be, and whoever goes with it."""
        self.tids[place] = None
        if self.children[place].is_to_restart(status):
            yield from self.count_restart(status)
            places = self.affected(place)
            yield from self.stop(places)
            yield from self.start([p for p in places if self.children[p].restart != "temporary"])

    def affected(self, place: int) -> Sequence[int]:
        """The places of all who are started anew with the child at this one."""
        if self.strategy == "one_for_one":
            return [place]
        return self.places if self.strategy == "one_for_all" else self.places[place:]

    def count_restart(self, status: ExitStatus) -> Calls:
        """Raise `TooManyRestarts` if this is one too many."""
        now = yield Now()
        self.restarts.append(now)
        while self.restarts[0] < now - self.period:
            self.restarts.popleft()
        if len(self.restarts) > self.intensity:
            raise TooManyRestarts(status, self.intensity, self.period) from status.error

    def start(self, places: Sequence[int]) -> Calls:
        for place in places:
            child = self.children[place]
            self.tids[place] = yield SpawnLinked(child.function(*child.arguments), child.name)

    def stop(self, places: Sequence[int]) -> Calls:
        """End the children at these places, the last one first, and wait for each."""
        for place in reversed(places):
            tid = self.tids[place]
            if tid is not None:
                with suppress(NoSuchTask):  # it may have ended already
                    yield KillTask(tid, self.children[place].shutdown)
                yield Receive(exit_of(tid))
                self.tids[place] = None


def exit_of(tid: int) -> Callable[[object], bool]:
    """Tells the `ExitMessage` of this task from all others."""
    return lambda message: isinstance(message, ExitMessage) and message.tid == tid


def check_word(what: str, word: str, words: tuple[str, ...]) -> None:
    """Raise `ValueError`, which names the right ones, for any other word."""
    if word not in words:
        raise ValueError(f"{what} is {', '.join(words[:-1])} or {words[-1]}, not {brief(word)}")
