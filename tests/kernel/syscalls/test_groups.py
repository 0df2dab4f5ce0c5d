"""Task groups: no task outlives its block, and no failure goes unheard."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Cancel,
    ChanClose,
    Channel,
    ChanSend,
    EndGroup,
    Exited,
    GroupClosed,
    KillTask,
    NeverReady,
    NewTask,
    NextEnded,
    Now,
    OpenScope,
    SendSignal,
    Signal,
    Sleep,
    TaskFailed,
    TaskGroup,
    TaskKilled,
    TellReady,
    first_ended,
    first_good,
    within,
)

from ..support import as_coroutine, ask, idle, outcome, run, settle, start, turn, watch


def nap(seconds, log, name, value=None):
    try:
        yield Sleep(seconds)
        if isinstance(value, BaseException):
            raise value
        log.append(name)
        return value
    except TaskKilled:
        log.append(f"{name} killed")
        raise


def classic(*children, body=None, **options):
    """A block of a group, by `run`."""
    group = TaskGroup(**options)

    def block():
        for child in children:
            yield group.spawn(child)
        return (yield body(group)) if body else "body"

    return (yield group.run(block()))


async def modern(*children, body=None, **options):
    """The same, by `async with`."""
    answer = "body"
    async with TaskGroup(**options) as group:
        for child in children:
            await group.spawn(child)
        if body:
            answer = await as_coroutine(body(group))
    return answer


styles = pytest.mark.parametrize("group_of", [classic, modern])


def errors_of(function):
    """A program that gives the errors of the group that another one raises."""

    def program():
        try:
            yield function()
        except BaseExceptionGroup as group:
            return [type(error) for error in group.exceptions], (yield Now())
        raise AssertionError("nothing was raised")

    return program()


@styles
def test_the_block_is_left_when_all_have_ended(group_of):
    log = []

    def program():
        answer = yield group_of(nap(1, log, "a"), nap(3, log, "b"), nap(2, log, "c"))
        return answer, (yield Now())

    assert run(program()).value == ("body", 3.0)
    assert log == ["a", "c", "b"]


@styles
def test_an_empty_group_is_left_at_once(group_of):
    assert run(group_of()).value == "body"


@styles
def test_a_failure_ends_the_others_and_surfaces_as_an_exception_group(group_of):
    log = []
    failing = nap(1, log, "b", KeyError("b"))
    sched = start(errors_of(lambda: group_of(nap(5, log, "a"), failing, nap(9, log, "c"))))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([KeyError], 1.0)
    assert sorted(log) == ["a killed", "c killed"]


@styles
def test_a_failure_ends_the_body_of_the_block_as_well(group_of):
    log = []

    def body(group):
        try:
            yield Sleep(100)
        finally:
            log.append("body ended")

    sched = start(errors_of(lambda: group_of(nap(1, [], "a", KeyError()), body=body)))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([KeyError], 1.0)
    assert log == ["body ended"]


@styles
def test_an_error_of_the_body_ends_all_and_surfaces_with_theirs(group_of):
    def stubborn():
        try:
            yield Sleep(100)
        finally:
            raise LookupError("in finally")

    def body(group):
        yield Sleep(2)
        raise ValueError("body")

    sched = start(errors_of(lambda: group_of(stubborn(), nap(9, [], "x"), body=body)))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([ValueError, LookupError], 2.0)


@styles
def test_errors_that_are_no_exceptions_surface_too(group_of):
    sched = start(errors_of(lambda: group_of(nap(1, [], "a", SystemExit(3)))))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([SystemExit], 1.0)


@styles
@pytest.mark.parametrize("seconds", [0, 0.5])
def test_a_kill_of_the_parent_ends_the_children_first(group_of, seconds):
    log = []

    def careful():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(1)
            log.append("child")

    def body(group):
        yield Sleep(seconds)

    def program():
        try:
            yield group_of(careful(), body=body)
        finally:
            log.append("parent")

    def killer():
        yield Sleep(0.2)
        yield KillTask(1)

    sched = start(program(), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert outcome(sched, 1).error is None
    assert log == ["child", "parent"]


@styles
def test_a_parent_that_is_ended_by_force_leaves_no_child(group_of):
    log = []
    sched = start(group_of(nap(100, log, "a"), nap(100, log, "b")))
    turn(sched, 4)
    ask(sched, SendSignal(1, Signal.KILL))
    settle(sched)
    assert sorted(log) == ["a killed", "b killed"]


@styles
def test_a_scope_around_the_block_ends_it(group_of):
    log = []

    def program():
        with (yield OpenScope(2)) as scope:
            yield group_of(nap(1, log, "a"), nap(9, log, "b"))
        return scope.caught, (yield Now())

    assert run(program()).value == (True, 2.0)
    assert log == ["a", "b killed"]


@styles
def test_a_timeout_around_the_block_does_not_lose_what_went_wrong(group_of):
    def failing():
        try:
            yield Sleep(9)
        finally:
            raise KeyError

    sched = start(errors_of(lambda: within(2, group_of(failing()))))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([KeyError], 2.0)


@styles
def test_groups_nest_and_an_inner_failure_is_the_outer_ones_too(group_of):
    log = []

    def inner():
        yield group_of(nap(1, log, "b", KeyError()), nap(9, log, "c"))

    sched = start(errors_of(lambda: group_of(nap(9, log, "a"), inner())))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([ExceptionGroup], 1.0)
    assert sorted(log) == ["a killed", "c killed"]


@styles
def test_children_may_add_children(group_of):
    log = []

    def body(group):
        def parent():
            yield group.spawn(nap(3, log, "grandchild"))
            log.append("child")

        yield group.spawn(parent())

    assert run(group_of(body=body)).error is None
    assert log == ["child", "grandchild"]


@styles
def test_a_daemon_ends_with_the_last_of_the_others(group_of):
    log = []

    def body(group):
        yield group.spawn(nap(100, log, "daemon"), daemon=True)
        yield group.spawn(nap(2, log, "worker"))

    def program():
        yield group_of(body=body)
        return (yield Now())

    assert run(program()).value == 2.0
    assert log == ["worker", "daemon killed"]


@styles
def test_a_child_that_somebody_kills_is_no_failure(group_of):
    log = []

    def killer():
        yield Sleep(1)
        yield KillTask(3)

    sched = start(group_of(nap(2, log, "a"), nap(2, log, "b")), killer())
    settle(sched)
    assert outcome(sched, 1).ok
    assert log == ["a killed", "b"]


def test_start_waits_until_the_task_says_that_it_is_ready():
    def server(port, ready):
        yield Sleep(2)
        yield TellReady(ready, port + 1)
        yield Sleep(3)

    def program():
        group = TaskGroup()

        def body():
            return (yield group.start(server, 8000, name="server")), (yield Now())

        return (yield group.run(body())), (yield Now())

    assert run(program()).value == ((8001, 2.0), 5.0)


@pytest.mark.parametrize("fail_fast", [True, False])
def test_a_task_that_ends_before_it_is_ready_is_an_error(fail_fast):
    def server(ready):
        yield Sleep(1)

    def program():
        group = TaskGroup(fail_fast=fail_fast)

        def body():
            with pytest.raises(NeverReady, match="task 2 ended, and never said"):
                yield group.start(server)
            return "body"

        return (yield group.run(body()))

    assert run(program()).value == "body"


def test_to_say_twice_that_one_is_ready_or_to_nobody_is_refused():
    def server(ready):
        yield TellReady(ready)
        with pytest.raises(ValueError, match="has said before"):
            yield TellReady(ready)
        with pytest.raises(TypeError, match="what `start` gave the task"):
            yield TellReady(None)

    def program():
        group = TaskGroup()
        return (yield group.run(group.start(server)))

    assert run(program()).error is None


def test_the_ends_are_told_in_their_order_each_once():
    def program():
        group, told = TaskGroup(), []

        def body():
            for seconds in (3, 1, 2):
                yield group.spawn(nap(seconds, [], "", seconds))
            while (status := (yield NextEnded(group))) is not None:
                told.append(status.value)
            return told

        return (yield group.run(body()))

    assert run(program()).value == [1, 2, 3]


def test_without_fail_fast_the_failures_that_nobody_asked_for_surface_at_the_end():
    log = []

    def body(group):
        status = yield NextEnded(group)
        assert isinstance(status.error, KeyError)

    failing = [nap(1, log, "a", KeyError()), nap(2, log, "b", ValueError()), nap(3, log, "c")]
    sched = start(errors_of(lambda: modern(*failing, body=body, fail_fast=False)))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([ValueError], 3.0)
    assert log == ["c"]


def test_first_good_answers_the_first_success_and_ends_the_others():
    log = []

    def program():
        value = yield first_good(
            nap(1, log, "a", KeyError()), nap(2, log, "b", "good"), nap(9, log, "c", "late")
        )
        return value, (yield Now())

    sched = start(program())
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ("good", 2.0)
    assert log == ["b", "c killed"]


def test_first_good_raises_all_failures_if_there_is_no_success():
    def program():
        with pytest.raises(ExceptionGroup, match="none of them succeeded") as error:
            yield first_good(nap(1, [], "a", KeyError()), nap(2, [], "b", ValueError()))
        return error.value.exceptions

    sched = start(program())
    watch(sched, Exited)
    settle(sched)
    failures = outcome(sched, 1).value
    assert [type(failure) for failure in failures] == [TaskFailed, TaskFailed]
    assert [type(failure.__cause__) for failure in failures] == [KeyError, ValueError]


def test_first_ended_tells_how_the_first_ended_even_if_it_failed():
    log = []

    def program():
        status = yield first_ended(nap(9, log, "a"), nap(1, log, "b", KeyError()))
        return type(status.error), (yield Now())

    sched = start(program())
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == (KeyError, 1.0)
    assert log == ["a killed"]


@pytest.mark.parametrize("turns", range(8))
def test_whoever_is_killed_before_all_have_begun_leaves_none_of_them_behind(turns):
    """Not acceptable: a coroutine that nobody has begun or closed, of which Python complains."""
    targets = [as_coroutine(nap(9, [], name)) for name in "abc"]

    def program():
        yield first_good(*targets)

    sched = start(program(), grace=1)
    turn(sched, turns)
    sched.kill(sched.find(1))
    settle(sched)
    assert outcome(sched, 1).killed
    begun = [target for target in targets if target.cr_frame is not None]
    assert begun == (targets if turns == 0 else [])  # at 0 nobody had been told of them
    for target in begun:
        target.close()


@pytest.mark.parametrize("function", [first_good, first_ended])
def test_the_first_of_nothing_is_refused(function):
    def program():
        with pytest.raises(ValueError, match="there is nothing to run"):
            yield function()
        return "lives"

    assert run(program()).value == "lives"


def test_a_group_takes_tasks_only_in_its_block():
    def program():
        group = TaskGroup()
        with pytest.raises(GroupClosed):
            yield group.spawn(idle(1))
        yield group.run(idle(1))
        with pytest.raises(GroupClosed):
            yield group.spawn(idle(1))
        with pytest.raises(ValueError, match="a task group is for one block"):
            yield group.run(idle(1))
        return "lives"

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == "lives"
    assert sched.last_tid == 1


def test_a_group_that_has_failed_takes_no_tasks():
    def late(group):
        try:
            yield Sleep(9)
        finally:
            with pytest.raises(GroupClosed):
                yield group.spawn(idle())
            log.append("refused")

    def body(group):
        yield group.spawn(late(group))
        yield group.spawn(nap(1, [], "", KeyError()))

    log = []
    sched = start(errors_of(lambda: modern(body=body)))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value == ([KeyError], 1.0)
    assert log == ["refused"]


@pytest.mark.parametrize("call", [NextEnded, EndGroup])
def test_what_is_no_group_is_refused(call):
    def program():
        with pytest.raises(TypeError, match="a task group is wanted here, not 3"):
            yield call(3)
        return "lives"

    assert run(program()).value == "lives"


def test_who_leaves_a_block_is_said_to_wait_for_its_tasks():
    sched = start(modern(idle(99), idle(99)))
    turn(sched, 3)
    assert sched.find(1).reason() == "2 tasks of its group"


def test_a_server_that_spawns_without_end_keeps_no_more_than_the_last_ends():
    groups = []

    def body(group):
        groups.append(group)
        for _ in range(3000):
            yield group.spawn(idle(1))
            yield

    sched = start(modern(body=body))
    settle(sched)
    assert len(groups[0].ended) == 1000
    assert not groups[0].tasks


def test_a_scope_that_is_cancelled_twice_over_while_the_block_ends_still_ends_it():
    scopes = []

    def slow():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(1)

    def program():
        with (yield OpenScope()) as outer:
            scopes.append(outer)
            with (yield OpenScope(0.5)) as inner:
                yield modern(slow(), slow())
        return outer.caught or inner.caught, (yield Now())

    def other():
        yield Sleep(0.7)
        yield Cancel(scopes[0])

    sched = start(program(), other())
    settle(sched)
    assert outcome(sched, 1).value == (True, 1.5)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=6),
    st.integers(0, 6),
    st.sampled_from(["kill", "cancel", "nothing"]),
    st.booleans(),
)
def test_whatever_happens_no_child_outlives_the_block(children, when, event, fail_fast):
    def program():
        group = TaskGroup(fail_fast=fail_fast)

        def body():
            for seconds, fails in children:
                yield group.spawn(nap(seconds, [], "", KeyError() if fails else None))
            yield Sleep(2)

        try:
            with (yield OpenScope(when if event == "cancel" else None)):
                yield group.run(body())
        except BaseExceptionGroup:
            pass
        finally:
            alive.extend(group.tasks)

    def killer():
        yield Sleep(when)
        if event == "kill" and 1 in sched.tasks:
            yield KillTask(1)

    alive = []
    sched = start(program(), killer())
    watch(sched, Exited)
    settle(sched)
    assert alive == []
    assert outcome(sched, 1).error is None
    assert not sched.alarms.live


def test_a_channel_closes_when_the_last_producer_of_a_group_has_ended():
    channel = Channel()

    async def produce(number):
        for item in range(3):
            await ChanSend(channel, (number, item))

    async def producers():
        async with TaskGroup() as group:
            for number in range(3):
                await group.spawn(produce(number))
        await ChanClose(channel)

    async def program():
        await NewTask(producers())
        return sorted([item async for item in channel])

    assert run(program()).value == [(a, b) for a in range(3) for b in range(3)]


@styles
def test_a_kill_that_comes_while_a_timeout_ends_the_block_is_not_lost(group_of):
    log = []

    def slow():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(1)
            log.append("child")

    def program():
        with (yield OpenScope(1)):
            yield group_of(slow())
        yield Sleep(1)
        log.append("must not be reached")

    def killer():
        yield Sleep(1.5)
        yield KillTask(1)

    sched = start(program(), killer())
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == ["child"]


@styles
def test_a_kill_surfaces_together_with_what_went_wrong(group_of):
    log = []

    def failing():
        try:
            yield Sleep(100)
        finally:
            raise KeyError

    async def program():
        try:
            await as_coroutine(wrapped())
        except* KeyError:
            log.append("KeyError")
        log.append("must not be reached")

    def wrapped():
        yield group_of(failing())

    sched = start(program(), idle(4))
    watch(sched, Exited)
    turn(sched, 4)
    ask(sched, KillTask(1))
    settle(sched)
    assert log == ["KeyError"]
    assert outcome(sched, 1).killed
    assert isinstance(outcome(sched, 1).error.exceptions[0], TaskKilled)


def test_a_parent_that_is_ended_by_force_is_not_told_what_goes_wrong_afterwards():
    def failing():
        try:
            yield Sleep(100)
        finally:
            raise KeyError

    sched = start(modern(failing(), body=lambda group: (yield Sleep(100))))
    watch(sched, Exited)
    turn(sched, 4)
    ask(sched, SendSignal(1, Signal.KILL))
    settle(sched)
    assert isinstance(outcome(sched, 2).error, KeyError)


def test_a_task_may_have_any_number_of_groups_one_after_the_other_and_keeps_none():
    def program():
        for _ in range(100):
            yield classic(idle(1))
        return len(sched.find(1).exit_queue())

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value <= 1  # what closes its scopes


def test_a_block_in_an_async_generator_that_is_left_ends_its_tasks():
    log = []

    async def numbers():
        async with TaskGroup() as group:
            await group.spawn(nap(100, log, "a"))
            await Sleep(1)
            yield 1

    async def program():
        async for _ in numbers():
            break
        gc.collect()
        await Sleep(1)
        return list(log)

    sched = start(program())
    with sched.asyncgens:
        settle(sched)
    assert outcome(sched, 1).value == ["a killed"]
