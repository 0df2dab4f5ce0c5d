"""The task table and the loop."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Accept,
    Connect,
    Exited,
    GetTid,
    Inbox,
    KillTask,
    Listen,
    ListTasks,
    ManualClock,
    NewTask,
    Policy,
    Poller,
    ReadWait,
    Recv,
    Scheduler,
    Scripted,
    Send,
    Sleep,
    SystemCall,
    Task,
    TooManyTasks,
    WaitQueue,
    WaitTask,
    Yield,
    system_call,
)
from kernel.files import FileCall
from kernel.poller import READ
from kernel.request import Request
from kernel.scheduler import LOOK, LOOKS

from .support import (
    FedPoller,
    Park,
    Wake,
    ask,
    idle,
    no_collector,
    outcome,
    settle,
    start,
    told,
    turn,
    watch,
)


def test_new_answers_tids_from_1_in_each_scheduler():
    first, second = Scheduler(), Scheduler()
    assert [first.new(idle(1)) for _ in range(3)] == [1, 2, 3]
    assert second.new(idle(1)) == 1


def test_two_schedulers_never_meet():
    seen = []

    def program(name, other):
        me = yield GetTid()
        if other is not None:
            inner = Scheduler()
            inner.new(program("inner", None))
            inner.mainloop()
        seen.append((name, me, len((yield ListTasks()).tasks)))

    sched = start(idle(1), program("outer", "inner"))
    settle(sched)
    assert seen == [("inner", 1, 1), ("outer", 2, 2)]


def test_the_articles_way_to_make_a_task_works_as_well():
    sched = start()
    task = Task(idle(1))
    sched.schedule(task)
    assert (task.tid, sched.tasks) == (1, {1: task})
    with pytest.raises(ValueError, match="task 1 has been scheduled before"):
        sched.schedule(task)
    settle(sched)


def test_mainloop_ends_when_no_task_is_left():
    def program():
        yield Sleep(0)
        yield NewTask(idle(3))

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert sched.tasks == {}
    sched.new(idle(2))
    sched.mainloop()
    assert sched.last_tid == 3


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="platform: no /proc to count in")
def test_thousands_of_schedulers_in_a_row_leave_no_descriptor_open():
    def program():
        yield Sleep(0.0001)

    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(1_000):
        sched = Scheduler()
        sched.new(program())
        sched.mainloop()
        Scheduler().cycle(wait=False)  # one that nobody closes
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


# -- the four doors


def client(address):
    with (yield Connect(address)) as sock:
        yield Send(sock, b"hello")
        return (yield Recv(sock, 100))


def server(listener):
    sock, _ = yield Accept(listener)
    with sock:
        yield Send(sock, (yield Recv(sock, 100)))


def household():
    queue = WaitQueue()

    def child(name, nap):
        yield Sleep(nap)
        yield Wake(queue)
        return name

    tids = []
    for number in range(3):
        tids.append((yield NewTask(child(number, 3 - number))))
    for _ in tids:
        yield Park(queue)
    values = []
    for tid in tids:
        values.append((yield WaitTask(tid)).value)
    return values


class Jumping(FedPoller):
    """Time passes only here, and just as long as the kernel wants to sleep."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock

    def poll(self, timeout):
        if timeout:
            self.clock.advance(timeout)
        return super().poll(timeout)


def run_through_doors(script: list[int]) -> list[tuple]:
    """The trace of a run whose time, files, requests and choices all come from the test."""
    clock = ManualClock()
    poller, inbox = Jumping(clock), Inbox()
    sched = Scheduler(clock=clock, poller=poller, inbox=inbox, policy=Scripted(script))
    seen = watch(sched)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sched.new(household())

        def reader():
            yield ReadWait(ours)
            return ours.recv(10)

        sched.new(reader())
        turn(sched, 3)
        theirs.send(b"x")
        poller.feed(ours.fileno(), READ)
        inbox.put(Request(sched, NewTask(idle(1))))
        sched.mainloop()
    assert outcome(sched, 1).value == [0, 1, 2]
    assert outcome(sched, 2).value == b"x"
    return [(kind, tid, words.replace(str(ours), "ours")) for kind, tid, words in told(seen)]


def test_the_same_program_through_the_same_doors_gives_the_same_trace():
    def masked(trace):
        return [(kind, tid) for kind, tid, _ in trace]

    first, second = run_through_doors([]), run_through_doors([])
    assert masked(first) == masked(second)
    assert len(first) > 30
    assert masked(run_through_doors([2, 1])) != masked(first)


