"""Laws of how an asyncio program that is a task ends early."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kernel import (
    Exited,
    KillTask,
    NewTask,
    OpenScope,
    Scheduler,
    SendSignal,
    Signal,
    Sleep,
    TaskKilled,
    WaitTask,
    call,
    hosted,
)

from ..net import GUARD, descriptors
from ..support import ask, outcome, settle, start, turn, watch


def slept(sched, rounds=20):
    turn(sched, rounds)


def program(log, wait=0.7):
    """A main asyncio task that cleans up with the help of another."""

    async def helper():
        try:
            while True:
                await asyncio.sleep(0.5)
                log.append("help")
        finally:
            await asyncio.sleep(0)
            log.append("helper ends")

    async def main():
        task = asyncio.create_task(helper())
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            await asyncio.sleep(wait)
            log.append(f"main ends, helper is {'gone' if task.done() else 'there'}")

    return main


def test_a_kill_cancels_the_main_asyncio_task_first_and_then_the_others():
    log = []
    sched = start(hosted(program(log)))
    slept(sched)
    sched.kill(sched.find(1))
    settle(sched)
    assert log[0] == "cancelled"
    assert log[-2:] == ["main ends, helper is there", "helper ends"]
    assert "help" in log
    assert str(outcome(sched, 1)) == "killed"


def test_it_is_not_told_of_what_has_not_begun():
    log = []
    sched = start(hosted(program(log)))
    sched.kill(sched.find(1))
    settle(sched)
    assert log == []
    assert outcome(sched, 1).killed


def test_one_that_goes_on_is_ended_by_force_after_its_grace():
    log = []

    async def main():
        while True:
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                log.append("no")

    sched = start(hosted(main), grace=2.0)
    slept(sched)
    before = sched.clock.now()
    sched.kill(sched.find(1))
    settle(sched)
    assert log == ["no"]
    assert sched.clock.now() == before + 2
    assert str(outcome(sched, 1)) == "killed by force"


@pytest.mark.parametrize("way", ["sleep", "timeout"])
def test_one_that_catches_everything_and_awaits_again_does_not_hold_the_machine(way):
    """Without a running loop, or a current task, each would raise at once, and for ever."""
    log = []

    async def nap():
        if way == "sleep":
            await asyncio.sleep(1000)
        async with asyncio.timeout(1000):
            await asyncio.Event().wait()

    async def main():
        while True:
            try:
                await nap()
            except BaseException as error:
                log.append(type(error))
                assert len(log) < 1000

    sched = start(hosted(main), grace=2.0)
    slept(sched)
    sched.kill(sched.find(1))
    settle(sched)
    assert str(outcome(sched, 1)) == "killed by force"
    assert set(log) == {asyncio.CancelledError, GeneratorExit}
    assert asyncio._get_running_loop() is None


@pytest.mark.parametrize("way", ["kill", "force", "interrupt"])
def test_whoever_ends_a_program_that_waits_for_its_threads_does_not_wait_for_them(way):
    gate, log = threading.Event(), []

    def work():
        gate.wait(GUARD)
        log.append("the thread ends")

    async def main():
        asyncio.get_running_loop().run_in_executor(None, work)

    sched = start(hosted(main))
    watch(sched, Exited)
    slept(sched)
    try:
        if way == "interrupt":
            ask(sched, SendSignal(1, Signal.INT))
        else:
            getattr(sched, way)(sched.find(1))
        settle(sched)
        assert outcome(sched, 1).killed == (way != "interrupt")
        assert log == []
    finally:
        gate.set()


def test_an_end_by_force_leaves_nothing_open_and_complains_of_nothing(caplog, recwarn):
    log = []
    sched = Scheduler(clock=start().clock)
    sched.poller.poll(0)
    before = descriptors()
    sched.new(hosted(program(log)))
    slept(sched)
    sched.force(sched.find(1))
    assert descriptors() - before <= {sched.poller.waker.eventfd}
    assert log[0:1] != ["main ends, helper is there"]
    assert not sched.hosts
    assert [record.name for record in caplog.records] == ["pyos"]  # that it was forced
    assert not recwarn.list
    sched.poller.close()


def test_a_cleanup_that_raises_is_told_as_with_any_task():
    async def main():
        try:
            await asyncio.sleep(1000)
        finally:
            raise ValueError("in cleanup")

    sched = start(hosted(main))
    watch(sched, Exited)  # so that nothing is logged
    slept(sched)
    sched.kill(sched.find(1))
    settle(sched)
    assert str(outcome(sched, 1)) == "killed, then ValueError: in cleanup"


def test_an_interrupt_is_a_cancellation_that_comes_out_as_keyboard_interrupt():
    """As of `asyncio.run` on a Ctrl-C."""
    log = []

    def main():
        try:
            asyncio.run(program(log)())
        except KeyboardInterrupt:
            log.append("interrupted")

    sched = start(hosted(main))
    slept(sched)
    ask(sched, SendSignal(1, Signal.INT))
    settle(sched)
    assert log[0] == "cancelled"
    assert log[-3:] == ["main ends, helper is there", "helper ends", "interrupted"]
    assert outcome(sched, 1).ok


def test_an_interrupt_that_the_program_has_got_over_is_forgotten():
    log = []

    async def stubborn():
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            log.append("no")

    def main():
        asyncio.run(stubborn())
        asyncio.run(program(log)())

    sched = start(hosted(main))
    for _ in range(2):
        slept(sched)
        ask(sched, SendSignal(1, Signal.INT))
    watch(sched, Exited)  # so that nothing is logged
    settle(sched)
    assert [line for line in log if line != "help"] == [
        "no", "cancelled", "main ends, helper is there", "helper ends"
    ]  # fmt: skip
    assert isinstance(outcome(sched, 1).error, KeyboardInterrupt)


def test_a_second_interrupt_does_not_wait_for_the_main_asyncio_task():
    log = []
    sched = start(hosted(program(log, wait=100)))
    watch(sched, Exited)  # so that nothing is logged
    slept(sched)
    for _ in range(2):
        ask(sched, SendSignal(1, Signal.INT))
        slept(sched)
    assert log[0] == "cancelled"
    settle(sched)
    assert isinstance(outcome(sched, 1).error, KeyboardInterrupt)
    assert "main ends, helper is there" not in log


def test_a_kill_comes_through_where_an_interrupt_is_not_heeded():
    log = []
    sched = start(hosted(program(log)))
    slept(sched)
    ask(sched, SendSignal(1, Signal.INT))
    slept(sched)
    sched.kill(sched.find(1))
    settle(sched)
    assert str(outcome(sched, 1)) == "killed"


def test_the_deadline_of_a_scope_around_it_cancels_it():
    log = []

    def main():
        with call(OpenScope(5)) as scope:
            asyncio.run(program(log)())
        return scope.caught

    sched = start(hosted(main))
    settle(sched)
    assert [line for line in log if line != "help"] == [
        "cancelled", "main ends, helper is there", "helper ends"
    ]  # fmt: skip
    assert outcome(sched, 1).value is True


def test_a_plain_program_has_the_kill_out_of_asyncio_run():
    log = []

    def main():
        try:
            asyncio.run(program(log)())
        except TaskKilled:
            log.append("killed")
            asyncio.run(asyncio.sleep(0.1))
            log.append("and cleaned up")
            raise

    sched = start(hosted(main))
    slept(sched)
    sched.kill(sched.find(1))
    settle(sched)
    assert log[-2:] == ["killed", "and cleaned up"]
    assert str(outcome(sched, 1)) == "killed"


def test_the_end_of_the_kernel_is_that_of_its_programs():
    log = []
    sched = start(hosted(program(log, wait=0)))
    slept(sched)
    sched.end_all()
    assert log[0] == "cancelled"
    assert log[-1] == "helper ends"
    assert outcome(sched, 1).killed and not outcome(sched, 1).forced


@pytest.mark.parametrize("signal", [Signal.STOP])
def test_one_that_is_stopped_takes_no_step_until_it_is_continued(signal):
    log = []

    async def main():
        while True:
            await asyncio.sleep(1)
            log.append(asyncio.get_running_loop().time())

    def other():
        tid = yield NewTask(hosted(main))
        yield Sleep(2.5)
        yield SendSignal(tid, signal)
        yield Sleep(10)
        yield SendSignal(tid, Signal.CONT)
        yield Sleep(1.2)
        yield KillTask(tid)
        yield WaitTask(tid)

    sched = start(other())
    settle(sched)
    assert log == [1.0, 2.0, 12.5, 13.5]
