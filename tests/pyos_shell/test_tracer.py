"""Laws of the tracer: quick, bounded, and what is dropped is counted."""

from __future__ import annotations

import io
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Answered,
    Called,
    Exited,
    ExitStatus,
    Failed,
    GetTid,
    Machine,
    Sleep,
    Spawned,
)
from pyos_shell.tracer import CROWD, QUEUE, Limit, Tracer, Wishes, taken

from .shell import Watched


class Clock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


def tracer(**wishes):
    """One that nobody has switched on: events are fed by hand."""
    made = Tracer(Machine(), Watched(), Wishes(**wishes), Clock())
    made.limit = Limit(made.wishes.rate)
    return made


def shown(traced):
    """What it writes now."""
    traced.write_some()
    return [(line.tid, line.text) for line in traced.output.feed.take(10**9)]


def ask(traced, tid, call, answer=None, seconds=0.0):
    traced.take(Called(tid, call))
    traced.clock.time += seconds
    traced.take(Answered(tid, answer))


def test_a_call_is_told_with_its_answer_and_the_time_that_it_took():
    traced = tracer()
    ask(traced, 3, Sleep(2), seconds=2.1)
    traced.take(Called(4, GetTid()))
    traced.take(Failed(4, ValueError("no good")))
    assert shown(traced) == [
        (3, "Sleep(2) = None  2.1 s"),
        (4, "GetTid() raised ValueError: no good  0 µs"),
    ]


def test_calls_of_several_tasks_that_are_under_way_at_once_are_kept_apart():
    traced = tracer()
    traced.take(Called(1, Sleep(1)))
    traced.take(Called(2, Sleep(2)))
    traced.clock.time += 1e-3
    traced.take(Answered(2, "b"))
    traced.clock.time += 1e-3
    traced.take(Answered(1, "a"))
    assert shown(traced) == [(2, "Sleep(2) = 'b'  1.0 ms"), (1, "Sleep(1) = 'a'  2.0 ms")]


def test_what_the_console_asks_is_not_shown():
    traced = tracer()
    ask(traced, 0, GetTid(), 0)
    assert shown(traced) == []


def test_the_answer_to_a_call_that_was_made_before_is_told_without_it():
    traced = tracer()
    traced.take(Answered(1, "late"))
    assert shown(traced) == [(1, "… = 'late'")]
    traced = tracer(calls=frozenset({"Sleep"}))
    traced.take(Answered(1, "late"))
    assert shown(traced) == []


def test_what_sleeps_is_told_once_and_then_with_its_answer():
    traced = tracer()
    traced.take(Called(1, Sleep(9)))
    assert shown(traced) == []
    traced.clock.time += 0.5
    assert shown(traced) == [(1, "Sleep(9) …")]
    assert shown(traced) == []
    traced.take(Answered(1, None))
    assert shown(traced) == [(1, "… Sleep = None  500 ms")]


def test_of_a_crowd_that_sleeps_it_is_not_told_of_each():
    traced = tracer()
    for tid in range(1, CROWD + 2):
        traced.take(Called(tid, Sleep(9)))
    traced.clock.time += 60
    assert shown(traced) == []


def test_a_task_that_ends_in_a_call_leaves_nothing_behind():
    traced = tracer(lives=True)
    traced.take(Spawned(1, 7, "p"))
    traced.take(Called(1, Sleep(9)))
    traced.take(Exited(1, "p", ExitStatus(1, killed=True)))
    assert traced.pending == {}
    assert shown(traced) == [(1, "is born: p, of task 7"), (1, "killed")]


def test_so_many_lines_a_second_are_shown_and_the_others_counted_once_a_second():
    traced = tracer(rate=10)
    for _ in range(100):
        ask(traced, 1, GetTid(), 1)
    lines = shown(traced)
    assert len(lines) == 11
    assert lines[-1] == (0, "90 lines dropped")
    for _ in range(50):
        ask(traced, 1, GetTid(), 1)
    assert shown(traced) == []
    traced.clock.time += 1
    ask(traced, 1, GetTid(), 1)
    assert [text for _, text in shown(traced)] == ["GetTid() = 1  0 µs", "50 lines dropped"]


