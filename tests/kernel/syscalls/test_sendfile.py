"""Laws of `SendFile`: the bytes of a file arrive, by the system's own way or by ours."""

from __future__ import annotations

import errno
import os
import random
import socket
import struct
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Accept,
    Connect,
    FileClosed,
    KillTask,
    ManualClock,
    Recv,
    Scheduler,
    Send,
    SendFile,
)
from kernel.syscalls import sendfile
from kernel.syscalls.sendfile import SendingFile
from kernel.waitqueue import Caller

from ..net import (
    connection,
    descriptors,
    do,
    failure,
    fill,
    note,
    pairs,
    receive,
    settle,
    spawn,
    until,
)
from ..support import outcome

always = settings(derandomize=True, deadline=None, max_examples=50)


def by_system(patch):
    if not hasattr(os, "sendfile"):
        pytest.skip("platform: no sendfile")


def by_reading(patch):
    patch.setattr(sendfile, "SENDFILE", None)


def by_reading_where_the_file_stands(patch):
    patch.setattr(sendfile, "SENDFILE", None)
    patch.delattr(os, "pread", raising=False)


def by_reading_what_the_system_refuses(patch):
    def refuse(*arguments):
        raise OSError(errno.EINVAL, "Invalid argument")

    patch.setattr(sendfile, "SENDFILE", refuse)


WAYS = [
    by_system,
    by_reading,
    by_reading_where_the_file_stands,
    by_reading_what_the_system_refuses,
]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request, monkeypatch):
    request.param(monkeypatch)


@pytest.fixture
def file():
    """A file of a little more than one megabyte."""
    with tempfile.TemporaryFile() as file:
        file.write(random.Random(1).randbytes((1 << 20) + 12345))
        file.flush()
        yield file


def content(file):
    file.seek(0)
    return file.read()


def collect(kernel, sock, log):
    """All that comes while the sender is at it; others run on meanwhile."""
    received = bytearray()
    sock.setblocking(False)

    def more():
        try:
            received.extend(sock.recv(1 << 20))
        except BlockingIOError:
            return log
        return False

    until(kernel, more)
    return bytes(received)


# -- what arrives


def test_a_whole_file_arrives_and_others_run_on_meanwhile(kernel, file, way):
    data = content(file)
    ticks = [0]

    def ticking():
        while True:
            ticks[0] += 1
            yield

    with connection() as (near, far):
        kernel.new(ticking())
        log = spawn(kernel, SendFile(near, file))
        assert collect(kernel, far, log) == data
        assert log == [len(data)]
        assert ticks[0] > 3


@pytest.mark.parametrize(
    ("offset", "count"),
    [(0, 0), (0, 1), (5, 100), (1 << 20, None), (1 << 20, 12345), (1 << 20, 1 << 30), (1 << 40, 5)],
)
def test_a_part_arrives_and_at_the_end_of_the_file_less(kernel, file, way, offset, count):
    data = content(file)
    part = data[offset:] if count is None else data[offset : offset + count]
    with connection() as (near, far):
        log = spawn(kernel, SendFile(near, file, offset, count))
        assert collect(kernel, far, log) == part
        assert log == [len(part)]


def test_the_file_stays_where_it_was_and_can_be_given_by_its_number(kernel, file):
    if not hasattr(os, "pread") and not hasattr(os, "sendfile"):
        pytest.skip("platform: its position moves")
    data = content(file)
    file.seek(7)
    with connection() as (near, far):
        assert do(kernel, SendFile(near, file.fileno(), 1, 5)) == 5
        assert receive(far, 5) == data[1:6]
    assert file.tell() == 7


def test_what_tasks_send_goes_out_in_their_order(kernel, file, way):
    data = content(file)
    with connection() as (near, far):
        logs = [
            spawn(kernel, call)
            for call in (Send(near, b"head"), SendFile(near, file), Send(near, b"tail"))
        ]
        assert collect(kernel, far, logs[2]) == b"head" + data + b"tail"
        assert logs == [[4], [len(data)], [4]]


@always
@given(st.binary(max_size=3000), st.integers(0, 4000), st.none() | st.integers(0, 4000))
def test_any_part_of_any_file_arrives(data, offset, count):
    kernel = Scheduler(clock=ManualClock())
    with tempfile.TemporaryFile() as file, pairs(1) as [(near, far)]:
        file.write(data)
        file.flush()
        part = data[offset:] if count is None else data[offset : offset + count]
        log = spawn(kernel, SendFile(near, file, offset, count))
        assert collect(kernel, far, log) == part
        assert log == [len(part)]
    kernel.poller.close()


def test_one_call_may_be_yielded_by_two_at_once(kernel, file, way):
    data = content(file)
    call = None
    with connection() as (near, far):
        call = SendFile(near, file)
        logs = [spawn(kernel, call) for _ in range(2)]
        assert collect(kernel, far, logs[1]) == data * 2
        assert logs == [[len(data)]] * 2
        assert (call.socket, call.file, call.offset, call.count) == (near, file, 0, None)


