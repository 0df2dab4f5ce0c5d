"""Laws of `Read` and `Write`: pipes, and other files that are no sockets."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    FileClosed,
    KillTask,
    ManualClock,
    Read,
    Reader,
    Scheduler,
    Write,
)
from kernel.files import LOOK_OVER
from kernel.syscalls import streams
from kernel.syscalls.streams import Writing
from kernel.waitqueue import Caller

from ..net import descriptors, do, note, number_of_no_file, settle, spawn, until
from ..support import either_style, outcome

pytestmark = pytest.mark.skipif(os.name == "nt", reason="platform: pipes cannot be waited for")

always = settings(derandomize=True, deadline=None, max_examples=50)


@contextmanager
def opened():
    """Both ends of a pipe, as files."""
    reading, writing = os.pipe()
    with open(reading, "rb", 0) as reader, open(writing, "wb", 0) as writer:
        yield reader, writer


@pytest.fixture
def pipe():
    with opened() as ends:
        yield ends


def full(writer):
    """Write until no more fits; how many bytes that were."""
    os.set_blocking(writer.fileno(), False)
    size = 0
    with suppress(BlockingIOError):
        while True:
            size += os.write(writer.fileno(), b"." * 4096)
    return size


@either_style
def test_what_is_written_is_read(kernel, pipe, style):
    reader, writer = pipe
    got = []

    def reads():
        while data := (yield Read(reader, 3)):
            got.append(data)

    def writes():
        with writer:
            got.append((yield Write(writer, b"hello")))

    kernel.new(style(reads()))
    settle(kernel)
    kernel.new(style(writes()))
    until(kernel, lambda: not kernel.tasks)
    assert got == [5, b"hel", b"lo"]


def test_a_pipe_can_be_given_by_its_number(kernel, pipe):
    reader, writer = pipe
    log = spawn(kernel, Read(reader.fileno(), 10))
    settle(kernel)
    assert log == []
    assert do(kernel, Write(writer.fileno(), b"!")) == 1
    until(kernel, lambda: log)
    assert log == [b"!"]


def test_a_reader_takes_lines_out_of_a_pipe(kernel, pipe):
    reader, writer = pipe
    writer.write(b"one\ntwo\n")
    lines = Reader(reader)
    assert do(kernel, lines.read_line()) == b"one\n"
    assert do(kernel, lines.read_line()) == b"two\n"


def test_a_large_write_goes_through_in_order_while_others_run(kernel, pipe):
    reader, writer = pipe
    data = bytes(range(256)) * 4096
    got = bytearray()
    ticks = [0]

    def reads():
        while part := (yield Read(reader, 10_000)):
            got.extend(part)

    def writes():
        with writer:
            yield Write(writer, data)

    def ticking():
        while len(kernel.tasks) > 1:
            ticks[0] += 1
            yield

    for program in (reads(), writes(), ticking()):
        kernel.new(program)
    until(kernel, lambda: not kernel.tasks)
    assert got == data
    assert ticks[0] > 10


def test_those_who_write_do_so_one_after_the_other(kernel, pipe):
    reader, writer = pipe
    size = 1 << 18
    logs = [spawn(kernel, Write(writer, letter * size)) for letter in (b"a", b"b")]
    got = bytearray()
    while not all(logs):
        got.extend(do(kernel, Read(reader, 65536)))
    while len(got) < 2 * size:
        got.extend(do(kernel, Read(reader, 65536)))
    assert got == b"a" * size + b"b" * size


def test_those_who_read_are_served_in_their_order(kernel, pipe):
    reader, writer = pipe
    call = Read(reader, 1)
    logs = [spawn(kernel, call) for _ in range(3)]
    settle(kernel)
    writer.write(b"abc")
    until(kernel, lambda: all(logs))
    assert logs == [[b"a"], [b"b"], [b"c"]]


@always
@given(st.lists(st.binary(min_size=1, max_size=3000), max_size=20), st.integers(1, 3000))
def test_what_is_written_in_any_pieces_is_read_in_any_pieces(pieces, size):
    kernel = Scheduler(clock=ManualClock())
    got = bytearray()

    def writes(writer):
        with writer:
            for piece in pieces:
                yield Write(writer, piece)

    def reads(reader):
        while part := (yield Read(reader, size)):
            got.extend(part)

    with opened() as (reader, writer):
        kernel.new(writes(writer))
        kernel.new(reads(reader))
        until(kernel, lambda: not kernel.tasks)
    kernel.poller.close()
    assert got == b"".join(pieces)


def test_a_file_on_disk_is_always_ready(kernel):
    with tempfile.TemporaryFile() as file:
        data = bytes(1 << 20)
        assert do(kernel, Write(file, data)) == len(data)
        file.seek(0)
        assert do(kernel, Read(file, 100)) == data[:100]


def test_where_pipes_cannot_be_waited_for_workers_read_and_write_them(kernel, pipe, monkeypatch):
    monkeypatch.setattr(streams, "WAITABLE", False)
    reader, writer = pipe
    data = bytes(range(256)) * 1024
    got = bytearray()

    def reads():
        while part := (yield Read(reader, 1000)):
            got.extend(part)

    def writes():
        with writer:
            return (yield Write(writer, data))

    kernel.new(reads())
    tid = kernel.new(writes())
    until(kernel, lambda: kernel.clock.advance(0.01) or not kernel.tasks)  # two workers, in time
    assert got == data
    assert outcome(kernel, tid).value == len(data)
    assert isinstance(do(kernel, Read("text", 1)), TypeError)
    assert isinstance(do(kernel, Read(writer, 1)), FileClosed)


# -- ends


def test_nobody_reads_any_more(kernel, pipe):
    reader, writer = pipe
    full(writer)
    log = spawn(kernel, Write(writer, b"!"))
    settle(kernel)
    assert log == []
    reader.close()
    until(kernel, lambda: log)
    assert isinstance(log[0], BrokenPipeError)
    assert isinstance(do(kernel, Write(writer, b"!")), BrokenPipeError)


def test_nobody_writes_any_more(kernel, pipe):
    reader, writer = pipe
    log = spawn(kernel, Read(reader, 1))
    settle(kernel)
    writer.close()
    until(kernel, lambda: log)
    assert log == [b""]
    assert do(kernel, Read(reader, 1)) == b""


def test_who_writes_waits_while_nobody_reads_and_holds_up_nobody(kernel, pipe):
    _, writer = pipe
    full(writer)
    log = spawn(kernel, Write(writer, b"!" * 10_000))
    settle(kernel)
    assert log == []
    assert kernel.poller.poll(0) == []
    assert not kernel.ready


def test_whoever_is_killed_leaves_nothing_behind(kernel, pipe):
    reader, writer = pipe
    size = full(writer)
    settle(kernel)
    before = descriptors()
    tids = [kernel.new(note([], call)) for call in (Write(writer, b"never"), Write(writer, b"!"))]
    settle(kernel)
    for tid in tids:
        assert do(kernel, KillTask(tid)) is True
        settle(kernel)
        assert outcome(kernel, tid).killed
    assert kernel.files.waiting == 0
    assert descriptors() == before
    assert reader.read(2 * size) == b"." * size


def test_a_reader_that_is_killed_loses_nothing(kernel, pipe):
    reader, writer = pipe
    tid = kernel.new(note([], Read(reader, 10)))
    settle(kernel)
    assert do(kernel, KillTask(tid)) is True
    writer.write(b"precious")
    assert do(kernel, Read(reader, 10)) == b"precious"


@pytest.mark.parametrize("which", [0, 1])
def test_an_end_that_is_closed_under_a_waiter_fails_it(kernel, pipe, which):
    full(pipe[1])
    if which == 0:
        pipe[0].read(1 << 20)
    log = spawn(kernel, Read(pipe[0], 1) if which == 0 else Write(pipe[1], b"!"))
    settle(kernel)
    assert log == []
    pipe[which].close()
    kernel.clock.advance(LOOK_OVER)
    settle(kernel)
    assert [type(error) for error in log] == [FileClosed]


def test_a_pipe_that_is_made_to_block_blocks_nobody(kernel, pipe):
    reader, writer = pipe
    full(writer)
    os.set_blocking(writer.fileno(), True)
    log = spawn(kernel, Write(writer, b"!"))
    settle(kernel)
    assert log == []
    while not log:
        os.read(reader.fileno(), 65536)
        settle(kernel, 3)


@pytest.mark.parametrize("when", ["at once", "later"])
def test_an_error_of_a_write_does_not_hold_on_to_the_data(kernel, pipe, when):
    reader, writer = pipe
    data = bytearray(1 << 20 if when == "later" else 10)
    errors = []

    def program():
        try:
            yield Write(writer, data)
        except OSError as error:
            errors.append(error)
            data.clear()
        return len(data)

    if when == "at once":
        reader.close()
    tid = kernel.new(program())
    settle(kernel, 3)
    reader.close()
    until(kernel, lambda: tid not in kernel.tasks)
    assert len(errors) == 1
    assert outcome(kernel, tid).value == 0


# -- wrong arguments


@pytest.mark.parametrize("thing", ["path", None, 1.5, True])
def test_what_is_no_file_is_refused_by_name(kernel, thing):
    for call in (Read(thing, 1), Write(thing, b"!")):
        error = do(kernel, call)
        assert isinstance(error, TypeError)
        assert str(error) == f"a socket or an open file is wanted here, not {thing!r}"


def test_a_file_that_is_closed_is_refused_at_once(kernel):
    with opened() as (reader, writer):
        pass
    for call in (Read(reader, 1), Write(writer, b"!"), Read(-1, 1)):
        assert isinstance(do(kernel, call), FileClosed)
    number = number_of_no_file()
    for call in (Read(number, 1), Write(number, b"!")):
        error = do(kernel, call)
        assert isinstance(error, FileClosed)
        assert error.fd == number
    assert kernel.files.files.keys() <= {number}


@pytest.mark.parametrize("data", ["text", None, 5, memoryview(b"abcd")[::2]])
def test_what_is_no_bytes_is_refused_by_type(kernel, pipe, data):
    full(pipe[1])
    error = do(kernel, Write(pipe[1], data))
    assert isinstance(error, TypeError)
    assert type(data).__name__ in str(error)


def test_a_read_of_less_than_a_byte_is_refused_in_words(kernel, pipe):
    assert str(do(kernel, Read(pipe[0], 0))) == "Read takes at least 1 byte, not 0"


def test_they_are_shown_as_they_were_asked_for(kernel, pipe):
    number = pipe[1].fileno()
    left = Writing(pipe[1], b"data", 2)
    assert repr(left) == f"Write({number}, b'data')"
    assert left.reason(kernel, Caller()) == f"write file {number}"
    assert Read(7, 1).reason(kernel, Caller()) == "read file 7"
    assert Write.acts_first and not Read.acts_first
