"""Laws of `sqlite_query`."""

import re
from collections import Counter

import pytest

from kernel import Scheduler
from pyos_shell.programs.sqlite_query import sqlite_query

from ..shell import until

TURNS = re.compile(r"another task had ([\d,]+) turns meanwhile\n")


def most(payments):
    """What the database should answer."""
    totals = Counter()
    for number in range(payments):
        totals[f"customer {number % 97}"] += number * number % 1000
    first = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:5]
    return [f"{customer:12} has paid {total:12,}" for customer, total in first]


@pytest.mark.parametrize("payments", [0, 1, 3000])
def test_it_says_who_has_paid_most(capsys, payments):
    scheduler = Scheduler()
    scheduler.new(sqlite_query(payments))
    scheduler.mainloop()
    *lines, turns = capsys.readouterr().out.splitlines(keepends=True)
    assert [line.rstrip("\n") for line in lines] == most(payments)
    assert TURNS.fullmatch(turns)


def test_other_tasks_have_their_turns_meanwhile(shell):
    shell.run("spawn sqlite_query 20000; wait 1")
    assert int(TURNS.search(shell.printed)[1].replace(",", "")) >= 1


def test_when_it_is_killed_its_other_task_ends_as_well(shell):
    shell.run("spawn sqlite_query 20000; kill 1")
    assert shell.wait(1).killed
    until(lambda: not shell.machine.kernel.tasks)
