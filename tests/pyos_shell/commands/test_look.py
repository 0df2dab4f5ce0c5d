"""Laws of the commands that look at the system."""

import re
import socket
from pathlib import Path

import pytest
from wcwidth import wcswidth

from kernel import Scheduler, SelectPoller

from ..shell import GUARD, SAMPLES, Shell, until

PROGRAMS = f"{SAMPLES}/programs.py"


def table(shell, line="tasks"):
    """The rows of `tasks`, without the heading."""
    heading, *rows = shell.succeeds(line)
    assert heading.split() == ["TID", "PAR", "STATE", "AGE", "DEEP", "WAITS", "FOR", "PROGRAM"]
    return rows


def blocked(shell, tid):
    """Wait until a task sleeps in a call; its row."""

    def row():
        rows = {int(row.split()[0]): row for row in table(shell)}
        return rows[tid] if " blocked " in rows.get(tid, "") else None

    return until(row)


# -- tasks


@pytest.mark.parametrize("line", ["tasks", "ps", "tasks --all"])
def test_without_tasks_it_says_how_to_start(shell, line):
    assert shell.succeeds(line) == [
        "no tasks; start one: spawn countdown 5   what there is: programs"
    ]


def test_a_row_says_what_a_task_waits_for_in_words(shell):
    shell.run("spawn family 1")
    until(lambda: len(table(shell)) == 2)
    parent, child = blocked(shell, 1), blocked(shell, 2)
    assert re.fullmatch(r"  1   0 blocked \d\.\ds    1 exit of 2 +family 1", parent)
    sleep = r"sleep (10\.0|\d\.\d) s left"
    assert re.fullmatch(rf"  2   1 blocked \d\.\ds    1 {sleep} +child 10\.0", child)


def test_a_connection_is_told_by_both_its_ends(shell):
    shell.run("spawn echo_server 0")
    port = int(until(lambda: re.search(r"listening on \S+ (\d+)\n", shell.printed))[1])
    assert f" accept 127.0.0.1:{port} " in blocked(shell, 1)
    with socket.create_connection(("127.0.0.1", port), GUARD) as client:
        until(lambda: len(table(shell)) == 2)
        peer = client.getsockname()[1]
        assert f" read 127.0.0.1:{port} ← 127.0.0.1:{peer} " in blocked(shell, 2)


def test_depth_is_the_number_of_frames(shell):
    shell.run("spawn deep 20000")
    assert blocked(shell, 1).split()[4] == "20000"


def test_on_a_screen_it_fits_and_says_how_many_more_there_are(shell):
    shell.run(f"spawn {PROGRAMS}:crowd 100; wait 1")
    shell.width, shell.rows = 80, 19
    *rows, more = table(shell)
    assert len(rows) == 19
    assert more == "… and 81 more: tasks --all"
    assert len(table(shell, "tasks --all")) == 100
    assert all(wcswidth(row) <= 80 for row in rows)


@pytest.mark.parametrize("width", [80, 40, 20])
def test_it_fits_whatever_the_programs_are_called(shell, width):
    shell.run(f"spawn --name '程序 🎉 {'x' * 99}' {PROGRAMS}:sleeper; spawn echo_server 0")
    shell.width = width
    rows = shell.succeeds("tasks")
    assert all(wcswidth(row) <= width for row in rows)
    assert "程" in rows[1]
    assert "echo_" in rows[2]


def test_select_says_what_it_cannot_do():
    with Shell(Scheduler(poller=SelectPoller())) as shell:
        line = f"files are watched by select: sockets only, {SelectPoller.limit} at most"
        assert shell.succeeds("tasks")[1] == line
        shell.run("spawn echo_server 0")
        assert table(shell)[-1] == line


# -- stack


def test_a_stack_is_every_frame_with_its_source_and_the_call(shell):
    shell.run("spawn deep 3")
    blocked(shell, 1)
    title, *frames, call = shell.succeeds("stack 1")
    assert title == "task 1 deep 3  blocked"
    for place, source in zip(frames[0:4:2], frames[1:4:2], strict=True):
        assert re.fullmatch(r"  deep  .*pyos_shell.programs.deep\.py:\d+", place)
        assert source == "      return 1 + (yield deep(depth - 1, seconds=seconds))"
    assert frames[5] == "      yield Sleep(seconds)"
    assert re.fullmatch(r"  in Sleep\(60\.0\)  sleep (60\.0|59\.\d) s left", call)


