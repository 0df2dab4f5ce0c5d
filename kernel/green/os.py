"""`os`, whose waits for pipes and for processes suspend the task only."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from ..fibers import call
from ..syscalls.threads import RunInThread
from .forking import Forks
from .io import green_open, wait_to_read, wait_to_write
from .module import changed, with_globals
from .waiting import close_quietly, count_call, in_task, wait_for

if TYPE_CHECKING:
    from .program import GreenProgram


class Pidfd:
    """A descriptor that is readable when a process has ended."""

    def __init__(self, pid: int) -> None:
        self.fd = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self.fd

    def close(self) -> None:
        fd, self.fd = self.fd, -1
        os.close(fd)


def waiting(take: Callable[[int], Any], nothing: Callable[[Any], bool], pid: int) -> Any:
    """What `take` answers, told not to wait: as soon as it is not `nothing`."""
    while nothing(answer := take(os.WNOHANG)):
        wait_for_end(pid)
    return answer


def wait_for_end(pid: int) -> None:
    """Suspend the task until a process has ended, or if it is none, any child."""
    try:
        end = Pidfd(pid)
    except (AttributeError, OSError, OverflowError):  # no such descriptors, or more than one child
        kind = os.P_PID if pid > 0 else os.P_ALL
        call(RunInThread(os.waitid, kind, max(pid, 0), os.WEXITED | os.WNOWAIT))
        return
    try:
        wait_for(end, False)
    finally:
        close_quietly(end)


def waitpid(pid: int, options: int, /) -> tuple[int, int]:
    """As `os.waitpid`."""
    if options & os.WNOHANG or not in_task():
        return os.waitpid(pid, options)
    take = lambda more: os.waitpid(pid, options | more)  # noqa: E731
    return waiting(take, lambda answer: answer[0] == 0, pid)  # type: ignore[no-any-return]


def wait() -> tuple[int, int]:
    """As `os.wait`."""
    return waitpid(-1, 0)


def wait4(pid: int, options: int) -> Any:
    """As `os.wait4`."""
    if options & os.WNOHANG or not in_task():
        return os.wait4(pid, options)
    take = lambda more: os.wait4(pid, options | more)  # noqa: E731
    return waiting(take, lambda answer: answer[0] == 0, pid)


def wait3(options: int) -> Any:
    """As `os.wait3`."""
    return wait4(-1, options)


def waitid(idtype: int, id: int, options: int, /) -> Any:
    """As `os.waitid`."""
    if options & os.WNOHANG or not in_task():
        return os.waitid(idtype, id, options)
    return call(RunInThread(os.waitid, idtype, id, options))


def read(fd: int, length: int, /) -> bytes:
    """As `os.read`."""
    wait_to_read(fd)
    count_call()
    return os.read(fd, length)


def write(fd: int, data: Any, /) -> int:
    """As `os.write`; it may write a part only."""
    return wait_to_write(fd, memoryview(data).cast("B"), partial(os.write, fd))  # type: ignore[no-any-return]


def fdopen(fd: int, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any) -> Any:
    """As `os.fdopen`."""
    if not isinstance(fd, int):
        raise TypeError(f"invalid fd type ({type(fd)}, expected integer)")
    return green_open(fd, mode, buffering, *args, **kwargs)


#: Functions that wait, as far as the system has them.
WAITING = {"waitpid": waitpid, "wait": wait, "wait3": wait3, "wait4": wait4, "waitid": waitid}


def make(program: GreenProgram) -> ModuleType:
    def system(command: Any) -> int:
        """As `os.system`."""
        subprocess = program.importer.load("subprocess")
        status: int = subprocess.call(command, shell=True)
        return -status if status < 0 else status << 8

    waits = {name: function for name, function in WAITING.items() if hasattr(os, name)}
    posix: dict[str, Any] = {**waits, "read": read, "write": write} if os.name == "posix" else {}
    forks = Forks(program)
    in_place = {"register_at_fork": forks.register, "fork": forks.fork, "forkpty": forks.forkpty}
    posix.update((name, each) for name, each in in_place.items() if hasattr(os, name))
    module = changed(os, fdopen=fdopen, system=system, **posix)
    names = vars(module)
    names["__builtins__"] = vars(program.builtins)
    if hasattr(os, "popen"):
        names["popen"] = with_globals(cast(FunctionType, os.popen), names)
    return module
