"""Laws of the samples that tell which tasks use the processor."""

import threading

from kernel import Machine, NewTask, Scheduler, Sleep
from pyos_shell.top.profile import Profile

from ..shell import until


def machine():
    return Machine(Scheduler(stdin=False))


def sampled(profile, times):
    for _ in range(times):
        profile.sample()


def test_a_task_that_holds_the_kernel_has_all_of_the_processor():
    inside, free = threading.Event(), threading.Event()

    def hog():
        inside.set()
        free.wait()
        yield

    with machine() as here:
        tid = here.call(NewTask(hog()))
        inside.wait()
        profile = Profile(here)
        sampled(profile, 20)
        profile.gather()
        free.set()
    assert profile.shares == {tid: 1.0}
    assert profile.processor == 1.0


def test_a_kernel_that_sleeps_uses_no_processor():
    def sleeper():
        yield Sleep(1000)

    with machine() as here:
        here.call(NewTask(sleeper()))
        until(lambda: here.kernel.inbox.asleep)
        profile = Profile(here)
        sampled(profile, 20)
        profile.gather()
    assert profile.shares == {}
    assert profile.processor == 0.0
    assert profile.history[-1][0] == 0.0


def test_an_interval_knows_nothing_of_the_one_before():
    with machine() as here:
        profile = Profile(here)
        profile.seen[7] = 5
        profile.samples = 10
        profile.gather()
        assert profile.shares == {7: 0.5}
        until(lambda: here.kernel.inbox.asleep)
        sampled(profile, 3)
        profile.gather()
        assert profile.shares == {}


def test_the_history_is_bounded():
    with machine() as here:
        profile = Profile(here)
        for _ in range(1_000):
            profile.gather()
    assert len(profile.history) == profile.history.maxlen
