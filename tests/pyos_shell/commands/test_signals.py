"""Laws of the commands that send tasks signals."""

import pytest

from kernel import GetStack
from pyos_shell.render import STYLES

from ..shell import GUARD, SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


# -- kill


def test_a_killed_task_may_finish_and_is_reported_as_killed(shell):
    assert shell.succeeds(f"spawn {PROGRAMS}:tidy; spawn {PROGRAMS}:sleeper; kill 1 2")[2:] == [
        "task 1 is being killed",
        "task 2 is being killed",
    ]
    assert shell.wait(1).killed
    assert shell.wait(2).killed
    assert shell.printed == "tidied up\n"
    assert sorted(shell.reported.splitlines()) == [
        "task 1 (programs.py:tidy) killed",
        "task 2 (programs.py:sleeper) killed",
    ]


def test_a_kill_is_said_before_the_end_is_reported(shell):
    reported = []
    shell.session.show = lambda lines, data: reported.append(shell.reported) if lines else None
    shell.run(f"spawn {PROGRAMS}:sleeper; kill 1")
    shell.wait(1)
    assert reported == ["", ""]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kill 9", "no task 9; type tasks for those there are"),
        ("kill 1", "task 1 had ended before"),
        ("kill 1 9", "task 1 had ended before\nno task 9; type tasks for those there are"),
    ],
)
def test_what_cannot_be_killed_fails_and_says_why(shell, line, said):
    shell.run("spawn countdown 1; wait")
    assert shell.fails(line) == said.split("\n")


