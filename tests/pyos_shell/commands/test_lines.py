"""Laws of `eof`: it ends the input of a task that reads."""

import pytest

from ..shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


def waits(shell, tid):
    """See that a task waits for a line."""
    until(lambda: any(row.split()[0] == str(tid) for row in rows(shell) if "a line" in row))


def rows(shell):
    return shell.run("tasks")[1:]


def test_a_task_that_reads_up_to_the_end_is_told_of_it(shell):
    shell.run(f"spawn {PROGRAMS}:adds")
    waits(shell, 1)
    shell.succeeds("> 40\n> 2\neof")
    assert shell.wait(1).ok
    assert shell.printed == "total 42\n"


def test_the_task_whose_input_ends_can_be_chosen(shell):
    shell.run(f"spawn {PROGRAMS}:adds; spawn {PROGRAMS}:adds")
    waits(shell, 1)
    waits(shell, 2)
    assert shell.succeeds("eof 2") == []
    assert shell.wait(2).ok
    assert [row.split()[0] for row in rows(shell)] == ["1"]


def test_an_end_that_nobody_waits_for_is_kept_for_the_next_who_does(shell):
    assert shell.succeeds("eof") == ["no task waits for a line; the next that does gets the end"]
    shell.succeeds(f"spawn {PROGRAMS}:adds; wait 1")
    assert shell.printed == "total 0\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("eof 1", "task 1 does not wait for a line"),
        ("eof 9", "no task 9; type tasks for those there are"),
        ("eof x", "usage: eof [TID]"),
        ("eof 1 2", "usage: eof [TID]"),
    ],
)
def test_the_input_of_who_does_not_read_cannot_be_ended(shell, line, said):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.fails(line)[-1] == said


def test_where_tasks_read_stdin_it_has_an_end_of_its_own(shell):
    shell.system.stdin = True
    assert shell.fails("eof") == ["here tasks read stdin, which has an end of its own"]
