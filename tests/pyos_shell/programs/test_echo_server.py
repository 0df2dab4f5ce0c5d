"""Laws of `echo_server`."""

import os
import re
import socket
import struct
from contextlib import suppress

import pytest

from ..shell import GUARD, until


def served(shell, options=""):
    """Start a server; its address."""
    tid = len(shell.system.started) + 1
    shell.run(f"spawn --name server{tid} echo_server 0 {options}")
    line = until(lambda: [line for line in shell.output.log(tid) if "listening" in line.text])[0]
    host, port = re.fullmatch(r"listening on (\S+) (\d+)", line.text).groups()
    return host, int(port)


def connect(address):
    return socket.create_connection(address, GUARD)


def test_every_byte_comes_back(shell):
    everything = bytes(range(256)) * 4096
    with connect(served(shell)) as client:
        for message in (b"x", b"\0", everything):
            received = b""
            sent = 0
            while len(received) < len(message):
                sent += client.send(message[sent : sent + 65536])
                received += client.recv(1 << 20)
            assert received == message
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def test_it_listens_on_the_loopback_unless_told_otherwise(shell):
    host, port = served(shell)
    assert host == "127.0.0.1"
    with pytest.raises(OSError, match=r"\w"):
        connect(("127.0.0.2", port))


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "::1"])
def test_it_listens_where_it_is_told_to(shell, host):
    if host == "::1" and not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("platform: no IPv6")
    _, port = served(shell, f"--host {host}")
    with connect(("::1" if host == "::1" else "127.0.0.1", port)) as client:
        client.sendall(b"hello")
        assert client.recv(5, socket.MSG_WAITALL) == b"hello"


def test_killing_it_closes_its_port_at_once_and_its_connections_live_on(shell):
    address = served(shell)
    with connect(address) as client:
        client.sendall(b"a")
        assert client.recv(1) == b"a"
        shell.run("kill 1")
        assert shell.wait(1).killed
        with pytest.raises(ConnectionRefusedError):
            connect(address)
        client.sendall(b"b")
        assert client.recv(1) == b"b"
        shell.run(f"spawn echo_server {address[1]}")  # and the port is free again
        until(lambda: shell.printed.count("listening") == 2)
        with connect(address) as other:
            other.sendall(b"c")
            assert other.recv(1) == b"c"
    assert shell.wait(2).ok


def test_a_client_that_resets_ends_its_own_task_only(shell):
    address = served(shell)
    with connect(address) as calm:
        calm.sendall(b"a")
        assert calm.recv(1) == b"a"
        rude = connect(address)
        rude.sendall(b"x")
        assert rude.recv(1) == b"x"
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        rude.close()
        assert isinstance(shell.wait(3).error, ConnectionResetError)
        calm.sendall(b"b")
        assert calm.recv(1) == b"b"
    assert "task 3 (echo) crashed: ConnectionResetError" in shell.reported


def test_a_client_that_never_reads_blocks_nobody_else(shell):
    address = served(shell)
    with connect(address) as greedy, connect(address) as modest:
        fill(greedy)
        modest.sendall(b"hello")
        assert modest.recv(5, socket.MSG_WAITALL) == b"hello"


def fill(client):
    """Send until nothing more can be sent."""
    client.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            client.send(b"x" * 65536)


def test_a_hundred_clients_at_once_are_served(shell):
    address = served(shell)
    clients = [connect(address) for _ in range(100)]
    for number, client in enumerate(clients):
        client.sendall(b"%03d" % number)
    for number, client in reversed(list(enumerate(clients))):
        assert client.recv(3, socket.MSG_WAITALL) == b"%03d" % number
        client.close()


def test_two_of_them_on_one_port_are_one_too_many(shell):
    _, port = served(shell)
    shell.run(f"spawn echo_server {port}")
    assert isinstance(shell.wait(2).error, OSError)
    assert f"the port is in use: 127.0.0.1:{port}" in shell.reported


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("0 --host 203.0.113.1", "OSError: the address is not of this machine: 203.0.113.1:0"),
        ("99999", "ValueError: a port is a number from 0 to 65535, not 99999"),
        ("-1", "ValueError: a port is a number from 0 to 65535, not -1"),
        ("0 --host example.com", "ValueError: a host is a numeric address such as 127.0.0.1"),
    ],
)
def test_an_address_that_will_not_do_is_one_line_and_the_console_goes_on(shell, arguments, words):
    shell.fails(f"spawn echo_server {arguments}; wait")
    (line,) = shell.reported.splitlines()
    assert words in line
    shell.succeeds("spawn countdown 1; wait")
