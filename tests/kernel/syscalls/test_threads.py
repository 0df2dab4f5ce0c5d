"""Functions on worker threads, and futures."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import subprocess
import sys
import threading
import weakref
from collections import Counter
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Abandoned,
    Deadlock,
    Exited,
    GetTid,
    KernelStopped,
    KillTask,
    Machine,
    NewTask,
    RequestCancelled,
    RunInThread,
    Scheduler,
    Sleep,
    Unheard,
    WaitFuture,
    WaitQueue,
    WaitTask,
)

from ..net import GUARD, until
from ..support import Park, ask, either_style, functions, idle, outcome, start, turn, watch


def loop(*programs, **doors):
    """Run programs in a real `mainloop`; the scheduler, of whose ends nothing is logged."""
    sched = Scheduler(**doors)
    watch(sched, Exited)
    for program in programs:
        sched.new(program)
    sched.mainloop()
    return sched


def value_of(program, **doors):
    """What a program returns, run in a real `mainloop`."""
    status = outcome(loop(program, **doors), 1)
    if status.error is not None:
        raise status.error
    return status.value


class Strange(BaseException):
    """An error of no ordinary kind."""


def fails(error):
    raise error


class Blocking:
    """A function that tells when it has begun, and goes on when the test lets it."""

    def __init__(self, value=None):
        self.value = value
        self.begun, self.release = threading.Event(), threading.Event()
        self.ended = threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.release.wait(GUARD)
        self.ended.set()
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.release.set()


# -- RunInThread


@either_style
def test_it_answers_what_the_function_returns(style):
    def program():
        here = threading.get_ident()
        first = yield RunInThread(divmod, 7, 3)
        there = yield RunInThread(threading.get_ident)
        return first, here != there, (yield RunInThread(list))

    assert value_of(style(program())) == ((2, 1), True, [])


@either_style
@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3), Strange(), StopAsyncIteration()]
)
def test_it_raises_what_the_function_raises(style, error):
    def program():
        with pytest.raises(type(error)) as caught:
            yield RunInThread(fails, error)
        yield
        return caught.value

    assert value_of(style(program())) is error


def test_generator_exit_of_a_function_is_an_error_like_any_other():
    def program():
        try:
            yield RunInThread(fails, GeneratorExit())
        except GeneratorExit:
            return (yield GetTid())

    assert value_of(program()) == 1


@either_style
def test_the_end_of_an_iterator_is_a_runtime_error_as_in_any_generator(style):
    def program():
        with pytest.raises(RuntimeError, match="next raised StopIteration") as caught:
            yield RunInThread(next, iter([]))
        return type(caught.value.__cause__)

    assert value_of(style(program())) is StopIteration


def test_an_error_that_nobody_catches_ends_its_task_and_shows_the_function():
    def program():
        yield RunInThread(fails, LookupError("gone"))

    sched = loop(program(), idle(3))
    status = outcome(sched, 1)
    assert status.crashed
    assert functions(status.error) == ["program", "fails"]
    assert outcome(sched, 2).ok


@pytest.mark.parametrize("function", [None, 3, "print", [print]])
def test_what_is_no_function_is_refused_at_that_very_yield(function):
    def program():
        with pytest.raises(TypeError, match="a thread runs a function, not"):
            yield RunInThread(function)
        return "lives"

    sched = loop(program())
    assert outcome(sched, 1).value == "lives"
    assert sched.workers.given == 0


def test_a_function_with_wrong_arguments_fails_like_anywhere():
    def program():
        with pytest.raises(TypeError, match="expected 2 arguments, got 3"):
            yield RunInThread(divmod, 1, 2, 3)
        return "lives"

    assert value_of(program()) == "lives"


def test_other_tasks_run_on_while_a_function_blocks():
    blocking, turns = Blocking("done"), []

    def other():
        for number in range(100):
            turns.append(number)
            yield
        blocking.release.set()

    def program():
        return (yield RunInThread(blocking)), len(turns)

    sched = loop(program(), other())
    assert outcome(sched, 1).value == ("done", 100)


def test_the_function_sees_the_callers_context_and_changes_only_its_own():
    variable = contextvars.ContextVar("variable", default="nothing")

    def change():
        seen = variable.get()
        variable.set("changed")
        return seen

    def program():
        variable.set("the caller's")
        seen = [(yield RunInThread(change)), (yield RunInThread(change))]
        return seen, variable.get()

    context = contextvars.copy_context()
    assert context.run(value_of, program()) == (["the caller's"] * 2, "the caller's")


def test_one_call_may_be_yielded_twice_and_by_two_tasks():
    numbers = iter(range(100))
    call, log = RunInThread(lambda: next(numbers)), []

    def program():
        for _ in range(2):
            log.append((yield call))

    loop(program(), program())
    assert sorted(log) == [0, 1, 2, 3]


def test_a_killed_waiter_is_gone_at_once_and_its_function_is_left_to_finish():
    with Blocking("too late") as blocking:

        def waiter():
            yield RunInThread(blocking)

        sched = start(waiter())
        events = watch(sched, Abandoned, Unheard, Exited)
        turn(sched)
        assert blocking.begun.wait(GUARD)
        sched.kill(sched.find(1))
        turn(sched, 2)
        assert outcome(sched, 1).killed
        assert sched.outside == 0
        assert not blocking.ended.is_set()
        assert [type(event) for event in events] == [Abandoned, Exited]
        assert str(events[0]).endswith("of task 1 was given up: its thread is left to finish")
        blocking.release.set()
        until(sched, lambda: not sched.workers.results.due)
        assert blocking.ended.is_set()
        assert len(events) == 2
    sched.workers.close()


def test_an_error_that_nobody_hears_any_more_is_reported():
    error = ValueError("unheard")
    with Blocking(error) as blocking:

        def waiter():
            yield RunInThread(blocking)

        sched = start(waiter())
        events = watch(sched, Abandoned, Unheard, Exited)
        turn(sched)
        assert blocking.begun.wait(GUARD)
        sched.kill(sched.find(1))
        turn(sched, 2)
        blocking.release.set()
        until(sched, lambda: len(events) == 3)
    assert events[2].error is error
    assert events[2].tid == 1
    assert str(events[2]).endswith("of task 1 was given up, and has failed: ValueError: unheard")
    sched.workers.close()


def test_without_anybody_who_watches_both_are_logged(caplog):
    with Blocking(ValueError("unheard")) as blocking:

        def waiter():
            yield RunInThread(blocking)

        sched = start(waiter())
        turn(sched)
        assert blocking.begun.wait(GUARD)
        sched.kill(sched.find(1))
        turn(sched, 2)
        blocking.release.set()
        until(sched, lambda: len(caplog.records) == 2)
    first, second = caplog.records
    assert "was given up" in first.message
    assert first.exc_info is None
    assert second.exc_info[1] is blocking.value
    sched.workers.close()


def test_a_function_that_has_not_begun_never_runs_for_a_killed_waiter():
    ran = []
    with Blocking() as blocking:

        def waiter(function):
            yield RunInThread(function)

        sched = start(waiter(blocking), waiter(lambda: ran.append(1)), workers=1)
        events = watch(sched, Abandoned, Unheard)
        turn(sched)
        assert blocking.begun.wait(GUARD)
        sched.kill(sched.find(2))
        turn(sched, 2)
        assert outcome(sched, 2).killed
    until(sched, lambda: not sched.tasks)
    sched.new(waiter(int))
    until(sched, lambda: not sched.tasks)
    assert ran == []
    assert events == []  # there is nothing to be told: nothing was begun
    sched.workers.close()


def test_a_kill_after_the_end_of_the_function_drops_its_answer():
    """The answer is on its way to the kernel when the kill comes: the waiter never sees both."""
    log = []

    def waiter():
        try:
            log.append((yield RunInThread(str, 7)))
        finally:
            log.append("end")

    sched = start(waiter())
    watch(sched, Abandoned, Exited)
    turn(sched)
    while not sched.inbox.arrivals:
        assert sched.workers.threads[0].is_alive()
    sched.kill(sched.find(1))
    turn(sched, 3)
    assert log == ["end"]
    assert outcome(sched, 1).killed
    sched.workers.close()


def test_an_answer_that_was_given_is_seen_before_the_kill():
    log = []

    def waiter():
        log.append((yield RunInThread(str, 7)))
        yield
        log.append("not this")

    sched = start(waiter())
    events = watch(sched, Abandoned, Exited)
    turn(sched)
    while not sched.inbox.arrivals:
        assert sched.workers.threads[0].is_alive()
    sched.inbox.take()
    sched.kill(sched.find(1))
    turn(sched, 3)
    assert log == ["7"]
    assert outcome(sched, 1).killed
    assert [type(event) for event in events] == [Exited]
    sched.workers.close()


def test_a_second_kill_changes_nothing():
    with Blocking() as blocking:

        def waiter():
            yield RunInThread(blocking)

        def program():
            tid = yield NewTask(waiter())
            yield
            yield RunInThread(blocking.begun.wait, GUARD)
            first, second = (yield KillTask(tid)), (yield KillTask(tid))
            status = yield WaitTask(tid)
            return first, second, status.killed, status.forced, (yield KillTask(tid))

        sched = Scheduler()
        events = watch(sched, Abandoned, Exited)
        sched.new(program())
        sched.mainloop()
        assert outcome(sched, 1).value == (True, True, True, False, False)
        assert [type(event) for event in events] == [Abandoned, Exited, Exited]


def test_the_finally_of_a_killed_waiter_may_use_a_thread_itself():
    with Blocking() as blocking:
        log = []

        def waiter():
            try:
                yield RunInThread(blocking)
            finally:
                log.append((yield RunInThread(str, "cleaned")))

        sched = start(waiter())
        watch(sched, Abandoned, Exited)
        turn(sched)
        assert blocking.begun.wait(GUARD)
        sched.kill(sched.find(1))
        turn(sched, 2)
        sched.clock.advance(1)
        until(sched, lambda: not sched.tasks)
        assert log == ["cleaned"]
    sched.workers.close()


@given(st.lists(st.sampled_from(["finish", "kill", "kill early", "kill late"]), max_size=30))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_whatever_is_killed_and_when_every_other_waiter_has_its_own_answer(fates):
    ran, log = Counter(), []
    gate = threading.Event()

    def job(number):
        assert gate.wait(GUARD)
        ran[number] += 1
        return number

    def waiter(number):
        log.append((number, (yield RunInThread(job, number))))

    sched = start(*(waiter(number) for number in range(len(fates))))
    watch(sched, Abandoned, Exited)

    def kill_all(fate):
        for number, its in enumerate(fates):
            if its == fate and number + 1 in sched.tasks:
                sched.kill(sched.find(number + 1))

    turn(sched)
    kill_all("kill early")
    turn(sched)
    gate.set()
    kill_all("kill")
    turn(sched, 3)
    kill_all("kill late")
    until(sched, lambda: not sched.tasks)
    seen = dict(log)
    assert len(seen) == len(log)
    assert all(number == answer for number, answer in log)
    assert {number for number, fate in enumerate(fates) if fate == "finish"} <= set(seen)
    assert all(count == 1 for count in ran.values())
    assert sched.outside == 0
    assert not sched.alarms.live or sched.workers.alarm is not None
    sched.workers.close()


def test_a_kernel_that_waits_for_a_thread_is_not_deadlocked_and_one_that_waits_no_more_is():
    with Blocking() as blocking:

        def stuck():
            yield Park(WaitQueue())

        def waiter():
            yield RunInThread(blocking)

        def program():
            tid = yield NewTask(waiter())
            yield RunInThread(blocking.begun.wait, GUARD)
            yield Sleep(0)
            yield KillTask(tid)

        sched = Scheduler()
        watch(sched, Abandoned)
        sched.new(stuck())
        sched.new(program())
        with pytest.raises(Deadlock, match="1 task is blocked"):
            sched.mainloop()
        assert not blocking.ended.is_set()  # it was not waited for


def test_the_kernel_says_which_function_is_waited_for():
    with Blocking() as blocking:

        def program(function, *arguments):
            yield RunInThread(function, *arguments)

        sched = start(program(blocking.release.wait, GUARD), program(divmod, 7, 2))
        turn(sched)
        assert sched.find(1).reason() == "thread: Event.wait"
        assert sched.find(2).reason() == "thread: divmod"
        assert repr(sched.find(2).call) == "RunInThread(divmod, 7, 2)"
    until(sched, lambda: not sched.tasks)
    sched.workers.close()


def test_calls_that_act_before_they_sleep_say_so():
    assert RunInThread.acts_first
    assert not WaitFuture.acts_first
    assert not Sleep.acts_first


# -- from outside


@pytest.fixture
def machine():
    with Machine() as running:
        running.kernel.trace.subscribe(lambda event: None, Exited)
        yield running


def test_a_request_may_run_in_a_thread(machine):
    assert machine.call(RunInThread(divmod, 7, 2), GUARD) == (3, 1)
    with pytest.raises(LookupError, match="gone"):
        machine.call(RunInThread(fails, LookupError("gone")), GUARD)
    with pytest.raises(SystemExit):
        machine.call(RunInThread(fails, SystemExit()), GUARD)


def test_a_request_that_is_given_up_leaves_the_function_to_finish(machine):
    events, told = [], threading.Event()
    machine.subscribe(lambda event: (events.append(event), told.set()), Abandoned)
    with Blocking() as blocking:
        reply = machine.submit(RunInThread(blocking))
        assert blocking.begun.wait(GUARD)
        machine.cancel(reply)
        with pytest.raises(RequestCancelled):
            reply.result(GUARD)
        assert told.wait(GUARD)
        assert "of a request was given up" in str(events[0])
        assert machine.call(RunInThread(str, 1), GUARD) == "1"


def test_a_function_may_ask_the_kernel_itself(machine):
    def from_within():
        tid = machine.call(NewTask(sleeper()), GUARD)
        return tid, machine.call(KillTask(tid), GUARD), machine.call(WaitTask(tid), GUARD).killed

    def sleeper():
        yield Sleep(3600)

    assert machine.call(RunInThread(from_within), GUARD) == (1, True, True)


def test_a_machine_stops_beside_a_stuck_function():
    with Blocking() as blocking:
        machine = Machine().boot()
        machine.subscribe(lambda event: None, Exited)
        machine.subscribe(lambda event: None, Abandoned)

        def program():
            yield RunInThread(blocking)

        machine.call(NewTask(program()), GUARD)
        reply = machine.submit(RunInThread(threading.current_thread))
        assert blocking.begun.wait(GUARD)
        waiting = machine.submit(RunInThread(blocking.release.wait, GUARD))
        reply.result(GUARD)
        assert machine.shutdown()
        with pytest.raises(KernelStopped):
            waiting.result(GUARD)
        with pytest.raises(KernelStopped):
            machine.call(RunInThread(int), GUARD)


def test_a_process_does_not_wait_for_a_stuck_function_at_its_end():
    program = """
