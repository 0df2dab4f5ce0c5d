"""How steps, breakpoints, values, and a system that is held up are shown."""

import pytest

from kernel import BreakInfo, TaskInfo, TaskList
from pyos_shell.answers import Breakpoints, Steps, Table, Value
from pyos_shell.mistake import columns
from pyos_shell.render import plain, render


def shown(answer, width=None):
    return [plain(line) for line in render(answer, width)]


def test_a_step_was_told_as_it_was_made_and_is_not_shown_again():
    assert shown(Steps([])) == []


def test_without_breakpoints_it_is_said_how_to_set_one():
    assert shown(Breakpoints([])) == ["no breaks; set one: break Recv   more: help break"]


@pytest.mark.parametrize("width", [20, 30, 80])
def test_of_a_long_place_the_end_is_shown(width):
    points = [BreakInfo(1, "/a/very/long/path/to/some/файл.py:12", 3), BreakInfo(10, "Recv", 0)]
    lines = shown(Breakpoints(points), width)
    assert all(columns(line) <= width for line in lines)
    assert lines[1].endswith(".py:12")
    assert lines[2].split() == ["10", "0", "Recv"]


def test_a_value_is_one_safe_line():
    assert shown(Value("a\x1b[31mb\nc")) == [r"a\x1b[31mb\nc"]


def task(tid, state="ready", nice=0):
    return TaskInfo(tid, 0, state, "", 1.0, 1, "p", nice)


def states(listed):
    return [line[8:].split("1.0s")[0].strip() for line in shown(Table(listed, True))[1:]]


def test_levels_and_who_is_next_stand_behind_the_state_where_they_matter():
    tasks = [task(1, nice=5), task(2, nice=-3), task(3), task(4, "blocked")]
    assert states(TaskList(tasks, 4, "fed", None, 3, 2)) == [
        "ready +5",
        "ready -3 next",
        "ready",
        "blocked",
    ]
    assert states(TaskList(tasks[2:], 2, "fed", None, 1, 3)) == ["ready", "blocked"]
    assert states(TaskList(tasks[2:], 2, "fed", None, 1, 3, True))[:2] == ["ready next", "blocked"]


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (None, "paused: no task takes a step; resume goes on"),
        (0.5, "0.5 steps a second; slow off ends that"),
    ],
)
def test_a_table_says_that_the_system_is_held_up_also_on_a_narrow_screen(rate, said):
    listed = TaskList([task(1)], 1, "fed", None, 1, 1, True, rate)
    assert shown(Table(listed, True))[-1] == said
    assert columns(shown(Table(listed, True), 20)[-1]) <= 20
