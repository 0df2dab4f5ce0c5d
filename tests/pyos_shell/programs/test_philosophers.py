"""Laws of `philosophers`."""

import re

import pytest

from kernel import Deadlock, JumpingClock, Scheduler
from pyos_shell.programs.philosophers import philosophers

from ..shell import until


def dinner(*arguments, **options):
    """A scheduler on which they dine; pauses cost no time."""
    scheduler = Scheduler(clock=JumpingClock())
    scheduler.new(philosophers(*arguments, **options))
    return scheduler


@pytest.mark.parametrize("count", [1, 2, 3, 5, 50])
@pytest.mark.parametrize("meals", [0, 1, 4])
def test_in_order_everybody_eats_as_often_as_is_due(capsys, count, meals):
    dinner(count, meals=meals).mainloop()
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == "all have left"
    assert lines.count("has eaten enough") == max(count, 2)
    for meal in range(1, meals + 1):
        assert sum(line.endswith(f"eats meal {meal}") for line in lines) == max(count, 2)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_without_order_each_has_one_fork_and_waits_for_the_next_ones(capsys, count):
    scheduler = dinner(count, naive=True)
    with pytest.raises(Deadlock) as raised:
        scheduler.mainloop()
    circle = " → ".join(map(str, [*range(2, count + 2), 2]))
    assert f"in a circle: {circle};" in str(raised.value)
    assert "acquire Mutex fork 1, which task 2 has" in str(raised.value)
    lines = capsys.readouterr().out.splitlines()
    scheduler.end_all()
    assert lines == [f"has fork {number}" for number in range(1, count + 1)]


def test_at_the_console_the_circle_is_reported_and_a_kill_ends_it(shell):
    shell.run("spawn philosophers 3 --meals 1 --naive --pace 0")
    until(lambda: "deadlock: " in shell.reported)
    assert "in a circle: 2 → 3 → 4 → 2" in shell.reported
    assert all(re.search(" acquire Mutex fork . *", row) for row in shell.run("tasks")[2:])
    shell.succeeds("kill 3; wait 1")
    assert shell.printed.endswith("all have left\n")


def test_in_order_there_is_no_deadlock_to_report(shell):
    shell.succeeds("spawn philosophers 5 --meals 3 --pace 0; wait 1")
    assert "deadlock" not in shell.reported


@pytest.mark.parametrize("naive", ["", "--naive"])
def test_when_it_is_killed_all_end(shell, naive):
    shell.run(f"spawn philosophers --pace 1000 {naive}")
    until(lambda: "philosopher 5" in "".join(shell.run("tasks")))
    shell.run("kill 1")
    assert shell.wait(1).killed
    assert shell.run("tasks")[0].startswith("no tasks")