# -- peers that do not read, files that change, and who is killed


def test_a_peer_that_does_not_read_blocks_nobody_else_and_keeps_nothing_busy(kernel, file, way):
    with connection() as (near, far), connection() as (other, other_far):
        fill(near)
        log = spawn(kernel, SendFile(near, file))
        settle(kernel)
        assert do(kernel, Send(other, b"!")) == 1
        assert receive(other_far, 1) == b"!"
        assert log == []
        assert kernel.poller.poll(0) == []
        assert not kernel.ready
        far.close()
        until(kernel, lambda: log)


@pytest.mark.parametrize("timeout", [None, 5])
def test_a_socket_that_is_made_to_block_blocks_nobody(kernel, file, way, timeout):
    with connection() as (near, _):
        fill(near)
        near.settimeout(timeout)
        log = spawn(kernel, SendFile(near, file))
        settle(kernel)
        near.settimeout(timeout)
        settle(kernel)
        assert log == []


def test_a_sender_that_is_killed_leaves_nothing_behind(kernel, file, way):
    settle(kernel)
    with connection() as (near, far):
        before_it = fill(near)
        tid = kernel.new(note([], SendFile(near, file)))
        settle(kernel)
        assert kernel.tasks[tid].queue is not None
        before = descriptors()
        assert do(kernel, KillTask(tid)) is True
        settle(kernel)
        assert outcome(kernel, tid).killed
        assert kernel.files.waiting == 0
        assert descriptors() == before
        near.close()
        got = b"".join(iter(lambda: far.recv(1 << 20), b""))
        assert content(file).startswith(got[before_it:])


def test_a_file_that_is_cut_under_the_sender_ends_early(kernel, file, way):
    """Not acceptable: to wait for ever for what is not there any more."""
    with connection() as (near, far):
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        log = spawn(kernel, SendFile(near, file, 0, 1 << 20))
        settle(kernel)
        assert log == []
        os.ftruncate(file.fileno(), 10)
        received = collect(kernel, far, log)
        assert log == [len(received)]
        assert len(received) < 1 << 20


def test_a_file_that_is_closed_under_the_sender_is_its_error(kernel, way):
    with tempfile.TemporaryFile() as file, connection() as (near, far):
        file.truncate(8 << 20)
        log = spawn(kernel, SendFile(near, file))
        settle(kernel)
        assert log == []
        file.close()
        collect(kernel, far, log)
        assert [type(error) for error in log] == [FileClosed]


def test_a_peer_that_resets_is_the_senders_error(kernel, file, way):
    with connection() as (near, far):
        fill(near)
        log = spawn(kernel, SendFile(near, file))
        settle(kernel)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        until(kernel, lambda: log)
        assert isinstance(log[0], (ConnectionResetError, BrokenPipeError))


# -- wrong arguments


@pytest.mark.parametrize(
    ("offset", "count", "words"),
    [
        (-1, None, "a file is sent from byte 0 on, or later, not -1"),
        ("0", None, "a file is sent from byte 0 on, or later, not '0'"),
        (0, -5, "0 or more bytes of a file can be sent, not -5"),
        (0, 1.5, "0 or more bytes of a file can be sent, not 1.5"),
    ],
)
def test_what_is_no_part_of_a_file_is_refused_in_words(kernel, file, offset, count, words):
    with pairs(1) as [(near, _)]:
        assert failure(kernel, SendFile(near, file, offset, count), ValueError) == words


@pytest.mark.parametrize("thing", ["path", None, 1.5])
def test_what_is_no_file_is_refused_by_name(kernel, thing):
    with pairs(1) as [(near, _)]:
        assert repr(thing) in failure(kernel, SendFile(near, thing), TypeError)


def test_what_could_take_for_ever_to_read_is_refused(kernel):
    with pairs(1) as [(near, far)]:
        words = failure(kernel, SendFile(near, far), TypeError)
        assert words == f"a file on disk is wanted here, not {far.fileno()}"


def test_a_closed_file_and_a_closed_socket_are_refused_at_once(kernel, file):
    with pairs(1) as [(near, _)]:
        with tempfile.TemporaryFile() as closed:
            number = closed.fileno()
        for gone in (closed, number):
            assert failure(kernel, SendFile(near, gone), FileClosed)
    assert failure(kernel, SendFile(near, file), FileClosed)
    assert failure(kernel, SendFile("text", file), TypeError)


def test_it_is_shown_as_it_was_asked_for(kernel, file):
    with connection() as (near, _):
        left = SendingFile(near, file, 5, None, 100)
        assert repr(left) == f"SendFile({near.fileno()}, {file.fileno()}, 5, None)"
        assert left.reason(kernel, Caller()).startswith("write 127.0.0.1:")


def test_calls_that_do_a_part_before_they_sleep_say_so():
    assert Send.acts_first and SendFile.acts_first and Connect.acts_first
    assert not (Recv.acts_first or Accept.acts_first)
