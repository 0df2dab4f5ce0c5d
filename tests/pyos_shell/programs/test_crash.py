"""Laws of `crash`."""

import pytest

from kernel import ManualClock, Scheduler
from pyos_shell.programs.crash import crash


@pytest.mark.filterwarnings("ignore")
def test_it_crashes_three_calls_deep_when_its_time_has_come(caplog):
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    tid = scheduler.new(crash(60.0))
    for _ in range(5):
        scheduler.cycle(wait=False)
    assert scheduler.tasks
    clock.advance(60)
    for _ in range(5):
        scheduler.cycle(wait=False)
    status = scheduler.ended[tid].status
    assert isinstance(status.error, ZeroDivisionError)
    trace, names = status.error.__traceback__, []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names == ["crash", "divide", "by"]
    assert "crashed: ZeroDivisionError" in caplog.text


def test_at_the_console_it_is_one_line_and_the_others_go_on(shell):
    shell.run("spawn crash; spawn countdown 2; wait")
    assert shell.printed == "2\n1\n"
    assert sorted(shell.reported.splitlines()) == [
        "task 1 (crash) crashed: ZeroDivisionError: division by zero; see stack 1",
        "task 2 (countdown 2) ended",
    ]
