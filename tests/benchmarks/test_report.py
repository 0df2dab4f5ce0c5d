"""What the report makes of figures; the figures themselves depend on the machine."""

import pytest

from . import chart, report, switches
from .suite import CASES

COUNT = {case.name: case for case in CASES}


def rounds_of(name, **runtimes):
    """What was found in each round, for some runtimes of a case."""
    case = COUNT[name]
    found = {runtime: [] for runtime in case.runtimes}
    for runtime, values in runtimes.items():
        found[runtime] = [None if value is None else {case.figure: value} for value in values]
    return case, found


def test_a_ratio_is_taken_within_a_round_and_the_median_of_them_counts():
    case, found = rounds_of("yield-1000", pyos=[10.0, 400.0, 30.0], limit=[10.0, 200.0, 10.0])
    assert report.ratio(case, found, "pyos", "limit") == 2.0


def test_a_round_in_which_one_gave_no_figure_counts_for_neither():
    case, found = rounds_of("yield-1000", pyos=[10.0, 400.0], limit=[None, 200.0])
    assert report.ratio(case, found, "pyos", "limit") == 2.0
    assert report.ratio(case, found, "pyos", "uvloop") is None


@pytest.mark.parametrize(
    ("name", "pyos", "met"),
    [("yield-1000", 199.0, True), ("yield-1000", 201.0, False), ("echo-64-10", 89.0, True),
     ("echo-64-10", 87.0, False)],
)  # fmt: skip
def test_a_goal_is_met_from_the_side_that_is_better(name, pyos, met):
    case, found = rounds_of(name, pyos=[pyos], limit=[100.0])
    assert report.summary(case, found)["goals"]["limit"]["met"] is met


def test_the_best_comes_first_and_who_was_not_measured_is_left_out():
    case, found = rounds_of("echo-64-10", pyos=[80.0], limit=[100.0], trio=[30.0])
    lines = report.table(case.name, report.summary(case, found))
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["*the limit*", "**PyOS**", "trio"]


def test_a_chart_shows_the_limit_and_pyos_however_many_are_better():
    case, found = rounds_of("timers", **{name: [1.0] for name in COUNT["timers"].runtimes})
    found["pyos"] = found["limit"] = [{"s": 9.0}]
    shown = [name for name, _ in chart.chosen(case, report.summary(case, found)["rows"])]
    assert {"limit", "pyos"} <= set(shown)
    assert len(shown) == chart.MOST


def test_every_name_is_one_case_and_has_a_limit():
    assert len(COUNT) == len(CASES)
    assert all(case.runtimes[0] == "limit" for case in CASES)
    assert all(set(case.goals) <= set(case.runtimes) for case in CASES)


def test_the_median_of_30_pairs_lies_between_the_10th_and_the_21st():
    assert switches.interval(list(range(1, 31))) == (10, 21)


@pytest.mark.parametrize("name", switches.COPIES)
def test_the_loop_has_what_the_copies_leave_out(name):
    assert issubclass(switches.without(switches.COPIES[name]), switches.Scheduler)
