"""Laws of `nice`."""

import pytest

from kernel.nice import Nice

from ..shell import SAMPLES

PROGRAMS = f"{SAMPLES}/programs.py"


def test_a_level_is_told_and_listed_with_who_is_next(shell):
    shell.succeeds(f"pause; spawn {PROGRAMS}:counts; spawn {PROGRAMS}:counts")
    assert shell.succeeds("nice 1 10") == ["task 1 has level 10, and had 0"]
    assert shell.succeeds("nice 1 -5") == ["task 1 has level -5, and had 10"]
    _, first, second, _ = shell.succeeds("tasks")
    assert first.split()[2:5] == ["ready", "-5", "next"]
    assert second.split()[2] == "ready"
    assert isinstance(shell.machine.kernel.policy, Nice)
    shell.succeeds("nice 1 0")
    assert not isinstance(shell.machine.kernel.policy, Nice)


def test_without_levels_and_a_pause_nobody_is_said_to_be_next(shell):
    shell.succeeds(f"spawn {PROGRAMS}:counts")
    assert "next" not in shell.succeeds("tasks")[1]


@pytest.mark.parametrize("level", ["20", "-21", "x", "1.5", "99999"])
def test_what_is_no_level_is_a_mistake(shell, level):
    said = shell.fails(f"nice 1 {level}")[2]
    assert said == "LEVEL takes a number from -20 (most turns) to 19 (fewest)"


@pytest.mark.parametrize(
    ("tid", "said"),
    [
        ("9", "no task 9; type tasks for those there are"),
        ("1", "task 1 has ended; type tasks for those there are"),
    ],
)
def test_only_a_living_task_can_be_nice(shell, tid, said):
    shell.succeeds("spawn countdown 1; wait")
    assert shell.fails(f"nice {tid} 5") == [said]
