"""Laws of what `top` looks like."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as some

from kernel import TaskInfo
from pyos_shell.answers import Busy, Top
from pyos_shell.mistake import columns
from pyos_shell.render import plain, render, top

BUSY = some.builds(
    Busy,
    some.floats(0, 1),
    some.builds(
        TaskInfo,
        some.integers(1, 10**6),
        some.integers(0, 10**6),
        some.sampled_from(["ready", "blocked", "stopped"]),
        some.text(max_size=40),
        some.floats(0, 1e6),
        some.integers(1, 500),
        some.text(max_size=40),
    ),
)
TOPS = some.builds(
    Top,
    *[some.integers(0, 200_000)] * 4,
    some.floats(0, 1),
    some.floats(0, 1e8),
    some.none() | some.integers(0, 10**11),
    some.lists(some.tuples(some.floats(0, 1), some.integers(0, 200_000)), max_size=60),
    some.integers(0, 10),
    some.integers(0, 200_000),
    some.lists(BUSY, max_size=6),
)


def task(tid, share, program="busy"):
    return Busy(share, TaskInfo(tid, 0, "ready", "", 3.0, 1, program))


def picture(rows=(), history=((0.0, 0), (0.5, 3), (1.0, 6)), match=None):
    match = len(rows) if match is None else match
    return Top(4, 3, 1, 0, 0.97, 1200.0, 34_000_000, list(history), 0, match, list(rows))


def shown(lines):
    return [plain(line) for line in lines]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(TOPS, some.integers(20, 140), some.integers(5, 40), some.integers(0, 8))
def test_no_line_is_wider_than_the_screen(answer, width, rows, chosen):
    for line in shown(top.screen(answer, width, rows, chosen)):
        assert columns(line) <= width
        assert "\n" not in line and "\x1b" not in line


def test_the_head_tells_the_totals_and_how_it_has_been():
    history, totals, *_ = shown(render(picture(), 80))
    assert history.split() == ["processor", "▁▅█", "97%", "ready", "▁▅█", "3"]
    assert totals == "4 tasks  3 ready  1 blocked  ≈1.2k turns/s  34 MB"


def test_the_head_tells_that_the_system_is_held_up():
    paused = replace(picture(), paused=True)
    assert shown(top.head(paused, 20, tall=False)) == ["paused  4 tasks"]
    assert shown(render(paused, 80))[1].startswith("paused  4 tasks  3 ready")


def test_a_narrow_screen_keeps_the_numbers():
    assert shown(top.head(picture(), 20, tall=True)) == ["processor  97%", "4 tasks  3 ready"]


def test_a_low_screen_has_the_totals_and_the_tasks_only():
    rows = [task(number, 0.1) for number in (1, 2, 3)]
    lines = shown(top.screen(picture(rows), 80, 5, 0))
    assert len(lines) == 4
    assert lines[0].startswith("4 tasks")
    assert top.room_for_tasks(5) == 3


def test_the_chosen_task_is_marked_over_the_whole_width():
    lines = top.screen(picture([task(1, 0.5), task(2, 0.0)]), 60, 24, 1)
    marked = [line for line in lines if line[0][0] == "chosen"]
    assert len(marked) == 1
    assert plain(marked[0]).split()[0] == "2" and columns(plain(marked[0])) == 60


def test_one_picture_says_how_many_it_leaves_out():
    assert shown(render(picture([task(1, 0.5)], match=1_001), 80))[-1] == "… and 1,000 more"


def test_what_a_task_is_called_cannot_move_the_cursor():
    assert "\x1b" not in "".join(shown(render(picture([task(1, 0.5, "\x1b[2J")]), 80)))
