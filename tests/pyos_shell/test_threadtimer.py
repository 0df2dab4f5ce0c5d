"""Laws of the timers that count a thread's processor time, and tell a thread by a signal."""

import signal
import sys
import threading
import time

import pytest

if sys.platform != "linux":
    pytest.skip("platform: no timers for threads", allow_module_level=True)

from pyos_shell.threadtimer import ThreadTimer

from .shell import GUARD, until

NUMBER = signal.SIGRTMAX - 12
SHORT = 0.01
OURS = threading.get_native_id


@pytest.fixture(autouse=True)
def blocked():
    """The signal, for this thread and those that it starts: it waits until somebody takes it."""
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {NUMBER})
    yield
    while signal.sigtimedwait({NUMBER}, 0) is not None:
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, former)


def timer(counted, told):
    return ThreadTimer(counted, told, NUMBER)


def compute(seconds):
    """Use so much processor time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def told():
    return NUMBER in signal.sigpending()


class Sleeper:
    """A thread that sleeps until it is let go, in a `with` block."""

    def __enter__(self):
        self.gone = threading.Event()
        self.thread = threading.Thread(target=self.gone.wait, args=(GUARD,))
        self.thread.start()
        return self.thread.native_id

    def __exit__(self, *error):
        self.gone.set()
        self.thread.join(GUARD)


def test_a_thread_that_computes_is_told_once_it_has_had_so_much_time():
    made = timer(OURS(), OURS())
    made.set(SHORT)
    begun = time.thread_time()
    while not told():
        assert time.thread_time() < begun + GUARD
    assert time.thread_time() - begun > SHORT / 2
    signal.sigtimedwait({NUMBER}, 0)
    compute(3 * SHORT)
    assert not told(), "once only"
    made.delete()


def test_the_time_of_a_thread_that_sleeps_does_not_pass_whatever_others_use():
    with Sleeper() as sleeper:
        made = timer(sleeper, OURS())
        made.set(SHORT)
        compute(10 * SHORT)
        assert not told()
        made.delete()


def test_another_thread_can_be_told_and_nobody_else_is():
    taken = []
    thread = threading.Thread(target=lambda: taken.append(signal.sigtimedwait({NUMBER}, GUARD)))
    thread.start()
    made = timer(OURS(), thread.native_id)
    made.set(SHORT)
    until(lambda: compute(SHORT) or taken)
    assert taken[0].si_signo == NUMBER
    assert not told()
    made.delete()
    thread.join(GUARD)


@pytest.mark.parametrize("end", ["put off", "set anew", "deleted"])
def test_what_was_set_before_does_not_hold_any_more(end):
    made = timer(OURS(), OURS())
    made.set(10 * SHORT)
    if end == "deleted":
        made.delete()
    else:
        made.set(0 if end == "put off" else GUARD)
    compute(30 * SHORT)
    assert not told()


def test_there_is_none_for_a_thread_that_does_not_exist():
    with pytest.raises(OSError, match="Errno"):
        timer(2**30 - 1, OURS())
    with pytest.raises(OSError, match="Errno"):
        timer(OURS(), 2**30 - 1)


def test_to_set_that_of_a_thread_that_has_ended_is_an_error_and_to_delete_it_is_not():
    with Sleeper() as sleeper:
        made = timer(sleeper, OURS())
    until(lambda: raises(made))
    made.delete()


def raises(made):
    """A thread is there for an instant longer than Python knows of it."""
    try:
        made.set(SHORT)
    except OSError:
        return True
    return False
