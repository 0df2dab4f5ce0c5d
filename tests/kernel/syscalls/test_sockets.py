"""Laws of the calls that read and write sockets: what they answer, and how they fail."""

from __future__ import annotations

import errno
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Accept,
    AcceptFailed,
    Connect,
    Exited,
    FileClosed,
    KillTask,
    Listen,
    ManualClock,
    NewTask,
    Recv,
    Scheduler,
    SelectPoller,
    Send,
    TaskKilled,
    within,
)
from kernel.files import PAUSE
from kernel.request import Request
from kernel.syscalls.sockets import LARGE, PORTION, Attempt

from ..net import (
    GUARD,
    HOSTS,
    connection,
    descriptors,
    do,
    failure,
    fill,
    listening,
    no_descriptor_left,
    note,
    pairs,
    receive,
    serve,
    settle,
    spawn,
    until,
)

always = settings(derandomize=True, deadline=None, max_examples=50)

FAMILIES = [socket.AF_INET, socket.AF_INET6]
if hasattr(socket, "AF_UNIX"):
    FAMILIES.append(socket.AF_UNIX)


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def address(request):
    """An address of each family that can be listened on."""
    if request.param == getattr(socket, "AF_UNIX", None):
        with tempfile.TemporaryDirectory() as folder:
            yield os.path.join(folder, "socket")
        return
    try:
        with socket.socket(request.param) as sock:
            sock.bind((HOSTS[request.param], 0))
    except OSError:
        pytest.skip(f"platform: no {request.param.name}")
    yield (HOSTS[request.param], 0)


def name(sock):
    """The address that others connect to."""
    found = sock.getsockname()
    return found[:2] if isinstance(found, tuple) else found


# -- Listen


def test_listen_answers_a_socket_that_listens(kernel, address):
    with do(kernel, Listen(address)) as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        assert listener.gettimeout() == 0
        if isinstance(address, tuple):
            assert name(listener)[1] > 0
        else:
            assert name(listener) == address


def test_listen_on_localhost_is_listen_on_its_number(kernel):
    with do(kernel, Listen(("localhost", 0))) as listener:
        assert name(listener)[0] == "127.0.0.1"


def test_a_port_in_use_is_an_error_in_words(kernel, address):
    settle(kernel)
    before = descriptors()
    with do(kernel, Listen(address)) as listener:
        words = failure(kernel, Listen(name(listener)))
        if isinstance(address, tuple):
            host, port = name(listener)
            shown = f"[{host}]" if ":" in host else host
            assert words == f"[Errno {errno.EADDRINUSE}] the port is in use: {shown}:{port}"
        else:
            expected = f"there is a file of this name already: {address}"
            assert words == f"[Errno {errno.EADDRINUSE}] {expected}"
    assert descriptors() == before


def test_an_address_that_is_not_of_this_machine_is_an_error_in_words(kernel):
    words = failure(kernel, Listen(("192.0.2.1", 0)))
    assert "the address is not of this machine: 192.0.2.1:0" in words


def test_a_path_that_is_too_long_is_an_error_in_words(kernel):
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("platform: no Unix sockets")
    path = "/" + "x" * 200
    for call in (Listen(path), Connect(path)):
        assert "too long" in failure(kernel, call)


def test_a_path_that_leads_nowhere_is_an_error_in_words(kernel):
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("platform: no Unix sockets")
    path = "/no/such/folder"
    for call in (Listen(path), Connect(path)):
        assert failure(kernel, call, FileNotFoundError).endswith(f"directory: {path}")


@pytest.mark.parametrize("call", [Listen, Connect])
def test_what_is_no_address_opens_nothing(kernel, call):
    settle(kernel)
    before = descriptors()
    for address, kind in [
        (("example.com", 80), ValueError),
        (("127.0.0.1", "80"), ValueError),
        (80, TypeError),
        (None, TypeError),
    ]:
        assert failure(kernel, call(address), kind)
    assert descriptors() == before


def test_a_port_can_be_listened_on_again_at_once(kernel):
    for _ in range(3):
        listener = do(kernel, Listen(("127.0.0.1", 0)))
        with socket.create_connection(name(listener)) as client:
            accepted, _ = do(kernel, Accept(listener))
            accepted.close()  # our side closes first, and so keeps the port busy for a while
            assert client.recv(1) == b""
        address = name(listener)
        listener.close()
        do(kernel, Listen(address)).close()


# -- Connect