import threading
from kernel import *

def stuck():
    begun.set()
    threading.Event().wait()

def waiter():
    yield RunInThread(stuck)

def program():
    tid = yield NewTask(waiter())
    yield RunInThread(begun.wait)
    yield KillTask(tid)

begun = threading.Event()
scheduler = Scheduler()
scheduler.trace.subscribe(print, Abandoned)
scheduler.new(program())
scheduler.mainloop()
"""
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=GUARD,
    )
    assert child.stdout == (
        "RunInThread(stuck) of task 2 was given up: its thread is left to finish\n"
    )
    assert (child.stderr, child.returncode) == ("", 0)


# -- WaitFuture


@either_style
def test_wait_future_answers_the_result_whether_it_is_there_or_comes(style):
    future = Future()

    def program():
        def late():
            future.set_result("it")

        yield NewTask(setter(late))
        return (yield WaitFuture(future)), (yield WaitFuture(future))

    def setter(late):
        yield RunInThread(late)

    assert value_of(style(program())) == ("it", "it")


@either_style
@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), Strange()])
def test_wait_future_raises_the_error_of_the_future(style, error):
    future = Future()

    def program():
        yield NewTask(setter())
        for _ in range(2):
            with pytest.raises(type(error)) as caught:
                yield WaitFuture(future)
            assert caught.value is error
        return "lives"

    def setter():
        yield RunInThread(future.set_exception, error)

    assert value_of(style(program())) == "lives"


@pytest.mark.parametrize("late", [False, True])
def test_a_future_that_is_cancelled_is_an_ordinary_error(late):
    future = Future()

    def program():
        if late:
            yield NewTask(canceller())
        else:
            future.cancel()
        with pytest.raises(CancelledError):
            yield WaitFuture(future)
        return "lives"

    def canceller():
        yield RunInThread(future.cancel)

    assert issubclass(CancelledError, Exception)
    assert value_of(program()) == "lives"


def test_a_stop_iteration_of_a_future_is_a_runtime_error():
    future = Future()
    future.set_exception(StopIteration(5))

    def program():
        with pytest.raises(RuntimeError, match="raised StopIteration"):
            yield WaitFuture(future)
        return "lives"

    assert value_of(program()) == "lives"


def test_what_is_no_such_future_is_refused_at_that_very_yield():
    loop = asyncio.new_event_loop()
    foreign = loop.create_future()

    def program():
        with pytest.raises(TypeError, match=r"not for a _asyncio\.Future"):
            yield WaitFuture(foreign)
        with pytest.raises(TypeError, match=r"not for a builtins\.NoneType"):
            yield WaitFuture(None)
        return "lives"

    assert value_of(program()) == "lives"
    loop.close()


def test_all_who_wait_for_a_future_have_its_result_in_their_order():
    future, log = Future(), []

    def waiter(name):
        log.append((name, (yield WaitFuture(future))))

    sched = start(waiter("a"), waiter("b"), waiter("c"))
    turn(sched)
    assert sched.outside == 3
    future.set_result(1)
    turn(sched, 2)
    assert log == [("a", 1), ("b", 1), ("c", 1)]
    assert sched.outside == 0


def test_a_killed_waiter_leaves_the_future_and_the_others_alone():
    future, log = Future(), []

    def waiter(name):
        log.append((name, (yield WaitFuture(future))))

    sched = start(waiter("a"), waiter("b"))
    events = watch(sched, Abandoned, Exited)
    turn(sched)
    sched.kill(sched.find(1))
    turn(sched, 2)
    assert not future.cancelled()
    assert sched.outside == 1
    future.set_result(1)
    turn(sched, 2)
    assert log == [("b", 1)]
    assert [type(event) for event in events] == [Exited, Exited]


def test_a_future_that_is_waited_for_again_and_again_does_not_fill_up():
    future = Future()

    def waiter():
        yield WaitFuture(future)

    sched = start()
    watch(sched, Exited)
    for _ in range(100):
        tid = sched.new(waiter())
        turn(sched)
        sched.kill(sched.find(tid))
        turn(sched, 2)
    assert len(future._done_callbacks) == 1
    assert len(sched.futures.awaited) == 1


def test_the_kernel_keeps_no_future_alive():
    future = Future()
    watched = weakref.ref(future)

    def waiter(future):
        yield WaitFuture(future)

    sched = start(waiter(future))
    watch(sched, Exited)
    turn(sched)
    sched.kill(sched.find(1))
    turn(sched, 2)
    del future
    gc.collect()
    assert watched() is None
    assert not sched.futures.awaited


def test_a_future_whose_kernel_has_stopped_ends_in_peace():
    future = Future()
    with Machine() as machine:
        machine.subscribe(lambda event: None, Exited)
        reply = machine.submit(WaitFuture(future))
        machine.call(GetTid(), GUARD)
    future.set_result(1)
    with pytest.raises(KernelStopped):
        reply.result(GUARD)


def test_the_kernel_says_what_kind_of_future_is_waited_for():
    future = Future()

    def waiter():
        yield WaitFuture(future)

    sched = start(waiter())
    turn(sched)
    assert sched.find(1).reason() == "Future, pending"
    future.set_running_or_notify_cancel()
    assert sched.find(1).reason() == "Future, running"
    future.set_result(None)
    turn(sched, 2)
    assert not sched.tasks


def test_wait_future_takes_what_an_executor_of_threads_gives():
    with ThreadPoolExecutor(3) as pool:

        def program(number):
            return (yield WaitFuture(pool.submit(pow, number, 2)))

        sched = loop(*(program(number) for number in range(50)))
    assert [outcome(sched, tid).value for tid in range(1, 51)] == [n * n for n in range(50)]


def test_wait_future_takes_what_an_executor_of_processes_gives():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def program():
            squares = [pool.submit(pow, number, 2) for number in range(3)]
            answers = []
            for future in squares:
                answers.append((yield WaitFuture(future)))
            with pytest.raises(ZeroDivisionError):
                yield WaitFuture(pool.submit(divmod, 1, 0))
            return answers

        assert value_of(program()) == [0, 1, 4]


def test_wait_future_takes_the_reply_of_another_machine():
    def remote():
        yield Sleep(0)
        return "from there"

    with Machine() as there, Machine() as here:

        def program():
            tid = yield WaitFuture(there.submit(NewTask(remote())))
            status = yield WaitFuture(there.submit(WaitTask(tid)))
            return status.value

        tid = here.call(NewTask(program()), GUARD)
        assert here.call(WaitTask(tid), GUARD).value == "from there"


def test_a_task_may_wait_for_a_request_to_its_own_kernel():
    with Machine() as machine:

        def program():
            return (yield WaitFuture(machine.submit(RunInThread(str, 1))))

        tid = machine.call(NewTask(program()), GUARD)
        assert machine.call(WaitTask(tid), GUARD).value == "1"


def test_a_future_of_a_bad_class_ends_nothing():
    class Liar(Future):
        def done(self):
            return False

    class Broken(Future):
        def add_done_callback(self, function):
            raise RuntimeError("not here")

    liar = Liar()

    def waiter():
        yield WaitFuture(liar)

    def program():
        with pytest.raises(RuntimeError, match="not here"):
            yield WaitFuture(Broken())
        return "lives"

    sched = start(waiter(), program())
    watch(sched, Exited)
    turn(sched)
    liar.set_result(1)
    turn(sched, 3)
    assert outcome(sched, 2).value == "lives"
    assert sched.find(1).state == "blocked"
    sched.kill(sched.find(1))
    turn(sched, 2)
    assert sched.outside == 0


def test_a_request_may_wait_for_a_future():
    future, sched = Future(), start()
    reply = ask(sched, WaitFuture(future))
    turn(sched)
    future.set_result(5)
    turn(sched)
    assert reply.result(0) == 5
