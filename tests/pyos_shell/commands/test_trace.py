"""Laws of the command that traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyos_shell.commands.trace import Traced

from ..shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


def test_what_is_traced_is_said_and_then_shown_until_it_is_off(shell):
    assert shell.succeeds("trace") == ["tracing all calls of all tasks; trace off ends it"]
    shell.run("spawn countdown 2; wait")
    assert shell.succeeds("trace off") == ["nothing is traced any more"]
    traced = [line for line in shell.reported.splitlines() if "Sleep" in line]
    assert len(traced) == 2
    assert all(line.startswith("  1 Sleep(0.0) = None  ") for line in traced)
    before = shell.reported
    shell.run("spawn countdown 2; wait")
    assert "Sleep" not in shell.reported.removeprefix(before)


def test_only_some_calls_of_some_tasks_are_traced_if_that_is_wished(shell):
    assert shell.succeeds("trace 2 waittask Sleep --lives") == [
        "tracing Sleep, WaitTask of task 2, births and deaths; trace off ends it"
    ]
    shell.run("spawn countdown 1; spawn countdown 1; wait; trace off")
    traced = [line[4:] for line in shell.reported.splitlines() if line.startswith("  2 ")]
    assert [line.split("  ")[0] for line in traced] == [
        "is born: countdown 1",
        "Sleep(0.0) = None",
        "ended",
    ]
    assert not [line for line in shell.reported.splitlines() if line.startswith("  1 ")]


def test_the_same_task_is_traced_by_one_only(shell):
    shell.run("trace Sleep")
    first = shell.output.tracers[None]
    shell.run("trace Recv; spawn countdown 2; wait; trace off")
    assert first.stopped and not first.thread.is_alive()
    assert "Sleep" not in shell.reported


def test_off_without_a_trace_says_so(shell):
    assert shell.succeeds("trace off") == ["nothing was traced"]


def test_while_nothing_is_traced_nobody_has_subscribed_to_calls(shell):
    trace = shell.machine.kernel.trace
    assert not trace.calls
    shell.run("trace")
    assert trace.calls
    shell.run("trace off")
    assert not trace.calls


def test_a_trace_goes_into_a_file_and_not_to_the_screen(shell):
    Path("calls.txt").write_text("old")
    shell.run("trace --file calls.txt")
    shell.run("spawn countdown 200; wait; trace off")
    lines = Path("calls.txt").read_text("utf-8").splitlines()
    assert len(lines) == 200
    assert lines[0].startswith("    1 Sleep(0.0) = None  ")
    assert "Sleep(" not in shell.reported


def test_a_restart_ends_the_trace(shell):
    shell.run("trace; restart")
    assert not shell.output.tracers


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "trace --file no/such/folder/x",
            "cannot write no/such/folder/x: No such file or directory",
        ),
        ("trace --rate 0", "--rate takes a number of lines from 1 on, not 0"),
    ],
)
def test_what_cannot_be_done_is_said(shell, line, message):
    assert shell.fails(line) == [message]
    assert not shell.output.tracers


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("trace Recvv", "there is no call 'Recvv'; did you mean Recv?"),
        ("trace 0", "TID takes the number of a task, as `tasks` shows it, not '0'"),
    ],
)
def test_a_wrong_word_is_underlined(shell, line, message):
    source, marks, said, usage = shell.fails(line)
    assert (source, set(marks.strip()), said) == (line, {"^"}, message)
    assert usage.startswith("usage: trace")


def test_calls_of_programs_can_be_traced_too(shell):
    with pytest.raises(ValueError, match="no call 'toss'"):
        Traced.parse("toss")
    Path("p.py").write_text(
        "from kernel import *\n"
        "@system_call\nclass Toss(SystemCall):\n"
        "    def run(self, kernel, caller):\n        return 'heads'\n"
        "def p():\n    yield\n    yield Toss()\n"
    )
    shell.run("spawn p.py:p; wait; trace TOSS; spawn p.py:p; wait; trace off")
    assert "Toss() = 'heads'" in shell.reported


def test_a_task_that_sleeps_is_shown_at_once_and_again_with_its_answer(shell):
    shell.run(f"trace; spawn {PROGRAMS}:greets")
    until(lambda: "TakeLine() …" in shell.reported)
    shell.run("> Ada")
    until(lambda: "… TakeLine = 'Ada'" in shell.reported)
    shell.run("trace off")
