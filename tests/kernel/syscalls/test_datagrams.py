"""Laws of datagrams: each comes in one piece, to one receiver, or not at all."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from itertools import count

import pytest

from kernel import (
    FileClosed,
    KillTask,
    OpenDatagram,
    RecvFrom,
    SendTo,
)
from kernel.files import LOOK_OVER, PAUSE, WOLF
from kernel.waitqueue import Caller

from ..net import GUARD, HOSTS, descriptors, do, failure, note, settle, spawn, until
from ..support import either_style, outcome

FAMILIES = [socket.AF_INET, socket.AF_INET6]
if hasattr(socket, "AF_UNIX"):
    FAMILIES.append(socket.AF_UNIX)


def unused(family):
    """Addresses of a family that are free, one after the other."""
    if family in HOSTS:
        try:
            with socket.socket(family) as sock:
                sock.bind((HOSTS[family], 0))
        except OSError:
            pytest.skip(f"platform: no {family.name}")
        while True:
            yield (HOSTS[family], 0)
    with tempfile.TemporaryDirectory() as folder:
        for number in count():
            yield os.path.join(folder, str(number))


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def pair(kernel, request):
    addresses = unused(request.param)
    near, far = (do(kernel, OpenDatagram(next(addresses))) for _ in range(2))
    with near, far:
        yield near, far
    addresses.close()


@pytest.fixture
def unix(kernel):
    """Two sockets between which no datagram is lost."""
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("platform: no Unix sockets")
    addresses = unused(socket.AF_UNIX)
    near, far = (do(kernel, OpenDatagram(next(addresses))) for _ in range(2))
    with near, far:
        yield near, far
    addresses.close()


# -- there and back


@either_style
def test_a_datagram_arrives_with_the_address_to_answer_to(kernel, pair, style):
    near, far = pair
    answers = []

    def server():
        data, address = yield RecvFrom(far, 100)
        yield SendTo(far, data.upper(), address)

    def client():
        answers.append((yield SendTo(near, b"hello", far.getsockname())))
        answers.append((yield RecvFrom(near, 100)))

    kernel.new(style(server()))
    kernel.new(style(client()))
    until(kernel, lambda: not kernel.tasks)
    assert answers == [5, (b"HELLO", far.getsockname())]


def test_each_datagram_is_one_answer_also_an_empty_one(kernel, pair):
    near, far = pair
    for data in (b"one", b"", b"three"):
        do(kernel, SendTo(near, data, far.getsockname()))
    assert [do(kernel, RecvFrom(far, 100))[0] for _ in range(3)] == [b"one", b"", b"three"]


@pytest.mark.skipif(os.name == "nt", reason="platform: an error on Windows")
def test_of_a_datagram_that_is_longer_the_rest_is_lost(kernel, pair):
    near, far = pair
    for data in (b"12345", b"next"):
        do(kernel, SendTo(near, data, far.getsockname()))
    assert do(kernel, RecvFrom(far, 3))[0] == b"123"
    assert do(kernel, RecvFrom(far, 4))[0] == b"next"


@pytest.mark.parametrize("data", [bytearray(b"bytes"), memoryview(b"bytes\0\0\0").cast("d")])
def test_anything_made_of_bytes_can_be_sent(kernel, pair, data):
    near, far = pair
    size = memoryview(data).nbytes
    assert do(kernel, SendTo(near, data, far.getsockname())) == size
    assert do(kernel, RecvFrom(far, 100))[0] == bytes(data)


def test_those_who_receive_are_served_in_their_order(kernel, pair):
    near, far = pair
    call = RecvFrom(far, 100)
    logs = [spawn(kernel, call) for _ in range(3)]
    settle(kernel)
    for data in (b"1", b"2", b"3"):
        do(kernel, SendTo(near, data, far.getsockname()))
    until(kernel, lambda: all(logs))
    assert [data for [(data, _)] in logs] == [b"1", b"2", b"3"]


def test_a_sender_that_is_gone_is_nothing_to_the_receiver(kernel, pair):
    near, far = pair
    log = spawn(kernel, RecvFrom(far, 100))
    settle(kernel)
    near.close()
    settle(kernel)
    assert log == []


def test_a_socket_that_is_made_to_block_blocks_nobody(kernel, pair):
    near, far = pair
    for timeout in (None, 5):
        near.settimeout(timeout)
        far.settimeout(timeout)
        log = spawn(kernel, RecvFrom(far, 100))
        settle(kernel)
        assert log == []
        do(kernel, SendTo(near, b"!", far.getsockname()))
        until(kernel, lambda log=log: log)
        assert far.gettimeout() == near.gettimeout() == 0


def test_a_port_in_use_is_an_error_in_words_and_opens_nothing(kernel):
    settle(kernel)
    before = descriptors()
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        words = failure(kernel, OpenDatagram(sock.getsockname()))
        assert f"the port is in use: 127.0.0.1:{sock.getsockname()[1]}" in words
    assert "the address is not of this machine" in failure(kernel, OpenDatagram(("192.0.2.1", 0)))
    assert failure(kernel, OpenDatagram(("example.com", 0)), ValueError)
    assert failure(kernel, OpenDatagram(None), TypeError)
    assert descriptors() == before


# -- who does not read, and who is killed


def fill(kernel, near, far):
    """Send until no more fits; how many datagrams that were."""
    for sent in count():
        try:
            near.sendto(b"%d" % sent, far.getsockname())
        except BlockingIOError:
            return sent


def later(kernel):
    """Let time pass, for a file that is left alone because it cries wolf."""
    settle(kernel)
    kernel.clock.advance(WOLF)
    settle(kernel)


def test_who_sends_waits_while_there_is_no_room_and_holds_up_nobody(kernel, unix):
    near, far = unix
    full = fill(kernel, near, far)
    logs = [spawn(kernel, SendTo(near, data, far.getsockname())) for data in (b"a", b"b")]
    for _ in range(5):
        later(kernel)
    assert logs == [[], []]
    assert do(kernel, SendTo(far, b"back", near.getsockname())) == 4
    received = []
    while not all(logs):
        received.append(far.recv(100))
        later(kernel)
    assert logs == [[1], [1]]
    while len(received) < full + 2:
        received.append(far.recv(100))
    assert received == [*(b"%d" % number for number in range(full)), b"a", b"b"]


def test_a_sender_that_is_killed_while_it_waits_sends_nothing(kernel, unix):
    near, far = unix
    full = fill(kernel, near, far)
    logs = [[], []]
    tids = [
        kernel.new(note(log, SendTo(near, data, far.getsockname())))
        for log, data in zip(logs, (b"killed", b"lives"), strict=True)
    ]
    settle(kernel)
    assert do(kernel, KillTask(tids[0])) is True
    for _ in range(full):
        far.recv(100)
    while not logs[1]:
        later(kernel)
    assert far.recv(100) == b"lives"
    with pytest.raises(BlockingIOError):
        far.recv(100)


def test_a_receiver_that_is_killed_while_it_waits_loses_no_datagram(kernel, unix):
    near, far = unix
    tid = kernel.new(note([], RecvFrom(far, 100)))
    log = spawn(kernel, RecvFrom(far, 100))
    settle(kernel)
    assert do(kernel, KillTask(tid)) is True
    do(kernel, SendTo(near, b"precious", far.getsockname()))
    until(kernel, lambda: log)
    assert log == [(b"precious", near.getsockname())]


def test_a_receiver_that_is_killed_when_it_has_its_answer_sees_it(kernel, unix):
    near, far = unix
    got = []

    def receives():
        got.append((yield RecvFrom(far, 100))[0])
        yield
        got.append("went on")

    tid = kernel.new(receives())
    settle(kernel)
    near.sendto(b"precious", far.getsockname())
    while kernel.tasks[tid].queue is not None:
        kernel.look(0)
    kernel.kill(kernel.tasks[tid])
    settle(kernel)
    assert got == [b"precious"]
    assert outcome(kernel, tid).killed


def test_a_socket_closed_under_a_receiver_fails_it(kernel, pair):
    near, _ = pair
    log = spawn(kernel, RecvFrom(near, 100))
    settle(kernel)
    near.close()
    kernel.clock.advance(LOOK_OVER)
    settle(kernel)
    assert [type(error) for error in log] == [FileClosed]


# -- errors


class Odd(socket.socket):
    """A socket whose next calls raise these errors, one each."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.errors = []

    def next_error(self):
        if self.errors:
            error = self.errors.pop(0)
            raise OSError(error, os.strerror(error))

    def recvfrom(self, *args):
        self.next_error()
        return super().recvfrom(*args)

    def sendto(self, *args):
        self.next_error()
        return super().sendto(*args)


