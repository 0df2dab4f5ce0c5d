"""Lines that are given to tasks: each to one reader, in order, and none is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Deadlock,
    EndInput,
    GiveLine,
    InputFull,
    KillTask,
    Machine,
    NoSuchTask,
    NotReading,
    ReadersChanged,
    ReadLine,
    Scheduler,
    Select,
    SendSignal,
    Signal,
    Sleep,
    TakeLine,
    within,
)
from kernel.lines import KEPT

from ..support import GUARD, ask, either_style, end, outcome, run, settle, start, turn, watch


def reader(count=1, log=None):
    log = [] if log is None else log
    for _ in range(count):
        log.append((yield TakeLine()))
    return log


def readers(*programs):
    """Those programs, and all blocked; nothing but what is given comes in."""
    sched = start(*programs, stdin=False)
    turn(sched, 3)
    return sched


def given_to(sched, *calls):
    """Make calls from outside, one after the other; what each answers."""
    replies = [ask(sched, call) for call in calls]
    turn(sched, 3 + len(calls))
    return [reply.result(0) for reply in replies]


@either_style
def test_a_line_goes_to_who_waits_for_it(style):
    sched = readers(style(reader()))
    assert given_to(sched, GiveLine("it's 5; # all of it")) == [True]
    assert outcome(sched, 1).value == ["it's 5; # all of it"]


@either_style
def test_a_question_is_printed_by_the_task_and_its_answer_is_a_line(style, capsys):
    def program():
        name = yield ReadLine("your name? ")
        print("hello", name)

    sched = readers(style(program()))
    assert capsys.readouterr().out == "your name? "
    given_to(sched, GiveLine("Ada"))
    assert capsys.readouterr().out == "hello Ada\n"
    assert outcome(sched, 1).ok


def test_a_question_may_be_anything_that_can_be_printed_or_nothing(capsys):
    def program():
        return (yield ReadLine()), (yield ReadLine(7))

    sched = readers(program())
    given_to(sched, GiveLine("a"), GiveLine("b"))
    assert outcome(sched, 1).value == ("a", "b")
    assert capsys.readouterr().out == "7"


def test_an_error_of_the_question_is_an_error_at_that_yield():
    class Mute:
        def __str__(self):
            raise LookupError("no words")

    def program():
        try:
            yield ReadLine(Mute())
        except LookupError as error:
            return str(error)

    assert run(program(), stdin=False).value == "no words"


def test_who_has_waited_longest_gets_the_next_line():
    sched = readers(reader(), reader(), reader())
    assert given_to(sched, *map(GiveLine, "abc")) == [True] * 3
    assert [outcome(sched, tid).value for tid in (1, 2, 3)] == [["a"], ["b"], ["c"]]


def test_lines_that_nobody_waits_for_are_kept_in_their_order():
    sched = readers()
    assert given_to(sched, *map(GiveLine, "abc")) == [False] * 3
    sched.new(reader(3))
    settle(sched)
    assert outcome(sched, 1).value == ["a", "b", "c"]


def test_a_thousand_lines_are_kept_and_not_one_more():
    sched = readers()
    given_to(sched, *map(GiveLine, map(str, range(KEPT))))
    one_more, at_the_end = ask(sched, GiveLine("late")), ask(sched, EndInput())
    turn(sched)
    for refused in (one_more, at_the_end):
        with pytest.raises(InputFull, match="1,000 are kept"):
            refused.result(0)
    sched.new(reader(KEPT))
    settle(sched)
    assert outcome(sched, 1).value == [str(number) for number in range(KEPT)]


def test_a_line_can_be_given_to_one_task_among_those_who_wait():
    sched = readers(reader(), reader(), reader())
    assert given_to(sched, GiveLine("mine", 2), GiveLine("first")) == [True] * 2
    assert outcome(sched, 2).value == ["mine"]
    assert outcome(sched, 1).value == ["first"]
    assert sched.find(3).state == "blocked"
    end(sched)


def test_a_line_for_a_task_that_does_not_wait_is_refused_and_nobody_elses():
    def sleeper():
        yield Sleep(60)

    sched = readers(reader(), sleeper(), reader())
    given_to(sched, GiveLine("a", 3))
    for tid, error in ((2, NotReading), (3, NotReading), (9, NoSuchTask), ("1", NoSuchTask)):
        for call in (GiveLine("x", tid), EndInput(tid)):
            refused = ask(sched, call)
            turn(sched)
            with pytest.raises(error):
                refused.result(0)
    assert sched.find(1).state == "blocked"
    assert not sched.lines.kept
    end(sched)


@pytest.mark.parametrize("line", [b"bytes", None, 7, ["a"]])
def test_what_is_no_line_is_refused_by_name(line):
    def program():
        yield GiveLine(line)

    status = run(program(), stdin=False)
    assert isinstance(status.error, TypeError)
    assert str(status.error).startswith("a line is wanted here, not ")


def test_a_line_has_no_newline_in_it():
    def program():
        yield GiveLine("one\ntwo")

    status = run(program(), stdin=False)
    assert isinstance(status.error, ValueError)
    assert r"'one\ntwo'" in str(status.error)


def test_a_task_may_give_lines_as_well():
    def giver():
        yield GiveLine("a")
        yield GiveLine("b")

    sched = readers(reader(2), giver())
    settle(sched)
    assert outcome(sched, 1).value == ["a", "b"]


# -- the end of the input


@either_style
def test_at_the_end_of_the_input_a_reader_gets_an_error(style):
    def program():
        try:
            yield ReadLine("more? ")
        except EOFError as error:
            return str(error)

    sched = readers(style(program()))
    assert given_to(sched, EndInput()) == [True]
    assert outcome(sched, 1).value == "the input is at its end"


def test_the_end_is_told_to_one_reader_and_who_reads_on_waits_for_a_line_again():
    def program():
        try:
            yield TakeLine()
        except EOFError:
            return (yield TakeLine())

    sched = readers(program(), reader())
    given_to(sched, EndInput(), GiveLine("for the second"), GiveLine("for the first"))
    assert outcome(sched, 1).value == "for the first"
    assert outcome(sched, 2).value == ["for the second"]


def test_the_end_can_be_told_to_one_task_among_those_who_wait():
    sched = readers(reader(), reader())
    watch(sched)
    assert given_to(sched, EndInput(2)) == [True]
    assert isinstance(outcome(sched, 2).error, EOFError)
    assert sched.find(1).state == "blocked"
    end(sched)


def test_an_end_that_nobody_waits_for_keeps_its_place_behind_the_lines():
    def program():
        log = []
        for _ in range(3):
            try:
                log.append((yield TakeLine()))
            except EOFError:
                log.append("end")
        return log

    sched = readers()
    assert given_to(sched, GiveLine("a"), EndInput(), GiveLine("b")) == [False] * 3
    sched.new(program())
    settle(sched)
    assert outcome(sched, 1).value == ["a", "end", "b"]


# -- whatever ends the waiting


def test_a_killed_reader_takes_no_line():
    sched = readers(reader(), reader())
    given_to(sched, KillTask(1), GiveLine("a"))
    assert outcome(sched, 1).killed
    assert outcome(sched, 2).value == ["a"]


def test_a_reader_that_is_killed_in_the_instant_of_its_line_has_seen_it():
    log = []
    sched = readers(reader(2, log))
    assert given_to(sched, GiveLine("a"), KillTask(1), GiveLine("b")) == [True, True, False]
    assert log == ["a"]
    assert outcome(sched, 1).killed
    assert list(sched.lines.kept) == ["b"]


@given(st.lists(st.sampled_from(["give", "kill", "read", "turn"]), max_size=40))
def test_no_line_is_lost_or_read_twice_whoever_is_killed_and_when(actions):
    log, sent = [], []
    sched = start(stdin=False)
    for action in actions:
        if action == "give":
            sent.append(str(len(sent)))
            ask(sched, GiveLine(sent[-1]))
        elif action == "read":
            sched.new(reader(2, log))
        elif action == "kill" and sched.tasks:
            ask(sched, KillTask(min(sched.tasks)))
        else:
            turn(sched)
    turn(sched, 3)
    assert sorted([*log, *sched.lines.kept]) == sorted(sent)
    assert not (sched.lines.kept and sched.lines.readers)
    end(sched)
    assert sched.outside == 0


def test_a_stopped_reader_keeps_its_place_and_its_line():
    sched = readers(reader(), reader())
    given_to(sched, SendSignal(1, Signal.STOP), GiveLine("a"), GiveLine("b"))
    assert outcome(sched, 2).value == ["b"]
    assert sched.find(1).state == "stopped"
    given_to(sched, SendSignal(1, Signal.CONT))
    assert outcome(sched, 1).value == ["a"]


@either_style
def test_a_question_that_is_given_up_leaves_the_line_to_the_next(style):
    def program():
        try:
            yield within(5, ReadLine("quick? "))
        except TimeoutError:
            return (yield TakeLine())

    sched = readers(style(program()))
    sched.clock.advance(5)
    turn(sched, 3)
    given_to(sched, GiveLine("late"))
    assert outcome(sched, 1).value == "late"


def test_a_line_may_be_one_of_several_things_to_wait_for():
    def program():
        return [(yield Select(TakeLine(), Sleep(9))), (yield Select(TakeLine(), Sleep(9)))]

    sched = readers(program())
    given_to(sched, GiveLine("a"))
    sched.clock.advance(9)
    turn(sched, 3)
    assert outcome(sched, 1).value == [(0, "a"), (1, None)]
    assert given_to(sched, GiveLine("b")) == [False]


def test_a_branch_of_a_select_can_be_given_a_line_by_its_tid():
    def program():
        return (yield Select(Sleep(9), TakeLine()))

    sched = readers(reader(), program())
    assert given_to(sched, GiveLine("a", 2)) == [True]
    assert outcome(sched, 2).value == (1, "a")
    end(sched)


# -- what can be seen


def test_the_reason_is_a_line():
    sched = readers(reader())
    assert sched.find(1).reason() == "a line"
    end(sched)


def test_who_comes_and_goes_is_told_and_whose_turn_it_is():
    sched = start(stdin=False)
    seen = watch(sched, ReadersChanged)
    sched.new(reader())
    sched.new(reader())
    turn(sched, 3)
    given_to(sched, KillTask(1))
    given_to(sched, GiveLine("a"))
    assert [(event.tid, event.first) for event in seen] == [(1, 1), (2, 1), (1, 2), (2, 0)]


def test_a_task_that_waits_for_a_line_is_in_no_deadlock():
    machine = Machine(Scheduler(stdin=False)).boot()
    try:
        told = machine.submit(TakeLine())
        assert machine.call(GiveLine("a"), GUARD) is True
        assert told.result(GUARD) == "a"
    finally:
        machine.shutdown()
    sched = readers(reader())
    assert not sched.stuck()
    given_to(sched, GiveLine("a"))
    assert sched.outside == 0


def test_a_deadlock_is_told_all_the_same_where_nobody_waits_for_a_line():
    def waits_for_itself():
        yield SendSignal(1, Signal.STOP)

    sched = Scheduler(stdin=False)
    sched.new(waits_for_itself())
    with pytest.raises(Deadlock):
        sched.mainloop()
