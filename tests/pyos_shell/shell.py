"""PyOS without a terminal, for tests: a session in this process, and children that run `pyos`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import wcwidth

from kernel import Machine, Scheduler, WaitTask
from pyos_shell.output import Output, Plain
from pyos_shell.render import Fragments, plain
from pyos_shell.reports import report_to
from pyos_shell.session import Session
from pyos_shell.system import System

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).parent / "samples"
GUARD = 30.0


class Shell:
    """A session on a running machine. `width` is that of the screen; None where there is none."""

    def __init__(self, scheduler: Scheduler | None = None) -> None:
        self.width: int | None = None
        self.rows: int | None = None
        self.machine = Machine(scheduler or Scheduler(stdin=False))
        self.bytes = io.BytesIO()
        self.messages = io.StringIO()
        self.output = Plain(io.TextIOWrapper(self.bytes, "utf-8"), self.messages)
        self.system = System(self.machine, self.output, lambda: self.rows)
        self.session = Session(self.system, self.show, lambda: self.width)
        self.shown: list[str] = []
        self.fragments: list[Fragments] = []
        self.data: list[bool] = []

    def __enter__(self) -> Shell:
        self.machine.boot()
        self.output.kernel_thread = self.machine.thread.ident
        report_to(self.output, self.machine)
        self.former = sys.stdout
        sys.stdout = self.output
        return self

    def __exit__(self, *error: object) -> None:
        self.system.machine.shutdown()
        sys.stdout = self.former
        assert not self.system.machine.thread.is_alive()

    def show(self, lines: list[Fragments], data: bool) -> None:
        self.fragments += lines
        self.shown += map(plain, lines)
        self.data += [data] * len(lines)

    def run(self, source: str) -> list[str]:
        """Run a line; what was answered."""
        before = len(self.shown)
        sys.stdout = self.output  # pytest has put its own there since
        self.session.run(source)
        return self.shown[before:]

    def fails(self, source: str) -> list[str]:
        """Run a line that is to fail; what was answered."""
        self.session.failed = False
        answer = self.run(source)
        assert self.session.failed, f"{source!r} did not fail: {answer}"
        return answer

    def succeeds(self, source: str) -> list[str]:
        """Run a line that is not to fail; what was answered."""
        self.session.failed = False
        answer = self.run(source)
        assert not self.session.failed, f"{source!r} failed: {answer}"
        return answer

    def wait(self, tid: int) -> Any:
        """How a task ended."""
        return self.machine.call(WaitTask(tid), GUARD)

    @property
    def printed(self) -> str:
        """What tasks have printed."""
        self.output.release_all()
        return self.bytes.getvalue().decode("utf-8")

    @property
    def reported(self) -> str:
        """What has been said on stderr."""
        return self.messages.getvalue()


class Watched(Output):
    """Output that one console shows."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = self.open_feed()


def until(condition: Callable[[], Any]) -> Any:
    """Wait for what another thread does; what the condition then is."""
    deadline = time.monotonic() + GUARD
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0)  # its turn
    return result


def environment(changes: dict[str, str | None]) -> dict[str, str]:
    """The environment of a child: ours, with UTF-8 and PyOS in it. None takes a variable out."""
    path = os.pathsep.join([str(ROOT), str(Path(wcwidth.__file__).parents[1])])
    result = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}
    for name in ("COLUMNS", "NO_COLOR", "PYTHONIOENCODING"):
        result.pop(name, None)
    for name, value in changes.items():
        result.pop(name, None)
        if value is not None:
            result[name] = value
    return result


def command(*arguments: str) -> list[str]:
    """How to start `pyos` here, as fast as can be (`-S`). A Ctrl-C counts, even where the tests run
    in the background.
    """
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sys.argv[0] = 'pyos'; from pyos_shell.cli import main; sys.exit(main())"
    )
    return [sys.executable, "-S", "-c", program, *arguments]


#: `pyos` as code, with less patience at its end: living tasks get a quarter of a second.
HASTY = """
import sys
from pyos_shell import cli, owner, system
sys.argv[0] = "pyos"
cli.DEADLINE = owner.DEADLINE = system.DEADLINE = 0.25
sys.exit(cli.main())
"""


def pyos(
    *arguments: str,
    stdin: str | bytes = b"",
    cwd: Path = SAMPLES,
    hasty: bool = False,
    **env: str | None,
) -> subprocess.CompletedProcess[str]:
    """Run `pyos` to its end."""
    with running(*arguments, cwd=cwd, hasty=hasty, env=env) as process:
        return to_its_end(process, stdin)


def python(code: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run code to its end, as `python -c` does."""
    with guarded(begun(["-c", code], cwd, environment({}))) as process:
        return to_its_end(process)


def to_its_end(process: Any, stdin: str | bytes = b"") -> subprocess.CompletedProcess[str]:
    with suppress(BrokenPipeError):
        process.stdin.buffer.write(stdin.encode() if isinstance(stdin, str) else stdin)
    out, err = process.communicate()
    return subprocess.CompletedProcess([], process.returncode, out, err)


def running(
    *arguments: str,
    cwd: Path = SAMPLES,
    start: list[str] | None = None,
    hasty: bool = False,
    env: dict[str, str | None] | None = None,
    **streams: Any,
) -> AbstractContextManager[Any]:
    """A `pyos` that is talked to meanwhile; `start` is what starts it, if that is to be seen."""
    variables = environment(env or {})
    if start is not None:
        return guarded(started([*start, *command(*arguments)], cwd, variables, streams))
    program = ["-c", HASTY] if hasty else ["pyos"]
    return guarded(begun([*program, *arguments], cwd, variables, **streams))


@contextmanager
def guarded(process: Any) -> Iterator[Any]:
    """Whatever hangs is ended, so that the test goes on."""
    guard = threading.Timer(GUARD, process.kill)
    guard.start()
    try:
        yield process
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None and not stream.closed:
                stream.close()


def begun(wanted: list[str], cwd: Path, env: dict[str, str], **streams: Any) -> Any:
    """What a nursery is asked for: it comes from there, if it need not be started."""
    if sys.platform != "win32":
        from .nursery import nursery, takes

        if takes(env):
            return nursery().talk_to(wanted, cwd, env, **streams)
    pyos = wanted[0] == "pyos"
    return started(command(*wanted[1:]) if pyos else [sys.executable, *wanted], cwd, env, streams)


def started(
    command: list[str], cwd: Path, env: dict[str, str], streams: dict[str, Any]
) -> subprocess.Popen[str]:
    """A process with a pipe for each of its streams but those that are given."""
    options = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | streams
    return subprocess.Popen(
        command, encoding="utf-8", errors="surrogateescape", cwd=cwd, env=env, **options
    )