def test_those_that_can_be_killed_are_killed_although_others_cannot(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.fails("kill 9 1") == [
        "task 1 is being killed",
        "no task 9; type tasks for those there are",
    ]
    assert shell.wait(1).killed


@pytest.mark.parametrize("line", ["kill", "kill x", "kill 1 x", "kill 0", "kill -1 1"])
def test_a_kill_of_no_number_kills_nobody(shell, line):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.fails(line)[-1] == "usage: kill TID… [--signal SIGNAL]"
    _, row = shell.run("tasks")
    assert "blocked" in row or "ready" in row


# -- other signals


def stopped_at(shell, tid):
    """How many steps the program `counts` has made; it is stopped."""
    assert shell.machine.call(GetStack(tid), GUARD).state == "stopped"
    frame = shell.machine.kernel.tasks[tid].frames()[0]
    return frame.gi_frame.f_locals["number"]


@pytest.mark.parametrize("name", ["KILL", "kill", "Kill"])
def test_kill_by_force_ends_even_a_task_that_refuses_to_die(shell, name):
    shell.run(f"spawn {PROGRAMS}:stubborn")
    assert shell.succeeds(f"kill 1 --signal {name}") == ["task 1 is being killed by force"]
    status = shell.wait(1)
    assert (status.killed, status.forced) == (True, True)


def test_term_is_what_is_sent_unless_told_otherwise(shell):
    shell.run(f"spawn {PROGRAMS}:tidy one; spawn {PROGRAMS}:tidy two")
    assert shell.succeeds("kill 1; kill 2 --signal TERM") == [
        "task 1 is being killed",
        "task 2 is being killed",
    ]
    assert shell.wait(1).killed
    assert shell.wait(2).killed
    assert sorted(shell.printed.split()) == ["one", "two"]


def test_a_task_is_interrupted_and_its_handlers_run(shell):
    shell.run(f"spawn {PROGRAMS}:handles")
    until(lambda: "ready" in shell.printed)
    assert shell.succeeds("kill 1 --signal USR1; kill --signal=USR2 1; kill 1 --signal INT") == [
        "task 1 is being sent USR1",
        "task 1 is being sent USR2",
        "task 1 is being interrupted",
    ]
    assert shell.wait(1).ok
    assert shell.printed == "ready\ngot USR1\ngot USR2\ninterrupted\n"


def test_a_signal_that_there_is_not_is_a_mistake_that_says_what_there_is(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    source, marks, said, usage = shell.fails("kill 1 --signal KIL")
    assert source == "kill 1 --signal KIL"
    assert marks == "                ^^^"
    names = "TERM, KILL, INT, STOP, CONT, USR1 or USR2"
    assert said == f"--signal takes {names}, not 'KIL'; did you mean KILL?"
    assert usage == "usage: kill TID… [--signal SIGNAL]"
    assert "blocked" in shell.run("tasks")[1]


@pytest.mark.parametrize("signal", ["USR1", "USR2"])
def test_a_signal_without_a_handler_fails_and_says_so(shell, signal):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.fails(f"kill 1 --signal {signal}") == [
        f"task 1 is being sent {signal}",
        f"task 1 has no handler for {signal}",
    ]


# -- stop and cont


@pytest.mark.parametrize("stop", ["stop", "kill --signal STOP"])
@pytest.mark.parametrize("cont", ["cont", "kill --signal CONT"])
def test_a_stopped_task_takes_no_step_until_it_is_continued(shell, stop, cont):
    shell.run(f"spawn {PROGRAMS}:counts")
    assert shell.succeeds(f"{stop} 1") == ["task 1 is being stopped"]
    steps = stopped_at(shell, 1)
    shell.succeeds("spawn countdown 100; wait 2")
    assert stopped_at(shell, 1) == steps
    assert shell.succeeds(f"{cont} 1") == ["task 1 is being continued"]
    shell.succeeds("spawn countdown 100; wait 3; stop 1")
    assert stopped_at(shell, 1) > steps


def test_tasks_shows_what_is_stopped_in_a_colour_of_its_own(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper; spawn {PROGRAMS}:sleeper; stop 1")
    shell.fragments.clear()
    _, first, second = shell.run("tasks")
    assert first.split()[2] == "stopped"
    assert second.split()[2] == "blocked"
    styles = [
        style for line in shell.fragments for style, text in line if text.strip() == "stopped"
    ]
    assert styles == ["state.stopped"]
    assert STYLES["state.stopped"]


def test_several_tasks_are_stopped_and_continued_at_once(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper; spawn {PROGRAMS}:sleeper; stop 1 2")
    assert [row.split()[2] for row in shell.run("tasks")[1:]] == ["stopped", "stopped"]
    shell.succeeds("cont 2 1")
    assert [row.split()[2] for row in shell.run("tasks")[1:]] == ["blocked", "blocked"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("stop 9", "no task 9; type tasks for those there are"),
        ("cont 9", "no task 9; type tasks for those there are"),
        ("stop 1", "task 1 had ended before"),
        ("cont 2", "task 2 was not stopped"),
        ("stop 2; stop 2", "task 2 was stopped before"),
        ("kill 1 --signal KILL", "task 1 had ended before"),
    ],
)
def test_a_signal_that_makes_no_difference_fails_and_says_why(shell, line, said):
    shell.run(f"spawn countdown 1; wait; spawn {PROGRAMS}:sleeper")
    assert shell.fails(line)[-1] == said


def test_a_stopped_task_can_be_killed(shell):
    shell.run(f"spawn {PROGRAMS}:tidy; stop 1")
    shell.succeeds("kill 1")
    assert shell.wait(1).killed
    assert shell.printed == "tidied up\n"


def test_what_somebody_has_stopped_is_in_no_deadlock(shell):
    shell.run(f"spawn {PROGRAMS}:counts; stop 1; spawn countdown 1; wait 2")
    until(lambda: shell.machine.kernel.inbox.asleep)
    assert "deadlock" not in shell.reported


# -- the usual spelling


@pytest.mark.parametrize("line", ["kill -9 1", "kill -KILL 1", "kill -SIGKILL 1", "kill 1 -kill"])
def test_a_signal_may_stand_behind_a_dash(shell, line):
    shell.run(f"spawn {PROGRAMS}:stubborn")
    assert shell.succeeds(line) == ["task 1 is being killed by force"]
    assert shell.wait(1).forced


def test_a_signal_behind_a_dash_that_there_is_not_is_a_mistake(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    source, marks, said, _ = shell.fails("kill -INTT 1")
    assert (source, marks) == ("kill -INTT 1", "     ^^^^^")
    assert said.startswith("no option -INTT")


def test_a_signal_is_given_once(shell):
    shell.run(f"spawn {PROGRAMS}:sleeper")
    assert shell.fails("kill -INT -USR1 1")[2] == "--signal is given twice"