@given(st.lists(st.sampled_from(["yield", "call", "sub", "sleep"]), max_size=12))
def test_with_a_budget_of_1_every_call_is_a_scheduling_point(steps):
    order = []

    def nothing():
        return None
        yield

    def program(name):
        for step in steps:
            order.append(name)
            if step == "yield":
                yield
            elif step == "call":
                yield GetTid()
            elif step == "sub":
                yield nothing()
            else:
                yield Sleep(0)

    settle(start(program("a"), program("b"), policy=Policy(1)))
    if "sub" not in steps and "sleep" not in steps:
        assert order == ["a", "b"] * len(steps)
    assert order.count("a") == order.count("b") == len(steps)


def test_an_idle_kernel_sleeps_without_end_and_a_busy_one_only_looks():
    poller = FedPoller()
    sched = Scheduler(poller=poller, clock=ManualClock())
    sched.cycle()
    assert poller.timeouts == [None]
    sched.new(idle(5))
    turn(sched, 3)
    assert poller.timeouts == [None], "with no file to wait for a busy kernel asks no poller"


def waiting_beside_a_busy_task(clock):
    """A scheduler in which one waits for a file and one is busy; and its poller."""
    poller = FedPoller()
    sched = Scheduler(poller=poller, clock=clock)
    reader, _ = files = os.pipe()

    def wait():
        try:
            yield ReadWait(reader)
        finally:
            for file in files:
                os.close(file)

    sched.new(wait())
    sched.new(idle())
    turn(sched)
    poller.timeouts.clear()
    return sched, poller


def test_a_busy_kernel_looks_at_the_files_now_and_then_so_that_other_threads_get_their_turn():
    clock = ManualClock()
    sched, poller = waiting_beside_a_busy_task(clock)
    for looks in range(1, 4):
        for _ in range(5):
            sched.cycle(once=False)
            assert poller.timeouts == [0] * looks
        clock.advance(LOOK)
    sched.end_all()


def test_a_busy_kernel_whose_clock_stands_still_looks_at_the_files_all_the_same():
    sched, poller = waiting_beside_a_busy_task(ManualClock())
    for _ in range(3 * LOOKS):
        sched.cycle(once=False)
    assert 3 <= len(poller.timeouts) <= 4
    sched.end_all()


def test_turned_by_hand_a_busy_kernel_looks_at_the_files_in_every_round():
    sched, poller = waiting_beside_a_busy_task(ManualClock())
    turn(sched, 5)
    assert poller.timeouts == [0] * 5
    sched.end_all()


def test_mainloop_shortens_the_switch_interval_and_puts_it_back():
    former, seen = sys.getswitchinterval(), []

    def program():
        seen.append(sys.getswitchinterval())
        yield

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert seen[0] < former
    assert sys.getswitchinterval() == former


# -- everybody gets a turn


def forever():
    while True:
        yield


def calling():
    while True:
        yield GetTid()


def returning():
    def nothing():
        return None
        yield

    while True:
        yield nothing()


def failing():
    while True:
        try:
            yield 5
        except TypeError:
            pass


def returning_early():
    def early():
        yield "a value"

    while True:
        yield early()


def entering():
    async def nothing():
        return None

    while True:
        yield nothing()


async def awaiting():
    while True:
        await GetTid()


def giving_way():
    while True:
        yield Yield()


def napping():
    while True:
        yield Sleep(0)


def passing(mine, other):
    while True:
        yield Wake(other)
        yield Park(mine)


def spawning():
    while True:
        try:
            yield NewTask(spawning())
        except TooManyTasks:
            pass


HOGS = [
    *(forever, calling, returning, failing, giving_way, napping),
    *(returning_early, entering, awaiting),
]


@pytest.mark.parametrize("hog", HOGS, ids=lambda hog: hog.__name__)
@pytest.mark.parametrize("budget", [1, 64])
def test_a_task_that_yields_without_end_starves_nobody(hog, budget):
    check_that_others_go_on(hog(), hog(), policy=Policy(budget))


def test_two_tasks_that_wake_each_other_starve_nobody():
    first, second = WaitQueue(), WaitQueue()
    check_that_others_go_on(passing(first, second), passing(second, first))


def test_tasks_that_start_others_without_bound_find_a_limit_and_starve_nobody():
    check_that_others_go_on(spawning(), tasks=12)


@pytest.mark.parametrize("call", [Sleep(1), ReadWait(100)], ids=["an alarm", "a file"])
def test_passes_that_follow_each_other_directly_end_while_an_alarm_or_a_file_is_waited_for(call):
    """Or whoever waits beside a task that yields without end would wait for ever."""

    def waits():
        yield call

    sched = start(waits(), idle(1_000), poller=FedPoller())
    for passes in range(1, 4):
        sched.cycle(once=False)
        assert sched.passes == passes