def test_a_stack_goes_through_yield_from_and_await(shell, tmp_path):
    (tmp_path / "p.py").write_text(
        "from kernel import *\n"
        "def generator():\n    yield Sleep(1000)\n"
        "async def coroutine():\n    await Sleep(1000)\n"
        "def delegates():\n    yield from generator()\n"
        "async def awaits():\n    await coroutine()\n"
        "def mixed():\n    yield delegates()\n"
    )
    for tid, (name, inner) in enumerate(
        [("mixed", ["delegates", "generator"]), ("awaits", ["coroutine"])], 1
    ):
        shell.run(f"spawn p.py:{name}")
        blocked(shell, tid)
        lines = shell.succeeds(f"stack {tid}")
        assert [line.split()[0] for line in lines[1:-1:2]] == [name, *inner]
        assert [line.split()[1][:5] for line in lines[1:-1:2]] == ["p.py:"] * (1 + len(inner))
        assert lines[-2] in ("      yield Sleep(1000)", "      await Sleep(1000)")


def test_a_very_deep_stack_is_shown_without_its_middle(shell):
    shell.run("spawn deep 20000")
    blocked(shell, 1)
    lines = shell.succeeds("stack 1")
    assert "  … 19,800 frames more …" in lines
    assert len(lines) == 1 + 2 * 200 + 1 + 1


def test_of_a_crashed_task_the_traceback_is_shown(shell):
    shell.run("spawn crash; wait")
    title, *frames = shell.succeeds("stack 1")
    assert title == "task 1 crash  crashed: ZeroDivisionError: division by zero"
    assert [line.split()[0] for line in frames[::2]] == ["crash", "divide", "by"]
    assert frames[-1] == "      return 1 / number"


def test_of_a_task_that_ended_well_there_is_nothing_to_show_but_that(shell):
    shell.run("spawn deep 5 --seconds 0; wait")
    assert shell.succeeds("stack 1") == ["task 1 deep 5 --seconds 0  ended: 5"]


@pytest.mark.parametrize("line", ["stack 1", "stack 99"])
def test_a_task_that_is_not_there_has_no_stack(shell, line):
    (shown,) = shell.fails(line)
    assert shown == f"no task {line.split()[1]}; type tasks for those there are"


# -- programs and log


def test_the_programs_are_listed_with_what_they_take_and_do(shell):
    lines = shell.succeeds("programs")
    assert "  countdown [N=10]                       Count down from N to 1, a line each." in lines
    assert lines[-1] == "  start one: spawn countdown 5   all about one: help countdown"


def test_the_log_tells_again_what_was_printed_and_reported(shell):
    assert shell.succeeds("log") == ["nothing has been printed or reported"]
    shell.run(f"spawn countdown 2; wait; spawn {PROGRAMS}:say 'two words'; wait; tasks")
    assert shell.succeeds("log 1") == ["  1 │ 2", "  1 │ 1", "  1 │ task 1 (countdown 2) ended"]
    assert shell.succeeds("log")[3] == "  2 │ two words"
    assert len(shell.succeeds("log")) == 5
    assert shell.succeeds("log 7") == ["nothing has been printed or reported"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tasks all", "'all' is one too many"),
        ("tasks --al", "no option --al; did you mean --all?"),
        ("stack", "TID is missing"),
        ("stack 1 2", "'2' is one too many"),
        ("stack -1", "TID takes the number of a task, as `tasks` shows it, not '-1'"),
        ("log 1 2", "'2' is one too many"),
        ("log x", "TID takes the number of a task, as `tasks` shows it, not 'x'"),
        ("programs 1", "'1' is one too many"),
    ],
)
def test_a_wrong_argument_is_underlined_with_the_usage(shell, line, message):
    source, marks, said, usage = shell.fails(line)
    assert source == line
    assert set(marks.strip()) == {"^"}
    assert said == message
    assert usage.startswith(f"usage: {line.split()[0]}")


def test_of_a_crash_in_a_call_the_stack_ends_at_the_programs_own_line(shell):
    shell.run("spawn echo_load 1 --port 1; wait")
    title, place, code = shell.run("stack 2")
    assert title.startswith("task 2 client  crashed: ConnectionRefusedError: nobody listens")
    assert place.startswith("  client  ")
    assert code == '      with (yield Connect(("127.0.0.1", port))) as server:'


def test_of_a_stop_iteration_the_line_is_shown(shell):
    Path("p.py").write_text("def stops():\n    yield\n    raise StopIteration\n")
    shell.run("spawn p.py:stops; wait")
    assert shell.run("stack 1")[1:] == ["  stops  p.py:3", "      raise StopIteration"]


def test_a_long_error_is_shown_in_full_on_any_screen(shell):
    Path("p.py").write_text("def p():\n    yield\n    raise ValueError('word ' * 40)\n")
    shell.run("spawn p.py:p; wait")
    shell.width = 40
    lines = shell.run("stack 1")
    assert sum(line.count("word") for line in lines) == 40 + 1  # and in the code
    assert all(len(line) <= 40 for line in lines)
