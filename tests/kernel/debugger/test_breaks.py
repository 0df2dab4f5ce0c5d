"""Tasks stop where somebody wants to look at them, and all else is as ever."""

from __future__ import annotations

import contextvars
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Broke,
    ClearBreak,
    Clock,
    CodeLine,
    GetStack,
    GetTid,
    KillTask,
    ListBreaks,
    NewTask,
    NoSuchBreak,
    Pause,
    Resume,
    RunInThread,
    Scheduler,
    SendSignal,
    SetBreak,
    Signal,
    Sleep,
    WaitTask,
    Yield,
)
from kernel.standins import Watched

from ..invariants import check
from ..net import GUARD
from ..preemption.hogs import interrupts, kills_only, trial, until
from ..support import ask, either_style, idle, outcome, settle, start, turn, watch


def answer(sched, call):
    reply = ask(sched, call)
    turn(sched)
    return reply.result(0)


def cont(sched, tid=1):
    assert answer(sched, SendSignal(tid, Signal.CONT)) is True


def line_of(function, offset):
    """A line of a function of this file, counted from its first."""
    return CodeLine(__file__, function.__code__.co_firstlineno + offset)


@either_style
def test_a_task_stops_at_a_call_of_the_class_and_has_its_answer_when_it_goes_on(style):
    log = []

    def program():
        log.append((yield Yield()))
        log.append((yield GetTid()))
        log.append("behind")
        yield

    sched = start(style(program()))
    events = watch(sched, Broke)
    assert answer(sched, SetBreak(GetTid)) == 1
    turn(sched, 5)
    assert sched.tasks[1].state == "stopped"
    assert log == [None]
    assert [(each.tid, each.number, each.where) for each in events] == [(1, 1, "GetTid")]
    cont(sched)
    turn(sched, 3)
    assert log == [None, 1, "behind"]


def test_a_task_that_stops_at_a_call_that_sleeps_keeps_its_place_and_its_answer():
    log = []

    def program():
        yield Sleep(5)
        log.append("slept")

    sched = start(program())
    answer(sched, SetBreak(Sleep))
    turn(sched, 2)
    sched.clock.advance(5)
    turn(sched, 3)
    assert sched.tasks[1].state == "stopped"
    cont(sched)
    settle(sched)
    assert log == ["slept"]


def test_a_task_and_a_program_stop_at_every_yield_also_a_bare_one():
    def program():
        yield
        yield GetTid()
        yield sub()
        yield sub()

    def sub():
        yield

    sched = start(program(), idle())
    events = watch(sched, Broke)
    answer(sched, SetBreak(1))
    for _ in range(6):
        turn(sched, 3)
        assert sched.tasks[1].state == "stopped"
        check(sched)
        cont(sched)
    first = program.__code__.co_firstlineno
    inner = sub.__code__.co_firstlineno + 1
    lines = [event.place.line - first for event in events]
    assert lines[:6] == [1, 2, 3, inner - first, 4, inner - first]
    assert {event.tid for event in events} == {1}


@pytest.mark.parametrize("name", ["walk 3", "walk", "walker", "test_breaks.walker"])
def test_a_program_is_known_by_its_task_by_its_first_word_and_by_its_function(name):
    def walker():
        yield

    walker.__qualname__ = "walker" if name == "walker" else "test_breaks.walker"
    target = walker()
    sched = start()
    answer(sched, SetBreak(name))
    sched.new(target, "walk 3")
    sched.new(idle(), "walks")
    turn(sched, 3)
    assert sched.tasks[1].state == "stopped"
    assert sched.tasks[2].state == "ready"


@either_style
def test_a_task_that_has_executed_a_line_stops_at_its_next_yield(style):
    log = []

    def program():
        for number in range(3):
            if number == 1:
                log.append("here")
            yield Yield()
            log.append(number)

    sched = start(style(program()), style(program()))
    events = watch(sched, Broke)
    answer(sched, SetBreak(line_of(program, 3)))
    turn(sched, 4)
    assert [task.state for task in sched.tasks.values()] == ["stopped", "stopped"]
    assert log == [0, "here", 0, "here"]
    assert [event.tid for event in events] == [1, 2]
    cont(sched, 1)
    turn(sched, 5)
    assert outcome(sched, 1).ok
    answer(sched, ClearBreak())


