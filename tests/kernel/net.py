"""What the tests of files, sockets and machines share."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

import kernel
from kernel import Poller, Scheduler

#: Seconds after which something that should have happened is given up.
GUARD = 30.0

#: Where the packages under test are, for children that import them.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(kernel.__file__)))

PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")

HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


class Counted:
    """Makes any poller count how often it returns, and note for how long it was to sleep."""

    def __init__(self) -> None:
        super().__init__()
        self.returns = 0
        self.timeouts: list[float | None] = []
        #: Set while the poller sleeps for as long as it takes.
        self.asleep = threading.Event()

    def collect(self, timeout: float | None) -> Any:
        self.timeouts.append(timeout)
        if timeout is None:
            self.asleep.set()
        try:
            return super().collect(timeout)  # type: ignore[misc]
        finally:
            self.asleep.clear()
            self.returns += 1


def counted(cls: type[Poller]) -> Any:
    """Make a poller of class `cls` that counts."""
    return type(f"Counted{cls.__name__}", (Counted, cls), {})()


def descriptors() -> set[int]:
    """The descriptors that this process has open, without those of garbage."""
    gc.collect()
    for folder in ("/proc/self/fd", "/dev/fd"):
        if os.path.isdir(folder):
            with os.scandir(folder) as entries:
                # The folder itself is among them while it is read.
                found = {int(entry.name) for entry in entries}
            return {fd for fd in found if is_open(fd)}
    pytest.skip("platform: there is no list of open descriptors")


def number_of_no_file() -> int:
    """A descriptor's number that none has at the moment."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let nothing more be opened in this process."""
    resource = pytest.importorskip("resource", reason="platform: no limits on descriptors")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def many_switches() -> Iterator[None]:
    """Let threads take turns as often as the interpreter can make them."""
    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(former)


def until(kernel: Scheduler, condition: Callable[[], Any]) -> None:
    """Turn the loop by hand until `condition` holds. The kernel never sleeps meanwhile."""
    deadline = time.monotonic() + GUARD
    while not condition():
        assert time.monotonic() < deadline, "it never came to this"
        kernel.cycle(wait=False)


def settle(kernel: Scheduler, rounds: int = 50) -> None:
    """Turn the loop by hand for so many rounds."""
    for _ in range(rounds):
        kernel.cycle(wait=False)


def note(log: list[Any], call: Any) -> Generator[Any, Any, None]:
    """A program that makes one call, and notes its answer or its error."""
    try:
        log.append((yield call))
    except Exception as error:
        log.append(error)


def spawn(kernel: Scheduler, call: Any) -> list[Any]:
    """A task that makes one call; the list that its outcome goes to."""
    log: list[Any] = []
    kernel.new(note(log, call))
    return log


def do(kernel: Scheduler, call: Any) -> Any:
    """What a call comes to in the end."""
    log = spawn(kernel, call)
    until(kernel, lambda: log)
    return log[0]


def failure(kernel: Scheduler, call: Any, kind: type[Exception] = OSError) -> str:
    """What a call that fails says."""
    error = do(kernel, call)
    assert isinstance(error, kind), error
    return str(error)


def python(code: str, *arguments: object) -> list[str]:
    """The command that runs some Python, as fast as can be."""
    return [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)]


def echo(client: socket.socket) -> Generator[Any, Any, None]:
    """Send back what comes, until the peer closes."""
    with client:
        while data := (yield kernel.Recv(client, 65536)):
            yield kernel.Send(client, data)


def serve(listener: socket.socket) -> Generator[Any, Any, None]:
    """An echo server."""
    with listener:
        while True:
            client, _ = yield kernel.Accept(listener)
            yield kernel.NewTask(echo(client))


def listening(family: int = socket.AF_INET, backlog: int = 128) -> socket.socket:
    """A socket that listens on this machine."""
    listener = socket.socket(family)
    listener.settimeout(GUARD)
    listener.bind((HOSTS[socket.AddressFamily(family)], 0))
    listener.listen(backlog)
    return listener


@contextmanager
def connection(family: int = socket.AF_INET) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of one connection; each gives up after `GUARD` seconds."""
    with listening(family) as listener:
        address = listener.getsockname()[:2]
        with socket.create_connection(address, GUARD) as near:
            far, _ = listener.accept()
            with far:
                far.settimeout(GUARD)
                yield near, far


@contextmanager
def pairs(count: int) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """So many connected pairs."""
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            near, far = socket.socketpair()
            stack.callback(near.close)
            stack.callback(far.close)
            far.settimeout(GUARD)
            made.append((near, far))
        yield made


def fill(sock: socket.socket) -> int:
    """Send until no more fits; gives how many bytes that were."""
    sock.setblocking(False)
    sent = 0
    while True:
        try:
            sent += sock.send(b"." * 65536)
        except BlockingIOError:
            return sent


def receive(sock: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes, or fewer if the peer closes before."""
    parts = []
    while size and (data := sock.recv(min(size, 1 << 20))):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