def test_connect_answers_a_connected_socket_that_does_not_block(kernel, address):
    with do(kernel, Listen(address)) as listener:
        log = spawn(kernel, Accept(listener))
        with do(kernel, Connect(name(listener))) as client:
            until(kernel, lambda: log)
            [(server, peer)] = log
            with server:
                assert type(client) is socket.socket
                assert client.gettimeout() == server.gettimeout() == 0
                assert peer == client.getsockname()
                assert client.getpeername() == listener.getsockname()
                assert do(kernel, Send(client, b"there")) == 5
                assert do(kernel, Recv(server, 10)) == b"there"
                assert do(kernel, Send(server, b"back")) == 4
                assert do(kernel, Recv(client, 10)) == b"back"


def test_small_messages_go_out_at_once(kernel):
    with do(kernel, Listen(("127.0.0.1", 0))) as listener:
        log = spawn(kernel, Accept(listener))
        with do(kernel, Connect(name(listener))) as client:
            until(kernel, lambda: log)
            with log[0][0] as server:
                for sock in (client, server):
                    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_connect_where_nobody_listens_is_an_error_in_words(kernel, address):
    with do(kernel, Listen(address)) as listener:
        gone = name(listener)
    settle(kernel)
    before = descriptors()
    words = failure(kernel, Connect(gone), ConnectionRefusedError)
    assert "nobody listens there: " in words
    assert str(gone[1] if isinstance(gone, tuple) else gone) in words
    assert descriptors() == before


def test_connect_to_a_listener_with_a_full_backlog_waits_and_holds_up_nobody(kernel):
    with listening(backlog=0) as listener:
        logs = []
        while all(logs):
            logs.append(spawn(kernel, Connect(listener.getsockname())))
            settle(kernel)
        with connection() as (near, far):
            far.send(b"!")
            assert do(kernel, Recv(near, 1)) == b"!"
        assert logs[-1] == []
        assert kernel.poller.poll(0) == []
        # Room is made, and the one that waits gets in when the system next tries for it.
        listener.setblocking(False)
        accepted = []
        while not logs[-1] or len(accepted) < len(logs):
            settle(kernel)
            try:
                accepted.append(listener.accept()[0])
            except BlockingIOError:
                continue
        for sock in [*accepted, *(log[0] for log in logs)]:
            sock.close()


def test_connect_to_a_full_unix_listener_is_an_error_in_words(kernel):
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("platform: no Unix sockets")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with do(kernel, Listen(path, backlog=1)):
            outcomes = [do(kernel, Connect(path)) for _ in range(5)]
            made = [sock for sock in outcomes if isinstance(sock, socket.socket)]
            refused = [str(error) for error in outcomes if isinstance(error, OSError)]
            assert refused
            assert all(f"too many wait to be accepted there: {path}" in text for text in refused)
            for sock in made:
                sock.close()


def pending_connect(kernel, address):
    """The tid of a task in a `Connect` that comes to no end."""
    while True:
        log = []
        tid = kernel.new(note(log, Connect(address)))
        settle(kernel)
        if not log:
            return tid
        kernel.keep.append(log[0])


@pytest.fixture
def full():
    """A kernel, and a listener to which no more connections get through."""

    class Keeping(Scheduler):
        """It keeps the connections that came about."""

        keep: ClassVar[list[socket.socket]] = []

    kernel = Keeping(clock=ManualClock())
    with listening(backlog=0) as listener:
        yield kernel, listener.getsockname()
    kernel.end_all()
    kernel.poller.close()
    while kernel.keep:
        kernel.keep.pop().close()


def test_a_connect_that_is_killed_leaves_no_descriptor(full):
    kernel, address = full
    pending_connect(kernel, address)
    before = descriptors()
    tid = pending_connect(kernel, address)
    assert len(descriptors()) == len(before) + 1
    assert do(kernel, KillTask(tid)) is True
    until(kernel, lambda: tid not in kernel.tasks)
    settle(kernel)
    assert descriptors() == before


def test_a_connect_that_is_forced_leaves_no_descriptor(full):
    kernel, address = full
    pending_connect(kernel, address)
    before = descriptors()

    def stubborn():
        while True:
            try:
                yield Connect(address)
            except TaskKilled:
                continue

    tid = kernel.new(stubborn())
    settle(kernel)
    kernel.trace.subscribe(lambda event: None, Exited)
    kernel.force(kernel.tasks[tid])
    assert descriptors() == before


def test_a_connect_given_up_by_its_request_leaves_no_descriptor(full):
    kernel, address = full
    pending_connect(kernel, address)
    before = descriptors()
    request = Request(kernel, Connect(address))
    kernel.inbox.put(request)
    settle(kernel)
    assert len(descriptors()) == len(before) + 1
    request.fail(InterruptedError())
    settle(kernel)
    assert descriptors() == before


