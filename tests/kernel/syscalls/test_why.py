"""Why a task does not go on: the chain ends, and names only what is so."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Acquire,
    Ask,
    CapacityLimiter,
    Channel,
    ChanRecv,
    Event,
    Exited,
    ExplainTask,
    KillTask,
    ManualClock,
    Mutex,
    NewTask,
    NoSuchTask,
    OpenScope,
    Receive,
    Recv,
    RWLock,
    Select,
    Semaphore,
    SendSignal,
    Signal,
    Sleep,
    SystemCall,
    TakeLine,
    TaskGroup,
    WaitEvent,
    WaitQueue,
    WaitTask,
    system_call,
    within,
)
from kernel.request import Request

from ..support import end, snapshot, start, turn, watch


def sleeper(seconds=60.0):
    yield Sleep(seconds)


def waits_for(tid):
    yield WaitTask(tid)


def takes(*locks, then=None):
    for lock in locks:
        yield Acquire(lock)
        yield
    yield then or Sleep(60)


def why(sched, tid):
    return snapshot(sched, ExplainTask(tid))


def words(sched, tid):
    return str(why(sched, tid))


def test_a_chain_goes_from_the_task_to_the_one_that_holds_up_all():
    clock = ManualClock()
    mutex = Mutex("m")
    sched = start(takes(mutex), takes(mutex), waits_for(2), clock=clock)
    turn(sched, 3)
    clock.advance(57.9)
    assert words(sched, 3) == (
        "task 3 waits for the exit of 2; task 2 waits to acquire Mutex m, which task 1 has; "
        "task 1 sleeps for 2.1 s more"
    )
    told = why(sched, 3)
    assert [cause.tid for cause in told.chain] == [3, 2, 1]
    assert [cause.state for cause in told.chain] == ["blocked"] * 3
    assert told.circle == []


def test_a_deadlock_is_named_as_such_with_its_circle():
    one, two = Mutex("one"), Mutex("two")
    sched = start(sleeper(), takes(one, two), takes(two, one), waits_for(2))
    turn(sched, 4)
    told = why(sched, 4)
    assert told.circle == [2, 3]
    assert told.verdict == "a deadlock: 2 → 3 → 2"
    assert [cause.tid for cause in told.chain] == [4, 2, 3]
    assert "deadlock" not in words(sched, 1)


def test_a_circle_that_somebody_leaves_by_itself_is_no_deadlock():
    one, two = Mutex("one"), Mutex("two")

    def patient():
        yield Acquire(two)
        yield
        yield within(5, Acquire(one))

    sched = start(takes(one, two), patient())
    turn(sched, 4)
    told = why(sched, 1)
    assert told.circle == [1, 2]
    assert told.verdict == "they wait in a circle, 1 → 2 → 1, which somebody leaves in 5.0 s"
    end(sched)


def test_a_shield_keeps_off_what_would_have_ended_a_circle():
    one, two = Mutex("one"), Mutex("two")

    def shielded():
        yield Acquire(two)
        yield
        with (yield OpenScope(5)), (yield OpenScope(shield=True)):
            yield Acquire(one)

    sched = start(takes(one, two), shielded())
    turn(sched, 4)
    assert why(sched, 1).verdict == "a deadlock: 1 → 2 → 1"
    end(sched)


def test_who_waits_for_several_is_led_to_the_one_by_which_it_waits_in_vain():
    lock = RWLock("rw")
    back = Event("back")

    def reader(then):
        yield Acquire(lock.reader)
        yield
        yield then

    sched = start(reader(WaitEvent(back)), reader(WaitTask(3)), takes(lock.writer))
    turn(sched, 3)
    assert why(sched, 3).circle == [3, 2]


def test_a_group_waits_for_each_of_its_tasks_but_the_daemons():
    def body(group):
        yield group.spawn(sleeper(), daemon=True)
        yield group.spawn(waits_for(1))

    def program():
        group = TaskGroup()
        yield group.run(body(group))

    sched = start(program())
    watch(sched, Exited)
    turn(sched, 4)
    assert why(sched, 1).circle == [1, 3]
    end(sched)


def test_one_of_several_owners_of_a_limiter_is_not_the_one_that_all_depends_on():
    limiter = CapacityLimiter(2, "l")
    sched = start(takes(limiter), takes(limiter), takes(limiter))
    turn(sched, 3)
    told = why(sched, 3)
    assert [cause.tid for cause in told.chain] == [3]
    assert told.chain[0].wakers == (1, 2)
    assert str(told) == (
        "task 3 waits to acquire CapacityLimiter l; whoever gives it back could wake it, "
        "as tasks 1 and 2 perhaps, which have it at hand"
    )


def test_a_stopped_task_ends_the_chain_whatever_it_waits_for():
    mutex = Mutex("m")
    sched = start(takes(mutex), takes(mutex), takes(mutex))
    turn(sched, 3)
    snapshot(sched, SendSignal(1, Signal.STOP))
    assert words(sched, 2).endswith("; task 1 is stopped, until somebody sends it CONT")
    snapshot(sched, SendSignal(2, Signal.STOP))
    assert words(sched, 2) == "task 2 is stopped, until somebody sends it CONT"


def test_a_ready_task_is_told_how_many_are_before_it():
    def busy():
        while True:
            yield

    sched = start(busy(), busy(), busy())
    turn(sched)
    assert words(sched, 1) == "task 1 is ready, and next"
    assert words(sched, 2) == "task 2 is ready; 1 is before it"
    assert words(sched, 3) == "task 3 is ready; 2 are before it"


def test_who_asks_about_itself_is_running():
    def program():
        return str((yield ExplainTask(1)))

    sched = start(program())
    turn(sched)
    assert sched.find(1).status.value == "task 1 is running"


def test_an_ended_task_is_told_by_how_it_ended():
    def crash():
        yield
        raise ValueError("no good")

    def good():
        yield
        return 5

    sched = start(crash(), good(), sleeper())
    watch(sched, Exited)
    turn(sched, 3)
    snapshot(sched, KillTask(3))
    turn(sched)
    assert words(sched, 1) == "task 1 crashed: ValueError: no good"
    assert words(sched, 2) == "task 2 ended: 5"
    assert words(sched, 3) == "task 3 was killed"
    with pytest.raises(NoSuchTask):
        why(sched, 4)


def test_a_task_that_does_not_heed_a_kill_is_told_with_its_deadline():
    def stubborn():
        try:
            yield Sleep(60)
        finally:
            yield Sleep(60)

    sched = start(stubborn(), waits_for(1), grace=2.0)
    turn(sched)
    snapshot(sched, KillTask(1))
    turn(sched)
    killed = "and has been killed: it ends by force in 2.0 s at the latest"
    assert words(sched, 2).endswith(f"; task 1 sleeps for 60.0 s more, {killed}")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (TakeLine(), "waits for a line; whoever types a line for it could wake it"),
        (Receive(), "waits to receive; whoever sends it a message could wake it"),
        (
            Select(TakeLine(), Receive()),
            "waits for a line or receive; whoever types a line for it or whoever sends it a "
            "message could wake it",
        ),
    ],
)
def test_the_end_of_a_chain_says_who_could_wake_it(call, text):
    def program():
        yield call

    sched = start(program(), sleeper(), stdin=False)
    turn(sched)
    assert words(sched, 1) == f"task 1 {text}"


def test_those_are_named_who_have_at_hand_what_it_takes_and_do_not_wait_for_it_too():
    channel, event = Channel(name="c"), Event("e")

    def has(*things):
        yield Sleep(60)
        return things, channel

    def receives(what):
        yield ChanRecv(what)

    def knows():
        mine = event
        yield Sleep(60)
        return mine

    def waits():
        yield WaitEvent(event)

    sched = start(receives(channel), receives(channel), has(), waits(), waits(), knows())
    turn(sched)
    assert why(sched, 1).chain[0].wakers == (3,)
    assert why(sched, 4).chain[0].wakers == (6,)


def test_where_nothing_can_wake_anybody_that_is_a_deadlock_without_a_circle():
    event = Event("e")

    def waits():
        yield WaitEvent(event)

    sched = start(waits(), waits())
    turn(sched)
    assert why(sched, 1).verdict == "a deadlock: nothing in the system can wake it"
    snapshot(sched, NewTask(sleeper()))
    turn(sched)
    assert why(sched, 1).verdict == ""


def test_who_waits_for_a_socket_waits_for_the_other_end():
    near, far = socket.socketpair()

    def reads():
        yield Recv(near, 1)

    with near, far:
        sched = start(reads())
        turn(sched)
        assert words(sched, 1).endswith("; whoever is at the other end could wake it")
        end(sched)
        sched.poller.close()


def test_a_chain_of_thousands_is_told_without_its_middle():
    sched = start(sleeper(), *(waits_for(tid) for tid in range(1, 3_000)))
    turn(sched, 4)
    told = why(sched, 3_000)
    assert (len(told.chain), told.omitted) == (20, 2_980)
    assert told.chain[0].tid == 3_000 and told.chain[-1].tid == 1
    assert "; and so on, 2,980 tasks more; task 10 waits" in str(told)


def test_a_call_of_a_programs_own_is_told_in_its_own_words_or_without_any():
    @system_call
    class Odd(SystemCall):
        def run(self, kernel, caller):
            return caller.sleep(queue, self)

        def reason(self, kernel, caller):
            return "a coin"

        def waits_for_all(self):
            raise SystemExit

    queue = WaitQueue()

    def program():
        yield Odd()

    sched = start(program(), sleeper())
    turn(sched)
    assert words(sched, 1) == "task 1 waits for a coin"


# -- whatever they wait for

TASKS, LOCKS = 5, 3
TIDS, LOCK = st.integers(1, TASKS), st.integers(0, LOCKS - 1)
ACTS = st.one_of(
    st.tuples(st.just("lock"), LOCK),
    st.tuples(st.just("read"), LOCK),
    st.tuples(st.just("write"), LOCK),
    st.tuples(st.just("permit"), LOCK),
    st.tuples(st.just("exit"), TIDS),
    st.tuples(st.just("ask"), TIDS),
    st.tuples(st.just("sleep"), TIDS),
    st.tuples(st.just("event"), LOCK),
    st.tuples(st.just("yield"), TIDS),
    st.tuples(st.just("group"), TIDS),
)


class World:
    """Tasks that wait for each other at random."""

    def __init__(self, plans):
        self.mutexes = [Mutex(f"m{number}") for number in range(LOCKS)]
        self.rwlocks = [RWLock(f"rw{number}") for number in range(LOCKS)]
        self.semaphores = [Semaphore(1, f"s{number}") for number in range(LOCKS)]
        self.events = [Event(f"e{number}") for number in range(LOCKS)]
        self.sched = start(*(self.program(plan) for plan in plans))

    def program(self, plan):
        for act, number in plan:
            try:
                yield self.trap(act, number)
            except Exception:
                yield

    def trap(self, act, number):
        match act:
            case "lock":
                return Acquire(self.mutexes[number])
            case "read":
                return Acquire(self.rwlocks[number].reader)
            case "write":
                return Acquire(self.rwlocks[number].writer)
            case "permit":
                return Acquire(self.semaphores[number])
            case "exit":
                return WaitTask(number)
            case "ask":
                return Ask(number, "?")
            case "sleep":
                return Sleep(number)
            case "event":
                return WaitEvent(self.events[number])
            case "group":
                group = TaskGroup()
                return group.run(self.body(group, number))
        return None

    def body(self, group, number):
        for _ in range(number):
            yield group.spawn(sleeper(number))

    def owners(self, lock):
        locked = lock.lock if hasattr(lock, "lock") else lock
        return {task.tid for task in getattr(locked, "owners", ())}

    def holds_up(self, tid):
        """Who each has to do something before this task can go on, found by other means."""
        task = self.sched.tasks[tid]
        call = task.call
        match type(call).__name__:
            case "Acquire":
                return self.owners(call.lock)
            case "WaitTask" | "Asking":
                return {call.tid}
            case "LeaveGroup":
                return set(call.group.tasks)
        return set()


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.lists(st.lists(ACTS, max_size=5), min_size=TASKS, max_size=TASKS), st.integers(1, 12))
def test_whatever_they_wait_for_the_chain_ends_and_names_only_what_is_so(plans, rounds):
    world = World(plans)
    sched = world.sched
    watch(sched, Exited)
    turn(sched, rounds)
    for tid in range(1, sched.last_tid + 1):
        told = ExplainTask(tid).run(sched, Request(sched, None))
        named = [cause.tid for cause in told.chain]
        assert named[0] == tid and len(named) == len(set(named)) <= sched.last_tid
        for cause, following in zip(told.chain, told.chain[1:], strict=False):
            assert cause.state == "blocked"
            assert following.tid in world.holds_up(cause.tid)
        for cause in told.chain:
            assert cause.state == sched.find(cause.tid).state
        if told.circle:
            assert set(told.circle) <= set(named)
            following = [*told.circle[1:], told.circle[0]]
            for waiter, holder in zip(told.circle, following, strict=True):
                assert holder in world.holds_up(waiter)
        elif named[-1] in sched.tasks and told.chain[-1].state == "blocked":
            assert not world.holds_up(named[-1]) & sched.tasks.keys()
        assert ("deadlock" in told.verdict) <= (bool(told.circle) or not sched.alarms.live)
    sched.end_all(0)
