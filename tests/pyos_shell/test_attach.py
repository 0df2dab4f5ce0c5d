"""Laws of a client: it believes no frame, and Ctrl-Z is its own."""

import socket
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("platform: Windows has no such terminals", allow_module_level=True)

from pyos_shell.attach import COVERED, SOBER, UNCOVERED, Client, take_answers
from pyos_shell.wire import Channel, Garbage, Kind


class Hearer:
    """A channel that only hears."""

    def __init__(self):
        self.heard = []

    def send(self, kind, data=b""):
        self.heard.append((kind, data))


@pytest.fixture
def client():
    """One without a terminal, which counts how often it is suspended."""
    client = object.__new__(Client)
    client.channel, client.dumb, client.covered = Hearer(), False, False
    client.suspend = lambda: client.channel.heard.append("suspended")
    return client


def test_ctrl_z_counts_in_its_place_however_often_it_is_pressed(client):
    client.send(b"ab\x1ac" + b"\x1a" * 4_000)
    first, *rest = client.channel.heard
    assert first == (Kind.KEYS, b"ab")
    assert rest == ["suspended", (Kind.KEYS, b"c"), *["suspended"] * 4_000]


def test_a_terminal_that_edits_its_own_lines_has_no_such_key(client):
    client.dumb = True
    client.send(b"a\x1ab\n")
    client.send(b"")
    assert client.channel.heard == [
        (Kind.KEYS, b"a"),
        (Kind.KEYS, b"b\n"),
        (Kind.END, b""),
    ]


@pytest.mark.parametrize(
    ("written", "covered"),
    [
        ([b"text"], False),
        ([b"x" + COVERED + b"y"], True),
        ([COVERED, b"text"], True),
        ([COVERED, b"text" + UNCOVERED + b"text"], False),
        ([COVERED + UNCOVERED + COVERED], True),
    ],
)
def test_the_first_screen_is_before_the_second_again_at_the_end(client, tmp_path, written, covered):
    with open(tmp_path / "screen", "wb", buffering=0) as screen:
        client.screen = screen.fileno()
        for data in written:
            client.show(data)
        client.sober()
    data = (tmp_path / "screen").read_bytes()
    assert data == b"".join(written) + (UNCOVERED + SOBER if covered else SOBER)


@pytest.mark.parametrize("data", [b"", b"\0\0"])
def test_a_status_that_is_none_is_garbage_and_no_traceback(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Channel(theirs).send(Kind.STATUS, data)
        with pytest.raises(Garbage):
            take_answers(Channel(ours))
