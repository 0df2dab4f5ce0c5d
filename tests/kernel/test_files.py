"""Laws of the file table: who waits for which file, and what becomes of them."""

from __future__ import annotations

import gc
import io
import os
import socket
import tempfile
import weakref
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Accept,
    FileClosed,
    KillTask,
    ListTasks,
    ManualClock,
    ReadWait,
    Recv,
    Scheduler,
    SelectPoller,
    Send,
    Sleep,
    SystemCall,
    WriteWait,
)
from kernel.files import LOOK_OVER, PAUSE, WOLF
from kernel.poller import READ, TROUBLE

from .net import connection, counted, fill, listening, note, pairs, settle, spawn, until
from .test_poller import CLASSES, install

always = settings(derandomize=True, deadline=None, max_examples=200)


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.name)
def kernel(request, monkeypatch):
    """A kernel over each of the pollers, with a clock that is moved by hand."""
    install(request.param, monkeypatch)
    kernel = Scheduler(clock=ManualClock(), poller=counted(request.param))
    yield kernel
    kernel.end_all()
    kernel.poller.close()


@pytest.fixture
def pair():
    with pairs(1) as [(near, far)]:
        yield near, far


def sleeps_soundly(kernel):
    """Whether the kernel, were it to sleep now, would not be woken by any file."""
    settle(kernel)
    assert not kernel.ready
    return kernel.poller.poll(0) == []


def look_over(kernel):
    """Let the time pass after which the kernel looks for what tasks have closed."""
    settle(kernel)
    kernel.clock.advance(LOOK_OVER)
    settle(kernel)


# -- files that are closed under a waiter


@pytest.mark.parametrize(
    "call",
    [lambda sock: Recv(sock, 1), lambda sock: Send(sock, b"!"), ReadWait, WriteWait],
    ids=["Recv", "Send", "ReadWait", "WriteWait"],
)
def test_a_file_closed_under_a_waiter_fails_the_waiter(kernel, pair, call):
    near, _ = pair
    near.setblocking(False)
    fill(near)
    log = spawn(kernel, call(near))
    settle(kernel)

    def closer():
        near.close()
        yield

    kernel.new(closer())
    look_over(kernel)
    assert [type(error) for error in log] == [FileClosed]
    assert kernel.files.waiting == 0


def test_a_file_closed_under_a_waiter_is_noticed_although_others_never_rest(kernel, pair):
    near, _ = pair
    log = spawn(kernel, Recv(near, 1))

    def busy():
        while True:
            yield

    def closer():
        near.close()
        yield

    kernel.new(busy())
    settle(kernel)
    kernel.new(closer())
    look_over(kernel)
    assert [type(error) for error in log] == [FileClosed]


def test_all_who_wait_for_a_closed_file_are_told(kernel, pair):
    near, _ = pair
    logs = [spawn(kernel, call) for call in [Recv(near, 1), ReadWait(near)] * 5]
    settle(kernel)
    near.close()
    look_over(kernel)
    assert [[type(error) for error in log] for log in logs] == [[FileClosed]] * 10


def test_a_number_closed_under_a_waiter_fails_the_waiter(kernel):
    reader, writer = os.pipe()
    log = spawn(kernel, ReadWait(reader))
    settle(kernel)
    os.close(reader)
    look_over(kernel)
    os.close(writer)
    if kernel.poller.name == "select":  # it wakes the task, which then finds out by itself
        assert log == [None]
    else:
        assert [type(error) for error in log] == [FileClosed]


def test_a_file_closed_before_it_is_waited_for_is_refused(kernel, pair):
    near, _ = pair
    near.close()
    with tempfile.TemporaryFile() as file:
        pass
    for call in (ReadWait(file), WriteWait(file), ReadWait(near), Recv(near, 1), Accept(near)):
        log = spawn(kernel, call)
        settle(kernel)
        assert [type(error) for error in log] == [FileClosed]
        assert str(log[0]) == "the file is closed"


def test_an_idle_kernel_looks_for_closed_files_only_once(kernel, pair):
    near, _ = pair
    spawn(kernel, Recv(near, 1))
    settle(kernel)
    assert kernel.alarms.live == 1
    look_over(kernel)
    assert kernel.alarms.live == 0


