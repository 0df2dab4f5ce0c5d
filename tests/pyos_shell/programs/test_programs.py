"""Laws of all programs: each fits on two slides, and its docstring is its help."""

import ast
import inspect
import sys
from pathlib import Path

import pytest

from pyos_shell import programs
from pyos_shell.program import built_in, built_in_names

FOLDER = Path(programs.__file__).parent
STANDARD_LIBRARY = sys.stdlib_module_names

#: Arguments with which the programs are through at once.
TINY = dict.fromkeys(["chat_server", "countdown", "echo_load", "echo_server"], "0")
TINY |= {
    "count": "",
    "upper": "",
    "crash": "1000",
    "word_count": ".",
    "web_server": ". --port 0",
    "port_scanner": "1 2",
}

#: More lines than two slides have: what browsers and attackers send takes some room.
LONG = {"web_server": 180}


def source(name):
    return (FOLDER / f"{name}.py").read_text("utf-8")


def is_function(node):
    return isinstance(node, ast.FunctionDef)


@pytest.mark.parametrize("name", built_in_names())
def test_a_program_fits_on_two_slides_and_a_function_on_half_of_one(name):
    lines = source(name).splitlines()
    assert len(lines) <= LONG.get(name, 80)
    assert max(map(len, lines)) <= 100
    functions = [node for node in ast.walk(ast.parse(source(name))) if is_function(node)]
    assert max(node.end_lineno - node.lineno for node in functions) < 20


@pytest.mark.parametrize("name", built_in_names())
def test_a_program_is_a_generator_function_named_like_its_file(name):
    function = built_in(name).function
    assert inspect.isgeneratorfunction(function)
    assert function.__name__ == name


@pytest.mark.parametrize("name", built_in_names())
def test_every_function_of_a_program_says_what_it_does(name):
    module = ast.parse(source(name))
    functions = [node for node in ast.walk(module) if is_function(node)]
    assert all(map(ast.get_docstring, [module, *functions]))


@pytest.mark.parametrize("name", built_in_names())
def test_a_program_uses_nothing_but_what_every_program_can_use(name):
    """The kernel's interface, and the standard library: it can be copied to a file of one's own."""
    for node in ast.walk(ast.parse(source(name))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module == "kernel" or node.module.partition(".")[0] in STANDARD_LIBRARY
        assert not isinstance(node, ast.Import)


@pytest.mark.parametrize("name", built_in_names())
def test_every_parameter_can_be_typed_and_left_out(name):
    assert all(not each.required for each in built_in(name).signature.parameters)


@pytest.mark.parametrize("name", built_in_names())
def test_a_program_runs_as_a_file_just_as_well(shell, name):
    """And as a copy."""
    copy = Path(f"my_{name}.py")
    copy.write_text(source(name))
    # The processes of `word_count` import its functions, from a module that they can find.
    reference = f"my_{name}:{name}" if name == "word_count" else f"{copy}:{name}"
    shell.succeeds(f"spawn {reference} {TINY.get(name, '1')}")
    shell.machine.shutdown()
    assert "crashed" not in shell.reported
