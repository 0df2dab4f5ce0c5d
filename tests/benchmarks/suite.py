"""What is measured: each workload with its sizes, on whom, and what PyOS is to reach."""

from dataclasses import dataclass, field
from typing import Any

LOOPS = ("asyncio", "uvloop", "trio", "curio -O")
GREEN = ("gevent", "eventlet")
LIMIT, PYOS = "limit", "pyos"


@dataclass(frozen=True)
class Case:
    """A workload of certain sizes.

    `figure` is what counts of what a cell finds out. `goals` says how PyOS is to stand to others:
    {"limit": 2.0} is "takes at most twice what the limit takes".
    """

    name: str
    title: str
    workload: str
    figure: str
    sizes: dict[str, Any]
    runtimes: tuple[str, ...]
    goals: dict[str, float] = field(default_factory=dict)
    #: Other sizes for those who could not bear the common ones.
    own_sizes: dict[str, dict[str, Any]] = field(default_factory=dict)
    more_is_better: bool = False
    #: In the chart of the README.
    charted: bool = False
    #: So many rounds are enough.
    rounds: int = 99

    def sizes_for(self, runtime: str) -> dict[str, Any]:
        return {**self.sizes, **self.own_sizes.get(runtime, {})}


def giving_way(tasks: int, times: int, **more: Any) -> Case:
    """A case of tasks that give way, without peers unless told otherwise."""
    sizes = {"tasks": tasks, "times": times}
    name, title = f"yield-{tasks}", f"bare yield, {tasks:,} task{'s' * (tasks > 1)}"
    settings: dict[str, Any] = {"runtimes": (LIMIT, PYOS), "goals": {LIMIT: 2.3}, **more}
    return Case(name, title, "giving_way", "ns", sizes, **settings)


def echo(size: int, clients: int, goals: dict[str, float]) -> Case:
    """An echo server and so many clients, each with one message of `size` bytes under way."""
    coroutines = ("asyncio streams", "uvloop streams", "trio", "curio -O", *GREEN)
    servers = (LIMIT, PYOS, *coroutines, "asyncio protocol", "uvloop protocol")
    sizes = {"size": size, "clients": clients}
    name, title = f"echo-{size}-{clients}", f"TCP echo, {size:,} B, {clients:,} clients"
    charted = clients == 100 and size > 64
    return Case(
        name, title, "echo", "messages/s", sizes, servers, goals,
        more_is_better=True, charted=charted, rounds=3,
    )  # fmt: skip


UNPINNED = {"alone": False}
SMALL_ECHO = {LIMIT: 0.88, "uvloop streams": 1.3, "uvloop protocol": 0.93}

# fmt: off
CASES = [
    giving_way(1, 100_000, goals={LIMIT: 3.0}),
    giving_way(2, 50_000),
    giving_way(
        1000, 100,
        runtimes=(LIMIT, PYOS, *LOOPS, "curio", *GREEN, "greenlet", "threads"),
        goals={LIMIT: 2.0, "uvloop": 1 / 4.5, "asyncio": 0.1},
        own_sizes={"curio": {"times": 10}, "threads": {"tasks": 100, "times": 50}},
        charted=True,
    ),
    giving_way(100_000, 5),
    Case(
        "await", "async def that gives way, 1,000 tasks", "giving_way_async", "ns",
        {"tasks": 1000, "times": 100}, (LIMIT, PYOS, "uvloop"), {LIMIT: 2.5, "uvloop": 1.0},
    ),
    Case(
        "call", "a system call with an answer, 1,000 tasks", "call", "ns",
        {"tasks": 1000, "times": 100}, (LIMIT, PYOS), {LIMIT: 1.3},
    ),
    Case(
        "spawn", "spawn, run and end a task", "spawning", "µs", {"tasks": 30_000},
        (LIMIT, PYOS, "asyncio", "asyncio eager", *LOOPS[1:], *GREEN, "greenlet", "threads"),
        {"asyncio eager": 1.0},
        {"curio -O": {"tasks": 10_000}, "threads": {"tasks": 2000}},
        charted=True,
    ),
    *(
        Case(
            f"memory-{wait}", f"memory of a task that waits for {what}", "memory", "bytes",
            {"tasks": 30_000, "wait": wait}, (LIMIT, PYOS, *LOOPS, *GREEN, "threads"), {LIMIT: of},
            {"threads": {"tasks": 1000}}, rounds=1, charted=wait == "event",
        )
        for wait, what, of in (("event", "an event", 600 / 186), ("sleep", "a time", 800 / 314))
    ),
    *(
        Case(
            f"depth-{depth}", f"give way {depth} calls deep", "depth", "ns",
            {"tasks": 100, "times": 300, "depth": depth},
            (LIMIT, PYOS, "asyncio", "uvloop", "trio", "gevent"), {LIMIT: 1.2},
            charted=depth == 50,
        )
        for depth in (10, 50)
    ),
    Case(
        "subroutine", "call a subroutine that returns at once", "subroutine", "ns",
        {"times": 100_000}, (LIMIT, PYOS), {LIMIT: 1.2},
    ),
    Case(
        "timers", "100,000 sleeps of 10,000 tasks", "timers", "s", {"tasks": 10_000, "times": 5},
        (LIMIT, PYOS, *LOOPS, *GREEN), {LIMIT: 1.5, "gevent": 1.0}, charted=True,
        own_sizes={"trio": {"times": 1}},
    ),
    *(
        Case(
            f"channel-{size}", f"channel with room for {size}, a message", "channel", "ns",
            {"messages": 20_000, "size": size}, (LIMIT, PYOS, *LOOPS, *GREEN, "threads"),
            goals, rounds=3, charted=size == 1,
        )
        for size, goals in ((64, {LIMIT: 1.4}), (1, {LIMIT: 1.8, "uvloop": 1 / 3.5}))
    ),
    Case(
        "semaphore", "semaphore, two tasks in turn, a round", "semaphore", "ns",
        {"rounds": 20_000}, (LIMIT, PYOS, *LOOPS, *GREEN, "threads"), {LIMIT: 1.8}, rounds=3,
        own_sizes={"threads": {"rounds": 3000}},
    ),
    *(
        Case(
            f"thread-{at_once}", f"run in a thread, {at_once} at once", "in_threads", "µs",
            {"calls": 2000, "at_once": at_once, **UNPINNED},
            (LIMIT, PYOS, *LOOPS, *GREEN, "threads"), {LIMIT: of}, rounds=3,
        )
        for at_once, of in ((1, 1.15), (100, 3 / 1.71))
    ),
    Case(
        "request-idle", "request from another thread, idle", "requests", "µs",
        {"tasks": 0, **UNPINNED}, (LIMIT, PYOS, *LOOPS, *GREEN, "threads"), {LIMIT: 2.0},
    ),
    Case(
        "request-busy", "request from another thread, 1,000 busy tasks", "requests", "ms",
        {"tasks": 1000, **UNPINNED}, (LIMIT, PYOS, *LOOPS, *GREEN), {LIMIT: 0.5 / 0.29}, rounds=3,
        charted=True,
    ),
    *(echo(size, clients, SMALL_ECHO) for size in (64, 1024) for clients in (10, 100, 1000, 5000)),
    echo(65536, 100, {LIMIT: 0.9, "uvloop streams": 2.0}),
]
# fmt: on