def test_a_connect_that_is_interrupted_goes_on(kernel, monkeypatch):
    """The system makes the connection all the same; to ask anew would be an error."""

    def interrupted(sock, address):
        socket.socket.connect_ex(sock, address)
        return errno.EINTR

    monkeypatch.setattr(Attempt, "connect_ex", interrupted, raising=False)
    with listening() as listener, do(kernel, Connect(listener.getsockname())) as client:
        assert client.getpeername() == listener.getsockname()


def test_a_false_alarm_does_not_take_a_connection_that_is_under_way_for_made():
    kernel = Scheduler(clock=ManualClock(), poller=Liar())
    with listening(backlog=0) as listener:
        logs = []
        while all(logs) and len(logs) < 10:
            logs.append(spawn(kernel, Connect(listener.getsockname())))
            kernel.clock.advance(PAUSE)
            settle(kernel)
        for _ in range(10):
            kernel.clock.advance(PAUSE)
            settle(kernel)
        assert logs[-1] == []
        for log in logs[:-1]:
            log[0].close()
    kernel.end_all()
    kernel.poller.close()


def test_connect_tells_what_it_waits_for(full):
    kernel, address = full
    tid = pending_connect(kernel, address)
    assert kernel.tasks[tid].reason() == f"connect 127.0.0.1:{address[1]}"


# -- Accept


def test_accept_answers_the_connections_in_their_order(kernel):
    with listening() as listener:
        clients = [socket.create_connection(listener.getsockname()) for _ in range(5)]
        for client in clients:
            accepted, peer = do(kernel, Accept(listener))
            assert peer == client.getsockname()
            assert accepted.gettimeout() == 0
            accepted.close()
            client.close()


@pytest.mark.parametrize("kind", ["new", "connected"])
def test_accept_on_a_socket_that_does_not_listen_is_an_error_at_once(kernel, kind):
    with connection() as (near, _), socket.socket() as fresh:
        sock = near if kind == "connected" else fresh
        assert "the socket does not listen" in failure(kernel, Accept(sock))


def test_a_listener_closed_under_accept_fails_it(kernel):
    listener = listening()
    log = spawn(kernel, Accept(listener))
    settle(kernel)
    listener.close()
    kernel.clock.advance(1)
    settle(kernel)
    assert [type(error) for error in log] == [FileClosed]


