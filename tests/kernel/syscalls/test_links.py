"""Laws of monitors and links: who learns of an end, and who ends with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Demonitor,
    Down,
    Exited,
    ExitMessage,
    ExitStatus,
    GetTid,
    Join,
    KillTask,
    LimitMailbox,
    Link,
    LinkBroken,
    MailboxFull,
    Monitor,
    NewTask,
    NoSuchTask,
    NotATask,
    Receive,
    SendMessage,
    SendSignal,
    Signal,
    Sleep,
    SpawnLinked,
    SpawnMonitored,
    TaskFailed,
    TaskGroup,
    TaskKilled,
    TooManyTasks,
    TrapExits,
    Unlink,
)

from ..support import ask, either_style, idle, outcome, run, settle, start, turn, watch

always = settings(derandomize=True, deadline=None, max_examples=100)

#: The ways in which a task ends, and whether they are normal.
ENDS = {"return": True, "crash": False, "kill": False, "force": False}


def ends(how, seconds=1.0):
    """End in this way after a while; those that are killed sleep until they are."""
    yield Sleep(seconds if how in ("return", "crash") else 1e6)
    if how == "crash":
        raise ValueError("broken")
    return "value"


def end(sched, tid, how):
    """Have the task that `ends` so end now."""
    if how == "kill":
        sched.kill(sched.tasks[tid])
    elif how == "force":
        sched.force(sched.tasks[tid])
    else:
        sched.clock.advance(1)
    turn(sched, 3)


def links_to(*tids, then=1e6):
    for tid in tids:
        yield Link(tid)
    yield Sleep(then)


def system(*programs):
    """A scheduler in which crashes are not logged, after a first turn of all."""
    sched = start(*programs)
    watch(sched, Exited)
    turn(sched)
    return sched


# -- monitors


@either_style
@pytest.mark.parametrize("how", ENDS)
def test_a_monitor_tells_of_the_end_however_it_comes(style, how):
    def program():
        reference = yield Monitor(1)
        down = yield Receive()
        return down == Down(reference, 1, down.status), down.status

    sched = system(ends(how), style(program()))
    end(sched, 1, how)
    same, status = outcome(sched, 2).value
    assert same
    assert status == outcome(sched, 1)
    assert status.ok == ENDS[how]


@pytest.mark.parametrize("how", ENDS)
def test_a_monitor_of_an_ended_task_tells_at_once(how):
    def program():
        yield Sleep(5)
        reference = yield Monitor(1)
        down = yield Receive(Down, timeout=0)
        return down.reference is reference, down.status

    sched = system(ends(how), program())
    end(sched, 1, how)
    settle(sched)
    assert outcome(sched, 2).value == (True, outcome(sched, 1))


def test_each_monitor_tells_for_itself_and_once():
    def program():
        first, second = (yield Monitor(1)), (yield Monitor(1))
        downs = [(yield Receive()), (yield Receive())]
        with pytest.raises(TimeoutError):
            yield Receive(timeout=5)
        return [down.reference for down in downs] == [first, second] and first is not second

    sched = start(ends("return"), program())
    settle(sched)
    assert outcome(sched, 2).value is True


def test_a_monitor_is_one_sided():
    def program():
        yield Monitor(1)
        raise ValueError

    sched = system(ends("return"), program())
    settle(sched)
    assert outcome(sched, 1).ok
    assert outcome(sched, 2).crashed


def test_a_monitor_that_is_ended_tells_nothing_any_more():
    def program():
        reference = yield Monitor(1)
        assert repr(reference) == "<Reference to task 1>"
        answers = [(yield Demonitor(reference)), (yield Demonitor(reference))]
        with pytest.raises(TimeoutError):
            yield Receive(timeout=5)
        return answers

    sched = start(ends("return"), program())
    turn(sched)
    assert not sched.tasks[1].waiters
    settle(sched)
    assert outcome(sched, 2).value == [True, False]


def test_to_end_a_monitor_takes_its_message_out_of_the_mailbox_and_no_other():
    def program():
        first, second = (yield Monitor(1)), (yield Monitor(1))
        yield SendMessage((yield GetTid()), "mine")
        yield Sleep(5)
        in_time = yield Demonitor(first)
        rest = [(yield Receive()), (yield Receive())]
        with pytest.raises(TimeoutError):
            yield Receive(timeout=0)
        return in_time, rest[0], rest[1].reference is second

    sched = start(ends("return"), program())
    settle(sched)
    assert outcome(sched, 2).value == (False, "mine", True)


def test_a_full_mailbox_does_not_keep_out_what_the_kernel_tells():
    def program():
        tid = yield GetTid()
        yield LimitMailbox(1)
        yield Monitor(1)
        yield SendMessage(tid, "full")
        yield Sleep(5)
        with pytest.raises(MailboxFull):
            yield SendMessage(tid, "more")
        yield Receive(str)
        return type((yield Receive()))

    sched = start(ends("return"), program())
    settle(sched)
    assert outcome(sched, 2).value is Down


def test_a_monitor_whose_owner_has_ended_leaves_nothing_behind():
    def program():
        for _ in range(3):
            yield Monitor(1)
        yield Sleep(1)

    sched = start(idle(), program())
    turn(sched)
    assert len(sched.tasks[1].waiters) == 3
    sched.kill(sched.tasks[2])
    turn(sched)
    assert not sched.tasks[1].waiters


def test_a_monitor_that_has_told_or_was_ended_leaves_nothing_behind():
    def program():
        tid = yield GetTid()
        yield Monitor((yield NewTask(idle(0))))
        yield Receive()
        places = len(sched.tasks[tid].waiters)
        for _ in range(10):
            yield Demonitor((yield Monitor(1)))
            yield SpawnMonitored(idle(0))
            yield Receive(Down)
        return len(sched.tasks[tid].waiters) - places

    sched = start(asleep(), program())
    turn(sched, 30)
    assert outcome(sched, 2).value == 0
    assert not sched.tasks[1].waiters


def test_whose_monitor_it_is_not_cannot_end_it():
    references = []

    def owner():
        references.append((yield Monitor(1)))
        return (yield Receive()).tid

    def program():
        for reference in (*references, None, 1):
            with pytest.raises(ValueError, match="Demonitor takes an own answer of Monitor, not "):
                yield Demonitor(reference)
        return "lives"

    sched = start(ends("return"), owner(), program())
    settle(sched)
    assert outcome(sched, 2).value == 1
    assert outcome(sched, 3).value == "lives"


def test_what_is_monitored_is_another_task_that_is_known():
    def program():
        with pytest.raises(ValueError, match="task 1 monitors itself"):
            yield Monitor(1)
        for tid in (7, "x", None):
            with pytest.raises(NoSuchTask):
                yield Monitor(tid)
        return "lives"

    assert run(program()).value == "lives"


@either_style
def test_a_task_can_be_monitored_from_its_birth(style):
    def program():
        tid, reference = yield SpawnMonitored(idle(0), "short")
        down = yield Receive()
        return tid, down.tid, down.reference is reference

    sched = start(style(program()))
    settle(sched)
    assert outcome(sched, 1).value == (2, 2, True)


# -- links


@either_style
@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("ending", [1, 2])
def test_a_link_has_no_sides_and_only_an_abnormal_end_breaks_it(style, how, ending):
    def links():
        yield Link(1)
        yield ends(how)

    sched = system(style(ends(how)), style(links()))
    if how in ("return", "crash"):
        end(sched, ending, how)
        settle(sched)
        assert [outcome(sched, tid).ok for tid in (1, 2)] == [ENDS[how]] * 2
        return
    end(sched, ending, how)
    other = outcome(sched, 3 - ending)
    assert other.killed
    assert isinstance(other.error, LinkBroken)
    assert other.error.status == outcome(sched, ending)


def test_who_dies_of_a_link_says_of_whose_end_and_its_finally_runs():
    log = []

    def program():
        try:
            yield from links_to(1)
        except TaskKilled as error:
            log.append(type(error))
            raise
        finally:
            yield Sleep(1)
            log.append("finally")

    sched = system(ends("crash"), program())
    settle(sched)
    status = outcome(sched, 2)
    assert log == [LinkBroken, "finally"]
    words = "killed: its link to task 1 broke: task 1 crashed: ValueError: broken"
    assert str(status) == words
    assert status.killed and not status.ok and not status.crashed
    assert status.error.tid == 1


def test_who_dies_of_a_link_has_the_same_time_as_any_who_is_killed():
    def deaf():
        yield Link(1)
        while True:
            try:
                yield Sleep(1e6)
            except TaskKilled:
                pass

    sched = system(ends("kill"), deaf())
    end(sched, 1, "kill")
    settle(sched)
    assert outcome(sched, 2).forced
    assert sched.clock.now() == sched.grace


def test_of_a_chain_of_ends_all_name_the_first():
    def link(tid):
        yield from links_to(tid)

    sched = system(ends("crash"), *[link(tid) for tid in range(1, 6)])
    settle(sched)
    first = outcome(sched, 1)
    for tid in range(2, 7):
        error = outcome(sched, tid).error
        assert (error.tid, error.status) == (tid - 1, first)
    assert str(outcome(sched, 6).error) == (
        "its link to task 5 broke: task 1 crashed: ValueError: broken"
    )


def test_a_crash_in_finally_is_kept_beside_the_broken_link():
    def program():
        try:
            yield from links_to(1)
        finally:
            raise KeyError("mine")

    sched = system(ends("crash"), program())
    settle(sched)
    status = outcome(sched, 2)
    assert str(status) == "killed, then KeyError: 'mine'"
    assert isinstance(status.error.__context__, LinkBroken)


def test_who_joins_a_task_that_died_of_a_link_is_told_so():
    def program():
        with pytest.raises(TaskFailed, match="task 2 killed: its link to task 1 broke") as failure:
            yield Join(2)
        return type(failure.value.__cause__)

    sched = system(ends("crash"), links_to(1), program())
    settle(sched)
    assert outcome(sched, 3).value is LinkBroken


def test_a_task_that_is_killed_by_a_link_sees_the_answer_that_it_was_given():
    seen = []

    def program():
        yield Link(1)
        seen.append((yield Receive()))
        yield Sleep(1)

    sched = system(ends("kill"), program())
    ask(sched, SendMessage(2, "an answer"))
    ask(sched, KillTask(1))
    turn(sched, 2)
    assert seen == ["an answer"]
    assert isinstance(outcome(sched, 2).error, LinkBroken)


def test_a_task_that_has_not_begun_dies_of_a_link_without_having_run():
    def never():
        raise AssertionError("the body runs")
        yield

    def program():
        yield SpawnLinked(never())
        raise ValueError

    sched = start(program())
    watch(sched, Exited)
    settle(sched)
    assert isinstance(outcome(sched, 2).error, LinkBroken)


def test_between_two_tasks_there_is_one_link_and_either_may_end_it():
    def program():
        yield Link(1)
        yield Link(1)
        yield Sleep(0.5)
        return (yield Unlink(1)), (yield Unlink(1))

    def other():
        yield Link(2)
        yield Sleep(1)
        raise ValueError

    sched = start(other(), program())
    watch(sched, Exited)
    turn(sched)
    assert [len(task.waiters) for task in sched.tasks.values()] == [1, 1]
    settle(sched)
    assert outcome(sched, 2).value == (True, False)
    assert not sched.links.watches


def test_a_link_that_was_ended_breaks_no_more():
    def program():
        yield Link(1)
        yield Unlink(1)
        yield Sleep(5)

    sched = system(ends("crash"), program())
    settle(sched)
    assert outcome(sched, 2).ok


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("traps", [False, True])
def test_a_link_to_an_ended_task_breaks_at_once(how, traps):
    log = []

    def program():
        yield TrapExits(traps)
        yield Sleep(5)
        yield Link(1)
        log.append("goes on")
        if traps:
            log.append((yield Receive(ExitMessage, timeout=0)))

    sched = system(ends(how), program())
    end(sched, 1, how)
    settle(sched)
    first, second = outcome(sched, 1), outcome(sched, 2)
    if traps:
        assert log == ["goes on", ExitMessage(1, first)]
    elif ENDS[how]:
        assert log == ["goes on"]
    else:
        assert log == []
        assert second.killed and second.error.status == first
    assert not sched.links.watches


def test_a_task_that_is_being_killed_survives_a_link_to_one_that_crashed():
    def program():
        try:
            yield Sleep(1e6)
        finally:
            yield Link(1)
            yield SendMessage(3, "finally ran on")

    sched = system(ends("crash"), program(), receives())
    end(sched, 1, "crash")
    sched.kill(sched.tasks[2])
    settle(sched)
    assert outcome(sched, 3).value == "finally ran on"


def receives():
    return (yield Receive())


def test_a_link_to_oneself_is_none():
    def program():
        yield Link((yield GetTid()))
        return (yield Unlink((yield GetTid())))

    sched = start(program())
    settle(sched)
    assert outcome(sched, 1).value is False


@pytest.mark.parametrize("tid", [7, "x", None, True], ids=repr)
def test_what_is_linked_is_a_task_that_is_known(tid):
    def program():
        with pytest.raises(NoSuchTask):
            yield Link(tid)
        return (yield Unlink(tid))

    assert run(program()).value is False


@either_style
def test_a_task_can_be_linked_from_its_birth(style):
    def program():
        yield SpawnLinked(ends("crash", 0), "short-lived")
        yield Sleep(5)

    sched = start(style(program()))
    watch(sched, Exited)
    settle(sched)
    status = outcome(sched, 1)
    assert status.error.status == outcome(sched, 2)


@pytest.mark.parametrize("call", [SpawnLinked, SpawnMonitored])
def test_a_spawn_that_is_refused_leaves_no_link_and_no_monitor(call):
    def program():
        with pytest.raises(TooManyTasks):
            yield call(idle())
        with pytest.raises(TypeError):
            yield call(idle)
        return "lives"

    sched = start(program(), tasks=1)
    settle(sched)
    assert outcome(sched, 1).value == "lives"
    assert not sched.links.watches


@pytest.mark.parametrize(
    "call",
    [
        Monitor(1),
        Demonitor(1),
        Link(1),
        Unlink(1),
        SpawnLinked(None),
        SpawnMonitored(None),
        TrapExits(True),
        LimitMailbox(5),
    ],
)
def test_a_request_from_outside_has_no_links_and_no_monitors(call):
    sched = start(idle(3))
    refused = ask(sched, call)
    turn(sched)
    assert isinstance(refused.exception(0), NotATask)


# -- trapped exits


@either_style
@pytest.mark.parametrize("how", ENDS)
def test_one_that_traps_exits_is_told_and_lives(style, how):
    def program():
        before = yield TrapExits(True)
        yield Link(1)
        message = yield Receive()
        return before, message

    sched = system(ends(how), style(program()))
    end(sched, 1, how)
    settle(sched)
    assert outcome(sched, 2).value == (False, ExitMessage(1, outcome(sched, 1)))


def test_one_that_traps_no_more_dies_like_any_other():
    def program():
        yield TrapExits(True)
        before = yield TrapExits(False)
        assert before is True
        yield from links_to(1)

    sched = system(ends("crash"), program())
    settle(sched)
    assert outcome(sched, 2).killed


def test_a_kill_is_never_trapped():
    def program():
        yield TrapExits(True)
        yield Sleep(1e6)

    sched = system(program())
    sched.kill(sched.tasks[1])
    settle(sched)
    assert outcome(sched, 1).killed


@pytest.mark.parametrize("on", [1, 0, None, "yes"], ids=repr)
def test_exits_are_trapped_or_not(on):
    def program():
        with pytest.raises(TypeError, match=f"TrapExits takes True or False, not {on!r}"):
            yield TrapExits(on)
        return "lives"

    assert run(program()).value == "lives"


def test_one_that_traps_exits_keeps_the_others_from_ending():
    def wall():
        yield TrapExits(True)
        yield from links_to(1, 3)

    sched = start(ends("crash"), wall(), idle())
    watch(sched, Exited)
    turn(sched)
    sched.clock.advance(1)
    turn(sched, 3)
    assert sorted(sched.tasks) == [2, 3]


# -- together with signals and groups


def test_a_kill_by_force_out_of_a_step_breaks_the_links_at_once():
    seen = []

    def program():
        yield Link(1)
        seen.append((yield SendSignal(1, Signal.KILL)))
        seen.append((yield Sleep(0)))

    sched = system(asleep(), program())
    turn(sched, 3)
    assert outcome(sched, 1).forced
    status = outcome(sched, 2)
    assert isinstance(status.error, LinkBroken)
    assert seen == [True], "the answer is seen, and the broken link surfaces at the next yield"


def test_a_stopped_task_is_continued_by_a_broken_link():
    def program():
        try:
            yield from links_to(1)
        finally:
            yield Sleep(1)

    sched = system(ends("kill"), program())
    ask(sched, SendSignal(2, Signal.STOP))
    turn(sched)
    end(sched, 1, "kill")
    settle(sched)
    assert isinstance(outcome(sched, 2).error, LinkBroken)


def test_a_task_of_a_group_that_dies_of_a_link_fails_the_group():
    async def program():
        async with TaskGroup() as group:
            await group.spawn(links_to(1))
            await group.spawn(asleep())

    sched = system(ends("crash"), program())
    settle(sched)
    error = outcome(sched, 2).error
    assert isinstance(error, BaseExceptionGroup)
    assert [type(each) for each in error.exceptions] == [LinkBroken]
    assert not sched.tasks


# -- many


def rest(sched):
    """Turn until all sleep or have ended; how many passes that took."""
    passes = 0
    while sched.ready:
        turn(sched)
        passes += 1
    return passes


def asleep():
    yield Sleep(1e6)


def test_a_circle_of_links_ends_in_as_many_steps_as_it_has_tasks():
    size = 1000
    sched = start(*[links_to(tid % size + 1) for tid in range(1, size + 1)])
    watch(sched, Exited)
    rest(sched)
    sched.kill(sched.tasks[500])
    assert rest(sched) <= size
    assert not sched.tasks
    assert not sched.links.watches
    assert not sched.dying


@pytest.mark.parametrize("first", [1, 5000])
def test_a_star_of_ten_thousand_links_ends_all_and_each_of_the_first(first):
    sched = start(asleep(), *[links_to(1) for _ in range(10_000)])
    exits = watch(sched, Exited)
    rest(sched)
    sched.kill(sched.tasks[first])
    assert rest(sched) < 50, "all at once, not one after the other"
    assert not sched.tasks
    assert not sched.links.watches
    assert not sched.alarms.live
    reasons = {event.status.error.status.tid for event in exits if event.tid != first}
    assert reasons == {first}


def test_a_chain_of_ten_thousand_links_ends_without_recursion():
    def chain(left):
        if left:
            yield SpawnLinked(chain(left - 1))
        yield Sleep(1e6)

    sched = start(chain(10_000))
    watch(sched, Exited)
    rest(sched)
    sched.kill(sched.tasks[1])
    rest(sched)
    assert not sched.tasks


@always
@given(
    st.integers(2, 8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), max_size=20),
    st.sets(st.integers(0, 7)),
    st.integers(0, 7),
    st.sampled_from(["crash", "kill", "force"]),
)
def test_whoever_is_reached_by_links_over_tasks_that_do_not_trap_ends(
    size, steps, trapping, first, how
):
    """The kernel against a graph: ties and cuts in any order, then one end."""
    first %= size
    ties: set[frozenset[int]] = set()

    def program(number):
        if number in trapping:
            yield TrapExits(True)
        if number == first and how == "crash":
            yield Receive("crash".__eq__)
            raise ValueError
        while True:
            tie, other = yield Receive(tuple)
            yield (Link if tie else Unlink)(other + 1)

    sched = start(*[program(number) for number in range(size)])
    watch(sched, Exited)
    turn(sched)
    for one, other, tie in steps:
        one, other = one % size, other % size
        if one == other or (one == first and how == "crash"):
            continue
        ask(sched, SendMessage(one + 1, (tie, other)))
        turn(sched)
        (ties.add if tie else ties.discard)(frozenset((one, other)))
    if how == "crash":
        ask(sched, SendMessage(first + 1, "crash"))
    elif how == "kill":
        sched.kill(sched.tasks[first + 1])
    else:
        sched.force(sched.tasks[first + 1])
    turn(sched, size + 2)
    ended, new = {first}, [first]
    while new:
        dead = new.pop()
        for pair in ties:
            if dead in pair:
                (other,) = pair - {dead}
                if other not in ended and other not in trapping:
                    ended.add(other)
                    new.append(other)
    assert {tid - 1 for tid in sched.tasks} == set(range(size)) - ended
    left = {
        frozenset((one - 1, other - 1)) for one, to in sched.links.watches.items() for other in to
    }
    assert left == {pair for pair in ties if not pair & ended}


def test_the_messages_of_the_kernel_are_values():
    status = ExitStatus(5, "value")
    assert ExitMessage(5, status) == ExitMessage(5, ExitStatus(5, "value"))
    with pytest.raises(AttributeError):
        ExitMessage(5, status).tid = 6


def test_what_a_spawned_task_is_told_by_new_task_is_the_same():
    def program():
        return [(yield NewTask(idle(0), "a")), (yield SpawnLinked(idle(0), "b"))]

    sched = start(program())
    turn(sched)
    assert [sched.tasks[tid].name for tid in (2, 3) if tid in sched.tasks] == ["a", "b"]
    assert outcome(sched, 1).value == [2, 3]