def test_a_kernel_without_waiters_does_not_look_for_closed_files(kernel, pair):
    near, far = pair
    far.send(b"!")
    log = spawn(kernel, Recv(near, 1))
    until(kernel, lambda: log)
    look_over(kernel)
    kernel.new(note([], Sleep(0)))
    settle(kernel)
    assert kernel.alarms.live == 0


def test_a_file_whose_fileno_raises_anything_counts_as_closed(kernel, pair):
    near, _ = pair

    class Fragile:
        broken = False

        def fileno(self):
            if self.broken:
                raise RuntimeError
            return near.fileno()

    fragile = Fragile()
    log = spawn(kernel, ReadWait(fragile))
    settle(kernel)
    fragile.broken = True
    settle(kernel)
    kernel.new(note([], Sleep(0)))
    look_over(kernel)
    assert [type(error) for error in log] == [FileClosed]


# -- numbers that are used again


def reopen(sock):
    """Close `sock`, and give a connected pair of which one end has its number."""
    number = sock.fileno()
    sock.close()
    near, far = socket.socketpair()
    if far.fileno() == number:
        near, far = far, near
    assert near.fileno() == number
    return near, far


def test_a_number_reused_at_once_fails_the_old_waiter_and_serves_the_new(kernel, pair):
    old, _ = pair
    old_log = spawn(kernel, Recv(old, 10))
    settle(kernel)
    near, far = reopen(old)
    with near, far:
        new_log = spawn(kernel, Recv(near, 10))
        settle(kernel)
        assert [type(error) for error in old_log] == [FileClosed]
        assert new_log == []
        far.send(b"for the new")
        until(kernel, lambda: new_log)
        assert new_log == [b"for the ne"]


def test_a_number_reused_by_a_file_of_nobody_fails_the_old_waiter_and_takes_nothing(kernel, pair):
    old, _ = pair
    log = spawn(kernel, Recv(old, 10))
    settle(kernel)
    near, far = reopen(old)
    with near, far:
        far.send(b"not yours")
        look_over(kernel)
        assert [type(error) for error in log] == [FileClosed]
        assert near.recv(10) == b"not yours"
        assert sleeps_soundly(kernel)


def test_the_new_owner_of_a_number_does_not_see_what_the_old_one_gets(kernel, pair):
    old, old_far = pair
    spawn(kernel, Recv(old, 10))
    settle(kernel)
    with old.dup() as duplicate:  # keeps the old file open, beyond its number
        near, far = reopen(old)
        with near, far:
            log = spawn(kernel, Recv(near, 10))
            settle(kernel)
            old_far.send(b"for the old")
            assert sleeps_soundly(kernel)
            assert log == []
            far.send(b"new")
            until(kernel, lambda: log)
            assert log == [b"new"]
            assert duplicate.recv(20) == b"for the old"


@pytest.mark.parametrize("waits", ["not at all", "to write"])
def test_an_old_file_does_not_keep_awake_who_has_its_number_now(kernel, pair, waits):
    old, old_far = pair
    spawn(kernel, Recv(old, 10))
    settle(kernel)
    with old.dup():
        near, far = reopen(old)
        with near, far:
            far.send(b"12")
            log = spawn(kernel, Recv(near, 2))
            until(kernel, lambda: log)
            if waits == "to write":
                near.setblocking(False)
                fill(near)
                spawn(kernel, WriteWait(near))
            settle(kernel)
            old_far.send(b"for the old")
            assert sleeps_soundly(kernel)


def test_a_number_is_reused_thousands_of_times(kernel):
    served = []

    def client(number):
        near, far = socket.socketpair()
        with near, far:
            far.setblocking(False)
            far.send(b"%d" % number)
            served.append((yield Recv(near, 10)))
            yield Send(near, b"!")

    def clients():
        for number in range(2_000):
            yield client(number)

    kernel.new(clients())
    until(kernel, lambda: not kernel.tasks)
    assert served == [b"%d" % number for number in range(2_000)]
    assert len(kernel.files.files) < 10


# -- duplicates


def test_each_duplicate_of_a_file_can_be_waited_for(kernel, pair):
    near, far = pair
    with near.dup() as duplicate:
        logs = [spawn(kernel, Recv(sock, 1)) for sock in (near, duplicate)]
        settle(kernel)
        assert logs == [[], []]
        far.send(b"ab")
        until(kernel, lambda: all(logs))
        assert sorted(logs) == [[b"a"], [b"b"]]