class Odd(socket.socket):
    """A socket whose next calls raise these errors, one each."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.errors = []
        self.tries = 0

    def next_error(self):
        self.tries += 1
        if self.errors:
            error = self.errors.pop(0)
            raise OSError(error, os.strerror(error))

    def accept(self):
        self.next_error()
        return super().accept()

    def recv(self, *args):
        self.next_error()
        return super().recv(*args)

    def send(self, *args):
        self.next_error()
        return super().send(*args)


@pytest.fixture
def odd():
    with Odd() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def test_a_connection_that_was_aborted_is_ignored(kernel, odd):
    odd.errors = [errno.ECONNABORTED] * 3
    with socket.create_connection(odd.getsockname()) as client:
        accepted, peer = do(kernel, Accept(odd))
        accepted.close()
        assert peer == client.getsockname()
    assert odd.tries == 4


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_a_shortage_is_reported_once_and_tried_again_after_a_while(kernel, odd, error):
    events = []
    kernel.trace.subscribe(events.append, AcceptFailed)
    odd.errors = [error] * 3
    log = spawn(kernel, Accept(odd))
    with socket.create_connection(odd.getsockname()):
        for tries in (1, 2, 3):
            settle(kernel)
            assert odd.tries == tries
            assert log == []
            assert kernel.poller.poll(0) == []
            kernel.clock.advance(PAUSE * 0.9)
            settle(kernel)
            assert odd.tries == tries
            kernel.clock.advance(PAUSE * 0.2)
        settle(kernel)
        assert odd.tries == 4
        [(accepted, _)] = log
        accepted.close()
    [event] = events
    assert event.error.errno == error
    assert str(event) == (
        f"task {event.tid} cannot accept on file {odd.fileno()} for now: {os.strerror(error)}"
    )


def test_an_accept_out_of_descriptors_leaves_the_listener_up_and_recovers(kernel):
    events = []
    kernel.trace.subscribe(events.append, AcceptFailed)
    with listening() as listener:
        log = spawn(kernel, Accept(listener))
        settle(kernel)
        with socket.create_connection(listener.getsockname()) as client:
            with no_descriptor_left():
                for _ in range(20):
                    settle(kernel)
                    assert log == []
                    assert kernel.poller.poll(0) == [], "it would spin"
                    kernel.clock.advance(PAUSE)
                assert [event.error.errno for event in events] == [errno.EMFILE]
            kernel.clock.advance(PAUSE)
            settle(kernel)
            [(accepted, peer)] = log
            accepted.close()
            assert peer == client.getsockname()
        # The next shortage is reported again.
        log = spawn(kernel, Accept(listener))
        settle(kernel)
        with socket.create_connection(listener.getsockname()):
            with no_descriptor_left():
                settle(kernel)
                assert len(events) == 2
            kernel.clock.advance(PAUSE)
            settle(kernel)
            log[0][0].close()


def test_a_server_out_of_descriptors_goes_on_serving_those_it_has(kernel):
    kernel.trace.subscribe(lambda event: None, AcceptFailed)
    listener = listening()
    address = listener.getsockname()
    kernel.new(serve(listener))
    with socket.create_connection(address, GUARD) as one:
        settle(kernel)
        with socket.create_connection(address, GUARD) as two:
            with no_descriptor_left():
                for _ in range(10):
                    settle(kernel)
                    one.send(b"!")
                    settle(kernel)
                    assert one.recv(1) == b"!"
                    kernel.clock.advance(PAUSE)
            kernel.clock.advance(PAUSE)
            two.send(b"?")
            settle(kernel)
            assert two.recv(1) == b"?"


def test_who_waits_behind_one_that_backs_off_is_served_too(kernel, odd):
    kernel.trace.subscribe(lambda event: None, AcceptFailed)
    logs = [spawn(kernel, Accept(odd)) for _ in range(3)]
    settle(kernel)
    odd.errors = [errno.EMFILE]
    clients = [socket.create_connection(odd.getsockname()) for _ in range(3)]
    settle(kernel)
    assert logs == [[], [], []]
    kernel.clock.advance(PAUSE)
    settle(kernel)
    assert [peer for [(_, peer)] in logs] == [client.getsockname() for client in clients]
    for sock in [*clients, *(log[0][0] for log in logs)]:
        sock.close()


def test_who_waits_behind_one_that_is_killed_while_it_backs_off_is_served_too(kernel, odd):
    kernel.trace.subscribe(lambda event: None, AcceptFailed)

    def accepts():
        yield Accept(odd)

    tid = kernel.new(accepts())
    log = spawn(kernel, Accept(odd))
    settle(kernel)
    odd.errors = [errno.EMFILE]
    with socket.create_connection(odd.getsockname()) as client:
        settle(kernel)
        assert do(kernel, KillTask(tid)) is True
        kernel.clock.advance(PAUSE)
        settle(kernel)
        [(accepted, peer)] = log
        accepted.close()
        assert peer == client.getsockname()


def test_a_listener_closed_while_accept_backs_off_fails_it(kernel, odd):
    kernel.trace.subscribe(lambda event: None, AcceptFailed)
    odd.errors = [errno.EMFILE]
    log = spawn(kernel, Accept(odd))
    with socket.create_connection(odd.getsockname()):
        settle(kernel)
        odd.close()
        kernel.clock.advance(PAUSE)
        settle(kernel)
    assert [type(error) for error in log] == [FileClosed]


def test_any_other_error_of_accept_is_the_task_s(kernel, odd):
    odd.errors = [errno.EPERM]
    log = spawn(kernel, Accept(odd))
    with socket.create_connection(odd.getsockname()):
        until(kernel, lambda: log)
        assert isinstance(log[0], PermissionError)
        accepted, _ = do(kernel, Accept(odd))
        accepted.close()


def test_a_peer_that_has_left_before_it_is_accepted_does_not_fail_accept(kernel):
    """Some systems refuse to set an option on such a connection."""

    class Gone(socket.socket):
        def setsockopt(self, *args):
            raise OSError(errno.EINVAL, "Invalid argument")

    class Listener(Odd):
        def accept(self):
            client, peer = super().accept()
            return Gone(fileno=client.detach()), peer

    with Listener() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()) as client:
            accepted, peer = do(kernel, Accept(listener))
            accepted.close()
            assert peer == client.getsockname()


# -- Recv and Send


def test_recv_answers_what_is_there_and_never_more_than_asked_for(kernel):
    with connection() as (near, far):
        far.send(b"twelve bytes")
        assert do(kernel, Recv(near, 5)) == b"twelv"
        assert do(kernel, Recv(near, 65536)) == b"e bytes"


def test_recv_answers_nothing_for_ever_once_the_peer_has_closed(kernel):
    with connection() as (near, far):
        far.send(b"last")
        far.close()
        assert do(kernel, Recv(near, 4)) == b"last"
        for _ in range(3):
            assert do(kernel, Recv(near, 4)) == b""


def test_a_half_closed_connection_can_still_be_written_to(kernel):
    with connection() as (near, far):
        far.shutdown(socket.SHUT_WR)
        assert do(kernel, Recv(near, 4)) == b""
        assert do(kernel, Send(near, b"still here")) == 10
        assert receive(far, 10) == b"still here"


@pytest.mark.parametrize("size", [0, -1, -(2**70)])
def test_recv_of_less_than_a_byte_is_refused_in_words(kernel, size):
    with connection() as (near, far):
        words = failure(kernel, Recv(near, size), ValueError)
        assert words == f"Recv takes at least 1 byte, not {size}"
        far.send(b"!")
        assert do(kernel, Recv(near, 1)) == b"!"


def test_recv_of_more_than_there_is_memory_for_fails_its_task_and_loses_nothing(kernel):
    with connection() as (near, far):
        log = spawn(kernel, Recv(near, 1 << 60))
        settle(kernel)
        assert log == []
        far.send(b"!")
        until(kernel, lambda: log)
        assert [type(error) for error in log] == [MemoryError]
        assert do(kernel, Recv(near, 1)) == b"!"


@pytest.mark.parametrize("size", ["5", None, [1]])
def test_recv_of_a_size_that_is_no_number_is_refused_by_type(kernel, size):
    with connection() as (near, _):
        assert type(size).__name__ in failure(kernel, Recv(near, size), TypeError)


@pytest.mark.parametrize("thing", ["text", 7, None])
def test_what_is_no_socket_is_refused_by_name(kernel, thing):
    for call in (Accept(thing), Recv(thing, 1), Send(thing, b"!")):
        words = failure(kernel, call, TypeError)
        assert words == f"a socket is wanted here, not {thing!r}"


@pytest.mark.parametrize("data", ["text", None, 5, [1, 2], memoryview(b"abcd")[::2]])
def test_send_of_what_is_no_bytes_is_refused_by_type(kernel, data):
    with connection() as (near, _):
        assert type(data).__name__ in failure(kernel, Send(near, data), TypeError)
        fill(near)  # at once, although it could not send anyway
        assert type(data).__name__ in failure(kernel, Send(near, data), TypeError)


def test_send_of_nothing_answers_nothing(kernel):
    with connection() as (near, _):
        assert do(kernel, Send(near, b"")) == 0


@pytest.mark.parametrize(
    "data",
    [b"bytes", bytearray(b"bytes"), memoryview(b"bytes"), memoryview(b"bytes\0\0\0").cast("d")],
)
def test_send_takes_anything_made_of_bytes(kernel, data):
    with connection() as (near, far):
        count = memoryview(data).nbytes
        assert do(kernel, Send(near, data)) == count
        assert receive(far, count) == bytes(data)


def reset(sock):
    """Close `sock` so that its peer learns of it as an error."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_a_peer_that_resets_fails_who_reads_and_nobody_else(kernel):
    with connection() as (near, far), connection() as (other, other_far):
        log = spawn(kernel, Recv(near, 1))
        other_log = spawn(kernel, Recv(other, 1))
        settle(kernel)
        reset(far)
        until(kernel, lambda: log)
        assert isinstance(log[0], ConnectionResetError)
        assert other_log == []
        other_far.send(b"!")
        until(kernel, lambda: other_log)
        assert other_log == [b"!"]


