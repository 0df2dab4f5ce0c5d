"""Laws of the language of a command line."""

import pytest
from hypothesis import example, settings
from hypothesis import given as with_any
from hypothesis import strategies as st

from pyos_shell.line import Given, Operator, Word, given, joined, quote, tokens
from pyos_shell.mistake import Mistake

always = settings(derandomize=True, deadline=None)
texts = st.text() | st.text(st.sampled_from("ab1._ ;#'\"\\\n\r\t中\u3000\x00=-"))


def words(source):
    """The texts of the words, in the statements that operators separate."""
    statements = [[]]
    for token in tokens(source):
        if isinstance(token, Word):
            statements[-1].append(token.text)
        else:
            statements.append([])
    return [statement for statement in statements if statement]


def attempt(source):
    try:
        return list(tokens(source))
    except Mistake as mistake:
        return mistake


def place(source):
    with pytest.raises(Mistake) as caught:
        list(tokens(source))
    return caught.value.start, caught.value.end


@pytest.mark.parametrize("source", ["", " \t", "\n\n", ";;", " ; # nothing", "#", "\r\n"])
def test_a_line_without_words_has_no_statements(source):
    assert words(source) == []


def test_semicolons_and_newlines_separate_statements():
    assert words("tasks;kill 3 7;;\nstack 4\r\n") == [["tasks"], ["kill", "3", "7"], ["stack", "4"]]


@pytest.mark.parametrize("sign", ["&&", "|", ">", ">>", ";"])
def test_an_operator_needs_no_blanks_and_between_quotes_it_is_none(sign):
    assert list(tokens(f"a{sign}b")) == [
        Word("a", 0, 1),
        Operator(sign, 1, 1 + len(sign)),
        Word("b", 1 + len(sign), 2 + len(sign)),
    ]
    escaped = "".join(f"\\{char}" for char in sign)
    assert words(f"'a{sign}b' \"a{sign}b\" a{escaped}b") == [[f"a{sign}b"] * 3]


@pytest.mark.parametrize("text", ["&", "a&b", "a=b", "-", "!", "?"])
def test_what_only_looks_like_an_operator_is_a_word(text):
    assert words(text) == [[text]]


def variables(source):
    (word,) = tokens(source)
    return word.text, word.variables


@pytest.mark.parametrize(
    ("source", "text", "places"),
    [
        ("$?", "$?", (0,)),
        ("a$!b$?", "a$!b$?", (1, 4)),
        ('"$! \\$? \\\\$?"', "$! $? \\$?", (0, 7)),
        ("'$!'", "$!", ()),
        ("\\$!", "$!", ()),
        ("'$!'$!", "$!$!", (2,)),
        ("$", "$", ()),
        ("a$", "a$", ()),
        ("$5.$-$$", "$5.$-$$", ()),
        ("$$?", "$$?", (1,)),
    ],
)
def test_a_variable_is_expanded_but_not_where_quotes_forbid_it(source, text, places):
    assert variables(source) == (text, places)


@pytest.mark.parametrize(
    ("source", "start", "end"), [("kill $x", 5, 7), ('kill "a $tid-1"', 8, 12), ("$é", 0, 2)]
)
def test_a_variable_that_there_is_not_is_underlined_and_those_there_are_are_told(
    source, start, end
):
    assert place(source) == (start, end)
    message = str(attempt(source))
    assert message.endswith("; there are $? (the last status) and $! (the last tid)")


def test_a_comment_begins_only_where_a_word_does():
    assert words("kill 3 # 7; tasks\nstack a#b '#c' \\#d") == [
        ["kill", "3"],
        ["stack", "a#b", "#c", "#d"],
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'a b;#\\\"'", 'a b;#\\"'),
        ('"a b;#\'"', "a b;#'"),
        (r'"a\"b\\c\d"', r'a"b\c\d'),
        ("''", ""),
        ('""', ""),
        ("a'b c'd", "ab cd"),
        ("'a'\"b\"c\\ d", "abc d"),
        ("'a\nb'", "a\nb"),
        (r"a\ b\;c\'d\"e\\f", "a b;c'd\"e\\f"),
        ("\\中", "\\中"),
        ("--name='my task'", "--name=my task"),
    ],
)
def test_quotes_and_backslashes_make_one_word(source, text):
    assert words(source) == [[text]]


