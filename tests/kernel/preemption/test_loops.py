"""Laws of steps that are put aside: a task that goes on finds everything as it left it."""

from __future__ import annotations

import decimal
import gc
import sys
import threading
import weakref
from contextvars import ContextVar
from functools import partial
from types import SimpleNamespace

import pytest
from greenlet import greenlet

from kernel import (
    Called,
    Channel,
    ChanRecv,
    ChanSend,
    GetStack,
    GetTid,
    KernelStopped,
    KillTask,
    Link,
    LinkBroken,
    Machine,
    NewTask,
    Panicked,
    Pause,
    Preempt,
    Preempted,
    Resume,
    Scheduler,
    SetNice,
    Sleep,
    Slow,
    Step,
    SystemCall,
    TaskGroup,
    WaitTask,
    call,
    fiber,
    system_call,
)

from ..net import GUARD, descriptors
from .hogs import SHORT, interrupts, plain_loop, trial, until

pytestmark = interrupts

VAR: ContextVar[str] = ContextVar("VAR", default="nothing")


def rounds(trial, tid, times=3):
    """See a task be put aside so many times."""
    trial.interrupted(tid, times)


def spins(trial, check=lambda: True, name=""):
    """Holds the kernel until the test says `stop`, and checks all the while; answers how often."""
    count = 0
    while name not in trial.stop:
        count += 1
        assert check()
    return count


@pytest.fixture
def t():
    with trial(SHORT) as made:
        made.stop = set()
        yield made
        made.stop.update(["", *"abc"])


def test_a_task_that_goes_on_loses_and_repeats_nothing(t):
    def program():
        yield
        count, total = 0, 0
        while not t.stop:
            count += 1
            total += count
        return total == count * (count + 1) // 2

    tids = [t.start(program()) for _ in range(3)]
    for tid in tids:
        rounds(t, tid)
    t.stop.add("all")
    assert [t.wait(tid).value for tid in tids] == [True] * 3


def test_it_goes_on_to_its_calls_and_their_answers(t):
    def program(channel):
        yield
        spins(t)
        yield ChanSend(channel, "sent")
        t.stop.discard("")
        answer = yield ChanRecv(channel)
        return answer

    channel = Channel(2)
    tid = t.start(program(channel))
    rounds(t, tid)
    t.stop.add("")
    assert t.wait(tid).value == "sent"


def test_each_task_keeps_its_context_variables(t):
    def program(name):
        yield
        VAR.set(name)
        spins(t, lambda: VAR.get() == name, name)
        yield
        return VAR.get()

    tids = [t.start(program(name)) for name in "ab"]
    for tid in tids:
        rounds(t, tid)
    t.stop.update("ab")
    assert [t.wait(tid).value for tid in tids] == ["a", "b"]
    tid = t.start(iter_value(VAR.get))
    assert t.wait(tid).value == "nothing"


def iter_value(function):
    yield
    return function()


def test_who_is_interrupted_before_it_sets_a_variable_sets_it_for_itself_only(t):
    def program(name):
        yield
        spins(t)
        VAR.set(name)
        spins(t, lambda: VAR.get() == name, name)
        yield
        return VAR.get()

    tids = [t.start(program(name)) for name in "ab"]
    for tid in tids:
        rounds(t, tid)
    t.stop.add("")
    for tid in tids:
        rounds(t, tid, 5)
    t.stop.update("ab")
    assert [t.wait(tid).value for tid in tids] == ["a", "b"]
    assert t.wait(t.start(iter_value(VAR.get))).value == "nothing"


def test_each_task_keeps_the_error_that_it_handles(t):
    def program(error):
        yield
        try:
            raise error
        except Exception:
            spins(t, lambda: sys.exc_info()[1] is error)
        return sys.exc_info()

    def innocent():
        yield
        spins(t, lambda: sys.exc_info() == (None, None, None))

    tids = [t.start(program(error)) for error in (ValueError("a"), KeyError("b"))]
    tids.append(t.start(innocent()))
    for tid in tids:
        rounds(t, tid)
    t.stop.add("")
    assert [t.wait(tid).value for tid in tids] == [(None,) * 3] * 2 + [None]


def test_each_task_keeps_its_decimal_context(t):
    def program(digits):
        yield
        with decimal.localcontext() as context:
            context.prec = digits
            spins(t, lambda: len(str(decimal.Decimal(1) / 3)) == digits + 2)
        return True

    tids = [t.start(program(digits)) for digits in (3, 7)]
    for tid in tids:
        rounds(t, tid)
    t.stop.add("")
    assert [t.wait(tid).value for tid in tids] == [True, True]


def test_an_asynchronous_generator_is_interrupted_and_closed_as_ever(t):
    async def numbers():
        try:
            while True:
                spins(t)
                yield 1
        finally:
            await Sleep(0)
            t.log.append("closed")

    async def program():
        async for number in numbers():
            return number

    tid = t.start(program())
    rounds(t, tid)
    t.stop.add("")
    assert t.wait(tid).value == 1
    until(lambda: t.log == ["closed"])


# -- seen, held and ended from outside


