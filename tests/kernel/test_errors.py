"""Errors are plain sentences, and carry their data."""

from __future__ import annotations

import copy
import pickle

import pytest

from kernel import (
    BadTrap,
    Deadlock,
    ExitStatus,
    FileClosed,
    IncompleteRead,
    InputFull,
    KernelError,
    KernelStopped,
    LineTooLong,
    LinkBroken,
    MailboxFull,
    NameTaken,
    NoAnswer,
    NoSuchName,
    NoSuchTask,
    NotATask,
    NotReading,
    PipeClosed,
    RequestCancelled,
    TaskEnded,
    TaskKilled,
    TooManyFiles,
    TooManyRestarts,
    TooManyTasks,
    TooMuchData,
)

ERRORS = [
    (NoSuchTask(9), "no task 9", {"tid": 9}),
    (NoSuchTask("x"), "no task 'x'", {"tid": "x"}),
    (
        NoSuchTask(9, ended=True),
        "task 9 ended too long ago: its exit status is no longer kept",
        {"tid": 9, "ended": True},
    ),
    (TaskEnded(9), "task 9 has ended", {"tid": 9, "ended": True}),
    (
        NotATask("Receive"),
        "Receive is a call for tasks: a request from outside is none",
        {"call": "Receive"},
    ),
    (
        NoAnswer(ExitStatus(9, killed=True)),
        "no answer: task 9 killed",
        {"status": ExitStatus(9, killed=True)},
    ),
    (NoSuchName("db"), "no task goes by the name 'db'", {"name": "db"}),
    (NameTaken("db", 9), "task 9 goes by the name 'db' already", {"name": "db", "tid": 9}),
    (
        MailboxFull(9, 10_000),
        "the mailbox of task 9 is full (10,000 messages)",
        {"tid": 9, "size": 10_000},
    ),
    (
        TooManyTasks(2000),
        "the task table is full (2,000 tasks): end some before starting more",
        {"limit": 2000},
    ),
    (
        TooManyRestarts(ExitStatus(9, killed=True), 3, 5.0),
        "more than 3 restarts within 5 s; the last time task 9 killed",
        {"status": ExitStatus(9, killed=True), "intensity": 3, "period": 5.0},
    ),
    (
        TooManyFiles("select", 511),
        "select watches 511 sockets at most: close some first",
        {"poller": "select", "limit": 511},
    ),
    (FileClosed(7), "file 7 is closed", {"fd": 7}),
    (FileClosed(-1), "the file is closed", {"fd": -1}),
    (PipeClosed("read"), "the read end of the pipe is closed", {"end": "read", "fd": -1}),
    (
        IncompleteRead(b"abc", 1000),
        "the stream ended after 3 bytes of 1,000",
        {"partial": b"abc", "expected": 1000},
    ),
    (
        IncompleteRead(b"abc"),
        "the stream ended after 3 bytes, and before a separator came",
        {"partial": b"abc", "expected": None},
    ),
    (NotReading(9), "task 9 does not wait for a line", {"tid": 9}),
    (
        InputFull(1000),
        "nobody reads the lines that are given: 1,000 are kept already",
        {"limit": 1000},
    ),
    (LineTooLong(1024), "no separator came within 1,024 bytes", {"limit": 1024}),
    (TooMuchData(1024), "more than 1,024 bytes came", {"limit": 1024}),
    (Deadlock("a waits for b"), "a waits for b", {"verdict": "a waits for b"}),
    (KernelStopped(), "the kernel has stopped", {}),
    (RequestCancelled(), "the request was given up", {}),
    (BadTrap("so not"), "so not", {}),
]
names = [text for _, text, _ in ERRORS]


@pytest.mark.parametrize(("error", "text", "data"), ERRORS, ids=names)
def test_an_error_is_a_sentence_and_carries_its_data(error, text, data):
    assert str(error) == text
    assert {name: getattr(error, name) for name in data} == data
    assert isinstance(error, KernelError)


@pytest.mark.parametrize(("error", "text", "data"), ERRORS, ids=names)
def test_an_error_survives_being_copied_and_sent_to_another_process(error, text, data):
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is type(error)
        assert str(other) == text
        assert {name: getattr(other, name) for name in data} == data


def test_a_broken_link_is_a_kill_that_says_whose_end_it_was():
    broken = LinkBroken(7, ExitStatus(5, killed=True))
    assert isinstance(broken, TaskKilled)
    for error in (broken, copy.copy(broken), pickle.loads(pickle.dumps(broken))):
        assert str(error) == "its link to task 7 broke: task 5 killed"
        assert (error.tid, error.status) == (7, ExitStatus(5, killed=True))


def test_a_closed_file_is_an_os_error_to_those_who_catch_these():
    assert isinstance(FileClosed(7), OSError)


def test_an_incomplete_read_is_an_eof_error_to_those_who_catch_these():
    assert isinstance(IncompleteRead(b""), EOFError)


def test_a_line_that_is_too_long_is_too_much_data():
    assert issubclass(LineTooLong, TooMuchData)


def test_a_kill_is_not_swallowed_by_a_programs_except_exception():
    assert not issubclass(TaskKilled, Exception)
    assert not issubclass(TaskKilled, GeneratorExit)