def test_without_a_rate_the_queue_is_bounded_all_the_same():
    traced = tracer(rate=None)
    for _ in range(QUEUE + 7):
        ask(traced, 1, GetTid(), 1)
    assert len(traced.events) == QUEUE
    assert traced.dropped == 7


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from("cafet"))),
    st.integers(1, 5) | st.none(),
)
def test_each_line_is_shown_or_counted(events, rate):
    traced = tracer(rate=rate, lives=True)
    wanted, lines = 0, []
    for tid, kind in events:
        match kind:
            case "c":
                traced.take(Called(tid, GetTid()))
            case "a":
                traced.take(Answered(tid, 1))
            case "f":
                traced.take(Failed(tid, ValueError()))
            case "e":
                traced.take(Exited(tid, "p", ExitStatus(tid)))
            case "t":
                traced.clock.time += 0.3
                lines += shown(traced)
        wanted += kind in "afe"
    traced.write_some(at_the_end=True)
    lines += [(line.tid, line.text) for line in traced.output.feed.take(10**9)]
    dropped = [int(text.split()[0]) for tid, text in lines if "dropped" in text]
    told = [text for _, text in lines if "dropped" not in text and not text.endswith(") …")]
    assert len(told) + sum(dropped) == wanted


def test_arguments_and_answers_are_cut_and_their_own_code_may_fail():
    class Odd:
        def __repr__(self):
            raise SystemExit

    traced = tracer()
    ask(traced, 1, Sleep("x" * 10_000), b"y" * 10_000)
    ask(traced, 1, Sleep(1), Odd())
    ask(traced, 1, Sleep(1), "two\nlines\x1b[2J")
    long, odd, lines = [text for _, text in shown(traced)]
    assert len(long) < 250
    assert "whose repr raised SystemExit" in odd
    assert "\n" not in lines and "\x1b" not in lines


def test_the_last_calls_of_a_task_are_remembered():
    traced = tracer()
    for number in range(3):
        ask(traced, 1, Sleep(number))
        ask(traced, 2, GetTid(), number)
    shown(traced)
    assert traced.calls_of(2) == [f"GetTid() = {number}  0 µs" for number in range(3)]


def test_a_trace_is_no_part_of_the_log():
    traced = tracer()
    ask(traced, 1, GetTid(), 1)
    shown(traced)
    assert traced.output.log(None) == []


def test_a_file_that_takes_no_more_ends_the_trace_with_a_report():
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    with Machine() as machine:
        traced = Tracer(machine, Watched(), Wishes(file=Full()))
        traced.on()
        assert machine.kernel.trace.calls
        traced.take(Answered(1, None))
        traced.thread.join()
        assert not machine.kernel.trace.calls
        traced.off()
    (line,) = traced.output.log(0)
    assert line.text == "trace: cannot write the file: OSError: No space left on device"


def test_a_tracer_ends_with_its_machine():
    with Machine() as machine:
        traced = Tracer(machine, Watched(), Wishes())
        traced.on()
    traced.thread.join()
    traced.off()


def test_the_sink_waits_for_nobody_who_writes():
    class Slow(io.StringIO):
        def write(self, text):
            begun.set()
            go_on.wait()
            return super().write(text)

    begun, go_on = threading.Event(), threading.Event()
    with Machine() as machine:
        traced = Tracer(machine, Watched(), Wishes(file=Slow(), rate=None))
        traced.on()
        traced.take(Answered(1, None))
        begun.wait()
        for _ in range(2 * QUEUE):
            traced.take(Answered(1, None))
        assert traced.dropped
        go_on.set()
        traced.off()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (12e-6, "12 µs"),
        (999.9e-6, "1.0 ms"),
        (9.97e-3, "10 ms"),
        (3.44e-3, "3.4 ms"),
        (0.25, "250 ms"),
        (2.1, "2.1 s"),
        (75, "75 s"),
    ],
)
def test_times_are_short(seconds, text):
    assert taken(seconds) == text
