"""Laws of `producer_consumer`."""

import pytest

from kernel import JumpingClock, ManualClock, Scheduler
from pyos_shell.programs.producer_consumer import producer_consumer

from ..shell import until


def printed(capsys, *arguments, **options):
    """What is printed in a run whose pauses cost no time."""
    scheduler = Scheduler(clock=JumpingClock())
    scheduler.new(producer_consumer(*arguments, **options))
    scheduler.mainloop()
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("room", [0, 1, 2, 100])
@pytest.mark.parametrize("items", [0, 1, 7])
def test_every_item_is_made_sent_got_and_used_up_once_and_in_this_order(capsys, items, room):
    *lines, last = printed(capsys, items, room=room)
    assert last == "all is used up"
    made = {f"{name}{number}" for name in "ab" for number in range(1, items + 1)}
    assert len(lines) == 4 * len(made)
    for item in made:
        steps = [lines.index(step.format(item)) for step in ("has made {}", "has used {} up")]
        assert steps[0] < lines.index(f"has sent {item}")
        assert steps[0] < lines.index(f"has got {item}") < steps[1]


def test_what_holds_up_each_side_can_be_seen(capsys):
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    scheduler.new(producer_consumer(9, pace=60.0))
    reasons = []
    for _ in range(5):
        for _ in range(10):
            scheduler.cycle(wait=False)
        reasons.append({task.name: task.reason() for task in scheduler.tasks.values()})
        clock.advance(60)
    assert reasons[0]["consumer 1"] == reasons[0]["consumer 2"] == "receive from Channel of items"
    assert reasons[-1]["producer a"] == reasons[-1]["producer b"] == "send to Channel of items"
    capsys.readouterr()


def test_when_it_is_killed_all_end(shell):
    shell.run("spawn producer_consumer --pace 1000")
    until(lambda: "producer b" in "".join(shell.run("tasks")))
    shell.run("kill 1")
    assert shell.wait(1).killed
    assert shell.run("tasks")[0].startswith("no tasks")


def test_without_one_producer_the_others_go_on_to_the_end(shell):
    shell.run("spawn producer_consumer 1 --pace 0.01")
    until(lambda: "producer b" in "".join(shell.run("tasks")))
    shell.run("kill 4; wait 1")
    assert shell.printed.endswith("all is used up\n")
