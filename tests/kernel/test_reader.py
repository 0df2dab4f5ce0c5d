"""Laws of `Reader`: lines and exact lengths, out of whatever pieces the data comes in."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    ClosePipe,
    IncompleteRead,
    KillTask,
    LineTooLong,
    Pipe,
    PipeWrite,
    Reader,
    Recv,
    Send,
    SystemCall,
    TooMuchData,
    Yield,
    system_call,
)

from .net import note, pairs, settle, until
from .support import either_style, outcome, run

always = settings(derandomize=True, deadline=None, max_examples=200)


@system_call
class Part(SystemCall):
    """Answers the next part of a list, b"" at its end."""

    parts: list

    def run(self, kernel, caller):
        return self.parts.pop(0) if self.parts else b""


class Parts:
    """A source that gives these parts, one at a time; every other by way of a subroutine."""

    def __init__(self, *parts):
        self.parts = list(parts)
        self.asked = []

    def recv(self, size):
        self.asked.append(size)
        return Part(self.parts) if len(self.asked) % 2 else self.slowly()

    def slowly(self):
        yield
        return (yield Part(self.parts))


def by_bytes(data):
    """A source that gives one byte at a time."""
    return Parts(*(bytes([byte]) for byte in data))


def read(program):
    """What a program that reads returned; its error is raised."""
    status = run(program)
    if status.error is not None:
        raise status.error
    return status.value


def one(reading):
    """A program that reads once."""
    return (yield reading)


# -- lines


@either_style
def test_lines_come_one_by_one_whatever_pieces_they_arrive_in(style):
    def program():
        reader = Reader(Parts(b"one\ntw", b"o\n", b"\nlast"))
        lines = []
        while line := (yield reader.read_line()):
            lines.append(line)
        return lines, (yield reader.read_line())

    assert read(style(program())) == ([b"one\n", b"two\n", b"\n", b"last"], b"")


def test_an_async_for_goes_over_the_lines():
    async def program():
        return [line async for line in Reader(by_bytes(b"one\ntwo\nlast"))]

    assert read(program()) == [b"one\n", b"two\n", b"last"]


@pytest.mark.parametrize("parts", [Parts(b"12345\n6"), by_bytes(b"12345\n6")])
def test_a_line_may_be_just_as_long_as_the_limit_its_end_included(parts):
    assert read(one(Reader(parts).read_line(limit=6))) == b"12345\n"


@pytest.mark.parametrize("parts", [Parts(b"12345\n6"), by_bytes(b"12345\n6")])
def test_a_line_that_is_longer_is_an_error_and_loses_nothing(parts):
    reader = Reader(parts)
    with pytest.raises(LineTooLong) as error:
        read(one(reader.read_line(limit=5)))
    assert error.value.limit == 5
    with pytest.raises(LineTooLong):
        read(one(reader.read_line(limit=5)))
    assert read(one(reader.read_line())) == b"12345\n"


def test_a_line_without_end_does_not_fill_the_memory():
    """Not acceptable: to go on receiving, or to drop what has come."""
    source = Parts(*[b"x" * 1000] * 1000)
    reader = Reader(source)
    with pytest.raises(LineTooLong):
        read(one(reader.read_line(limit=10_000)))
    assert len(reader.buffer) == 10_000
    assert len(source.parts) == 990


# -- exact lengths


@either_style
def test_exact_lengths_come_whatever_pieces_they_arrive_in(style):
    def program():
        reader = Reader(Parts(b"ab", b"c", b"defgh", b"i"))
        answers = []
        for count in (1, 4, 0, 3, 1):
            answers.append((yield reader.read_exactly(count)))
        return answers

    assert read(style(program())) == [b"a", b"bcde", b"", b"fgh", b"i"]


@pytest.mark.parametrize("data", [b"", b"abc"])
def test_an_end_before_the_length_is_an_error_with_what_came(data):
    reader = Reader(by_bytes(data))
    with pytest.raises(IncompleteRead) as error:
        read(one(reader.read_exactly(4)))
    assert (error.value.partial, error.value.expected) == (data, 4)
    assert reader.buffer == b""


def test_nothing_is_read_without_asking_for_anything():
    source = Parts(b"abc")
    assert read(one(Reader(source).read_exactly(0))) == b""
    assert source.asked == []


# -- separators


@pytest.mark.parametrize("parts", [Parts(b"k: v\r\n\r\n\rbody"), by_bytes(b"k: v\r\n\r\n\rbody")])
def test_a_separator_of_several_bytes_is_found_across_the_pieces(parts):
    def program():
        reader = Reader(parts)
        return (yield reader.read_until(b"\r\n\r\n")), (yield reader.read_exactly(5))

    assert read(program()) == (b"k: v\r\n\r\n", b"\rbody")


def test_an_end_before_the_separator_is_an_error_with_what_came():
    with pytest.raises(IncompleteRead) as error:
        read(one(Reader(Parts(b"ab", b"c;")).read_until(b";;")))
    assert (error.value.partial, error.value.expected) == (b"abc;", None)


def test_a_separator_that_reaches_beyond_the_limit_does_not_count():
    with pytest.raises(LineTooLong):
        read(one(Reader(Parts(b"abc;;")).read_until(b";;", limit=4)))


# -- whatever there is


def test_a_read_answers_what_there_is_and_waits_only_if_there_is_nothing():
    def program():
        reader = Reader(Parts(b"abcd", b"ef"))
        answers = []
        for size in (3, 100, 100, 100):
            answers.append((yield reader.read(size)))
        return answers

    assert read(program()) == [b"abc", b"d", b"ef", b""]


def test_read_all_answers_everything_up_to_the_end():
    assert read(one(Reader(by_bytes(b"abc")).read_all(3))) == b"abc"
    assert read(one(Reader(Parts()).read_all(0))) == b""


def test_read_all_of_more_than_the_limit_is_an_error_and_loses_nothing():
    source = Parts(*[b"x" * 10] * 100)
    reader = Reader(source)
    with pytest.raises(TooMuchData, match="more than 25 bytes came"):
        read(one(reader.read_all(25)))
    assert len(reader.buffer) == 30
    assert len(read(one(reader.read_all(1000)))) == 1000


# -- all at once

READS = st.one_of(
    st.tuples(st.just("read_line"), st.integers(1, 20)),
    st.tuples(st.just("read"), st.integers(1, 20)),
    st.tuples(st.just("read_exactly"), st.integers(0, 20)),
    st.tuples(st.just("read_until"), st.binary(min_size=1, max_size=3)),
)


@always
@given(st.lists(st.binary(min_size=1, max_size=8)), st.lists(READS, max_size=20))
def test_whatever_is_read_in_whatever_way_every_byte_comes_once_and_in_order(parts, reads):
    reader = Reader(Parts(*parts))

    def program():
        for method, argument in reads:
            try:
                got.append((yield getattr(reader, method)(argument)))
            except IncompleteRead as error:
                got.append(error.partial)
            except LineTooLong:
                got.append((yield reader.read(argument)))
        got.append((yield reader.read_all(10_000)))

    got = []
    read(program())
    assert b"".join(got) == b"".join(parts)


def ends_within(line, limit):
    return len(line) < limit or (len(line) == limit and line.endswith(b"\n"))


@always
@given(st.text("ab\n"), st.integers(1, 5), st.integers(1, 12))
def test_lines_are_those_of_splitlines_up_to_the_first_that_is_too_long(text, size, limit):
    data = text.encode()
    reader = Reader(Parts(*(data[at : at + size] for at in range(0, len(data), size))))

    def program():
        try:
            while line := (yield reader.read_line(limit)):
                got.append(line)
        except LineTooLong:
            got.append(LineTooLong)

    got = []
    read(program())
    expected = []
    for line in data.splitlines(keepends=True):
        expected.append(line if ends_within(line, limit) else LineTooLong)
        if expected[-1] is LineTooLong:
            break
    assert got == expected


# -- who is killed


def test_a_reader_killed_midway_has_lost_nothing(kernel):
    with pairs(1) as [(near, far)]:
        reader = Reader(near)
        tid = kernel.new(one(reader.read_line()))
        settle(kernel)
        far.send(b"half a ")
        settle(kernel)
        kernel.new(one(KillTask(tid)))
        settle(kernel)
        assert outcome(kernel, tid).killed
        far.send(b"line\n")
        log = []
        kernel.new(note(log, reader.read_line()))
        until(kernel, lambda: log)
        assert log == [b"half a line\n"]


@pytest.mark.parametrize("kill_at", range(12))
def test_a_reader_killed_at_any_step_has_lost_nothing(kernel, kill_at):
    """Also in the very step in which it is given what was received."""
    parts = [b"a", b"b", b"c\n", b"d\n"]
    reader = Reader(Parts(*parts))
    lines = []

    def reads():
        while line := (yield reader.read_line()):
            lines.append(line)
            yield Yield()

    tid = kernel.new(reads())
    kernel.policy.budget = 1
    settle(kernel, kill_at)
    if tid in kernel.tasks:
        kernel.kill(kernel.tasks[tid])
    settle(kernel)
    log = []
    kernel.new(note(log, reader.read_all(100)))
    until(kernel, lambda: log)
    assert b"".join(lines) + log[0] == b"abc\nd\n"


def test_a_peer_that_sends_one_byte_at_a_time_is_understood(kernel):
    data = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def sends(sock):
        with sock:
            for byte in data:
                yield Send(sock, bytes([byte]))
                yield

    with pairs(1) as [(near, far)]:
        log = []
        reader = Reader(near)
        kernel.new(sends(far))
        kernel.new(note(log, reader.read_until(b"\r\n\r\n")))
        until(kernel, lambda: log)
        assert log == [data]


def test_a_socket_is_received_from_by_recv(kernel):
    with pairs(1) as [(near, _)]:
        tid = kernel.new(one(Reader(near).read_line()))
        settle(kernel)
        call = kernel.tasks[tid].call
        assert isinstance(call, Recv)
        assert call.socket is near


def test_a_pipe_is_read_from_by_its_own_call():
    def program():
        pipe = Pipe()
        yield PipeWrite(pipe, b"one\ntwo")
        yield ClosePipe(pipe, "write")
        reader = Reader(pipe)
        return (yield reader.read_line()), (yield reader.read_line()), (yield reader.read_line())

    assert read(program()) == (b"one\n", b"two", b"")


def test_an_error_of_the_source_is_the_readers_and_loses_nothing(kernel):
    reader = Reader(socket.socket())
    reader.buffer += b"early"
    log = []
    kernel.new(note(log, reader.read_line()))
    until(kernel, lambda: log)
    assert isinstance(log[0], OSError)
    assert reader.buffer == b"early"
    reader.source.close()


# -- wrong arguments


@pytest.mark.parametrize("source", [None, 7, "text", b"bytes", [b"parts"]])
def test_what_nothing_can_be_received_from_is_refused_by_name(source):
    with pytest.raises(TypeError) as error:
        Reader(source)
    assert repr(source) in str(error.value)


WRONG = [
    ("read", (0,), ValueError, "a read takes 1 byte or more, not 0"),
    ("read", ("7",), ValueError, "a read takes 1 byte or more, not '7'"),
    ("read_exactly", (-1,), ValueError, "0 bytes or more can be read, not -1"),
    ("read_exactly", (1.5,), ValueError, "0 bytes or more can be read, not 1.5"),
    ("read_until", ("\n",), TypeError, "a separator is made of bytes, not '\\n'"),
    ("read_until", (b"",), ValueError, "a separator has one byte at least"),
    ("read_until", (b";", 0), ValueError, "a limit is 1 byte or more, not 0"),
    ("read_line", (0,), ValueError, "a limit is 1 byte or more, not 0"),
    ("read_all", (-1,), ValueError, "a limit is 0 bytes or more, not -1"),
]


@pytest.mark.parametrize(
    ("method", "arguments", "kind", "words"),
    WRONG,
    ids=[f"{method}-{words}" for method, *_, words in WRONG],
)
def test_wrong_arguments_are_refused_at_the_yield_that_made_the_read(
    method, arguments, kind, words
):
    def program():
        reader = Reader(Parts(b"abc"))
        with pytest.raises(kind) as error:
            yield getattr(reader, method)(*arguments)
        return str(error.value), bytes(reader.buffer)

    assert read(program()) == (words, b"")


def test_a_chunk_of_what_is_no_bytes_is_an_error_of_the_reader():
    with pytest.raises(TypeError):
        read(one(Reader(Parts("text")).read_line()))
