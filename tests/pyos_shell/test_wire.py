"""Laws of what a console that is attached and its system say: whole frames, bounded, or garbage."""

import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.wire import (
    HEAD,
    LARGEST,
    Channel,
    Frame,
    Garbage,
    Hello,
    Kind,
    packed_size,
    size_of,
)

always = settings(derandomize=True, deadline=None)
frames = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=100)), max_size=10)


def cut(data, places):
    """The bytes in pieces."""
    ends = sorted(place % (len(data) + 1) for place in places)
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


@always
@given(frames, st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_arrive_whole_however_they_are_cut(frames, places):
    data = b"".join(HEAD.pack(kind, len(each)) + each for kind, each in frames)
    channel, seen = Channel(None), []
    for piece in cut(data, places):
        channel.received += piece
        seen += channel.frames()
    assert seen == [Frame(kind, each) for kind, each in frames]


@always
@given(st.binary(max_size=300))
def test_whatever_comes_is_frames_or_garbage_and_never_more_than_one_frame_waits(data):
    channel = Channel(None)
    channel.received += data
    try:
        list(channel.frames())
    except Garbage:
        return
    assert len(channel.received) < HEAD.size + 65_536


def test_what_is_sent_is_received_in_portions():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(30)
        sender, receiver = Channel(ours), Channel(theirs)
        sender.send(Kind.KEYS, b"x" * 40_000)
        got = b""
        while len(got) < 40_000:
            got += b"".join(frame.data for frame in receiver.receive())
        sender.close()
        assert got == b"x" * 40_000
        assert receiver.receive() is None


@always
@given(st.builds(Hello, term=st.text(max_size=20), columns=st.integers(1, 500)))
def test_a_hello_says_what_it_said(hello):
    assert Hello.of(hello.frame()) == hello


@always
@given(
    st.binary(max_size=50)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
        max_leaves=5,
    ).map(lambda value: json.dumps(value).encode())
)
def test_what_is_no_hello_is_garbage_and_nothing_worse(data):
    with pytest.raises(Garbage):
        Hello.of(Frame(Kind.HELLO, data))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "another version"),
        ({"version": True}, "hello"),
        ({"columns": "80"}, "hello"),
        ({"read_only": 1}, "hello"),
        ({"surprise": 1}, "hello"),
    ],
)
def test_a_hello_of_another_kind_is_refused(change, said):
    given = json.loads(Hello().frame().data) | change
    with pytest.raises(Garbage, match=said):
        Hello.of(Frame(Kind.HELLO, json.dumps(given).encode()))


def test_a_hello_that_is_nested_without_end_is_garbage_too():
    with pytest.raises(Garbage):
        Hello.of(Frame(Kind.HELLO, b"[" * 60_000))


def test_a_size_is_never_none_nor_without_bounds():
    assert size_of(Frame(Kind.SIZE, packed_size(80, 24))) == (80, 24)
    assert size_of(Frame(Kind.SIZE, packed_size(0, 10**9))) == (1, LARGEST)
    with pytest.raises(Garbage):
        size_of(Frame(Kind.SIZE, b"123"))
