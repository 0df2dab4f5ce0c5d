"""How tests run green programs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from kernel import Exited, ExitStatus, GetStack, Scheduler, Sleep, green_script

from ..support import GUARD, outcome, watch


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write these files; the first is the script."""
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(source), "utf-8")
    return folder / next(iter(files))


def green(folder: Path, source: str, *arguments: str, others: Any = ()) -> ExitStatus:
    """Run a script as a green program, beside `others`; how did it end?"""
    script = write(folder, {"script.py": source})
    return run_all(green_script(str(script), *arguments), *others)[0]


def run_all(*targets: Any) -> list[ExitStatus]:
    """Run tasks to their ends, in real time; how did they end?"""
    sched = Scheduler()
    watch(sched, Exited)  # so that nothing is logged
    tids = [sched.new(target) for target in targets]
    sched.mainloop()
    return [outcome(sched, tid) for tid in tids]


def under_python(script: Path, *arguments: str) -> tuple[str, int]:
    """What Python itself makes of a script: what it prints, and its exit status."""
    command = [sys.executable, str(script), *arguments]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=GUARD, cwd=script.parent, stdin=None
    )
    return ended.stdout, ended.returncode


def when_blocked(tid: int, function: str, then: Any) -> Any:
    """A task that makes the call `then` as soon as a task is blocked in a function of its own."""
    while True:
        stack = yield GetStack(tid)
        if stack.call and function in [frame.function for frame in stack.frames]:
            return (yield then)
        yield Sleep(0.001)
