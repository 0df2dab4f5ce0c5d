"""Laws of pipes of lines: order, room, and what the ends of tasks do to each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    EndInput,
    Exited,
    GetTid,
    GiveLine,
    KillTask,
    ListTasks,
    NewTask,
    PipeBroken,
    ReadLine,
    Receive,
    SendSignal,
    Signal,
    Sleep,
)
from kernel.deadlock import verdict
from kernel.linepipe import LinePipe
from kernel.lines import LONGEST

from .support import ask, end, outcome, settle, start, turn, watch


class Row:
    """Programs that are joined by pipes, in a kernel that is turned by hand."""

    def __init__(self, *programs, room=100, most=1_000, budget=None):
        self.kernel = start(stdin=False)
        if budget is not None:
            self.kernel.policy.budget = budget
        self.exits = watch(self.kernel, Exited)
        self.pipes = [LinePipe(self.kernel, room, most) for _ in programs[1:]]
        self.read: list[str] = []
        for number, program in enumerate(programs):
            tid = self.kernel.new(program(self, number), program.__name__)
            if number:
                self.pipes[number - 1].join_readers(self.kernel.find(tid))
            if number < len(self.pipes):
                self.pipes[number].join_writers(self.kernel.find(tid))

    def print(self, number, text):
        """What `print` does in a step of this stage."""
        self.pipes[number].write(number + 1, text)

    def reasons(self):
        reply = ask(self.kernel, ListTasks())
        turn(self.kernel)
        return {row.tid: (row.state, row.reason) for row in reply.result(0).tasks}

    def order(self):
        return [event.tid for event in self.exits]


def three(row, number):
    for line in ("one", "two", "three"):
        row.print(number, line + "\n")
        yield


def cat(row, number):
    """Pass on every line."""
    try:
        while True:
            row.print(number, (yield ReadLine()) + "\n")
    except EOFError:
        pass


def keep(row, number):
    """Keep every line for the test to see."""
    try:
        while True:
            row.read.append((yield ReadLine()))
    except EOFError:
        pass


def flood(row, number):
    while True:
        row.print(number, "x" * 9 + "\n")
        yield


def sleeper(row, number):
    yield Sleep(1000)


def first_only(row, number):
    row.read.append((yield ReadLine()))


def test_what_one_prints_the_next_reads_in_order_and_then_the_end_of_the_input():
    row = Row(three, cat, cat, keep)
    settle(row.kernel)
    assert row.read == ["one", "two", "three"]
    assert row.order() == [1, 2, 3, 4]
    assert all(outcome(row.kernel, tid).ok for tid in (1, 2, 3, 4))
    assert row.kernel.inputs == {}


def test_who_reads_on_behind_the_end_is_told_again():
    def reads_twice(row, number):
        yield keep(row, number)
        row.read.append("once more")
        yield keep(row, number)

    row = Row(three, reads_twice)
    settle(row.kernel)
    assert row.read == ["one", "two", "three", "once more"]
    assert outcome(row.kernel, 2).ok


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab\n"), max_size=5), max_size=20))
def test_text_in_any_pieces_is_the_same_lines(pieces):
    def prints(row, number):
        for piece in pieces:
            row.print(number, piece)
            yield

    row = Row(prints, keep)
    settle(row.kernel)
    text = "".join(pieces)
    assert row.read == text.removesuffix("\n").split("\n") if text else row.read == []


def test_unfinished_lines_of_two_who_print_are_not_mixed():
    def half(row, number):
        tid = yield GetTid()
        row.pipes[0].write(tid, f"{tid} begins")
        yield
        row.pipes[0].write(tid, f" and {tid} ends\n")

    def parent(row, number):
        child = yield NewTask(half(row, number))
        row.pipes[0].join_writers(row.kernel.find(child))
        yield half(row, number)

    row = Row(parent, keep)
    settle(row.kernel)
    assert sorted(row.read) == ["1 begins and 1 ends", "3 begins and 3 ends"]


def test_a_line_without_end_comes_in_pieces():
    def endless(row, number):
        row.print(number, "x" * (2 * LONGEST + 5))
        yield

    row = Row(endless, keep, most=10 * LONGEST)
    settle(row.kernel)
    assert [len(line) for line in row.read] == [LONGEST, LONGEST, 5]


# -- room


@pytest.mark.parametrize("budget", [1, None])
def test_a_full_pipe_holds_up_who_prints_and_tasks_say_why(budget):
    row = Row(flood, sleeper, budget=budget)
    turn(row.kernel, 50)
    assert row.pipes[0].characters <= 100 + 10 * 2
    assert row.reasons()[1] == ("blocked", "room in the pipe to task 2")
    held = row.pipes[0].characters
    turn(row.kernel, 50)
    assert row.pipes[0].characters == held  # it has no step
    end(row.kernel)


def test_who_was_held_up_goes_on_when_half_of_the_room_is_free():
    def reads(row, number):
        for _ in range(1000):
            row.read.append((yield ReadLine()))

    row = Row(flood, reads)
    settle(row.kernel)
    assert row.read == ["x" * 9] * 1000
    assert row.order() == [2, 1]


def test_a_step_that_prints_more_than_can_be_kept_gets_an_error_at_the_print():
    errors = []

    def too_much(row, number):
        try:
            while True:
                row.print(number, "x" * 99 + "\n")
        except BlockingIOError as error:
            errors.append(error.strerror)
        yield

    row = Row(too_much, sleeper)
    turn(row.kernel, 2)
    assert errors == ["the pipe is full, and cannot wait within a step"]
    assert row.pipes[0].characters == 1_000
    end(row.kernel)


def test_a_task_that_is_held_up_can_be_killed_and_its_answer_is_seen_first():
    seen = []

    def prints(row, number):
        row.print(number, "x" * 200 + "\n")
        try:
            seen.append((yield GetTid()))
            yield Sleep(1000)
        finally:
            seen.append("killed")

    row = Row(prints, sleeper, budget=1)
    turn(row.kernel, 5)
    assert row.reasons()[1][0] == "blocked" and seen == []
    ask(row.kernel, KillTask(1))
    turn(row.kernel, 5)
    assert seen == [1, "killed"]
    assert outcome(row.kernel, 1).killed
    end(row.kernel)


def test_stop_and_cont_do_not_let_a_full_pipe_go_nor_the_pipe_a_stopped_task():
    row = Row(flood, sleeper)
    turn(row.kernel, 20)
    stop, cont = SendSignal(1, Signal.STOP), SendSignal(1, Signal.CONT)
    replies = [ask(row.kernel, call) for call in (cont, stop, stop)]
    turn(row.kernel, 3)
    assert [reply.result(0) for reply in replies] == [False, True, False]
    assert row.reasons()[1] == ("stopped", "room in the pipe to task 2 and the signal CONT")
    row.pipes[0].let_go()
    turn(row.kernel, 3)
    assert row.reasons()[1] == ("stopped", "the signal CONT")
    ask(row.kernel, cont)
    turn(row.kernel, 20)
    assert row.reasons()[1] == ("blocked", "room in the pipe to task 2")
    end(row.kernel)


def test_a_full_pipe_whose_reader_waits_for_ever_is_a_deadlock_that_says_so():
    def deaf(row, number):
        yield Receive()

    row = Row(flood, deaf)
    turn(row.kernel, 20)
    assert row.kernel.stuck()
    assert "task 1 (flood) waits for room in the pipe to task 2" in verdict(row.kernel)
    end(row.kernel)


# -- ends


def test_the_end_of_who_reads_ends_who_prints_without_his_asking():
    row = Row(sleeper, sleeper, first_only)
    row.print(1, "a line\n")
    settle(row.kernel)
    assert row.order() == [3, 2, 1]
    for tid in (1, 2):
        status = outcome(row.kernel, tid)
        assert isinstance(status.error, PipeBroken) and status.killed
        assert str(status) == "killed: nobody reads what it prints any more"


@pytest.mark.parametrize("force", [False, True])
def test_a_kill_of_one_stage_ends_the_rest_those_before_it_and_those_behind(force):
    row = Row(flood, cat, cat, keep)
    turn(row.kernel, 5)
    ask(row.kernel, KillTask(2, 0.0 if force else None))
    settle(row.kernel)
    assert row.order()[:1] == [2]
    assert sorted(row.order()) == [1, 2, 3, 4]
    assert row.order().index(3) < row.order().index(4)
    assert isinstance(outcome(row.kernel, 1).error, PipeBroken)
    assert outcome(row.kernel, 3).ok and outcome(row.kernel, 4).ok
    assert not row.kernel.inputs and not row.kernel.tasks


def test_who_has_nobody_to_read_may_still_print_in_his_cleanup():
    def tidy(row, number):
        try:
            yield Sleep(1000)
        finally:
            row.print(number, "tidied up\n")
            yield

    row = Row(tidy, first_only)
    turn(row.kernel, 3)
    ask(row.kernel, GiveLine("by hand", 2))
    settle(row.kernel)
    assert row.read == ["by hand"]
    assert isinstance(outcome(row.kernel, 1).error, PipeBroken)


def test_a_pipe_lives_as_long_as_anybody_prints_into_it():
    row = Row(three, keep)
    late = row.kernel.new(sleeper(row, 0))
    row.pipes[0].join_writers(row.kernel.find(late))
    turn(row.kernel, 20)
    assert row.order() == [1]
    row.kernel.kill(row.kernel.find(late))
    settle(row.kernel)
    assert row.order() == [1, late, 2]


# -- beside what a console gives


def test_a_task_behind_a_pipe_gets_no_line_that_is_typed_for_whoever_waits():
    row = Row(sleeper, keep)
    turn(row.kernel, 3)
    replies = [ask(row.kernel, call) for call in (GiveLine("typed"), GiveLine("typed", 2))]
    turn(row.kernel, 3)
    assert [reply.result(0) for reply in replies] == [False, True]
    assert row.read == ["typed"]
    ask(row.kernel, EndInput(2))
    turn(row.kernel, 3)
    assert outcome(row.kernel, 2).ok
    end(row.kernel)
