"""What must hold of a kernel between any two rounds, whatever its tasks do."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from kernel import Channel, Condition, Event, Lock, Pipe, Scheduler, WaitQueue
from kernel.mailbox import Mailbox
from kernel.outside import Outside
from kernel.standins import StandIn, Stopped, Throw
from kernel.syscalls.locks import OwnedLock
from kernel.syscalls.rwlock import RWLock, Side
from kernel.syscalls.select import Branches
from kernel.task import Task
from kernel.waitqueue import Caller, Dormitory
from kernel.watch import Watch


def check(sched: Scheduler, things: Iterable[Any] = ()) -> None:
    """Everything that must hold of a kernel, and of the `things` that its tasks share."""
    queues = [*queues_of(sched, things)]
    for queue in queues:
        check_ring(queue)
    check_places(sched, queues)
    check_ready(sched)
    check_alarms(sched)
    check_ends(sched)
    for thing in things:
        check_wakeups(thing)
    for task in sched.tasks.values():
        if task.mailbox is not None:
            check_mailbox(task.mailbox)
        check_scopes(task)


def queues_of(sched: Scheduler, things: Iterable[Any]) -> Iterator[WaitQueue]:
    """Every queue that anybody could sleep on, each once."""
    found = {id(queue): queue for thing in things for queue in queues_in(thing)}
    for task in (*sched.tasks.values(), *sched.ended.values()):
        receivers = task.mailbox.receivers if task.mailbox else None
        for queue in (task.waiters, receivers):
            if queue is not None:
                found[id(queue)] = queue
    for caller in sleepers(sched):
        if not isinstance(caller.queue, Dormitory):
            found[id(caller.queue)] = caller.queue
    found[id(sched.idlers)] = sched.idlers
    yield from found.values()


def queues_in(thing: Any) -> list[WaitQueue]:
    names = ("senders", "receivers", "waiters", "readers", "writers", "asking", "leaving")
    return [getattr(thing, name) for name in names if hasattr(thing, name)]


def sleepers(sched: Scheduler) -> list[Any]:
    """Whoever is asleep: tasks, requests, and the branches of their `Select`s."""
    callers = [c for c in (*sched.tasks.values(), *sched.requests) if c.queue is not None]
    for caller in list(callers):
        if isinstance(caller.queue, Branches):
            callers += caller.queue.branches
    return callers


def check_ring(queue: WaitQueue) -> None:
    """The links of a queue fit together, and whoever is in it says so."""
    before = None
    for caller in queue:
        assert caller.queue is queue
        if hasattr(queue, "last") and queue.last is not None:
            assert caller.previous is before
        before = caller
    assert getattr(queue, "last", None) in (before, None)
    if hasattr(queue, "count"):
        assert queue.count == len(queue)


def check_places(sched: Scheduler, queues: list[WaitQueue]) -> None:
    """Whoever sleeps has one place, where it says; and nobody has one who does not sleep."""
    places = Counter(id(caller) for queue in queues for caller in queue)
    for caller in sleepers(sched):
        assert caller.call is not None
        assert places.pop(id(caller), 0) == (not isinstance(caller.queue, Dormitory)), caller
    watches = {id(c) for queue in queues for c in queue if isinstance(c, Watch)}
    assert set(places) <= watches
    assert all(count == 1 for count in places.values())
    outside = sum(isinstance(caller.queue, Outside) for caller in sleepers(sched))
    assert sched.outside == outside


def check_ready(sched: Scheduler) -> None:
    """A living task is asleep, or else once in the ready queue."""
    ready = Counter(id(task) for task in sched.ready if task.frame is not None)
    for task in sched.tasks.values():
        assert task.frame is not None
        assert ready.pop(id(task), 0) == (task.queue is None), task
    assert not ready


def check_alarms(sched: Scheduler) -> None:
    """The live alarms are counted right, and each is that of its sleeper."""
    live = [alarm for alarm in sched.alarms if alarm[2].alarm is alarm]
    assert len(live) == sched.alarms.live
    for _, _, sleeper in live:
        if isinstance(sleeper, Caller):
            assert sleeper.queue is not None
        if isinstance(sleeper, WaitQueue):
            assert sleeper.first is not None


def check_ends(sched: Scheduler) -> None:
    """Nothing is kept for tasks that have ended, and nobody waits for their end."""
    living = sched.tasks.keys()
    assert sched.dying.keys() <= living
    assert sched.handlers.keys() <= living
    assert sched.links.watches.keys() <= living
    assert all(partner in living for each in sched.links.watches.values() for partner in each)
    assert all(task.tid in living for task, _ in sched.names.owners.values())
    for task in sched.ended.values():
        assert not task.waiters
        assert not task.scopes
        assert task.mailbox is None
    assert all(task.killed for task in sched.tasks.values() if task.tid in sched.dying)


# -- no wake-up is lost


def check_wakeups(thing: Any) -> None:
    match thing:
        case Channel():
            check_channel(thing)
        case Pipe():
            check_pipe(thing)
        case Condition():
            check_wakeups(thing.mutex)
        case Event():
            assert not (thing.is_set and thing.waiters)
        case Side():
            check_wakeups(thing.lock)
        case Lock():
            check_lock(thing)


def owner(caller: Any) -> Any:
    """Whoever is asleep in the end: of a branch, the caller of its `Select`."""
    return getattr(caller, "owner", caller)


def check_channel(channel: Channel) -> None:
    assert len(channel.items) <= channel.size
    if channel.receivers:
        assert not channel.items
        others = {id(owner(c)) for c in (*channel.senders, *channel.receivers)}
        assert not channel.senders or len(others) == 1, "a Select does not meet itself"
    if channel.senders:
        assert len(channel.items) == channel.size
    if channel.closed:
        assert not channel.senders
        assert not channel.receivers


def check_pipe(pipe: Pipe) -> None:
    assert pipe.size == sum(map(len, pipe.pieces)) - pipe.taken <= pipe.capacity
    if pipe.readers:
        assert not pipe.size
        assert not pipe.writers
        assert not pipe.closed
    writers: Any = pipe.writers
    if pipe.writers:
        assert writers.alarm or not pipe.has_room(writers.first.call.data)
        assert not pipe.closed


def check_lock(lock: Any) -> None:
    if not isinstance(lock, OwnedLock):
        assert not (lock.permits and lock.waiters)
        return
    assert all(task.frame is not None for task in lock.owners)
    line: Any = lock.waiters
    if lock.waiters:
        assert not lock.free(line.first.call) or line.alarm
    if isinstance(lock, RWLock):
        assert not lock.writing or len(lock.owners) <= 1
    else:
        assert len(lock.owners) <= getattr(lock, "capacity", 1)


def check_mailbox(mailbox: Mailbox) -> None:
    for receiver in mailbox.receivers:
        assert not any(receiver.call.wants(message) for message in mailbox.messages or ())


def check_scopes(task: Task) -> None:
    """A cancelled scope has been told of, unless a shield keeps it off, or the task is on its way
    out of more than that.
    """
    for scope in task.scopes or ():
        assert scope.task is task
    for scope in reversed(task.scopes or ()):
        if task.killed and not scope.of_kill:
            break
        assert scope.told or scope.alarm or not scope.cancelled
        if scope.shield:
            break


# -- looking into tasks


def stand_ins(task: Task) -> list[StandIn]:
    found, frame = [], task.frame
    while isinstance(frame, StandIn):
        found.append(frame)
        frame = frame.frame
    return found


def fails(task: Task) -> bool:
    """Whether its next step begins with an error."""
    return any(isinstance(frame, Throw) for frame in stand_ins(task))


def answered(task: Task) -> bool:
    """Whether what it has called has its answer, which it has not seen yet."""
    return (task.queue is None or type(task.call) is Stopped) and not fails(task)


def in_hand(task: Task) -> Any:
    """What it has been answered, and has not seen yet."""
    stop = task.stop
    return stop.answer if stop is not None and type(task.call) is Stopped else task.reply


def callers() -> int:
    """How many there are, of whatever kernel."""
    for _ in range(3):  # a finalizer may keep things until the next collection
        gc.collect()
    return sum(issubclass(type(thing), Caller) for thing in gc.get_objects())


def check_empty(sched: Scheduler, things: Iterable[Any] = ()) -> None:
    """All tasks have ended and all requests are answered: nothing is left."""
    check(sched, things)
    assert not sched.tasks
    assert not sched.requests
    assert not sched.alarms.live
    assert not sched.outside
    assert not sched.dying
    assert not sched.handlers
    assert not sched.names.owners
    assert not sched.links.watches
    assert not sched.files.waiting
    for thing in things:
        assert not any(queues_in(thing)), thing
        assert not getattr(thing, "owners", None), thing
