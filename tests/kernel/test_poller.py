"""Laws of the pollers; every one of them, by the same tests."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import ExitStack, contextmanager, suppress

import pytest

from kernel import EpollPoller, KqueuePoller, Recv, Scheduler, SelectPoller, Sleep, TooManyFiles
from kernel.poller import READ, TROUBLE, WRITE, Waker, best_poller

from . import kqueue
from .net import (
    GUARD,
    ROOT,
    counted,
    descriptors,
    many_switches,
    no_descriptor_left,
    note,
    number_of_no_file,
    pairs,
    settle,
    until,
)

CLASSES = [EpollPoller, KqueuePoller, SelectPoller]


def install(cls, monkeypatch):
    if cls is EpollPoller and not hasattr(select, "epoll"):
        pytest.skip("platform: no epoll")
    if cls is KqueuePoller:
        kqueue.provide(monkeypatch)


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.name)
def cls(request, monkeypatch):
    install(request.param, monkeypatch)
    return request.param


@pytest.fixture(params=["eventfd", "pair"])
def waker(request, monkeypatch):
    """Both kinds of waker, where there are both."""
    if request.param == "pair":
        monkeypatch.delattr(os, "eventfd", raising=False)
    elif not hasattr(os, "eventfd"):
        pytest.skip("platform: no eventfd")


@pytest.fixture
def poller(cls):
    poller = cls()
    yield poller
    poller.close()


@pytest.fixture
def pair():
    with pairs(1) as [(near, far)]:
        near.setblocking(False)
        yield near, far


def directions(poller, fd):
    """What the poller tells of `fd` now, both directions for trouble."""
    found = 0
    for ready, events in poller.poll(0):
        assert ready == fd
        assert events
        if events & ~WRITE:
            found |= READ
        if events & ~READ:
            found |= WRITE
    return found


def is_woken(poller):
    """Whether a sleep of the poller ends before its time."""
    start = time.monotonic()
    poller.poll(GUARD)
    return time.monotonic() - start < GUARD


# -- readiness


def test_nothing_watched_is_nothing_told(poller):
    assert poller.poll(0) == []
    assert poller.poll(0.001) == []


def test_a_file_is_told_of_once_it_can_be_read(poller, pair):
    near, far = pair
    poller.watch(near.fileno(), READ)
    assert directions(poller, near.fileno()) == 0
    far.send(b"!")
    assert directions(poller, near.fileno()) == READ


def test_a_file_is_told_of_in_every_round_until_it_is_read(poller, pair):
    near, far = pair
    poller.watch(near.fileno(), READ)
    far.send(b"!")
    assert [directions(poller, near.fileno()) for _ in range(3)] == [READ] * 3
    near.recv(1)
    assert directions(poller, near.fileno()) == 0


def test_a_file_is_told_of_once_it_can_be_written(poller, pair):
    near, far = pair
    poller.watch(near.fileno(), WRITE)
    assert directions(poller, near.fileno()) == WRITE
    with suppress(BlockingIOError):
        while True:
            near.send(b"." * 65536)
    assert directions(poller, near.fileno()) == 0
    with suppress(BlockingIOError):
        far.setblocking(False)
        while True:
            far.recv(1 << 20)
    assert directions(poller, near.fileno()) == WRITE


def test_only_what_was_asked_for_is_told(poller, pair):
    near, far = pair
    fd = near.fileno()
    far.send(b"!")
    for interest in (READ, WRITE, READ | WRITE, WRITE, READ, READ | WRITE):
        poller.watch(fd, interest)
        assert directions(poller, fd) == interest
        poller.watch(fd, 0)
        assert directions(poller, fd) == 0


def test_an_interest_is_changed_without_a_stop_in_between(poller, pair):
    near, far = pair
    fd = near.fileno()
    far.send(b"!")
    for interest in (READ, WRITE, READ | WRITE, READ | WRITE, WRITE, READ):
        poller.watch(fd, interest)
        assert directions(poller, fd) == interest


def test_to_stop_watching_twice_is_harmless(poller, pair):
    near, _ = pair
    poller.watch(near.fileno(), READ)
    poller.watch(near.fileno(), 0)
    poller.watch(near.fileno(), 0)
    poller.watch(number_of_no_file(), 0)
    assert poller.poll(0) == []


@pytest.mark.parametrize("interest", [READ, WRITE])
def test_a_peer_that_has_left_is_told_in_both_directions(poller, pair, interest):
    near, far = pair
    poller.watch(near.fileno(), interest)
    far.close()
    assert directions(poller, near.fileno()) & interest


def test_a_half_closed_stream_is_readable_for_ever(poller, pair):
    near, far = pair
    poller.watch(near.fileno(), READ)
    far.shutdown(socket.SHUT_WR)
    for _ in range(3):
        assert directions(poller, near.fileno()) == READ
        assert near.recv(1) == b""


def test_many_files_are_all_told_of(poller):
    with pairs(200) as made:
        for near, far in made:
            poller.watch(near.fileno(), READ)
            far.send(b"!")
        assert {fd for fd, _ in poller.poll(0)} == {near.fileno() for near, _ in made}


def test_a_sleep_ends_when_a_file_gets_ready(poller, pair):
    near, far = pair
    poller.watch(near.fileno(), READ)
    poller.poll(0)
    threading.Thread(target=far.send, args=[b"!"]).start()
    assert is_woken(poller)
    assert directions(poller, near.fileno()) == READ


# -- files that are closed


def test_a_number_that_is_not_open_is_refused(poller):
    poller.poll(0)  # it takes some numbers itself
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        poller.watch(number_of_no_file(), READ)
    assert caught.value.errno == errno.EBADF
    assert poller.interests == {}


def test_a_closed_file_does_not_break_the_poller(poller):
    with pairs(2) as [(gone, _), (near, far)]:
        poller.watch(gone.fileno(), READ)
        poller.watch(near.fileno(), READ)
        gone_fd = gone.fileno()
        gone.close()
        far.send(b"!")
        told = poller.poll(0)
        if poller.name == "select":  # it cannot watch the others until this one is gone
            assert told == [(gone_fd, TROUBLE)]
            poller.watch(gone_fd, 0)
            told = poller.poll(0)
        assert told == [(near.fileno(), READ)]


def test_a_new_file_of_an_old_number_can_be_watched(poller):
    for _ in range(3):
        near, far = socket.socketpair()
        with near, far:
            poller.watch(near.fileno(), READ | WRITE)
            assert directions(poller, near.fileno()) == WRITE
            far.send(b"!")
            assert directions(poller, near.fileno()) == READ | WRITE


def test_a_new_file_of_an_old_number_is_not_told_of_unasked(poller):
    near, far = socket.socketpair()
    fd = near.fileno()
    poller.watch(fd, READ)
    poller.poll(0)
    near.close()
    far.close()
    with pairs(1) as [(new_near, new_far)]:
        assert fd in (new_near.fileno(), new_far.fileno())
        new_near.send(b"!")
        new_far.send(b"!")
        # select knows numbers only; it is the kernel that tells the files apart.
        assert poller.poll(0) == ([(fd, READ)] if poller.name == "select" else [])


def test_a_rebuilt_poller_tells_of_all_but_what_is_closed(poller):
    with pairs(3) as made:
        for near, far in made:
            poller.watch(near.fileno(), READ)
            far.send(b"!")
        made[0][0].close()
        poller.rebuild()
        told = poller.poll(0)
        assert sorted(told) == sorted((near.fileno(), READ) for near, _ in made[1:])


def test_rebuilding_is_rid_of_a_file_that_is_still_open_under_another_number(poller):
    with pairs(1) as [(near, far)]:
        fd = near.fileno()
        poller.watch(fd, READ)
        with near.dup() as duplicate:
            near.close()
            far.send(b"!")
            with suppress(OSError):
                poller.watch(fd, 0)
            poller.rebuild()
            assert poller.poll(0) == []
            assert duplicate.recv(1) == b"!"


def test_a_file_on_disk_is_always_ready(poller):
    with tempfile.TemporaryFile() as file:
        file.write(b"some text")
        file.flush()
        for place in (0, 9):  # at its end, too
            file.seek(place)
            for interest in (READ, WRITE, READ | WRITE):
                try:
                    poller.watch(file.fileno(), interest)
                except PermissionError:
                    assert poller.interests == {}
                else:
                    assert directions(poller, file.fileno()) == interest


def test_the_poller_does_not_let_its_own_descriptor_be_watched(poller, waker):
    poller.poll(0)
    with pytest.raises(OSError, match="own"):
        poller.watch(poller.waker.fds[0], READ)
    with pytest.raises(OSError, match="own"):
        poller.watch(poller.waker.fds[0], 0)
    poller.wake()
    assert is_woken(poller)


# -- waking


def test_a_wake_before_the_sleep_ends_it(poller, waker):
    poller.poll(0)
    for _ in range(3):
        poller.wake()
        assert is_woken(poller)


def test_a_wake_before_the_very_first_sleep_ends_it(poller, waker):
    poller.wake()
    assert is_woken(poller)


def test_a_wake_while_the_poller_gets_its_waker_is_not_lost(poller, waker, monkeypatch):
    class Slow(Waker):
        def __init__(self, *arguments):
            poller.wake()
            super().__init__(*arguments)
            poller.wake()

    monkeypatch.setattr("kernel.poller.Waker", Slow)
    assert is_woken(poller)


def test_a_wake_between_two_openings_is_not_lost(poller, waker):
    poller.poll(0)
    poller.close()
    poller.wake()
    assert is_woken(poller)


def test_a_wake_is_no_event(poller, waker):
    poller.poll(0)
    poller.wake()
    assert poller.poll(GUARD) == []


def test_after_a_wake_the_poller_sleeps_again(cls, waker):
    poller = counted(cls)
    poller.poll(0)
    poller.wake()
    poller.wake()
    poller.poll(GUARD)
    thread = threading.Thread(target=poller.poll, args=[None])
    thread.start()
    assert poller.asleep.wait(GUARD)
    returns = poller.returns
    poller.wake()
    thread.join(GUARD)
    assert not thread.is_alive()
    assert poller.returns == returns + 1
    poller.close()


def test_a_wake_from_another_thread_ends_the_sleep(cls, waker):
    poller = counted(cls)
    poller.poll(0)
    for _ in range(100):
        thread = threading.Thread(target=lambda: poller.asleep.wait(GUARD) and poller.wake())
        thread.start()
        poller.poll(None)
        thread.join()
    poller.close()


def test_any_number_of_wakes_is_hushed_in_the_end(poller, waker):
    poller.poll(0)
    for _ in range(20_000):
        poller.wake()
    with pairs(1) as [(near, far)]:
        poller.watch(near.fileno(), READ)
        rounds = 0
        while ready_waker(poller):
            assert poller.poll(0) == []
            rounds += 1
            assert rounds < 100
        far.send(b"!")
        assert directions(poller, near.fileno()) == READ


def ready_waker(poller):
    """Whether the next `poll` would be told of the waker: of an edge it is so just once."""
    return any(event in poller.collect(0) for event in poller.waker.events)


@many_switches()
def test_no_wake_is_lost_and_none_makes_it_spin(cls, waker):
    poller = counted(cls)
    inbox = deque()
    taken = threading.Semaphore(0)
    rounds = 2_000

    def wakes():
        for number in range(rounds):
            inbox.append(number)
            poller.wake()
            if number % 2:
                taken.acquire()
                taken.acquire()

    thread = threading.Thread(target=wakes)
    thread.start()
    seen = []
    while len(seen) < rounds:
        assert is_woken(poller)
        while inbox:
            seen.append(inbox.popleft())
            taken.release()
    thread.join()
    assert seen == list(range(rounds))
    # One return for each wake, one for opening, and none besides.
    assert poller.returns <= rounds + 1
    poller.close()


@many_switches()
def test_wakes_of_many_threads_are_not_lost(cls, waker):
    poller = counted(cls)
    inbox = deque()
    threads, each = 4, 500

    def wakes(name):
        for number in range(each):
            inbox.append((name, number))
            poller.wake()

    group = [threading.Thread(target=wakes, args=[name]) for name in range(threads)]
    for thread in group:
        thread.start()
    seen = []
    while len(seen) < threads * each:
        assert is_woken(poller)
        while inbox:
            seen.append(inbox.popleft())
    for thread in group:
        thread.join()
    assert poller.returns <= threads * each + 1
    poller.close()


def test_a_wake_that_is_interrupted_does_not_make_the_poller_spin(cls, monkeypatch):
    if not hasattr(os, "eventfd"):
        pytest.skip("platform: no eventfd")
    poller = cls()
    poller.poll(0)
    write = os.eventfd_write

    def interrupted(fd, value):
        write(fd, value)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "eventfd_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            poller.wake()
    poller.poll(0)
    assert not ready_waker(poller)
    poller.close()


@contextmanager
def signals(handler):
    """Gives a function for other threads: it sends this one a signal until that is handled.

    Until, as Python does not run the handler of a signal that comes just before a system call.
    """
    if not hasattr(signal, "pthread_kill"):
        pytest.skip("platform: no signals to a thread")
    main = threading.get_ident()
    handled = threading.Event()

    def handle(*_):
        handled.set()
        handler()

    def send():
        handled.clear()
        while not handled.is_set():
            signal.pthread_kill(main, signal.SIGUSR1)
            handled.wait(0.01)

    former = signal.signal(signal.SIGUSR1, handle)
    try:
        yield send
    finally:
        signal.signal(signal.SIGUSR1, former)


def test_a_wake_from_a_signal_handler_ends_the_sleep(cls, waker):
    poller = counted(cls)
    poller.poll(0)
    with signals(poller.wake) as send:
        thread = threading.Thread(target=lambda: poller.asleep.wait(GUARD) and send())
        thread.start()
        poller.poll(None)
        thread.join()
    poller.close()


def test_a_signal_does_not_end_the_sleep(cls):
    """EINTR is retried; a file that gets ready ends the sleep as ever."""
    poller = counted(cls)
    with pairs(1) as [(near, far)], signals(lambda: None) as send:
        poller.watch(near.fileno(), READ)
        poller.poll(0)

        def disturb():
            assert poller.asleep.wait(GUARD)
            for _ in range(10):
                send()
            far.send(b"!")

        thread = threading.Thread(target=disturb)
        thread.start()
        returns = poller.returns
        assert poller.poll(None) == [(near.fileno(), READ)]
        assert poller.returns == returns + 1
        thread.join()
    poller.close()


@many_switches()
def test_a_thread_that_wakes_a_poller_being_closed_hits_nothing_else(cls, waker):
    poller = cls()
    done = threading.Event()
    errors = []

    def hammer():
        try:
            while not done.is_set():
                poller.wake()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        poller.poll(0)
        poller.close()
        # They get the numbers that the poller has just given back.
        with pairs(2) as made:
            for sockets in made:
                for end in sockets:
                    end.setblocking(False)
                    with pytest.raises(BlockingIOError):
                        end.recv(1)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []


# -- timeouts


def test_no_timeout_is_too_long(poller):
    poller.poll(0)
    for timeout in (86_400.0, 1e7, 1e12, 1e300, float("inf")):
        poller.wake()
        assert poller.poll(timeout) == []


def test_a_kernel_survives_a_sleep_of_a_thousand_years(cls):
    kernel = Scheduler(poller=cls())
    kernel.new(sleeps_for(3e10))
    settle(kernel)
    kernel.poller.wake()
    kernel.cycle()
    assert len(kernel.tasks) == 1
    kernel.poller.close()


def sleeps_for(seconds):
    from kernel import Sleep

    yield Sleep(seconds)


# -- descriptors


def test_a_poller_that_is_not_used_takes_no_descriptor(cls):
    before = descriptors()
    poller = cls()
    Scheduler(poller=poller)
    assert descriptors() == before


def test_closing_gives_every_descriptor_back(cls, waker):
    before = descriptors()
    poller = cls()
    poller.poll(0)
    assert descriptors() > before
    poller.close()
    poller.close()
    assert descriptors() == before


def test_thousands_of_pollers_leave_nothing_open(cls, waker):
    before = descriptors()
    for _ in range(2_000):
        poller = cls()
        poller.wake()
        poller.poll(GUARD)
        poller.close()
    for _ in range(500):
        cls().poll(0)  # dropped, and never closed
    poller = None
    assert descriptors() == before


def test_a_poller_opened_again_watches_what_it_watched_before(poller):
    with pairs(3) as made:
        for near, far in made:
            poller.watch(near.fileno(), READ)
            far.send(b"!")
        made[0][0].close()
        poller.close()
        assert sorted(poller.poll(0)) == sorted((near.fileno(), READ) for near, _ in made[1:])


def test_a_reopened_poller_does_not_take_its_waker_for_an_old_file(poller, waker):
    with ExitStack() as stack:
        for near, far in stack.enter_context(pairs(20)):
            poller.watch(near.fileno(), READ | WRITE)
            poller.watch(far.fileno(), READ | WRITE)
        poller.close()
    # The numbers of all those are free now, and the poller takes some of them.
    assert poller.poll(0) == [] or poller.name == "select"
    poller.wake()
    assert is_woken(poller)
    assert not ready_waker(poller)


def test_a_poller_that_finds_no_descriptor_tells_of_nothing_and_can_be_tried_again(cls, waker):
    before = descriptors()
    poller = cls()
    with pairs(1) as [(near, far)]:
        with no_descriptor_left():
            for _ in range(3):
                with pytest.raises(OSError, match="Too many open files"):
                    poller.watch(near.fileno(), READ)
                poller.wake()
        poller.watch(near.fileno(), READ)
        far.send(b"!")
        assert directions(poller, near.fileno()) == READ
        poller.close()
        with no_descriptor_left():
            assert poller.poll(0) == []
        assert directions(poller, near.fileno()) == READ
        poller.close()
    assert descriptors() == before


def test_an_interpreter_that_ends_with_an_open_poller_says_nothing():
    code = (
        "import select\n"
        "from kernel import EpollPoller, KqueuePoller, Scheduler, SelectPoller\n"
        "classes = [SelectPoller]\n"
        "classes += [EpollPoller] * hasattr(select, 'epoll')\n"
        "classes += [KqueuePoller] * hasattr(select, 'kqueue')\n"
        "kernels = [Scheduler(poller=cls()) for cls in classes]\n"
        "for kernel in kernels: kernel.cycle(wait=False)\n"
        "assert all(kernel.poller.waker for kernel in kernels)\n"
        "kernels.append(kernels)\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=GUARD,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# -- select's limits


def windows_select(readers, writers, troubled, timeout=None, select=select.select):
    """`select` as on Windows, where it takes 512 sockets."""
    if any(len(sockets) > 512 for sockets in (readers, writers, troubled)):
        raise ValueError("too many file descriptors in select()")
    return select(readers, writers, troubled, timeout)


def test_select_refuses_the_socket_that_is_one_too_many(monkeypatch):
    monkeypatch.setattr(select, "select", windows_select)
    poller = SelectPoller()
    limit = poller.limit
    with pairs(limit // 2 + 1) as made:
        ends = [end for sockets in made for end in sockets]
        for end in ends[:limit]:
            poller.watch(end.fileno(), READ | WRITE)
        with pytest.raises(TooManyFiles) as caught:
            poller.watch(ends[limit].fileno(), READ)
        assert str(caught.value) == f"select watches {limit} sockets at most: close some first"
        # The others are watched as before, and one that is known may change its interest.
        assert len(poller.poll(0)) == limit
        poller.watch(ends[0].fileno(), WRITE)
        poller.watch(ends[1].fileno(), 0)
        poller.watch(ends[limit].fileno(), READ | WRITE)
        assert {fd for fd, _ in poller.poll(0)} == {
            end.fileno() for end in [ends[0], *ends[2 : limit + 1]]
        }
        poller.close()


def test_select_refuses_only_the_task_that_asks_for_too_much():
    kernel = Scheduler(poller=SelectPoller())
    limit = SelectPoller.limit
    with pairs(limit // 2 + 1) as made:
        # The kernel reads at both ends of each, as its table ends at the number 1024.
        waits = [ends for near, far in made for ends in ((near, far), (far, near))]
        logs = [[] for _ in waits]
        for (near, _), log in zip(waits, logs, strict=True):
            kernel.new(note(log, Recv(near, 10)))
        until(kernel, lambda: logs[limit])
        assert isinstance(logs[limit][0], TooManyFiles)
        for number, (_, far) in enumerate(waits[:limit]):
            far.send(b"%d" % number)
        until(kernel, lambda: all(logs))
        assert logs[:limit] == [[b"%d" % number] for number in range(limit)]
    kernel.poller.close()


def test_select_refuses_a_number_that_is_beyond_its_table():
    resource = pytest.importorskip("resource", reason="platform: no limits on descriptors")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("platform: no descriptors beyond 1024")
    fcntl = pytest.importorskip("fcntl", reason="platform: no fcntl")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    poller = SelectPoller()
    try:
        with pairs(2) as [(near, _), (other, far)]:
            high = fcntl.fcntl(near.fileno(), fcntl.F_DUPFD, 1500)
            poller.watch(other.fileno(), READ)
            try:
                with pytest.raises(TooManyFiles):
                    poller.watch(high, READ)
            finally:
                os.close(high)
            far.send(b"!")
            assert directions(poller, other.fileno()) == READ
    finally:
        poller.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_select_cannot_watch_it_refuses_in_plain_words(monkeypatch):
    def not_a_socket(*_):
        raise OSError(errno.ENOTSOCK, "what Windows says")

    poller = SelectPoller()
    poller.poll(0)
    with monkeypatch.context() as patch:
        patch.setattr(select, "select", not_a_socket)
        with pytest.raises(OSError, match="it watches sockets only"):
            poller.watch(0, READ)
    poller.close()


# -- which one


def test_a_kernel_takes_the_best_poller_of_its_system(monkeypatch):
    kqueue.provide(monkeypatch)
    monkeypatch.setattr(select, "epoll", select.select, raising=False)
    assert type(best_poller()) is EpollPoller
    monkeypatch.delattr(select, "epoll")
    assert type(best_poller()) is KqueuePoller
    monkeypatch.delattr(select, "kqueue")
    assert type(best_poller()) is SelectPoller


def test_a_kernel_that_finds_no_descriptor_for_its_poller_goes_on_all_the_same():
    def sleeper():
        yield Sleep(0.001)
        return "awake"

    with no_descriptor_left():
        scheduler = Scheduler()
        tid = scheduler.new(sleeper())
        scheduler.mainloop()
    assert scheduler.find(tid).status.value == "awake"
