"""Laws of the one grammar of arguments: what each word is, and what may come next."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.line import Word
from pyos_shell.mistake import Missing, Mistake
from pyos_shell.signature import Signature
from pyos_shell.statement import parse
from pyos_shell.walk import Walk

always = settings(derandomize=True, deadline=None)


def serve(port: int, *files: str, host: str = "", verbose: bool = False, keep: bool = True):
    """Serve files."""


def start(program: str, *arguments: Word, name: str = ""):
    """Start a program."""


def any_option(**options: int):
    """Take any."""


def signal(tid: int, *, signal: Literal["TERM", "KILL"]):
    """Send one."""


def walked(function, text: str) -> tuple[Walk, list[str]]:
    """A walk through these words, and what each was."""
    walk = Signature.of(function).walk()
    return walk, [told(walk.take(word)) for each in parse(text) for word in each.words]


def told(role) -> str:
    if role.trouble is not None:
        return "trouble"
    label = role.parameter.name if role.parameter is not None else "--"
    return (
        label if role.value == role.word else f"{label}:" + (role.value.text if role.value else "")
    )


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("80 a b", ["port", "files", "files"]),
        ("--host h 80", ["host:", "host", "port"]),
        ("80 --host=h a", ["port", "host:h", "files"]),
        ("--verbose 80 --no-keep", ["verbose:", "port", "keep:"]),
        ("80 -- --host", ["port", "--:", "files"]),
        ("--host --verbose", ["host:", "trouble"]),
        ("--hst 80", ["trouble", "port"]),
        ("--verbose=1 --verbose --verbose", ["trouble", "verbose:", "trouble"]),
        ("-5", ["port"]),
    ],
)
def test_each_word_is_an_option_a_value_or_trouble(text, roles):
    assert walked(serve, text)[1] == roles


def test_behind_the_first_of_raw_words_nothing_is_an_option():
    assert walked(start, "--name n p --name m")[1] == [
        "name:",
        "name",
        "program",
        *["arguments"] * 2,
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", "port"), ("80", "files"), ("80 a b", "files"), ("80 --host", "host"), ("--keep", "port")],
)
def test_what_the_next_word_gives_a_value_is_known(text, expected):
    assert walked(serve, text)[0].expected().name == expected


def test_behind_the_last_argument_nothing_is_expected():
    walk, roles = walked(signal, "3 4")
    assert walk.expected() is None
    assert roles == ["tid", "trouble"]


def test_an_option_that_has_been_given_is_not_among_those_that_may_come():
    walk, _ = walked(serve, "--host h")
    assert list(walk.options()) == ["--verbose", "--keep", "--no-keep"]
    assert walked(serve, "80 --")[0].options() == {}
    assert walked(start, "p")[0].options() == {}


def test_options_of_any_name_are_taken_where_the_function_takes_them():
    assert walked(any_option, "--whatever 3")[1] == ["whatever:", "whatever"]


@pytest.mark.parametrize("text", ["", "--signal TERM", "3", "3 --signal"])
def test_what_has_not_come_yet_is_missing_which_is_not_the_same_as_wrong(text):
    walk, _ = walked(signal, text)
    with pytest.raises(Missing):
        walk.finish(0)


def test_an_option_before_another_option_is_wrong_and_not_only_incomplete():
    with pytest.raises(Mistake, match="--host takes a value") as caught:
        Signature.of(serve).bind(parse("80 --host --verbose")[0].words)
    assert not isinstance(caught.value, Missing)
    assert (caught.value.start, caught.value.end) == (3, 9)


words = st.sampled_from(
    ["80", "x", "--host", "--host=h", "--verbose", "--no-keep", "--", "-", "-5"]
)


@always
@given(st.lists(words, max_size=7).map(" ".join))
def test_a_line_can_be_bound_if_and_only_if_no_word_of_it_is_trouble(text):
    walk = Signature.of(serve).walk()
    typed = [word for each in parse(text) for word in each.words]
    try:
        for role in map(walk.take, typed):
            assert role.trouble is None
            if role.parameter is not None and role.value is not None:
                role.parameter.value(role.value)
        walk.finish(0)
    except (Mistake, AssertionError):
        with pytest.raises(Mistake):
            Signature.of(serve).bind(typed)
    else:
        Signature.of(serve).bind(typed)
