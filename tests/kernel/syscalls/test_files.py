"""Laws of `ReadWait` and `WriteWait`, with which a task does its own reading and writing."""

from __future__ import annotations

import socket

import pytest

from kernel import FileClosed, ReadWait, WriteWait
from kernel.waitqueue import Caller

from ..net import connection, fill, listening, settle, spawn, until


def test_read_wait_answers_none_once_there_is_something_to_read(kernel):
    with connection() as (near, far):
        log = spawn(kernel, ReadWait(near))
        settle(kernel)
        assert log == []
        far.send(b"!")
        until(kernel, lambda: log)
        assert log == [None]
        assert near.recv(1) == b"!"


def test_read_wait_answers_at_once_while_there_is_something_to_read(kernel):
    with connection() as (near, far):
        far.send(b"!")
        for _ in range(3):
            log = spawn(kernel, ReadWait(near))
            until(kernel, lambda log=log: log)
            assert log == [None]


def test_read_wait_does_not_trust_what_it_heard_before_the_task_read(kernel):
    with connection() as (near, far):
        far.send(b"!")
        log = spawn(kernel, ReadWait(near))
        until(kernel, lambda: log)
        settle(kernel)
        near.recv(1)
        log = spawn(kernel, ReadWait(near))
        settle(kernel)
        assert log == []
        far.send(b"!")
        until(kernel, lambda: log)
        assert log == [None]


def test_read_wait_answers_at_the_end_of_the_stream(kernel):
    with connection() as (near, far):
        log = spawn(kernel, ReadWait(near))
        settle(kernel)
        far.shutdown(socket.SHUT_WR)
        until(kernel, lambda: log)
        assert log == [None]


def test_read_wait_answers_when_a_connection_comes(kernel):
    with listening() as listener:
        log = spawn(kernel, ReadWait(listener))
        settle(kernel)
        assert log == []
        with socket.create_connection(listener.getsockname()):
            until(kernel, lambda: log)
            listener.accept()[0].close()


def test_write_wait_answers_none_once_there_is_room(kernel):
    with connection() as (near, far):
        log = spawn(kernel, WriteWait(near))
        until(kernel, lambda: log)
        assert log == [None]
        fill(near)
        log = spawn(kernel, WriteWait(near))
        settle(kernel)
        assert log == []
        while not log:
            far.recv(1 << 20)
            settle(kernel, 3)
        assert log == [None]


def test_the_article_s_way_of_reading_and_writing_works(kernel):
    """Wait, then use the socket itself, which may be a blocking one."""

    def handle(client):
        while True:
            yield ReadWait(client)
            data = client.recv(65536)
            if not data:
                break
            yield WriteWait(client)
            client.send(data)
        client.close()

    with connection() as (near, far):
        near.settimeout(None)
        tid = kernel.new(handle(near))
        for message in (b"one", b"two", b"three"):
            far.send(message)
            far.setblocking(False)
            received = bytearray()
            until(kernel, lambda received=received: received.extend(peek(far)) or received)
            assert received == message
        far.close()
        until(kernel, lambda: tid not in kernel.tasks)


def peek(sock):
    try:
        return sock.recv(100)
    except BlockingIOError:
        return b""


@pytest.mark.parametrize("call", [ReadWait, WriteWait])
def test_one_call_may_be_yielded_by_many_and_many_times(kernel, call):
    with connection() as (near, far):
        far.send(b"!")
        wait = call(near)
        logs = [spawn(kernel, wait) for _ in range(3)]

        def again():
            for _ in range(3):
                logs[0].append((yield wait))

        kernel.new(again())
        until(kernel, lambda: sum(map(len, logs)) == 6)
        assert sorted(logs, key=len) == [[None], [None], [None] * 4]


@pytest.mark.parametrize("call", [ReadWait, WriteWait])
def test_a_closed_file_is_refused_at_once(kernel, call):
    with connection() as (near, _):
        pass
    log = spawn(kernel, call(near))
    settle(kernel, 2)
    assert [type(error) for error in log] == [FileClosed]
    assert isinstance(log[0], OSError)
    assert str(log[0]) == "the file is closed"


@pytest.mark.parametrize("call", [ReadWait, WriteWait])
def test_the_reason_names_the_file_even_when_it_is_closed(kernel, call):
    with connection() as (near, _):
        open_reason = call(near).reason(kernel, Caller())
    assert "127.0.0.1:" in open_reason
    assert call(near).reason(kernel, Caller()).endswith("file closed")
    assert call(7).reason(kernel, Caller()).endswith("file 7")
    assert repr(call(near)) == f"{call.__name__}(closed)"
