"""Laws of the commands that look at the system."""

import json
import os
import re
import socket
import time
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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tasks all", "'all' is one too many"),
        ("tasks --al", "no option --al; did you mean --all?"),
        ("stack", "TID is missing"),
        ("stack 1 2", "'2' is one too many"),
        ("stack -1", "TID takes the number of a task, as `tasks` shows it, not '-1'"),
        ("tasks --sort size", "--sort takes tid, age, state, depth or program, not 'size'"),
        ("tasks --state dead", "--state takes ready, blocked or stopped, not 'dead'"),
        ("inspect x", "TID takes the number of a task, as `tasks` shows it, not 'x'"),
        ("why", "TID is missing"),
        ("files 1 2", "'2' is one too many"),
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


def test_a_task_at_work_is_shown_with_its_share_of_the_processor(shell):
    shell.run("spawn family")
    assert "SHARE" not in shell.succeeds("tasks")[0]
    for _ in range(20):
        shell.machine.watchdog.shares.note(time.monotonic(), 1, 0.1)
    heading, first, *_ = shell.succeeds("tasks")
    assert heading.split()[:4] == ["TID", "PAR", "STATE", "SHARE"]
    assert re.search(r" \d+% ", first)


# -- tasks, sorted and chosen


def tids(shell, line):
    return [int(row.split()[0]) for row in shell.succeeds(line)[1:]]


def crowd(shell):
    """Tasks of several kinds: a family, one that is deep, one that is stopped."""
    shell.run("spawn family 2")
    for tid in (1, 2, 3):
        blocked(shell, tid)
    shell.run(f"spawn deep 3; spawn {PROGRAMS}:sleeper; stop 5")
    blocked(shell, 4)


def test_tasks_are_sorted_as_is_wished_and_turned_round(shell):
    crowd(shell)
    assert tids(shell, "tasks") == [1, 2, 3, 4, 5]
    assert tids(shell, "tasks --reverse") == [5, 4, 3, 2, 1]
    assert tids(shell, "tasks --sort depth")[0] == 4
    assert tids(shell, "tasks --sort age") == [1, 2, 3, 4, 5]
    assert tids(shell, "tasks --sort program") == [2, 3, 4, 1, 5]
    assert tids(shell, "tasks --sort state")[-1] == 5


def test_only_those_are_shown_that_are_wished_and_what_is_left_out_is_counted(shell):
    crowd(shell)
    assert tids(shell, "tasks --state stopped") == [5]
    assert tids(shell, "tasks --program CHILD") == [2, 3]
    shell.rows = 2
    assert shell.succeeds("tasks --state blocked")[-1] == "… and 2 more: --all"
    assert len(shell.succeeds("tasks --state blocked --all")) == 5
    assert shell.succeeds("tasks --program nobody") == [
        "no task is like that; all there are: tasks"
    ]


def test_a_tree_has_children_below_their_parents(shell):
    crowd(shell)
    programs = [row.split("  ")[-1].strip() for row in shell.succeeds("tasks --tree")[1:]]
    assert [row.split()[0] for row in programs[1:3]] == ["├─", "└─"]
    assert programs[3] == "deep 3"
    shell.width = 20
    assert all(wcswidth(row) <= 20 for row in shell.succeeds("tasks --tree"))
    assert shell.fails("tasks --tree --sort age") == [
        "a tree has an order of its own: give --tree or --sort"
    ]


def test_those_that_have_ended_are_told_last_first_and_how(shell):
    assert shell.succeeds("tasks --ended") == ["no task has ended yet"]
    shell.run(f"spawn crash; wait; spawn countdown 1; wait; spawn {PROGRAMS}:sleeper; kill 3; wait")
    heading, *rows = shell.succeeds("tasks --ended")
    assert heading.split() == ["TID", "PAR", "LIVED", "HOW", "IT", "ENDED", "PROGRAM"]
    assert [row.split()[3] for row in rows] == ["killed", "ended", "crashed:"]
    assert [row.split()[-1] for row in rows][::2] == [f"{PROGRAMS.split('/')[-1]}:sleeper", "crash"]
    assert tids(shell, "tasks --ended --program count") == [2]
    shell.rows = 1
    assert shell.succeeds("tasks --ended")[-1] == "… and 2 more: tasks --ended --all"
    assert shell.succeeds("tasks --ended --program x") == ["no task has ended that is like that"]
    for wish in ("--reverse", "--tree", "--state ready", "--sort age"):
        assert "--program only" in shell.fails(f"tasks --ended {wish}")[0]


