"""Laws of statements: what separates them, what joins stages, and where output goes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.line import Word, quote
from pyos_shell.mistake import Mistake
from pyos_shell.statement import Redirection, Statement, parse

always = settings(derandomize=True, deadline=None)


def texts(words):
    return [word.text for word in words]


def outline(source):
    """Of each statement, whether it is conditional, its stages, and its file."""
    found = []
    for words, (stages, file), conditional in parse(source):
        target = file and (">>" if file.append else ">") + file.file.text
        found.append((conditional, [texts(words), *map(texts, stages)], target))
    return found


def refusal(source):
    """The message, and what is underlined."""
    with pytest.raises(Mistake) as caught:
        parse(source)
    return caught.value.message, source[caught.value.start : caught.value.end]


def test_semicolons_and_newlines_separate_statements_and_empty_ones_are_none():
    assert outline(";a b;;c\n\nd ; # nothing") == [
        (False, [["a", "b"]], None),
        (False, [["c"]], None),
        (False, [["d"]], None),
    ]


def test_what_stands_behind_two_ampersands_is_conditional_and_nothing_else():
    conditions = [statement[0] for statement in outline("a && b && c; d\ne && f")]
    assert conditions == [False, True, True, False, False, True]


def test_pipes_join_stages_and_a_file_ends_the_statement():
    assert outline("a 1 | b | c 2 > f && d >> 'g h'; e") == [
        (False, [["a", "1"], ["b"], ["c", "2"]], ">f"),
        (True, [["d"]], ">>g h"),
        (False, [["e"]], None),
    ]


def test_signs_between_quotes_join_and_separate_nothing():
    assert outline("a '|' \"&&\" \\> ';'") == [(False, [["a", "|", "&&", ">", ";"]], None)]


@pytest.mark.parametrize(
    ("source", "message", "place"),
    [
        ("&& a", "a command is missing before &&", "&&"),
        ("a; && b", "a command is missing before &&", "&&"),
        ("a &&", "a command is missing behind &&", "&&"),
        ("a && ; b", "a command is missing behind &&", "&&"),
        ("a && # b", "a command is missing behind &&", "&&"),
        ("a && && b", "a command is missing behind &&", "&&"),
        ("| a", "a program is missing before |", "|"),
        ("a || b", "a program is missing before |", "|"),
        ("a |", "a program is missing behind |", "|"),
        ("a | > f", "a command is missing before >; a line for a task stands alone", ">"),
        ("a >", "a file is missing behind >; the sign itself is typed '>'", ">"),
        ("a >> ; b", "a file is missing behind >>; the sign itself is typed '>>'", ">>"),
        ("a > > f", "a file is missing behind >; the sign itself is typed '>'", ">"),
        ("a > f b", "'b' is one too many: the file ends the statement", "b"),
        ("a > f > g", "'>' is one too many: the file ends the statement", ">"),
        ("a > f | b", "'|' is one too many: the file ends the statement", "|"),
        ("b; > f", "a command is missing before >; a line for a task stands alone", ">"),
    ],
)
def test_what_is_missing_or_too_much_is_underlined(source, message, place):
    assert refusal(source) == (message, place)


def test_of_two_wrong_signs_the_right_one_is_underlined():
    with pytest.raises(Mistake) as caught:
        parse("a > f > g")
    assert caught.value.start == 6


def test_a_statement_ends_where_its_own_words_do():
    (statement,) = parse("a b | c > f")
    assert statement.end == 3


def test_a_statement_can_be_had_with_every_word_changed():
    (statement,) = parse("a | b > f")
    (shouted,) = parse("A | B > F")
    assert statement.changed(lambda word: word._replace(text=word.text.upper())) == shouted
    assert isinstance(shouted, Statement)
    assert shouted.plumbing.redirection == Redirection(Word("F", 8, 9), False)


def attempt(source):
    try:
        return parse(source)
    except Mistake as mistake:
        return mistake


words = st.text(st.sampled_from("ab ;|>&$#'\"\\"), min_size=1, max_size=6).map(quote)
signs = st.sampled_from([";", "&&", "|", ">", ">>", "\n", " "])


@always
@given(st.lists(words | signs, max_size=12).map(" ".join))
def test_any_row_of_words_and_signs_is_statements_or_a_mistake_in_it(source):
    found = attempt(source)
    if isinstance(found, Mistake):
        assert 0 <= found.start < found.end <= len(source)
        return
    for statement in found:
        assert statement.words and all(statement.plumbing.stages)
    assert not found or not found[0].conditional
