"""Laws of `deep`."""

import pytest

from kernel import ManualClock, Scheduler
from pyos_shell.programs.deep import deep


@pytest.mark.parametrize("depth", [1, 10, 20_000])
def test_it_is_as_deep_as_it_says_and_comes_back(depth):
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    tid = scheduler.new(deep(depth, seconds=60.0))
    while scheduler.tasks[tid].state != "blocked":
        scheduler.cycle(wait=False)
    assert len(scheduler.tasks[tid].frames()) == depth
    clock.advance(60)
    while scheduler.tasks:
        scheduler.cycle(wait=False)
    assert scheduler.ended[tid].status.value == depth


def test_killed_at_the_bottom_it_is_gone(shell):
    shell.run("spawn deep 20000; kill 1")
    assert shell.wait(1).killed