@pytest.fixture
def odd():
    with Odd(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


@pytest.mark.parametrize("error", [errno.ECONNRESET, errno.EINTR, errno.EAGAIN])
def test_what_an_earlier_datagram_met_with_does_not_end_a_receive(kernel, odd, error):
    """On Windows a server would otherwise end with the first client that has gone."""
    odd.errors = [error] * 3
    log = spawn(kernel, RecvFrom(odd, 100))
    settle(kernel)
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"!", odd.getsockname())
    until(kernel, lambda: log)
    assert log[0][0] == b"!"


def test_where_the_system_is_out_of_buffers_it_is_tried_again_after_a_while(kernel, odd):
    odd.errors = [errno.ENOBUFS] * 2
    log = spawn(kernel, SendTo(odd, b"!", odd.getsockname()))
    for _ in range(2):
        settle(kernel)
        assert log == []
        assert kernel.poller.poll(0) == [], "it would spin"
        kernel.clock.advance(PAUSE)
    settle(kernel)
    assert log == [1]


def test_a_datagram_that_is_too_long_is_an_error(kernel):
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        error = do(kernel, SendTo(sock, bytes(70_000), sock.getsockname()))
        assert isinstance(error, OSError)
        assert error.errno == errno.EMSGSIZE


def test_an_address_of_another_family_is_refused_in_words(kernel):
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        words = failure(kernel, SendTo(sock, b"!", ("::1", 7)), ValueError)
        assert words == "the socket is of another family than [::1]:7"


