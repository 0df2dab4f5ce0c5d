"""Laws of who writes the stacks: whose time counts, where it goes, and that nobody is harmed."""

import ctypes
import faulthandler
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from kernel import GetTid, Machine, Scheduler
from kernel.machine import KERNEL_THREAD
from kernel.watchdog import WATCHDOG_THREAD
from pyos_shell import stackalarm
from pyos_shell.stackalarm import KNOCKING, MOST, AllAtOnce, EachItsOwn, pairs, stack_alarm

from .shell import GUARD, until

linux = pytest.mark.skipif(sys.platform != "linux", reason="platform: no timers for threads")


class Timer:
    """One that notes how it was set last, and never comes."""

    refused = False

    def __init__(self, counted, told, number):
        if self.refused:
            raise OSError
        self.counted, self.told = counted, told
        self.seconds = 0
        self.deleted = False

    def set(self, seconds):
        assert not self.deleted
        self.seconds = seconds
        if self.refused:
            raise OSError

    def delete(self):
        assert not self.deleted
        self.deleted = True


@pytest.fixture
def alarm(monkeypatch, tmp_path):
    """One whose timers are such, and the file that it writes to."""
    monkeypatch.setattr("pyos_shell.threadtimer.ThreadTimer", Timer)
    alarm = EachItsOwn()
    with open(tmp_path / "stacks", "w") as alarm.file:
        yield alarm
    if alarm.fd >= 0:
        faulthandler.unregister(alarm.signal)
        os.close(alarm.fd)


class Parked:
    """A thread that waits until it is let go, in a `with` block."""

    def __init__(self, name=None):
        self.gone = threading.Event()
        self.thread = threading.Thread(target=self.gone.wait, args=(GUARD,), name=name)

    def __enter__(self):
        self.thread.start()
        return self.thread

    def __exit__(self, *error):
        self.gone.set()
        self.thread.join(GUARD)


@linux
def test_each_thread_answers_for_its_own_time_and_the_kernels_for_the_watchdogs(alarm):
    with Parked(KERNEL_THREAD) as kernel, Parked(WATCHDOG_THREAD) as watchdog, Parked() as other:
        alarm.arm(5.0, alarm.file.fileno())
        for thread in (kernel, other, threading.current_thread()):
            timer = alarm.timers[thread, thread]
            assert (timer.counted, timer.told) == (thread.native_id, thread.native_id)
            assert timer.seconds == 5.0
        knocking = alarm.timers[watchdog, kernel]
        assert (knocking.counted, knocking.told) == (watchdog.native_id, kernel.native_id)
        assert knocking.seconds == 5.0 * KNOCKING
        assert (watchdog, watchdog) not in alarm.timers, "its stack says nothing"


@linux
def test_who_has_ended_is_forgotten_and_who_has_begun_is_covered_while_it_is_armed(alarm):
    with Parked() as first:
        alarm.arm(5.0, alarm.file.fileno())
        ended = alarm.timers[first, first]
    with Parked() as second:
        alarm.cover()
        assert alarm.timers[second, second].seconds == 5.0
        assert ended.deleted
        assert (first, first) not in alarm.timers
        alarm.disarm()
        assert {timer.seconds for timer in alarm.timers.values()} == {0.0}
        with Parked() as third:
            alarm.cover()
            assert (third, third) not in alarm.timers
            alarm.arm(1.0, alarm.file.fileno())
            assert {timer.seconds for timer in alarm.timers.values()} == {1.0}


@linux
def test_the_signal_is_never_awaited_where_nobody_would_handle_it(alarm):
    alarm.arm(5.0, -1)
    assert not alarm.timers
    alarm.arm(5.0, alarm.file.fileno())
    own = alarm.fd
    alarm.arm(7.0, -1)
    assert alarm.fd == own, "the former will do"
    assert {timer.seconds for timer in alarm.timers.values()} == {7.0}


