"""Laws of the shares of the processor, as the watchdog's looks tell them."""

import threading

import pytest

from kernel import Machine, NewTask, Scheduler, Sleep
from kernel.shares import LONGEST, MOST, WINDOW, Shares

from .net import GUARD


def looked(shares, tid, times, begin=0.0, every=0.05):
    """So many looks that have all found this task; when the last one was."""
    for number in range(1, times + 1):
        shares.note(begin + number * every, tid, every)
    return begin + times * every


def test_who_is_found_at_every_look_has_all_of_it_and_two_in_turn_half_each():
    shares = Shares()
    now = looked(shares, 7, 200)
    assert shares.gathered(now) == {7: pytest.approx(1.0, abs=0.02)}
    for number in range(100):
        shares.note(now + number * 0.05, number % 2, 0.05)
    found = shares.gathered(now + 99 * 0.05)
    assert found[0] == pytest.approx(0.5, abs=0.02)
    assert found[1] == pytest.approx(0.5, abs=0.02)


def test_what_is_longer_ago_does_not_count():
    shares = Shares()
    now = looked(shares, 7, 20)
    assert 7 in shares.gathered(now + WINDOW / 2)
    assert shares.gathered(now + WINDOW + 1) == {}
    looked(shares, 8, 1, begin=now + WINDOW + 1)
    assert {tid for _, tid, _ in shares.looks} == {8}


def test_a_look_after_a_long_time_does_not_stand_for_all_of_it():
    shares = Shares()
    shares.note(100.0, 7, 60.0)
    assert shares.gathered(100.0) == {7: LONGEST / WINDOW}


def test_no_share_is_more_than_all():
    shares = Shares()
    now = looked(shares, 7, 100, every=0.09)
    assert max(shares.gathered(now).values()) <= 1.0


def test_looks_that_come_very_often_are_not_kept_without_end():
    shares = Shares()
    looked(shares, 7, MOST + 100, every=1e-5)
    assert len(shares.looks) == MOST


def await_looks(machine, times):
    """Wait until the watchdog has looked so often."""
    looks, look = threading.Semaphore(0), machine.watchdog.look
    machine.watchdog.look = lambda: (look(), looks.release())[0]
    for _ in range(times):
        assert looks.acquire(timeout=GUARD)


def test_a_machine_tells_who_had_its_processor_and_not_who_slept():
    inside, free = threading.Event(), threading.Event()

    def hog():
        yield
        inside.set()
        free.wait()

    def sleeper():
        yield Sleep(1000)

    with Machine(Scheduler(stdin=False)) as machine:
        machine.call(NewTask(sleeper()), GUARD)
        tid = machine.call(NewTask(hog()), GUARD)
        try:
            assert inside.wait(GUARD)
            await_looks(machine, 5)
            assert set(machine.shares()) == {tid}
        finally:
            free.set()


def test_a_machine_that_has_not_been_booted_has_no_shares():
    assert Machine(Scheduler(stdin=False)).shares() == {}
