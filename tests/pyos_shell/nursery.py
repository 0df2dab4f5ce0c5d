"""Where most consoles of the tests come from: a process that has imported PyOS, and forks.

To import what a prompt needs takes Python much longer than all else that a test does with a
console. What is born here is a console like any other, a process of its own with a terminal, a
folder and an environment of its own: only its modules are there already.

The nursery reads orders from a socket, which is its stdin. A guardian waits for each console, as
only a parent can, and writes the news of it into a pipe: its pid at once, and its status at the
end.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform == "win32":
    raise ImportError("Windows has no fork")

ROOT = str(Path(__file__).resolve().parents[2])


class Console:
    """A console that was born in the nursery, as `subprocess.Popen` shows a child."""

    def __init__(self, news: int) -> None:
        self.news = open(news, encoding="ascii")  # noqa: SIM115
        self.pid = int(self.news.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; its exit status, or the signal that ended it, below zero."""
        if self.returncode is None:
            if not select.select([self.news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("pyos", timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(int(self.news.readline()))
            self.news.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it, if it still lives."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """Our end of the nursery."""

    def __init__(self) -> None:
        self.orders, theirs = socket.socketpair()
        env = {**os.environ, "PYTHONPATH": ROOT, "PYTHONUTF8": "1"}
        command = [sys.executable, "-W", "always", __file__]
        with theirs:
            self.process = subprocess.Popen(
                command, stdin=theirs.fileno(), env=env, start_new_session=True
            )

    def start(self, arguments: list[str], terminal: int, cwd: Path, env: dict[str, str]) -> Console:
        """Start `pyos` with these arguments, on a terminal of its own."""
        order = json.dumps([arguments, str(cwd), env]).encode() + b"\n"
        news, pipe = os.pipe()
        sent = socket.send_fds(self.orders, [order], [terminal, pipe])
        self.orders.sendall(order[sent:])
        os.close(pipe)
        return Console(news)

    def close(self) -> None:
        self.orders.close()
        self.process.wait()


@cache
def nursery() -> Nursery:
    """The nursery of these tests."""
    made = Nursery()
    atexit.register(made.close)
    return made


Child = Console | subprocess.Popen[bytes]


# -- in the nursery itself

#: Python's own streams, in the order of their descriptors, and what becomes of errors in them.
STREAMS = {"stdin": "surrogateescape", "stdout": "surrogateescape", "stderr": "backslashreplace"}


def main() -> None:
    """Take orders until there are no more. A console comes back from here, and begins."""
    for module in pkgutil.iter_modules(importlib.import_module("pyos_shell").__path__):
        if module.name != "__main__":
            importlib.import_module(f"pyos_shell.{module.name}")
    gc.freeze()  # or each console's collections would copy what all of them share
    with socket.socket(fileno=0) as orders:
        while True:
            order, (terminal, pipe) = receive(orders)
            if os.fork() == 0:
                break
            os.close(terminal)
            os.close(pipe)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass  # a guardian has ended
    guard(terminal, pipe)
    begin(terminal, *json.loads(order))


def receive(orders: socket.socket) -> tuple[bytes, list[int]]:
    """The next order, with the terminal for the console and the pipe for the news of it."""
    order, descriptors, _, _ = socket.recv_fds(orders, 1 << 16, 2)
    if not order:
        sys.exit()
    while not order.endswith(b"\n"):
        order += orders.recv(1 << 16)
    return order, descriptors


def guard(terminal: int, pipe: int) -> None:
    """Fork, and wait for the console; only this one comes back."""
    pid = os.fork()
    if pid:
        os.close(terminal)  # it hangs up when the console closes it
        os.write(pipe, b"%d\n" % pid)
        os.write(pipe, b"%d\n" % os.waitpid(pid, 0)[1])
        os._exit(0)
    os.close(pipe)


def begin(terminal: int, arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    """Become what a Python is that has just been started."""
    os.login_tty(terminal)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["pyos", *arguments]
    sys.path[0] = cwd
    for number, (name, errors) in enumerate(STREAMS.items()):
        stream = open(number, "w" if number else "r", errors=errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    main()
    from pyos_shell.cli import main as pyos

    sys.exit(pyos())