def test_a_closed_duplicate_does_not_disturb_the_original(kernel, pair):
    near, far = pair
    duplicate = near.dup()
    logs = [spawn(kernel, Recv(sock, 1)) for sock in (near, duplicate)]
    settle(kernel)
    duplicate.close()
    look_over(kernel)
    assert logs[0] == []
    assert [type(error) for error in logs[1]] == [FileClosed]
    far.send(b"a")
    until(kernel, lambda: logs[0])
    assert logs[0] == [b"a"]
    assert sleeps_soundly(kernel)


def test_a_closed_original_does_not_disturb_its_duplicate(kernel, pair):
    near, far = pair
    with near.dup() as duplicate:
        logs = [spawn(kernel, Recv(sock, 1)) for sock in (near, duplicate)]
        settle(kernel)
        near.close()
        look_over(kernel)
        assert [type(error) for error in logs[0]] == [FileClosed]
        assert logs[1] == []
        far.send(b"ab")
        until(kernel, lambda: logs[1])
        assert logs[1] == [b"a"]
        # What is left is for nobody, and it comes under a number that is closed.
        assert sleeps_soundly(kernel)
        assert duplicate.recv(2) == b"b"


def test_a_file_that_is_open_under_another_number_does_not_make_the_kernel_spin(kernel, pair):
    near, far = pair
    with near.dup():
        spawn(kernel, Recv(near, 1))
        settle(kernel)
        near.close()
        look_over(kernel)
        far.send(b"!")
        returns = kernel.poller.returns
        for _ in range(100):
            if kernel.poller.poll(0) == []:
                break
            kernel.cycle(wait=False)
        assert kernel.poller.returns - returns < 50
        assert sleeps_soundly(kernel)


def test_a_rebuilt_poller_still_serves_everyone(kernel, pair):
    near, far = pair
    with pairs(20) as made:
        logs = [spawn(kernel, Recv(sock, 10)) for sock, _ in made]
        with near.dup():
            spawn(kernel, Recv(near, 1))
            settle(kernel)
            near.close()
            look_over(kernel)
            far.send(b"!")
            assert sleeps_soundly(kernel)
        for number, (_, other) in enumerate(made):
            other.send(b"%d" % number)
        until(kernel, lambda: all(logs))
        assert logs == [[b"%d" % number] for number in range(20)]


def test_one_file_under_two_names_is_one_file(kernel, pair):
    near, far = pair
    log = spawn(kernel, ReadWait(near.fileno()))
    settle(kernel)
    logs = [log, spawn(kernel, Recv(near, 1)), spawn(kernel, ReadWait(near.fileno()))]
    settle(kernel)
    assert kernel.files.waiting == 3
    far.send(b"ab")
    until(kernel, lambda: all(logs))
    assert logs == [[None], [b"a"], [None]]


# -- several who wait for one file


def test_two_who_read_are_served_in_turn_and_each_once(kernel, pair):
    near, far = pair
    logs = [spawn(kernel, Recv(near, 1)) for _ in range(3)]
    settle(kernel)
    for count, byte in enumerate([b"a", b"b", b"c"], 1):
        far.send(byte)
        settle(kernel)
        assert logs == [[b"a"], [b"b"], [b"c"]][:count] + [[]] * (3 - count)


def test_nobody_overtakes_those_who_wait_to_read(kernel, pair):
    near, far = pair
    first = spawn(kernel, Recv(near, 1))
    settle(kernel)
    far.send(b"ab")
    second = spawn(kernel, Recv(near, 1))
    until(kernel, lambda: first and second)
    assert (first, second) == ([b"a"], [b"b"])


def test_two_who_wait_to_read_are_woken_in_turn(kernel, pair):
    near, far = pair
    logs = [spawn(kernel, ReadWait(near)) for _ in range(2)]
    settle(kernel)
    far.send(b"!")
    kernel.cycle(wait=False)
    kernel.cycle(wait=False)
    assert logs[0] == [None]
    until(kernel, lambda: logs[1])
    assert logs == [[None], [None]]


def test_two_who_write_do_not_mix_their_bytes(kernel, pair):
    near, far = pair
    size = 1 << 20
    logs = [spawn(kernel, Send(near, letter * size)) for letter in (b"a", b"b")]
    settle(kernel)
    far.setblocking(False)
    received = bytearray()
    while len(received) < 2 * size:
        settle(kernel, 3)
        received += far.recv(1 << 20)
    until(kernel, lambda: all(logs))
    assert logs == [[size], [size]]
    assert received == b"a" * size + b"b" * size


