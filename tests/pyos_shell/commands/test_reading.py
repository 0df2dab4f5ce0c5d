"""Laws of the commands that show what is there to be read."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pyos_shell.output import Line

from ..shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


# -- programs


def test_the_programs_are_listed_with_what_they_take_and_do(shell):
    lines = shell.succeeds("programs")
    assert "  countdown [N=10]                       Count down from N to 1, a line each." in lines
    assert lines[-1] == "  start one: spawn countdown 5   all about one: help countdown"


# -- list


def test_the_source_of_a_built_in_program_is_its_whole_file(shell):
    path, *lines = shell.succeeds("list countdown")
    assert path.endswith("countdown.py")
    assert lines[0].split(maxsplit=1) == ["1", '"""Counts down."""']
    assert any("def countdown(" in line for line in lines)
    assert not any(line.startswith("→") for line in lines)


def test_of_a_function_in_a_file_just_that_is_shown_and_nothing_of_it_is_run(shell):
    Path("p.py").write_text(
        "print('run')\n\ndef other():\n    yield\n\n"
        "@decorated\nasync def wanted():\n    await x\n\n    return 1\n\nlast = 2\n"
    )
    assert shell.succeeds("list p.py:wanted") == [
        "p.py",
        "   6 @decorated",
        "   7 async def wanted():",
        "   8     await x",
        "   9 ",
        "  10     return 1",
    ]
    assert len(shell.succeeds("list p.py:wanted --all")) == 13
    assert len(shell.succeeds("list p.py")) == 13
    assert "run" not in shell.printed


def test_the_lines_where_a_task_stands_are_marked(shell):
    Path("p.py").write_text(
        "from kernel import *\n\ndef p():\n    yield inner()\n\n"
        "def inner():\n    yield Sleep(1000)\n"
    )
    shell.run("spawn p.py:p")
    until(lambda: "sleep" in "".join(shell.succeeds("tasks")))
    assert shell.succeeds("list 1") == [
        "p.py",
        "  3 def p():",
        "→ 4     yield inner()",
        "it stands in other functions of this file, too: add --all",
    ]
    marked = [line for line in shell.succeeds("list 1 --all") if line.startswith("→")]
    assert marked == ["→ 4     yield inner()", "→ 7     yield Sleep(1000)"]


def test_of_a_crashed_task_the_line_is_marked_and_one_that_ended_well_stands_nowhere(shell):
    shell.run("spawn crash; spawn countdown 1; wait")
    assert any(line.startswith("→") for line in shell.succeeds("list 1"))
    assert shell.fails("list 2") == [
        "task 2 has ended, and stands nowhere; list its program by name"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("list", "PROGRAM|TID is missing"),
        ("list countdwn", "no program 'countdwn'; did you mean countdown?"),
        ("list missing.py", "the file missing.py does not exist"),
        ("list p.py:wnted", "there is no function wnted in p.py; did you mean wanted?"),
        ("list no.such:f", "there is no module no.such"),
        ("list 0", "TID takes the number of a task, as `tasks` shows it, not '0'"),
        ("log 1 2", "'2' is one too many"),
        ("log x", "TID takes the number of a task, as `tasks` shows it, not 'x'"),
        ("log --level high", "--level takes printed, reported or crash, not 'high'"),
        ("programs 1", "'1' is one too many"),
    ],
)
def test_a_wrong_argument_is_underlined(shell, line, message):
    Path("p.py").write_text("def wanted():\n    yield\n")
    source, marks, said, *_ = shell.fails(line)
    assert source == line
    assert set(marks.strip()) == {"^"}
    assert said == message


# -- log


def test_who_only_looks_sees_programs_and_no_other_files(shell):
    Path("secret").write_text("a = 1\n", "utf-8")
    Path("p.py").write_text("def p():\n    yield\n", "utf-8")
    assert "a = 1" in shell.succeeds("list ./secret")[1]
    shell.system.read_only = True
    for line in ("list ./secret", "list ./secret --all", "list ./secret:p", "list --all ./secret"):
        assert "a = 1" not in "".join(shell.fails(line))
    assert "def p" in shell.succeeds("list p")[1]


def test_the_log_tells_again_what_was_printed_and_reported(shell):
    assert shell.succeeds("log") == ["nothing has been printed or reported"]
    shell.run(f"spawn countdown 2; wait; spawn {PROGRAMS}:say 'two words'; wait; tasks")
    assert shell.succeeds("log 1") == ["  1 │ 2", "  1 │ 1", "  1 │ task 1 (countdown 2) ended"]
    assert shell.succeeds("log")[3] == "  2 │ two words"
    assert len(shell.succeeds("log")) == 5
    assert shell.succeeds("log 7") == ["nothing has been printed or reported"]


def test_a_level_leaves_out_what_matters_less(shell):
    shell.run("spawn countdown 1; wait; spawn crash; wait")
    assert [line.split(" │ ")[1] for line in shell.succeeds("log --level reported")] == [
        "task 1 (countdown 1) ended",
        "task 2 (crash) crashed: ZeroDivisionError: division by zero; see stack 2",
    ]
    (crash,) = shell.succeeds("log --level crash")
    assert "crashed" in crash
    assert shell.succeeds("log 1 --level crash") == ["nothing has been printed or reported"]
    assert len(shell.succeeds("log --level printed")) == len(shell.succeeds("log"))


def test_only_the_last_lines_are_told_if_that_is_wished(shell):
    shell.run("spawn countdown 5; wait")
    assert shell.succeeds("log 1 --last 2") == ["  1 │ 1", "  1 │ task 1 (countdown 5) ended"]
    assert len(shell.succeeds("log --last 100")) == 6
    assert shell.succeeds("log --last 0") == ["nothing has been printed or reported"]
    assert shell.fails("log --last=-1") == ["--last takes a number of lines, not -1"]


def test_who_follows_sees_only_such_lines_until_ctrl_c(shell):
    output = shell.output
    feed = shell.system.feed = output.open_feed()
    output.report(7, "before", "crash")
    command = threading.Thread(target=shell.run, args=["log 7 --level reported --follow"])
    command.start()
    until(lambda: shell.shown)
    assert shell.shown == ["  7 │ before"]
    assert feed.wanted(Line(7, "crash", "x")) and feed.wanted(Line(7, "report", "x"))
    assert not feed.wanted(Line(7, "out", "x"))
    assert not feed.wanted(Line(8, "report", "x"))
    shell.system.give_up()
    command.join()
    assert feed.wanted is None
    assert not shell.session.failed
