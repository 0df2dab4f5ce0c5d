"""What happened, as events; and that nobody who does not watch pays or suffers for it."""

from __future__ import annotations

import logging
import threading
from traceback import extract_tb

import pytest

from kernel import (
    Answered,
    Called,
    Exited,
    Failed,
    GetTid,
    KillTask,
    NewTask,
    Sleep,
    Spawned,
    TraceEvent,
    WaitQueue,
    WaitTask,
    Yield,
)
from kernel.trace import LOGGED

from .net import many_switches
from .support import KINDS, Do, Park, ask, outcome, printed, settle, start, told, turn, watch


def child():
    yield Sleep(1)
    raise ValueError("no")


def program():
    tid = yield NewTask(child())
    try:
        yield KillTask(99)
    except LookupError:
        raise AssertionError from None
    except Exception:
        yield Yield()
    return (yield WaitTask(tid)).crashed


def test_a_trace_tells_calls_answers_errors_and_ends_in_order():
    sched = start()
    seen = watch(sched)
    sched.new(program())
    settle(sched)
    assert told(seen) == [
        ("Spawned", 1, "program of 0"),
        ("Called", 1, "NewTask(child, None)"),
        ("Spawned", 2, "child of 1"),
        ("Answered", 1, "2"),
        ("Called", 1, "KillTask(99, None)"),
        ("Failed", 1, "NoSuchTask(99, False)"),
        ("Called", 2, "Sleep(1)"),
        ("Called", 1, "Yield()"),
        ("Answered", 1, "None"),
        ("Called", 1, "WaitTask(2)"),
        ("Answered", 2, "None"),
        ("Exited", 2, "task 2 (child) crashed: ValueError: no"),
        ("Answered", 1, repr(seen[-2].answer)),
        ("Exited", 1, "task 1 (program) ended: True"),
    ]


@pytest.mark.parametrize("kinds", [KINDS, (Exited,)])
def test_a_run_goes_the_same_way_whether_it_is_watched_or_not(kinds):
    def walker(name, steps):
        for _ in range(steps):
            yield GetTid()
            order.append(name)
            yield

    orders = []
    for watched in (False, True):
        order: list[str] = []
        sched = start(walker("a", 3), walker("b", 2), walker("c", 5))
        if watched:
            watch(sched, *kinds)
        settle(sched)
        orders.append(order)
    assert orders[0] == orders[1]


def test_events_go_to_those_who_subscribed_to_their_kind_only():
    sched = start(program())
    ends, spawned = watch(sched, Exited), watch(sched, Spawned)
    settle(sched)
    assert {type(event) for event in ends} == {Exited}
    assert {type(event) for event in spawned} == {Spawned}


def test_whoever_unsubscribes_sees_no_more_and_the_others_go_on():
    sched = start()
    first, second = [], []
    sched.trace.subscribe(first.append, Called, Exited)
    sched.trace.subscribe(second.append, Exited)
    sched.trace.unsubscribe(first.append)
    assert not sched.trace.calls
    sched.new(program())
    settle(sched)
    assert first == []
    assert len(second) == 2


def test_a_sink_that_raises_is_dropped_and_the_kernel_lives(caplog):
    sched = start(program())

    def broken(event: TraceEvent) -> None:
        raise RuntimeError("a bad sink")

    sched.trace.subscribe(broken, Spawned, Exited)
    ends = watch(sched, Exited)
    settle(sched)
    assert len(ends) == 2
    assert list(sched.trace.sinks) == [Exited]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def crasher():
    yield
    raise ZeroDivisionError("gone")


def test_a_crash_that_nobody_watches_is_logged_with_its_traceback(caplog):
    sched = start(crasher(), program())
    settle(sched)
    record = caplog.records[0]
    assert record.name == "pyos"
    assert "task 1 (crasher) crashed: ZeroDivisionError: gone" in record.message
    assert record.exc_info[1] is sched.find(1).status.error
    assert sched.find(2).status.ok


