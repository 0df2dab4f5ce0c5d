"""Laws of what the editor knows of Python."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pyos_shell.editor import margin_behind, syntax_mistake


@pytest.mark.parametrize(
    ("line", "margin"),
    [
        ("", 0),
        ("def f():", 4),
        ("    if x:  # why", 8),
        ("    x = 1", 4),
        ("    return x", 0),
        ("        pass", 4),
        ("returned = 1", 0),
        ("    # a comment:", 4),
        ("return", 0),
    ],
)
def test_the_next_line_begins_where_its_code_has_to_be(line, margin):
    assert margin_behind(line) == margin


def test_a_program_has_no_mistake():
    assert syntax_mistake("def f():\n    yield\n") is None
    assert syntax_mistake("") is None


def test_the_place_of_a_mistake_is_in_the_text():
    text = "a = 1\nb = (2 +\nc = 3\nif x\n"
    mistake = syntax_mistake(text)
    assert mistake.message == "line 2: '(' was never closed"
    assert text[mistake.start] == "("


def test_what_only_the_compiler_sees_is_found_too():
    assert "outside function" in syntax_mistake("return 1\n").message


@settings(derandomize=True, max_examples=200, deadline=None)
@given(some.text(some.sampled_from("abc:=()[]{}'\"\\ \n\tdefiflambdayieldé→\0"), max_size=40))
def test_whatever_is_typed_is_a_program_or_has_a_mistake_in_the_text(text):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mistake = syntax_mistake(text)
    if mistake is not None:
        assert "\n" not in mistake.message
        if mistake.start is not None:
            assert 0 <= mistake.start <= mistake.end <= len(text)