def test_its_stack_shows_where_it_is(t):
    tid = t.start_hog(plain_loop)
    rounds(t, tid)
    stack = t.call(GetStack(tid))
    assert stack.state == "ready"
    first = plain_loop.__code__.co_firstlineno
    frame = stack.frames[-1]
    assert (frame.function, frame.file) == ("plain_loop", plain_loop.__code__.co_filename)
    assert first < frame.line < first + 6
    assert t.kill(tid).killed


def test_while_the_system_is_paused_it_has_no_step_and_one_that_is_ordered_goes_to_its_yield(t):
    def program():
        yield
        t.log.append("begun")
        spins(t)
        yield
        t.log.append("another step")
        yield Sleep(1000)

    tid = t.start(program())
    rounds(t, tid)
    t.call(Pause())
    t.stop.add("")
    stepped = t.call(Step(tid))
    assert stepped.tid == tid
    assert t.log == ["begun"]
    t.call(Step(tid))
    assert t.log == ["begun", "another step"]
    t.call(Resume())
    t.goes_on()
    assert t.kill(tid).killed


def test_a_step_that_is_ordered_of_a_hog_is_not_interrupted_but_the_hog_can_be_killed(t):
    tid = t.start_hog(plain_loop)
    rounds(t, tid)
    t.call(Pause())
    order = t.machine.submit(Step(tid))
    until(lambda: t.machine.holder() is not None)
    t.call(KillTask(tid))
    assert order.result(GUARD) is not None
    t.call(Resume())
    assert t.wait(tid).killed
    t.goes_on()


def test_a_linked_task_that_is_put_aside_dies_with_the_other(t):
    def other(tid):
        yield Link(tid)
        raise ValueError("the end")

    tid = t.start_hog(plain_loop)
    rounds(t, tid)
    t.start(other(tid))
    status = t.wait(tid)
    assert status.killed
    assert isinstance(status.error, LinkBroken)
    assert t.log == ["finally"]
    t.goes_on()


def test_a_failing_group_ends_a_hog_in_it(t):
    def fails():
        yield Sleep(0.02)
        raise ValueError("the end")

    async def program():
        async with TaskGroup() as group:
            await group.spawn(plain_loop(t))
            await group.spawn(fails())

    status = t.wait(t.start(program()))
    assert status.crashed
    assert t.log == ["finally"]
    t.goes_on()


def test_who_waits_for_a_hog_is_told_of_its_end(t):
    def waiter(tid):
        return (yield WaitTask(tid))

    tid = t.start_hog(plain_loop)
    waits = t.start(waiter(tid))
    rounds(t, tid)
    t.call(KillTask(tid))
    assert t.wait(waits).value.killed


def test_with_priorities_the_urgent_one_has_its_turn_first(t):
    tids = [t.start_hog(plain_loop) for _ in range(2)]
    t.call(SetNice(tids[0], -5))
    t.call(SetNice(tids[1], 5))
    for tid in tids:
        rounds(t, tid)
        assert t.call(GetStack(tid)).frames
    for tid in tids:
        assert t.kill(tid).killed
    t.goes_on()


def test_traced_calls_of_a_task_that_is_interrupted_are_told_once(t):
    seen = []
    t.machine.subscribe(lambda event: seen.append(str(event.call)), Called)

    def program():
        yield Sleep(0)
        spins(t)
        yield Sleep(0.001)
        return "done"

    tid = t.start(program())
    rounds(t, tid)
    t.stop.add("")
    assert t.wait(tid).value == "done"
    assert [seen.count(str(Sleep(0))), seen.count(str(Sleep(0.001)))] == [1, 1]


def all_put_aside(kernel, tids):
    return all(kernel.tasks[tid].unfinished is not None for tid in tids)


def starter(t, program):
    tids = []
    for _ in range(100):
        tids.append((yield NewTask(program(t))))
    return tids


@pytest.mark.parametrize("ends", ["by themselves", "killed", "shutdown"])
def test_of_a_hundred_steps_that_were_put_aside_nothing_is_left(ends):
    class Thing:
        pass

    things = weakref.WeakSet()

    def program(t):
        thing = Thing()
        things.add(thing)
        yield
        spins(t)
        return None

    before = descriptors()
    with trial(0.002) as t:
        t.stop = set()
        tids = t.wait(t.start(starter(t, program))).value
        until(partial(all_put_aside, t.machine.kernel, tids))
        if ends == "by themselves":
            t.stop.add("")
        elif ends == "killed":
            for tid in tids:
                t.call(KillTask(tid))
        else:
            assert t.machine.shutdown(10)
        if ends != "shutdown":
            assert all(t.wait(tid).ok == (ends == "by themselves") for tid in tids)
            t.goes_on()
    kernel = weakref.ref(t.machine.kernel)
    frames = [f for f in sys._current_frames().values() if f.f_code is program.__code__]
    assert not frames
    del t
    gc.collect()
    assert not things, "a step that was put aside is still there"
    assert kernel() is None, "the kernel itself is still there"
    assert descriptors() == before


@system_call
class Break(SystemCall):
    """Takes the kernel down."""

    def run(self, kernel, caller):
        kernel.alarms = None


