"""Running another program from its start to its end."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from subprocess import PIPE, CompletedProcess, TimeoutExpired
from types import coroutine
from typing import Any

from ..syscalls.processes import LIMIT, StartProcess
from ..syscalls.scopes import OpenScope


@coroutine
def run_process(
    arguments: Sequence[Any],
    input: bytes = b"",
    timeout: float | None = None,
    *,
    limit: int = LIMIT,
    cwd: Any = None,
    env: Mapping[str, str] | None = None,
) -> Generator[Any, Any, CompletedProcess[bytes]]:
    """Runs a program, gives it `input`, and answers a `subprocess.CompletedProcess` with its
    `returncode` and all that it has printed: `stdout` and `stderr`.

    It does not outlive this: whatever ends it early, a kill too, ends the process. Raises
    `subprocess.TimeoutExpired` after `timeout` seconds, `TooMuchData` for more than `limit` bytes,
    and otherwise as `StartProcess`.
    """
    start = StartProcess(arguments, PIPE, PIPE, PIPE, cwd, env)
    with (yield start) as process, (yield OpenScope(timeout)):
        output, errors = yield process.communicate(input, limit)
        return CompletedProcess(arguments, process.returncode, output, errors)
    yield process.wait()
    raise TimeoutExpired(arguments, timeout or 0.0)