def test_a_crash_that_somebody_watches_is_not_logged(caplog):
    sched = start(crasher())
    watch(sched, Exited)
    settle(sched)
    assert caplog.records == []


SCRIPT = """
import logging, sys
from kernel import *

def crasher():
    yield divide()

def divide():
    yield
    return 1 / 0

def other():
    for _ in range(5):
        yield
    print("went on", flush=True)

scheduler = Scheduler()
scheduler.new(crasher())
scheduler.new(other())
scheduler.mainloop()
"""


def test_a_crash_in_a_script_goes_to_stderr_with_its_traceback_and_the_others_go_on():
    output, errors = printed(SCRIPT)
    assert output == "went on\n"
    first, second, *frames, last = errors.splitlines()
    assert first == "task 1 (crasher) crashed: ZeroDivisionError: division by zero"
    assert second == "Traceback (most recent call last):"
    places = [line.rpartition(" ")[2] for line in frames if line.startswith("  File")]
    assert places == ["crasher", "divide"]
    assert last == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("logging.basicConfig(stream=sys.stdout)", "ERROR:pyos:task 1 (crasher) crashed"),
        ("logging.getLogger('pyos').disabled = True", "went on"),
    ],
)
def test_a_crash_in_a_script_that_says_where_to_goes_there_and_not_to_stderr(order, first):
    output, errors = printed(SCRIPT.replace("\n\n", f"\n{order}\n", 1))
    assert output.startswith(first)
    assert output.endswith("went on\n")
    assert errors == ""


def test_a_good_end_and_a_kill_are_not_logged(caplog):
    sched = start(child())
    sched.kill(sched.find(1))
    sched.new(iter_nothing())
    settle(sched)
    assert caplog.records == []


def iter_nothing():
    yield


def test_a_request_that_slept_is_told_of_to_its_end():
    queue = WaitQueue()
    sched = start()
    events = watch(sched, Called, Answered, Failed)
    ask(sched, Park(queue))
    ask(sched, KillTask(9))
    turn(sched)
    queue.first.answer("an answer")
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Called", "Called", "Failed", "Answered"]
    assert events[-1].answer == "an answer"


def test_whoever_subscribes_at_the_same_time_as_others_is_heard():
    sched = start()
    sinks = [lambda event: None for _ in range(400)]
    threads = [
        threading.Thread(target=lambda part=part: [sched.trace.subscribe(s, Exited) for s in part])
        for part in (sinks[0::4], sinks[1::4], sinks[2::4], sinks[3::4])
    ]
    with many_switches():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(sched.trace.sinks[Exited]) == 400


def test_who_subscribes_in_a_pass_sees_whole_calls_from_the_next_pass_on():
    sched, seen = start(), []

    def program():
        sched.trace.subscribe(seen.append, Called, Answered)
        yield
        yield GetTid()
        yield Sleep(0)

    sched.new(program())
    settle(sched)
    assert [type(event) for event in seen] == [Called, Answered] * 2


def test_a_task_that_wakes_all_on_a_queue_and_is_one_of_them_has_one_answer():
    queue = WaitQueue()

    def barrier(kernel, caller):
        answer = caller.sleep(queue, Park(queue))
        while queue.first is not None:
            queue.first.answer("go")
        return answer

    def program():
        return (yield Do(barrier))

    sched = start(program())
    seen = watch(sched, Called, Answered)
    settle(sched)
    assert [event.answer for event in seen if type(event) is Answered] == ["go"]


def test_of_a_very_deep_crash_only_the_innermost_frames_are_logged(caplog):
    def deep(frames):
        if frames:
            yield deep(frames - 1)
        raise LookupError("at the bottom")

    sched = start(deep(5 * LOGGED))
    settle(sched)
    (record,) = caplog.records
    assert record.getMessage().endswith(
        f"(the traceback without its first {4 * LOGGED + 1} frames)"
    )
    frames = extract_tb(record.exc_info[2])
    assert [frame.name for frame in frames] == ["deep"] * LOGGED
    assert record.exc_info[1] is outcome(sched, 1).error
