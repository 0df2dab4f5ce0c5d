"""Laws of what a person types for a task to read: `> 42`."""

import pytest

from pyos_shell.given import DOC, NOBODY_WAITS, USAGE, invitation

from .shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


def all_wait(shell):
    """See that all tasks wait for a line."""
    until(lambda: all(" a line " in row for row in shell.run("tasks")[1:]))


def test_a_line_goes_to_the_task_that_waits_for_one(shell):
    shell.run(f"spawn {PROGRAMS}:greets")
    all_wait(shell)
    assert shell.succeeds("> Ada") == []
    assert shell.wait(1).ok
    assert shell.printed == "your name? hello Ada\n"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("> it's 5; # kill 1", "it's 5; # kill 1"),
        (">no blank", "no blank"),
        (">  two blanks ", " two blanks "),
        (">", ""),
        ("  > indented", "indented"),
        ("> a backslash\\", "a backslash\\"),
        ("> --option", "--option"),
        ("> > more", "> more"),
        ("1> for task 1", "for task 1"),
        ("1 > 3", "3"),
        ('> "quoted"', '"quoted"'),
    ],
)
def test_what_stands_behind_the_sign_is_the_line_as_it_is(shell, line, read):
    shell.run(f"spawn {PROGRAMS}:greets")
    all_wait(shell)
    shell.succeeds(f"{line}\ntasks")
    assert shell.wait(1).ok
    assert shell.printed == f"your name? hello {read}\n"


def test_a_line_can_be_given_to_one_task_among_those_who_wait(shell):
    shell.run(f"spawn {PROGRAMS}:greets; spawn {PROGRAMS}:greets; spawn {PROGRAMS}:greets")
    all_wait(shell)
    shell.succeeds("3> Cleo\n> Ada\n> Bob")
    for tid, name in ((3, "Cleo"), (1, "Ada"), (2, "Bob")):
        assert shell.wait(tid).ok
        assert f"hello {name}" in [line.text for line in shell.output.log(tid)]


def test_a_line_that_nobody_waits_for_is_kept_and_that_is_said(shell):
    assert shell.succeeds("> Ada") == [NOBODY_WAITS]
    shell.succeeds(f"spawn {PROGRAMS}:greets; wait")
    assert shell.printed == "your name? hello Ada\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1> x", "task 1 does not wait for a line"),
        ("9> x", "no task 9; type tasks for those there are"),
        ("0> x", "no command '0'; type help for all of them"),
        ("-1> x", "no command '-1'; type help for all of them"),
        ("x> y", "no command 'x'; type help for all of them"),
        ("1 2> y", "no command '1'; type help for all of them"),
        ("9999999999999999999999> x", "type help for all of them"),
    ],
)
def test_a_line_for_nobody_fails_and_says_why(shell, line, said):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.fails(line)[-1].endswith(said)


def test_a_flood_of_lines_that_nobody_reads_is_refused(shell):
    shell.succeeds("\n".join(["> x"] * 1000))
    assert shell.fails("> x") == ["nobody reads the lines that are given: 1,000 are kept already"]


def test_in_the_middle_of_a_line_of_commands_the_sign_means_nothing(shell):
    assert shell.fails("tasks; > x") == [
        "tasks; > x",
        "       ^",
        "a command is missing before >; a line for a task stands alone",
    ]


def test_where_tasks_read_stdin_no_line_is_given(shell):
    shell.system.stdin = True
    assert shell.fails("> x") == [
        "here tasks read stdin; lines are given to them at the prompt only"
    ]


def test_help_tells_of_it(shell):
    assert any(line.strip().startswith(USAGE) for line in shell.run("help"))
    assert shell.run("help '>'") == [
        f"  {USAGE}",
        "",
        *(f"  {line}".rstrip() for line in DOC.split("\n")),
    ]


def test_after_a_restart_the_new_kernels_tasks_are_given_lines(shell):
    shell.run(f"spawn {PROGRAMS}:greets; restart; spawn {PROGRAMS}:greets")
    all_wait(shell)
    shell.succeeds("> Ada")
    until(lambda: "hello Ada" in shell.printed)


def test_the_invitation_fits_behind_the_prompt_of_a_narrow_terminal():
    assert invitation(0) == ""
    assert invitation(3) == "task 3 waits for: > your answer"
    assert len("pyos> " + invitation(99_999)) <= 41
