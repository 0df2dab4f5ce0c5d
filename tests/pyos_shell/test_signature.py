"""Laws of arguments: words become just what the function takes, or one clear refusal."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NewType, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.line import Word
from pyos_shell.mistake import Mistake
from pyos_shell.parameter import REQUIRED, Kind
from pyos_shell.signature import Signature
from pyos_shell.statement import parse

if TYPE_CHECKING:
    from kernel.scheduler import Scheduler

always = settings(derandomize=True, deadline=None)


class Tid(int):
    metavar: ClassVar[str] = "TID"

    @classmethod
    def parse(cls, text):
        if not text.isdecimal():
            raise ValueError(f"a task is a number such as 3, not {text}")
        return cls(text)


THREE = Tid(3)


class Level(Enum):
    SOFT_KILL = 1
    Hard = 2


Port = NewType("Port", int)


def echo_server(
    kernel: "Scheduler", port: "int" = 45000, *, host: str = "127.0.0.1", verbose: bool = False
) -> None:
    """Echo whatever comes.

    port: where to listen
    host: the address, such as
        127.0.0.1
    """


def kill(tid: Tid, *tids: Tid) -> None:
    """Kill tasks."""


def spawn(program: str, *arguments: Word, name: str | None = None) -> None:
    """Start a program."""


def build(
    source: Path, *flags: bool, mode: Literal["fast", "slow"], depth: int = 3, **settings: str
) -> None:
    """Everything at once."""


ECHO = Signature.of(echo_server, skip=1)


def bind(function, line, **options):
    """What the words of `line`, after its first, are bound to."""
    signature = function if isinstance(function, Signature) else Signature.of(function, **options)
    (statement,) = parse(f"x {line}")
    return signature.bind(statement.words[1:], end=statement.end)


def refusal(function, line, **options):
    """The message, and what is underlined; a missing argument is underlined at the end."""
    with pytest.raises(Mistake) as caught:
        bind(function, line, **options)
    mistake = caught.value
    assert mistake.usage is not None
    assert mistake.usage.startswith("usage: ")
    if mistake.start == mistake.end:
        assert mistake.start == len(f"x {line}".rstrip())
    return mistake.message, f"x {line}"[mistake.start : mistake.end]


def attempt(signature, words, end):
    try:
        return signature.bind(words, end)
    except Mistake as mistake:
        return mistake


def value(annotation, text):
    """What `text` becomes as an argument of this type."""

    def function(argument): ...

    function.__annotations__["argument"] = annotation
    (bound,), _ = Signature.of(function).bind([Word(text, 0, len(text))])
    return bound


def refused(annotation, text):
    with pytest.raises(Mistake) as caught:
        value(annotation, text)
    assert (caught.value.start, caught.value.end) == (0, len(text))
    return caught.value.message


def test_positional_parameters_are_arguments_and_keyword_only_ones_options():
    assert bind(ECHO, "7000 --host ::1 --verbose") == ([7000], {"host": "::1", "verbose": True})


def test_what_is_left_out_is_left_to_the_defaults_of_the_function():
    assert bind(ECHO, "") == ([], {})


def test_options_may_stand_anywhere_and_take_their_value_after_equals():
    expected = ([7], {"host": "a=b", "verbose": True})
    assert bind(ECHO, "--verbose --host=a=b 7") == expected
    assert bind(ECHO, "7 --verbose --host a=b") == expected
    assert bind(ECHO, "--host='a'=b 7 --verbose") == expected


def test_an_empty_value_is_a_value():
    assert bind(ECHO, "--host= ") == bind(ECHO, "--host ''") == ([], {"host": ""})


def test_underscores_are_dashes_on_the_line():
    def function(*, max_size: int, from_: str = "") -> None: ...

    assert bind(function, "--max-size 3 --from x") == ([], {"max_size": 3, "from_": "x"})
    assert refusal(function, "--max_size 3")[0] == "no option --max_size; did you mean --max-size?"


def test_a_flag_that_is_true_by_default_is_taken_back_by_no():
    def function(*, color: bool = True, no_wait: bool = False) -> None: ...

    assert bind(function, "--no-color --no-wait") == ([], {"color": False, "no_wait": True})
    assert bind(function, "--color") == ([], {"color": True})
    assert Signature.of(function).usage == "function [--no-color] [--no-wait]"


def test_a_flag_without_a_default_is_false_unless_given():
    def function(*, all_: bool) -> None: ...

    assert bind(function, "") == ([], {"all_": False})
    assert bind(function, "--all") == ([], {"all_": True})


def test_a_flag_takes_no_value():
    assert refusal(ECHO, "--verbose=yes") == ("--verbose takes no value", "--verbose=yes")
    assert bind(ECHO, "--verbose 8") == ([8], {"verbose": True})


@pytest.mark.parametrize("text", ["-5", "-0.5", "-.5", "-1e3"])
def test_negative_numbers_are_arguments_and_values(text):
    def function(number: float, *, offset: float = 0.0) -> None: ...

    assert bind(function, f"{text} --offset {text}") == ([float(text)], {"offset": float(text)})


def test_a_lone_dash_is_an_argument():
    assert bind(kill_of_str, "- --") == (["-"], {})


def kill_of_str(*names: str) -> None: ...


def test_two_dashes_end_the_options():
    assert bind(kill_of_str, "a -- --x -- -y") == (["a", "--x", "--", "-y"], {})


def test_further_arguments_are_of_the_type_of_the_last_parameter():
    assert bind(kill, "3 4 5") == ([3, 4, 5], {})
    assert all(type(tid) is Tid for tid in bind(kill, "3 4 5")[0])


def test_options_after_the_first_argument_are_arguments_if_not_interspersed():
    def function(first: str, *rest: str, quiet: bool = False) -> None: ...

    expected = (["a", "--quiet", "--", "b"], {"quiet": True})
    assert bind(function, "--quiet a --quiet -- b", interspersed=False) == expected
    usage = "function [--quiet] FIRST [REST…]"
    assert Signature.of(function, interspersed=False).usage == usage


def test_words_for_somebody_else_are_passed_raw_with_their_places():
    (program, *raw), options = bind(spawn, "--name e echo --name 'x y' -- -5")
    assert (program, options) == ("echo", {"name": "e"})
    assert raw == [
        Word("--name", 16, 22),
        Word("x y", 23, 28),
        Word("--", 29, 31),
        Word("-5", 32, 34),
    ]


def test_one_raw_word_is_passed_with_its_place():
    assert value(Word, "abc") == Word("abc", 0, 3)


def test_any_other_option_goes_to_the_double_starred_parameter():
    line = "src --mode slow --out-dir /x --level=3"
    expected = {"mode": "slow", "out_dir": "/x", "level": "3"}
    assert bind(build, line) == ([Path("src")], expected)


@pytest.mark.parametrize(
    "line", ["--source x", "--flags x", "--settings x", "-x 3", "--=3", "--_x="]
)
def test_no_other_option_can_collide_with_a_parameter(line):
    def function(_x, source, *flags, **settings): ...

    assert "no option" in refusal(function, f"1 2 {line}")[0]


def test_a_skipped_parameter_cannot_be_given():
    def function(kernel, **settings): ...

    assert refusal(function, "--kernel 3", skip=1) == ("no option --kernel", "--kernel")


@pytest.mark.parametrize(
    ("line", "message", "place"),
    [
        ("abc", "PORT takes a whole number, not 'abc'", "abc"),
        ("'a c'", "PORT takes a whole number, not 'a c'", "'a c'"),
        ("--hots x", "no option --hots; did you mean --host?", "--hots"),
        ("-v", "no option -v; did you mean --verbose?", "-v"),
        ("--frob=1", "no option --frob", "--frob=1"),
        ("--port 3", "no option --port; PORT is given without a name", "--port"),
        ("--host a --host=b", "--host is given twice", "--host=b"),
        ("--verbose --verbose", "--verbose is given twice", "--verbose"),
        ("--host", "--host takes a value", "--host"),
        ("--host --verbose", "--host takes a value", "--host"),
        ("--host -- 3", "--host takes a value", "--host"),
        ("1 2 3", "'2' is one too many", "2"),
        ("1 --verbose 2", "'2' is one too many", "2"),
    ],
)
def test_a_wrong_word_is_refused_and_underlined(line, message, place):
    assert refusal(ECHO, line) == (message, place)


@pytest.mark.parametrize(
    ("line", "message", "place"),
    [
        ("", "SOURCE is missing", ""),
        ("a", "--mode is missing", ""),
        ("a --mode fats", "--mode takes fast or slow, not 'fats'; did you mean fast?", "fats"),
        ("a --mode fast --depth=x", "--depth takes a whole number, not 'x'", "x"),
        ("a --mode fast --depth='x'", "--depth takes a whole number, not 'x'", "--depth='x'"),
        ("a maybe --mode fast", "FLAGS takes yes or no, not 'maybe'", "maybe"),
        ("a --mode fast --k 1 --k 2", "--k is given twice", "--k"),
        ("a --mode fast --k", "--k takes a value", "--k"),
    ],
)
def test_every_kind_of_parameter_refuses_in_its_own_words(line, message, place):
    assert refusal(build, line) == (message, place)


def test_the_own_words_of_a_type_are_the_message():
    assert refusal(kill, "3 x") == ("a task is a number such as 3, not x", "x")
    assert refusal(kill, "") == ("TID is missing", "")


def test_without_words_or_an_end_a_missing_argument_has_no_place():
    with pytest.raises(Mistake) as caught:
        Signature.of(kill).bind([])
    assert (caught.value.start, caught.value.usage) == (None, "usage: kill TID…")


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (str, "007", "007"),
        (Any, "7", "7"),
        (int, "45_000", 45000),
        (int, "0x1F", 31),
        (int, "-0b11", -3),
        (int, "007", 7),
        (int, "７", 7),
        (float, "1e3", 1000.0),
        (float, "inf", math.inf),
        (bool, "Yes", True),
        (bool, "off", False),
        (bool, "1", True),
        (bytes, "é", b"\xc3\xa9"),
        (Path, "a/b", Path("a/b")),
        (Literal["fast", 2], "2", 2),
        (Literal["a", "A"], "a", "a"),
        (Level, "soft-kill", Level.SOFT_KILL),
        (Level, "SOFT_KILL", Level.SOFT_KILL),
        (Level, "hard", Level.Hard),
        (int | None, "3", 3),
        (Optional[Level], "hard", Level.Hard),  # noqa: UP045
        (Port, "80", 80),
        (Optional[Port], "80", 80),  # noqa: UP045
        (Annotated[int, "a port"], "80", 80),
        ("int", "3", 3),
        ("Tid | None", "3", 3),
        ("Scheduler", "3", "3"),
        ("no python", "3", "3"),
        ("1 / 0", "3", "3"),
    ],
)
def test_a_word_becomes_the_annotated_type(annotation, text, expected):
    bound = value(annotation, text)
    assert bound == expected
    assert type(bound) in (type(expected), Tid)


@pytest.mark.parametrize(
    ("annotation", "text", "message"),
    [
        (int, "", "ARGUMENT takes a whole number, not ''"),
        (int, "1.5", "ARGUMENT takes a whole number, not '1.5'"),
        (int, "9" * 5_000, f"ARGUMENT takes a whole number, not '{'9' * 39}…'"),
        (int, "0x" + "f" * 5_000, f"ARGUMENT takes a whole number, not '0x{'f' * 37}…'"),
        (float, "1,5", "ARGUMENT takes a number, not '1,5'"),
        (bool, "2", "ARGUMENT takes yes or no, not '2'"),
        (bytes, "\ud800", r"ARGUMENT takes text, not '\ud800'"),
        (Literal["a", "b", "c"], "d", "ARGUMENT takes a, b or c, not 'd'"),
        (Level, "harf", "ARGUMENT takes soft-kill or hard, not 'harf'; did you mean hard?"),
        (list[int], "3", "ARGUMENT takes what nobody can type on a line, not '3'"),
        (int | str, "3", "ARGUMENT takes what nobody can type on a line, not '3'"),
    ],
)
def test_a_word_that_is_no_value_of_the_type_is_refused_in_plain_words(annotation, text, message):
    assert refused(annotation, text) == message


def test_a_type_that_gives_no_reason_is_given_one():
    class Even(int):
        @classmethod
        def parse(cls, text):
            raise ValueError

    assert refused(Even, "3") == "ARGUMENT cannot be '3'"


def test_without_an_annotation_the_default_tells_the_type():
    def function(port=80, level=Level.Hard, name="x", task=None, hook=print, root=Path()): ...

    bound, _ = bind(function, "1 soft-kill 2 3 4 5")
    assert bound == [1, Level.SOFT_KILL, "2", "3", "4", Path("5")]


def test_an_annotation_that_names_nothing_leaves_it_to_the_default():
    def function(port: "Nowhere" = 80) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    assert bind(function, "7") == ([7], {})


def test_a_method_and_a_decorated_function_are_read_as_they_are_called():
    class Shell:
        def kill(self, tid: "Tid") -> None: ...

    @contextmanager  # whose own module knows no Tid
    def stopped(tid: "Tid") -> Iterator[None]:
        yield

    assert bind(Shell().kill, "3") == ([3], {})
    assert bind(stopped, "3") == ([3], {})


@pytest.mark.parametrize(
    ("function", "usage"),
    [
        (kill, "kill TID…"),
        (spawn, "spawn [--name NAME] PROGRAM [ARGUMENTS…]"),
        (build, "build SOURCE [FLAGS…] --mode fast|slow [--depth=3] [--NAME VALUE…]"),
        (kill_of_str, "kill_of_str [NAMES…]"),
    ],
)
def test_the_usage_tells_how_to_type_it(function, usage):
    assert Signature.of(function).usage == usage


def test_the_usage_shows_choices_rather_than_a_default():
    def function(*, mode: Literal["fast", "slow"] = "fast") -> None: ...

    assert Signature.of(function).usage == "function [--mode fast|slow]"


def test_one_or_more_is_said_only_of_the_same_thing():
    def function(subtid: int, *tid: int) -> None: ...

    assert Signature.of(function).usage == "function SUBTID [TID…]"


def test_the_usage_shows_short_defaults_only():
    def function(a="x y", b="", c=None, d="long" * 9, e=1.5, f=Level.Hard, g=THREE): ...

    assert Signature.of(function, name="try").usage == (
        "try [A] [B] [C] [D] [E=1.5] [soft-kill|hard] [TID=3]"
    )
    assert ECHO.usage == "echo_server [PORT=45000] [--host=127.0.0.1] [--verbose]"


def test_a_signature_tells_of_its_parameters():
    port, host, verbose = ECHO.parameters
    assert (port.name, port.kind, port.type, port.default) == ("port", Kind.ARGUMENT, int, 45000)
    assert (host.kind, verbose.kind) == (Kind.OPTION, Kind.FLAG)
    assert (port.metavar, port.help, verbose.help) == ("PORT", "where to listen", "")
    assert Signature.of(build).parameters[2].conversion.choices == ("fast", "slow")
    assert Signature.of(kill).parameters[0].default is REQUIRED
    assert ECHO.summary == "Echo whatever comes."


def test_a_signature_needs_neither_docstring_nor_parameters():
    def function() -> None: ...

    assert Signature.of(function).usage == "function"
    assert bind(function, "") == ([], {})
    assert refusal(function, "x") == ("'x' is one too many", "x")


def everything(
    count: int,
    ratio: float = 0.5,
    *more: Level,
    mode: Literal["a", "b"] = "a",
    path: Path | None = None,
    data: bytes = b"",
    tid: Tid | None = None,
    loud: bool = True,
    **others: str,
) -> None: ...


pieces = st.sampled_from(
    ["1", "-2", "0.5", "-", "--", "--mode", "--mode=a", "--tid", "--data", "--loud", "--no-loud",
     "--loud=", "--path=", "--x", "hard", "a", "--count", "=", "-h", ""]
)  # fmt: skip


@always
@given(st.sampled_from([everything, echo_server, kill, spawn, build]), st.lists(pieces | st.text()))
def test_any_words_are_bound_as_the_function_can_be_called_or_are_a_mistake_among_them(
    function, texts
):
    words = [Word(text, 10 * place, 10 * place + 9) for place, text in enumerate(texts, 1)]
    end = words[-1].end if words else 4
    result = attempt(Signature.of(function), words, end)
    if isinstance(result, Mistake):
        assert result.start is not None
        assert result.end is not None
        assert 4 <= result.start <= result.end <= end
    else:
        arguments, options = result
        function(*arguments, **options)


@always
@given(st.integers(), st.floats(allow_nan=False), st.lists(st.sampled_from(Level)), st.text())
def test_what_is_written_is_what_is_bound(count, ratio, levels, text):
    names = [level.name.lower() for level in levels]
    written = [str(count), str(ratio), *names]
    words = [Word(each, 0, 1) for each in [f"--x={text}", "--", *written]]
    assert Signature.of(everything).bind(words) == ([count, ratio, *levels], {"x": text})
