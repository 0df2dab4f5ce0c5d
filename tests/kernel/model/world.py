"""A world of workers that do what they are ordered to, and what a simple model knows of them.

A worker waits for orders at its *prompt*, a call of the test's own. An order is a subroutine. Every
call that it makes is *noted*: what was called, and what came of it. So whatever must not be lost
can be counted between any two rounds: what was sent is in the notes of the senders, what was
received in those of the receivers, and the rest must be in the channel, or in the hands of a task
that has been answered and has had no turn yet.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from contextvars import Context, ContextVar
from itertools import chain, count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kernel import (
    KernelError,
    KillTask,
    ManualClock,
    OwnerDied,
    Policy,
    Release,
    Scheduler,
    Select,
    SendSignal,
    Signal,
    Spawned,
    SystemCall,
    TraceEvent,
    WaitQueue,
    system_call,
    within,
)
from kernel.request import Cancellation

from ..invariants import answered, check, check_empty, in_hand
from ..support import KINDS, as_coroutine, as_generator, ask, settle, turn

#: What a worker does: it yields calls.
Calls = Generator[Any, Any, Any]

#: So many wait for an order, as far as there are not more than so many in all.
IDLE, MOST = 3, 8

#: Seconds that a timeout may take, and that the clock is moved on by.
SECONDS = st.sampled_from([0, 0.1, 0.5, 1])

#: Any of those whom a rule may be about.
WHO = st.integers(0, 9)

#: Any of three things of a kind.
WHICH = st.integers(0, 2)

#: Those that leave a task alive come more often.
SIGNALS = st.sampled_from(
    [Signal.STOP, Signal.CONT, Signal.INT, Signal.STOP, Signal.CONT, Signal.TERM, Signal.KILL]
)

#: What a worker's order may end with; it goes on with the next.
REFUSALS = (KernelError, OSError, TimeoutError, ValueError)

#: What no call of the kernel's fails with: that would be a fault of its own.
FAULTS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError)

#: Whose own it must be, whoever sets it.
whose: ContextVar[Any] = ContextVar("whose")


class Oops(Exception):
    """What a worker fails with."""


class Shuffled(Policy):
    """Picks any of the ready tasks; the same ones with the same seed."""

    def __init__(self, seed: int, budget: int) -> None:
        super().__init__(budget)
        self.chance = random.Random(seed)

    def pick(self, ready: Any) -> Any:
        ready.rotate(-self.chance.randrange(len(ready)))
        return ready.popleft()


def orders_of(words: dict[str, Any]) -> Any:
    """Some calls, one after the other; several in one place are a `Select`. Each has a timeout."""
    call = st.tuples(st.sampled_from([*words]), WHICH)
    kinds = st.lists(call, min_size=1, max_size=3, unique=True)
    return st.lists(st.tuples(kinds, st.none() | SECONDS), min_size=1, max_size=4)


def happening(**arguments: Any) -> Callable[[Any], Any]:
    """A rule: something happens, and then there are some rounds of the loop, or none."""

    def declare(function: Any) -> Any:
        def happen(self: World, rounds: int, **drawn: Any) -> None:
            function(self, **drawn)
            self.go_on(rounds)

        happen.__name__ = function.__name__
        return rule(rounds=st.sampled_from([0, 1, 1, 2]), **arguments)(happen)

    return declare


@system_call
class Next(SystemCall):
    """The prompt: waits for the next order."""

    worker: Any

    def run(self, kernel: Scheduler, caller: Any) -> object:
        return caller.sleep(self.worker.orders, self)


class Note:
    """A call, of a worker or a request, and what came of it: pending, answered, raised, or lost in
    the hands of a task that was ended by force.
    """

    def __init__(self, call: SystemCall, worker: Any = None, reply: Any = None) -> None:
        self.call, self.worker, self.reply = call, worker, reply
        self.state = "pending"
        self.answer: Any = None
        self.error: BaseException | None = None
        self.written = fields(call)

    def end(self, state: str, answer: Any = None, error: BaseException | None = None) -> None:
        self.state, self.answer, self.error = state, answer, error

    def look(self) -> None:
        """A request is answered while nobody notes it."""
        if self.state == "pending" and self.reply is not None and self.reply.done():
            self.error = self.reply.exception()
            self.state = "answered" if self.error is None else "raised"
            self.answer = self.reply.result() if self.error is None else None

    @property
    def done(self) -> Any:
        """The call that has been answered and its answer, seen or not; None if there is none. Of a
        `Select`, the branch.
        """
        if self.state in ("answered", "lost"):
            return branch(self.call, self.answer)
        if self.under_way and answered(self.worker.task):
            return branch(self.call, in_hand(self.worker.task))
        return None

    @property
    def under_way(self) -> bool:
        return self.worker is not None and self.state == "pending"


def branch(call: Any, answer: Any) -> tuple[Any, Any]:
    return (call.calls[answer[0]], answer[1]) if isinstance(call, Select) else (call, answer)


def fields(call: Any) -> list[int]:
    """What a call is made of; nobody writes to it."""
    names = [name for kind in type(call).__mro__ for name in getattr(kind, "__slots__", ())]
    return [id(getattr(call, name)) for name in names]


class Worker:
    """What the model knows of a task."""

    def __init__(self, world: World, style: Callable[[Any], Any], deep: bool) -> None:
        self.world, self.style, self.deep = world, style, deep
        self.name = f"worker {len(world.workers) + 1}"
        self.orders = WaitQueue()
        self.task: Any = None
        self.note: Any = None
        #: The locks that it has taken, and those in whose block it is; whether it is in the wait of
        #: a condition; and the scopes that it has open.
        self.held: list[Any] = []
        self.inside: list[Any] = []
        self.waits = False
        self.scopes: list[Any] = []
        #: The groups in whose block it is, and the one that it is of.
        self.groups: list[Any] = []
        self.group: Any = None
        #: Whether it has been interrupted on its way out of a scope.
        self.astray = False
        #: Whether it fails in its last cleanup, whatever ends it.
        self.sulks = False
        self.has_set = False

    def program(self) -> Any:
        return self.style(self.run())

    def run(self) -> Calls:
        try:
            yield self.serve()
        except GeneratorExit:
            raise
        except BaseException:
            yield from self.give_back()
            if self.sulks:
                raise Oops from None
            raise
        yield from self.give_back()

    def give_back(self) -> Calls:
        while self.held:
            yield Release(self.held.pop())

    def serve(self) -> Calls:
        """Do what is ordered, until there is the order to leave."""
        while True:
            try:
                order = yield Next(self)
                if order is None:
                    return
                if self.deep:
                    yield order
                else:
                    yield from order
            except KeyboardInterrupt:
                # In a cleanup it has taken the place of what the cleanup was for.
                self.astray = self.astray or any(scope.told for scope in self.scopes)
            except REFUSALS:
                pass

    def make(self, call: SystemCall) -> Calls:
        """Make a call, and note what comes of it."""
        note = self.note = self.world.note(Note(call, self))
        try:
            answer = yield call
        except GeneratorExit:  # by force: the world has noted what was lost
            if note.state == "pending":
                note.end("raised")
            raise
        except BaseException as error:
            note.end("raised", error=error)
            if isinstance(error, OwnerDied):
                self.world.took(self, note)
            raise
        note.end("answered", answer)
        self.world.took(self, note)
        return answer

    @property
    def lives(self) -> bool:
        return self.task is not None and self.task.frame is not None

    @property
    def at_prompt(self) -> bool:
        return self.orders.first is not None


class World(RuleBasedStateMachine):
    """A scheduler that is turned by hand, and its workers."""

    def __init__(self) -> None:
        super().__init__()
        self.sched: Any = None
        self.workers: list[Worker] = []
        self.notes: list[Note] = []
        self.pending: list[Note] = []
        #: What has been answered, by the kind of the call; what is not certain yet, apart.
        self.settled: Any = defaultdict(list)
        self.in_hands: Any = defaultdict(list)
        #: What the tasks share.
        self.things: list[Any] = []
        self.numbers = count(1)
        #: Who was ended by force, but not out of a deadlock in which nothing else helps.
        self.forced: set[int] = set()
        self.faults: list[str] = []

    @initialize(
        budget=st.sampled_from([1, 2, 64]),
        seed=st.none() | st.integers(0, 9),
        traced=st.booleans(),
    )
    def boot(self, budget: int, seed: int | None, traced: bool) -> None:
        policy = Policy(budget) if seed is None else Shuffled(seed, budget)
        self.sched = Scheduler(clock=ManualClock(), policy=policy)
        self.sched.force = self.force
        self.sched.trace.subscribe(self.born, *(KINDS if traced else (Spawned,)))
        self.sched.trace.report = lambda *_: None
        self.prepare()
        self.go_on(2)

    def expect(self, holds: bool, words: str) -> None:
        """What a task finds wrong; `check` tells, as the task alone would fail."""
        if not holds:
            self.faults.append(words)

    def prepare(self) -> None:
        """Make what the tasks are to share."""

    def go_on(self, rounds: int) -> None:
        """Some rounds; there is always somebody to give an order to."""
        idle = sum(worker.at_prompt for worker in self.workers)
        for _ in range(min(IDLE - idle, MOST - len(self.living()))):
            worker = self.worker()
            # Hypothesis has variables of its own, of which the task would get copies.
            Context().run(self.sched.new, worker.program(), worker.name)
        turn(self.sched, rounds)

    def worker(self) -> Worker:
        """One more; each is written in another style than the one before."""
        number = len(self.workers)
        worker = Worker(self, as_coroutine if number % 2 else as_generator, number % 4 < 2)
        self.workers.append(worker)
        return worker

    def born(self, event: TraceEvent) -> None:
        if isinstance(event, Spawned):
            for worker in self.workers:
                if worker.name == event.name:
                    worker.task = self.sched.tasks[event.tid]

    def force(self, task: Any) -> None:
        """What a task has in its hands when it is ended by force is lost with it."""
        # A parent that has a mutex may wait for a child that is to have it again.
        if task.queue is None or not task.call.uninterruptible:
            self.forced.add(task.tid)
        for worker in self.workers:
            note = worker.note
            if worker.task is task and note is not None and note.under_way and answered(task):
                note.end("lost", in_hand(task))
        Scheduler.force(self.sched, task)

    def note(self, note: Note) -> Note:
        self.notes.append(note)
        self.pending.append(note)
        return note

    def look(self) -> None:
        """See what has come of the calls, seen by those who made them or not."""
        self.in_hands = defaultdict(list)
        for note in list(self.pending):
            note.look()
            assert not isinstance(note.error, FAULTS), note.call
            settled = note.state != "pending"
            if settled:
                self.pending.remove(note)
            if note.done is not None:
                for kind in type(note.done[0]).__mro__:
                    (self.settled if settled else self.in_hands)[kind].append((*note.done, note))

    def done(self, kind: type) -> Iterator[tuple[Any, Any, Note]]:
        """The calls of a kind that have been answered, their answers, and the notes."""
        return chain(self.settled[kind], self.in_hands[kind])

    def took(self, worker: Worker, note: Note) -> None:
        """A worker has seen an answer."""

    # -- whom a rule is about

    def living(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.lives]

    def order(self, who: int, make: Callable[[Worker], Any]) -> None:
        """Give an order to one of those who wait for one."""
        idle = [worker for worker in self.workers if worker.at_prompt]
        if idle:
            worker = idle[who % len(idle)]
            order = make(worker)
            assert worker.orders.first is not None
            worker.orders.first.answer(order)

    def request(self, call: SystemCall) -> None:
        """Make a call from outside."""
        self.note(Note(call, reply=ask(self.sched, call)))

    def do(self, worker: Worker, order: Any, words: dict[str, Any]) -> Calls:
        """One call after the other, or several in a `Select`; some with a timeout."""
        for kinds, patience in order:
            attempt = self.attempt(worker, kinds, words)
            try:
                yield attempt if patience is None else within(patience, attempt)
            except REFUSALS:
                pass

    def attempt(self, worker: Worker, kinds: Any, words: dict[str, Any]) -> Calls:
        """The items get their numbers when they are sent."""
        calls = [words[kind](self, worker, which) for kind, which in kinds]
        calls = [call for call in calls if not call.acts_first] or calls[:1]
        yield from worker.make(calls[0] if len(calls) == 1 else Select(*calls))

    # -- what happens to everybody

    @happening(seconds=SECONDS)
    def time_goes_by(self, seconds: float) -> None:
        self.sched.clock.advance(seconds)

    @happening(whom=WHO, signals=st.lists(SIGNALS, min_size=1, max_size=3))
    def signals_come(self, whom: int, signals: list[Signal]) -> None:
        """From outside, one after the other in the same round."""
        if self.living():
            tid = self.living()[whom % len(self.living())].task.tid
            for signal in signals:
                self.request(SendSignal(tid, signal))

    @happening(who=WHO, whom=WHO, signal=SIGNALS)
    def a_worker_sends_a_signal(self, who: int, whom: int, signal: Signal) -> None:
        if self.living():
            tid = self.living()[whom % len(self.living())].task.tid
            self.order(who, lambda worker: worker.make(SendSignal(tid, signal)))

    @happening(who=WHO, grace=st.none() | SECONDS)
    def a_worker_leaves_or_kills_itself(self, who: int, grace: float | None) -> None:
        def order(worker: Worker) -> Any:
            return None if grace is None else worker.make(KillTask(worker.task.tid, grace))

        self.order(who, order)

    @happening(who=WHO)
    def a_worker_sets_a_variable(self, who: int) -> None:
        def order(worker: Worker) -> Calls:
            before = whose.get(None)
            self.expect(not worker.has_set or before == worker.name, "a variable is lost")
            whose.set(worker.name)
            worker.has_set = True
            yield
            self.expect(whose.get(None) == worker.name, "a variable is another's")

        self.order(who, order)

    @happening(who=WHO)
    def a_request_is_given_up(self, who: int) -> None:
        requests = sorted(self.sched.requests, key=id)
        if requests:
            self.sched.inbox.put(Cancellation(requests[who % len(requests)]))

    # -- what must hold

    @invariant()
    def all_is_well(self) -> None:
        self.check()

    def check(self) -> None:
        """What must hold between any two rounds."""
        assert not self.faults
        check(self.sched, self.things)
        self.look()
        for task in self.sched.ended.values():
            assert not isinstance(task.error, FAULTS), task
        for worker in self.living():
            assert (worker.task.reason() == "") == (worker.task.queue is None)
            if worker.at_prompt and worker.task.stop is None:
                assert not worker.task.killed, "a kill is lost"

    def teardown(self) -> None:
        if self.sched is None:
            return
        try:
            self.end_all()
        finally:
            self.sched.poller.close()

    def end_all(self) -> None:
        """All are killed, and end in good order; nothing is left, and every call is as it was."""
        turn(self.sched, 2)
        forced = self.forced | self.sched.dying.keys()
        for task in list(self.sched.tasks.values()):
            self.sched.kill(task, 1000)
        settle(self.sched, 10_000)
        assert self.forced <= forced, "a kill is lost"
        for request in list(self.sched.requests):
            self.sched.inbox.put(Cancellation(request))
        turn(self.sched, 2)
        self.check()
        check_empty(self.sched, self.things)
        for note in self.notes:
            assert note.state != "pending"
            assert fields(note.call) == note.written


def each(things: Iterable[Any], kind: type) -> Iterator[Any]:
    """Those of a kind."""
    return (thing for thing in things if isinstance(thing, kind))
