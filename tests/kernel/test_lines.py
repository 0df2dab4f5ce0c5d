"""Lines of `sys.stdin`: one is read when somebody waits for it, and nobody is held up by that."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from kernel import (
    GetTid,
    GiveLine,
    KillTask,
    Machine,
    NewTask,
    ReadLine,
    Scheduler,
    Sleep,
    TakeLine,
    Yield,
    within,
)
from kernel.lines import LONGEST

from .net import GUARD, until
from .support import (
    ROOT,
    as_coroutine,
    as_generator,
    end,
    guarded,
    outcome,
    python,
    start,
    turn,
    watch,
)

posix = pytest.mark.skipif(os.name != "posix", reason="platform: no terminals as files")


@contextmanager
def stdin(stream):
    """Let the kernel find this in place of the test's own."""
    former, sys.stdin = sys.stdin, stream
    try:
        yield
    finally:
        sys.stdin = former


@contextmanager
def piped():
    """A pipe as `sys.stdin`; gives what writes into it. No thread is left reading."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream, stdin(stream):
        with os.fdopen(writing, "w", buffering=1) as out:
            yield out
        for thread in fetching():
            thread.join(GUARD)


@contextmanager
def typed():
    """A terminal as `sys.stdin`; gives what types there."""
    keyboard, terminal = os.openpty()
    with os.fdopen(terminal) as stream, stdin(stream), os.fdopen(keyboard, "w", buffering=1) as out:
        yield out


def fetching():
    """The threads that read."""
    return [thread for thread in threading.enumerate() if thread.name == "pyos stdin"]


def reader(log):
    log.append((yield TakeLine()))


def run_on(text, program):
    """Run a program, with this text as `sys.stdin`; what it returns."""
    with stdin(io.StringIO(text)):
        sched = Scheduler()
        sched.new(program)
        sched.mainloop()
    return outcome(sched, 1).value


@pytest.mark.parametrize("style", [as_generator, as_coroutine])
def test_a_script_reads_its_stdin_line_by_line_up_to_its_end(style):
    def program():
        lines = []
        while True:
            try:
                lines.append((yield ReadLine()))
            except EOFError:
                return lines

    assert run_on("one\n\n  two\nlast", style(program())) == ["one", "", "  two", "last"]


def test_no_stdin_at_all_is_one_at_its_end():
    def program():
        try:
            yield ReadLine()
        except EOFError as error:
            return str(error)

    with stdin(None):
        sched = Scheduler()
        sched.new(program())
        sched.mainloop()
    assert outcome(sched, 1).value == "the input is at its end"


def test_a_line_without_end_comes_in_pieces():
    def program():
        lengths = []
        for _ in range(3):
            lengths.append(len((yield TakeLine())))
        return lengths

    assert run_on("x" * (2 * LONGEST + 1), program()) == [LONGEST, LONGEST, 1]


@pytest.mark.parametrize("error", [OSError("gone"), StopIteration(), KeyboardInterrupt("x")])
def test_what_reading_raises_is_the_readers_and_the_kernel_lives(error):
    class Broken:
        def readline(self, size):
            raise error

    def program():
        try:
            yield TakeLine()
        except BaseException as caught:
            return caught
        return None

    with stdin(Broken()):
        sched = start(program())
        until(sched, lambda: not sched.tasks)
    caught = outcome(sched, 1).value
    if isinstance(error, StopIteration):
        assert isinstance(caught, RuntimeError)
        assert caught.__cause__ is error
    else:
        assert caught is error


@pytest.mark.parametrize("stream", [7, io.BytesIO(b"bytes\n"), open])
def test_what_is_no_text_stream_is_an_error_of_the_reader(stream):
    def program():
        try:
            yield TakeLine()
        except (AttributeError, TypeError):
            return "refused"

    with stdin(stream):
        sched = start(program())
        until(sched, lambda: not sched.tasks)
    assert outcome(sched, 1).value == "refused"


def test_nothing_is_read_before_somebody_waits_and_only_what_is_waited_for():
    with piped() as out:
        out.write("one\ntwo\nthree\n")
        log = []
        sched = start()
        turn(sched, 5)
        assert fetching() == []
        sched.new(reader(log))
        until(sched, lambda: not sched.tasks)
        turn(sched, 5)
        assert log == ["one"]
        assert sys.stdin.readline() == "two\n"
        sched.new(reader(log))
        until(sched, lambda: not sched.tasks)
        assert log == ["one", "three"]


def test_what_input_has_left_in_the_streams_buffer_is_read_too():
    with piped() as out:
        out.write("for the script\nfor the task\n")
        assert sys.stdin.readline() == "for the script\n"
        log = []
        sched = start(reader(log))
        until(sched, lambda: not sched.tasks)
        assert log == ["for the task"]


def test_others_run_on_while_a_line_is_waited_for():
    turns = []

    def busy():
        while True:
            turns.append((yield Yield()))

    with piped() as out:
        sched = start(reader([]), busy())
        until(sched, lambda: len(turns) > 1000)
        assert sched.find(1).state == "blocked"
        out.write("at last\n")
        until(sched, lambda: 1 not in sched.tasks)
        end(sched)


def test_who_has_waited_longest_gets_the_next_line():
    with piped() as out:
        first, second = [], []
        sched = start(reader(first), reader(second))
        out.write("a\nb\n")
        until(sched, lambda: not sched.tasks)
    assert (first, second) == (["a"], ["b"])


def test_the_line_of_a_reader_that_is_killed_is_the_next_ones():
    with piped() as out:
        log = []
        sched = start(reader([]))
        until(sched, fetching)
        sched.kill(sched.find(1))
        until(sched, lambda: not sched.tasks)
        out.write("late\nlater\n")
        until(sched, lambda: sched.lines.kept)
        for _ in range(2):
            sched.new(reader(log))
        until(sched, lambda: not sched.tasks)
    assert log == ["late", "later"]


def test_a_line_may_be_given_beside_those_that_are_read():
    with piped() as out:
        first, second = [], []
        sched = start(reader(first), reader(second))
        until(sched, fetching)

        def giver():
            yield GiveLine("given")

        sched.new(giver())
        until(sched, lambda: first)
        out.write("typed\n")
        until(sched, lambda: second)
    assert (first, second) == (["given"], ["typed"])


def test_a_read_that_is_blocked_does_not_keep_the_mainloop_from_ending():
    with piped():
        sched = Scheduler()
        watch(sched)

        def program():
            tid = yield NewTask(reader([]))
            yield Yield()
            yield KillTask(tid)

        sched.new(program())
        sched.mainloop()
        assert fetching()


def test_a_machine_stops_though_a_read_is_blocked():
    with piped(), Machine() as machine:
        reply = machine.submit(TakeLine())
        while not fetching():
            machine.call(GetTid(), GUARD)
        machine.cancel(reply)
        assert machine.shutdown()


QUIZ = """
import sys
from kernel import *

