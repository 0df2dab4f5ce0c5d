"""The pages hang together: their links and their tables."""

from __future__ import annotations

import re
from itertools import pairwise

from .pages import PAGES, prose


def anchors(page) -> set[str]:
    """What a link can lead to within a page: its headings, as the web shows them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    words = [re.sub(r"\]\([^)]*\)|[^\w\s-]", "", heading).lower() for heading in headings]
    return {word.replace(" ", "-") for word in words}


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", prose(page)):
            other = (page.parent / target).resolve() if target else page
            assert other.exists(), f"{page.name} links to {target}"
            assert not anchor or anchor in anchors(other), f"{page.name} links to {target}#{anchor}"


def cells(line: str) -> int:
    """How many cells a line has that is a row of a table; 0 where it is none."""
    return line.replace(r"\|", "").count("|") - 1 if line.startswith("|") else 0


def test_the_rows_of_a_table_have_as_many_cells_as_its_heading():
    for page in PAGES:
        for line, following in pairwise(prose(page).splitlines()):
            assert not cells(line) or line.endswith("|"), f"{page.name} has half a row: {line}"
            assert not (cells(line) and following) or cells(line) == cells(following), following