def test_two_who_wait_to_write_are_woken_in_turn(kernel, pair):
    near, far = pair
    fill(near)
    logs = [spawn(kernel, WriteWait(near)) for _ in range(2)]
    settle(kernel)
    assert logs == [[], []]
    while not all(logs):
        far.recv(1 << 20)
        settle(kernel, 5)
    assert logs == [[None], [None]]


def test_two_who_accept_get_a_connection_each(kernel):
    with listening() as listener:
        logs = [spawn(kernel, Accept(listener)) for _ in range(2)]
        settle(kernel)
        with socket.create_connection(listener.getsockname()) as one:
            until(kernel, lambda: logs[0])
            assert logs[1] == []
            with socket.create_connection(listener.getsockname()) as two:
                until(kernel, lambda: logs[1])
                for [(accepted, address)], client in zip(logs, (one, two), strict=True):
                    assert address == client.getsockname()
                    accepted.close()


def test_nobody_overtakes_those_who_wait_to_accept(kernel):
    with listening() as listener:
        logs = [spawn(kernel, Accept(listener)) for _ in range(2)]
        settle(kernel)
        clients = [socket.create_connection(listener.getsockname()) for _ in range(3)]
        logs.append(spawn(kernel, Accept(listener)))
        until(kernel, lambda: all(logs))
        assert [log[0][1] for log in logs] == [client.getsockname() for client in clients]
        for sock in [*clients, *(log[0][0] for log in logs)]:
            sock.close()


def test_one_may_read_while_another_writes(kernel, pair):
    near, far = pair
    fill(near)
    reads = spawn(kernel, Recv(near, 1))
    writes = spawn(kernel, WriteWait(near))
    settle(kernel)
    far.send(b"!")
    until(kernel, lambda: reads)
    assert writes == []
    while not writes:
        far.recv(1 << 20)
        settle(kernel, 5)
    assert (reads, writes) == ([b"!"], [None])


# -- kills


def test_killed_while_waiting_with_the_file_gone_meanwhile_leaves_nothing(kernel, pair):
    near, far = pair

    def waits():
        yield Recv(near, 1)

    tid = kernel.new(waits())
    settle(kernel)
    near.close()
    log = spawn(kernel, KillTask(tid))
    settle(kernel)
    assert log == [True]
    assert kernel.tasks == {}
    assert kernel.files.waiting == 0
    far.close()
    assert sleeps_soundly(kernel)
    with pairs(2) as made:  # the numbers are used again
        logs = [spawn(kernel, Recv(sock, 1)) for sock, _ in made]
        settle(kernel)
        for _, other in made:
            other.send(b"!")
        until(kernel, lambda: all(logs))
        assert logs == [[b"!"], [b"!"]]


def test_a_killed_waiter_lets_the_next_one_be_served(kernel, pair):
    near, far = pair

    def waits():
        yield Recv(near, 1)

    tid = kernel.new(waits())
    log = spawn(kernel, Recv(near, 1))
    settle(kernel)
    spawn(kernel, KillTask(tid))
    settle(kernel)
    far.send(b"!")
    until(kernel, lambda: log)
    assert log == [b"!"]


def test_data_for_nobody_does_not_keep_the_kernel_awake(kernel, pair):
    near, far = pair
    far.send(b"ab")
    log = spawn(kernel, Recv(near, 1))
    until(kernel, lambda: log)
    far.send(b"more")
    assert sleeps_soundly(kernel)
    far.shutdown(socket.SHUT_WR)
    assert sleeps_soundly(kernel)
    far.close()
    assert sleeps_soundly(kernel)


# -- what can be waited for


def test_a_file_on_disk_is_always_ready(kernel):
    with tempfile.TemporaryFile() as file:
        file.write(b"text")
        for _ in range(2):  # the second time at its end
            for source in (file, file.fileno()):
                for call in (ReadWait(source), WriteWait(source)):
                    log = spawn(kernel, call)
                    until(kernel, lambda log=log: log)
                    assert log == [None]
            file.seek(0)