@pytest.mark.parametrize("path", [r"C:\temp\new_1", r"C:\_x\2", r"..\..\x", "C:\\", r"\.git"])
def test_a_windows_path_needs_no_quotes(path):
    assert words(f"dir {path}") == [["dir", path]]


def test_a_backslash_at_the_end_of_a_line_continues_it():
    assert words("kill 3 \\\n 7\\\r\n8; tasks") == [["kill", "3", "7", "8"], ["tasks"]]


@pytest.mark.parametrize("source", ["echo 'a b", 'echo "a b', 'echo "a\\"', "echo '\n; x"])
def test_an_unclosed_quote_is_underlined_where_it_opens(source):
    assert place(source) == (5, 6)


def test_an_unclosed_quote_within_a_word_is_underlined_where_it_opens():
    assert place("echo a'b'c\"d 'e'") == (10, 11)


def test_a_word_knows_its_place_with_its_quotes():
    assert list(tokens("kill 'a b'c;  x")) == [
        Word("kill", 0, 4),
        Word("a bc", 5, 11),
        Operator(";", 11, 12),
        Word("x", 14, 15),
    ]


@always
@with_any(texts)
@example("\\")
@example("a\\\r")
@example("\x1c\x85\u2028")
@example("$a")
def test_any_text_is_tokens_or_a_mistake_in_it(source):
    result = attempt(source)
    if isinstance(result, Mistake):
        place = source[result.start : result.end]
        assert place in ("'", '"') or (place[0] == "$" and place[1:].isidentifier())


@always
@with_any(texts)
def test_words_stand_in_order_and_apart_and_each_is_one_word_alone(source):
    result = attempt(source)
    end = 0
    for token in [] if isinstance(result, Mistake) else result:
        assert end <= token.start < token.end <= len(source)
        (again,) = tokens(source[token.start : token.end])
        assert again == token._replace(start=0, end=token.end - token.start)
        end = token.end


@always
@with_any(texts)
@example("it's")
@example("\\'")
@example("#")
def test_what_is_quoted_is_one_word_again(text):
    assert words(quote(text)) == [[text]]


@always
@with_any(st.lists(texts, min_size=1))
def test_quoted_words_joined_by_blanks_are_those_words(many):
    assert words(" ".join(map(quote, many))) == [many]


@pytest.mark.parametrize("text", ["45000", "127.0.0.1", "--host=a", "中文", "a/b:c,d@e+f%g"])
def test_ordinary_words_are_quoted_by_nothing(text):
    assert quote(text) == text


@pytest.mark.parametrize("text", ["a|b", "a&&b", "$x", "a>b", "*", "~", "!x", "(a)", "`x`", "{a}"])
def test_what_may_once_be_an_operator_is_quoted_already(text):
    assert quote(text) == f"'{text}'"


@always
@with_any(st.text(st.characters(exclude_characters="\n")), st.integers(1, 10**18))
def test_a_line_for_a_task_is_what_it_is(text, tid):
    assert given(f"> {text}") == Given(text, None)
    assert given(f"{tid}> {text}") == Given(text, tid)
    assert given(f" {tid} > {text}") == Given(text, tid)


@pytest.mark.parametrize(
    "line", ["", "tasks", "x> y", "0> x", "-1> x", "1 2> x", "'>' x", "a\n> x"]
)
def test_any_other_line_is_none_for_a_task(line):
    assert given(line) is None


def test_a_line_for_a_task_is_not_continued_by_a_backslash():
    assert list(joined(["> C:\\", "tasks \\", "--all"])) == ["> C:\\", "tasks \\\n--all"]
