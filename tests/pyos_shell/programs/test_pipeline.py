"""Laws of `pipeline`."""

from pathlib import Path

import pytest

from kernel import Exited, ManualClock, Scheduler
from pyos_shell.programs import pipeline as module
from pyos_shell.programs.pipeline import pipeline

from ..shell import until

SOURCE = Path(module.__file__).read_text("utf-8").splitlines()


@pytest.mark.parametrize("room", [1, 7, 100, 100_000])
@pytest.mark.parametrize("word", ["yield", "PipeRead", "no such word", ""])
def test_it_counts_the_lines_with_the_word_whatever_the_pipes_hold(capsys, word, room):
    scheduler = Scheduler()
    scheduler.new(pipeline(word, room=room))
    scheduler.mainloop()
    found = [line for line in SOURCE if word in line]
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == f"{len(found)} lines have {word!r} in them"
    passed = [line.removeprefix("grep: ") for line in printed if line.startswith("grep: ")]
    assert passed == found


def test_what_holds_up_a_step_can_be_seen():
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    scheduler.new(pipeline("yield", pause=60.0))
    for _ in range(5):
        scheduler.cycle(wait=False)
    reasons = {task.name: task.reason() for task in scheduler.tasks.values()}
    assert reasons == {
        "pipeline": "exit of 4",
        "cat": "sleep 60.0 s left",
        "grep": "read Pipe of lines",
        "wc": "read Pipe of finds",
    }
    scheduler.trace.subscribe(lambda event: None, Exited)  # or the broken links would be logged
    scheduler.kill(scheduler.tasks[1])
    for _ in range(5):
        scheduler.cycle(wait=False)
    assert not scheduler.tasks, "nor is the file left open"


def test_a_step_that_is_killed_takes_the_others_along(shell):
    shell.run("spawn pipeline --pause 1000")
    until(lambda: "wc" in "".join(shell.run("tasks")))
    shell.run("kill 3")
    assert [shell.wait(tid).killed for tid in (1, 2, 4)] == [True] * 3
    assert "killed: its link to task 3 broke: task 3 killed" in shell.reported