def test_a_pipe_is_waited_for_by_its_number(kernel):
    reader, writer = os.pipe()
    try:
        log = spawn(kernel, ReadWait(reader))
        settle(kernel)
        assert log == []
        os.write(writer, b"!")
        until(kernel, lambda: log)
        assert log == [None]
        log = spawn(kernel, WriteWait(writer))
        until(kernel, lambda: log)
        assert log == [None]
    finally:
        os.close(reader)
        os.close(writer)


def test_the_standard_input_is_waited_for_by_its_number(kernel):
    reader, writer = os.pipe()
    former = os.dup(0)
    os.dup2(reader, 0)
    try:
        log = spawn(kernel, ReadWait(0))
        settle(kernel)
        assert log == []
        os.write(writer, b"!")
        until(kernel, lambda: log)
        assert log == [None]
    finally:
        os.dup2(former, 0)
        for fd in (former, reader, writer):
            os.close(fd)


def test_a_number_that_stands_for_another_file_by_now_is_waited_for_anew(kernel):
    for _ in range(3):
        near, far = socket.socketpair()
        with near, far:
            log = spawn(kernel, ReadWait(near.fileno()))
            settle(kernel)
            assert log == []
            far.send(b"!")
            until(kernel, lambda log=log: log)
            assert log == [None]
            near.recv(1)


def test_an_object_without_weak_references_can_be_waited_for(kernel, pair):
    near, far = pair

    class Rigid:
        __slots__ = ()

        def fileno(self):
            return near.fileno()

    log = spawn(kernel, ReadWait(Rigid()))
    settle(kernel)
    far.send(b"!")
    until(kernel, lambda: log)
    assert log == [None]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("text", "a socket or an open file is wanted here, not 'text'"),
        (None, "a socket or an open file is wanted here, not None"),
        (1.5, "a socket or an open file is wanted here, not 1.5"),
        (io.StringIO(), "a StringIO has no descriptor to wait for"),
    ],
)
def test_what_is_no_file_is_refused_by_name(source, words):
    kernel = Scheduler()
    for call in (ReadWait(source), WriteWait(source)):
        log = spawn(kernel, call)
        settle(kernel, 3)
        assert [type(error) for error in log] == [TypeError]
        assert str(log[0]) == words


def test_a_number_that_is_not_open_is_refused(kernel):
    settle(kernel)  # its poller takes some numbers
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    for fd in (reader, -1, -(2**70), 2**31, 2**70):
        log = spawn(kernel, ReadWait(fd))
        settle(kernel)
        assert [type(error) for error in log] == [FileClosed]
    assert kernel.files.waiting == 0
    assert kernel.files.files == {}


def test_the_table_does_not_keep_a_file_alive(kernel):
    near, far = socket.socketpair()
    far.send(b"!")
    log = spawn(kernel, Recv(near, 1))
    until(kernel, lambda: log)
    gone = weakref.ref(near)
    with far, near:
        del near
    gc.collect()
    assert gone() is None


def test_a_kernel_used_again_watches_its_files_again():
    """`mainloop` closes the poller; what was watched is watched in the next `mainloop` too."""
    kernel = Scheduler()
    with listening() as listener:
        for _ in range(3):
            log = spawn(kernel, Accept(listener))
            with socket.create_connection(listener.getsockname()):
                kernel.mainloop()
            [(client, _)] = log
            client.close()
            assert kernel.poller.waker is None

        def connects():
            """Something to wait for: the connection comes only once the listener is watched."""
            yield Sleep(0)
            clients.append(socket.create_connection(listener.getsockname()))

        clients = []
        log = spawn(kernel, Accept(listener))
        kernel.new(connects())
        kernel.mainloop()
        for sock in (*clients, log[0][0]):
            sock.close()


# -- the console


def test_who_waits_for_what_is_told_in_words(kernel):
    reader, writer = os.pipe()
    with connection() as (client, _), open(reader, "rb") as file, open(writer, "wb"):
        fill(client)
        sources = [ReadWait(client), Recv(client, 1), WriteWait(client), Send(client, b"!")]
        for call in [*sources, ReadWait(reader), ReadWait(file)]:
            spawn(kernel, call)
        log = spawn(kernel, ListTasks())
        until(kernel, lambda: log)
        here = f"127.0.0.1:{client.getsockname()[1]}"
        there = f"127.0.0.1:{client.getpeername()[1]}"
        assert [task.reason for task in log[0].tasks if task.reason] == [
            f"read {here} ← {there}",
            f"read {here} ← {there}",
            f"write {here} → {there}",
            f"write {here} → {there}",
            f"read file {reader}",
            f"read file {reader}",
        ]