def test_a_peer_that_resets_fails_who_writes(kernel):
    with connection() as (near, far):
        log = spawn(kernel, Send(near, bytes(64 << 20)))
        settle(kernel)
        assert log == []
        reset(far)
        until(kernel, lambda: log)
        assert isinstance(log[0], (ConnectionResetError, BrokenPipeError))
        assert isinstance(do(kernel, Send(near, b"!")), BrokenPipeError)


def test_a_peer_whose_process_is_killed_fails_or_ends_its_connection_only(kernel):
    if not hasattr(signal, "SIGKILL"):
        pytest.skip("platform: no SIGKILL")
    code = (
        "import socket, sys\n"
        "client = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
        "client.send(b'here')\n"
        "client.recv(1)\n"
    )
    listener = listening()
    ended = []

    def handle(client):
        with client:
            try:
                while data := (yield Recv(client, 100)):
                    yield Send(client, b"" if data == b"here" else data)
            except ConnectionResetError:
                pass
        ended.append(client)

    def serves():
        with listener:
            while True:
                client, _ = yield Accept(listener)
                yield NewTask(handle(client))

    kernel.new(serves())
    command = [sys.executable, "-c", code, str(listener.getsockname()[1])]
    with subprocess.Popen(command) as child:
        until(kernel, lambda: len(kernel.tasks) == 2)
        child.kill()
        child.wait(GUARD)
        until(kernel, lambda: ended)
    with socket.create_connection(listener.getsockname(), GUARD) as client:
        client.send(b"echo")
        settle(kernel)
        assert client.recv(4) == b"echo"


