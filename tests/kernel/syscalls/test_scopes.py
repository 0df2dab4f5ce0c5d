"""Cancel scopes: a part of a task's run ends early, and nothing else of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Acquire,
    Cancel,
    Cancelled,
    ChanClose,
    Channel,
    ChanRecv,
    ChanSend,
    GetTid,
    KillTask,
    ManualClock,
    NewTask,
    NotATask,
    Now,
    OpenScope,
    Release,
    Scheduler,
    Select,
    Semaphore,
    Sleep,
    TaskKilled,
    within,
)

from ..support import ask, either_style, idle, outcome, run, settle, start, turn


@either_style
def test_what_takes_too_long_is_left_and_the_task_moves_on_behind_it(style):
    def program():
        with (yield OpenScope(3)) as scope:
            yield Sleep(10)
            raise AssertionError("must not be reached")
        return scope.cancelled, scope.caught, (yield Now())

    assert run(style(program())).value == (True, True, 3.0)


@either_style
def test_what_ends_in_time_is_not_told_of_any_scope(style):
    def program():
        with (yield OpenScope(3)) as scope:
            yield Sleep(2)
        yield Sleep(10)
        return scope.cancelled, scope.caught, (yield Now())

    assert run(style(program())).value == (False, False, 12.0)


@either_style
def test_with_fail_the_block_raises_a_timeout_error(style):
    def program():
        with (
            pytest.raises(TimeoutError, match="this took longer than 3 seconds"),
            (yield OpenScope(3, fail=True)),
        ):
            yield Sleep(10)
        return (yield Now())

    assert run(style(program())).value == 3.0


@either_style
def test_within_gives_the_answer_of_a_call_or_of_a_subroutine(style):
    def subroutine():
        yield Sleep(1)
        return "done"

    def program():
        return (yield within(3, GetTid())), (yield within(3, subroutine()))

    assert run(style(program())).value == (1, "done")


@either_style
def test_within_raises_where_a_subroutine_many_calls_deep_takes_too_long(style):
    unwound = []

    def deep(depth):
        try:
            yield (deep(depth - 1) if depth else Sleep(10))
        finally:
            unwound.append(depth)

    def program():
        with pytest.raises(TimeoutError):
            yield within(3, deep(50))
        return (yield Now())

    assert run(style(program())).value == 3.0
    assert unwound == list(range(51))


@either_style
@pytest.mark.parametrize(("outer", "inner", "ends"), [(3, 5, "outer"), (5, 3, "inner")])
def test_of_nested_timeouts_the_first_that_is_due_counts(style, outer, inner, ends):
    def program():
        try:
            with (yield OpenScope(outer)) as outside:
                yield within(inner, Sleep(10))
        except TimeoutError:
            return "inner", (yield Now())
        return "outer" if outside.caught else "none", (yield Now())

    assert run(style(program())).value == (ends, 3.0)


def test_a_sleep_and_its_timeout_that_are_due_at_once_have_one_outcome():
    outcomes = []

    def program(sleep, patience):
        try:
            yield within(patience, Sleep(sleep))
            outcomes.append("slept")
        except TimeoutError:
            outcomes.append("late")
        yield Sleep(1)
        outcomes.append("lives")

    clock = ManualClock()
    sched = start(program(3, 3), program(2, 3), program(3, 2), clock=clock)
    turn(sched, 2)
    clock.advance(10)  # as if somebody had held the processor
    settle(sched)
    assert sorted(outcomes) == ["late", "late", "lives", "lives", "lives", "slept"]
    assert not sched.alarms.live


@either_style
def test_one_call_under_two_timeouts_has_a_deadline_for_each(style):
    """Yielded by two tasks at once, and by each of them twice."""
    call, times = Sleep(5), []

    def program(patience):
        for _ in range(2):
            try:
                yield within(patience, call)
                times.append(("slept", (yield Now())))
            except TimeoutError:
                times.append(("late", (yield Now())))

    settle(start(style(program(3)), style(program(7))))
    assert times == [("late", 3.0), ("slept", 5.0), ("late", 6.0), ("slept", 10.0)]
    assert call.seconds == 5


def test_a_task_is_told_once_so_a_finally_may_wait():
    def program():
        with (yield OpenScope(1)) as scope:
            try:
                yield Sleep(10)
            finally:
                yield Sleep(5)
        return scope.caught, (yield Now())

    assert run(program()).value == (True, 6.0)


def test_who_swallows_it_is_not_told_again_and_the_scope_did_not_catch_it():
    def program():
        with (yield OpenScope(1)) as scope:
            try:
                yield Sleep(10)
            except Cancelled:
                pass
            yield Sleep(5)
        return scope.cancelled, scope.caught, (yield Now())

    assert run(program()).value == (True, False, 6.0)


def test_an_answer_that_was_given_is_seen_even_if_the_time_is_up():
    channel = Channel()
    clock = ManualClock()

    def program():
        with (yield OpenScope(1)) as scope:
            item = yield ChanRecv(channel)
        return item, scope.caught

    sched = start(program(), clock=clock)
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    clock.advance(2)
    settle(sched)
    assert outcome(sched, 1).value == ("item", False)


def test_an_answer_that_was_given_is_seen_and_the_next_yield_in_the_scope_raises():
    channel, seen = Channel(), []
    clock = ManualClock()

    def program():
        with (yield OpenScope(1)) as scope:
            seen.append((yield ChanRecv(channel)))
            yield Sleep(10)
            seen.append("must not be reached")
        return scope.caught, (yield Now())

    sched = start(program(), clock=clock)
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    clock.advance(2)
    settle(sched)
    assert outcome(sched, 1).value == (True, 2.0)
    assert seen == ["item"]


@either_style
def test_another_task_may_cancel_a_scope(style):
    scopes = []

    def program():
        with (yield OpenScope()) as scope:
            scopes.append(scope)
            yield Sleep(100)
        return scope.caught, (yield Now())

    def other():
        yield Sleep(4)
        return (yield Cancel(scopes[0])), (yield Cancel(scopes[0]))

    sched = start(style(program()), style(other()))
    settle(sched)
    assert outcome(sched, 1).value == (True, 4.0)
    assert outcome(sched, 2).value == (True, False)


def test_a_task_may_cancel_a_scope_of_its_own_and_is_told_at_that_very_yield():
    reached = []

    def program():
        with (yield OpenScope()) as outer:
            with (yield OpenScope()) as inner:
                yield Cancel(outer)
                reached.append("inner")
            reached.append("outer")
        return outer.caught, inner.caught

    assert run(program()).value == (True, False)
    assert reached == []


def test_a_cancelled_scope_that_is_closed_changes_nothing():
    def program():
        with (yield OpenScope()) as scope:
            pass
        return (yield Cancel(scope)), scope.cancelled

    assert run(program()).value == (False, False)


@either_style
def test_a_shield_keeps_off_what_is_around_it_until_its_end(style):
    def program():
        with (yield OpenScope(1)) as outer:
            with (yield OpenScope(shield=True)):
                yield Sleep(5)
                inside = yield Now()
            raise AssertionError("must not be reached")
        return inside, outer.caught, (yield Now())

    assert run(style(program())).value == (5.0, True, 5.0)


def test_a_shield_does_not_keep_off_its_own_time_nor_a_kill():
    def program():
        with (yield OpenScope(2, shield=True)) as shield:
            yield Sleep(5)
        assert shield.caught
        with (yield OpenScope(shield=True)):
            yield Sleep(1000)

    def killer():
        yield Sleep(5)
        yield KillTask(1)
        return (yield Now())

    sched = start(program(), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert outcome(sched, 2).value == 5.0


def test_an_error_of_the_block_goes_on_as_it_is():
    def program():
        with pytest.raises(KeyError), (yield OpenScope(3)):
            raise KeyError
        yield Sleep(10)
        return "lives"

    assert run(program()).value == "lives"


def test_a_finally_that_raises_while_the_scope_ends_is_heard():
    def program():
        try:
            with (yield OpenScope(1)) as scope:
                try:
                    yield Sleep(10)
                finally:
                    raise ZeroDivisionError
        except ZeroDivisionError as error:
            return isinstance(error.__context__, Cancelled), scope.caught

    assert run(program()).value == (True, False)


def test_except_exception_does_not_swallow_a_cancellation():
    def program():
        with (yield OpenScope(1)) as scope:
            try:
                yield Sleep(10)
            except Exception:
                raise AssertionError("must not be reached") from None
        return scope.caught

    assert run(program()).value is True


def test_a_timeout_that_never_fires_leaves_nothing():
    def program():
        for _ in range(100_000):
            yield within(1000, GetTid())

    sched = start(program())
    settle(sched)
    assert len(list(sched.alarms)) < 200
    assert not sched.alarms.live


def test_mainloop_does_not_wait_for_the_timeouts_of_tasks_that_have_ended():
    def program():
        with (yield OpenScope(1000)):
            yield Sleep(0)

    sched = Scheduler()
    sched.new(program())
    sched.mainloop()
    assert not sched.alarms.live


@pytest.mark.parametrize("grace", [None, 0])
def test_a_task_that_is_killed_in_a_scope_leaves_no_alarm(grace):
    def program():
        with (yield OpenScope(1000)):
            yield Sleep(2000)

    sched = start(program(), idle(3))
    turn(sched, 2)
    sched.kill(sched.find(1), grace)
    settle(sched)
    assert not sched.alarms.live


def test_a_permit_is_given_back_when_the_time_in_the_block_is_up():
    def program():
        semaphore = Semaphore(1)
        with (yield OpenScope(1)):
            yield Acquire(semaphore)
            try:
                yield Sleep(10)
            finally:
                yield Release(semaphore)
        return semaphore.permits

    assert run(program()).value == 1


def test_a_kill_while_a_scope_ends_kills():
    def program():
        with (yield OpenScope(1)):
            try:
                yield Sleep(10)
            finally:
                yield Sleep(10)

    def killer():
        yield Sleep(2)
        yield KillTask(1)

    sched = start(program(), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert not outcome(sched, 1).forced


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_what_is_no_time_is_refused(seconds):
    def program():
        with pytest.raises(ValueError, match="a scope cannot be open for"):
            yield OpenScope(seconds)
        with pytest.raises(ValueError, match="a scope cannot be open for"):
            yield within(seconds, GetTid())
        return "lives"

    assert run(program()).value == "lives"


def test_what_is_no_scope_is_refused_and_a_request_has_none():
    def program():
        with pytest.raises(TypeError, match="a scope is wanted here, not 3"):
            yield Cancel(3)
        return "lives"

    sched = start(program())
    refused = ask(sched, OpenScope(1))
    settle(sched)
    assert outcome(sched, 1).value == "lives"
    assert isinstance(refused.exception(0), NotATask)


def test_a_scope_that_was_opened_and_forgotten_closes_with_the_one_around_it():
    def program():
        with (yield OpenScope(5)):
            yield OpenScope(1)
        yield Sleep(10)
        return "not told"

    assert run(program()).value == "not told"


def test_a_cancellation_in_a_child_is_no_affair_of_its_parent():
    def child():
        with (yield OpenScope(1)) as scope:
            yield Sleep(10)
        return scope.caught

    def program():
        with (yield OpenScope(3)) as scope:
            yield NewTask(child())
            yield Sleep(2)
        return scope.cancelled

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value is False
    assert outcome(sched, 2).value is True


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=5
    )
)
def test_whatever_times_are_nested_each_scope_ends_in_time_and_each_item_is_seen(times):
    channel, sent, seen = Channel(), [], []

    def receiver(outer, inner, _):
        began = yield Now()
        with (yield OpenScope(outer)) as outside:
            while True:
                with (yield OpenScope(inner)):
                    seen.append((yield ChanRecv(channel)))
                yield Sleep(0.5)
        assert outside.caught
        assert (yield Now()) == began + outer

    def sender(_, __, pause):
        for number in range(4):
            yield Sleep(pause)
            item = (number, pause)
            with (yield OpenScope(2)) as scope:
                yield ChanSend(channel, item)
            if not scope.caught:
                sent.append(item)

    def closer():
        yield Sleep(50)
        yield ChanClose(channel)

    programs = [make(*each) for each in times for make in (receiver, sender)]
    sched = start(*programs, closer())
    settle(sched)
    assert [outcome(sched, tid + 1).error for tid in range(len(programs))] == [None] * len(programs)
    assert sorted(seen) == sorted(sent)
    assert not sched.alarms.live


def test_a_kill_and_a_cancellation_at_once_end_the_task_as_killed():
    clock = ManualClock()

    def program():
        with (yield OpenScope(1)):
            try:
                yield Sleep(1)
            except (TaskKilled, Cancelled) as error:
                raised.append(type(error))
                raise

    raised = []
    sched = start(program(), clock=clock)
    turn(sched, 2)
    sched.kill(sched.find(1))
    clock.advance(1)
    settle(sched)
    assert outcome(sched, 1).killed
    assert TaskKilled in raised or raised == []


# -- of several that are cancelled none is lost


@pytest.mark.parametrize("end_of_task", ["returns", "is killed"])
def test_a_scope_that_a_task_leaves_open_at_its_end_says_nothing_any_more(end_of_task):
    scopes = []

    def program():
        scopes.append((yield OpenScope(1)))
        scopes.append((yield OpenScope()))
        if end_of_task == "is killed":
            yield KillTask(1)

    sched = start(program(), idle(3))
    turn(sched, 2)
    assert not sched.alarms.live
    cancelled = ask(sched, Cancel(scopes[1]))
    sched.clock.advance(5)
    settle(sched)
    assert cancelled.result(0) is False


def test_two_timeouts_that_come_while_a_task_has_an_answer_are_both_heard():
    channel, log = Channel(), []

    def program():
        with (yield OpenScope(1)) as outer:
            with (yield OpenScope(2)) as inner:
                log.append((yield ChanRecv(channel)))
                yield Sleep(100)
            log.append("must not be reached")
        return outer.caught, inner.caught, (yield Now())

    sched = start(program())
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    sched.clock.advance(5)
    settle(sched)
    assert outcome(sched, 1).value == (True, False, 5.0)
    assert log == ["item"]


@either_style
def test_the_time_of_a_scope_may_be_up_while_a_kill_leaves_it_and_the_task_ends_all_the_same(style):
    log = []

    def program():
        with (yield OpenScope(1)):
            try:
                yield Sleep(100)
            finally:
                yield Sleep(1)
                log.append("cleaned up")
        yield Sleep(1)
        log.append("must not be reached")

    def killer():
        yield Sleep(0.5)
        yield KillTask(1)

    sched = start(style(program()), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == ["cleaned up"]


@either_style
def test_the_time_of_a_scope_may_be_up_while_one_around_it_ends_it(style):
    log = []

    def program():
        with (yield OpenScope(1)) as outer:
            with (yield OpenScope(2)):
                try:
                    yield Sleep(100)
                finally:
                    yield Sleep(3)
                    log.append("cleaned up")
            log.append("must not be reached")
        return outer.caught, (yield Now())

    assert run(style(program())).value == (True, 4.0)
    assert log == ["cleaned up"]


def test_a_scope_that_is_opened_in_a_cleanup_works_as_ever():
    log = []

    def cleanup():
        with (yield OpenScope(1)) as scope:
            yield Sleep(100)
        log.append((scope.caught, (yield Now())))

    def program(seconds):
        with (yield OpenScope(seconds)):
            try:
                yield Sleep(100)
            finally:
                yield cleanup()
        return "moved on"

    def killer():
        yield Sleep(0.5)
        yield KillTask(1)

    sched = start(program(None), program(0.5), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert outcome(sched, 2).value == "moved on"
    assert log == [(True, 1.5), (True, 1.5)]


def test_a_shield_that_a_kill_ends_does_not_tell_of_what_it_kept_off():
    log = []

    def program():
        with (yield OpenScope(1)), (yield OpenScope(shield=True)):
            yield Sleep(100)
        yield Sleep(1)
        log.append("must not be reached")

    def killer():
        yield Sleep(2)
        yield KillTask(1)

    sched = start(program(), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == []


def test_an_error_that_ends_a_shield_goes_before_what_the_shield_kept_off():
    def shielded():
        with (yield OpenScope(shield=True)):
            yield Sleep(2)
            raise KeyError

    def program():
        with pytest.raises(KeyError), (yield OpenScope(1)) as ended:
            yield shielded()
        with (yield OpenScope(1)) as scope:
            with pytest.raises(KeyError):
                yield shielded()
            yield Sleep(100)
        return ended.caught, scope.caught, (yield Now())

    assert run(program()).value == (False, True, 4.0)


def test_under_a_shield_the_outermost_that_is_cancelled_counts_as_ever():
    def program():
        with (yield OpenScope(1)) as outer:
            with (
                (yield OpenScope(1)) as middle,
                (yield OpenScope()),
                (yield OpenScope(shield=True)),
            ):
                yield Sleep(2)
            yield Sleep(100)
        return outer.caught, middle.caught, (yield Now())

    assert run(program()).value == (True, False, 2.0)


def test_what_was_cancelled_before_its_time_is_not_late():
    def program():
        with (yield OpenScope(2, fail=True)) as scope:
            yield NewTask(other(scope))
            try:
                yield Sleep(100)
            finally:
                yield Sleep(5)
        return scope.caught, (yield Now())

    def other(scope):
        yield Sleep(1)
        yield Cancel(scope)

    assert run(program()).value == (True, 6.0)


def test_a_task_may_cancel_its_own_scope_in_a_select():
    def program():
        with (yield OpenScope()) as scope:
            yield Select(Sleep(5), Cancel(scope))
            raise AssertionError("must not be reached")
        return scope.caught, (yield Now())

    assert run(program()).value == (True, 0.0)


def test_of_a_group_of_errors_a_scope_takes_its_own_and_the_others_go_on():
    def failing():
        try:
            yield Sleep(100)
        except Cancelled as cancelled:
            raise BaseExceptionGroup("both", [KeyError(), cancelled]) from None

    def program():
        with pytest.raises(ExceptionGroup) as group, (yield OpenScope(1)) as scope:
            yield failing()
        return scope.caught, [type(error) for error in group.value.exceptions]

    assert run(program()).value == (True, [KeyError])


@given(
    st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), max_size=5),
    st.one_of(st.none(), st.integers(0, 8)),
)
def test_however_scopes_nest_each_that_is_cancelled_ends_and_a_kill_kills(scopes, kill_at):
    left = []

    def level(depth):
        if depth == len(scopes):
            yield Sleep(7)
            return
        seconds, shield, cleanup = scopes[depth]
        with (yield OpenScope(seconds, shield=shield)) as scope:
            try:
                yield level(depth + 1)
                yield Sleep(7)
            finally:
                yield Sleep(cleanup)
        left.append((depth, scope.caught, scope.cancelled))

    def program():
        yield level(0)
        yield Sleep(1000)

    def killer():
        if kill_at is not None:
            yield Sleep(kill_at)
            yield KillTask(1, 1000)

    sched = start(program(), killer())
    settle(sched)
    assert outcome(sched, 1).killed is (kill_at is not None)
    assert not outcome(sched, 1).error
    assert not sched.alarms.live
    if not outcome(sched, 1).killed:
        # Each that moved on was left by itself; those within it were left with it.
        assert all(caught or not cancelled for _, caught, cancelled in left)