# -- anything that can happen, in any order

STEPS = st.tuples(
    st.sampled_from(
        [
            "recv",
            "wait",
            "write",
            "send",
            "send old",
            "close",
            "reopen",
            "dup",
            "close dup",
            "kill",
            "turn",
        ]
    ),
    st.integers(0, 2),
)


def make_pair():
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    return near, far


class Story:
    """Three places for a socket, where tasks wait while the sockets come and go."""

    def __init__(self, cls):
        self.kernel = Scheduler(clock=ManualClock(), poller=cls())
        self.places = [make_pair() for _ in range(3)]
        self.duplicates = []
        #: The other ends of sockets that are gone, but for their duplicates.
        self.old = []
        #: Each wait: its socket, its task, and what came of it.
        self.waits = []

    def step(self, what, place):
        near, far = self.places[place]
        if what == "turn":
            self.kernel.cycle(wait=False)
        elif what in ("recv", "wait", "write") and near.fileno() >= 0:
            kinds = {"recv": Recv(near, 1), "wait": ReadWait(near), "write": WriteWait(near)}
            log = []
            tid = self.kernel.new(note(log, kinds[what]))
            self.waits.append((near, tid, log))
        elif what == "send":
            self.send(far)
        elif what == "send old" and self.old:
            self.send(self.old[place % len(self.old)])
        elif what == "close":
            near.close()
        elif what == "reopen":
            near.close()
            self.old.append(far)
            self.places[place] = make_pair()
        elif what == "dup" and near.fileno() >= 0:
            self.duplicates.append(near.dup())
        elif what == "close dup" and self.duplicates:
            self.duplicates.pop(0).close()
        elif what == "kill" and self.waits:
            tid = self.waits[place % len(self.waits)][1]
            self.kernel.new(note([], KillTask(tid)))

    def send(self, sock):
        with suppress(BrokenPipeError):  # the last duplicate may be closed
            sock.send(b"!")

    def end(self):
        kernel = self.kernel
        for _ in range(3):
            look_over(kernel)
        for near, tid, log in self.waits:
            if tid in kernel.tasks:
                assert near.fileno() >= 0, "it waits for what is closed"
                with pytest.raises(BlockingIOError):
                    near.recv(1, socket.MSG_PEEK)
            else:
                assert len(log) <= 1  # none for one that was killed
        asleep = sum(task.queue is not None for task in kernel.tasks.values())
        assert kernel.files.waiting == asleep
        assert sleeps_soundly(kernel)

    def clean_up(self):
        self.kernel.end_all()
        self.kernel.poller.close()
        for sock in [*self.duplicates, *self.old, *(end for ends in self.places for end in ends)]:
            sock.close()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
def test_whatever_happens_nobody_waits_in_vain_and_the_kernel_sleeps(cls):
    with pytest.MonkeyPatch.context() as patch:
        install(cls, patch)

        @always
        @given(st.lists(STEPS, max_size=40))
        def check(steps):
            story = Story(cls)
            try:
                for step in steps:
                    story.step(*step)
                story.end()
            finally:
                story.clean_up()

        check()


# -- two objects over one descriptor


def test_whoever_has_the_file_open_under_another_name_is_not_failed_when_the_first_name_is_closed(
    kernel, pair
):
    """Neither a false error for the reader, nor a place on two queues."""
    near, far = pair
    view = near.makefile("wb", buffering=0)
    written = spawn(kernel, WriteWait(view))
    settle(kernel)
    assert written == [None]
    read = spawn(kernel, Recv(near, 10))
    settle(kernel)
    view.close()
    kernel.clock.advance(LOOK_OVER)
    settle(kernel)
    assert read == []
    far.send(b"x")
    until(kernel, lambda: read)
    assert read == [b"x"]
    assert not kernel.tasks


def test_those_who_wait_by_two_names_are_told_of_a_close_each_by_his_own(kernel, pair):
    near, far = pair
    view = near.makefile("rb", buffering=0)
    by_view, by_socket = spawn(kernel, ReadWait(view)), spawn(kernel, Recv(near, 10))
    settle(kernel)
    view.close()
    kernel.new(note([], Sleep(0)))  # when tasks have run it looks over the files
    kernel.clock.advance(LOOK_OVER)
    settle(kernel)
    assert [type(each) for each in by_view] == [FileClosed]
    far.send(b"x")
    until(kernel, lambda: by_socket)
    assert by_socket == [b"x"]


