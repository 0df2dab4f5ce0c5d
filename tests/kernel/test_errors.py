"""Errors are plain sentences, and carry their data."""

from __future__ import annotations

import copy
import pickle

import pytest

from kernel import (
    BadTrap,
    Deadlock,
    FileClosed,
    IncompleteRead,
    KernelError,
    KernelStopped,
    LineTooLong,
    NoSuchTask,
    RequestCancelled,
    TaskKilled,
    TooManyFiles,
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
    (
        TooManyTasks(2000),
        "the task table is full (2,000 tasks): end some before starting more",
        {"limit": 2000},
    ),
    (
        TooManyFiles("select", 511),
        "select watches 511 sockets at most: close some first",
        {"poller": "select", "limit": 511},
    ),
    (FileClosed(7), "file 7 is closed", {"fd": 7}),
    (FileClosed(-1), "the file is closed", {"fd": -1}),
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


def test_a_closed_file_is_an_os_error_to_those_who_catch_these():
    assert isinstance(FileClosed(7), OSError)


def test_an_incomplete_read_is_an_eof_error_to_those_who_catch_these():
    assert isinstance(IncompleteRead(b""), EOFError)


def test_a_line_that_is_too_long_is_too_much_data():
    assert issubclass(LineTooLong, TooMuchData)


def test_a_kill_is_not_swallowed_by_a_programs_except_exception():
    assert not issubclass(TaskKilled, Exception)
    assert not issubclass(TaskKilled, GeneratorExit)