# -- stack, with more


def test_a_stack_may_have_the_local_variables_and_the_source_around(shell):
    shell.run("spawn deep 1")
    blocked(shell, 1)
    lines = shell.succeeds("stack 1 --locals --source 1")
    assert "      depth = 1" in lines and "      seconds = 60.0" in lines
    (marked,) = [line for line in lines if "→" in line]
    number = int(marked.split()[1])
    place = lines.index(marked)
    assert [int(line.split()[0]) for line in (lines[place - 1], lines[place + 1])] == [
        number - 1,
        number + 1,
    ]


def test_a_variable_whose_repr_fails_is_said_so(shell):
    Path("p.py").write_text(
        "from kernel import *\n"
        "class Odd:\n    def __repr__(self):\n        raise SystemExit\n"
        "def p():\n    odd = Odd()\n    yield Sleep(1000)\n"
    )
    shell.run("spawn p.py:p")
    blocked(shell, 1)
    assert "      odd = <Odd, whose repr raised SystemExit>" in shell.succeeds("stack 1 --locals")


def test_of_an_ended_task_the_variables_are_gone_and_that_is_said(shell):
    shell.run("spawn crash; wait")
    assert shell.succeeds("stack 1 --locals")[-1] == "  its variables are gone, as it has ended"


@pytest.mark.parametrize("number", [-1, 51])
def test_so_many_lines_around_are_not_shown(shell, number):
    assert shell.fails(f"stack 1 --source={number}") == [
        f"--source takes a number of lines up to 50, not {number}"
    ]


# -- inspect


def test_all_there_is_about_a_task_is_told_a_line_each(shell):
    Path("p.py").write_text(
        "from kernel import *\n"
        "def p():\n"
        "    yield Register('boss')\n"
        "    yield SendMessage(1, 'hello')\n"
        "    yield Acquire(Mutex('m'))\n"
        "    yield NewTask(p2(), 'child')\n"
        "    yield OpenScope(1000)\n"
        "    yield Receive(int)\n"
        "def p2():\n"
        "    yield WaitTask(1)\n"
    )
    shell.run("spawn p.py:p")
    blocked(shell, 2)
    title, *lines = shell.succeeds("inspect 1")
    assert title == "task 1 p.py:p"
    told = [line.split(maxsplit=1) for line in lines]
    for label, value in (
        ("state", "blocked"), ("children", "2"), ("names", "boss"), ("locks", "Mutex m"),
        ("mailbox", "1 of 10,000"), ("place", "1 of 1"),
    ):  # fmt: skip
        assert [label, value] in told
    assert lines[-1] == "  last calls  known while they are traced: trace 1"
    assert "  parent      1" in shell.succeeds("inspect 2")
    assert "  waited for  2" in lines


def test_the_last_calls_are_told_while_they_are_traced(shell):
    shell.run("trace 1; spawn countdown 12 --pause 0.001; wait; trace 1")
    assert shell.succeeds("inspect 1")[-1] == "  last calls  none since it is traced"
    shell.run("trace off; trace 2; spawn countdown 12; wait")
    until(lambda: len(shell.system.output.tracers[None].calls_of(2)) == 12)
    calls = shell.succeeds("inspect 2")[-8:]
    assert len([line for line in calls if "Sleep(0.0) = None" in line]) == 8
    shell.run("trace off")


def test_an_ended_task_can_be_inspected(shell):
    shell.run("spawn deep 5 --seconds 0; wait")
    lines = shell.succeeds("inspect 1")
    assert "  state       ended: 5" in lines


# -- why