def test_a_number_that_is_no_open_file_leaves_nothing_in_the_table(kernel):
    settle(kernel)  # it has its own descriptors
    numbers = [os.dup(0) for _ in range(20)]
    for number in numbers:
        os.close(number)
    for number in numbers:
        spawn(kernel, ReadWait(number))
    settle(kernel)
    assert not kernel.tasks
    assert not kernel.files.files


@pytest.mark.parametrize("number", [True, False, 7.0, "7", None])
def test_a_number_that_only_equals_one_is_refused(kernel, number):
    class Odd:
        def fileno(self):
            return number

    for file in (number, Odd()):
        log = spawn(kernel, ReadWait(file))
        settle(kernel)
        assert [type(each) for each in log] == [TypeError]
    assert not kernel.files.files


def test_a_fileno_that_raises_anything_ends_at_most_its_task(kernel, pair):
    class Odd(socket.socket):
        broken = False

        def fileno(self):
            if Odd.broken:
                raise SystemExit("no number")
            return super().fileno()

    with Odd(fileno=pair[0].detach()) as odd:
        log = spawn(kernel, ReadWait(odd))
        settle(kernel)
        Odd.broken = True
        kernel.new(note([], Sleep(0)))
        settle(kernel)
        kernel.clock.advance(LOOK_OVER)
        settle(kernel)
        assert [type(each) for each in log] == [FileClosed]
        Odd.broken = False


def test_a_file_that_cries_wolf_is_left_alone_for_a_while(pair):
    class Wolf(SelectPoller):
        def collect(self, timeout):
            return [(near.fileno(), TROUBLE)] if near.fileno() in self.watched else []

    near, far = pair
    kernel = Scheduler(clock=ManualClock(), poller=Wolf())
    log = spawn(kernel, Recv(near, 10))
    settle(kernel)
    assert near.fileno() not in kernel.poller.watched
    assert kernel.alarms.live
    far.send(b"x")
    kernel.clock.advance(WOLF)
    settle(kernel)
    assert log == [b"x"]
    kernel.poller.close()


def test_a_pause_that_ends_when_no_more_files_can_be_watched_goes_on(pair, monkeypatch):
    near, far = pair
    kernel = Scheduler(clock=ManualClock(), poller=SelectPoller())
    log = spawn(kernel, Recv(near, 10))
    settle(kernel)
    kernel.files.pause(kernel.files.of(near))
    with pairs(1) as [(other, _)]:
        monkeypatch.setattr(SelectPoller, "limit", 1)
        others = spawn(kernel, ReadWait(other))
        settle(kernel)
        kernel.clock.advance(PAUSE)
        settle(kernel)
        assert (log, others) == ([], [])
        monkeypatch.undo()
        far.send(b"x")
        kernel.clock.advance(PAUSE)
        settle(kernel)
        assert log == [b"x"]
        kernel.end_all()
    kernel.poller.close()


def test_a_number_that_was_waited_for_may_become_a_sockets(kernel):
    number, write = os.pipe()
    log = spawn(kernel, ReadWait(number))
    settle(kernel)
    os.write(write, b"!")
    until(kernel, lambda: log)
    os.close(write)
    os.close(number)
    near, far = socket.socketpair()
    if near.fileno() != number:
        os.dup2(near.fileno(), number)
        near.close()
    else:
        near.detach()
    with far, socket.socket(fileno=number) as renumbered:
        far.send(b"hello")
        log = spawn(kernel, Recv(renumbered, 10))
        until(kernel, lambda: log)
        assert log == [b"hello"]


def test_a_call_of_ones_own_may_wait_for_a_number(kernel, pair):
    near, far = pair

    class Own(SystemCall):
        __slots__ = ()

        def run(self, kernel, caller):
            return kernel.files.wait(kernel.files.of(near.fileno()), READ, caller, self)

        def go_on(self, kernel, caller, file):
            return "ready"

    log = spawn(kernel, Own())
    settle(kernel)
    kernel.new(note([], Sleep(0)))
    settle(kernel)
    kernel.clock.advance(LOOK_OVER)
    settle(kernel)
    assert log == []
    far.send(b"!")
    until(kernel, lambda: log)
    assert log == ["ready"]