def test_passes_that_follow_each_other_directly_end_when_there_is_something_to_look_at():
    sched = start()
    turns = []

    class Note:
        def arrive(self):
            turns.append("request")

    def busy(name):
        for number in range(5):
            turns.append(f"{name}{number}")
            if turns[-1] == "a1":
                sched.inbox.put(Note())
            if turns[-1] == "a2":
                yield Sleep(0)
            else:
                yield

    for name in "abcd":
        sched.new(busy(name))
    sched.cycle(once=False)
    assert turns == ["a0", "b0", "c0", "d0", "a1", "b1", "c1", "d1"]
    sched.cycle(once=False)
    assert turns[8:] == ["request", "a2", "b2", "c2", "d2"]
    sched.cycle(once=False)
    assert turns[13:] == ["b3", "c3", "d3", "a3", "b4", "c4", "d4", "a4"]


@pytest.mark.parametrize("crowd", [1, 2, 3])
def test_few_tasks_have_four_turns_in_a_pass_and_no_more_before_a_request_is_looked_at(crowd):
    """Not acceptable: that a request waits for longer than it would beside four tasks."""
    sched, turns = start(), []

    class Note:
        def arrive(self):
            turns.append("request")

    def busy(name):
        while True:
            turns.append(name)
            if len(turns) == crowd + 1:  # the first turn of the second pass
                sched.inbox.put(Note())
            yield

    for name in "abc"[:crowd]:
        sched.new(busy(name))
    sched.cycle(once=False)
    names = "abc"[:crowd] * 5
    assert turns == [*names[: crowd + 4]]
    sched.cycle(once=False)
    assert turns[crowd + 4] == "request"


def test_a_pass_over_few_tasks_ends_when_all_of_them_sleep_or_have_ended():
    def ends(times):
        for _ in range(times):
            yield

    def sleeps():
        yield
        yield
        yield Sleep(1)

    sched = start(ends(2), sleeps())
    sched.cycle(once=False)
    assert (sched.passes, list(sched.tasks)) == (2, [2])
    assert sched.find(2).state == "blocked"


def test_turned_by_hand_every_task_has_one_turn_however_few_they_are():
    turns = []

    def busy():
        while True:
            turns.append("turn")
            yield

    sched = start(busy())
    turn(sched, 5)
    assert len(turns) == 5


def test_the_turns_of_one_pass_can_be_told_apart():
    """Or one task that gives way again and again would seem to hold the kernel."""
    sched, seen = start(), []

    def busy():
        for _ in range(9):
            seen.append(Scheduler.turn_at(sys._getframe()))
            yield

    sched.new(busy())
    sched.cycle(once=False)
    assert len({(each.passes, each.number) for each in seen}) == 9
    assert len({each.passes for each in seen}) < 9
    assert Scheduler.turn_at(sys._getframe()).task is None


def test_a_policy_that_fails_while_tasks_are_ready_is_loud():
    class Broken(Policy):
        def pick(self, ready):
            return list(ready)[len(ready)]

    sched = start(idle(3), policy=Broken())
    with pytest.raises(IndexError, match="list index"):
        turn(sched)


def test_what_arrives_may_be_an_order_to_stop_so_one_pass_follows():
    sched, turns = start(), []

    class Note:
        def arrive(self):
            turns.append("request")

    def busy():
        while True:
            turns.append("task")
            yield

    sched.new(busy())
    sched.inbox.put(Note())
    sched.cycle(once=False)
    assert turns == ["request", "task"]


