"""Laws of a program's name: what it refers to, or what was meant."""

import os
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.line import Word, quote
from pyos_shell.mistake import Mistake
from pyos_shell.program import Reference, built_in, built_in_names, refer, split
from pyos_shell.statement import parse

always = settings(derandomize=True, deadline=None)


def word(text):
    return Word(text, 6, 6 + len(text))


def refusal(text):
    with pytest.raises(Mistake) as caught:
        refer(word(text))
    return caught.value


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "sub folder").mkdir()
    for name in ("server.py", "sub folder/程序.py", "noext", "x.pyw"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "file", "function"),
    [
        ("server.py", "server.py", ""),
        ("server.py:main", "server.py", "main"),
        ("./server.py:main", "server.py", "main"),
        ("sub folder/程序.py:主", "sub folder/程序.py", "主"),
        ("sub folder/../server.py:f", "server.py", "f"),
        ("~/server.py:f", "server.py", "f"),
        ("./noext:f", "noext", "f"),
        ("./noext", "noext", ""),
        ("./x.pyw:f", "x.pyw", "f"),
    ],
)
def test_a_file_is_found_wherever_it_is(folder, text, file, function):
    assert refer(word(text)) == Reference(text, (folder / file).resolve(), "", function)
    absolute = os.path.join(folder, file) + (f":{function}" if function else "")
    assert refer(word(absolute)).file == (folder / file).resolve()


@pytest.mark.parametrize("text", ["package.module:function", "module:f", "模块:函数"])
def test_a_function_in_a_package_is_named_with_a_colon(text):
    module, _, function = text.partition(":")
    assert refer(word(text)) == Reference(text, None, module, function)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (r"C:\x\y.py:f", (r"C:\x\y.py", "f")),
        (r"C:\x\y.py", (r"C:\x\y.py", None)),
        ("C:/x/y.py:f", ("C:/x/y.py", "f")),
        ("C:/x/y.py", ("C:/x/y.py", None)),
        (r"\\host\share\y.py:f", (r"\\host\share\y.py", "f")),
        ("server.py", ("server.py", None)),
        ("server.py:", ("server.py", "")),
        ("a:b:c", ("a:b", "c")),
    ],
)
def test_the_colon_of_a_drive_is_no_end_of_a_path(text, parts):
    assert split(text) == parts
    (statement,) = parse(f"spawn {text}")
    assert statement.words[1].text == text.replace(r"\\", "\\")  # only a doubled one needs quotes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sever.py", "the file sever.py does not exist; did you mean server.py?"),
        ("nowhere/server.py", "the file nowhere/server.py does not exist"),
        ("sub folder/", "the file 'sub folder/' is a directory"),
        ("..:f", "no program '..:f'; type programs for all of them"),
        ("../:f", "the file ../ is a directory"),
        (r"C:\x\y.py:f", r"the file 'C:\x\y.py' does not exist"),
        ("countdwon", "no program 'countdwon'; did you mean countdown?"),
        ("Countdown", "no program 'Countdown'; did you mean countdown?"),
        ("echo", "no program 'echo'; did you mean echo_load?"),
        ("xyz", "no program 'xyz'; type programs for all of them"),
        ("", "no program ''; type programs for all of them"),
        (":f", "no program ':f'; type programs for all of them"),
        ("a..b:f", "no program 'a..b:f'; type programs for all of them"),
        ("x" * 99, "no program '" + "x" * 39 + "…'; type programs for all of them"),
        ("./" + "x" * 999, "the file './" + "x" * 37 + "…' cannot be read: File name too long"),
    ],
)
def test_what_is_not_there_is_said_at_the_word_with_what_was_meant(folder, text, message):
    mistake = refusal(text)
    assert mistake.message == message
    assert (mistake.start, mistake.end) == (6, 6 + len(text))


@pytest.mark.parametrize("function", ["9x", "", "f()", "Class.method", "a b"])
def test_a_wrong_name_of_a_function_is_marked_alone(folder, function):
    mistake = refusal(f"server.py:{function}")
    assert mistake.message == f"'{function}' is no name of a function"
    assert (mistake.start, mistake.end) == (16, 16 + len(function))


@pytest.mark.skipif(os.name != "posix", reason="platform: no such paths")
@pytest.mark.parametrize("text", ["/dev/null", "~nobody-of-this-name/x.py", "a\0b.py", "\ud800.py"])
def test_a_path_that_no_file_has_is_a_mistake_too(folder, text):
    assert refusal(text).message.startswith("the file ")


def test_a_file_in_a_folder_that_is_gone_is_a_mistake_too(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    if os.name == "posix":
        gone.rmdir()
    assert "x.py" in refusal("x.py").message


@always
@given(st.text() | st.text(st.sampled_from("ab.:/\\~ py中\0\n'")))
def test_any_word_is_a_reference_or_a_mistake(text):
    if text not in built_in_names():
        with suppress(Mistake):
            assert refer(word(text)).function.isidentifier()


def test_built_in_programs_are_the_files_of_their_package():
    assert built_in_names() == [
        *("chat_server", "count", "countdown", "crash", "deep", "echo_load", "echo_server"),
        *("family", "grep", "guess", "head", "philosophers", "pipeline", "port_scanner"),
        *("producer_consumer", "sqlite_query", "supervised_crasher", "upper", "web_server"),
        "word_count",
    ]
    for name in built_in_names():
        assert built_in(name).signature.usage.split()[0] == name
        assert quote(name) == name
