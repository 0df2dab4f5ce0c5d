"""Laws of single values: a word is of the type, or refused; nothing in between."""

import math
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.conversion import LONGEST_NUMBER, conversion

always = settings(derandomize=True)


class Level(Enum):
    SOFT_KILL = 1
    Hard = 2


class Direction(Enum):
    UP = "UP"
    DOWN = "DOWN"


@always
@given(st.integers())
def test_whole_numbers_are_read_as_they_are_written(number):
    parse = conversion(int).parse
    assert parse(str(number)) == number
    assert parse(hex(number)) == number
    assert parse(f"{'-' * (number < 0)}00{abs(number)}") == number


@always
@given(st.floats(allow_nan=False))
def test_numbers_are_read_as_they_are_written(number):
    assert conversion(float).parse(repr(number)) == number


@always
@given(st.text())
def test_text_is_itself(text):
    for of_type in (str, object, Any):
        assert conversion(of_type).parse(text) == text


@pytest.mark.parametrize(
    ("of_type", "text", "value"),
    [
        (bool, "YES", True),
        (bool, "off", False),
        (bytes, "é", "é".encode()),
        (Path, "a/b", Path("a/b")),
        (PurePosixPath, "a", PurePosixPath("a")),
        (Level, "soft-kill", Level.SOFT_KILL),
        (Level, "SOFT_KILL", Level.SOFT_KILL),
        (Level, "hard", Level.Hard),
        (Direction, "UP", Direction.UP),
        (Direction, "down", Direction.DOWN),
        (Literal["fast", 7], "FAST", "fast"),
        (Literal["fast", 7], "7", 7),
        (float, "inf", math.inf),
    ],
)
def test_a_word_becomes_a_value_of_the_type(of_type, text, value):
    converted = conversion(of_type).parse(text)
    assert (converted, type(converted)) == (value, type(value))


@pytest.mark.parametrize(
    ("of_type", "text"),
    [
        (int, "3.0"),
        (int, ""),
        (int, "1" * (LONGEST_NUMBER + 1)),
        (float, "3,5"),
        (bool, "maybe"),
        (Level, "soft kill"),
        (Literal["fast"], "slow"),
    ],
)
def test_what_is_not_of_the_type_is_refused(of_type, text):
    with pytest.raises(ValueError):  # noqa: PT011 (which one is the signature's affair)
        conversion(of_type).parse(text)


@pytest.mark.parametrize("of_type", [list[int], dict, type(None), "int", 3])
def test_a_type_that_nobody_can_type_has_no_conversion(of_type):
    assert conversion(of_type) is None


def test_what_is_expected_is_said():
    assert conversion(Level).expected == "soft-kill or hard"
    assert conversion(Direction).expected == "UP or DOWN"
    assert conversion(Literal["a", "b", "c"]).expected == "a, b or c"
    assert conversion(int).expected == "a whole number"
