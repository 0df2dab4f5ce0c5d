"""Laws of `kernel_call`: system calls of single asyncio tasks."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel import (
    Acquire,
    Answered,
    Called,
    ChanClose,
    Channel,
    ChannelClosed,
    ChanRecv,
    ChanSend,
    Exited,
    GetTid,
    KillTask,
    NewTask,
    Now,
    Receive,
    Release,
    Semaphore,
    SendMessage,
    Sleep,
    WaitTask,
    Yield,
    hosted,
    kernel_call,
)

from ..invariants import check
from ..support import outcome, settle, start, turn, watch


def run(main, *others, **doors):
    """Run a program beside others; what it returns."""
    sched = start(hosted(main), *others, **doors)
    settle(sched)
    status = outcome(sched, 1)
    if status.error is not None:
        raise status.error
    assert status.ok
    return status.value


def test_the_answer_comes_and_only_this_asyncio_task_waits_for_it():
    channel = Channel()
    log = []

    async def ticks():
        while True:
            await asyncio.sleep(1)
            log.append("tick")

    def other():
        yield Sleep(2.5)
        yield ChanSend(channel, "item")

    async def main():
        task = asyncio.create_task(ticks())
        log.append(await kernel_call(ChanRecv(channel)))
        task.cancel()

    run(main, other())
    assert log == ["tick", "tick", "item"]


def test_one_that_is_answered_at_once_does_not_go_through_the_loop():
    log = []

    async def main():
        asyncio.get_running_loop().call_soon(log.append, "a pass of the loop")
        log.append(await kernel_call(GetTid()))
        await asyncio.sleep(0)

    run(main)
    assert log == [1, "a pass of the loop"]


def test_it_leaves_the_asyncio_task_its_context():
    from contextvars import ContextVar

    variable = ContextVar("variable")

    async def main():
        variable.set("mine")
        await kernel_call(GetTid())
        await kernel_call(Sleep(1))
        await asyncio.sleep(1)
        return variable.get()

    assert run(main) == "mine"


def test_an_error_is_raised_at_the_await():
    channel = Channel()

    async def main():
        with pytest.raises(ValueError, match="cannot sleep"):
            await kernel_call(Sleep(-1))
        with pytest.raises(ChannelClosed):
            await kernel_call(ChanRecv(channel))

    def other():
        yield Sleep(1)
        yield ChanClose(channel)

    run(main, other())


def test_to_give_way_gives_way():
    log = []

    async def main():
        for number in range(3):
            await kernel_call(Yield())
            log.append(number)

    def other():
        for number in "abc":
            log.append(number)
            yield

    run(main, other())
    assert sorted(map(str, log)) == [*"012", *"abc"]
    assert log != [0, 1, 2, *"abc"]


def test_many_wait_at_once_each_for_its_own():
    async def main():
        waits = [kernel_call(Sleep(number)) for number in (3, 1, 2)]
        log = []
        for each in asyncio.as_completed([logged(log, each) for each in waits]):
            await each
        return log

    async def logged(log, wait):
        await wait
        log.append(await kernel_call(Now()))

    assert run(main) == [1, 2, 3]


def test_a_cancelled_one_is_off_its_queue_and_nothing_is_lost():
    channel = Channel()

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await kernel_call(ChanRecv(channel))

    def other():
        yield Sleep(2)
        yield ChanSend(channel, "for the other")

    def receiver():
        yield Sleep(1.5)
        return (yield ChanRecv(channel))

    sched = start(hosted(main), other(), receiver())
    settle(sched)
    assert outcome(sched, 1).ok
    assert outcome(sched, 3).value == "for the other"
    check(sched, [channel])


def test_an_answer_that_has_been_given_is_seen_before_a_cancellation():
    """So no permit is lost with an asyncio task that is cancelled just then."""
    semaphore = Semaphore(0)
    log = []

    async def holder():
        await kernel_call(Acquire(semaphore))
        try:
            log.append("has it")
            await asyncio.sleep(1000)
        finally:
            await kernel_call(Release(semaphore))

    async def main():
        task = asyncio.create_task(holder())
        await asyncio.sleep(0)
        await kernel_call(Release(semaphore))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert log == ["has it"]
    assert semaphore.permits == 1


def test_a_timeout_that_comes_too_late_is_void():
    semaphore = Semaphore(0)

    async def taker():
        async with asyncio.timeout(1000) as deadline:
            taken.append(deadline)
            await kernel_call(Acquire(semaphore))
        await asyncio.sleep(1)
        return "went on"

    taken = []

    async def main():
        task = asyncio.create_task(taker())
        await asyncio.sleep(0)
        await kernel_call(Release(semaphore))
        taken[0].reschedule(0)
        return await task

    assert run(main) == "went on"
    assert semaphore.permits == 0


def test_the_program_is_one_task_to_the_kernel():
    async def main():
        tids = {await kernel_call(GetTid()) for _ in range(3)}
        child = await kernel_call(NewTask(sender()))
        message = await kernel_call(Receive())
        await kernel_call(WaitTask(child))
        return tids, message

    def sender():
        yield SendMessage(1, "hello")

    assert run(main) == ({1}, "hello")


def test_a_program_that_kills_itself_is_cancelled_as_by_any_other():
    log = []

    async def main():
        try:
            await kernel_call(KillTask(1))
            log.append("no further")
        finally:
            await asyncio.sleep(1)
            log.append("cleaned up")

    sched = start(hosted(main))
    settle(sched)
    assert str(outcome(sched, 1)) == "killed"
    assert log == ["cleaned up"]


def test_an_end_by_force_takes_the_calls_off_their_queues():
    channel = Channel()

    async def main():
        await kernel_call(ChanRecv(channel))

    sched = start(hosted(main))
    turn(sched, 10)
    assert len(channel.receivers) == 1
    sched.force(sched.find(1))
    assert len(channel.receivers) == 0
    check(sched, [channel])


def test_its_calls_are_traced_with_the_programs_tid():
    async def main():
        await kernel_call(Sleep(1))

    sched = start(hosted(main))
    seen = watch(sched, Called, Answered)
    settle(sched)
    calls = [repr(event.call) for event in seen if isinstance(event, Called)]
    assert "Sleep(1)" in calls
    assert {event.tid for event in seen} == {1}


@pytest.mark.parametrize("trap", [None, 3, GetTid])
def test_what_is_no_call_is_refused(trap):
    async def main():
        await kernel_call(trap)

    sched = start(hosted(main))
    watch(sched, Exited)  # so that nothing is logged
    settle(sched)
    assert "kernel_call makes a system call, such as Sleep(1), not" in str(outcome(sched, 1))


def test_elsewhere_it_says_what_to_do():
    async def main():
        await kernel_call(GetTid())

    with pytest.raises(RuntimeError, match=r"hosted\(main\); elsewhere write await GetTid\(\)"):
        asyncio.run(main())

    sched = start(main())
    watch(sched, Exited)  # so that nothing is logged
    settle(sched)
    assert "NotHosted" in str(outcome(sched, 1))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    waits=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8),
    pauses=st.lists(st.integers(0, 3), max_size=12),
    cancelled=st.dictionaries(st.integers(0, 7), st.integers(0, 8), max_size=4),
)
@example(waits=[(0, 0), (0, 0)], pauses=[0, 0, 0, 0], cancelled={})
def test_no_item_is_lost_or_had_twice_whoever_is_cancelled_or_late(waits, pauses, cancelled):
    """Also where a timeout, a cancellation and an item come in the same instant."""
    channel, had = Channel(100), []

    async def receiver(begin, patience):
        await asyncio.sleep(begin)
        try:
            while True:
                async with asyncio.timeout(patience):
                    had.append(await kernel_call(ChanRecv(channel)))
        except TimeoutError:
            pass

    async def main():
        tasks = [asyncio.create_task(receiver(*times)) for times in waits]
        loop = asyncio.get_running_loop()
        for number, when in cancelled.items():
            if number < len(tasks):
                loop.call_later(when, tasks[number].cancel)
        await asyncio.gather(*tasks, return_exceptions=True)

    def sender():
        for number, pause in enumerate(pauses):
            yield Sleep(pause)
            yield ChanSend(channel, number)

    sched = start(hosted(main), sender())
    settle(sched)
    assert outcome(sched, 1).ok and outcome(sched, 2).ok
    assert sorted([*had, *channel.items]) == list(range(len(pauses)))
    check(sched, [channel])
    sched.poller.close()
