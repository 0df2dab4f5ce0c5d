"""Laws of the calls about tasks: who am I, make one, end one, wait for one."""

from __future__ import annotations

import gc
import math
import socket
import types
from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Channel,
    ChanRecv,
    ChanSend,
    Exited,
    ExitStatus,
    GetTid,
    KillTask,
    ManualClock,
    NewTask,
    NoSuchTask,
    Policy,
    ReadWait,
    Recv,
    Scheduler,
    Sleep,
    Spawned,
    SpawnLinked,
    SpawnMonitored,
    TaskGroup,
    TaskKilled,
    TooManyTasks,
    WaitQueue,
    WaitTask,
    Yield,
    within,
)
from kernel.systemcall import ASLEEP

from ..support import (
    Do,
    FedPoller,
    Park,
    ask,
    either_style,
    idle,
    outcome,
    printed,
    run,
    settle,
    start,
    turn,
    watch,
)

always = settings(derandomize=True, deadline=None, max_examples=60)


class Oddity(BaseException):
    """An error that is no `Exception`."""


def caught(log: list[Any], inner: Any) -> Any:
    """Run `inner` as a subroutine, and note how it left."""
    try:
        log.append(("returned", (yield inner)))
    except BaseException as error:
        log.append(("raised", type(error)))
        raise


# -- GetTid, Yield


def test_get_tid_answers_the_callers_own_tid():
    def program():
        return [(yield GetTid()), (yield child())]

    def child():
        return (yield GetTid())

    sched = start(idle(), program())
    turn(sched, 3)
    assert outcome(sched, 2).value == [2, 2]


def test_get_tid_answers_0_to_a_request():
    sched = start()
    reply = ask(sched, GetTid())
    turn(sched)
    assert reply.result(0) == 0


@pytest.mark.parametrize("budget", [1, 64])
def test_yield_lets_every_other_ready_task_run_first(budget):
    log = []

    def bare(name):
        for _ in range(3):
            log.append(name)
            yield

    def call(name):
        for _ in range(3):
            log.append(name)
            yield Yield()

    async def coroutine(name):
        for _ in range(3):
            log.append(name)
            assert await Yield() is None

    settle(start(bare("a"), call("b"), coroutine("c"), bare("d"), policy=Policy(budget)))
    assert log == ["a", "b", "c", "d"] * 3


def test_a_request_may_yield_too():
    sched = start(idle())
    reply = ask(sched, Yield())
    turn(sched)
    assert reply.result(0) is None
    assert not sched.requests, "nothing is left behind"


# -- NewTask


def test_new_task_answers_the_new_tid_and_the_caller_goes_on_at_once():
    log = []

    def child(name):
        log.append(name)
        yield

    def program():
        for name in ("first", "second"):
            log.append((yield NewTask(child(name))))

    settle(start(program()))
    assert log == [2, 3, "first", "second"]


def test_new_task_notes_parent_and_name():
    def program():
        yield NewTask(idle(1))
        yield NewTask(idle(1), "clock")

    sched = start(program())
    seen = watch(sched, Spawned)
    ask(sched, NewTask(idle(1), "outside"))
    settle(sched)
    assert sorted((e.tid, e.parent, e.name) for e in seen) == [
        (2, 0, "outside"),
        (3, 1, "idle"),
        (4, 1, "clock"),
    ]


@pytest.mark.parametrize("target", [idle, 42, None, "program", GetTid()], ids=repr)
def test_new_task_refuses_what_is_no_program_at_that_very_yield(target):
    def program():
        with pytest.raises(TypeError, match="a task is made of a generator or coroutine"):
            yield NewTask(target)
        return (yield NewTask(idle(1)))

    assert run(program()).value == 2


def test_a_full_task_table_refuses_with_a_clear_error_and_goes_on_when_there_is_room():
    def program():
        tids = []
        for _ in range(2):
            tids.append((yield NewTask(idle())))
        for _ in range(2):
            with pytest.raises(TooManyTasks) as error:
                yield NewTask(idle())
            tids.append(str(error.value))
        yield KillTask(2)
        yield WaitTask(2)
        tids.append((yield NewTask(idle())))
        return tids

    sched = start(program(), tasks=3)
    watch(sched, Exited)
    turn(sched, 10)
    text = "the task table is full (3 tasks): end some before starting more"
    assert outcome(sched, 1).value == [2, 3, text, text, 4]


def test_what_a_full_task_table_refuses_is_closed_without_a_warning():
    ran = []

    def body():
        ran.append("generator")
        yield

    async def coroutine():
        ran.append("coroutine")

    refused: list[Any] = []

    def program():
        for make in (body, coroutine):
            refused.append(make())
            try:
                yield NewTask(refused[-1])
            except TooManyTasks:
                continue
            raise AssertionError("there was no room")

    assert run(program(), tasks=1).ok
    assert refused[0].gi_frame is None
    assert refused[1].cr_frame is None
    refused.clear()
    gc.collect()  # a coroutine that was never awaited would be warned of here
    assert ran == []


