"""Laws of files on disk: workers read and write them, in the order in which tasks ask."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import CancelledError

import pytest

from kernel import (
    Abandoned,
    Called,
    Exited,
    KillTask,
    RunInThread,
    Sleep,
    Unheard,
    open_file,
    read_file,
    write_file,
)

from ..net import GUARD, do, note, settle, spawn, until
from ..support import either_style, outcome


@pytest.fixture
def kernel(kernel):
    kernel.trace.subscribe(lambda event: None, Abandoned, Unheard)
    return kernel


def more_workers(kernel):
    """Let time pass until each job has a worker."""
    for _ in range(5):
        settle(kernel)
        kernel.clock.advance(0.01)


# -- whole files


@either_style
def test_what_is_written_is_read(kernel, tmp_path, style):
    def program():
        size = yield write_file(tmp_path / "file", b"hello")
        return size, (yield read_file(str(tmp_path / "file")))

    tid = kernel.new(style(program()))
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == (5, b"hello")


def test_workers_do_it_and_the_trace_says_so(kernel, tmp_path):
    calls = []
    kernel.trace.subscribe(lambda event: calls.append(event.call), Called)
    do(kernel, write_file(tmp_path / "file", b"hello"))
    do(kernel, read_file(tmp_path / "file"))
    assert [type(call) for call in calls] == [RunInThread, RunInThread]


def test_a_file_that_there_is_not_is_an_error(kernel, tmp_path):
    assert isinstance(do(kernel, read_file(tmp_path / "nothing")), FileNotFoundError)
    assert isinstance(do(kernel, open_file(tmp_path / "nothing")), FileNotFoundError)
    assert isinstance(do(kernel, write_file(tmp_path, b"")), OSError)


def test_wrong_arguments_are_refused_at_the_yield(kernel, tmp_path):
    assert isinstance(do(kernel, read_file(None)), TypeError)
    assert isinstance(do(kernel, write_file(tmp_path / "file", "text")), TypeError)
    assert isinstance(do(kernel, open_file(tmp_path / "file", "nonsense")), ValueError)
    assert isinstance(do(kernel, open_file(tmp_path / "file", nonsense=1)), TypeError)


# -- open files


@either_style
def test_an_open_file_does_what_a_file_does(kernel, tmp_path, style):
    def program():
        file = yield open_file(tmp_path / "file", "w+b")
        answers = [
            (yield file.write(b"one\ntwo\nthree")),
            (yield file.tell()),
            (yield file.seek(0)),
            (yield file.readline()),
            (yield file.read(2)),
            (yield file.read()),
            (yield file.truncate(3)),
            (yield file.flush()),
        ]
        yield file.close()
        return answers

    tid = kernel.new(style(program()))
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == [13, 13, 0, b"one\n", b"tw", b"o\nthree", 3, None]
    assert (tmp_path / "file").read_bytes() == b"one"


def test_a_block_closes_it_and_a_loop_goes_over_its_lines(kernel, tmp_path):
    (tmp_path / "file").write_text("one\ntwo\n", "utf-8")

    async def program():
        async with await open_file(tmp_path / "file", encoding="utf-8") as file:
            lines = [line async for line in file]
        return lines, file.file.closed

    tid = kernel.new(program())
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == (["one\n", "two\n"], True)


def test_after_it_is_closed_it_says_so(kernel, tmp_path):
    file = do(kernel, open_file(tmp_path / "file", "w"))
    assert do(kernel, file.close()) is None
    assert do(kernel, file.close()) is None
    assert isinstance(do(kernel, file.write("!")), ValueError)


def test_it_is_shown_by_its_name(kernel, tmp_path):
    file = do(kernel, open_file(tmp_path / "file", "wb"))
    assert "DiskFile" in repr(file)
    assert str(tmp_path / "file") in repr(file)
    do(kernel, file.close())


# -- several tasks, and kills


class Slow:
    """A file whose every write takes until it is let go on; what was written, and when."""

    def __init__(self):
        self.go_on = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.written = []

    def write(self, data):
        self.begun.release()
        assert self.go_on.acquire(timeout=GUARD)
        self.written.append(data)
        return len(data)


@pytest.fixture
def slow(kernel, tmp_path):
    file = do(kernel, open_file(tmp_path / "file", "wb"))
    real, file.file = file.file, Slow()
    yield file
    file.file.go_on.release(100)
    file.file = real
    do(kernel, file.close())


def test_what_several_tasks_ask_for_is_done_in_their_order(kernel, slow):
    """However many workers there are."""
    logs = [spawn(kernel, slow.write(b"%d" % number)) for number in range(20)]
    more_workers(kernel)
    slow.file.go_on.release(20)
    until(kernel, lambda: all(logs))
    assert slow.file.written == [b"%d" % number for number in range(20)]


def test_a_task_that_is_killed_before_its_turn_leaves_its_work_undone(kernel, slow):
    tids = [kernel.new(note([], slow.write(b"%d" % number))) for number in range(3)]
    more_workers(kernel)
    assert slow.file.begun.acquire(timeout=GUARD)
    assert do(kernel, KillTask(tids[1])) is True
    until(kernel, lambda: tids[1] not in kernel.tasks)
    slow.file.go_on.release(3)
    until(kernel, lambda: not kernel.tasks)
    assert slow.file.written == [b"0", b"2"]


def test_what_was_begun_for_a_task_that_is_killed_is_finished_before_the_next(kernel, slow):
    tid = kernel.new(note([], slow.write(b"begun")))
    settle(kernel)
    assert slow.file.begun.acquire(timeout=GUARD)
    assert do(kernel, KillTask(tid)) is True
    until(kernel, lambda: tid not in kernel.tasks)
    log = spawn(kernel, slow.write(b"next"))
    more_workers(kernel)
    assert slow.file.written == []
    slow.file.go_on.release(2)
    until(kernel, lambda: log)
    assert slow.file.written == [b"begun", b"next"]


def test_nobody_hears_of_work_that_was_dropped(kernel, slow):
    unheard = []
    kernel.trace.subscribe(unheard.append, Unheard)
    tids = [kernel.new(note([], slow.write(b"!"))) for _ in range(3)]
    more_workers(kernel)
    for tid in tids[1:]:
        kernel.kill(kernel.tasks[tid])
    settle(kernel)
    slow.file.go_on.release(3)
    until(kernel, lambda: not kernel.tasks)
    more_workers(kernel)
    assert not [event for event in unheard if isinstance(event.error, CancelledError)]


@pytest.mark.parametrize("begun", [True, False])
def test_a_file_that_is_opened_for_a_task_that_is_killed_is_closed(kernel, tmp_path, begun):
    """Not acceptable: that it stays open until somebody collects the garbage."""
    opened = []
    waiting, go_on = threading.Event(), threading.Event()

    def opener(path, flags):
        waiting.set()
        assert go_on.wait(GUARD)
        opened.append(path)
        return os.open(path, flags)

    if not begun:  # keep the only worker busy
        kernel.workers.limit = 1
        spawn(kernel, RunInThread(go_on.wait, GUARD))
        settle(kernel)
    tid = kernel.new(note([], open_file(tmp_path / "file", "wb", opener=opener)))
    settle(kernel)
    if begun:
        assert waiting.wait(GUARD)
    assert do(kernel, KillTask(tid)) is True
    until(kernel, lambda: tid not in kernel.tasks)
    go_on.set()
    do(kernel, RunInThread(int))
    more_workers(kernel)
    gc.collect()  # an open file would warn here
    assert (opened != []) is begun


@either_style
def test_a_block_that_is_ended_by_force_closes_its_file_all_the_same(kernel, tmp_path, style):
    """Not acceptable: that the task is said to ignore `GeneratorExit`, or the file stays open."""
    kernel.trace.subscribe(lambda event: None, Exited)
    opened = []

    async def block():
        async with await open_file(tmp_path / "file", "w") as file:
            opened.append(file.file)
            await file.write("precious")
            await Sleep(1000)

    def program():
        yield block()

    tid = kernel.new(style(program()))
    until(kernel, lambda: kernel.find(tid).queue is kernel.sleepers)
    kernel.force(kernel.find(tid))
    assert outcome(kernel, tid).error is None
    until(kernel, lambda: opened[0].closed)
    assert (tmp_path / "file").read_text() == "precious"