def quiz():
    try:
        yield within(0.001, ReadLine("quick! "))
    except TimeoutError:
        print("too late")

scheduler = Scheduler()
scheduler.new(quiz())
scheduler.mainloop()
"""


def test_a_read_that_is_blocked_does_not_keep_the_process_from_ending():
    with guarded(python(QUIZ)) as process:
        assert process.wait(GUARD) == 0  # and nobody has closed its stdin
        assert process.stdout.read() == "quick! too late\n"
        assert process.stderr.read() == ""


@contextmanager
def on_terminal(program):
    """A child whose stdin is a terminal; gives it, and what types there."""
    keyboard, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT, "PYTHONUNBUFFERED": "1"},
    )
    os.close(terminal)
    with os.fdopen(keyboard, "w", buffering=1) as out, guarded(process):
        yield process, out


@posix
def test_a_question_on_a_terminal_does_not_keep_the_process_from_ending():
    with on_terminal(QUIZ) as (process, _):
        assert process.wait(GUARD) == 0
        assert process.stdout.read() == "quick! too late\n"
        assert process.stderr.read() == ""


@posix
def test_a_script_on_a_terminal_reads_what_is_typed_and_ctrl_d_is_the_end():
    program = (
        "from kernel import *\n"
        "def program():\n"
        "    print('hello', (yield ReadLine('your name? ')))\n"
        "    try:\n"
        "        yield ReadLine('your age? ')\n"
        "    except EOFError:\n"
        "        print('none')\n"
        "    print((yield ReadLine('again? ')))\n"
        "s = Scheduler()\ns.new(program())\ns.mainloop()\n"
    )
    with on_terminal(program) as (process, out):
        assert process.stdout.read(len("your name? ")) == "your name? "
        out.write("Ada\n")
        assert process.stdout.read(len("hello Ada\nyour age? ")) == "hello Ada\nyour age? "
        out.write("\x04")
        out.flush()
        assert process.stdout.read(len("none\nagain? ")) == "none\nagain? "
        out.write("yes\n")
        assert process.stdout.read() == "yes\n"
        assert process.wait(GUARD) == 0


@posix
def test_after_ctrl_c_what_is_typed_next_is_left_to_whoever_reads_it_then():
    program = QUIZ.replace("0.001", "60").replace("scheduler.mainloop()", "") + (
        "try:\n    scheduler.mainloop()\n"
        "except KeyboardInterrupt:\n    print('stopped', flush=True)\n"
        "print(sys.stdin.readline() + sys.stdin.readline())\n"
    )
    with on_terminal(program) as (process, out):
        assert process.stdout.read(len("quick! ")) == "quick! "
        process.send_signal(signal.SIGINT)
        assert process.stdout.read(len("stopped\n")) == "stopped\n"
        out.write("one\ntwo\n")
        assert process.stdout.read() == "one\ntwo\n\n"


@posix
def test_of_a_terminal_nothing_is_taken_by_a_reader_that_was_killed():
    with typed() as out:
        sched = start(reader([]))
        turn(sched, 5)
        assert fetching() == []  # no thread, before a line is there
        assert sched.files.waiting == 1
        sched.kill(sched.find(1))
        until(sched, lambda: not sched.tasks)
        assert sched.files.waiting == 0
        out.write("left alone\n")
        turn(sched, 5)
        assert sys.stdin.readline() == "left alone\n"


@posix
def test_of_a_terminal_each_reader_gets_a_line():
    with typed() as out:
        logs = [[], [], []]
        sched = start(*map(reader, logs))
        for word in ("one", "two", "three"):
            out.write(f"{word}\n")
        until(sched, lambda: not sched.tasks)
        assert logs == [["one"], ["two"], ["three"]]
        assert sched.files.waiting == sched.outside == 0
        sched.poller.close()


@posix
def test_a_terminal_that_is_closed_under_a_reader_is_its_error():
    def program():
        try:
            yield TakeLine()
        except ValueError:
            return "closed"

    with typed():
        sched = start(program())
        turn(sched, 5)
        sys.stdin.close()
        sched.new(within(GUARD, Sleep(0)))  # so that tasks run, and it is noticed
        turn(sched, 5)
        sched.clock.advance(1)
        until(sched, lambda: 1 not in sched.tasks)
        assert outcome(sched, 1).value == "closed"
        sched.poller.close()


def test_while_no_thread_is_to_be_had_the_reader_gets_the_error(monkeypatch):
    def no_thread(self):
        raise RuntimeError("can't start new thread")

    def program():
        try:
            yield TakeLine()
        except RuntimeError as error:
            return str(error)

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with stdin(io.StringIO("never read\n")):
        sched = start(program())
        until(sched, lambda: not sched.tasks)
    assert outcome(sched, 1).value == "can't start new thread"