def test_a_task_can_be_made_by_a_scheduler_as_well_and_is_refused_there_too():
    sched = start(idle(), tasks=1)
    target = idle()
    with pytest.raises(TooManyTasks):
        sched.new(target)
    assert target.gi_frame is None
    assert list(sched.tasks) == [1]


# -- WaitTask


def ends(how):
    yield
    if isinstance(how, BaseException):
        raise how
    return how


@pytest.mark.parametrize("when", ["before", "after"])
def test_wait_answers_how_a_task_ended_also_if_it_has_ended_before(when):
    error = ValueError("no luck")
    statuses = []

    def program():
        for target in (ends(7), ends(error), idle()):
            yield NewTask(target)
        yield KillTask(4)
        if when == "before":
            yield Sleep(1)
        for tid in (2, 3, 4):
            statuses.append((yield WaitTask(tid)))

    assert run(program()).ok
    value, crash, kill = statuses
    assert value == ExitStatus(2, 7)
    assert crash == ExitStatus(3, None, error)
    assert crash.error.__traceback__ is not None
    assert kill == ExitStatus(4, killed=True)


def test_everybody_who_waits_is_told_in_the_order_of_waiting():
    log = []

    def waits(name):
        log.append((name, (yield WaitTask(1)).value))

    sched = start(ends("end"), waits("a"), waits("b"), waits("c"))
    settle(sched)
    assert log == [("a", "end"), ("b", "end"), ("c", "end")]


def test_a_request_may_wait_and_hears_of_the_end():
    sched = start(ends("end"))
    reply = ask(sched, WaitTask(1))
    sched.inbox.take()
    assert not reply.done()
    settle(sched)
    assert reply.result(0) == ExitStatus(1, "end")


def test_a_task_that_waits_for_its_own_end_is_told_so():
    def program():
        with pytest.raises(ValueError, match="task 1 waits for its own end"):
            yield WaitTask(1)
        return "went on"

    assert run(program()).value == "went on"


@pytest.mark.parametrize("tid", [0, -1, 99, "1", None, 1.5], ids=repr)
def test_what_is_no_task_is_an_error_that_names_it(tid):
    def program():
        for call in (WaitTask(tid), KillTask(tid)):
            with pytest.raises(NoSuchTask) as error:
                yield call
            assert str(error.value) == f"no task {tid!r}"
            assert not error.value.ended

    assert run(program()).ok


def test_what_is_no_whole_number_is_no_task_even_if_it_equals_one():
    def program():
        for tid in ([1], True, 1.0, None):
            for call in (WaitTask, KillTask):
                with pytest.raises(NoSuchTask):
                    yield call(tid)

    assert run(program()).ok


def test_the_last_1000_ended_tasks_are_kept_and_an_older_one_has_a_clear_error():
    def program():
        for _ in range(1001):
            yield NewTask(ends("end"))
        yield Sleep(1)
        with pytest.raises(NoSuchTask) as error:
            yield WaitTask(2)
        assert error.value.ended
        assert str(error.value) == "task 2 ended too long ago: its exit status is no longer kept"
        with pytest.raises(NoSuchTask):
            yield KillTask(2)
        return [(yield WaitTask(3)), (yield WaitTask(1002))]

    assert run(program()).value == [ExitStatus(3, "end"), ExitStatus(1002, "end")]


def test_a_waiter_that_is_killed_leaves_the_others_waiting():
    log = []

    def waits(name):
        log.append((name, (yield WaitTask(1)).value))

    sched = start(sleeper([], 10), waits("a"), waits("b"), waits("c"))
    watch(sched)
    turn(sched)
    sched.kill(sched.tasks[3])
    settle(sched)
    assert log == [("a", "slept"), ("c", "slept")]
    assert outcome(sched, 3).killed


# -- KillTask: what it finds


def sleeper(log: list[Any], seconds: float = 1000.0) -> Any:
    try:
        yield Sleep(seconds)
        return "slept"
    finally:
        log.append("finally")


async def async_sleeper(log: list[Any], seconds: float = 1000.0) -> Any:
    try:
        await Sleep(seconds)
        return "slept"
    finally:
        log.append("finally")


def waiter(log: list[Any], call: Any) -> Any:
    try:
        yield call
        log.append("answered")
    finally:
        log.append("finally")


async def async_waiter(log: list[Any], call: Any) -> Any:
    try:
        await call
        log.append("answered")
    finally:
        log.append("finally")


both = pytest.mark.parametrize("program", [waiter, async_waiter])


def kill(sched: Scheduler, tid: int, grace: float | None = None) -> Any:
    """Kill from outside, as the console does; what does the call answer?"""
    reply = ask(sched, KillTask(tid, grace))
    while not reply.done():
        turn(sched)
    return reply.result(0)


def started(*programs: Any, **doors: Any) -> Scheduler:
    sched = start(*programs, **doors)
    watch(sched, Exited)
    turn(sched)
    return sched


def test_the_body_of_a_task_that_had_not_started_never_runs():
    ran = []

    def body():
        ran.append("generator")
        yield

    async def coroutine():
        ran.append("coroutine")

    def program():
        for make in (body, coroutine):
            tid = yield NewTask(make())
            assert (yield KillTask(tid)) is True
            assert (yield WaitTask(tid)) == ExitStatus(tid, killed=True)

    assert run(program()).ok
    gc.collect()  # a coroutine that was never awaited would be warned of here
    assert ran == []


