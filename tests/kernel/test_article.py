"""A program written as the article writes them runs as it is, with plain `python`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .support import GUARD, ROOT, guarded

PROGRAM = Path(__file__).parent / "programs" / "article_style_server.py"


@pytest.fixture
def server():
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    with guarded(process):
        yield process


def port_of(server: subprocess.Popen[str]) -> int:
    assert server.stdout is not None
    return int(server.stdout.readline().removeprefix("port "))


def test_real_clients_are_served_side_by_side(server):
    port = port_of(server)
    clients = [socket.create_connection(("127.0.0.1", port), GUARD) for _ in range(20)]
    for number, client in enumerate(clients):
        client.sendall(b"number %d" % number)
    # The last one first: nobody is kept waiting by those who came before.
    for number, client in reversed(list(enumerate(clients))):
        assert client.recv(100) == b"number %d" % number
        client.close()


@pytest.mark.skipif(os.name == "nt", reason="platform: no SIGINT can be sent to one process")
def test_ctrl_c_ends_it_and_its_port_is_free_again(server):
    port = port_of(server)
    with socket.create_connection(("127.0.0.1", port), GUARD) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=GUARD)
        assert errors.endswith("KeyboardInterrupt\n")
        assert client.recv(100) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), GUARD)