@pytest.mark.parametrize(("kind", "what"), [(Recv, 1), (Send, b"!")])
def test_a_peer_that_vanishes_without_a_word_is_left_by_a_timeout(kernel, kind, what):
    late = []

    def program(sock):
        try:
            yield within(60, kind(sock, what))
        except TimeoutError:
            late.append(sock)

    with connection() as (near, far):
        fill(near)
        kernel.new(program(near))
        settle(kernel)
        kernel.clock.advance(59)
        settle(kernel)
        assert late == []
        kernel.clock.advance(1)
        until(kernel, lambda: late)
        assert not kernel.tasks
        assert kernel.files.waiting == 0
        far.send(b"!")  # it comes back
        assert do(kernel, Recv(near, 1)) == b"!"


def test_a_peer_that_sends_a_byte_at_a_time_is_served_as_they_come(kernel):
    listener = listening()
    address = listener.getsockname()
    kernel.new(serve(listener))
    with socket.create_connection(address, GUARD) as slow:
        for byte in b"slowly but surely":
            slow.send(bytes([byte]))
            settle(kernel, 5)
            with socket.create_connection(address, GUARD) as fast:
                fast.send(b"fast")
                settle(kernel, 5)
                assert receive(fast, 4) == b"fast"
            assert slow.recv(10) == bytes([byte])


def test_a_peer_that_never_reads_blocks_its_sender_alone(kernel):
    with connection() as (near, far), connection() as (other, other_far):
        size = 64 << 20
        log = []
        tid = kernel.new(note(log, Send(near, bytes(size))))
        settle(kernel)
        for _ in range(10):
            other_far.send(b"!")
            assert do(kernel, Recv(other, 1)) == b"!"
        assert log == []
        sent = kernel.tasks[tid].call.sent
        settle(kernel)
        # No more than what the system has room for; the kernel itself keeps nothing.
        assert 0 < kernel.tasks[tid].call.sent == sent < 32 << 20
        assert kernel.poller.poll(0) == []
        assert do(kernel, KillTask(tid)) is True
        near.close()
        assert len(b"".join(iter(lambda: far.recv(1 << 20), b""))) == sent


def test_64_mib_each_way_arrive_in_order_while_others_keep_running(kernel):
    size = 64 << 20
    there = random.Random(1).randbytes(size)
    back = random.Random(2).randbytes(size)
    turns = []

    def sends(sock, data):
        turns.append((yield Send(sock, data)))

    def reads(sock, data):
        place = 0
        while place < size:
            part = yield Recv(sock, 1 << 20)
            assert part == data[place : place + len(part)]
            assert part
            place += len(part)

    ticks = [0]

    def ticking():
        while len(kernel.tasks) > 1:
            ticks[0] += 1
            yield

    with connection() as (near, far):
        near.setblocking(True)
        programs = [sends(near, there), reads(far, there), sends(far, back), reads(near, back)]
        for program in programs:
            kernel.new(program)
        kernel.new(ticking())
        until(kernel, lambda: not kernel.tasks)
    assert turns == [size, size]
    assert ticks[0] > 100
    assert all(kernel.find(tid).status.ok for tid in range(1, 6))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("room", [1, 7, 100])
def test_a_send_of_which_only_a_part_fits_goes_on_behind_that_part(kernel, kind, room):
    class Narrow(socket.socket):
        """Has room for a few bytes at a time."""

        def send(self, data, *flags):
            return super().send(memoryview(data)[:room], *flags)

    with connection() as (near, far), Narrow(fileno=near.detach()) as narrow:
        data = bytes(range(100))
        assert do(kernel, Send(narrow, kind(data))) == 100
        assert receive(far, 100) == data


def test_a_large_send_is_handed_over_in_portions_with_a_turn_for_the_others_between_them(kernel):
    class Roomy(socket.socket):
        """Takes whatever it is given, and notes how much that was, and when."""

        taken: ClassVar[list[tuple[int, int]]] = []

        def send(self, data, *flags):
            self.taken.append((kernel.passes, len(data)))
            return len(data)

    def busy():
        while len(kernel.tasks) > 1:
            yield

    near, far = socket.socketpair()
    with far, Roomy(fileno=near.detach()) as roomy:
        kernel.new(busy())
        assert do(kernel, Send(roomy, bytes(64 << 20))) == 64 << 20
        passes, sizes = zip(*roomy.taken, strict=True)
        assert sum(sizes) == 64 << 20
        assert max(sizes) <= PORTION
        assert len(set(passes)) >= len(sizes) - 1, "portions without anybody's turn between them"


