"""Laws of where further consoles come in: this machine only, unless it is said otherwise."""

import argparse
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyos_shell.cli import main
from pyos_shell.entrances import LARGEST_PORT, LOOPBACK, address, entrances_for
from pyos_shell.system import Failure

always = settings(derandomize=True, deadline=None)


def options(**given):
    nothing = dict.fromkeys(("listen", "ssh", "ssh_keys"))
    return argparse.Namespace(**{**nothing, "read_only": False, "history": True, **given})


@always
@given(st.integers(0, LARGEST_PORT))
def test_a_port_alone_is_one_of_this_machine_only(port):
    assert address(str(port)) == (LOOPBACK, port)
    assert LOOPBACK == "127.0.0.1"


def test_a_host_is_a_name_or_an_address():
    assert address("0.0.0.0:22") == ("0.0.0.0", 22)
    assert address("example.org:0") == ("example.org", 0)
    assert address("[::1]:2222") == ("::1", 2222)


@always
@given(st.text("0123456789:[]. a\n-٣", max_size=12))
def test_whatever_is_written_is_an_address_or_one_line(text):
    try:
        host, port = address(text)
    except Failure as error:
        said = str(error)
        host, port = said, 0
    assert host and "\n" not in host
    assert 0 <= port <= LARGEST_PORT


@pytest.mark.parametrize("text", ["", "ssh", "22 ", ":22", "[]:22", "::1:22", "65536", "a b:22"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(Failure, match="--ssh takes a port"):
        address(text)


def test_nothing_is_served_that_was_not_asked_for():
    assert entrances_for(options()) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"read_only": True}, "--read-only says what consoles may do"),
        ({"ssh_keys": "file"}, "--ssh-keys says whose keys may join by --ssh PORT"),
    ],
)
def test_an_option_about_what_is_not_served_is_refused(given, said):
    with pytest.raises(Failure, match=said):
        entrances_for(options(**given))


def test_without_asyncssh_one_line_says_what_to_install(monkeypatch, capsys):
    for name in list(sys.modules):
        if name.startswith(("asyncssh", "pyos_shell.ssh")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    assert main(["--ssh", "0", "-c", "tasks"]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err == "pyos: --ssh needs asyncssh: pip install 'pyos-shell[ssh]'\n"


@pytest.mark.skipif(sys.platform == "win32", reason="platform: asyncio has no Unix sockets there")
def test_an_entrance_that_cannot_be_leaves_no_other_behind(tmp_path):
    path = tmp_path / "socket"
    with pytest.raises(Failure, match="there is no file"):
        entrances_for(options(listen=str(path), ssh="0", ssh_keys=str(tmp_path / "none")))
    assert not path.exists()