def test_a_kernel_that_panics_with_steps_put_aside_says_where_they_were():
    with Machine(Scheduler(stdin=False)) as machine:
        machine.call(Preempt(SHORT))
        seen, events = [], []
        told = threading.Event()
        machine.subscribe(events.append, Preempted)
        machine.subscribe(lambda event: (seen.append(event), told.set()), Panicked)

        hog = plain_loop(SimpleNamespace(begun=threading.Event(), log=[]))
        tid = machine.call(NewTask(hog))
        until(lambda: len(events) > 2)
        machine.submit(Break())
        assert told.wait(GUARD)
        machine.thread.join(GUARD)
        assert not machine.thread.is_alive()
    assert f"task {tid} plain_loop" in seen[0].stacks
    assert machine.panic is not None


def test_a_hundred_hogs_have_the_same_share_and_a_hundred_polite_tasks_go_on_beside_them():
    """By their slices: each has its next one when all the others have had theirs."""
    count = 100

    def hog(t):
        yield
        number, total = 0, 0
        while not t.stop:
            number += 1
            total += number
        return total == number * (number + 1) // 2

    def polite(t, number):
        while not t.stop:
            t.log[number] += 1
            yield

    with trial(0.002) as t:
        t.stop, t.log = set(), [0] * count
        numbers = iter(range(count))
        polites = t.wait(t.start(starter(t, lambda t: polite(t, next(numbers))))).value
        hogs = t.wait(t.start(starter(t, hog))).value
        order = [t.interruptions.get(timeout=GUARD).tid for _ in range(4 * count)]
        turns = [*t.log]
        order += [t.interruptions.get(timeout=GUARD).tid for _ in range(count)]
        t.stop.add("")
        assert [t.wait(tid).value for tid in hogs] == [True] * count, "work was lost, or done twice"
        assert all(t.wait(tid).ok for tid in polites)
    last = order[-3 * count :]
    assert sorted(last[:count]) == sorted(hogs)
    assert last[:count] == last[count : 2 * count] == last[2 * count :]
    assert all(now > before for now, before in zip(t.log, turns, strict=True))


def test_when_steps_are_slowed_down_a_step_that_was_put_aside_is_one(t):
    def program():
        yield
        spins(t)
        t.log.append("step")
        yield
        t.log.append("next")

    tid = t.start(program())
    rounds(t, tid)
    t.stop.add("")
    t.call(Slow(1000))
    assert t.wait(tid).ok
    assert t.log == ["step", "next"]
    t.call(Resume())
    t.goes_on()


def test_a_kernel_that_panics_ends_all_steps_that_were_put_aside_and_the_thread_ends():
    with Machine(Scheduler(stdin=False)) as machine:
        machine.call(Preempt(SHORT))
        events, log = [], []
        machine.subscribe(lambda event: events.append(event.tid), Preempted)
        for _ in range(3):
            machine.call(NewTask(plain_loop(SimpleNamespace(begun=threading.Event(), log=log))))
        until(lambda: len({*events}) == 3)
        reply = machine.submit(Break())
        machine.thread.join(GUARD)
        assert not machine.thread.is_alive()
        assert reply.done()
        with pytest.raises(KernelStopped):
            machine.call(WaitTask(1), GUARD)
    assert machine.stacks.count("plain_loop") >= 3


def test_how_deep_a_step_is_takes_no_depth_from_the_others(t):
    most = sys.getrecursionlimit() * 7 // 10

    def hog():
        yield
        down(most, lambda: spins(t))

    def other():
        yield
        return down(most, lambda: "deep")

    tids = [t.start(hog()) for _ in range(5)]
    for tid in tids:
        rounds(t, tid)
    assert t.wait(t.start(other())).value == "deep"
    t.stop.add("")
    assert all(t.wait(tid).ok for tid in tids)


def down(levels, what):
    return down(levels - 1, what) if levels else what()


def test_of_a_step_that_has_ended_no_stack_is_kept(t):
    def program(number):
        while number not in t.stop:
            before = len(t.log)
            while len(t.log) == before and number not in t.stop:
                pass
            yield

    def stacks():
        gc.collect()
        return sum(type(each) is greenlet for each in gc.get_objects())

    tids = [t.start(program(number)) for number in "ab"]
    counts = []
    for _ in range(30):
        t.interruptions.get(timeout=GUARD)
        t.log.append("next step")
        counts.append(stacks())
    assert max(counts[10:]) <= max(counts[:10]) + 2, counts
    t.stop.update("ab")
    assert all(t.wait(tid).ok for tid in tids)


def test_a_plain_function_that_was_put_aside_goes_on_to_its_calls(t):
    def plain():
        call(None)
        spins(t)
        return call(GetTid()), sorted([3, 1, 2], key=lambda number: (call(Sleep(0)), number)[1])

    tid = t.start(fiber(plain))
    rounds(t, tid)
    frame = t.call(GetStack(tid)).frames[-1]
    assert frame.function in ("spins", "<lambda>")
    t.stop.add("")
    assert t.wait(tid).value == (tid, [1, 2, 3])
