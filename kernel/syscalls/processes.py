"""Calls that run another program as a process of the system, and wait for its end."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from types import coroutine
from typing import TYPE_CHECKING, Any, Final

from ..checks import check_kind
from ..children import Child
from ..reader import Reader
from ..systemcall import SystemCall, brief, system_call
from .groups import TaskGroup
from .streams import Write
from .tasks import Join

if TYPE_CHECKING:
    from ..scheduler import Scheduler
    from ..waitqueue import Caller

#: What a process prints is collected up to so many bytes, unless told otherwise.
LIMIT: Final = 64 * 1024 * 1024


class Process:
    """A process that `StartProcess` has started.

    `stdin`, `stdout` and `stderr` are our ends of its pipes, for `Write`, `Read` and `Reader`; None
    where there is no pipe. The end of a `with` block closes them, and kills the process if it has
    not ended.
    """

    def __init__(self, popen: subprocess.Popen[bytes], kernel: Scheduler) -> None:
        self.popen = popen
        self.pid = popen.pid
        self.arguments = popen.args
        self.stdin, self.stdout, self.stderr = popen.stdin, popen.stdout, popen.stderr
        self.child = Child(popen, kernel)

    @property
    def returncode(self) -> int | None:
        """Its exit status, or the negative number of the signal that ended it; None as long as it
        runs.
        """
        return self.popen.returncode

    def wait(self) -> WaitProcess:
        """What to yield to wait for its end; answers its `returncode`."""
        return WaitProcess(self)

    @coroutine
    def communicate(
        self, data: bytes = b"", limit: int = LIMIT
    ) -> Generator[Any, Any, tuple[bytes, bytes]]:
        """Writes `data` to its stdin and closes that, reads all that it prints, and waits for its
        end; answers the pair of what came from stdout and stderr, b"" where there is no pipe.

        If either is more than `limit` bytes the process is killed, and `TooMuchData` raised.
        """
        group = TaskGroup()
        parts = [collect(self.stdout, limit), collect(self.stderr, limit), feed(self.stdin, data)]
        answers = yield group.run(self.do_all(group, parts))
        yield self.wait()
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers[0], answers[1]

    def do_all(self, group: TaskGroup, parts: list[Any]) -> Generator[Any, Any, list[Any]]:
        """Do the parts of `communicate` at the same time; gives their answers, or errors."""
        tids = []
        for part in parts:
            tids.append((yield group.spawn(self.attempt(part), f"{part.__name__} {self.pid}")))
        answers = []
        for tid in tids:
            answers.append((yield Join(tid)))
        return answers

    @coroutine
    def attempt(self, part: Generator[Any, Any, bytes]) -> Generator[Any, Any, object]:
        """What a part of `communicate` answers, or its error, with which all ends."""
        try:
            return (yield part)
        except Exception as error:
            self.kill()
            return error

    def send_signal(self, signal: int) -> None:
        """Send it a signal, unless it has ended."""
        self.popen.send_signal(signal)

    def terminate(self) -> None:
        """Ask it to end, by SIGTERM; on Windows the same as `kill`."""
        self.popen.terminate()

    def kill(self) -> None:
        """End it, by SIGKILL."""
        self.popen.kill()

    def close(self) -> None:
        """Close our ends of its pipes."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        self.close()

    def __repr__(self) -> str:
        state = "runs" if self.returncode is None else f"has ended with {self.returncode}"
        return f"<Process {self.pid} {state}>"


@coroutine
def feed(pipe: Any, data: bytes) -> Generator[Any, Any, bytes]:
    """Write all, if anybody reads it, and close the pipe."""
    if pipe is not None:
        with pipe, suppress(BrokenPipeError):
            yield Write(pipe, data)
    return b""


@coroutine
def collect(pipe: Any, limit: int) -> Generator[Any, Any, bytes]:
    """Read all."""
    return b"" if pipe is None else (yield Reader(pipe).read_all(limit))


@system_call
class StartProcess(SystemCall):
    """Starts a program; answers the `Process`. `arguments` is a list: the program, and what it is
    told. There is no shell in between.

    `stdin`, `stdout` and `stderr` are those of `subprocess`: `PIPE`, `DEVNULL`, an open file, or
    None for what this process has. All tasks stand still until the system has started it, for a
    millisecond or two. Raises `FileNotFoundError` and other `OSError`s, `TypeError` and
    `ValueError` for wrong arguments.
    """

    arguments: Sequence[Any]
    stdin: Any = subprocess.DEVNULL
    stdout: Any = None
    stderr: Any = None
    cwd: Any = None
    env: Mapping[str, str] | None = None

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        if not isinstance(self.arguments, (list, tuple)) or not self.arguments:
            raise TypeError(f"a program is started by a list, not by {brief(self.arguments)}")
        popen = subprocess.Popen(
            self.arguments,
            bufsize=0,
            stdin=self.stdin,
            stdout=self.stdout,
            stderr=self.stderr,
            cwd=self.cwd,
            env=self.env,
        )
        try:
            return Process(popen, kernel)
        except BaseException:  # nobody would ever hear of it
            popen.kill()
            raise


@system_call
class WaitProcess(SystemCall):
    """Waits until a process has ended; answers its `returncode`, at once if it has ended before."""

    process: Process

    woken_by = "the process, once it ends"

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        process = self.process
        check_kind(process, Process, "a process")
        if process.returncode is not None:
            return process.returncode
        return caller.sleep(process.child.waiters, self)

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        return f"exit of process {self.process.pid}"
