"""The pictures of the documentation can be made anew: their sessions still go as they are meant."""

import runpy
import sys
from xml.etree import ElementTree

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .pages import DOCS, PAGES, text

MAKER = runpy.run_path(str(DOCS / "make_pictures.py"))


@pytest.mark.parametrize("name", MAKER["SESSIONS"])
def test_a_session_runs_and_its_picture_is_well_formed(name):
    picture = MAKER["svg"](MAKER["play"](MAKER["SESSIONS"][name]))
    root = ElementTree.fromstring(picture)
    shown = " ".join(each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "pyos>" in shown or "h help" in shown


@pytest.mark.parametrize("name", MAKER["SESSIONS"])
def test_a_picture_is_on_a_page(name):
    assert (DOCS / "pictures" / f"{name}.svg").exists()
    assert any(f"pictures/{name}.svg" in text(page) for page in PAGES)
