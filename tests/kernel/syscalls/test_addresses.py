"""Laws of addresses: what is one, and how it reads."""

from __future__ import annotations

import socket

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.syscalls.addresses import connection, family_of, in_words, numeric

from ..net import connection as connected
from ..net import listening

always = settings(derandomize=True, deadline=None)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (("127.0.0.1", 45000), "127.0.0.1:45000"),
        (("", 80), ":80"),
        (("::1", 45000), "[::1]:45000"),
        (("::1", 45000, 0, 0), "[::1]:45000"),
        ("/run/pyos", "/run/pyos"),
        (b"\0abstract", "\0abstract"),
        (b"/run/\xff", "/run/\ufffd"),
        ("", "unnamed"),
        pytest.param(b"", "unnamed", id="empty bytes"),
    ],
)
def test_an_address_reads_as_people_write_it(address, words):
    assert in_words(address) == words


@pytest.mark.parametrize(
    ("address", "family"),
    [
        (("127.0.0.1", 0), socket.AF_INET),
        (("", 65535), socket.AF_INET),
        (("localhost", 80), socket.AF_INET),
        (("::", 80), socket.AF_INET6),
        (("::1", 80, 0, 0), socket.AF_INET6),
    ],
)
def test_the_host_tells_the_family(address, family):
    assert family_of(address) == family


def test_a_path_is_the_address_of_a_unix_socket():
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("platform: no Unix sockets")
    assert family_of("/run/pyos") == family_of(b"/run/pyos") == socket.AF_UNIX


def test_a_system_without_unix_sockets_says_so(monkeypatch):
    monkeypatch.delattr(socket, "AF_UNIX", raising=False)
    with pytest.raises(ValueError, match="this system has no Unix sockets"):
        family_of("/run/pyos")


@pytest.mark.parametrize("host", ["example.com", "Localhost", "127.1", "1.2.3.4.5", "::g", " ::1"])
def test_a_host_name_is_refused_as_looking_it_up_would_make_all_wait(host):
    with pytest.raises(ValueError, match="a host is a numeric address") as caught:
        family_of((host, 80))
    assert repr(host) in str(caught.value)


@pytest.mark.parametrize("port", [-1, 65536, "80", 80.0, None, b"81"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ValueError, match="a port is a number from 0 to 65535") as caught:
        family_of(("127.0.0.1", port))
    assert repr(port) in str(caught.value)


@pytest.mark.parametrize("address", [None, 80, ["127.0.0.1", 80], (), ("127.0.0.1",), (1, 2, 3)])
def test_what_is_no_address_is_refused_by_type(address):
    with pytest.raises(TypeError, match="an address is a pair") as caught:
        family_of(address)
    assert repr(address) in str(caught.value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.tuples(*[inner] * 4),
    max_leaves=6,
)


def attempt(address):
    try:
        return family_of(address)
    except (TypeError, ValueError) as error:
        return error


@always
@given(ANYTHING)
@example(("127.0.0.1\0", 80))
@example(("\ud800", 80))
def test_anything_at_all_is_an_address_or_a_plain_error(address):
    outcome = attempt(address)
    assert isinstance(outcome, socket.AddressFamily) or str(outcome)
    assert isinstance(in_words(address), str)


def test_localhost_is_not_looked_up():
    assert numeric(("localhost", 80)) == ("127.0.0.1", 80)
    assert numeric(("::1", 80)) == ("::1", 80)
    assert numeric("localhost") == "localhost"


def test_a_connection_reads_from_here_to_there():
    with connected() as (near, far):
        here, there = in_words(near.getsockname()), in_words(near.getpeername())
        assert connection(near) == f"{here} ← {there}"
        assert connection(far) == f"{there} ← {here}"
    assert connection(near) == ""


def test_a_listener_reads_as_its_own_address():
    with listening() as listener:
        assert connection(listener) == in_words(listener.getsockname())


@pytest.mark.parametrize("thing", [None, 7, "text", object()])
def test_what_is_no_socket_has_no_connection(thing):
    assert connection(thing) == ""
