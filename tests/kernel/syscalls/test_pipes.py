"""Laws of byte pipes: a stream of bytes, bounded, closed at either end."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Channel,
    ChanRecv,
    ChanSend,
    ClosePipe,
    Deadlock,
    Exited,
    FileClosed,
    KillTask,
    Now,
    Pipe,
    PipeClosed,
    PipeRead,
    PipeWrite,
    Scheduler,
    Select,
    Sleep,
)

from ..support import ask, either_style, outcome, run, settle, start, turn, watch

always = settings(derandomize=True, deadline=None, max_examples=100)


def read(pipe, size=65536):
    return (yield PipeRead(pipe, size))


def write(pipe, *pieces):
    answers = []
    for piece in pieces:
        answers.append((yield PipeWrite(pipe, piece)))
    return answers


def read_all(pipe, size=65536):
    parts = []
    while data := (yield PipeRead(pipe, size)):
        parts.append(data)
    return b"".join(parts)


def write_all(pipe, *pieces):
    yield write(pipe, *pieces)
    yield ClosePipe(pipe, "write")


# -- to write and to read


@either_style
@pytest.mark.parametrize("reader_first", [True, False])
def test_what_is_written_is_read_in_order_to_the_end(style, reader_first):
    pipe = Pipe(8)
    programs = [read_all(pipe, 3), write_all(pipe, b"hello, ", b"", b"world", b"!" * 100)]
    sched = start(*map(style, programs if reader_first else programs[::-1]))
    settle(sched)
    values = [outcome(sched, tid).value for tid in (1, 2)]
    assert b"hello, world" + b"!" * 100 in values


def test_a_write_answers_how_many_bytes_and_does_not_wait_while_there_is_room():
    pipe = Pipe(10)
    sched = start(write(pipe, b"12345", b"", b"67890"))
    turn(sched)
    assert outcome(sched, 1).value == [5, 0, 5]


def test_a_read_answers_what_is_there_and_no_more_than_it_wants():
    pipe = Pipe()

    def program():
        yield write(pipe, b"abc", b"def", b"ghi")
        return [(yield PipeRead(pipe, 2)), (yield PipeRead(pipe, 5)), (yield PipeRead(pipe, 99))]

    assert run(program()).value == [b"ab", b"cdefg", b"hi"]


def test_bytes_that_are_read_as_they_were_written_are_not_copied():
    pipe = Pipe()
    data = b"x" * 1000

    def program():
        yield PipeWrite(pipe, data)
        return (yield PipeRead(pipe, 1000))

    assert run(program()).value is data
    sched = start(read(pipe), write(pipe, data))
    settle(sched)
    assert outcome(sched, 1).value is data, "nor from hand to hand"


@pytest.mark.parametrize(
    "data",
    [bytearray(b"data"), memoryview(b"data"), memoryview(b"d.a.t.a.")[::2], array("B", b"data")],
)
def test_whatever_has_bytes_can_be_written_and_its_owner_may_change_it_afterwards(data):
    pipe = Pipe(6)

    def program():
        yield PipeWrite(pipe, data)
        if isinstance(data, bytearray):
            data[:] = b"other, and longer"
        read = yield PipeRead(pipe, 99)
        return type(read), read

    assert run(program()).value == (bytes, b"data")


@pytest.mark.parametrize("data", ["text", 5, None, [1, 2]], ids=repr)
def test_what_has_no_bytes_is_refused_by_name(data):
    pipe = Pipe()

    def program():
        with pytest.raises(TypeError) as refusal:
            yield PipeWrite(pipe, data)
        return str(refusal.value)

    assert run(program()).value == f"PipeWrite takes bytes, not {data!r}"


@pytest.mark.parametrize("size", [0, -1, "5", None, 2.0], ids=repr)
def test_what_is_no_size_is_refused_by_name(size):
    pipe = Pipe()

    def program():
        with pytest.raises(ValueError, match="PipeRead takes at least 1 byte, not ") as refusal:
            yield PipeRead(pipe, size)
        return str(refusal.value)

    assert run(program()).value.endswith(f"not {size!r}")
    with pytest.raises(ValueError, match="a pipe has room for 1 byte at least, not "):
        Pipe(size)


@pytest.mark.parametrize("call", [PipeRead, PipeWrite, ClosePipe])
@pytest.mark.parametrize("pipe", [5, None, "pipe"], ids=repr)
def test_what_is_no_pipe_is_refused_by_name(call, pipe):
    def program():
        with pytest.raises(TypeError, match=f"a pipe is wanted here, not {pipe!r}"):
            yield call(pipe, 1)
        return "lives"

    assert run(program()).value == "lives"


# -- bounds and order


def test_a_write_up_to_the_capacity_goes_in_whole_or_waits():
    pipe = Pipe(10)
    sched = start(write(pipe, b"1234567", b"abcdef"), read(pipe, 2))
    turn(sched)
    assert pipe.size == 5
    assert sched.tasks[1].reason() == "write Pipe, 0 of 6 bytes written"
    ask(sched, PipeRead(pipe, 1))
    turn(sched)
    assert pipe.size == 10, "now it fits, and is in"
    turn(sched)
    assert outcome(sched, 1).value == [7, 6]


def test_a_larger_write_goes_in_piece_by_piece_and_no_other_byte_in_between():
    pipe = Pipe(4, "small")
    large, small = b"x" * 1000, b"yy"
    sched = start(write(pipe, large), write(pipe, small))
    turn(sched)
    assert sched.tasks[1].reason() == "write Pipe small, 4 of 1,000 bytes written"
    assert repr(sched.tasks[1].call).startswith("PipeWrite(<Pipe small>, b'xxx")
    got = b""
    while pipe.size:
        reply = ask(sched, PipeRead(pipe, 3))
        turn(sched)
        got += reply.result(0)
        assert pipe.size <= 4
    assert got == large + small


def test_who_has_waited_longest_writes_first_and_a_small_write_does_not_overtake():
    pipe = Pipe(4)
    sched = start(write(pipe, b"1234", b"5678"), write(pipe, b"9"))
    turn(sched)
    got = b""
    for _ in range(9):
        reply = ask(sched, PipeRead(pipe, 1))
        turn(sched)
        got += reply.result(0)
    assert got == b"123456789"


def test_who_has_waited_longest_reads_first():
    pipe = Pipe()
    sched = start(read(pipe, 2), read(pipe, 2), read(pipe, 2), write(pipe, b"12345"))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2, 3)] == [b"12", b"34", b"5"]


def test_a_pipe_holds_65_536_bytes_unless_told_otherwise():
    pipe = Pipe()
    sched = start(write(pipe, b"x" * 65_536), write(pipe, b"y"))
    turn(sched)
    assert outcome(sched, 1).ok
    assert sched.tasks[2].state == "blocked"


@always
@given(
    st.integers(1, 9),
    st.lists(st.binary(max_size=20), max_size=8),
    st.lists(st.integers(1, 25), min_size=1, max_size=8),
    st.booleans(),
)
def test_a_pipe_is_a_queue_of_bytes(capacity, pieces, sizes, mutable):
    pipe = Pipe(capacity)

    def reader():
        parts, turn = [], 0
        while part := (yield PipeRead(pipe, sizes[turn % len(sizes)])):
            assert len(part) <= sizes[turn % len(sizes)]
            assert pipe.size <= capacity
            parts.append(part)
            turn += 1
        return b"".join(parts)

    sched = start(reader(), write_all(pipe, *(map(bytearray, pieces) if mutable else pieces)))
    settle(sched)
    assert outcome(sched, 1).value == b"".join(pieces)
    assert (pipe.size, pipe.taken, len(pipe.pieces)) == (0, 0, 0)


@always
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from("rw"), st.integers(1, 12), st.booleans()), max_size=12),
)
def test_bytes_of_two_writes_are_never_mixed_and_none_of_the_living_is_lost(capacity, steps):
    """Readers and writers come, and some are killed where they sleep; each writes its own byte."""
    pipe = Pipe(capacity)
    sched = start()
    watch(sched, Exited)
    got: list[bytes] = []
    killed = set()

    def reader(size):
        got.append((yield PipeRead(pipe, size)))

    for number, (what, size, kill) in enumerate(steps):
        piece = bytes([65 + number]) * size
        tid = sched.new(reader(size) if what == "r" else write(pipe, piece))
        turn(sched, 2)
        assert not (pipe.readers and pipe.size), "nobody waits for what is there"
        assert pipe.size or not pipe.writers, "nobody waits for room that is there"
        if kill and tid in sched.tasks:
            killed.add(65 + number)
            sched.kill(sched.tasks[tid])
            turn(sched, 2)
    while pipe.size:
        ask(sched, PipeRead(pipe, 100)).add_done_callback(lambda reply: got.append(reply.result()))
        turn(sched, 2)
    stream = b"".join(got)
    seen = [byte for place, byte in enumerate(stream) if not stream[:place].endswith(bytes([byte]))]
    assert seen == sorted(set(stream)), "each write in one run, and the runs in order"
    for number, (what, size, _) in enumerate(steps):
        if what == "w" and 65 + number not in killed:
            assert stream.count(65 + number) == size


# -- the ends


@pytest.mark.parametrize("size", [2, 99])
def test_after_the_write_end_is_closed_the_rest_is_read_and_then_nothing_for_ever(size):
    pipe = Pipe()

    def program():
        yield write_all(pipe, b"rest")
        parts = []
        for _ in range(5):
            parts.append((yield PipeRead(pipe, size)))
        return parts

    parts = run(program()).value
    assert b"".join(parts) == b"rest"
    assert parts[-1] == parts[-2] == b""


def test_who_waits_to_read_when_the_write_end_is_closed_gets_nothing():
    pipe = Pipe()
    sched = start(read(pipe), read(pipe))
    turn(sched)
    ask(sched, ClosePipe(pipe, "write"))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [b"", b""]


@either_style
def test_who_writes_when_nobody_reads_any_more_gets_a_broken_pipe(style):
    pipe = Pipe(4)

    def program():
        with pytest.raises(BrokenPipeError, match="nobody reads from the pipe any more"):
            yield PipeWrite(pipe, b"too long")
        with pytest.raises(BrokenPipeError):
            yield PipeWrite(pipe, b"")
        return "lives"

    sched = start(style(program()))
    turn(sched)
    ask(sched, ClosePipe(pipe, "read"))
    settle(sched)
    assert outcome(sched, 1).value == "lives"
    assert not pipe.pieces


@pytest.mark.parametrize("end", ["read", "write"])
def test_who_waits_at_the_end_that_is_closed_is_told_and_so_is_who_comes_later(end):
    pipe = Pipe(4)
    call = PipeRead(pipe, 4) if end == "read" else PipeWrite(pipe, b"too long")

    def program():
        for _ in range(2):
            with pytest.raises(PipeClosed, match=f"the {end} end of the pipe is closed"):
                yield call
        return "lives"

    sched = start(program())
    turn(sched)
    assert sched.tasks[1].state == "blocked"
    ask(sched, ClosePipe(pipe, end))
    settle(sched)
    assert outcome(sched, 1).value == "lives"
    assert issubclass(PipeClosed, FileClosed)


def test_an_end_may_be_closed_twice_and_both_may_be():
    pipe = Pipe()

    def program():
        for end in ("read", "read", "write", "write"):
            yield ClosePipe(pipe, end)
        with pytest.raises(PipeClosed, match="read"):
            yield PipeRead(pipe, 1)
        with pytest.raises(PipeClosed, match="write"):
            yield PipeWrite(pipe, b"x")
        return "lives"

    assert run(program()).value == "lives"


@pytest.mark.parametrize("end", ["both", None, 0, ["read"]], ids=repr)
def test_any_other_end_is_refused_by_name(end):
    pipe = Pipe()

    def program():
        with pytest.raises(ValueError, match='an end of a pipe is "read" or "write", not '):
            yield ClosePipe(pipe, end)
        return pipe.closed

    assert run(program()).value == set()


# -- kills and ends


def test_a_killed_reader_takes_nothing_and_a_killed_writer_that_waits_leaves_nothing():
    pipe = Pipe(4)
    sched = start(read(pipe), read(pipe))
    watch(sched, Exited)
    turn(sched)
    sched.kill(sched.tasks[1])
    sched.new(write(pipe, b"12", b"3456", b"7890"))
    sched.new(write(pipe, b"abcd"))
    turn(sched, 2)
    assert outcome(sched, 2).value == b"12"
    sched.kill(sched.tasks[3])
    turn(sched)
    got = b""
    while pipe.size:
        reply = ask(sched, PipeRead(pipe, 3))
        turn(sched)
        got += reply.result(0)
    assert got == b"3456abcd"
    assert not pipe.readers and not pipe.writers


def test_bytes_that_were_handed_to_a_reader_are_seen_although_it_is_killed():
    pipe = Pipe()
    seen = []

    def program():
        seen.append((yield PipeRead(pipe, 5)))
        yield Sleep(1)

    sched = start(program())
    turn(sched)
    ask(sched, PipeWrite(pipe, b"12345"))
    ask(sched, KillTask(1))
    turn(sched, 2)
    assert seen == [b"12345"]
    assert outcome(sched, 1).killed


def test_an_end_is_closed_by_a_task_that_is_killed_just_then():
    pipe = Pipe()

    def program():
        data = yield PipeRead(pipe, 5)
        yield ClosePipe(pipe, "read")
        return data

    sched = start(program())
    turn(sched)
    ask(sched, PipeWrite(pipe, b"12345"))
    ask(sched, KillTask(1))
    turn(sched, 2)
    assert outcome(sched, 1).killed
    assert pipe.closed == {"read"}


def test_a_read_may_be_in_a_select_and_a_write_may_not():
    pipe, other = Pipe(), Pipe()

    def program():
        with pytest.raises(TypeError, match="PipeWrite cannot be in a Select"):
            yield Select(PipeWrite(pipe, b"x"), Sleep(1))
        first = yield Select(PipeRead(pipe, 5), PipeRead(other, 5))
        return first, (yield Select(PipeRead(pipe, 5), Sleep(1)))

    sched = start(program(), write(other, b"data"))
    settle(sched)
    assert outcome(sched, 1).value == ((1, b"data"), (1, None))
    assert not pipe.readers and not other.readers


def test_a_kill_that_surfaces_at_the_closing_of_a_pipe_does_not_prevent_it():
    pipe, source = Pipe(), Pipe()

    def copier():
        try:
            yield PipeRead(source, 5)
        finally:
            yield ClosePipe(pipe, "write")

    sched = start(copier(), read_all(pipe))
    turn(sched)
    ask(sched, PipeWrite(source, b"12345"))  # it has its answer now, and sees it in its next step
    ask(sched, KillTask(1))
    settle(sched)
    assert outcome(sched, 1).killed
    assert outcome(sched, 2).value == b""


def test_who_waits_for_a_pipe_that_nobody_serves_is_in_a_deadlock():
    sched = Scheduler()
    sched.new(read(Pipe(name="dry")))
    with pytest.raises(Deadlock, match=r"task 1 \(read\) waits to read Pipe dry"):
        sched.mainloop()


def test_the_calls_are_values_that_two_tasks_may_share():
    pipe = Pipe(4)
    call = PipeWrite(pipe, b"123456")

    def program():
        return (yield call)

    sched = start(program(), program(), read_all(pipe, 5))
    turn(sched, 8)
    ask(sched, ClosePipe(pipe, "write"))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [6, 6]
    assert outcome(sched, 3).value == b"123456" * 2
    assert PipeWrite.acts_first and not PipeRead.acts_first


def test_a_writer_that_waits_no_more_keeps_no_other_off():
    pipe, log = Pipe(10), []

    def writer(size):
        yield PipeWrite(pipe, b"x" * size)
        log.append((size, (yield Now())))

    def killer():
        yield Sleep(1)
        yield KillTask(2)

    sched = start(writer(6), writer(5), writer(3), writer(1), killer())
    turn(sched, 3)
    sched.clock.advance(1)
    turn(sched, 3)
    assert log == [(6, 0.0), (3, 1.0), (1, 1.0)]
    assert not sched.alarms.live


def test_a_kill_that_lands_at_the_closing_of_a_pipe_does_not_prevent_it():
    pipe, channel = Pipe(), Channel()

    def program():
        try:
            yield ChanRecv(channel)
        finally:
            yield ClosePipe(pipe, "write")

    sched = start(program(), PipeRead(pipe, 1).__await__())
    turn(sched, 2)
    ask(sched, ChanSend(channel, "item"))
    ask(sched, KillTask(1))
    settle(sched)
    assert outcome(sched, 2).value == b""
