"""The reference tells of every public name, and what it tells of them is so."""

from __future__ import annotations

import ast
import inspect
import re
from collections import Counter
from inspect import Parameter
from pathlib import Path
from typing import Any

import pytest

import kernel
from kernel import SystemCall

from .pages import CODE, DOCS, REFERENCE, blocks, prose, rows, text

CALL = re.compile(r"(\w+)(?:\((.*)\))?")
LINE = re.compile(r"^\| \[`(\w+)`\]\((.+)\) \| (.+) \|$", re.MULTILINE)

#: Stand for a default on a page.
WORDS = ("…", "DEVNULL")

STARS: dict[Any, str] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}


def entries(page: Path) -> list[tuple[str, str | None]]:
    """The public names that a page has an entry for, each with its arguments as they are written
    there: in the first cell of a row, or at the beginning of a paragraph.
    """
    words = prose(page)
    firsts = [cells[0] for cells in rows(words) if cells[0].startswith("`")]
    spans = [span for cell in firsts for span in CODE.findall(cell)]
    spans += re.findall(r"(?:^|\n\n)`([^`]+)`", words)
    found = [match.groups() for span in spans if (match := CALL.fullmatch(span))]
    return [(name, arguments) for name, arguments in found if name in vars(kernel)["__all__"]]


#: Where the entry of each name is, and the arguments that it gives.
ENTRIES = {name: (page, arguments) for page in REFERENCE for name, arguments in entries(page)}


def is_call(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, SystemCall) and thing is not SystemCall


def calls_and_functions() -> list[str]:
    return [
        name
        for name in vars(kernel)["__all__"]
        if is_call(getattr(kernel, name)) or inspect.isfunction(getattr(kernel, name))
    ]


def test_every_public_name_has_one_entry_in_the_reference():
    counted = Counter(name for page in REFERENCE for name, _ in entries(page))
    assert [name for name in vars(kernel)["__all__"] if counted[name] == 0] == []
    assert [name for name in vars(kernel)["__all__"] if counted[name] > 1] == []


def test_the_index_leads_from_every_public_name_to_its_entry():
    lines = LINE.findall(text(DOCS / "calls.md"))
    assert sorted(name for name, _, _ in lines) == sorted(vars(kernel)["__all__"])
    for name, target, _ in lines:
        assert DOCS / target == ENTRIES[name][0], f"{name} is not on {target}"


def test_the_index_and_its_pages_are_in_the_same_order():
    links = re.findall(r"^## \[.+\]\((.+)\)$", text(DOCS / "calls.md"), re.MULTILINE)
    pages = [target for _, target, _ in LINE.findall(text(DOCS / "calls.md"))]
    assert list(dict.fromkeys(pages)) == links


@pytest.mark.parametrize("name", calls_and_functions())
def test_a_call_or_function_has_an_example_on_the_page_of_its_entry(name):
    page, _ = ENTRIES[name]
    code = "\n".join(code for language, code in blocks(page) if language == "python")
    assert re.search(rf"\b{name}\(|@{name}\b", code), f"{page.name} has no example of {name}"


# -- signatures


def written(arguments: str) -> list[tuple[str, str | None]]:
    """The parameters as a page gives them, each with its default, if any."""
    parts = [part.strip().partition("=") for part in arguments.split(",") if part.strip()]
    return [(name, default if equals else None) for name, equals, default in parts]


def parameters(thing: Any) -> list[Parameter]:
    """What a function takes, or whoever makes an object of a class."""
    if inspect.isfunction(thing):
        return list(inspect.signature(thing).parameters.values())
    makers = [vars(base)["__init__"] for base in thing.__mro__[:-1] if "__init__" in vars(base)]
    return list(inspect.signature(makers[0]).parameters.values())[1:] if makers else []


def declared(thing: Any) -> list[tuple[str, Any]]:
    """The same as the code has them; a default is the value itself."""
    found: list[tuple[str, Any]] = []
    for parameter in parameters(thing):
        starred = any(name.startswith("*") for name, _ in found)
        if parameter.kind is Parameter.KEYWORD_ONLY and not starred:
            found.append(("*", None))
        found.append((STARS.get(parameter.kind, "") + parameter.name, parameter.default))
    return found


def default_fits(words: str | None, default: object) -> bool:
    if default is Parameter.empty:
        return words is None
    return words in WORDS or (words is not None and ast.literal_eval(words) == default)


def is_made_by_the_kernel(thing: Any) -> bool:
    """Whether it is a record that nobody else makes, so that it has fields but no defaults."""
    return hasattr(thing, "__match_args__") and not is_call(thing) and thing is not kernel.Child


@pytest.mark.parametrize("name", calls_and_functions())
def test_the_entry_of_a_call_or_function_gives_its_arguments(name):
    assert ENTRIES[name][1] is not None, f"{name} has no arguments on {ENTRIES[name][0].name}"


@pytest.mark.parametrize("name", [name for name in ENTRIES if ENTRIES[name][1] is not None])
def test_an_entry_gives_the_arguments_of_the_code(name):
    thing, on_page = getattr(kernel, name), written(ENTRIES[name][1] or "")
    if is_made_by_the_kernel(thing):
        assert tuple(argument for argument, _ in on_page) == thing.__match_args__
        return
    in_code = declared(thing)
    assert [argument for argument, _ in on_page] == [argument for argument, _ in in_code]
    for (argument, words), (_, default) in zip(on_page, in_code, strict=True):
        if not argument.startswith("*"):
            assert default_fits(words, default), f"{argument}={words} is {default!r}"
