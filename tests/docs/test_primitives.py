"""The page that has the primitives of curio, trio and Erlang beside ours leaves none of them out.

Their names are in `primitives/`, by release, as the packages themselves are not needed for tests.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import kernel

from .pages import CODE, DOCS, prose, rows

LISTS = sorted((Path(__file__).parent / "primitives").glob("*.txt"))
HOUSES = ["curio", "trio", "Erlang"]

TABLES = list(rows(prose(DOCS / "primitives.md")))

#: The class, or the module of Erlang, that a name is of.
OWNER = re.compile(r"(?:\w+\.)*[A-Z]\w*|\w+(?=:)")


def house(names: Path) -> str:
    return names.stem.partition("-")[0]


def listed(names: Path) -> list[str]:
    """The names of one house."""
    return [line for line in names.read_text("utf-8").splitlines() if not line.startswith("#")]


def column(number: int) -> Iterator[str]:
    """The names in one column of the tables, in full: `.release` after `Lock` is `Lock.release`."""
    for cells in TABLES:
        owner = ""
        for name in CODE.findall(cells[number]):
            if name.startswith((".", ":")):
                yield owner + name
            else:
                found = OWNER.match(name)
                owner = found[0] if found else ""
                yield name


def test_the_page_has_a_row_of_the_same_cells_throughout():
    assert [cells for cells in TABLES if len(cells) != 5] == []
    headings = [cells for cells in TABLES if cells[0] == "curio"]
    assert headings == [[*HOUSES, "ours", "remark"]] * len(headings)


def test_each_row_has_something_of_ours_or_says_why_not():
    assert [cells for cells in TABLES if not (cells[3] or cells[4])] == []


@pytest.mark.parametrize("names", LISTS, ids=lambda names: names.stem)
def test_the_page_names_every_primitive_of_a_house(names):
    on_page = Counter(column([each.lower() for each in HOUSES].index(house(names))))
    assert sorted(set(listed(names)) - set(on_page)) == []
    assert sorted(set(on_page) - set(listed(names))) == []
    assert [name for name in on_page if on_page[name] > 1] == []


@pytest.mark.parametrize("names", LISTS, ids=lambda names: names.stem)
def test_the_page_says_of_which_release_the_names_are(names):
    release = names.stem.partition("-")[2].removesuffix(".0")
    words = prose(DOCS / "primitives.md")
    assert f"{house(names)} {release}" in words or f"{house(names).title()}/OTP {release}" in words


def test_what_is_called_ours_is_public_here():
    for name in column(3):
        first, _, method = name.partition(".")
        assert first in kernel.__all__, f"{name} is not public"
        assert not method or hasattr(getattr(kernel, first), method), f"there is no {name}"
