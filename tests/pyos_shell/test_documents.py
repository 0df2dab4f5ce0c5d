"""Laws of `--json`: one document on a line for every answer, as its schema says."""

import json
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import ExitStatus, TaskKilled
from pyos_shell.command import COMMANDS
from pyos_shell.documents import (
    ERROR_SCHEMA,
    LONGEST_TEXT,
    dataclasses_in,
    definition,
    document,
    error_document,
    schema,
)
from pyos_shell.mistake import Mistake

from .shell import pyos

always = settings(derandomize=True, deadline=None)


def conforms(value, wanted, definitions):
    """Whether a value is what a JSON schema says; as much of that as we use."""
    if "$ref" in wanted:
        return conforms(value, definitions[wanted["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in wanted:
        return any(conforms(value, each, definitions) for each in wanted["anyOf"])
    if "enum" in wanted:
        return value in wanted["enum"]
    match wanted.get("type"):
        case None:
            return True
        case "object":
            return isinstance(value, dict) and object_conforms(value, wanted, definitions)
        case "array":
            return isinstance(value, list) and array_conforms(value, wanted, definitions)
        case kind:
            return type(value) in TYPES[kind]


def object_conforms(value, wanted, definitions):
    rest = wanted.get("additionalProperties", {})
    properties = wanted.get("properties", {})
    return set(wanted.get("required", ())) <= set(value) and all(
        conforms(part, properties.get(name, rest), definitions) for name, part in value.items()
    )


def array_conforms(value, wanted, definitions):
    first = wanted.get("prefixItems", [])
    rest = wanted.get("items") or {}
    schemas = [*first, *[rest] * (len(value) - len(first))]
    return len(value) >= wanted.get("minItems", 0) and all(
        conforms(part, each, definitions) for part, each in zip(value, schemas, strict=False)
    )


TYPES = {
    "string": [str],
    "integer": [int],
    "number": [int, float],
    "boolean": [bool],
    "null": [type(None)],
}


def is_an_answer_of(text, hint):
    definitions = {each.__name__: definition(each) for each in dataclasses_in(hint)}
    return conforms(json.loads(text), schema(hint), definitions)


def answer_type(name):
    return get_type_hints(COMMANDS[name].function)["return"]


@pytest.mark.parametrize(
    "line",
    [
        *("tasks --json", "tasks --all --json", "ps --json", "stack 1 --json", "stack 2 --json"),
        *("stack 3 --json", "programs --json", "log --json", "log 1 --json", "help --json"),
        *("help kill --json", "wait 1 --json", "wait 1 2 --json", "kill 3 --json", "stop 3 --json"),
        *("cont 3 --json", "spawn --json countdown 1", "spawn --json countdown 1 | upper"),
        *("alias --json", "unalias a --json", "eof --json", "source f --json", "restart --json"),
    ],
)
def test_every_answer_is_one_document_on_a_line_as_its_type_says(shell, line):
    shell.run("spawn countdown 1; spawn crash; wait; spawn deep; alias a tasks")
    Path("f").write_text("")
    before = len(shell.data)
    (shown,) = shell.run(line)
    assert shell.data[before:] == [True]
    if not shown.startswith('{"error":'):
        assert is_an_answer_of(shown, answer_type(line.split()[0].replace("ps", "tasks")))
    else:
        assert conforms(json.loads(shown), ERROR_SCHEMA, {})


def test_a_command_that_starts_tasks_answers_their_tids_and_says_nothing_else(shell):
    assert shell.succeeds("spawn --json countdown 1 | upper | count") == ['{"tids": [1, 2, 3]}']


def test_a_command_that_answers_nothing_answers_null(shell):
    shell.run("spawn family")
    assert shell.succeeds("kill 1 --json") == ["null"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (
            "kill x --json",
            {
                "error": "TID takes the number of a task, as `tasks` shows it, not 'x'",
                "place": [5, 6],
                "usage": "usage: kill TID… [--signal SIGNAL]",
            },
        ),
        ("stack 9 --json", {"error": "no task 9; type tasks for those there are"}),
        ("kill 9 --json", {"error": "no task 9; type tasks for those there are"}),
        (
            "nonsense --json",
            {"error": "no command 'nonsense'; type help for all of them", "place": [0, 8]},
        ),
        (
            "spawn --name x --json nonsense",
            {"error": "no program 'nonsense'; type programs for all of them", "place": [22, 30]},
        ),
        (
            "tasks --json > no/f",
            {"error": "cannot write to no/f: No such file or directory", "place": [15, 19]},
        ),
    ],
)
def test_what_is_wrong_is_a_document_too_and_the_command_has_failed(shell, line, error):
    (shown,) = shell.fails(line)
    assert json.loads(shown) == error
    assert conforms(error, ERROR_SCHEMA, {})


def test_in_a_file_what_is_wrong_names_the_file_and_the_line(shell):
    Path("f").write_text("tasks > table\nstack 9 --json\n")
    assert json.loads(shell.fails("source f")[0]) == {
        "error": "no task 9; type tasks for those there are",
        "file": "f",
        "line": 2,
    }


def test_an_option_of_a_program_is_not_the_commands(shell):
    shown = shell.fails("spawn countdown 1 --json")
    assert shown[-2:] == ["no option --json", "usage: countdown [N=10] [--pause=0.0]"]


def test_a_document_goes_to_a_file(shell):
    assert shell.succeeds("programs --json > f") == []
    assert is_an_answer_of(Path("f").read_text("utf-8"), answer_type("programs"))


def test_on_stdout_there_is_nothing_but_documents_and_the_status_is_as_ever():
    child = pyos("-c", "spawn --json countdown 0; wait --json; stack 9 --json")
    documents = [json.loads(line) for line in child.stdout.splitlines()]
    assert [sorted(each)[0] for each in documents] == ["tids", "before", "error"]
    assert child.returncode == 1


def test_every_command_says_of_what_type_its_answer_is():
    for name in COMMANDS:
        hint = answer_type(name)
        assert schema(hint) != {}, f"{name} answers anything"
        json.dumps([definition(each) for each in dataclasses_in(hint)])


# -- what stands for what


class Colour(Enum):
    RED = 1
    GREEN = 2


@dataclass
class Inner:
    name: str
    path: Path | None = None


@dataclass
class Everything:
    colour: Colour
    pair: tuple[int, str]
    many: tuple[int, ...]
    inner: list[Inner]
    by_name: dict[str, Inner]
    either: Literal["a", "b"]
    error: BaseException | None
    anything: Any
    data: bytes
    number: float
    names: frozenset[str]


def everything(**changes):
    given = {
        "colour": Colour.RED,
        "pair": (1, "x"),
        "many": (1, 2, 3),
        "inner": [Inner("a"), Inner("b", Path("x"))],
        "by_name": {"c": Inner("c")},
        "either": "b",
        "error": ValueError("wrong"),
        "anything": object,
        "data": b"\xff",
        "number": 1.5,
        "names": frozenset({"n"}),
    }
    return Everything(**(given | changes))


def test_whatever_a_dataclass_has_stands_in_the_document_as_the_schema_says():
    text = document(everything())
    assert is_an_answer_of(text, Everything)
    assert json.loads(text) == {
        "colour": "RED",
        "pair": [1, "x"],
        "many": [1, 2, 3],
        "inner": [{"name": "a", "path": None}, {"name": "b", "path": "x"}],
        "by_name": {"c": {"name": "c", "path": None}},
        "either": "b",
        "error": {"type": "ValueError", "text": "wrong"},
        "anything": "<class 'object'>",
        "data": "b'\\xff'",
        "number": 1.5,
        "names": ["n"],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "RED!"},
        {"pair": (1,)},
        {"inner": ["a"]},
        {"either": "c"},
        {"error": "ValueError"},
        {"many": (1, "2")},
        {"number": "1.5"},
        {"by_name": []},
    ],
)
def test_what_is_not_of_its_type_does_not_conform(changes):
    assert not is_an_answer_of(document(everything(**changes)), Everything)


class Hostile:
    def __repr__(self):
        raise RuntimeError("no repr")


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


STRANGE = [
    *(Hostile(), [Hostile()] * 1000, {"a": Hostile()}, "x" * 10**6, b"x" * 10**6, 1 << 20_000),
    *(math.nan, math.inf, {1, 2}, range(10**9), [[[[[]]]]], Colour.RED, Inner("a"), "\ud800"),
]


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_a_value_of_which_nothing_is_known_is_short_and_harms_nobody(number):
    text = document(ExitStatus(1, STRANGE[number], HostileError()))
    assert is_an_answer_of(text, ExitStatus)
    assert len(text) < LONGEST_TEXT + 300


@always
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_value_that_a_task_returns_is_a_document(value):
    assert is_an_answer_of(document(ExitStatus(1, value, TaskKilled())), ExitStatus)


def test_a_mistake_without_a_place_has_none():
    assert json.loads(error_document("x", Mistake("x"))) == {"error": "x"}
