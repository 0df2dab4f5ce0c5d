"""Everything runs where there is neither epoll nor anything else that only some systems have."""

from __future__ import annotations

import subprocess
import sys

from .net import GUARD, ROOT

PROGRAM = """
import sys, select, socket, os

# What Windows, or an old system, does not have is hidden before anything of ours is imported.
for module, names in {
    select: ["epoll", "kqueue", "poll"],
    os: ["eventfd", "eventfd_read", "eventfd_write"],
    socket: ["AF_UNIX", "MSG_DONTWAIT"],
}.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
for name in ("fcntl", "termios", "resource", "tty", "pty"):
    sys.modules[name] = None

import importlib, pkgutil
import kernel, pyos_shell.cli, pyos_shell.session
from kernel import *

def each(package):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

each(kernel)

def echo(client):
    with client:
        while data := (yield Recv(client, 65536)):
            yield Send(client, data)

def server(listener):
    with listener:
        while True:
            client, _ = yield Accept(listener)
            yield NewTask(echo(client))

with Machine() as machine:
    assert machine.call(ListTasks()).poller == "select"
    listener = machine.call(Listen(("127.0.0.1", 0)))
    address = listener.getsockname()
    machine.call(NewTask(server(listener)))
    clients = [socket.create_connection(address, 30) for _ in range(50)]
    for number, client in enumerate(clients):
        client.sendall(b"%d" % number)
    for number, client in enumerate(clients):
        assert client.recv(10) == b"%d" % number
        client.close()

def asleep():
    yield Sleep(0.01)
    print("slept")

scheduler = Scheduler()
scheduler.new(asleep())
scheduler.mainloop()
sys.exit(pyos_shell.cli.main(["-c", "spawn countdown 2; wait; tasks"]))
"""


def test_everything_boots_with_select_alone():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=4 * GUARD,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    assert printed[:3] == ["slept", "2", "1"]
    assert "select" in printed[-1]
    assert "511" in printed[-1]