def test_a_line_in_a_function_that_a_task_calls_counts_as_its_own():
    def helper():
        log.append("helped")

    log = []

    def program():
        yield
        helper()
        yield GetTid()
        yield

    sched = start(program())
    answer(sched, SetBreak(line_of(helper, 1)))
    turn(sched, 3)
    assert sched.tasks[1].state == "stopped"
    assert watch_line(sched) == program.__code__.co_firstlineno + 3
    answer(sched, ClearBreak())


def watch_line(sched):
    return sched.tasks[1].frames()[0].gi_frame.f_lineno


def test_a_line_that_a_task_executes_before_it_ends_stops_nobody():
    def program():
        yield
        a = 1
        return a

    sched = start(program(), idle())
    answer(sched, SetBreak(line_of(program, 2)))
    turn(sched, 3)
    assert outcome(sched, 1).value == 1
    assert not sched.breaks.pending
    assert answer(sched, ListBreaks())[0].hits == 0
    answer(sched, ClearBreak())


def test_a_line_executed_before_a_subroutine_is_entered_stops_before_it():
    log = []

    def program():
        yield
        yield sub()

    def sub():
        log.append("sub")
        yield

    sched = start(program())
    answer(sched, SetBreak(line_of(program, 2)))
    turn(sched, 3)
    assert sched.tasks[1].state == "stopped"
    assert log == []
    cont(sched)
    turn(sched, 2)
    assert log == ["sub"]
    answer(sched, ClearBreak())


def test_a_line_executed_on_another_thread_is_nobodys():
    def helper():
        threads.append(threading.current_thread())
        return 1

    threads = []

    def program():
        yield RunInThread(helper)
        yield

    sched = Scheduler()
    sched.new(program())
    ask(sched, SetBreak(line_of(helper, 1)))
    reply = ask(sched, ListBreaks())
    sched.mainloop()
    assert threads
    assert reply.result(0)[0].hits == 0
    assert outcome(sched, 1).ok
    assert sched.breaks.points == {}  # they go with the loop that they are for


def test_two_kernels_do_not_see_each_others_breaks():
    def program():
        yield
        yield GetTid()

    one, two = start(program()), start(program())
    answer(one, SetBreak(line_of(program, 1)))
    answer(two, SetBreak(GetTid))
    turn(one, 2)
    turn(two, 3)
    assert [each.hits for each in answer(one, ListBreaks())] == [1]
    assert [each.hits for each in answer(two, ListBreaks())] == [1]
    answer(one, ClearBreak())
    answer(two, ClearBreak())


def test_breaks_are_listed_with_their_hits_and_taken_back_by_number():
    sched = start(idle())
    for where in (GetTid, 1, "idle", CodeLine(__file__, 1)):
        answer(sched, SetBreak(where))
    turn(sched)
    rows = answer(sched, ListBreaks())
    assert [(row.number, row.where) for row in rows] == [
        (1, "GetTid"),
        (2, "task 1"),
        (3, "idle"),
        (4, f"{__file__}:1"),
    ]
    assert answer(sched, ClearBreak(2)) == 1
    with pytest.raises(NoSuchBreak, match="no breakpoint 2"):
        answer(sched, ClearBreak(2))
    assert answer(sched, ClearBreak()) == 3
    assert answer(sched, ListBreaks()) == []
    assert answer(sched, ClearBreak()) == 0


def test_there_is_nothing_to_take_back_where_there_never_was_a_break():
    with pytest.raises(NoSuchBreak):
        answer(start(idle()), ClearBreak(1))


@pytest.mark.parametrize("where", [None, True, 1.5, int, GetTid()])
def test_what_is_no_place_is_refused(where):
    with pytest.raises(TypeError, match="a breakpoint is on"):
        answer(start(idle()), SetBreak(where))


