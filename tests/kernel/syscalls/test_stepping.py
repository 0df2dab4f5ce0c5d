"""The whole system held up, and let on step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Event,
    GetStack,
    GetTid,
    KillTask,
    ListTasks,
    Machine,
    NewTask,
    NoSuchTask,
    NotPaused,
    Now,
    Pause,
    Policy,
    Resume,
    Scheduler,
    Scripted,
    Select,
    SendSignal,
    SetEvent,
    Signal,
    Sleep,
    Slow,
    Step,
    Stepped,
    TaskEnded,
    WaitAllBlocked,
    WaitEvent,
    WaitTask,
    Yield,
)

from ..invariants import check
from ..support import GUARD, Do, ask, idle, outcome, settle, start, told, turn, watch


def counts(steps, log, name="x"):
    for number in range(steps):
        log.append((name, number))
        yield


def answer(sched, call):
    """What a call answers that need not wait."""
    reply = ask(sched, call)
    turn(sched)
    return reply.result(0)


# -- pause and resume


def test_in_a_paused_system_no_task_has_a_step_and_requests_are_answered():
    log = []
    sched = start(counts(5, log), counts(5, log))
    assert answer(sched, Pause()) is True
    turn(sched, 10)
    assert log == []
    assert [task.state for task in answer(sched, ListTasks()).tasks] == ["ready", "ready"]
    assert answer(sched, Resume()) is True
    settle(sched)
    assert len(log) == 10


def test_a_second_pause_or_resume_makes_no_difference_and_says_so():
    sched = start(idle())
    assert answer(sched, Resume()) is False
    assert answer(sched, Pause()) is True
    assert answer(sched, Pause()) is False
    assert answer(sched, Resume()) is True


def test_alarms_ring_in_a_paused_system_but_nobody_runs():
    woken = []

    def sleeper():
        yield Sleep(1)
        woken.append((yield Now()))

    sched = start(sleeper())
    turn(sched)
    answer(sched, Pause())
    sched.clock.advance(5)
    turn(sched)
    assert answer(sched, GetStack(1)).state == "ready"
    assert woken == []
    answer(sched, Resume())
    settle(sched)
    assert woken == [5.0]


def test_an_idle_paused_system_sleeps_until_something_is_due():
    slept = []
    sched = start(idle(), Sleeper().run())
    turn(sched)
    answer(sched, Pause())
    sched.poller.poll = lambda timeout: slept.append(timeout) or []
    reply = ask(sched, WaitAllBlocked())
    sched.cycle(wait=False)
    sched.cycle()
    assert slept[-1] == pytest.approx(60)  # not 0, again and again
    assert not reply.done()  # as there is one who only waits for the resume


class Sleeper:
    def run(self):
        yield Sleep(60)


def test_what_is_ready_in_a_paused_system_is_in_no_deadlock():
    event = Event()

    def setter():
        yield
        yield SetEvent(event)

    def waiter():
        yield WaitEvent(event)

    sched = start(setter(), waiter())
    turn(sched)
    answer(sched, Pause())
    assert not sched.stuck()


def test_a_task_may_pause_the_system_and_takes_no_further_step():
    log = []

    def program():
        log.append("before")
        answer = yield Pause()
        log.append(answer)

    sched = start(program(), idle())
    turn(sched, 5)
    assert log == ["before"]
    assert sched.tasks[1].state == "ready"
    answer(sched, Resume())
    turn(sched)
    assert log == ["before", None]


def test_a_kill_in_a_paused_system_has_its_time_when_it_goes_on():
    log = []

    def program():
        try:
            yield Sleep(100)
        finally:
            yield Sleep(1)
            log.append("tidied up")

    sched = start(program(), grace=2.0)
    turn(sched)
    answer(sched, Pause())
    answer(sched, KillTask(1))
    sched.clock.advance(60)
    turn(sched, 3)
    assert outcome_or_none(sched) is None
    answer(sched, Resume())
    settle(sched)
    assert log == ["tidied up"]
    assert not outcome(sched, 1).forced


def test_a_kill_that_does_not_heed_after_the_resume_is_by_force_as_ever():
    def program():
        while True:
            try:
                yield Sleep(1)
            except BaseException:
                pass

    sched = start(program(), grace=2.0)
    turn(sched)
    answer(sched, Pause())
    answer(sched, KillTask(1))
    sched.clock.advance(60)
    turn(sched, 3)
    answer(sched, Resume())
    settle(sched)
    assert outcome(sched, 1).forced


def outcome_or_none(sched):
    return sched.find(1).status


def test_the_end_by_force_needs_no_resume():
    sched = start(idle())
    answer(sched, Pause())
    answer(sched, SendSignal(1, Signal.KILL))
    assert outcome(sched, 1).forced
    check(sched)


def test_a_paused_machine_ends_all_its_tasks_all_the_same():
    tidied = []

    def program():
        try:
            yield Sleep(1000)
        finally:
            yield
            tidied.append(True)

    machine = Machine(Scheduler(stdin=False)).boot()
    machine.call(NewTask(program()), GUARD)
    machine.call(WaitAllBlocked(), GUARD)
    machine.call(Pause(), GUARD)
    assert machine.shutdown(GUARD)
    assert tidied == [True]


# -- step


def steps(sched, count, tid=None):
    """The next steps, in words."""
    said = []
    for _ in range(count):
        reply = ask(sched, Step(tid))
        turn(sched)
        said.append(str(reply.result(0)).replace("test_stepping.py:", ""))
        check(sched)
    return said


def test_a_step_needs_a_pause():
    sched = start(idle())
    with pytest.raises(NotPaused, match="needs a Pause first"):
        answer(sched, Step())


def test_one_step_is_made_at_a_time_in_the_order_of_the_policy():
    log = []
    sched = start(counts(3, log, "a"), counts(3, log, "b"))
    answer(sched, Pause())
    steps(sched, 3)
    assert log == [("a", 0), ("b", 0), ("a", 1)]
    steps(sched, 3, tid=2)
    assert log[3:] == [("b", 1), ("b", 2)]
    assert outcome(sched, 2).ok


def test_the_script_of_a_policy_is_kept_to():
    log = []
    programs = [counts(3, log, name) for name in "abc"]
    sched = start(*programs, policy=Scripted([3, 1, 1]))
    answer(sched, Pause())
    assert answer(sched, ListTasks()).next == 3
    steps(sched, 3)
    assert [name for name, _ in log] == ["c", "a", "a"]


def test_a_step_tells_what_the_task_did_and_who_became_ready():
    event = Event()

    def waiter():
        yield WaitEvent(event)

    def program():
        me = yield GetTid()
        yield sub(me)
        yield SetEvent(event)
        yield NewTask(idle())
        yield
        return 42

    def sub(number):
        yield Sleep(1)
        raise KeyError(number)

    sched = start(waiter(), program())
    answer(sched, Pause())
    line = waiter.__code__.co_firstlineno
    assert steps(sched, 1) == [f"task 1 {line} → {line + 1} calls WaitEvent({event!r}) and waits"]
    line = program.__code__.co_firstlineno
    first, second, third = steps(sched, 3)
    assert first == f"task 2 {line} → {line + 1} calls GetTid() = 2"
    inner = sub.__code__.co_firstlineno
    assert second == f"task 2 {line + 1} → {inner} enters {sub.__qualname__}"
    assert third == f"task 2 {inner} → {inner + 1} calls Sleep(1) and waits"
    sched.clock.advance(1)
    assert steps(sched, 1) == [
        f"task 2 {inner + 1} → {line + 2} leaves {sub.__qualname__} with KeyError: 2"
    ]
    assert steps(sched, 1) == [f"task 2 {line + 2} crashed: KeyError: 2"]


def test_a_step_tells_who_became_ready_by_it_and_how_a_task_ended():
    event = Event()

    def waiter():
        yield WaitEvent(event)

    def program():
        yield SetEvent(event)
        yield NewTask(idle(1))
        yield Yield()
        yield
        return 42

    sched = start(waiter(), program())
    answer(sched, Pause())
    steps(sched, 1)
    line = program.__code__.co_firstlineno
    assert steps(sched, 4, tid=2) == [
        f"task 2 {line} → {line + 1} calls SetEvent({event!r}) = None; ready by it: 1",
        f"task 2 {line + 1} → {line + 2} calls NewTask(idle, None) = 3; ready by it: 3",
        f"task 2 {line + 2} → {line + 3} calls Yield() = None",
        f"task 2 {line + 3} → {line + 4} gives way",
    ]
    assert steps(sched, 1, tid=2) == [f"task 2 {line + 4} ended: 42"]


def test_a_call_that_raises_a_kill_and_a_stop_are_told_as_such():
    def program():
        try:
            yield KillTask(99)
        except NoSuchTask:
            yield
        yield
        yield

    def value():
        yield returns()
        yield

    def returns():
        yield 5

    sched = start(program(), value())
    answer(sched, Pause())
    assert steps(sched, 1, tid=1)[0].endswith(
        "calls KillTask(99, None), which raises NoSuchTask: no task 99"
    )
    assert steps(sched, 1, tid=1)[0].endswith("gives way")
    answer(sched, SendSignal(1, Signal.STOP))
    assert steps(sched, 1, tid=1)[0].endswith("stops")
    answer(sched, SendSignal(1, Signal.CONT))
    answer(sched, KillTask(1))
    assert steps(sched, 1, tid=1)[0].endswith("is told of TaskKilled")
    assert steps(sched, 1, tid=1)[0].endswith("killed")
    assert steps(sched, 2, tid=2)[1].endswith("returns 5 early")


def test_what_happens_to_others_is_not_told_of_a_step():
    event = Event()

    def waiter():
        yield WaitEvent(event)

    def program():
        yield SetEvent(event)

    sched = start(waiter(), program())
    answer(sched, Pause())
    steps(sched, 1)
    assert "= None" in steps(sched, 1)[0]


def test_a_step_waits_until_a_task_is_ready_for_it():
    sched = start(Sleeper().run(), Sleeper().run())
    turn(sched)
    answer(sched, Pause())
    reply = ask(sched, Step(2))
    turn(sched, 3)
    assert not reply.done()
    sched.clock.advance(60)
    turn(sched)
    assert reply.result(0).tid == 2
    assert 1 in sched.tasks


def test_a_step_that_nobody_can_ever_make_is_answered_by_none():
    def program():
        yield WaitEvent(Event())

    sched = start(program())
    turn(sched)
    answer(sched, Pause())
    assert answer(sched, Step()) is None


def test_a_step_that_is_waited_for_ends_with_the_pause_or_with_its_task():
    sched = start(Sleeper().run(), Sleeper().run())
    turn(sched)
    answer(sched, Pause())
    first, second = ask(sched, Step(1)), ask(sched, Step(2))
    turn(sched)
    answer(sched, SendSignal(1, Signal.KILL))
    turn(sched)
    assert first.result(0) is None
    assert not second.done()
    answer(sched, Resume())
    assert second.result(0) is None
    check(sched)


@pytest.mark.parametrize("error", [NoSuchTask, TaskEnded])
def test_a_step_of_nobody_is_an_error(error):
    sched = start(idle(0), idle())
    turn(sched)
    answer(sched, Pause())
    with pytest.raises(error):
        answer(sched, Step(9 if error is NoSuchTask else 1))


def test_a_step_given_up_is_not_made():
    sched = start(Sleeper().run())
    turn(sched)
    answer(sched, Pause())
    reply = ask(sched, Step())
    turn(sched)
    reply.request.fail(TimeoutError())
    sched.clock.advance(60)
    turn(sched)
    assert sched.tasks[1].state == "ready"


def test_a_task_ended_by_force_in_the_ready_queue_takes_nobodys_step():
    log = []
    sched = start(idle(), counts(3, log))
    answer(sched, Pause())
    answer(sched, SendSignal(1, Signal.KILL))
    steps(sched, 1)
    assert log == [("x", 0)]


@given(st.lists(st.integers(1, 3), max_size=12), st.integers(1, 5))
def test_a_run_step_by_step_is_the_run_with_a_budget_of_one(pauses, number):
    """The same calls, answers and ends, in the same order."""

    def program(seconds):
        for each in seconds:
            yield sub(each)
            yield
        return sum(seconds)

    def sub(seconds):
        yield Sleep(seconds)
        return (yield GetTid())

    programs = [pauses[each::number] for each in range(number)]
    free = start(*map(program, programs), policy=Policy(budget=1))
    expected = watch(free)
    settle(free)
    stepped = start(*map(program, programs))
    seen = watch(stepped)
    answer(stepped, Pause())
    while stepped.tasks:
        reply = ask(stepped, Step())
        turn(stepped)
        while not reply.done():
            stepped.clock.time = max(stepped.clock.time, stepped.alarms.due())
            turn(stepped)
    mine = [each for each in told(seen) if each[1]]
    assert mine == [each for each in told(expected) if each[1]]


def test_the_loop_is_as_it_was_after_a_step():
    sched = start(idle(), idle())
    before = sched.policy
    answer(sched, Pause())
    queue = sched.ready
    steps(sched, 2)
    assert sched.policy is before
    assert sched.ready is queue
    assert not sched.trace.calls
    answer(sched, Resume())
    assert sched.brake is None
    assert sched.policy.picker(sched.ready) == sched.ready.popleft


# -- slow


def test_a_slow_system_makes_so_many_steps_a_second():
    log = []
    sched = start(counts(9, log))
    answer(sched, Slow(2))
    made = []
    for _ in range(8):
        turn(sched, 3)
        made.append(len(log))
        sched.clock.advance(0.25)
    assert made == [1, 1, 2, 2, 3, 3, 4, 4]
    assert answer(sched, ListTasks()).rate == 2.0


def test_each_slow_step_is_told_unless_it_is_to_be_silent():
    sched = start(idle())
    events = watch(sched, Stepped)
    answer(sched, Slow(1))
    assert [event.tid for event in events] == [1]
    answer(sched, Slow(1, silent=True))
    turn(sched)
    sched.clock.advance(1)
    turn(sched)
    assert len(events) == 1


def test_a_slow_system_in_which_nothing_can_happen_sets_no_alarm():
    def program():
        yield WaitEvent(Event())

    sched = start(program())
    answer(sched, Slow(10))
    sched.clock.advance(1)
    turn(sched, 2)
    assert sched.stuck()
    assert sched.alarms.live == 0


def test_pause_holds_a_slow_system_up_and_resume_lets_it_run():
    log = []
    sched = start(counts(99, log))
    answer(sched, Slow(1))
    assert answer(sched, Pause()) is True
    sched.clock.advance(10)
    turn(sched, 5)
    assert len(log) == 1
    assert answer(sched, Resume()) is True
    assert sched.alarms.live == 0
    settle(sched)
    assert len(log) == 99


def test_a_task_may_slow_the_system_down():
    log = []

    def program():
        yield Slow(4)
        log.append((yield Now()))

    sched = start(program(), idle())
    for _ in range(8):
        turn(sched)
        sched.clock.advance(0.25)
    assert log


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan"), "fast"])
def test_what_is_no_rate_is_refused(rate):
    sched = start(idle())
    with pytest.raises((ValueError, TypeError)):
        answer(sched, Slow(rate))
    assert sched.brake is None


def test_a_task_ordered_to_step_may_call_for_anything():
    """Also for what changes the very pass that it is in."""

    def program():
        yield Pause()
        yield Do(lambda kernel, caller: kernel.policy.budget)
        yield Resume()

    sched = start(program(), idle(3))
    turn(sched, 2)
    assert steps(sched, 1, tid=1)[0].endswith("= 1")
    reply = ask(sched, Step(1))
    turn(sched)
    assert str(reply.result(0)).endswith("calls Resume() = True")
    assert sched.brake is None
    settle(sched)
    assert outcome(sched, 1).ok


def test_a_task_that_pauses_beside_few_others_has_no_second_turn_in_the_pass():
    """Though a pass over few tasks has several turns."""
    log = []

    def program():
        for number in range(3):
            log.append(number)
            yield Pause()

    machine = Machine(Scheduler(stdin=False)).boot()
    machine.call(NewTask(idle()), GUARD)
    tid = machine.call(NewTask(program()), GUARD)
    reply = machine.submit(WaitTask(tid))
    for number in range(3):
        while not machine.call(ListTasks(), GUARD).paused:
            pass
        assert log[-1] == number
        machine.call(Resume(), GUARD)
    assert reply.result(GUARD).ok
    machine.shutdown(GUARD)


def test_a_task_that_is_killed_as_it_pauses_is_not_answered_twice():
    def program():
        yield Pause()

    def killer():
        yield KillTask(1)

    sched = start(program(), killer())
    turn(sched, 3)
    check(sched)
    assert sched.brake is not None
    answer(sched, Resume())
    settle(sched)
    assert outcome(sched, 1).killed


@pytest.mark.parametrize("call", [Pause(), Slow(1)])
def test_a_pause_is_no_branch_of_a_select(call):
    def program():
        with pytest.raises(TypeError):
            yield Select(call, Sleep(1))
        return "lives"

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value == "lives"