@always
@given(st.lists(st.binary(min_size=1, max_size=5000), max_size=30), st.integers(1, 5000))
def test_what_is_sent_in_any_pieces_arrives_in_any_pieces(pieces, size):
    kernel = Scheduler(clock=ManualClock())
    received = bytearray()

    def sends(sock):
        with sock:
            for piece in pieces:
                yield Send(sock, piece)

    def reads(sock):
        while part := (yield Recv(sock, size)):
            assert len(part) <= size
            received.extend(part)

    with pairs(1) as [(near, far)]:
        kernel.new(sends(near))
        kernel.new(reads(far))
        until(kernel, lambda: not kernel.tasks)
    kernel.poller.close()
    assert received == b"".join(pieces)


def test_one_send_may_be_yielded_by_two_at_once(kernel):
    with connection() as (near, far):
        size = 8 << 20
        call = Send(near, b"x" * size)
        logs = [spawn(kernel, call) for _ in range(2)]
        far.setblocking(False)
        received = 0
        while received < 2 * size:
            settle(kernel, 3)
            try:
                received += len(far.recv(1 << 20))
            except BlockingIOError:
                continue
        until(kernel, lambda: all(logs))
        assert logs == [[size], [size]]
        assert (call.socket, call.data) == (near, b"x" * size)


@pytest.mark.parametrize("when", ["at once", "later"])
def test_an_error_of_a_send_does_not_hold_on_to_the_data(kernel, when):
    """A bytearray can be resized again as soon as the call has failed."""
    near, far = socket.socketpair()
    data = bytearray(64 << 20 if when == "later" else 10)
    errors = []

    def program():
        try:
            yield Send(near, data)
        except OSError as error:
            errors.append(error)
            data.clear()
        return len(data)

    with near:
        if when == "at once":
            far.close()
        tid = kernel.new(program())
        settle(kernel, 3)
        far.close()
        until(kernel, lambda: tid not in kernel.tasks)
    assert len(errors) == 1
    assert kernel.find(tid).value == 0


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no Unix sockets")
def test_a_datagram_goes_out_in_one_piece_or_not_at_all(kernel):
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        size = PORTION + 1000
        far.settimeout(GUARD)
        sent = do(kernel, Send(near, bytes(size)))
        assert isinstance(sent, OSError) or (sent, len(far.recv(2 * size))) == (size, size)


# -- interruptions and false hints


def test_an_interrupted_call_is_made_again(kernel):
    with Odd() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.errors = [errno.EINTR, errno.EAGAIN]
        log = spawn(kernel, Accept(listener))
        with socket.create_connection(listener.getsockname(), GUARD) as client:
            until(kernel, lambda: log)
            with Odd(fileno=log[0][0].detach()) as near:
                near.setblocking(False)
                near.errors = [errno.EINTR, errno.EAGAIN]
                assert do(kernel, Send(near, b"there")) == 5
                assert receive(client, 5) == b"there"
                client.send(b"back")
                near.errors = [errno.EINTR, errno.EAGAIN]
                assert do(kernel, Recv(near, 10)) == b"back"


class Liar(SelectPoller):
    """Tells in every round that all it watches is ready."""

    def collect(self, timeout):
        told = super().collect(0)
        return told + [(fd, interest) for fd, interest in self.interests.items()]


@pytest.mark.parametrize("timeout", [None, 0, 5])
def test_a_false_alarm_blocks_nobody_and_answers_nothing(timeout):
    kernel = Scheduler(clock=ManualClock(), poller=Liar())
    with listening() as listener, connection() as (near, far), connection() as (full, full_far):
        fill(full)
        for sock in (listener, near, full):
            sock.settimeout(timeout)
        accepts = spawn(kernel, Accept(listener))
        reads = spawn(kernel, Recv(near, 10))
        writes = spawn(kernel, Send(full, b"!"))
        settle(kernel)
        assert (accepts, reads, writes) == ([], [], [])
        for sock in (listener, near, full):
            sock.settimeout(timeout)  # set again while they wait
        settle(kernel)
        assert (accepts, reads, writes) == ([], [], [])
        far.send(b"!")
        with socket.create_connection(listener.getsockname()):
            while not (reads and accepts):
                kernel.clock.advance(PAUSE)  # whoever cries wolf is left alone for a while
                settle(kernel)
            accepts[0][0].close()
        while not writes:
            full_far.recv(1 << 20)
            kernel.clock.advance(PAUSE)
            settle(kernel)
        assert (reads, writes) == ([b"!"], [1])
    kernel.poller.close()


