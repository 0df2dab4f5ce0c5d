"""A terminal for a child process: it types, and looks at the screen.

    with Terminal(["pyos"]) as terminal:
        terminal.type("tasks\\r")
        terminal.wait_for("no tasks")

Nothing here sleeps to wait: it reads until the screen shows what was asked for, and after `GUARD`
seconds it fails, and says what the screen shows instead.
"""

import fcntl
import os
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyte

from .nursery import Child, nursery, takes
from .screen import Screen

ROOT = Path(__file__).resolve().parents[2]
GUARD = 30.0

#: Bytes that a terminal takes at a time, and a slow one.
HELPING = 4096
SLOW_HELPING = 512

#: Seconds that a slow terminal makes up for, where the system has let it sleep too long.
SLOWNESS = 0.005

#: The slave is the child's terminal in every respect: it gets Ctrl-C and the hang-up from it.
LAUNCHER = "import os, sys; os.login_tty(0); os.execvp(sys.argv[1], sys.argv[1:])"


class Terminal:
    """A child on a pseudo-terminal, and a screen that shows what it writes. `pyos` comes from the
    nursery, with its modules already there, and so does what `-c` runs; every other command is
    started as it stands.

    `rate` is how many bytes it takes in a second, if it is a slow one.
    """

    def __init__(
        self,
        command: list[str],
        *,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str | None] | None = None,
        cwd: Path = ROOT,
        rate: float | None = None,
    ) -> None:
        self.rate = rate
        #: When a slow terminal is through with what it has read.
        self.free_at = 0.0
        self.screen = Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.mark = 0
        self.master, slave = os.openpty()
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(slave)
        self.state = tempfile.TemporaryDirectory()
        variables = environment({"XDG_STATE_HOME": self.state.name, **(env or {})})
        self.process = start(command, slave, cwd, variables)
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.hang_up()
        self.process.wait(GUARD)
        self.state.cleanup()

    # -- what the user does

    def type(self, text: str) -> None:
        """Type `text`; `\\r` is the Enter key, `\\x03` Ctrl-C."""
        data = text.encode()
        deadline = time.monotonic() + GUARD
        while data:
            # Whoever does not read while he types may wait for ever: the child waits for him.
            readable, writable, _ = select.select([self.master], [self.master], [], GUARD)
            if writable:
                data = data[os.write(self.master, data[:512]) :]
            elif readable:
                self.read()
            assert time.monotonic() < deadline, f"the child does not listen\n{self}"

    def enter(self, line: str) -> None:
        """Type a line at the prompt, see it there, and press the Enter key. What `wait_for` looks
        for comes after this.
        """
        self.mark = len(self.screen.gone)
        self.type(line)
        letters = "".join(line.split())
        self.wait(lambda: "".join(self.typed.split()).endswith(letters), f"{line!r} being typed")
        self.type("\r")

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def hang_up(self) -> None:
        """Close the terminal, as when its window is closed."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    # -- what the user sees

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without the toolbar."""
        return ["" if row.is_bar else row.text for row in self.screen.look()]

    @property
    def toolbar(self) -> list[str]:
        """The rows of the toolbar."""
        return [row.text.strip() for row in self.screen.look() if row.is_bar]

    @property
    def typed(self) -> str:
        """What stands before the cursor, with the rows above."""
        cursor = self.screen.cursor
        row = "".join(self.screen.buffer[cursor.y][column].data for column in range(cursor.x))
        return "\n".join([*self.lines[: cursor.y], row])

    @property
    def text(self) -> str:
        """The rows of the screen, without the empty ones at its end."""
        return "\n".join(self.lines).rstrip("\n")

    @property
    def last(self) -> str:
        """The last row that shows something."""
        return self.text.rpartition("\n")[2]

    @property
    def history(self) -> str:
        """All that was ever shown, also what has left the screen."""
        return "\n".join([*self.screen.gone, self.text])

    def __str__(self) -> str:
        return "\n".join(f"| {row}" for row in self.text.split("\n"))

    # -- waiting

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Read until `condition` holds."""
        deadline = time.monotonic() + GUARD
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"waited in vain for {what}; the screen shows\n{self}"
            ready, _, _ = select.select([self.master], [], [], left)
            if ready and not self.read():
                assert condition(), f"ended before {what}; the screen shows\n{self}"

    def wait_for(self, text: str) -> None:
        """Read until `text` has been shown since the last line was entered."""
        first = self.mark

        def shown() -> bool:
            nonlocal first
            new, first = self.screen.gone[first:], len(self.screen.gone)
            return text in "\n".join([*new, self.text])

        self.wait(shown, repr(text))

    def wait_line(self, line: str) -> None:
        """Read until one row of the screen is `line`."""
        self.wait(lambda: line in self.lines, f"the line {line!r}")

    def wait_last(self, line: str) -> None:
        """Read until the last row is `line`."""
        self.wait(lambda: self.last == line, f"the last line {line!r}")

    def wait_typed(self, text: str) -> None:
        """Read until the row of the cursor has this before it; behind it there may be more, as what
        the console suggests.
        """
        self.wait(lambda: self.typed.rpartition("\n")[2].rstrip() == text, f"{text!r} being typed")

    def wait_exit(self) -> int:
        """Read until the child has closed its terminal; answers its exit status."""
        deadline = time.monotonic() + GUARD
        while True:
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"it does not end; the screen shows\n{self}"
            if not self.read():
                return self.process.wait(GUARD)

    def glance(self) -> None:
        """Take in what is there at this moment, if anything."""
        if select.select([self.master], [], [], 0)[0]:
            self.read()

    def read(self) -> bool:
        """Wait for what the child writes, and take it in; false at its end."""
        try:
            data = os.read(self.master, HELPING if self.rate is None else SLOW_HELPING)
        except OSError:  # EIO: nobody has the other end open any more
            data = b""
        if self.rate is not None:
            self.keep_pace(len(data) / self.rate)
        self.take_in(data)
        return bool(data)

    def keep_pace(self, seconds: float) -> None:
        """Be busy for so long, less what the last sleep has taken too long."""
        now = time.monotonic()
        self.free_at = max(self.free_at, now - SLOWNESS) + seconds
        time.sleep(max(0.0, self.free_at - now))

    def take_in(self, data: bytes) -> None:
        """Show it."""
        self.stream.feed(data)

    def changed_settings(self) -> Iterator[str]:
        """What is different about the terminal's settings since before the child."""
        names = ("iflag", "oflag", "cflag", "lflag", "ispeed", "ospeed", "cc")
        for name, before, now in zip(
            names, self.settings, termios.tcgetattr(self.master), strict=True
        ):
            if before != now:
                yield f"{name}: {before} became {now}"


