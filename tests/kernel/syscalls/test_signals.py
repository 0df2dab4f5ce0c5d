"""Signals: what a task is told without its asking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Acquire,
    Cancelled,
    Channel,
    ChanRecv,
    ChanSend,
    GetStack,
    GetTid,
    KillTask,
    ListTasks,
    Mutex,
    NewTask,
    NoSuchTask,
    NotATask,
    NotOwner,
    Now,
    OnSignal,
    OpenScope,
    RaiseIn,
    Release,
    Semaphore,
    SendSignal,
    Signal,
    Sleep,
    TaskKilled,
    WaitTask,
    Yield,
)

from ..support import ask, either_style, end, idle, outcome, run, settle, start, turn


def send(tid, *signals, pause=0.0):
    answers = []
    for signal in signals:
        yield Sleep(pause)
        answers.append((yield SendSignal(tid, signal)))
    return answers


@either_style
def test_term_is_a_kill_so_a_finally_runs_and_may_wait(style):
    log = []

    def program():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(1)
            log.append((yield Now()))

    sched = start(style(program()), send(1, Signal.TERM))
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == [1.0]


def test_kill_ends_a_task_at_once_whatever_it_does():
    log = []

    def program():
        try:
            yield Sleep(100)
        finally:
            log.append("finally")
            yield Sleep(100)
            log.append("must not be reached")

    sched = start(program(), send(1, Signal.KILL))
    settle(sched)
    assert outcome(sched, 1).forced
    assert sched.clock.now() == 0
    assert log == ["finally"]


@pytest.mark.parametrize("victims", [[1], [3], [1, 3], [3, 4]])
def test_kill_of_tasks_that_are_ready_does_not_disturb_the_pass(victims):
    def killer():
        for tid in victims:
            assert (yield SendSignal(tid, Signal.KILL)) is True
            assert (yield SendSignal(tid, Signal.KILL)) is False

    sched = start(idle(5), killer(), idle(5), idle(5))
    settle(sched)
    assert outcome(sched, 2).ok
    for tid in (1, 3, 4):
        assert outcome(sched, tid).forced is (tid in victims)


def test_who_kills_itself_runs_no_further():
    log = []

    def program():
        yield SendSignal(1, Signal.KILL)
        log.append("must not be reached")

    assert run(program()).killed
    assert log == []


@either_style
def test_int_is_a_keyboard_interrupt_at_the_yield(style):
    def program():
        try:
            yield Sleep(100)
        except KeyboardInterrupt:
            return (yield Now())

    sched = start(style(program()), send(1, Signal.INT, pause=3))
    settle(sched)
    assert outcome(sched, 1).value == 3.0


def test_a_task_that_does_not_expect_an_int_crashes_by_it_and_it_alone():
    sched = start(idle(), send(1, Signal.INT), idle(9))
    sched.trace.report = lambda *_: None
    settle(sched)
    assert isinstance(outcome(sched, 1).error, KeyboardInterrupt)
    assert outcome(sched, 3).ok


@either_style
def test_a_handler_is_called_at_once_while_the_task_sleeps_on(style):
    log = []

    def program():
        yield OnSignal(Signal.USR1, lambda signal: log.append((signal, sched.clock.now())))
        yield Sleep(10)
        return (yield Now())

    sched = start(style(program()), send(1, Signal.USR1, Signal.USR1, Signal.USR2, pause=2))
    settle(sched)
    assert log == [(Signal.USR1, 2.0), (Signal.USR1, 4.0)]
    assert outcome(sched, 1).value == 10.0
    assert outcome(sched, 2).value == [True, True, False]


def test_what_a_handler_raises_surfaces_at_the_tasks_yield():
    def handler(signal):
        raise LookupError(signal.name)

    def program():
        yield OnSignal(Signal.USR2, handler)
        with pytest.raises(LookupError, match="USR2"):
            yield Sleep(100)
        return (yield Now())

    sched = start(program(), send(1, Signal.USR2))
    settle(sched)
    assert outcome(sched, 1).value == 0
    assert outcome(sched, 2).value == [True]


def test_a_handler_may_take_an_int_and_be_taken_back():
    log = []

    def program():
        assert (yield OnSignal(Signal.INT, log.append)) is None
        yield SendSignal(1, Signal.INT)
        assert (yield OnSignal(Signal.INT, None)) == log.append
        with pytest.raises(KeyboardInterrupt):
            yield SendSignal(1, Signal.INT)
        return "lives"

    assert run(program()).value == "lives"
    assert log == [Signal.INT]


def test_handlers_end_with_their_task():
    def program():
        yield OnSignal(Signal.USR1, print)
        yield

    sched = start(program(), idle(3))
    turn(sched)
    assert sched.handlers
    settle(sched)
    assert not sched.handlers


@pytest.mark.parametrize("signal", [Signal.TERM, Signal.KILL, Signal.STOP, Signal.CONT])
def test_some_signals_cannot_be_handled(signal):
    def program():
        with pytest.raises(ValueError, match=f"{signal.name} cannot be handled"):
            yield OnSignal(signal, print)
        return "lives"

    assert run(program()).value == "lives"


def test_wrong_arguments_are_refused():
    def program():
        with pytest.raises(TypeError, match="a Signal is wanted here, not 'TERM'"):
            yield SendSignal(1, "TERM")
        with pytest.raises(TypeError, match="a handler is a function, not 3"):
            yield OnSignal(Signal.USR1, 3)
        with pytest.raises(NoSuchTask):
            yield SendSignal(9, Signal.TERM)
        return "lives"

    sched = start(program())
    refused = ask(sched, OnSignal(Signal.USR1, print))
    settle(sched)
    assert outcome(sched, 1).value == "lives"
    assert isinstance(refused.exception(0), NotATask)


# -- stop and continue


def counting(log, name):
    while True:
        log.append(name)
        yield


def test_a_stopped_task_has_no_step_until_it_is_continued():
    log = []
    sched = start(counting(log, "a"), counting(log, "b"))
    turn(sched, 2)
    ask(sched, SendSignal(1, Signal.STOP))
    turn(sched)
    del log[:]
    turn(sched, 3)
    assert log == ["b"] * 3
    assert sched.find(1).state == "stopped"
    assert sched.find(1).reason() == "the signal CONT"
    again = ask(sched, SendSignal(1, Signal.STOP))
    ask(sched, SendSignal(1, Signal.CONT))
    turn(sched)
    assert again.result(0) is False
    assert sched.find(1).state == "ready"
    del log[:]
    turn(sched, 2)
    assert log == ["b", "a"] * 2 or log == ["a", "b"] * 2
    not_stopped = ask(sched, SendSignal(1, Signal.CONT))
    turn(sched)
    assert not_stopped.result(0) is False


@either_style
def test_a_stopped_task_keeps_its_place_and_may_be_handed_a_lock(style):
    mutex, log = Mutex("m"), []

    def waiter(name):
        yield Acquire(mutex)
        log.append((name, (yield Now())))
        yield Release(mutex)

    def program():
        yield Acquire(mutex)
        yield NewTask(style(waiter("first")))
        yield NewTask(style(waiter("second")))
        yield Sleep(1)
        yield SendSignal(2, Signal.STOP)
        blocked = (yield GetStack(2)).reason
        yield Release(mutex)
        yield Sleep(1)
        handed = (yield GetStack(2)).reason
        states = [row.state for row in (yield ListTasks()).tasks]
        yield Sleep(1)
        yield SendSignal(2, Signal.CONT)
        return blocked, handed, states

    value = run(program()).value
    assert value[0] == "acquire Mutex m, which task 1 has"
    assert value[1] == "the signal CONT, with the answer to Acquire(<Mutex m>)"
    assert value[2] == ["running", "stopped", "blocked"]
    assert log == [("first", 3.0), ("second", 3.0)]


def test_an_answer_that_comes_while_a_task_is_stopped_is_seen():
    channel = Channel()

    def program():
        return (yield ChanRecv(channel)), (yield Now())

    def controller():
        yield SendSignal(1, Signal.STOP)
        yield ChanSend(channel, "item")
        yield Sleep(5)
        yield SendSignal(1, Signal.CONT)

    sched = start(program(), controller())
    settle(sched)
    assert outcome(sched, 1).value == ("item", 5.0)


def test_an_error_that_comes_while_a_task_is_stopped_is_raised_when_it_goes_on():
    def program():
        with pytest.raises(ZeroDivisionError):
            yield ChanRecv(channel)
        return (yield Now())

    channel = Channel()
    sched = start(program(), send(1, Signal.STOP, Signal.CONT, pause=2))
    turn(sched, 2)
    sched.clock.advance(2)
    turn(sched, 2)
    channel.receivers.first.fail(ZeroDivisionError())
    settle(sched)
    assert outcome(sched, 1).value == 4.0


def test_an_error_and_a_continue_in_the_same_round_are_both_heard():
    channel = Channel()

    def program():
        with pytest.raises(ZeroDivisionError):
            yield ChanRecv(channel)
        return "lives"

    sched = start(program())
    turn(sched, 2)
    sched.find(1).halt()
    channel.receivers.first.fail(ZeroDivisionError())
    sched.find(1).unhalt()
    settle(sched)
    assert outcome(sched, 1).value == "lives"


def test_a_task_may_stop_itself():
    def program():
        answer = yield SendSignal(1, Signal.STOP)
        return answer, (yield Now())

    sched = start(program(), send(1, Signal.CONT, pause=7))
    settle(sched)
    assert outcome(sched, 1).value == (True, 7.0)


@pytest.mark.parametrize("stopped_at", range(5))
def test_a_kill_continues_a_stopped_task_so_that_its_finally_runs(stopped_at):
    log = []

    def program():
        try:
            while True:
                yield Sleep(1)
                yield
                yield Yield()
        finally:
            yield Sleep(1)
            log.append("finally")

    sched = start(program(), idle(9))
    turn(sched, stopped_at)
    sched.find(1).halt()
    turn(sched)
    sched.kill(sched.find(1))
    settle(sched)
    assert outcome(sched, 1).killed
    assert not outcome(sched, 1).forced
    assert log == (["finally"] if stopped_at else [])


def test_the_body_of_a_task_that_is_stopped_and_killed_before_it_began_never_runs():
    log = []
    sched = start(counting(log, "never"))
    sched.find(1).halt()
    turn(sched, 2)
    ask(sched, SendSignal(1, Signal.INT))
    ask(sched, KillTask(1))
    sched.trace.report = lambda *_: None
    settle(sched)
    assert log == []


def test_a_timeout_of_a_stopped_task_is_told_when_it_goes_on():
    def program():
        with (yield OpenScope(1)) as scope:
            yield Sleep(10)
        return scope.caught, (yield Now())

    sched = start(program(), send(1, Signal.STOP), send(1, Signal.CONT, pause=5))
    settle(sched)
    assert outcome(sched, 1).value == (True, 5.0)


def test_int_to_a_stopped_task_that_has_an_answer_is_raised_after_the_answer_was_seen():
    channel, seen = Channel(), []

    def program():
        seen.append((yield ChanRecv(channel)))
        with pytest.raises(KeyboardInterrupt):
            yield Sleep(100)
        return (yield Now())

    def controller():
        yield SendSignal(1, Signal.STOP)
        yield ChanSend(channel, "item")
        yield Sleep(1)
        yield SendSignal(1, Signal.INT)
        yield Sleep(1)
        yield SendSignal(1, Signal.CONT)

    sched = start(program(), controller())
    settle(sched)
    assert seen == ["item"]
    assert outcome(sched, 1).value == 2.0


def test_a_stopped_task_that_is_forced_is_gone():
    sched = start(idle(), send(1, Signal.STOP, Signal.KILL), idle(2))
    settle(sched)
    assert outcome(sched, 1).forced


@given(st.lists(st.sampled_from([Signal.STOP, Signal.CONT, Signal.INT]), max_size=8))
def test_however_often_it_is_stopped_a_task_sees_each_answer_once_and_in_order(signals):
    channel, seen, interrupts = Channel(), [], []

    def program():
        while len(seen) < 8:
            try:
                seen.append((yield ChanRecv(channel)))
            except KeyboardInterrupt:
                interrupts.append(1)

    def controller():
        for number in range(8):
            if number < len(signals):
                yield SendSignal(1, signals[number])
            yield ChanSend(channel, number)
        yield SendSignal(1, Signal.CONT)

    def unstick():
        while 1 in sched.tasks:
            yield Sleep(1)
            yield SendSignal(1, Signal.CONT)

    sched = start(program(), controller(), unstick())
    settle(sched)
    assert seen == list(range(8))
    assert len(interrupts) <= signals.count(Signal.INT)


def test_gettid_of_a_continued_task_answers_as_ever():
    def program():
        yield SendSignal(1, Signal.STOP)
        return (yield GetTid()), (yield WaitTask(2)).ok

    sched = start(program(), send(1, Signal.CONT, pause=1))
    settle(sched)
    assert outcome(sched, 1).value == (1, True)


# -- told of several things at once


@either_style
def test_an_int_and_a_kill_that_come_together_are_both_heard(style):
    channel, heard = Channel(), []

    def program():
        yield ChanRecv(channel)
        for _ in range(2):
            try:
                yield Sleep(100)
            except (KeyboardInterrupt, TaskKilled) as error:
                heard.append(type(error))
        yield Sleep(100)

    sched = start(style(program()))
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    interrupted = ask(sched, SendSignal(1, Signal.INT))
    ask(sched, KillTask(1))
    turn(sched, 9)
    assert interrupted.result(0) is True
    assert heard == [KeyboardInterrupt, TaskKilled]
    end(sched)


@pytest.mark.parametrize("handled", [False, True])
def test_an_int_does_not_take_the_place_of_a_kill_in_a_cleanup(handled):
    semaphore, log = Semaphore(1), []

    async def program():
        if handled:
            await OnSignal(Signal.INT, log.append)
        try:
            async with semaphore:
                await Sleep(100)
        except KeyboardInterrupt:
            log.append("must not be reached")
        await Sleep(100)

    sched = start(program())
    turn(sched, 2)
    ask(sched, KillTask(1))
    interrupted = ask(sched, SendSignal(1, Signal.INT))
    settle(sched)
    assert outcome(sched, 1).killed
    assert interrupted.result(0) is handled
    assert log == [Signal.INT] * handled
    assert semaphore.permits == 1


@pytest.mark.parametrize("count", range(4))
def test_however_often_it_is_told_a_task_gives_back_what_it_has(count):
    channel, semaphore = Channel(), Semaphore(1)

    def program():
        yield Acquire(semaphore)
        yield ChanRecv(channel)
        yield Release(semaphore)
        yield Sleep(100)

    sched = start(program())
    sched.trace.report = lambda *_: None
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    for _ in range(count):
        ask(sched, SendSignal(1, Signal.INT))
    ask(sched, KillTask(1))
    settle(sched)
    assert semaphore.permits == 1


def test_a_kill_is_heard_even_if_what_it_lands_at_fails_itself():
    channel, log = Channel(), []

    def program():
        yield ChanRecv(channel)
        try:
            yield Release(Mutex())
        except NotOwner:
            log.append("must not be reached")
        yield Sleep(1)

    sched = start(program())
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    ask(sched, KillTask(1))
    settle(sched)
    assert outcome(sched, 1).killed
    assert log == []


# -- errors of anybody's choice


@either_style
def test_an_error_is_raised_where_the_task_sleeps(style):
    error = LookupError("of the test")

    def program():
        try:
            yield Sleep(100)
        except LookupError as raised:
            return raised, (yield Now())

    sched = start(style(program()))
    turn(sched)
    reply = ask(sched, RaiseIn(1, error))
    settle(sched)
    assert reply.result(0) is True
    assert outcome(sched, 1).value == (error, 0.0)


def test_a_task_that_raises_in_itself_gets_it_at_once():
    def program():
        with pytest.raises(LookupError):
            yield RaiseIn(1, LookupError())
        return "lives"

    assert run(program()).value == "lives"


def test_an_answer_that_was_given_is_seen_before_the_error():
    log = []

    def program():
        log.append((yield ChanRecv(channel)))
        yield Sleep(100)

    def sender():
        yield ChanSend(channel, "item")
        yield RaiseIn(1, LookupError())

    channel = Channel()
    sched = start(program(), sender())
    sched.trace.report = lambda *_: None
    settle(sched)
    assert log == ["item"]
    assert isinstance(outcome(sched, 1).error, LookupError)


def test_an_error_in_one_that_has_ended_makes_no_difference_and_in_nobody_is_one():
    sched = start(idle(0))
    settle(sched)
    ended, nobody = ask(sched, RaiseIn(1, ValueError())), ask(sched, RaiseIn(9, ValueError()))
    turn(sched)
    assert ended.result(0) is False
    assert isinstance(nobody.exception(0), NoSuchTask)


@pytest.mark.parametrize(
    "error", [None, "text", ValueError, TaskKilled(), Cancelled.__new__(Cancelled)]
)
def test_what_is_no_error_or_comes_in_another_way_is_refused(error):
    sched = start(idle())
    reply = ask(sched, RaiseIn(1, error))
    turn(sched)
    assert isinstance(reply.exception(0), TypeError)


# -- the other names of signals


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        (2, Signal.INT),
        ("9", Signal.KILL),
        (15, Signal.TERM),
        ("SIGUSR1", Signal.USR1),
        ("int", Signal.INT),
    ],
)
def test_a_signal_has_the_names_and_numbers_that_every_system_knows(name, signal):
    assert Signal(name) is signal


@pytest.mark.parametrize("name", ["", "SIG", "HUP", 19, 0, None, "99"])
def test_what_is_no_signal_is_none(name):
    with pytest.raises(ValueError, match="is not a valid Signal"):
        Signal(name)
