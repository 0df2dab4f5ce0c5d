"""Where most consoles of the tests come from: a process that has imported PyOS, and forks.

To import what a prompt needs takes Python much longer than all else that a test does with a
console. What is born here is a console like any other, a process of its own with streams, a folder
and an environment of its own: only its modules are there already.

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
import types
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    raise ImportError("Windows has no fork")

ROOT = str(Path(__file__).resolve().parents[2])


class Console:
    """A console that was born in the nursery, as `subprocess.Popen` shows a child."""

    #: Our ends of its streams, those that are pipes of its own.
    stdin: IO[str] | None = None
    stdout: IO[str] | None = None
    stderr: IO[str] | None = None

    def __init__(self, news: int) -> None:
        self.news = open(news, encoding="ascii")  # noqa: SIM115
        self.pid = int(self.news.readline())
        self.returncode: int | None = None

    def communicate(self) -> tuple[str, str]:
        """Say no more to it, and read what it says until it has ended."""
        assert self.stdin and self.stdout and self.stderr
        with suppress(BrokenPipeError):
            self.stdin.close()
        with ThreadPoolExecutor(1) as pool:
            err = pool.submit(self.stderr.read)
            out = self.stdout.read()
        self.wait()
        return out, err.result()

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

    def start(
        self, command: list[str], streams: Sequence[int], cwd: Path, env: Mapping[str, str]
    ) -> Console:
        """Start `pyos` with arguments, or what `python -c` runs: on a terminal of its own, or on
        three streams.
        """
        order = json.dumps([command, str(cwd), dict(env)]).encode() + b"\n"
        news, pipe = os.pipe()
        sent = socket.send_fds(self.orders, [order], [pipe, *streams])
        self.orders.sendall(order[sent:])
        os.close(pipe)
        return Console(news)

    def talk_to(
        self, command: list[str], cwd: Path, env: Mapping[str, str], **given: IO[Any]
    ) -> Console:
        """The same, with a pipe for each of its streams but those that are given."""
        ours, theirs = {}, []
        for name, mode in (("stdin", "w"), ("stdout", "r"), ("stderr", "r")):
            if name in given:
                theirs.append(os.dup(given[name].fileno()))
                continue
            reader, writer = os.pipe()
            our, their = (reader, writer) if mode == "r" else (writer, reader)
            ours[name] = open(our, mode, encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
            theirs.append(their)
        console = self.start(command, theirs, cwd, env)
        vars(console).update(ours)
        for each in theirs:
            os.close(each)
        return console

    def close(self) -> None:
        self.orders.close()
        self.process.wait()


@cache
def nursery() -> Nursery:
    """The nursery of these tests."""
    made = Nursery()
    atexit.register(made.close)
    return made


def takes(env: Mapping[str, str]) -> bool:
    """Whether a child with this environment can be born: what is meant for an interpreter that
    starts would not be heeded.
    """
    return (env.get("PYTHONUTF8"), env.get("PYTHONIOENCODING")) == ("1", None)


Child = Console | subprocess.Popen[Any]


# -- in the nursery itself

#: Python's own streams, in the order of their descriptors, and how they are opened.
STREAMS: dict[str, dict[str, Any]] = {
    "stdin": {"mode": "r", "errors": "surrogateescape"},
    "stdout": {"mode": "w", "errors": "surrogateescape"},
    "stderr": {"mode": "w", "errors": "backslashreplace", "buffering": 1},
}


def main() -> None:
    """Take orders until there are no more. A console comes back from here, and begins."""
    for name in modules():
        importlib.import_module(name)
    gc.freeze()  # or each console's collections would copy what all of them share
    with socket.socket(fileno=0) as orders:
        while True:
            order, (pipe, *streams) = receive(orders)
            if b'"--ssh"' in order:
                importlib.import_module("pyos_shell.ssh.listener")
            if os.fork() == 0:
                break
            close(pipe, *streams)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass  # a guardian has ended
    guard(pipe, streams)
    begin(streams, *json.loads(order))


def modules() -> Iterator[str]:
    """What a console imports sooner or later, if it has no SSH; programs are loaded anew."""
    for package in ("pyos_shell", "pyos_shell.commands", "pyos_shell.render", "pyos_shell.top"):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            if module.name != "__main__":
                yield f"{package}.{module.name}"


def receive(orders: socket.socket) -> tuple[bytes, list[int]]:
    """The next order, with the pipe for the news of the console, and its streams."""
    order, descriptors, _, _ = socket.recv_fds(orders, 1 << 16, 4)
    if not order:
        sys.exit()
    while not order.endswith(b"\n"):
        order += orders.recv(1 << 16)
    return order, descriptors


def guard(pipe: int, streams: list[int]) -> None:
    """Fork, and wait for the console; only this one comes back."""
    pid = os.fork()
    if pid:
        close(*streams)  # whoever is at their other ends sees when the console closes them
        os.write(pipe, b"%d\n" % pid)
        os.write(pipe, b"%d\n" % os.waitpid(pid, 0)[1])
        os._exit(0)
    close(pipe)


def close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def begin(streams: list[int], command: list[str], cwd: str, env: dict[str, str]) -> None:
    """Become what a Python is that has just been started."""
    if len(streams) == 1:
        os.login_tty(streams[0])
    else:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        close(*streams)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = command
    sys.path[0] = cwd
    for number, (name, options) in enumerate(STREAMS.items()):
        stream = open(number, closefd=False, **options)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def run(code: str) -> None:
    """Run code as the main module."""
    sys.modules["__main__"] = module = types.ModuleType("__main__")
    exec(compile(code, "<string>", "exec"), vars(module))


if __name__ == "__main__":
    main()
    if sys.argv[0] == "-c":
        run(sys.argv.pop(1))
    else:
        from pyos_shell.cli import main as pyos

        sys.exit(pyos())
