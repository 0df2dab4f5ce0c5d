"""Laws of `family`."""

from kernel import ManualClock, Scheduler
from pyos_shell.programs.family import family


def test_the_parent_waits_for_each_child(capsys):
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    parent = scheduler.new(family(3, seconds=60.0))
    for _ in range(5):
        scheduler.cycle(wait=False)
    assert capsys.readouterr().out == "my children are 2 3 4\n"
    assert [task.parent for task in scheduler.tasks.values()] == [0, parent, parent, parent]
    for tid, seconds in [(2, 60), (3, 1), (4, 1)]:
        clock.advance(seconds)
        for _ in range(5):
            scheduler.cycle(wait=False)
        assert capsys.readouterr().out == f"child {tid} ended: {tid}\n"
    assert not scheduler.tasks


def test_a_child_that_is_killed_is_waited_for_as_well(shell):
    shell.run("spawn family 2")
    while "children" not in shell.printed:
        shell.run("tasks")
    shell.run("kill 2 3; wait 1")
    assert shell.printed == "my children are 2 3\nchild 2 killed\nchild 3 killed\n"


def test_the_children_of_a_killed_parent_live_on(shell):
    shell.run("spawn family 2")
    while "children" not in shell.printed:
        shell.run("tasks")
    shell.run("kill 1")
    assert shell.wait(1).killed
    assert [row.split()[0] for row in shell.run("tasks")[1:]] == ["2", "3"]