@pytest.mark.parametrize(
    ("address", "kind"),
    [(("example.com", 80), ValueError), (("127.0.0.1", "80"), ValueError), (None, TypeError)],
)
def test_what_is_no_address_is_refused(kernel, address, kind):
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        assert failure(kernel, SendTo(sock, b"!", address), kind)


@pytest.mark.parametrize("data", ["text", None, 5, memoryview(b"abcd")[::2]])
def test_what_is_no_bytes_is_refused_by_type(kernel, data):
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        words = failure(kernel, SendTo(sock, data, sock.getsockname()), TypeError)
        assert type(data).__name__ in words


@pytest.mark.parametrize("size", [0, -1])
def test_a_receive_of_less_than_a_byte_is_refused_in_words(kernel, size):
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        words = failure(kernel, RecvFrom(sock, size), ValueError)
        assert words == f"RecvFrom takes at least 1 byte, not {size}"


@pytest.mark.parametrize("thing", ["text", 7, None])
def test_what_is_no_socket_is_refused_by_name(kernel, thing):
    for call in (RecvFrom(thing, 1), SendTo(thing, b"!", ("127.0.0.1", 7))):
        words = failure(kernel, call, TypeError)
        assert words == f"a socket is wanted here, not {thing!r}"


def test_a_reset_of_a_stream_is_an_error_all_the_same(kernel):
    near, far = socket.socketpair()
    with Odd(fileno=near.detach()) as odd, far:
        odd.errors = [errno.ECONNRESET]
        log = spawn(kernel, RecvFrom(odd, 100))
        far.settimeout(GUARD)
        far.send(b"!")
        until(kernel, lambda: log)
        assert isinstance(log[0], ConnectionResetError)


def test_the_reasons_name_both_ends(kernel):
    with do(kernel, OpenDatagram(("127.0.0.1", 0))) as sock:
        port = sock.getsockname()[1]
        send, receive = SendTo(sock, b"!", ("127.0.0.1", 7)), RecvFrom(sock, 100)
        assert send.reason(kernel, Caller()) == f"write 127.0.0.1:{port} → 127.0.0.1:7"
        assert receive.reason(kernel, Caller()) == f"read 127.0.0.1:{port}"
    assert receive.reason(kernel, Caller()) == "read closed"
    assert repr(send) == "SendTo(closed, b'!', ('127.0.0.1', 7))"
