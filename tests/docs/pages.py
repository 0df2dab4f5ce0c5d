"""The pages that people read, and their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: One page for each topic of the reference.
REFERENCE = sorted((DOCS / "calls").glob("*.md"))
#: About commands, apart from what is told of all of them.
COMMAND_PAGES = sorted((DOCS / "commands").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *REFERENCE, *COMMAND_PAGES]

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`]+)`")


def text(page: Path) -> str:
    return page.read_text("utf-8")


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the code of each block."""
    return BLOCK.findall(text(page))


def prose(page: Path) -> str:
    """What is not in a block."""
    return BLOCK.sub("", text(page))


def rows(words: str) -> Iterator[list[str]]:
    """The cells of each row of each table, headings included."""
    for line in words.splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            yield [cell.strip() for cell in line.strip("|").split("|")]