def test_an_error_on_its_way_up_a_deep_stack_lets_others_run():
    def deep(levels):
        if levels:
            yield deep(levels - 1)
        raise ValueError

    sched = start(deep(10_000), policy=Policy(64))
    watch(sched, Exited)
    turn(sched, 10_000 // 64)
    assert sched.tasks, "it is still on its way down"
    steps = []

    def other():
        while True:
            steps.append(len(sched.tasks))
            yield

    sched.new(other())
    while len(sched.tasks) == 2:
        turn(sched)
    assert len(steps) >= 10_000 // 64


def check_that_others_go_on(*hogs, **doors):
    clock, poller = ManualClock(), FedPoller()
    ours, theirs = socket.socketpair()
    done = []

    def task():
        yield
        done.append("task")

    def alarm():
        yield Sleep(1)
        done.append("alarm")

    def file():
        yield ReadWait(ours)
        done.append("file")

    with ours, theirs:
        sched = start(*hogs, task(), alarm(), file(), clock=clock, poller=poller, **doors)
        turn(sched, 3)
        clock.advance(1)
        theirs.send(b"x")
        poller.feed(ours.fileno(), READ)
        reply = ask(sched, GetTid())
        turn(sched, 3)
        assert sorted(done) == ["alarm", "file", "task"]
        assert reply.result(0) == 0
        sched.end_all()


# -- many of them


def test_tasks_that_have_ended_leave_nothing_behind():
    def child():
        yield

    def mother(count):
        for _ in range(count):
            yield WaitTask((yield NewTask(child())))

    tracemalloc.start()
    try:
        sched = start(mother(3_000))
        settle(sched)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        sched.new(mother(5_000))
        settle(sched)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert sched.last_tid > 8_000
    assert grown < 5_000, "5,000 tasks left a byte each"


def test_200_000_tasks_spawned_and_ended_leave_memory_flat():
    def child():
        yield

    def mother(count):
        for _ in range(count):
            yield NewTask(child())

    sched = start(mother(3_000))
    sched.mainloop()
    gc.collect()
    before = sys.getallocatedblocks()
    sched.new(mother(200_000))
    sched.mainloop()
    gc.collect()
    assert sched.last_tid > 203_000
    assert sys.getallocatedblocks() - before < 200


def sleeps():
    yield Sleep(1e6)


def crashes():
    yield
    raise ValueError


def crashes_in_finally():
    try:
        yield Sleep(1e6)
    finally:
        raise LookupError


def lingers_in_finally():
    try:
        yield Sleep(1e6)
    finally:
        yield Sleep(1e6)


def test_killed_tasks_leave_nothing_behind_however_they_end():
    def mother(lives):
        for _ in range(lives):
            for begun in (True, False):
                for program in (sleeps, crashes, crashes_in_finally, lingers_in_finally):
                    tid = yield NewTask(program())
                    if begun:
                        yield
                    yield KillTask(tid, 0)
                    yield WaitTask(tid)

    tracemalloc.start()
    try:
        sched = start(mother(200))
        sched.trace.subscribe(lambda event: None, Exited)  # or the crashes would be logged
        settle(sched)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        sched.new(mother(200))
        settle(sched)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert sched.last_tid > 3_200
    assert grown < 3_200, "1,600 tasks left two bytes each"


def test_a_task_that_has_ended_is_freed_without_the_garbage_collector():
    freed = []

    class Witness:
        def __del__(self):
            freed.append(True)

    def program(witness):
        yield Sleep(0)

    sched = start()
    with no_collector():
        sched.new(program(Witness()))
        settle(sched)
        assert freed == [True]


def test_a_scheduler_that_runs_refuses_to_be_run_once_more():
    def program():
        with pytest.raises(RuntimeError, match="running already"):
            sched.mainloop()
        yield

    sched = Scheduler()
    sched.new(program())
    sched.new(idle(3))
    sched.mainloop()
    assert outcome(sched, 1).ok
    sched.new(idle(3))
    sched.mainloop()


def test_100_000_tasks_can_be_alive_at_once():
    queue = WaitQueue()

    def parked():
        yield Park(queue)

    sched = start(*(parked() for _ in range(100_000)))
    turn(sched, 100)
    assert len(queue) == 100_000
    while queue.first is not None:
        queue.first.answer(None)
    settle(sched)


def test_end_all_ends_the_newest_first_also_those_that_an_end_starts():
    ends = []

    def program(name, heir=None):
        try:
            yield Sleep(1e6)
        finally:
            ends.append(name)
            if heir is not None:
                yield NewTask(heir)

    def late():
        ends.append("NEVER: the body of a task that was killed before it began")
        yield

    sched = start(program("a"), program("b", late()), program("c"))
    turn(sched)
    sched.end_all()
    assert ends == ["c", "b", "a"]
    assert sched.tasks == {}


def test_end_all_ends_a_task_too_whose_number_was_reserved_before_and_which_comes_later():
    def heir():
        yield Sleep(1e6)

    def program():
        try:
            yield Sleep(1e6)
        finally:
            late = Task(heir())
            late.tid = sched.last_tid
            sched.admit(late, 0)

    sched = start(program())
    sched.last_tid += 1
    turn(sched)
    sched.end_all()
    assert sched.tasks == {}
    assert sched.find(2).status.killed


# -- a fault of one is a fault of one


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        StopIteration(1),
        KeyboardInterrupt(),
        SystemExit(),
        GeneratorExit(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_in_a_calls_own_code_is_the_callers_and_the_kernel_lives(error):
    class Broken(SystemCall):
        __slots__ = ()

        def run(self, kernel, caller):
            raise error

    def program():
        try:
            yield Broken()
        except BaseException as caught:
            # As in any generator, a `StopIteration` that passes through is a `RuntimeError`.
            return type(caught)
        return None

    sched = start(program(), idle(3))
    reply = ask(sched, Broken())
    settle(sched)
    assert outcome(sched, 1).value is type(error)
    assert outcome(sched, 2).ok
    assert isinstance(reply.exception(0), type(error) | RuntimeError)


@system_call
class Late(FileCall):
    """Sleeps; when its sleep is to end, its own code raises."""

    fd: int
    ends_by: str
    error: BaseException

    def run(self, kernel, caller):
        if caller.queue is not None:
            raise self.error
        if self.ends_by == "a file":
            return kernel.files.wait(kernel.files.of(self.fd), READ, caller, self)
        if self.ends_by == "an end":
            return caller.sleep(kernel.find(2).exit_queue(), self)
        kernel.alarms.set(kernel.clock.now() + 1, caller)
        return caller.sleep(kernel.sleepers, self)

    def ring(self, kernel, caller):
        if self.ends_by == "an alarm":
            raise self.error
        caller.look_again()

    def go_on(self, kernel, caller, file):
        raise self.error

    def ended(self, task):
        raise self.error


@pytest.mark.parametrize("ends_by", ["an alarm", "another look", "a file", "an end"])
@pytest.mark.parametrize(
    "error",
    [ValueError(), StopIteration(1), KeyboardInterrupt(), SystemExit(), GeneratorExit()],
    ids=lambda error: type(error).__name__,
)
def test_an_error_in_a_calls_own_code_is_the_sleepers_also_when_its_sleep_ends(ends_by, error):
    def program():
        try:
            yield Late(100, ends_by, error)
        except BaseException as caught:
            return caught

    clock, poller = ManualClock(), FedPoller()
    sched = start(program(), idle(3), idle(20), clock=clock, poller=poller)
    reply = ask(sched, Late(100, ends_by, error))
    turn(sched, 2)
    assert not reply.done()
    assert sched.tasks[1].state == "blocked"
    clock.advance(1)
    for _ in range(5):
        poller.feed(100, READ)
        turn(sched)
    assert outcome(sched, 1).value is error
    assert reply.exception(0) is error
    assert sched.tasks[3].state == "ready", "the others go on"


def test_a_call_whose_alarm_rings_looks_again_and_may_then_answer():
    @system_call
    class Retry(SystemCall):
        """Looks once a second whether there is an answer."""

        answers: list[str]

        def run(self, kernel, caller):
            if self.answers:
                return self.answers[0]
            kernel.alarms.set(kernel.clock.now() + 1, caller)
            return caller.sleep(kernel.sleepers, self)

    def program():
        return (yield retry)

    retry = Retry([])
    sched = start(program())
    reply = ask(sched, retry)
    for _ in range(3):
        turn(sched)
        sched.clock.advance(1)
    assert not reply.done()
    assert sched.tasks[1].state == "blocked"
    retry.answers.append("there it is")
    turn(sched, 2)
    assert outcome(sched, 1).value == "there it is"
    assert reply.result(0) == "there it is"
    assert sched.alarms.live == 0


def test_a_bug_in_the_loop_is_loud():
    class Broken(Policy):
        def pick(self, ready):
            raise ZeroDivisionError("a bug")

    sched = Scheduler(policy=Broken())
    sched.new(idle(1))
    with pytest.raises(ZeroDivisionError):
        sched.mainloop()


def test_a_scheduler_whose_class_is_given_by_a_host_is_of_that_class():
    from kernel.scheduler import HOST

    class Guest(Scheduler):
        """What a program gets that is loaded for a running system."""

    made = []

    def loading():
        HOST.scheduler = Guest
        made.append(Scheduler(grace=1))

    thread = threading.Thread(target=loading)
    thread.start()
    thread.join(30)
    assert type(made[0]) is Guest
    assert made[0].grace == 1
    assert type(Scheduler()) is Scheduler


def test_a_poller_is_asked_for_nothing_before_it_is_needed():
    class Counting(FedPoller):
        opened = 0

        def open(self):
            self.opened += 1

    poller = Counting()
    sched = Scheduler(poller=poller)
    sched.new(idle(100))
    sched.mainloop()
    assert poller.opened == 0
    assert isinstance(poller, Poller)


def test_an_echo_through_the_real_doors():
    def program():
        with (yield Listen(("127.0.0.1", 0))) as listener:
            yield NewTask(server(listener))
            return (yield client(listener.getsockname()))

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert outcome(sched, 1).value == b"hello"
