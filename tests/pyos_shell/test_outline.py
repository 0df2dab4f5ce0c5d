"""Laws of what is read off a file of Python without running it."""

import os

import pytest

from pyos_shell import outline as module
from pyos_shell.outline import outline
from pyos_shell.signature import Signature

SOURCE = '''
"""A file."""

import os
from kernel import *

PORT = 80


def serve(port: int = 45000, *rest: str, host: "str" = "a b", deep: float = PORT, on: bool = False):
    """Serve.

    host: where
    """
    yield


async def wait(thing: Thing, other=3, last=None):
    await thing


@wonderful
def changed(x: int):
    yield


class Thing:
    def inner(self):
        yield
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "p.py"
    path.write_text(SOURCE, "utf-8")
    return path


def test_the_functions_of_a_file_are_known_with_what_they_take(file):
    functions = outline(file).functions
    assert list(functions) == ["serve", "wait", "changed"]
    serve = functions["serve"]
    assert serve.summary == "Serve."
    usage = "serve [PORT=45000] [REST…] [--host HOST] [--deep DEEP] [--on]"
    assert serve.signature.usage == usage


def test_it_is_what_the_function_itself_tells_if_that_is_run(file):
    def serve(port: int = 45000, *, host: str = "::1", loud: bool = False):
        """Serve."""

    file.write_text(
        "def serve(port: int = 45000, *, host: str = '::1', loud: bool = False):\n"
        "    '''Serve.'''\n",
        "utf-8",
    )
    found = outline(file).functions["serve"].signature
    assert [each._replace(conversion=None) for each in found.parameters] == [
        each._replace(conversion=None) for each in Signature.of(serve).parameters
    ]


def test_a_type_that_only_the_run_can_tell_takes_anything(file):
    wait = outline(file).functions["wait"].signature
    assert wait.usage == "wait THING [OTHER=3] [LAST]"
    assert wait.parameters[0].conversion.parse("whatever") == "whatever"


def test_what_a_decorator_makes_of_a_function_is_not_guessed(file):
    assert outline(file).functions["changed"].signature is None


@pytest.mark.parametrize(
    ("more", "whole"),
    [
        ("", True),
        ("from other import *", False),
        ("from other import f", True),
        ("f = g()", False),
        ("if True:\n    def f(): yield", False),
        ("N = 3", True),
    ],
)
def test_whether_there_may_be_other_functions_is_known(file, more, whole):
    file.write_text(SOURCE + more, "utf-8")
    assert outline(file).whole == whole


@pytest.mark.parametrize(
    "content", [b"def f(:", b"\x00", b"\xff\xfe", b"x" * 300_000, b"(" * 9_000]
)
def test_what_cannot_be_read_as_python_has_no_outline(file, content):
    file.write_bytes(content)
    assert outline(file) is None


def test_what_is_no_file_has_none(tmp_path):
    assert outline(tmp_path) is None
    assert outline(tmp_path / "nothing.py") is None


@pytest.mark.skipif(os.name != "posix", reason="platform: no named pipes")
def test_a_pipe_in_its_place_keeps_no_key_waiting(tmp_path):
    os.mkfifo(tmp_path / "p.py")
    assert outline(tmp_path / "p.py") is None


def test_a_file_is_read_again_when_it_has_changed(file):
    assert outline(file) is outline(file)
    file.write_text("def other():\n    yield\n", "utf-8")
    os.utime(file, ns=(1, 1))
    assert list(outline(file).functions) == ["other"]


def test_a_name_that_starts_something_is_not_called(file):
    file.write_text("def f(x: exit(), y=exit()):\n    yield\n", "utf-8")
    assert outline(file).functions["f"].signature.usage == "f X [Y]"
    assert module.outline_of.cache_info().maxsize <= 64