def leaves(terminal: Terminal, status: int = 0) -> None:
    """See that it has left, in good order."""
    assert terminal.wait_exit() == status, f"the screen shows\n{terminal}"
    assert not list(terminal.changed_settings())
    assert "Traceback" not in terminal.history, terminal.history
    assert "Warning" not in terminal.history, terminal.history


def start(command: list[str], slave: int, cwd: Path, env: dict[str, str]) -> Child:
    """Start a command whose terminal this is."""
    if command[0] in ("pyos", "-c"):
        assert takes(env)
        return nursery().start(command, [slave], cwd, env)
    command = [sys.executable, "-SEc", LAUNCHER, *command]
    return subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, env=env)


def environment(changes: dict[str, str | None]) -> dict[str, str]:
    """The child's environment: of ours, nothing that changes what a console looks like. None takes
    a variable out.
    """
    ours = {name: value for name, value in os.environ.items() if name not in PERSONAL}
    wanted: dict[str, str | None] = {
        **ours,
        "TERM": "xterm-256color",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PYOS_STARTUP": "",
        **changes,
    }
    return {name: value for name, value in wanted.items() if value is not None}


PERSONAL = {"NO_COLOR", "COLORTERM", "PROMPT_TOOLKIT_COLOR_DEPTH", "PROMPT_TOOLKIT_BELL", "INPUTRC"}
