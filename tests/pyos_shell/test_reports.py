"""Laws of reports: what a person should know of the kernel, in one line where that is enough."""

import sys
from threading import Event

import pytest

from kernel import (
    Abandoned,
    AcceptFailed,
    Broke,
    Deadlocked,
    Exited,
    ExitStatus,
    FrameInfo,
    GetTid,
    Hogged,
    NewTask,
    Panicked,
    Preempted,
    ReadersChanged,
    Released,
    RunInThread,
    Stepped,
    Unheard,
    WaitTask,
)
from pyos_shell.output import Line
from pyos_shell.reports import exit_in_words, held_in_words

from .shell import GUARD, SAMPLES, until


def emitted(shell, event):
    """What is reported of an event."""
    shell.machine.kernel.trace.emit(event)
    return shell.output.log(None)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (ExitStatus(3), "task 3 (p 1) ended"),
        (ExitStatus(3, value=7), "task 3 (p 1) ended: 7"),
        (ExitStatus(3, error=KeyError("k")), "task 3 (p 1) crashed: KeyError: 'k'; see stack 3"),
        (ExitStatus(3, killed=True), "task 3 (p 1) killed"),
        (ExitStatus(3, killed=True, forced=True), "task 3 (p 1) killed by force"),
    ],
)
def test_an_end_is_one_line_and_a_crash_says_how_to_see_more(status, words):
    assert exit_in_words(Exited(3, "p 1", status)) == words


def child(text):
    print(text, end="")
    yield


def parent(text):
    yield WaitTask((yield NewTask(child(text))))


def test_what_a_task_printed_last_is_shown_at_its_end_though_no_newline_has_come(
    shell, monkeypatch
):
    """Nor is anything kept of tasks of whose end nothing is said."""
    monkeypatch.setattr(sys, "stdout", shell.output)
    shell.wait(shell.machine.call(NewTask(parent("so far"))))
    assert shell.bytes.getvalue() == b"so far"
    assert not shell.output.unfinished and not shell.output.held


def test_only_a_crash_is_marked_as_one(shell):
    crashed = Exited(1, "p", ExitStatus(1, error=ValueError("no")))
    assert [line.kind for line in emitted(shell, crashed)] == ["crash"]
    assert [line.kind for line in emitted(shell, Exited(2, "p", ExitStatus(2)))][1:] == ["report"]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Deadlocked(0, "1 task is blocked"), "deadlock: 1 task is blocked"),
        (Hogged(1, "/x/p.py", 9, 0.54), "task 1 holds the kernel for 0.5 s at /x/p.py:9"),
        (
            Hogged(1, "/x/p.py", 9, 0.54, in_call=True),
            "task 1 holds the kernel for 0.5 s at /x/p.py:9, in a call that does not return",
        ),
        (
            Stepped(1, FrameInfo("f", "/x/p.py", 9), FrameInfo("g", "/x/q.py", 2), "enters g", []),
            "task 1 p.py:9 → q.py:2 enters g",
        ),
        (
            Stepped(1, FrameInfo("f", "/x/p.py", 9), None, "ended", [2, 3]),
            "task 1 p.py:9 ended; ready by it: 2, 3",
        ),
        (
            Broke(1, 4, "Recv", FrameInfo("f", "/x/p.py", 9)),
            "task 1 stops by break 4 at /x/p.py:9; cont 1 goes on",
        ),
        (
            AcceptFailed(1, 7, OSError(24, "Too many open files")),
            "task 1 cannot accept on file 7 for now: Too many open files",
        ),
        (
            Abandoned(1, RunInThread(len, "abc")),
            "RunInThread(len, 'abc') of task 1 was given up: its thread is left to finish",
        ),
    ],
)
def test_what_a_person_should_know_is_reported_of_its_task(shell, event, words):
    assert emitted(shell, event) == [Line(event.tid, "report", words)]


def test_how_a_hog_leaves_off_is_told_once_and_only_of_who_was_named(shell):
    named, let_go = Hogged(1, "p.py", 9, 0.5), Released(1, 2.5)
    once, again = [Preempted(1, "p.py", 9, times) for times in (1, 2)]
    for event in (once, let_go, named, once, again, let_go, named, let_go, once):
        emitted(shell, event)
    assert [line.text for line in shell.output.log(None)] == [
        "task 1 holds the kernel for 0.5 s at p.py:9",
        "task 1 was interrupted at p.py:9; it goes on in its turn",
        "task 1 holds the kernel for 0.5 s at p.py:9",
        "task 1 has let go of the kernel after 2.5 s",
    ]


