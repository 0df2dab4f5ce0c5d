"""Laws of `countdown`."""

import pytest

from kernel import ManualClock, Scheduler
from pyos_shell.programs.countdown import countdown


@pytest.mark.parametrize("n", [0, 1, 3, -5])
def test_it_prints_n_to_1_a_line_each(capsys, n):
    scheduler = Scheduler()
    scheduler.new(countdown(n))
    scheduler.mainloop()
    assert capsys.readouterr().out.split() == [str(number) for number in range(n, 0, -1)]


def test_it_pauses_between_two_numbers(capsys):
    clock = ManualClock()
    scheduler = Scheduler(clock=clock)
    scheduler.new(countdown(3, pause=60.0))
    for printed in ("3\n", "2\n", "1\n", ""):
        for _ in range(5):
            scheduler.cycle(wait=False)
        assert capsys.readouterr().out == printed
        clock.advance(60)
    assert not scheduler.tasks


def test_two_of_them_count_in_turn(capsys):
    scheduler = Scheduler()
    scheduler.new(countdown(3))
    scheduler.new(countdown(3))
    scheduler.mainloop()
    assert sorted(capsys.readouterr().out.split()) == sorted("321" * 2)


def test_at_the_console_what_it_prints_is_its_own(shell):
    shell.run("spawn countdown 2; spawn countdown 1; wait")
    assert [line.text for line in shell.output.log(1)] == ["2", "1", "task 1 (countdown 2) ended"]
    assert [line.text for line in shell.output.log(2)] == ["1", "task 2 (countdown 1) ended"]
