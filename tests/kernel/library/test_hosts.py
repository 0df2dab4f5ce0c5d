"""Laws of `resolve` and `connect`: hosts by their names."""

from __future__ import annotations

import socket

import pytest

from kernel import Called, Connect, RunInThread, connect, resolve
from kernel.library import hosts
from kernel.syscalls.addresses import family_of

from ..net import do, listening, until
from ..support import either_style, outcome

#: Not a number to the kernel, and known to every system although it has no network.
NAME = "127.1"


def dead_port():
    with listening() as listener:
        return listener.getsockname()[1]


@either_style
def test_a_name_becomes_addresses_that_calls_can_take(kernel, style):
    def program():
        return (yield resolve(NAME, 80))

    tid = kernel.new(style(program()))
    until(kernel, lambda: tid not in kernel.tasks)
    addresses = outcome(kernel, tid).value
    assert addresses == [("127.0.0.1", 80)]
    assert family_of(addresses[0]) == socket.AF_INET


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.0.2.7", "localhost"])
def test_a_number_is_its_own_address_and_nobody_is_asked(kernel, host):
    calls = []
    kernel.trace.subscribe(lambda event: calls.append(event.call), Called)
    number = "127.0.0.1" if host == "localhost" else host
    assert do(kernel, resolve(host, 7)) == [(number, 7)]
    assert calls == []


def test_a_name_is_looked_up_by_a_worker(kernel):
    calls = []
    kernel.trace.subscribe(lambda event: calls.append(event.call), Called)
    do(kernel, resolve(NAME, 7))
    assert [type(call) for call in calls] == [RunInThread]


@pytest.mark.parametrize("host", ["x" * 64 + ".example", "a..b", "no host at all"])
def test_a_host_that_there_is_not_is_an_error_that_names_it(kernel, host):
    error = do(kernel, resolve(host, 80))
    assert isinstance(error, socket.gaierror)
    assert host in str(error)


@pytest.mark.parametrize("host", [None, 7, ("127.0.0.1",)])
def test_what_is_no_host_is_refused(kernel, host):
    error = do(kernel, resolve(host, 80))
    assert isinstance(error, TypeError)
    assert str(error) == f"a host is a name or a numeric address, not {host!r}"


def test_the_zone_of_an_address_is_told_by_its_number():
    assert hosts.without_zone(("fe80::1%lo", 80, 0, 1)) == ("fe80::1", 80, 0, 1)
    assert hosts.without_zone(("127.0.0.1", 80)) == ("127.0.0.1", 80)


@either_style
def test_connect_makes_a_connection_to_a_host_by_its_name(kernel, style):
    def program():
        return (yield connect(NAME, listener.getsockname()[1]))

    with listening() as listener:
        tid = kernel.new(style(program()))
        until(kernel, lambda: tid not in kernel.tasks)
        with outcome(kernel, tid).value as sock:
            assert sock.getpeername() == listener.getsockname()
            assert sock.gettimeout() == 0


def test_where_nobody_listens_the_next_address_is_tried(kernel, monkeypatch):
    with listening() as listener:
        address = listener.getsockname()
        addresses = [("127.0.0.1", dead_port()), ("127.0.0.1", dead_port()), address]
        monkeypatch.setattr(hosts, "look_up", lambda host, port: addresses)
        with do(kernel, connect("several", 80)) as sock:
            assert sock.getpeername() == address


def test_where_nobody_listens_at_any_the_last_error_is_told(kernel, monkeypatch):
    ports = [dead_port(), dead_port()]
    addresses = [("127.0.0.1", port) for port in ports]
    monkeypatch.setattr(hosts, "look_up", lambda host, port: addresses)
    calls = []
    kernel.trace.subscribe(lambda event: calls.append(event.call), Called)
    error = do(kernel, connect("several", 80))
    assert isinstance(error, ConnectionRefusedError)
    assert f"nobody listens there: 127.0.0.1:{ports[1]}" in str(error)
    assert [call.address for call in calls if isinstance(call, Connect)] == addresses
