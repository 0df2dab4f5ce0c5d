"""Laws of TLS, with the real thing at the other end: Python's own `ssl` on a thread that blocks."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from kernel import (
    Called,
    Exited,
    IncompleteRead,
    KillTask,
    OwnerDied,
    Reader,
    Recv,
    Send,
    Sleep,
    start_tls,
)
from kernel.library.tls import LINGER

from ..net import GUARD, connection, do, fill, note, settle, spawn, until
from ..support import either_style, outcome

#: The key and the certificate of "localhost"; see there how they were made.
LOCALHOST = str(Path(__file__).parents[1] / "localhost.pem")

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture
def wire():
    """Both ends of a connection: ours, and that of the peer."""
    with connection() as (near, far):
        yield near, far


@pytest.fixture
def pair():
    """The same, without TCP, which may have room again for what did not fit a moment ago."""
    near, far = socket.socketpair()
    with near, far:
        far.settimeout(GUARD)
        yield near, far


def server_context(version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOCALHOST)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def client_context():
    return ssl.create_default_context(cafile=LOCALHOST)


class Peer(threading.Thread):
    """Does `work` with an ordinary blocking TLS socket at the other end."""

    def __init__(self, sock, context, work, **options):
        super().__init__(daemon=True)
        self.sock, self.context, self.work, self.options = sock, context, work, options
        self.answer = None
        self.error = None
        self.start()

    def run(self):
        try:
            with self.context.wrap_socket(
                self.sock, suppress_ragged_eofs=False, **self.options
            ) as tls:
                self.answer = self.work(tls)
        except BaseException as error:
            self.error = error

    def result(self, kernel):
        until(kernel, lambda: not self.is_alive())
        if self.error is not None:
            raise self.error
        return self.answer


def as_client(sock, work, context=None, name="localhost"):
    return Peer(sock, context or client_context(), work, server_hostname=name)


def as_server(sock, work, context=None):
    return Peer(sock, context or server_context(), work, server_side=True)


def everything(tls):
    """All that comes until the peer says that there is no more."""
    return b"".join(iter(lambda: tls.recv(65536), b""))


def echo(tls):
    """Send all back, then say goodbye."""
    while data := tls.recv(65536):
        tls.sendall(data)
    tls.unwrap()


def recv_all(tls):
    data = bytearray()
    while part := (yield tls.recv(65536)):
        data += part
    return bytes(data)


def started(kernel, sock, context, **options):
    tls = do(kernel, start_tls(sock, context, **options))
    assert not isinstance(tls, Exception), tls
    return tls


def client(kernel, wire, work=echo, **options):
    """Ours is the client of a server that does `work`."""
    near, far = wire
    peer = as_server(far, work, **options)
    tls = started(kernel, near, client_context(), server_hostname="localhost")
    return tls, peer


# -- there and back


@either_style
@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_client_is_served(kernel, wire, style, version):
    near, far = wire

    def serves():
        tls = yield start_tls(near, server_context(version), server_side=True)
        data = yield tls.recv(100)
        yield tls.send(data.upper())
        version_spoken = tls.layer.version()
        yield tls.close()
        return version_spoken

    def work(tls):
        tls.sendall(b"hello")
        return everything(tls)

    peer = as_client(far, work)
    tid = kernel.new(style(serves()))
    assert peer.result(kernel) == b"HELLO"
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == version.name.replace("_", ".")
    assert near.fileno() == -1


@either_style
@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_server_answers(kernel, wire, style, version):
    near, far = wire

    def asks():
        tls = yield start_tls(near, client_context(), server_hostname="localhost")
        yield tls.send(b"hello")
        answer = yield tls.recv(100)
        yield tls.close()
        return answer

    peer = as_server(far, echo, server_context(version))
    tid = kernel.new(style(asks()))
    peer.result(kernel)
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == b"hello"


def test_both_ends_may_be_tasks_of_one_kernel(kernel, wire):
    near, far = wire

    async def serves():
        async with await start_tls(far, server_context(), server_side=True) as tls:
            async for line in Reader(tls):
                await tls.send(line.upper())

    async def asks():
        async with await start_tls(near, client_context(), server_hostname="localhost") as tls:
            await tls.send(b"one\ntwo\n")
            await tls.send_eof()
            return [line async for line in Reader(tls)]

    kernel.new(serves())
    tid = kernel.new(asks())
    until(kernel, lambda: not kernel.tasks)
    assert outcome(kernel, tid).value == [b"ONE\n", b"TWO\n"]
    assert near.fileno() == far.fileno() == -1


def test_large_data_goes_both_ways_at_once_and_little_of_it_is_kept(kernel, wire):
    size = 3 << 20
    data = bytes(range(256)) * (size // 256)
    tls, peer = client(kernel, wire)
    kept = []

    def sends():
        yield tls.send(data)
        yield tls.send_eof()

    def receives():
        received = bytearray()
        while part := (yield tls.recv(1 << 20)):
            kept.append(tls.incoming.pending + tls.outgoing.pending)
            received += part
        return bytes(received)

    sender, receiver = kernel.new(sends()), kernel.new(receives())
    peer.result(kernel)
    until(kernel, lambda: not kernel.tasks)
    assert outcome(kernel, receiver).value == data
    assert outcome(kernel, sender).ok
    assert max(kept) < 1 << 20


def test_a_peer_that_sends_one_byte_at_a_time_is_understood(kernel, wire):
    near, far = wire
    with connection() as (tunnel, end):

        def carry(one, other):
            with suppress(OSError):
                while byte := (yield Recv(one, 1)):
                    yield Send(other, byte)

        for sock in (near, far, tunnel, end):
            sock.setblocking(False)
        kernel.new(carry(far, tunnel))
        kernel.new(carry(tunnel, far))
        end.settimeout(GUARD)
        as_server(end, echo)
        tls = started(kernel, near, client_context(), server_hostname="localhost")
        assert do(kernel, tls.send(b"hello")) == 5
        assert do(kernel, Reader(tls).read_exactly(5)) == b"hello"
        do(kernel, tls.close())


def test_a_trace_shows_what_goes_over_the_wire_and_no_secret(kernel, wire):
    calls = []
    kernel.trace.subscribe(lambda event: calls.append(event.call), Called)
    tls, _ = client(kernel, wire)
    do(kernel, tls.send(b"secret"))
    assert do(kernel, tls.recv(100)) == b"secret"
    assert any(isinstance(call, Recv) for call in calls)
    sent = [bytes(call.data) for call in calls if isinstance(call, Send)]
    assert sent
    assert not any(b"secret" in data for data in sent)


def test_it_tells_whom_it_talks_to(kernel, wire):
    tls, _ = client(kernel, wire)
    assert ("DNS", "localhost") in tls.layer.getpeercert()["subjectAltName"]
    assert repr(tls) == f"<TlsConnection {wire[0].fileno()} TLSv1.3>"


# -- who does not agree


def test_a_certificate_that_is_not_trusted_is_refused_on_both_sides(kernel, wire):
    near, far = wire
    peer = as_server(far, echo)
    error = do(kernel, start_tls(near, ssl.create_default_context(), server_hostname="localhost"))
    assert isinstance(error, ssl.SSLCertVerificationError)
    with pytest.raises(ssl.SSLError, match="UNKNOWN_CA"):
        peer.result(kernel)


def test_a_certificate_of_another_host_is_refused(kernel, wire):
    near, far = wire
    as_server(far, echo)
    error = do(kernel, start_tls(near, client_context(), server_hostname="example.com"))
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert "example.com" in str(error)


def test_a_client_that_does_not_trust_us_ends_its_own_handshake_only(kernel, wire):
    near, far = wire
    as_client(far, echo, ssl.create_default_context())
    error = do(kernel, start_tls(near, server_context(), server_side=True))
    assert isinstance(error, ssl.SSLError)
    with connection() as (other, other_far):
        peer = as_client(other_far, lambda tls: tls.version())
        started(kernel, other, server_context(), server_side=True)
        assert peer.result(kernel) == "TLSv1.3"


def test_who_talks_no_tls_is_refused(kernel, wire):
    near, far = wire
    far.send(b"GET / HTTP/1.0\r\n\r\n")
    error = do(kernel, start_tls(near, server_context(), server_side=True))
    assert isinstance(error, ssl.SSLError)
    assert error.reason == "HTTP_REQUEST"


def test_who_leaves_during_the_handshake_is_an_early_end(kernel, wire):
    near, far = wire
    far.close()
    error = do(kernel, start_tls(near, server_context(), server_side=True))
    assert isinstance(error, (ssl.SSLEOFError, ConnectionResetError))


def test_a_peer_that_never_answers_holds_up_nobody(kernel, wire):
    near, _ = wire
    log = spawn(kernel, start_tls(near, client_context(), server_hostname="localhost"))
    with connection() as (other, other_far):
        other_far.send(b"!")
        assert do(kernel, Recv(other, 1)) == b"!"
    assert log == []
    assert not kernel.ready


# -- how it ends


def test_after_the_peers_goodbye_there_is_nothing_for_ever(kernel, wire):
    tls, peer = client(kernel, wire, lambda tls: tls.sendall(b"last") or tls.unwrap())
    assert do(kernel, tls.recv(100)) == b"last"
    for _ in range(3):
        assert do(kernel, tls.recv(100)) == b""
    do(kernel, tls.send_eof())
    assert do(kernel, tls.recv(100)) == b""
    peer.result(kernel)


def test_an_end_without_goodbye_is_an_error_as_something_may_be_missing(kernel, wire):
    """Not acceptable: to take it for the end of the data."""
    tls, peer = client(kernel, wire, lambda tls: tls.sendall(b"half a"))
    assert do(kernel, tls.recv(100)) == b"half a"
    peer.result(kernel)
    for _ in range(2):
        assert isinstance(do(kernel, tls.recv(100)), ssl.SSLEOFError)


def test_who_has_said_goodbye_can_still_receive_what_comes(kernel, wire):
    asked = threading.Event()

    def work(tls):
        tls.sendall(b"early ")
        asked.wait(GUARD)
        assert everything(tls) == b"question"
        tls.sendall(b"late")
        tls.unwrap()

    tls, peer = client(kernel, wire, work)
    do(kernel, tls.send(b"question"))
    assert do(kernel, tls.recv(1)) == b"e"  # the rest is here, too
    do(kernel, tls.send_eof())
    asked.set()
    assert do(kernel, recv_all(tls)) == b"arly late"
    assert do(kernel, tls.recv(1)) == b""
    peer.result(kernel)


def test_after_our_goodbye_nothing_can_be_sent(kernel, wire):
    tls, _ = client(kernel, wire)
    do(kernel, tls.send_eof())
    assert isinstance(do(kernel, tls.send(b"!")), ssl.SSLError)
    do(kernel, tls.close())
    assert isinstance(do(kernel, tls.send(b"!")), ssl.SSLError)


def test_a_close_after_the_peer_has_gone_closes_the_socket_all_the_same(kernel, wire):
    near, far = wire
    tls, peer = client(kernel, wire, lambda tls: None)
    peer.result(kernel)
    far.close()
    assert do(kernel, tls.close()) is None
    assert near.fileno() == -1


def test_a_close_does_not_take_back_what_is_under_way(kernel, wire):
    """Not acceptable: that the tickets of TLS 1.3, which nobody reads, cost the end of the data."""
    data = bytes(3 << 20)
    tls, peer = client(kernel, wire, everything)

    def program():
        yield tls.send(data)
        yield tls.close()

    kernel.new(program())
    assert peer.result(kernel) == data
    until(kernel, lambda: not kernel.tasks)


@pytest.mark.parametrize("reads", [True, False])
def test_a_close_waits_for_the_peer_but_not_for_ever(kernel, wire, reads):
    near, _ = wire
    over = threading.Event()
    tls, peer = client(kernel, wire, lambda tls: (reads and everything(tls), over.wait(GUARD)))
    if not reads:
        fill(near)
    log = spawn(kernel, tls.close())
    settle(kernel)
    assert (log, near.fileno() >= 0) == ([], True)
    kernel.clock.advance(LINGER)
    until(kernel, lambda: log)
    assert (log, near.fileno()) == ([None], -1)
    over.set()
    until(kernel, lambda: not peer.is_alive())


def test_the_end_of_a_stream_in_the_midst_of_what_was_expected_is_an_error(kernel, wire):
    tls, _ = client(kernel, wire, lambda tls: tls.sendall(b"abc") or tls.unwrap())
    assert isinstance(do(kernel, Reader(tls).read_exactly(4)), IncompleteRead)


# -- several tasks, and kills


def test_what_a_task_sends_stays_in_one_piece(kernel, wire):
    size = 1 << 20
    tls, peer = client(kernel, wire, everything)
    logs = [spawn(kernel, tls.send(letter * size)) for letter in (b"a", b"b")]
    until(kernel, lambda: all(logs))
    do(kernel, tls.close())
    assert peer.result(kernel) == b"a" * size + b"b" * size


def test_several_may_receive_each_byte_once(kernel, wire):
    tls, _ = client(kernel, wire)
    logs = [spawn(kernel, tls.recv(1)) for _ in range(3)]
    settle(kernel)
    do(kernel, tls.send(b"abc"))
    until(kernel, lambda: all(logs))
    assert sorted(log[0] for log in logs) == [b"a", b"b", b"c"]


def test_a_receiver_that_is_killed_has_lost_nothing(kernel, wire):
    tls, _ = client(kernel, wire)
    tid = kernel.new(note([], tls.recv(100)))
    settle(kernel)
    assert do(kernel, KillTask(tid)) is True
    do(kernel, tls.send(b"precious"))
    assert do(kernel, tls.recv(100)) == b"precious"


def test_after_a_send_that_was_killed_no_other_is_tried_but_one_can_receive(kernel, pair):
    near, _ = pair
    go_on = threading.Event()

    def work(tls):
        tls.sendall(b"answer")
        go_on.wait(GUARD)

    tls, peer = client(kernel, pair, work)
    fill(near)  # the peer will never get anything sensible again; it does not read anyway
    tid = kernel.new(note([], tls.send(b"x" * 1000)))
    settle(kernel)
    assert do(kernel, KillTask(tid)) is True
    settle(kernel)
    error = do(kernel, tls.send(b"!"))
    assert isinstance(error, BrokenPipeError)
    assert "an earlier send has been cut short" in str(error)
    assert do(kernel, tls.recv(100)) == b"answer"
    do(kernel, tls.close())
    go_on.set()
    until(kernel, lambda: not peer.is_alive())


def test_after_a_send_that_was_ended_by_force_it_is_in_disorder(kernel, pair):
    over = threading.Event()
    tls, peer = client(kernel, pair, lambda tls: (tls.sendall(b"answer"), over.wait(GUARD)))
    fill(pair[0])
    tid = kernel.new(note([], tls.send(b"x")))
    settle(kernel)
    kernel.trace.subscribe(lambda event: None, Exited)
    kernel.force(kernel.tasks[tid])
    assert outcome(kernel, tid).error is None
    for _ in range(2):
        assert isinstance(do(kernel, tls.send(b"!")), OwnerDied)
    assert do(kernel, tls.recv(100)) == b"answer"
    pair[0].close()
    over.set()
    until(kernel, lambda: not peer.is_alive())


def test_a_block_that_is_ended_by_force_closes_its_socket_at_once(kernel, wire):
    """Not acceptable: that the task is said to ignore `GeneratorExit`."""
    kernel.trace.subscribe(lambda event: None, Exited)
    tls, peer = client(kernel, wire)

    async def block():
        async with tls:
            await Sleep(1000)

    tid = kernel.new(block())
    settle(kernel)
    kernel.force(kernel.find(tid))
    assert outcome(kernel, tid).error is None
    assert wire[0].fileno() == -1
    until(kernel, lambda: not peer.is_alive())
    assert isinstance(peer.error, ssl.SSLError | OSError)


def test_what_the_peer_asks_for_in_the_middle_is_answered_while_one_receives(kernel, wire):
    """It wants to see our certificate after all: to receive, something must be sent."""
    near, far = wire
    server = server_context()
    server.load_verify_locations(LOCALHOST)
    server.verify_mode = ssl.CERT_OPTIONAL
    server.post_handshake_auth = True
    ours = client_context()
    ours.load_cert_chain(LOCALHOST)
    ours.post_handshake_auth = True

    def work(tls):
        before = tls.getpeercert()
        tls.verify_client_post_handshake()
        tls.sendall(b"who are you?")
        assert everything(tls) == b"look"
        return before, tls.getpeercert()

    peer = as_server(far, work, server)
    tls = started(kernel, near, ours, server_hostname="localhost")
    assert do(kernel, tls.recv(100)) == b"who are you?"
    log = spawn(kernel, tls.recv(100))
    settle(kernel)
    assert not tls.outgoing.pending  # the answer has gone out, although nobody sends
    do(kernel, tls.send(b"look"))
    do(kernel, tls.send_eof())
    until(kernel, lambda: log)
    before, after = peer.result(kernel)
    assert not before
    assert ("DNS", "localhost") in after["subjectAltName"]


# -- wrong arguments


def test_what_is_no_context_or_no_socket_is_refused_by_name(kernel, wire):
    for sock, context, wrong in [(wire[0], "text", "'text'"), (7, client_context(), "7")]:
        error = do(kernel, start_tls(sock, context, server_hostname="localhost"))
        assert isinstance(error, TypeError)
        assert str(error) == f"TLS takes a socket and an SSLContext, not {wrong}"


def test_wrong_sizes_and_wrong_data_are_refused_in_words(kernel, wire):
    tls, _ = client(kernel, wire)
    assert str(do(kernel, tls.recv(0))) == "recv takes at least 1 byte, not 0"
    assert isinstance(do(kernel, tls.send("text")), TypeError)
    assert do(kernel, tls.send(b"")) == 0
    assert do(kernel, tls.send(bytearray(b"still works"))) == 11
    assert do(kernel, tls.recv(100)) == b"still works"
