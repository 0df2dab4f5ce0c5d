"""Laws of the rows that `top` asks for."""

from hypothesis import given, settings
from hypothesis import strategies as some

from kernel import Scheduler, SendSignal, Signal, Sleep
from pyos_shell.top import glimpse
from pyos_shell.top.glimpse import STATES, Glimpse

ORDERS = ["share", "tid", "age", "state"]


def sleeper():
    yield Sleep(1000)


def busy():
    while True:
        yield


def system(kinds):
    """A kernel with such tasks: ready, asleep or stopped."""
    kernel = Scheduler(stdin=False)
    for kind in kinds:
        tid = kernel.new(sleeper() if kind == "blocked" else busy())
        if kind == "stopped":
            SendSignal(tid, Signal.STOP).run(kernel, None)
    kernel.cycle(wait=False)
    return kernel


class Somebody:
    """Whoever asks."""

    task = None


def rows(kernel, **wishes):
    return Glimpse(**wishes).run(kernel, Somebody())


def tids(found):
    return [task.tid for task in found.tasks]


KINDS = some.lists(some.sampled_from(["ready", "blocked", "stopped"]), max_size=12)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    kinds=KINDS,
    order=some.sampled_from(ORDERS),
    reverse=some.booleans(),
    first=some.integers(0, 15),
    count=some.integers(1, 15),
    busy=some.dictionaries(some.integers(1, 14), some.floats(0.01, 1), max_size=6),
)
def test_a_window_is_that_part_of_the_whole_table(kinds, order, reverse, first, count, busy):
    kernel = system(kinds)
    wishes = {"order": order, "reverse": reverse, "shares": busy}
    whole = rows(kernel, rows=100, **wishes)
    window = rows(kernel, rows=count, first=first, **wishes)
    assert sorted(tids(whole)) == list(kernel.tasks)
    assert tids(window) == tids(whole)[window.first : window.first + count]
    assert window.match == len(kinds)
    assert window.first <= first
    assert len(window.tasks) == min(count, len(kinds)), "a row is empty though there is a task"


def test_the_largest_share_comes_first_and_then_all_that_had_none():
    kernel = system(["ready"] * 5)
    assert tids(rows(kernel, rows=9, shares={4: 0.2, 2: 0.7, 99: 1.0})) == [2, 4, 1, 3, 5]
    assert tids(rows(kernel, rows=9, shares={4: 0.2, 2: 0.7}, reverse=True)) == [5, 3, 1, 4, 2]


def test_by_age_the_youngest_comes_first():
    kernel = system(["ready"] * 3)
    assert tids(rows(kernel, rows=9, order="age")) == [3, 2, 1]


def test_by_state_those_come_first_that_could_run():
    found = rows(system(["blocked", "stopped", "ready", "blocked"]), rows=9, order="state")
    ranks = [STATES[task.state] for task in found.tasks]
    assert ranks == sorted(ranks)
    assert tids(found) == [3, 2, 1, 4]


def test_a_text_is_looked_for_in_the_name_and_a_number_is_a_tid():
    kernel = system(["blocked", "ready", "ready"])
    assert tids(rows(kernel, rows=9, text="SLEEP")) == [1]
    assert tids(rows(kernel, rows=9, text="3")) == [3]
    assert tids(rows(kernel, rows=9, text="nothing")) == []


def test_tasks_that_are_not_shown_are_not_looked_at(monkeypatch):
    looked_at = []

    def noted(kernel, task, caller):
        looked_at.append(task.tid)
        return original(kernel, task, caller)

    original = glimpse.task_info
    monkeypatch.setattr(glimpse, "task_info", noted)
    rows(system(["blocked"] * 50), rows=5, first=10)
    assert looked_at == [11, 12, 13, 14, 15]
