"""The files that the kernel watches, and those that a task has in its hands."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from kernel import (
    Accept,
    Clock,
    KillTask,
    ListFiles,
    ManualClock,
    NoSuchTask,
    Read,
    ReadWait,
    Recv,
    Send,
    Sleep,
    StartProcess,
    WaitProcess,
)

from ..support import end, snapshot, start, turn


def files(sched, **wishes):
    return snapshot(sched, ListFiles(**wishes)).files


def reads(sock):
    yield Recv(sock, 10)


def test_a_kernel_that_watches_nothing_has_no_files():
    listed = snapshot(start(), ListFiles())
    assert (listed.files, listed.total) == ([], 0)


def test_a_file_is_told_with_its_kind_its_addresses_who_waits_and_for_how_long():
    clock = ManualClock()
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    server, address = listener.accept()

    def accepts():
        yield Accept(listener)

    with listener, client, server:
        sched = start(accepts(), reads(server), reads(server), clock=clock)
        turn(sched)
        clock.advance(5)
        told = {file.fd: file for file in files(sched)}
        here = f"127.0.0.1:{listener.getsockname()[1]}"
        first, second = told[listener.fileno()], told[server.fileno()]
        assert (first.kind, first.address, first.readers) == ("tcp", here, (1,))
        assert second.address == f"{here} ← 127.0.0.1:{address[1]}"
        assert (second.readers, second.writers, second.seconds) == ((2, 3), (), 5)
        client.sendall(b"x")
        turn(sched, 2)
        assert {file.fd: file for file in files(sched)}[server.fileno()].readers == (3,)
        end(sched)
        sched.poller.close()


def test_nobody_waits_any_more_for_a_file_that_is_still_watched():
    near, far = socket.socketpair()
    with near, far:
        sched = start(reads(near))
        turn(sched)
        far.sendall(b"x")
        turn(sched, 2)
        assert [(file.fd, file.readers, file.seconds) for file in files(sched)] == [
            (near.fileno(), (), None)
        ]
        near.close()
        assert files(sched) == []
        sched.poller.close()


def test_what_waits_to_be_written_has_its_writer():
    near, far = socket.socketpair()

    def writes():
        yield Send(near, bytes(10_000_000))

    with near, far:
        sched = start(writes())
        turn(sched)
        (file,) = files(sched)
        assert (file.kind, file.readers, file.writers) == ("unix", (), (1,))
        end(sched)
        sched.poller.close()


@pytest.mark.skipif(os.name != "posix", reason="only sockets can be waited for")
def test_pipes_terminals_and_processes_are_told_apart():
    def reads_pipe(fd):
        yield Read(fd, 10)

    def waits(fd):
        yield ReadWait(fd)

    def parent():
        process = yield StartProcess(
            [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=stdin
        )
        yield WaitProcess(process)

    stdin, write_end = os.pipe()
    pipe = os.fdopen(os.dup(stdin), "rb", 0)
    master, slave = os.openpty()
    sched = start(reads_pipe(pipe), waits(master), parent(), clock=Clock())
    turn(sched)
    told = {file.kind: file for file in files(sched)}
    assert told["pipe"].readers == (1,)
    assert told["terminal"].readers == (2,)
    if hasattr(os, "pidfd_open"):
        assert told["process"].address.isdigit()
    for tid in (1, 2):
        snapshot(sched, KillTask(tid))
    os.close(write_end)
    sched.mainloop()  # until the process has ended
    pipe.close()
    for fd in (stdin, master, slave):
        os.close(fd)


def test_of_a_task_those_are_told_that_it_waits_for_or_has_in_a_variable(tmp_path):
    near, far = socket.socketpair()

    def outer():
        with open(tmp_path / "notes.txt", "w") as notes:
            yield inner(near)
            notes.write("")

    def inner(sock):
        closed = socket.socket()
        closed.close()
        yield Recv(far, 10)
        return sock, closed

    with near, far:
        sched = start(outer(), reads(near))
        turn(sched)
        told = files(sched, tid=1)
        assert len(told) == 3
        assert {file.kind for file in told} == {"unix", "file"}
        assert [file.address for file in told if file.kind == "file"] == [
            str(tmp_path / "notes.txt")
        ]
        assert {file.fd: file.readers for file in told}[far.fileno()] == (1,)
        assert {file.fd: file.readers for file in told}[near.fileno()] == (2,)
        assert len(files(sched, tid=1, first=2)) == 2
        assert snapshot(sched, ListFiles(first=1)).total == 2
        end(sched)
        assert files(sched, tid=1) == []
        sched.poller.close()


def test_a_file_whose_own_code_raises_spoils_nothing():
    class Odd:
        def fileno(self):
            raise SystemExit

    class Strange:
        def fileno(self):
            return 10**6

        @property
        def name(self):
            raise SystemExit

    def program():
        odd, strange = Odd(), Strange()
        yield Sleep(60)
        return odd, strange

    sched = start(program())
    turn(sched)
    (file,) = files(sched, tid=1)
    assert file.fd == 10**6
    assert "SystemExit" in file.address


@pytest.mark.parametrize("first", [-1, "1", True])
def test_a_first_that_is_no_number_is_refused(first):
    with pytest.raises(ValueError, match="are a number"):
        snapshot(start(), ListFiles(first=first))


def test_a_task_that_is_not_there_has_no_files():
    with pytest.raises(NoSuchTask):
        snapshot(start(), ListFiles(tid=1))
