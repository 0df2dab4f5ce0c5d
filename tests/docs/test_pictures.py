"""The pictures of the documentation can be made anew: their sessions still go as they are meant."""

import runpy
import socket
import sys
from xml.etree import ElementTree

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no pseudo-terminals", allow_module_level=True)

from .pages import DOCS, PAGES, text

MAKER = runpy.run_path(str(DOCS / "make_pictures.py"))


def on_a_port_of_our_own(session):
    """The session where others may have the usual port, as for the test of another Python."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"echo_server": f" {port}", "echo_load": f" --port {port}"}
    for act in session:
        program = act.line.removeprefix("spawn ").partition(" ")[0]
        yield act._replace(line=act.line + options.get(program, ""))


@pytest.mark.once
@pytest.mark.parametrize("name", MAKER["SESSIONS"])
def test_a_session_runs_and_its_picture_is_well_formed(name):
    session = list(on_a_port_of_our_own(MAKER["SESSIONS"][name]))
    picture = MAKER["svg"](MAKER["play"](session))
    root = ElementTree.fromstring(picture)
    shown = " ".join(each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "pyos>" in shown or "h help" in shown


@pytest.mark.parametrize("name", MAKER["SESSIONS"])
def test_a_picture_is_on_a_page(name):
    assert (DOCS / "pictures" / f"{name}.svg").exists()
    assert any(f"pictures/{name}.svg" in text(page) for page in PAGES)
