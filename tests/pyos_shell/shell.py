"""PyOS without a terminal, for tests: a session in this process, and children that run `pyos`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


def pyos(
    *arguments: str, stdin: str | bytes = b"", cwd: Path = SAMPLES, **env: str | None
) -> subprocess.CompletedProcess[str]:
    """Run `pyos` to its end."""
    child = subprocess.run(
        command(*arguments),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(env),
        timeout=GUARD,
    )
    out, err = (
        stream.decode("utf-8", "surrogateescape") for stream in (child.stdout, child.stderr)
    )
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


@contextmanager
def running(
    *arguments: str, cwd: Path = SAMPLES, start: list[str] | None = None, **streams: Any
) -> Iterator[subprocess.Popen[str]]:
    """A `pyos` that is talked to meanwhile; whatever hangs is ended, so that the test goes on."""
    options = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | streams
    process = subprocess.Popen(
        [*(start or []), *command(*arguments)],
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment({}),
        **options,
    )
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