@linux
def test_what_is_written_to_stays_open_for_a_signal_that_comes_late_and_then_is_closed(alarm):
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        alarm.arm(5.0, alarm.file.fileno())
        assert alarm.fd != alarm.file.fileno()
        assert os.path.samestat(os.fstat(alarm.fd), os.fstat(alarm.file.fileno()))
        assert not os.get_inheritable(alarm.fd)
    assert len(list(descriptors.iterdir())) == before + 1


@linux
def test_a_system_that_has_no_more_timers_or_threads_that_end_just_then_do_no_harm(
    alarm, monkeypatch
):
    monkeypatch.setattr(Timer, "refused", True)
    alarm.arm(5.0, alarm.file.fileno())
    assert not alarm.timers
    monkeypatch.setattr(Timer, "refused", False)
    alarm.arm(5.0, alarm.file.fileno())
    monkeypatch.setattr(Timer, "refused", True)
    alarm.disarm()
    assert {timer.seconds for timer in alarm.timers.values()} == {0.0}


def test_no_more_threads_than_so_many_are_looked_after():
    threads = [threading.current_thread(), *(threading.Thread() for _ in range(3 * MOST))]
    assert pairs(threads) == {(threads[0], threads[0])}, "the others have not begun"
    for thread in threads:
        thread._native_id = 1
    assert len(pairs(threads)) == MOST


@linux
@pytest.mark.parametrize("trouble", ["no module", "forbidden"])
def test_where_the_system_has_no_such_timers_all_is_written_at_once(monkeypatch, trouble):
    assert isinstance(stack_alarm(), EachItsOwn)
    if trouble == "forbidden":
        monkeypatch.setattr(Timer, "refused", True)
        monkeypatch.setattr("pyos_shell.threadtimer.ThreadTimer", Timer)
    else:
        monkeypatch.setitem(sys.modules, "pyos_shell.threadtimer", None)
    assert isinstance(stack_alarm(), AllAtOnce)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_all_is_written_at_once(monkeypatch, platform):
    monkeypatch.setattr(stackalarm.sys, "platform", platform)
    done = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda *args, **kwargs: done.append((args, kwargs))
    )
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: done.append("off"))
    alarm = stack_alarm()
    alarm.arm(5.0, 99)
    alarm.cover()
    alarm.disarm()
    assert done == [((5.0,), {"file": 99}), "off"]


# -- the signal


def sleeps(thread):
    """Whether it is in a system call; so whoever reads its frames finds them at rest."""
    stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "S"


@linux
def test_a_kernel_that_sleeps_writes_its_stack_and_sleeps_on(alarm, tmp_path):
    with Machine(Scheduler(stdin=False)) as machine:
        alarm.arm(5.0, alarm.file.fileno())
        until(lambda: machine.kernel.inbox.asleep and sleeps(machine.thread))
        signal.pthread_kill(machine.thread.ident, alarm.signal)
        until(lambda: "_bootstrap\n" in (tmp_path / "stacks").read_text())
        assert machine.call(GetTid()) == 0
    written = (tmp_path / "stacks").read_text()
    assert written.count("most recent call first") == 1, "its own, and no other"
    assert "in poll" in written


@linux
def test_a_call_of_c_code_that_blocks_goes_on_after_it(alarm, tmp_path):
    reader, writer = os.pipe()
    answers = []

    def read():
        room = ctypes.create_string_buffer(1)
        answers.append((ctypes.CDLL(None).read(reader, room, 1), room.raw))

    thread = threading.Thread(target=read)
    thread.start()
    alarm.arm(5.0, alarm.file.fileno())
    until(lambda: sleeps(thread))
    signal.pthread_kill(thread.ident, alarm.signal)
    until(lambda: "in read\n" in (tmp_path / "stacks").read_text())
    assert not answers
    os.write(writer, b".")
    thread.join(GUARD)
    assert answers == [(1, b".")]
    os.close(reader)
    os.close(writer)
