"""Laws of supervisors: who is started anew, how often, and how all end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Child,
    Exited,
    GetTid,
    KillTask,
    LinkBroken,
    Now,
    OpenScope,
    Receive,
    SendMessage,
    Sleep,
    Spawned,
    SpawnLinked,
    TaskKilled,
    TooManyRestarts,
    supervise,
    within,
)

from ..support import ask, either_style, idle, outcome, run, settle, start, turn, watch

always = settings(derandomize=True, deadline=None, max_examples=100)


def lives(log, name, *ends):
    """End after so many seconds in this way, the first time; after that as the next says, and when
    there is no more, never.
    """
    log.append(f"{name} starts")
    life = log.count(f"{name} starts")
    seconds, how = ends[life - 1] if life <= len(ends) else (1e6, "")
    try:
        yield Sleep(seconds)
        if how == "crash":
            raise ValueError("broken")
    finally:
        log.append(f"{name} ends")


def quiet(*programs):
    """A scheduler in which crashes are not logged, with these programs asleep."""
    sched = start(*programs)
    watch(sched, Exited)
    rest(sched)
    return sched


def rest(sched):
    """Turn until all sleep or have ended."""
    while sched.ready or sched.inbox.arrivals:
        turn(sched)


def after(sched, seconds):
    """Let so much time pass, alarm by alarm."""
    rest(sched)
    end = sched.clock.now() + seconds
    while (due := sched.alarms.due()) is not None and due <= end:
        sched.clock.time = max(due, sched.clock.time)
        turn(sched)
        rest(sched)
    sched.clock.time = end
    turn(sched)
    rest(sched)


# -- who is started anew


@either_style
def test_the_children_are_started_in_order_as_linked_tasks_of_the_supervisor(style):
    log = []
    children = [Child(lives, log, name, name=f"child {name}") for name in "abc"]
    sched = start(style(supervise(children)))
    spawned = watch(sched, Spawned)
    rest(sched)
    assert log == ["a starts", "b starts", "c starts"]
    assert [(event.parent, event.name) for event in spawned] == [
        (1, "child a"),
        (1, "child b"),
        (1, "child c"),
    ]
    assert sorted(sched.links.watches[1]) == [2, 3, 4]
    sched.kill(sched.tasks[1])
    settle(sched)


def test_a_child_is_named_like_its_function_unless_told_otherwise():
    sched = quiet(supervise([Child(lives, [], "a")]))
    assert sched.tasks[2].name == "lives"


@pytest.mark.parametrize(
    ("restart", "how", "again"),
    [
        ("permanent", "return", True),
        ("permanent", "crash", True),
        ("permanent", "kill", True),
        ("transient", "return", False),
        ("transient", "crash", True),
        ("transient", "kill", True),
        ("temporary", "return", False),
        ("temporary", "crash", False),
        ("temporary", "kill", False),
    ],
)
def test_which_end_makes_a_child_start_anew(restart, how, again):
    log = []
    sched = quiet(supervise([Child(lives, log, "a", (1, how), restart=restart)]))
    if how == "kill":
        ask(sched, KillTask(2))
        turn(sched)
        rest(sched)
    else:
        after(sched, 1)
    assert log == ["a starts", "a ends"] + ["a starts"] * again
    assert sorted(sched.tasks) == ([1, 3] if again else [])


@pytest.mark.parametrize(
    ("strategy", "ended_and_started"),
    [
        ("one_for_one", ["b ends", "b starts"]),
        (
            "one_for_all",
            [
                "b ends",
                "d ends",
                "c ends",
                "a ends",
                "a starts",
                "b starts",
                "c starts",
                "d starts",
            ],
        ),
        ("rest_for_one", ["b ends", "d ends", "c ends", "b starts", "c starts", "d starts"]),
    ],
)
def test_who_is_started_anew_with_a_child(strategy, ended_and_started):
    log = []
    children = [Child(lives, log, name, *[(1, "crash")] * (name == "b")) for name in "abcd"]
    sched = quiet(supervise(children, strategy))
    log_of_the_start = len(log)
    after(sched, 1)
    assert log[log_of_the_start:] == ended_and_started


@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
def test_a_temporary_child_ends_with_the_others_and_is_not_started_anew(strategy):
    log = []
    children = [
        Child(lives, log, "a", (1, "crash")),
        Child(lives, log, "b", restart="temporary"),
        Child(lives, log, "c"),
    ]
    sched = quiet(supervise(children, strategy))
    after(sched, 1)
    assert log[3:] == ["a ends", "c ends", "b ends", "a starts", "c starts"]


def test_a_transient_child_that_has_returned_is_started_anew_with_the_others():
    log = []
    children = [
        Child(lives, log, "a", (1, "return"), restart="transient"),
        Child(lives, log, "b", (2, "crash")),
    ]
    sched = quiet(supervise(children, "one_for_all"))
    after(sched, 2)
    assert log[2:] == ["a ends", "b ends", "a starts", "b starts"]


def test_a_supervisor_with_no_child_left_is_done():
    log = []
    children = [
        Child(lives, log, "a", (2, "crash"), restart="temporary"),
        Child(lives, log, "b", (1, "return"), restart="transient"),
    ]

    def program():
        yield supervise(children)
        return "done"

    assert run(program()).value == "done"
    assert run(supervise([])).ok


def test_two_children_that_end_at_once_are_both_started_anew():
    log = []
    children = [Child(lives, log, name, (1, "crash")) for name in "ab"]
    for strategy, starts in (("one_for_one", 2), ("one_for_all", 2), ("rest_for_one", 2)):
        log.clear()
        sched = quiet(supervise(children, strategy))
        after(sched, 1)
        assert [log.count(f"{name} starts") for name in "ab"] == [starts, starts]
        assert len(sched.tasks) == 3


# -- how often


def crashes(log, seconds=1):
    """Crash after so many seconds, each time."""
    log.append("starts")
    yield Sleep(seconds)
    raise ValueError("broken")


def test_a_child_that_crashes_more_often_than_it_may_ends_all_in_reverse_order():
    log = []
    children = [
        Child(lives, log, "a"),
        Child(crashes, log, 1),
        Child(lives, log, "b"),
        Child(lives, log, "c"),
    ]
    sched = start(supervise(children, intensity=3, period=5))
    watch(sched, Exited)
    settle(sched)
    assert log.count("starts") == 4, "once, and three times anew"
    assert log[-3:] == ["c ends", "b ends", "a ends"]
    error = outcome(sched, 1).error
    assert isinstance(error, TooManyRestarts)
    assert (error.intensity, error.period, error.status.crashed) == (3, 5, True)
    assert isinstance(error.__cause__, ValueError)
    assert str(error).startswith("more than 3 restarts within 5 s; the last time task ")
    assert str(error).endswith(" crashed: ValueError: broken")


@pytest.mark.parametrize(("seconds", "gives_up"), [(1.66, True), (2.5, True), (2.51, False)])
def test_only_the_restarts_of_the_last_period_count(seconds, gives_up):
    log = []
    sched = start(supervise([Child(crashes, log, seconds)], intensity=2, period=5))
    watch(sched, Exited)
    rest(sched)
    after(sched, 100)
    assert (1 not in sched.tasks) == gives_up
    assert len(log) == 3 if gives_up else len(log) > 30


def test_an_intensity_of_0_allows_no_restart_and_a_return_that_is_not_replaced_counts_nothing():
    log = []
    children = [
        Child(lives, log, "a", (1, "return"), restart="transient"),
        Child(lives, log, "b", (2, "crash")),
    ]
    sched = quiet(supervise(children, intensity=0))
    after(sched, 1)
    assert sorted(sched.tasks) == [1, 3]
    after(sched, 1)
    assert isinstance(outcome(sched, 1).error, TooManyRestarts)


def test_to_start_all_anew_counts_as_one_restart():
    log = []
    children = [Child(crashes, log, 1), *[Child(lives, log, name) for name in "abc"]]
    sched = start(supervise(children, "one_for_all", intensity=2, period=5))
    watch(sched, Exited)
    settle(sched)
    assert log.count("starts") == 3


# -- how all end


def test_a_killed_supervisor_ends_its_children_newest_first_and_waits_for_each():
    log = []

    def slow(name):
        try:
            yield Sleep(1e6)
        finally:
            yield Sleep(0.5)
            log.append(name)

    sched = quiet(supervise([Child(slow, name) for name in "abc"]))
    sched.kill(sched.tasks[1])
    after(sched, 1.4)
    assert log == ["c", "b"]
    settle(sched)
    assert log == ["c", "b", "a"]
    assert outcome(sched, 1).killed and not outcome(sched, 1).forced
    assert outcome(sched, 1).error is None


def deaf(log):
    """Go on, whatever comes."""
    while True:
        try:
            yield Sleep(1e6)
        except TaskKilled:
            log.append("deaf")


def test_a_child_that_does_not_end_within_its_shutdown_time_is_ended_by_force():
    log = []
    sched = quiet(supervise([Child(lives, log, "a"), Child(deaf, log, shutdown=0.5)]))
    sched.kill(sched.tasks[1])
    after(sched, 0.5)
    assert log == ["a starts", "deaf", "a ends"]
    assert not sched.tasks
    assert outcome(sched, 3).forced
    assert outcome(sched, 1).killed and not outcome(sched, 1).forced


def test_no_child_outlives_a_supervisor_that_is_ended_by_force():
    log = []
    sched = quiet(supervise([Child(lives, log, name) for name in "ab"]))
    sched.force(sched.tasks[1])
    rest(sched)
    assert not sched.tasks
    assert sorted(log[2:]) == ["a ends", "b ends"]
    assert isinstance(outcome(sched, 2).error, LinkBroken)
    assert outcome(sched, 1).error is None, "and it was closed without any error"


def test_no_child_outlives_a_supervisor_that_has_too_little_time():
    log = []
    sched = quiet(supervise([Child(lives, log, "a"), Child(deaf, log, shutdown=60)]))
    sched.kill(sched.tasks[1])
    settle(sched)
    assert outcome(sched, 1).forced
    assert not sched.tasks
    assert "a ends" in log
    assert sched.clock.now() < 60


def test_a_supervisor_that_is_killed_while_it_starts_anew_leaves_no_child():
    log = []

    def slow(name):
        log.append(name)
        try:
            yield Sleep(1e6)
        finally:
            yield Sleep(0.5)

    children = [Child(slow, "a"), Child(lives, log, "b", (1, "crash")), Child(slow, "c")]
    sched = quiet(supervise(children, "one_for_all"))
    after(sched, 1.2)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert not sched.tasks
    assert log.count("a") == log.count("c") == 1, "nothing was started after the kill"


@pytest.mark.parametrize("moment", range(12))
def test_a_kill_at_any_step_leaves_no_child(moment):
    log = []
    children = [Child(crashes, log, 0), Child(lives, log, "a"), Child(crashes, log, 0)]
    sched = start(supervise(children, "one_for_all", intensity=100))
    watch(sched, Exited)
    turn(sched, moment)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert outcome(sched, 1).killed and not outcome(sched, 1).forced
    assert log.count("a starts") == log.count("a ends")


def test_whoever_is_linked_to_a_supervisor_takes_it_and_its_children_along():
    log = []

    def program():
        yield SpawnLinked(supervise([Child(lives, log, "a")]))
        yield Sleep(1)
        raise ValueError("mine")

    sched = start(program())
    watch(sched, Exited)
    settle(sched)
    assert log == ["a starts", "a ends"]
    status = outcome(sched, 2)
    assert status.killed
    assert status.error.status == outcome(sched, 1)


def test_a_partner_that_ends_well_does_not_concern_a_supervisor():
    log = []

    def program():
        yield SpawnLinked(supervise([Child(lives, log, "a")]))
        yield Sleep(1)

    sched = start(program())
    rest(sched)
    after(sched, 1)
    assert sorted(sched.tasks) == [2, 3]


def test_messages_to_a_supervisor_do_not_confuse_it():
    log = []
    sched = quiet(supervise([Child(lives, log, "a", (1, "crash"))]))
    ask(sched, SendMessage(1, "hello"))
    after(sched, 1)
    assert sorted(sched.tasks) == [1, 3]


def test_a_scope_that_is_cancelled_ends_the_children_and_then_the_supervisor():
    log = []

    def program():
        with pytest.raises(TimeoutError):
            yield within(5, supervise([Child(lives, log, name) for name in "ab"]))
        return list(log)

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == ["a starts", "b starts", "b ends", "a ends"]


def test_a_second_cancellation_does_not_keep_it_from_ending_its_children():
    log = []

    def slow(name):
        try:
            yield Sleep(1000)
        finally:
            yield Sleep(1)
            log.append((name, (yield Now())))

    def program():
        with (yield OpenScope(5.5)) as outer, (yield OpenScope(5)):
            yield supervise([Child(slow, name) for name in "ab"])
        return outer.cancelled, (yield Now()), list(log)

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == (True, 7.0, [("b", 6.0), ("a", 7.0)])


# -- supervisors of supervisors


def test_supervisors_nest_and_a_branch_that_gives_up_is_started_anew_by_the_next():
    log = []
    inner = [Child(crashes, log, 1), Child(lives, log, "inner")]
    outer = [
        Child(lives, log, "outer"),
        Child(supervise, inner, "one_for_one", 1, 5.0, name="branch", shutdown=10),
    ]
    sched = start(supervise(outer, intensity=1, period=60))
    watch(sched, Exited)
    rest(sched)
    after(sched, 2)
    assert log.count("starts") == 3, "it gave up after the second crash, and began anew"
    assert log.count("inner starts") == 2 and log.count("outer starts") == 1
    settle(sched)
    assert isinstance(outcome(sched, 1).error, TooManyRestarts)
    assert isinstance(outcome(sched, 1).error.__cause__, TooManyRestarts)
    assert log[-2:] == ["inner ends", "outer ends"]


def test_a_kill_at_the_top_ends_a_tree_from_the_leaves_in_order():
    log = []
    left = [Child(lives, log, name) for name in "ab"]
    right = [Child(lives, log, name) for name in "cd"]
    sched = quiet(supervise([Child(supervise, left), Child(supervise, right)]))
    del log[:]
    sched.kill(sched.tasks[1])
    settle(sched)
    assert log == ["d ends", "c ends", "b ends", "a ends"]


# -- what is refused


@pytest.mark.parametrize(
    ("function", "options", "error", "words"),
    [
        (idle(), {}, TypeError, "a child is made by a function, not by idle"),
        (5, {}, TypeError, "a child is made by a function, not by 5"),
        (
            idle,
            {"restart": "always"},
            ValueError,
            "restart is permanent, transient or temporary, not 'always'",
        ),
        (idle, {"shutdown": -1}, ValueError, "cannot give a child -1 seconds to end"),
        (idle, {"shutdown": float("inf")}, ValueError, "cannot give a child inf seconds to end"),
    ],
)
def test_what_is_no_child_is_refused_where_it_is_made(function, options, error, words):
    with pytest.raises(error) as refusal:
        Child(function, **options)
    assert str(refusal.value) == words


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([idle],), TypeError, "a Child(function, …) is wanted here, not idle"),
        (
            ([], "all"),
            ValueError,
            "strategy is one_for_one, one_for_all or rest_for_one, not 'all'",
        ),
        (([], "one_for_one", -1), ValueError, "an intensity is a number of restarts, not -1"),
        (([], "one_for_one", 2.5), ValueError, "an intensity is a number of restarts, not 2.5"),
        (([], "one_for_one", 1, 0), ValueError, "a period is some seconds, not 0"),
    ],
)
def test_what_is_no_supervisor_is_refused_at_the_yield(arguments, error, words):
    def program():
        with pytest.raises(error) as refusal:
            yield supervise(*arguments)
        return str(refusal.value)

    assert run(program()).value == words


def test_a_child_that_cannot_be_made_is_the_supervisors_own_error_and_the_others_end():
    log = []

    def no_program():
        return 5

    sched = start(supervise([Child(lives, log, "a"), Child(no_program)]))
    watch(sched, Exited)
    settle(sched)
    assert isinstance(outcome(sched, 1).error, TypeError)
    assert not sched.tasks


# -- against a model


@always
@given(
    st.lists(st.sampled_from(["permanent", "transient", "temporary"]), min_size=1, max_size=4),
    st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"]),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["return", "crash"])), max_size=8),
)
def test_a_supervisor_does_what_the_rules_say(kinds, strategy, ends):
    """Children are told to end, one after the other. Who lives then, and who is new, is what the
    rules say.
    """
    tids: dict[int, int] = {}

    def child(place):
        tids[place] = yield GetTid()
        if (yield Receive()) == "crash":
            raise ValueError

    children = [Child(child, place, restart=kind) for place, kind in enumerate(kinds)]
    sched = quiet(supervise(children, strategy, intensity=1000))
    places = range(len(kinds))
    alive = set(places)
    for place, how in ends:
        if place not in alive:
            continue
        before = dict(tids)
        ask(sched, SendMessage(tids[place], how))
        rest(sched)
        ended, new = {place}, set()
        if kinds[place] == "permanent" or (kinds[place] == "transient" and how == "crash"):
            first = {"one_for_one": place, "one_for_all": 0, "rest_for_one": place}[strategy]
            ended = {place} if strategy == "one_for_one" else set(places[first:])
            new = {p for p in ended if kinds[p] != "temporary"}
        alive = alive - ended | new
        assert {p for p in alive if tids[p] != before[p]} == new
        assert set(sched.tasks) == ({1, *(tids[p] for p in alive)} if alive else set())
