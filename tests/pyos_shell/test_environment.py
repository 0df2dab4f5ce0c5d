"""Laws of what lines leave for later ones: `$?` and `$!`."""

import pytest

from .shell import SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


def told(shell, line):
    """What a command says that does not know the first word of `line`."""
    return shell.fails(line)[-1]


def test_the_status_is_that_of_the_last_statement(shell):
    assert "no command '0'" in told(shell, "tasks; $?")
    assert "no command '1'" in told(shell, "$?")
    assert "no command '1'" in told(shell, "nonsense; $?")
    assert "no command '0'" in told(shell, "tasks\n$?")


@pytest.mark.parametrize("line", ["'x", "kill", "wait 7", "> x\n9> x", "a &&", "tasks > no/where"])
def test_whatever_goes_wrong_leaves_the_status_one(shell, line):
    shell.fails(line)
    assert shell.system.environment.status == 1
    shell.succeeds("tasks")
    assert shell.system.environment.status == 0


def test_a_task_that_crashes_is_the_status_of_who_waits_for_it(shell):
    shell.run("spawn crash; wait $!")
    assert shell.system.environment.status == 1
    shell.run("spawn countdown 1; wait $!")
    assert shell.system.environment.status == 0


def test_the_last_tid_is_that_of_the_task_that_was_started_last(shell):
    assert "task 2: countdown 1" in shell.succeeds("spawn family 0; spawn countdown 1; wait $!")
    assert shell.succeeds("spawn countdown 1 | upper; wait $!")[0].startswith("tasks 3, 4")
    assert shell.system.environment.last_tid == 4


def test_variables_are_expanded_within_words_and_between_double_quotes_only(shell):
    shell.run("spawn countdown 0; wait")
    assert "no command 'a1 0$!'" in told(shell, "\"a$! \"$?'$!'")
    assert "no command '$!'" in told(shell, "\\$!")


def test_a_file_may_be_named_by_a_variable(shell, tmp_path):
    shell.succeeds("spawn countdown 1; wait; tasks > table-$!")
    assert (tmp_path / "table-1").exists()


def test_without_any_task_there_is_no_last_tid_and_that_is_said(shell):
    assert shell.fails("kill $!") == [
        "kill $!",
        "     ^^",
        "$! has no value: no task has been started",
    ]


def test_after_a_restart_there_is_no_last_tid(shell):
    shell.run("spawn countdown 0; restart")
    assert shell.fails("stack $!")[-1] == "$! has no value: no task has been started"


def test_a_variable_that_there_is_not_keeps_the_whole_line_from_running(shell):
    shown = shell.fails("spawn countdown 1; kill $tid")
    assert shown[1:] == [
        "                        ^^^^",
        "no variable $tid; there are $? (the last status) and $! (the last tid)",
    ]
    assert shell.system.environment.last_tid is None


# -- `&&`


def test_what_stands_behind_two_ampersands_runs_only_if_the_one_before_has_succeeded(shell):
    shell.succeeds("spawn countdown 1 && wait $! && spawn countdown 2 && wait $!")
    assert shell.printed == "1\n2\n1\n"
    shown = shell.fails("nonsense && spawn countdown 9 && spawn countdown 8; spawn countdown 3")
    assert shown[-1] == "task 3: countdown 3"


def test_it_goes_on_behind_a_semicolon_as_in_every_shell(shell):
    shell.fails("wait 7 && spawn countdown 9; spawn countdown 1 && wait $!")
    assert shell.printed == "1\n"


def test_a_task_that_crashes_keeps_what_is_behind_from_running(shell):
    shell.run("spawn crash && wait $! && spawn countdown 1; wait")
    assert shell.printed == ""


def test_a_line_for_a_task_leaves_a_status_too(shell):
    shell.run(f"spawn {PROGRAMS}:greets")
    until(lambda: any(" a line " in row for row in shell.run("tasks")))
    shell.fails("nonsense")
    shell.succeeds("> Ada")
    assert shell.system.environment.status == 0