def test_the_body_of_a_subroutine_that_had_not_started_never_runs():
    log: list[Any] = []

    def body():
        log.append("ran")
        yield

    async def coroutine():
        log.append("ran")

    for make in (body, coroutine):
        log.clear()
        sched = start(caught(log, make()), policy=Policy(1))
        watch(sched)
        turn(sched)  # it is entered, and its turn is over
        kill(sched, 1)
        settle(sched)
        assert log == [("raised", TaskKilled)]
        assert outcome(sched, 1) == ExitStatus(1, killed=True)
    gc.collect()


def test_kill_of_a_ready_task_lands_at_its_next_yield():
    log = []

    def program():
        try:
            yield
            log.append("a step")
            yield GetTid()
            log.append("too far")
        finally:
            log.append("finally")

    sched = started(program())
    assert kill(sched, 1) is True
    settle(sched)
    assert log == ["a step", "finally"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


@both
def test_kill_of_a_sleeping_task_lands_in_its_sleep_and_drops_the_alarm(program):
    log: list[Any] = []
    sched = started(program(log, Sleep(1000)))
    kill(sched, 1)
    turn(sched)
    assert log == ["finally"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)
    assert sched.alarms.live == 0
    assert sched.find(1).queue is None


@both
def test_kill_of_a_task_blocked_on_a_file_takes_it_off_the_file(program):
    log: list[Any] = []
    poller = FedPoller()
    sched = started(program(log, ReadWait(100)), poller=poller)
    assert sched.files.waiting == 1
    kill(sched, 1)
    turn(sched)
    assert log == ["finally"]
    assert sched.files.waiting == 0
    poller.feed(100, 1)
    turn(sched, 3)
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


@both
def test_kill_of_a_task_that_waits_for_an_exit_takes_it_off_that_tasks_queue(program):
    log: list[Any] = []
    sched = started(idle(), program(log, WaitTask(1)))
    kill(sched, 2)
    turn(sched)
    assert log == ["finally"]
    assert not sched.tasks[1].waiters
    kill(sched, 1)
    turn(sched, 2)
    assert outcome(sched, 1) == ExitStatus(1, killed=True)
    assert outcome(sched, 2) == ExitStatus(2, killed=True)


@both
def test_kill_of_a_task_on_a_queue_takes_it_off_and_the_next_one_is_first(program):
    log: list[Any] = []
    queue = WaitQueue()
    sched = started(*(program(log, Park(queue)) for _ in range(3)))
    kill(sched, 2)
    turn(sched)
    assert [caller.tid for caller in queue] == [1, 3]
    kill(sched, 1)
    turn(sched)
    assert [caller.tid for caller in queue] == [3]
    assert log == ["finally"] * 2


def test_kill_inside_a_subroutine_does_not_continue_the_caller():
    log: list[Any] = []

    def sub():
        try:
            yield Sleep(1000)
        finally:
            log.append("sub")

    def program():
        try:
            yield sub()
            log.append("went on")
        finally:
            log.append("program")

    sched = started(program())
    kill(sched, 1)
    settle(sched)
    assert log == ["sub", "program"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


@pytest.mark.parametrize("budget", [1, 64])
@pytest.mark.parametrize("kind", ["generator", "coroutine", "delegated", "mixed"])
def test_kill_in_a_subroutine_50_deep_runs_every_finally_from_the_inside(kind, budget):
    log: list[Any] = []

    def generator(depth):
        try:
            yield (call(depth - 1) if depth else Sleep(1000))
            log.append("went on")
        finally:
            log.append(depth)

    async def coroutine(depth):
        try:
            await (call(depth - 1) if depth else Sleep(1000))
            log.append("went on")
        finally:
            log.append(depth)

    @types.coroutine
    def delegated(depth):
        try:
            yield from (call(depth - 1) if depth else Sleep(1000))
            log.append("went on")
        finally:
            log.append(depth)

    kinds: dict[str, list[Any]] = {
        "generator": [generator],
        "coroutine": [coroutine],
        "delegated": [delegated],
        "mixed": [generator, delegated, coroutine],
    }

    def call(depth):
        # What a coroutine awaits is decorated; what a generator enters is anything.
        return kinds[kind][depth % len(kinds[kind])](depth)

    sched = start(call(50), policy=Policy(budget))
    watch(sched, Exited)
    while sched.tasks[1].state != "blocked":
        turn(sched)
    kill(sched, 1)
    settle(sched)
    assert log == list(range(51))
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


def test_a_task_may_kill_itself():
    log: list[Any] = []

    def program():
        try:
            yield KillTask((yield GetTid()))
            log.append("went on")
        finally:
            log.append("finally")

    def deep():
        yield program()
        log.append("went on")

    for target in (program(), deep()):
        log.clear()
        assert run(target) == ExitStatus(1, killed=True)
        assert log == ["finally"]


@either_style
def test_a_task_that_kills_itself_gets_one_task_killed_and_counts_as_killed_if_it_swallows_it(
    style,
):
    log: list[Any] = []

    def program():
        try:
            yield KillTask(1)
        except TaskKilled:
            log.append("killed")
        log.append((yield KillTask(1)))
        return "a late value"

    assert run(style(program())) == ExitStatus(1, "a late value", killed=True)
    assert log == ["killed", True]


def test_a_task_that_kills_itself_has_a_deadline_as_well():
    def program():
        try:
            yield KillTask(1, 5)
        finally:
            yield Sleep(1000)

    sched = start(program())
    seen = watch(sched, Exited)
    settle(sched)
    assert seen[0].status == ExitStatus(1, killed=True, forced=True)
    assert sched.clock.now() == 5


def test_kill_of_a_dead_task_answers_false_and_changes_nothing():
    def program():
        answers = []
        for target in (ends("end"), ends(ValueError()), idle()):
            tid = yield NewTask(target)
            if tid == 4:
                yield KillTask(tid)
            before = yield WaitTask(tid)
            answers.append((yield KillTask(tid)))
            assert (yield WaitTask(tid)) == before
        return answers

    assert run(program()).value == [False] * 3


def test_a_task_that_is_killed_twice_gets_one_task_killed():
    log: list[Any] = []

    def program():
        try:
            yield Sleep(1000)
        except TaskKilled:
            log.append("killed")
            yield Sleep(1)
            log.append("cleaned up")
            raise

    sched = started(program())
    assert kill(sched, 1) is True
    assert kill(sched, 1) is True
    turn(sched)
    assert kill(sched, 1) is True
    settle(sched)
    assert log == ["killed", "cleaned up"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


@either_style
def test_a_task_that_kills_itself_while_it_is_being_killed_goes_on_with_its_finally(style):
    log: list[Any] = []

    def program():
        try:
            yield Sleep(1000)
        finally:
            log.append((yield KillTask(1)))
            yield
            log.append("tidied up")

    sched = started(style(program()))
    kill(sched, 1)
    settle(sched)
    assert log == [True, "tidied up"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


def test_two_killers_in_one_round_make_one_kill():
    log: list[Any] = []

    def killer():
        return (yield KillTask(1))

    sched = start(waiter(log, Sleep(1000)), killer(), killer())
    watch(sched, Exited)
    settle(sched)
    assert log == ["finally"]
    assert [outcome(sched, tid).value for tid in (2, 3)] == [True, True]


def test_a_task_may_kill_its_own_parent_and_goes_on():
    log: list[Any] = []

    def parent():
        try:
            yield NewTask(child())
            yield Sleep(1000)
        finally:
            log.append("parent")

    def child():
        assert (yield KillTask(1)) is True
        status = yield WaitTask(1)
        log.append(str(status))

    sched = start(parent())
    watch(sched, Exited)
    settle(sched)
    assert log == ["parent", "killed"]
    assert outcome(sched, 2).ok


def test_children_outlive_a_killed_parent():
    def parent():
        yield NewTask(ends("grown up"))
        yield Sleep(1000)

    sched = start(parent())
    watch(sched, Exited)
    sched.cycle(wait=False)
    kill(sched, 1)
    settle(sched)
    assert outcome(sched, 2).value == "grown up"


# -- exactly one outcome


def finishing(how: Any) -> Any:
    yield
    yield
    if isinstance(how, BaseException):
        raise how
    return how


@pytest.mark.parametrize("depth", [1, 2, 20])
@pytest.mark.parametrize("error", [None, ValueError("from below")])
def test_a_kill_lands_at_the_yield_of_the_caller_to_which_the_step_with_the_answer_goes_on(
    depth, error
):
    queue, log = WaitQueue(), []

    def subroutine(levels):
        if levels > 1:
            return (yield subroutine(levels - 1))
        log.append((yield Park(queue)))
        if error is not None:
            raise error
        return "returned"

    def program():
        try:
            log.append((yield subroutine(depth)))
        except ValueError:
            log.append("caught")
        try:
            yield Sleep(1000)
        finally:
            log.append("killed")

    sched = start(program())
    while not queue:
        turn(sched)
    queue.first.answer("answer")
    sched.kill(sched.tasks[1])
    settle(sched)
    assert log == ["answer", "returned" if error is None else "caught", "killed"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


@pytest.mark.parametrize(
    ("rounds", "killed", "answer"),
    [
        (0, True, True),  # not started
        (1, True, True),  # there is one more `yield`, where the kill lands
        (2, False, True),  # there is none: it ends by itself, although it had not when asked
        (3, False, False),  # it has ended
    ],
)
@pytest.mark.parametrize("how", ["value", ValueError("crash")], ids=["returns", "crashes"])
@either_style
def test_a_kill_while_a_task_is_about_to_finish_has_exactly_one_outcome(
    style, how, rounds, killed, answer
):
    sched = start(style(finishing(how)))
    exits = watch(sched, Exited)
    waiting = ask(sched, WaitTask(1))
    sched.inbox.take()
    turn(sched, rounds)
    assert kill(sched, 1) is answer
    settle(sched)
    own = ExitStatus(1, None, how) if isinstance(how, Exception) else ExitStatus(1, how)
    end = ExitStatus(1, killed=True) if killed else own
    assert [event.status for event in exits] == [end]
    assert waiting.result(0) == end
    after = ask(sched, WaitTask(1))
    turn(sched)
    assert after.result(0) == end


def test_a_kill_that_comes_too_late_is_forgotten():
    sched = started(finishing("value"))
    turn(sched)
    kill(sched, 1)
    settle(sched)
    assert outcome(sched, 1) == ExitStatus(1, "value")
    assert not sched.dying
    assert sched.alarms.live == 0


@pytest.mark.parametrize("order", ["alarm first", "kill first", "both in one round"])
def test_a_sleep_that_is_due_together_with_a_kill_has_one_outcome(order):
    log: list[Any] = []

    def program():
        try:
            yield Sleep(1)
            log.append("woke")
            yield
            log.append("went on")
        except TaskKilled:
            log.append("killed")
            raise

    clock = ManualClock()
    sched = started(program(), clock=clock)
    exits = watch(sched, Exited)
    if order == "alarm first":
        clock.advance(1)
        sched.alarms.ring(clock.now())
        kill(sched, 1)
    elif order == "kill first":
        ask(sched, KillTask(1))
        sched.inbox.take()
        clock.advance(1)
    else:
        ask(sched, KillTask(1))
        clock.advance(1)
    settle(sched)
    assert log == (["woke", "killed"] if order == "alarm first" else ["killed"])
    assert [event.status for event in exits] == [ExitStatus(1, killed=True)]
    assert sched.alarms.live == 0


@either_style
@pytest.mark.parametrize("seconds", [1, 2, 3])
def test_a_sleep_in_finally_that_is_due_together_with_the_deadline_of_the_kill_has_one_outcome(
    style, seconds
):
    """All of it while a task holds the kernel: when that lets go, both alarms ring in one round."""
    log: list[Any] = []

    def program():
        try:
            yield Sleep(1000)
        finally:
            yield Sleep(seconds)
            log.append("slept")

    sched = started(style(program()))
    exits = watch(sched, Exited)
    kill(sched, 1, 2)
    turn(sched)
    assert sched.tasks[1].state == "blocked"
    sched.clock.advance(10)
    turn(sched, 3)
    assert [event.status for event in exits] == [ExitStatus(1, killed=True, forced=True)]
    assert log == []
    assert not sched.ready
    assert sched.alarms.live == 0


# -- an answer given is seen


@pytest.mark.parametrize("budget", [1, 64])
def test_an_answer_that_was_given_before_the_kill_is_seen_and_the_kill_lands_after_it(budget):
    log: list[Any] = []
    queue = WaitQueue()

    def program():
        permit = yield Park(queue)
        try:
            log.append(permit)
            yield GetTid()
            log.append("too far")
        finally:
            log.append("given back")

    async def coroutine():
        permit = await Park(queue)
        try:
            log.append(permit)
            await GetTid()
            log.append("too far")
        finally:
            log.append("given back")

    def wake_and_kill(kernel, caller):
        assert queue.first is not None
        queue.first.answer("permit")
        return KillTask(1).run(kernel, caller)

    for target in (program(), coroutine()):
        log.clear()
        sched = start(target, policy=Policy(budget))
        watch(sched, Exited)
        turn(sched)
        ask(sched, Do(wake_and_kill))
        settle(sched)
        assert log == ["permit", "given back"]
        assert outcome(sched, 1) == ExitStatus(1, killed=True)


def test_an_error_that_was_given_before_the_kill_is_seen_as_well():
    log: list[Any] = []
    queue = WaitQueue()

    def program():
        try:
            yield Park(queue)
        except LookupError:
            log.append("failed")
        yield
        log.append("too far")

    sched = started(program())
    sleeping = queue.first
    assert sleeping is not None
    sleeping.fail(LookupError())
    kill(sched, 1)
    settle(sched)
    assert log == ["failed"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


def test_the_step_that_sees_the_answer_may_return_through_subroutines():
    log: list[Any] = []

    def sub():
        return (yield)

    def early():
        yield
        yield "early"

    def program(make):
        try:
            log.append((yield make()))
            yield
            log.append("too far")
        finally:
            log.append("finally")

    for make, seen in ((sub, [None, "finally"]), (early, ["finally"])):
        log.clear()
        sched = started(program(make))
        kill(sched, 1)
        settle(sched)
        assert log == seen
        assert outcome(sched, 1) == ExitStatus(1, killed=True)


def test_the_step_that_sees_the_answer_shows_no_error_of_the_kernel():
    log: list[Any] = []

    def sub():
        return (yield)

    def program():
        yield sub()
        try:
            raise ValueError
        except ValueError as error:
            log.append(error.__context__)
        yield

    sched = started(program())
    kill(sched, 1)
    settle(sched)
    assert log == [None]
    assert outcome(sched, 1).killed


def test_the_call_that_the_kill_takes_the_place_of_is_not_made():
    ran = []

    def child():
        ran.append("child")
        yield

    def program():
        yield
        yield NewTask(child())

    def calls():
        yield
        yield child()

    for target in (program(), calls()):
        sched = started(target)
        kill(sched, 1)
        settle(sched)
        assert sched.last_tid == 1
        assert outcome(sched, 1).killed
    assert ran == []


def test_a_coroutine_that_is_not_called_because_of_a_kill_is_not_warned_of():
    async def child():
        raise AssertionError

    def program():
        yield
        yield child()

    sched = started(program())
    kill(sched, 1)
    settle(sched)
    gc.collect()
    assert outcome(sched, 1).killed


def test_a_started_generator_that_is_yielded_at_the_moment_of_a_kill_cannot_spoil_it():
    def stubborn():
        while True:
            try:
                yield
            except GeneratorExit:
                pass

    def raising():
        try:
            yield
        finally:
            raise LookupError

    def program(inner):
        next(inner)
        yield
        yield inner

    for make in (stubborn, raising):
        sched = started(program(make()))
        kill(sched, 1)
        settle(sched)
        assert outcome(sched, 1) == ExitStatus(1, killed=True)
    gc.collect()


# -- finally


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, Oddity])
def test_an_error_in_finally_completes_the_kill_and_both_are_kept(error):
    def program():
        try:
            yield Sleep(1000)
        finally:
            raise error("while cleaning up")

    sched = started(program(), idle(10))
    kill(sched, 1)
    settle(sched)
    status = outcome(sched, 1)
    assert status.killed
    assert not status.forced
    assert type(status.error) is error
    assert type(status.error.__context__) is TaskKilled
    assert str(status).startswith("killed, then ")
    assert outcome(sched, 2).ok


@either_style
def test_an_error_in_the_finally_of_a_subroutine_goes_up_in_place_of_the_kill_and_keeps_it(style):
    log: list[Any] = []

    def sub():
        try:
            yield Sleep(1000)
        finally:
            yield
            raise ValueError("while cleaning up")

    def program():
        try:
            yield sub()
            log.append("went on")
        finally:
            log.append("finally")

    sched = started(style(program()))
    kill(sched, 1)
    settle(sched)
    status = outcome(sched, 1)
    assert log == ["finally"]
    assert (status.killed, status.forced) == (True, False)
    assert type(status.error) is ValueError
    assert type(status.error.__context__) is TaskKilled


@either_style
def test_a_caller_that_catches_the_error_of_a_finally_has_swallowed_the_kill(style):
    def sub():
        try:
            yield Sleep(1000)
        finally:
            raise ValueError("while cleaning up")

    def program():
        try:
            yield sub()
        except ValueError:
            yield
        return "a late value"

    sched = started(style(program()))
    kill(sched, 1)
    settle(sched)
    assert outcome(sched, 1) == ExitStatus(1, "a late value", killed=True)


def test_finally_may_call_and_wait_and_call_subroutines_within_the_deadline():
    log: list[Any] = []

    def tidy_up():
        yield Sleep(1)
        return "tidy"

    def program():
        try:
            yield Sleep(1000)
        finally:
            log.append((yield GetTid()))
            yield
            log.append((yield tidy_up()))

    async def coroutine():
        try:
            await Sleep(1000)
        finally:
            log.append(await GetTid())
            await Yield()
            await Sleep(1)
            log.append("tidy")

    for target in (program(), coroutine()):
        log.clear()
        sched = started(target)
        kill(sched, 1)
        settle(sched)
        assert log == [1, "tidy"]
        assert outcome(sched, 1) == ExitStatus(1, killed=True)
        assert sched.clock.now() == 1
        assert sched.alarms.live == 0


def test_finally_that_blocks_is_ended_by_force_at_the_deadline_and_taken_off_its_queue():
    log: list[Any] = []
    queue = WaitQueue()

    def program():
        try:
            yield Sleep(1000)
        finally:
            try:
                yield Park(queue)
            finally:
                log.append("forced")

    clock = ManualClock()
    sched = started(program(), clock=clock, grace=3)
    kill(sched, 1)
    turn(sched)
    clock.advance(2.9)
    turn(sched)
    assert log == []
    assert len(queue) == 1
    clock.advance(0.2)
    turn(sched)
    assert log == ["forced"]
    assert len(queue) == 0
    assert outcome(sched, 1) == ExitStatus(1, killed=True, forced=True)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 7.0])
def test_the_deadline_of_a_kill_is_its_own(seconds):
    def program():
        try:
            yield Sleep(1000)
        finally:
            yield Sleep(1000)

    sched = start(program(), grace=2)
    watch(sched, Exited)
    turn(sched)
    kill(sched, 1, seconds)
    settle(sched)
    assert outcome(sched, 1).forced
    assert sched.clock.now() == seconds


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [(60, 5, 5), (5, 60, 5), (60, None, 2), (None, 60, 2), (60, 0, 0), (5, 5, 5)],
)
def test_of_two_deadlines_the_sooner_one_counts(first, second, end):
    def program():
        try:
            yield Sleep(1000)
        finally:
            yield Sleep(1000)

    sched = start(program(), grace=2)
    watch(sched, Exited)
    turn(sched)
    kill(sched, 1, first)
    kill(sched, 1, second)
    settle(sched)
    assert outcome(sched, 1) == ExitStatus(1, killed=True, forced=True)
    assert sched.clock.now() == end
    assert sched.alarms.live == 0


@pytest.mark.parametrize("grace", [-1, math.inf, math.nan, -0.001], ids=repr)
def test_a_grace_that_is_no_time_is_refused_and_nobody_is_killed(grace):
    def program():
        with pytest.raises(ValueError, match="cannot give a task"):
            yield KillTask(2, grace)
        with pytest.raises(TypeError, match="seconds are a number, not 'soon'"):
            yield KillTask(2, "soon")

    sched = start(program(), idle(10))
    settle(sched)
    assert outcome(sched, 1).ok
    assert outcome(sched, 2).ok


def test_a_task_that_swallows_the_kill_may_return_and_counts_as_killed():
    def program():
        try:
            yield Sleep(1000)
        except TaskKilled:
            pass
        yield
        return "a late value"

    sched = started(program())
    kill(sched, 1)
    settle(sched)
    assert outcome(sched, 1) == ExitStatus(1, "a late value", killed=True)
    assert not outcome(sched, 1).ok


def swallowing():
    while True:
        try:
            yield Sleep(1000)
        except TaskKilled:
            pass


def spinning():
    while True:
        try:
            yield
        except TaskKilled:
            pass


def entering():
    while True:
        try:
            yield idle(1)
        except TaskKilled:
            pass


async def swallowing_coroutine():
    while True:
        try:
            await Sleep(1000)
        except TaskKilled:
            pass


def deaf():
    while True:
        try:
            yield
        except BaseException:
            pass


@pytest.mark.parametrize("budget", [1, 64])
@pytest.mark.parametrize("program", [swallowing, spinning, entering, swallowing_coroutine, deaf])
def test_a_task_that_swallows_the_kill_is_forced_and_reported_and_the_system_goes_on(
    program, budget
):
    sched = start(program(), policy=Policy(budget))
    exits = watch(sched, Exited)
    clock = sched.clock
    assert isinstance(clock, ManualClock)
    turn(sched, 5)
    kill(sched, 1)
    turn(sched, 20)
    assert exits == [], "it has its time"
    waiting = ask(sched, WaitTask(1))
    clock.advance(2.5)
    turn(sched, 2)
    assert waiting.result(0).forced
    assert [event.status.forced for event in exits] == [True]
    assert "by force" in str(exits[0])
    assert not sched.tasks
    assert not sched.ready
    assert not sched.dying
    sched.new(ends("after"))
    settle(sched)
    assert outcome(sched, 2).value == "after"
    gc.collect()


def test_a_task_that_is_ended_by_force_while_it_is_ready_has_no_turn_any_more():
    steps = []

    def counting():
        while True:
            steps.append(sched.passes)
            yield

    sched = start(counting(), idle())
    turn(sched, 2)
    sched.force(sched.tasks[1])
    turn(sched, 3)
    assert len(steps) == 2
    assert sched.find(1).status.forced
    assert [task.tid for task in sched.ready] == [2]


def test_a_forced_end_is_logged_when_nobody_watches(caplog):
    sched = start(swallowing())
    turn(sched)
    kill(sched, 1)
    settle(sched)
    assert [record.getMessage() for record in caplog.records] == [
        "task 1 (swallowing) killed by force"
    ]


def test_a_kill_that_does_its_work_is_not_logged(caplog):
    sched = start(idle(), sleeper([]))
    turn(sched)
    kill(sched, 1)
    kill(sched, 2)
    settle(sched)
    assert caplog.records == []


TWO_DEAF = """
from kernel import *

def deaf():
    while True:
        try:
            yield Sleep(1000)
        except BaseException:
            pass

async def deaf_too():
    while True:
        try:
            await Sleep(1000)
        except BaseException:
            pass

def program():
    for target in (deaf(), deaf_too()):
        tid = yield NewTask(target)
        yield
        yield KillTask(tid, 0)
        print((yield WaitTask(tid)).forced)

sched = Scheduler()
sched.trace.subscribe(lambda event: None, Exited)
sched.new(program())
sched.mainloop()
"""


def test_nothing_is_printed_at_the_end_of_a_process_that_forced_a_deaf_task():
    assert printed(TWO_DEAF) == ("True\nTrue\n", "")


# -- and all of it together

STEPS = st.lists(st.sampled_from(["yield", "sleep", "tid", "sub", "wait", "spawn", "kill"]))


@always
@given(st.lists(STEPS, min_size=1, max_size=5), st.integers(1, 4), st.data())
def test_whatever_tasks_do_to_each_other_each_has_exactly_one_outcome(programs, budget, data):
    sched = start(policy=Policy(budget))
    exits = watch(sched, Exited)
    spawns = watch(sched, Spawned)
    entered: set[int] = set()
    left: list[int] = []

    def some_task():
        return data.draw(st.integers(1, sched.last_tid + 1))

    def program(steps):
        me = yield GetTid()
        entered.add(me)
        try:
            for step in steps:
                try:
                    yield from perform(step)
                except (NoSuchTask, ValueError):
                    pass
        finally:
            try:
                if data.draw(st.booleans()):
                    yield Sleep(data.draw(st.integers(0, 3)))
            finally:
                left.append(me)

    def perform(step):
        match step:
            case "yield":
                yield
            case "sleep":
                yield Sleep(1)
            case "tid":
                yield GetTid()
            case "sub":
                yield idle(1)
            case "wait":
                yield WaitTask(some_task())
            case "spawn" if sched.last_tid < 20:
                yield NewTask(program(["yield"]), "child")
            case "kill":
                yield KillTask(some_task())

    for steps in programs:
        sched.new(program(steps))
    for _ in range(1000):
        if not sched.tasks:
            break
        if sched.stuck():  # they wait for each other: end one of them
            sched.kill(next(iter(sched.tasks.values())))
        turn(sched)
        for task in sched.tasks.values():
            assert (task.queue is None) == (task in sched.ready), "ready, or on one queue"
        assert sched.alarms.live <= 2 * len(sched.tasks)
        if not sched.ready:
            sched.clock.advance(1)
    assert not sched.tasks
    assert sorted(event.tid for event in exits) == sorted(event.tid for event in spawns)
    assert all((event.status.killed or event.status.ok) for event in exits)
    assert sorted(left) == sorted(entered), "every `finally` has run, and once"
    assert sched.alarms.live == 0
    assert not sched.dying
    assert all(task.queue is None for task in sched.ended.values())


@pytest.mark.parametrize("grace", [0, 1])
def test_a_kill_surfaces_before_the_end_by_force_however_late_its_turn_comes(grace):
    said = []

    def victim():
        try:
            yield Sleep(100)
        except TaskKilled:
            said.append("killed")
            raise
        finally:
            said.append("finally")

    def killer():
        yield KillTask(1, grace)
        sched.clock.advance(10)  # it holds the kernel for so long

    sched = start(victim(), killer())
    settle(sched)
    assert said == ["killed", "finally"]
    assert not outcome(sched, 1).forced


def test_tasks_that_start_others_without_end_do_not_outlive_the_end_of_all():
    def hydra():
        try:
            yield Sleep(1)
        finally:
            for _ in range(2):
                tid = yield NewTask(hydra())
                yield
                yield Sleep(0)
                del tid

    sched = start(hydra())
    watch(sched, Exited)
    turn(sched)
    clock = sched.clock
    sched.clock.now = lambda: (clock.advance(0.001), clock.time)[1]  # time goes by
    sched.end_all(grace=0.1)
    assert not sched.tasks


def test_a_finally_that_fails_again_and_again_is_ended_by_force_all_the_same():
    """Whenever the deadline comes, an error waits to surface: but it is not that of the kill."""

    def deaf(sock):
        while True:
            try:
                yield Recv(sock, 1)
            except (OSError, TaskKilled):
                pass

    with socket.socket() as closed:
        pass
    sched = start(deaf(closed))
    watch(sched, Exited)
    turn(sched)
    ask(sched, KillTask(1, 1))
    turn(sched, 3)
    sched.clock.advance(1)
    turn(sched)
    assert outcome(sched, 1).forced


def test_a_killed_task_that_is_nowhere_is_ended_at_its_deadline():
    def lost():
        yield Do(lambda kernel, caller: ASLEEP)

    sched = start(lost())
    watch(sched, Exited)
    turn(sched)
    ask(sched, KillTask(1, 1))
    turn(sched)
    sched.ready.clear()
    sched.clock.advance(1)
    turn(sched)
    assert outcome(sched, 1).forced


def test_a_coroutine_for_a_task_that_a_kill_prevents_is_not_warned_of():
    channel, made = Channel(), []

    async def child():
        made.append("must not be reached")

    async def spawner(spawn):
        await ChanRecv(channel)
        await spawn(child())

    async def waiter(spawn):
        await ChanRecv(channel)
        await within(5, child())

    async def parent(spawn):
        async with TaskGroup() as group:
            await ChanRecv(channel)
            await group.spawn(child())

    sched = start(
        *(spawner(call) for call in (NewTask, SpawnLinked, SpawnMonitored)),
        waiter(None),
        parent(None),
    )
    turn(sched, 2)
    for tid in range(1, 6):
        ask(sched, ChanSend(channel, "item"))
        ask(sched, KillTask(tid))
    settle(sched)
    gc.collect()  # a coroutine that was never awaited would be warned of here
    assert made == []


def test_of_many_deadlines_that_come_at_once_none_costs_a_look_at_all_who_are_ready():
    class Ready(deque):
        """To search it would cost a look at each."""

        def __contains__(self, task):
            raise AssertionError("must not be searched")

    sched = start(*(idle() for _ in range(3000)))
    turn(sched)
    sched.ready = Ready(sched.ready)
    for tid in list(sched.tasks):
        ask(sched, KillTask(tid, 0))
    settle(sched)
    assert all(outcome(sched, tid).killed for tid in sched.ended)