def test_a_hint_that_was_true_once_blocks_nobody(kernel):
    with connection() as (near, far):
        far.send(b"ab")
        assert do(kernel, Recv(near, 1)) == b"a"
        settle(kernel)
        assert kernel.files.of(near).readable
        near.recv(1)
        near.settimeout(5)
        log = spawn(kernel, Recv(near, 1))
        settle(kernel)
        assert log == []
        far.send(b"c")
        until(kernel, lambda: log)
        assert log == [b"c"]


def test_after_a_large_read_that_was_full_the_next_waits_for_the_poller_and_loses_nothing(kernel):
    with connection() as (near, far):
        data = bytes(range(256)) * (2 * LARGE // 256)
        writes = spawn(kernel, Send(far, data))
        received = bytearray()
        while len(received) < len(data):
            log = spawn(kernel, Recv(near, LARGE))
            until(kernel, lambda log=log: log)
            received += log[0]
            assert not kernel.files.of(near).readable
        assert (received, writes) == (data, [len(data)])


@pytest.mark.parametrize("timeout", [None, 5])
def test_a_socket_that_blocks_is_taken_as_one_that_does_not(kernel, timeout):
    with listening() as listener, connection() as (near, far):
        for _ in range(3):
            for sock in (listener, near):
                sock.settimeout(timeout)
            accepts, reads = spawn(kernel, Accept(listener)), spawn(kernel, Recv(near, 1))
            settle(kernel)
            assert (accepts, reads) == ([], [])
            far.send(b"!")
            with socket.create_connection(listener.getsockname()):
                until(kernel, lambda accepts=accepts, reads=reads: accepts and reads)
                accepts[0][0].close()
            near.settimeout(timeout)
            assert do(kernel, Send(near, b"!")) == 1
            near.settimeout(timeout)
            log = spawn(kernel, Send(near, bytes(16 << 20)))
            settle(kernel)
            assert log == []
            received = 1 + (16 << 20)
            far.setblocking(False)
            while received:
                settle(kernel, 3)
                received -= len(peek(far))
            until(kernel, lambda log=log: log)
            assert log == [16 << 20]


def peek(sock):
    try:
        return sock.recv(1 << 20)
    except BlockingIOError:
        return b""


def test_a_duplicate_that_blocks_does_not_make_the_original_block():
    """The mode belongs to the open file, so a duplicate changes it behind the object's back."""
    kernel = Scheduler(clock=ManualClock(), poller=Liar())
    with listening() as listener, connection() as (near, far), connection() as (full, _):
        fill(full)
        logs = []
        for sock, call in [
            (listener, Accept(listener)),
            (near, Recv(near, 1)),
            (full, Send(full, b"!")),
        ]:
            with sock.dup() as duplicate:
                logs.append(spawn(kernel, call))
                settle(kernel)
                duplicate.setblocking(True)
                settle(kernel)
        assert logs == [[], [], []]
        far.send(b"!")
        while not logs[1]:
            kernel.clock.advance(PAUSE)
            settle(kernel)
        assert logs == [[], [b"!"], []]
    kernel.clock.advance(1)
    settle(kernel)
    kernel.poller.close()


# -- kills


def test_a_recv_killed_just_after_its_answer_loses_nothing(kernel):
    got = []

    def reads(sock):
        got.append((yield Recv(sock, 10)))
        yield
        got.append("went on")

    with connection() as (near, far):
        tid = kernel.new(reads(near))
        settle(kernel)
        far.send(b"precious")
        kill_after_answer(kernel, tid)
        assert got == [b"precious"]
        assert kernel.find(tid).status.killed


def test_an_accept_killed_just_after_its_answer_does_not_lose_the_connection(kernel):
    got = []

    def accepts(listener):
        client, _ = yield Accept(listener)
        with client:
            got.append(client.getpeername())
            yield

    with listening() as listener:
        tid = kernel.new(accepts(listener))
        settle(kernel)
        with socket.create_connection(listener.getsockname(), GUARD) as client:
            kill_after_answer(kernel, tid)
            assert got == [client.getsockname()]
            assert client.recv(1) == b""  # closed by the task's own `with`
        assert kernel.find(tid).status.killed


def kill_after_answer(kernel, tid):
    """Kill a task in the very round that answers it, before it has taken its step.

    In each round the poller is asked first, requests come next, and tasks run last.
    """
    task = kernel.tasks[tid]
    assert task.queue is not None
    while task.queue is not None:
        kernel.inbox.arrivals.clear()
        kernel.inbox.put(Request(kernel, Kill(tid)))
        kernel.cycle(wait=False)
    until(kernel, lambda: tid not in kernel.tasks)


class Kill(KillTask):
    """Kills the task, if it has its answer."""

    def run(self, kernel, caller):
        return super().run(kernel, caller) if kernel.tasks[self.tid].queue is None else None