def test_without_breaks_nothing_is_left_in_a_task():
    def program():
        yield sub()

    def sub():
        yield Sleep(5)

    sched = start(program(), program())
    turn(sched, 2)
    answer(sched, SetBreak(Sleep))
    answer(sched, SendSignal(2, Signal.STOP))
    answer(sched, KillTask(2))
    answer(sched, ClearBreak())
    frames = [sched.tasks[1].frame, *sched.tasks[1].callers]
    assert not any(isinstance(frame, Watched) for frame in frames)
    assert not sched.trace.lives
    assert not sched.trace.calls
    settle(sched)


def test_a_break_that_is_hit_by_a_task_that_is_being_killed_does_not_keep_it():
    def program():
        try:
            yield Sleep(5)
        finally:
            yield Sleep(1)

    sched = start(program())
    turn(sched)
    answer(sched, SetBreak(Sleep))
    answer(sched, KillTask(1))
    settle(sched)
    assert outcome(sched, 1).killed


def test_a_subroutine_that_is_not_entered_for_a_kill_is_closed():
    """Of a coroutine the interpreter would say that it was never awaited."""
    log = []

    async def sub():
        log.append("must not begin")

    def program():
        try:
            yield Sleep(1)
            yield sub()
        finally:
            log.append("tidied up")

    sched = start(program())
    answer(sched, SetBreak("no such program"))
    turn(sched)
    answer(sched, Pause())
    sched.clock.advance(1)
    turn(sched)
    assert sched.tasks[1].state == "ready"
    answer(sched, KillTask(1))
    answer(sched, Resume())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == ["tidied up"]


def test_a_task_with_context_variables_of_its_own_keeps_them_under_breaks():
    var = contextvars.ContextVar("var", default=0)

    def program(value):
        var.set(value)
        yield
        yield sub(value)
        assert var.get() == value

    def sub(value):
        yield
        assert var.get() == value
        yield NewTask(child(value))

    def child(value):
        yield
        assert var.get() == value

    sched = start(program(1), program(2))
    turn(sched)
    answer(sched, SetBreak("no such program"))
    turn(sched)
    answer(sched, ClearBreak())
    answer(sched, SetBreak("no such program"))
    settle(sched)
    assert all(outcome(sched, tid).ok for tid in (1, 2, 3, 4))


@given(st.lists(st.integers(0, 3), max_size=8), st.integers(0, 12), st.sampled_from([Sleep, "p"]))
def test_whoever_is_continued_at_each_break_does_what_it_would_have_done(pauses, until, where):
    def program():
        total = 0
        for seconds in pauses:
            total += yield sub(seconds)
            try:
                yield fails(seconds)
            except LookupError as error:
                total += error.args[0]
        return total

    def sub(seconds):
        yield Sleep(seconds + 1)
        yield
        return seconds

    def fails(seconds):
        yield GetTid()
        raise LookupError(seconds)

    def parent():
        tid = yield NewTask(program(), "p")
        return (yield WaitTask(tid)).value

    free = start(parent())
    settle(free)
    sched = start(parent())
    answer(sched, SetBreak(where))
    for step in range(1_000):
        if not sched.tasks:
            break
        for task in list(sched.tasks.values()):
            if task.stop is not None:
                answer(sched, SendSignal(task.tid, Signal.CONT))
        if step == until:
            answer(sched, ClearBreak())
        if not sched.ready and sched.alarms.live:
            sched.clock.time = max(sched.clock.time, sched.alarms.due())
        turn(sched)
        check(sched)
    assert outcome(sched, 1).value == outcome(free, 1).value


def test_the_traceback_of_a_watched_task_has_no_entry_of_the_kernel():
    from ..support import functions

    def program():
        yield sub()

    def sub():
        yield
        raise KeyError("x")

    sched = start(program())
    sched.trace.report = lambda *_: None
    answer(sched, SetBreak("no such program"))
    settle(sched)
    assert functions(outcome(sched, 1).error) == ["program", "sub"]


