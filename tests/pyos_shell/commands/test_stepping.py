"""Laws of the commands that hold the system up, and let it on step by step."""

import pytest

from kernel import ListTasks

from ..shell import GUARD, SAMPLES, until

PROGRAMS = f"{SAMPLES}/programs.py"


def told(shell):
    """The steps that were told of."""
    return [line.text for line in shell.output.log(None) if "→" in line.text]


def test_a_paused_system_answers_and_no_task_takes_a_step(shell):
    assert shell.succeeds("pause") == [
        "paused: no task takes a step; resume goes on, step takes one"
    ]
    shell.succeeds("spawn countdown 3")
    *_, row, hint = shell.succeeds("tasks")
    assert row.split()[2:4] == ["ready", "next"]
    assert hint == "paused: no task takes a step; resume goes on"
    assert shell.printed == ""
    assert shell.succeeds("resume; wait 1")[0] == "resumed"
    assert shell.printed == "3\n2\n1\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resume", "the system was not paused"),
        ("slow off", "the system was not paused"),
        ("pause; pause", "the system was paused before"),
    ],
)
def test_what_makes_no_difference_fails_and_says_so(shell, line, said):
    assert shell.fails(line)[-1] == said


def test_a_step_pauses_first_and_says_so_and_a_line_tells_of_it(shell):
    shell.succeeds("spawn countdown 3 --pause 1000")
    until(lambda: shell.machine.kernel.inbox.asleep)
    shell.succeeds("spawn countdown 2 --pause 1000; pause")
    shell.fails("pause")
    assert shell.run("resume; pause")
    assert shell.run("spawn crash; step")[-1] == "task 3: crash"
    (line,) = told(shell)
    assert line.startswith("task 3 crash.py:6 → 13 calls Sleep(0.0) and waits")


def test_a_system_that_runs_is_paused_by_a_step(shell):
    shell.succeeds(f"spawn {PROGRAMS}:counts")
    assert shell.succeeds("step") == ["paused; resume goes on"]
    assert shell.succeeds("step 5") == []
    assert len(told(shell)) == 6
    assert shell.machine.call(ListTasks(), GUARD).paused


def test_a_chosen_task_steps_and_no_other(shell):
    shell.succeeds(f"pause; spawn {PROGRAMS}:counts; spawn {PROGRAMS}:counts")
    shell.succeeds("step 3 --task 2")
    assert [line.split()[1] for line in told(shell)] == ["2", "2", "2"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("step", "no task can take a step"),
        ("step --task 9", "no task 9; type tasks for those there are"),
        ("spawn countdown 1; stop 1; step --task 1", "task 1 is stopped; cont 1 continues it"),
    ],
)
def test_a_step_that_nobody_can_make_fails_and_says_why(shell, line, said):
    shell.run("pause")
    assert shell.fails(line)[-1] == said


def test_a_step_waits_for_a_task_that_sleeps_and_says_for_what(shell):
    shell.succeeds("spawn countdown 2 --pause 0.01; pause")
    until(lambda: shell.machine.kernel.ready)
    shell.succeeds("step")
    said = shell.succeeds("step --task 1")
    assert said in ([], [line for line in said if "its step is taken when it is ready" in line])
    assert len(told(shell)) >= 1


@pytest.mark.parametrize("count", ["0", "-1", "x", "1e3", "100000"])
def test_what_is_no_number_of_steps_is_a_mistake(shell, count):
    assert shell.fails(f"step {count}")[2] == "N takes a number of steps, from 1 to 99999"


def test_a_slow_system_tells_of_each_step_unless_it_is_to_be_quiet(shell):
    shell.succeeds("pause; spawn countdown 3")
    assert shell.succeeds("slow 1000") == ["1000 steps a second; slow off ends that"]
    shell.succeeds("wait 1")
    assert len(told(shell)) == 3
    shell.succeeds("slow 1000 --quiet; spawn countdown 3; wait 2")
    assert len(told(shell)) == 3
    assert shell.succeeds("tasks; slow off")[-1] == "resumed"
    shell.succeeds("slow 0.5; spawn countdown")
    assert "0.5 steps a second; slow off ends that" in shell.succeeds("tasks")


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "fast", "1e9"])
def test_what_is_no_rate_is_a_mistake(shell, rate):
    assert shell.fails(f"slow {rate}")[2] == "RATE takes steps a second, from 0.001 to 1000, or off"