def test_why_is_told_in_a_sentence_and_as_a_chain(shell):
    shell.run("spawn family 1")
    blocked(shell, 1), blocked(shell, 2)
    sentence, first, second = shell.succeeds("why 1")
    assert re.fullmatch(
        r"task 1 waits for the exit of 2; task 2 sleeps for [\d.]+ s more", sentence
    )
    assert first == "    1 family 1  waits for the exit of 2"
    assert second.startswith("  → 2 child 10.0  sleeps for ")


def test_a_deadlock_is_named_as_such_with_what_would_end_it(shell):
    shell.run("spawn philosophers 2 --naive --pace 0")
    until(lambda: "deadlock" in shell.reported)
    lines = shell.succeeds("why 2")
    assert lines[0].endswith("; a deadlock: 2 → 3 → 2")
    assert lines[-2:] == ["  → 2", "  kill 3 would end it"]
    assert "error" in [style for style, _ in shell.fragments[-len(lines)]]
    shell.run("kill 3")
    until(lambda: "deadlock" not in shell.succeeds("why 2")[0])


def test_what_may_help_is_said(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper; stop 1; spawn guess")
    until(lambda: " a line" in "".join(shell.succeeds("tasks")))
    assert shell.succeeds("why 1") == [
        "task 1 is stopped, until somebody sends it CONT",
        "  cont 1 continues it",
    ]
    assert shell.succeeds("why 2")[-1] == "  2> LINE gives it one"


def test_while_a_task_holds_the_kernel_why_is_answered_all_the_same(shell):
    os.mkfifo("enough")
    Path("p.py").write_text("def holds():\n    yield\n    with open('enough'):\n        pass\n")
    shell.run(f"spawn {PROGRAMS}:sleeper; spawn p.py:holds")
    try:
        lines = until(lambda: [line for line in shell.run("why 1") if "holds the kernel" in line])
        assert re.match(r"task 2 holds the kernel for .* s at .*:\d+, .*so no other can", lines[0])
        assert "so no other" not in "".join(shell.run("why 2"))
    finally:
        Path("enough").write_text("")  # to open it is enough: nobody may be there to read
    assert "holds" not in "".join(shell.run("wait 2; why 1"))


@pytest.mark.parametrize("line", ["inspect 9", "why 9", "files 9", "stack 9 --locals", "list 9"])
def test_there_is_nothing_to_say_of_a_task_that_is_not_there(shell, line):
    assert shell.fails(line) == ["no task 9; type tasks for those there are"]


# -- files


def test_files_are_told_with_their_addresses_and_who_waits(shell):
    (nothing,) = shell.succeeds("files")
    assert nothing.startswith("no file is watched by ")
    shell.run("spawn echo_server 0")
    port = int(until(lambda: re.search(r"listening on \S+ (\d+)\n", shell.printed))[1])
    blocked(shell, 1)
    heading, row = shell.succeeds("files")
    assert heading.split() == ["FILE", "KIND", "SINCE", "READS", "WRITES", "ADDRESS"]
    assert re.fullmatch(rf" *\d+ tcp +\d\.\ds +1 +127\.0\.0\.1:{port}", row)
    with socket.create_connection(("127.0.0.1", port), GUARD) as client:
        until(lambda: len(table(shell)) == 2)
        blocked(shell, 2)
        assert f"127.0.0.1:{port} ← 127.0.0.1:{client.getsockname()[1]}" in "".join(
            shell.succeeds("files 2")
        )
        assert len(shell.succeeds("files")) == 3
        shell.rows = 1
        assert shell.succeeds("files")[-1] == "… and 1 more: files --all"
        shell.width = 20
        assert all(wcswidth(line) <= 20 for line in shell.succeeds("files --all"))


def test_a_task_without_files_has_none(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.succeeds("files 1") == [
        "task 1 has no open file in a variable, and waits for none"
    ]


def test_as_a_document_a_tid_is_a_number(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    for line in ("why 1 --json", "files 1 --json"):
        (document,) = shell.succeeds(line)
        assert json.loads(document)["tid"] == 1
