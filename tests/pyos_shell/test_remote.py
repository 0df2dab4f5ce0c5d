"""Laws of a terminal at the end of a channel: keys are keys, however they arrive."""

import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_toolkit.output import ColorDepth

from pyos_shell import remote as remote_module
from pyos_shell.remote import RemoteTerminal
from pyos_shell.wire import Channel, Frame, Garbage, Hello, Kind, packed_size

always = settings(derandomize=True, deadline=None)


def terminal(**hello):
    return RemoteTerminal(Channel(None), Hello(terminal=True, **hello), threading.Lock())


def hear(remote, *frames):
    """What happens: sizes, interrupts."""
    happened = []
    for frame in frames:
        remote.hear(frame, lambda: happened.append("size"), lambda: happened.append("interrupt"))
    return happened


@always
@given(st.text("abc é中🎉", max_size=20), st.lists(st.integers(0, 99), max_size=5))
def test_what_is_typed_arrives_as_keys_however_it_is_cut(text, places):
    remote, data = terminal(term="xterm"), text.encode()
    ends = sorted(place % (len(data) + 1) for place in places)
    for a, b in zip([0, *ends], [*ends, len(data)], strict=True):
        hear(remote, Frame(Kind.KEYS, data[a:b]))
    assert "".join(press.data for press in remote.input().read_keys()) == text
    assert remote.input().read_keys() == []


@always
@given(st.binary(max_size=50))
def test_whatever_comes_as_keys_is_no_error(data):
    hear(terminal(term="xterm"), Frame(Kind.KEYS, data))


def test_who_never_ends_what_he_pastes_is_neither_kept_nor_waited_for(monkeypatch):
    monkeypatch.setattr(remote_module, "LONGEST", 100_000)
    remote = terminal(term="xterm")
    hear(remote, Frame(Kind.KEYS, b"\x1b[200~"))
    for _ in range(10):
        hear(remote, Frame(Kind.KEYS, b"x" * 16_000))
    hear(remote, Frame(Kind.KEYS, b"\x1b[201~"))
    pasted = sum(len(press.data) for press in remote.input().read_keys())
    assert pasted <= 100_000
    hear(remote, Frame(Kind.KEYS, b"a"))
    assert [press.data for press in remote.input().read_keys()] == ["a"]


@pytest.mark.parametrize("kind", [Kind.HELLO, Kind.COMMAND, Kind.SCREEN, Kind.STATUS])
def test_what_no_console_says_is_garbage(kind):
    with pytest.raises(Garbage):
        hear(terminal(), Frame(kind))


def test_the_size_is_the_last_that_was_said():
    remote = terminal(columns=100, rows=30)
    assert (remote.size().columns, remote.size().rows) == (100, 30)
    assert hear(remote, Frame(Kind.SIZE, packed_size(20, 5))) == ["size"]
    assert (remote.size().columns, remote.size().rows) == (20, 5)


def test_colours_are_those_of_the_client():
    assert terminal(no_color=True).color_depth == ColorDepth.DEPTH_1_BIT
    assert terminal(colors=24).color_depth == ColorDepth.DEPTH_24_BIT
    assert terminal(colors=77).color_depth == ColorDepth.DEPTH_8_BIT


def test_what_a_client_that_has_gone_away_does_not_read_is_thrown_away_in_silence():
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        paper = RemoteTerminal(Channel(ours), Hello(), threading.Lock()).stdout
        paper.write("too late")
        paper.close()
        assert paper.closed


def test_ctrl_c_of_a_terminal_that_edits_its_own_lines_is_an_interrupt_and_no_text():
    remote, taken = terminal(term="dumb"), []
    remote.take = taken.append
    assert hear(remote, Frame(Kind.KEYS, b"tasks\n"), Frame(Kind.KEYS, b"\x03")) == ["interrupt"]
    hear(remote, Frame(Kind.END))
    assert taken == ["tasks\n", ""]