def test_an_error_that_nobody_waited_for_is_marked_as_a_crash(shell):
    event = Unheard(1, RunInThread(len, 7), TypeError("no len"))
    words = "RunInThread(len, 7) of task 1 was given up, and has failed: TypeError: no len"
    assert emitted(shell, event) == [Line(1, "crash", words)]


def test_whose_turn_it_is_to_read_is_noted_and_no_line_of_the_log(shell):
    assert emitted(shell, ReadersChanged(3, 2)) == []
    assert shell.output.awaited == 2


def test_a_worker_that_is_left_behind_is_reported_and_so_is_its_error(shell):
    begun, release = Event(), Event()

    def fails_in_the_end():
        begun.set()
        assert release.wait(GUARD)
        raise LookupError("in vain")

    def program():
        yield RunInThread(fails_in_the_end)

    tid = shell.machine.call(NewTask(program()), GUARD)
    assert begun.wait(GUARD)
    shell.run(f"kill {tid}")
    until(lambda: "its thread is left to finish" in shell.reported)
    release.set()
    until(lambda: "was given up, and has failed: LookupError: in vain" in shell.reported)


def test_a_panic_is_loud_and_says_what_to_do(shell):
    *first, last = emitted(shell, Panicked(0, ValueError("broken"), "task 1 p\n  f /x/p.py:9"))
    assert [line.text for line in first] == [
        "kernel panic: ValueError: broken",
        "task 1 p",
        "  f /x/p.py:9",
    ]
    assert last == Line(
        0, "crash", "the kernel has stopped, and its tasks with it; restart gives a new one"
    )


def test_an_error_that_cannot_say_what_it_is_keeps_no_other_report_back(shell):
    shell.run(f"spawn {SAMPLES}/programs.py:unspeakable; wait; spawn countdown 1; wait")
    first, second = shell.reported.splitlines()
    assert first.startswith("task 1 (programs.py:unspeakable) crashed: Bad")
    assert second == "task 2 (countdown 1) ended"


def test_an_error_of_several_lines_is_a_report_of_several_lines(shell):
    words = exit_in_words(Exited(1, "p", ExitStatus(1, error=ValueError("one\ntwo"))))
    shell.output.report(1, words)
    assert shell.reported.splitlines() == [
        "task 1 (p) crashed: ValueError: one",
        "two; see stack 1",
    ]


def test_tasks_that_wait_for_each_other_are_reported_as_a_deadlock(shell):
    def waits_for(offset):
        yield WaitTask((yield GetTid()) + offset)

    def both():
        yield NewTask(waits_for(1))
        yield NewTask(waits_for(-1))

    shell.machine.call(NewTask(both()))
    until(lambda: "deadlock: " in shell.reported)
    assert "2 → 3 → 2" in shell.reported


# -- why there is no answer


def waits():
    Event().wait()


def held_at(in_call, ends=False, may_kill=False):
    holder = Hogged(7, __file__, waits.__code__.co_firstlineno + 1, 0.5, in_call)
    return held_in_words(holder, ends, may_kill)


def test_of_a_call_that_does_not_return_it_is_said_which_and_what_happens_when_it_does():
    where = f"task 7 is in a call that does not return, at {__file__}:"
    line = held_at(in_call=True, ends=True)
    assert line.startswith(where)
    assert "Event().wait()" in line
    assert "the kill takes effect when the call does, and nothing else runs meanwhile" in line
    other = held_at(in_call=True)
    assert other.startswith(where)
    assert "kill" not in other, "nobody has asked for one"
    assert "call" not in held_at(in_call=False)


def test_who_may_kill_the_task_is_told_that_this_ends_it():
    assert held_at(in_call=False, may_kill=True).endswith("; kill 7 ends the task)")
    assert held_at(in_call=True, may_kill=True).endswith("; kill 7 ends the task then)")
    assert "kill" not in held_at(in_call=False, ends=True)
