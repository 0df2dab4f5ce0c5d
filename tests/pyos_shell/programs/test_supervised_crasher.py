"""Laws of `supervised_crasher`."""

import pytest

from kernel import Exited, ManualClock, Scheduler
from pyos_shell.programs.supervised_crasher import supervised_crasher

from ..shell import until


def watched(crashes, pause=1.0):
    """Run it on a clock that moves on by itself; how it ended."""
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    scheduler.trace.subscribe(lambda event: None, Exited)  # or crashes would be logged
    tid = scheduler.new(supervised_crasher(crashes, pause=pause))
    while scheduler.tasks:
        if not scheduler.ready:
            clock.time = max(clock.time, scheduler.alarms.due())
        scheduler.cycle(wait=False)
    return scheduler.ended[tid].status


@pytest.mark.parametrize("crashes", [0, 1, 3])
def test_the_child_is_started_anew_until_it_does_not_crash(capsys, crashes):
    assert watched(crashes).ok
    printed = capsys.readouterr().out.splitlines()
    starts = [f"task {2 + n} starts, {crashes - n} crashes to go" for n in range(crashes + 1)]
    assert printed == [*starts, "this one does not crash"]


def test_too_many_crashes_make_the_supervisor_give_up_and_say_so(capsys):
    assert watched(10).ok
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 5
    assert printed[-1].startswith("the supervisor gives up: more than 3 restarts within 5 s; ")


def test_crashes_that_are_seldom_enough_go_on_for_ever(capsys):
    assert watched(100, pause=2.0).ok
    assert capsys.readouterr().out.splitlines()[-1] == "this one does not crash"


def test_who_kills_the_child_sees_a_new_one_and_who_kills_the_supervisor_sees_none(shell):
    shell.run("spawn supervised_crasher --pause 1000")
    until(lambda: "task 2 starts" in shell.printed)
    shell.run("kill 2")
    until(lambda: "task 3 starts" in shell.printed)
    shell.run("kill 1")
    assert shell.wait(1).killed
    assert shell.wait(3).killed
    assert "supervised_crasher" not in "".join(shell.run("tasks"))