def test_at_the_end_of_all_nobody_stops_at_a_break_any_more():
    told = []

    def program():
        try:
            yield Sleep(1000)
        finally:
            yield Yield()
            told.append("in the end")

    sched = start(program(), clock=Clock(), grace=0.1)
    assert answer(sched, SetBreak(1)) == 1
    turn(sched)
    sched.end_all()
    assert told == ["in the end"]
    assert not sched.find(1).status.forced


# -- in the middle of a step


def squares(log):
    yield
    total = 1
    total += 1
    log.append(total)
    yield
    log.append("end")


ITS_LINE = CodeLine(__file__, squares.__code__.co_firstlineno + 3)


@interrupts
def test_a_task_of_a_machine_stops_before_the_very_line_and_goes_on_with_it():
    with trial() as t:
        broke = t.events(Broke)
        number = t.call(SetBreak(ITS_LINE))
        tid = t.start(squares(t.log))
        event = broke.get(timeout=GUARD)
        assert (event.tid, event.number, event.place.line) == (tid, number, ITS_LINE.line)
        until(lambda: t.call(GetStack(tid)).state == "stopped")
        (frame,) = t.call(GetStack(tid)).frames
        assert (frame.function, frame.line) == ("squares", ITS_LINE.line)
        place = t.machine.kernel.tasks[tid].unfinished.place.gr_frame
        while place.f_code is not squares.__code__:
            place = place.f_back
        assert place.f_locals["total"] == 1, "the line has not been executed"
        t.goes_on()
        assert t.log == []
        assert t.call(SendSignal(tid, Signal.CONT))
        assert t.wait(tid).ok
        assert t.log == [2, "end"]
        assert broke.empty(), "once is enough"
        assert [each.hits for each in t.call(ListBreaks())] == [1]


@interrupts
@pytest.mark.parametrize("end", ["kill", "force", "clear"])
def test_who_stands_at_a_line_can_be_killed_and_outlives_its_breakpoint(end):
    with trial() as t:
        broke = t.events(Broke)
        t.call(SetBreak(ITS_LINE))
        tid = t.start(squares(t.log))
        broke.get(timeout=GUARD)
        if end == "clear":
            t.call(ClearBreak())
            assert t.call(GetStack(tid)).state == "stopped"
            t.call(SendSignal(tid, Signal.CONT))
            assert t.wait(tid).ok
            assert t.log == [2, "end"]
        else:
            t.call(SendSignal(tid, Signal.TERM if end == "kill" else Signal.KILL))
            assert t.wait(tid).killed
            assert t.log == []
        t.goes_on()


@interrupts
def test_a_loop_stops_at_its_line_each_time():
    def counts(log):
        yield
        for number in range(3):
            log.append(number)

    with trial() as t:
        broke = t.events(Broke)
        t.call(SetBreak(CodeLine(__file__, counts.__code__.co_firstlineno + 3)))
        tid = t.start(counts(t.log))
        for number in range(3):
            broke.get(timeout=GUARD)
            until(lambda: t.call(GetStack(tid)).state == "stopped")
            assert t.log == [*range(number)]
            t.call(SendSignal(tid, Signal.CONT))
        assert t.wait(tid).ok


@interrupts
def test_several_tasks_stand_at_one_line_each_with_its_own_variables():
    with trial() as t:
        broke = t.events(Broke)
        t.call(SetBreak(ITS_LINE))
        logs = [[] for _ in range(3)]
        tids = [t.start(squares(log)) for log in logs]
        assert {broke.get(timeout=GUARD).tid for _ in tids} == {*tids}
        for tid in reversed(tids):
            t.call(SendSignal(tid, Signal.CONT))
            assert t.wait(tid).ok
        assert logs == [[2, "end"]] * 3


@kills_only
def test_where_no_step_is_put_aside_a_task_stops_at_the_next_yield():
    with trial() as t:
        broke = t.events(Broke)
        t.call(SetBreak(ITS_LINE))
        tid = t.start(squares(t.log))
        assert broke.get(timeout=GUARD).place.line == ITS_LINE.line + 2
        until(lambda: t.call(GetStack(tid)).state == "stopped")
        assert t.log == [2]
        t.call(SendSignal(tid, Signal.CONT))
        assert t.wait(tid).ok
