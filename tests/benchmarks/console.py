"""How long the console lets a user wait.

    python -m tests.benchmarks.console [--rounds N] [--quick]

The real console runs on a pseudo-terminal. Somebody types a command, sees it there, and presses the
Enter key a moment later; the time from that key until the answer has been read is what is printed.
Whatever does not come within `GUARD` seconds ends the benchmark with an error.
"""

import argparse
import os
import platform
import random
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

if sys.platform == "win32":
    sys.exit("Windows has no pseudo-terminals")

from pyos_shell.descriptors import raise_descriptor_limit

from ..pyos_shell.terminal import ROOT, Terminal

ECHO_CLIENTS = ROOT / "tests" / "kernel" / "programs" / "echo_clients.py"
FILE = "bench.py"
PROGRAMS = """
from kernel import *


def sleeper():
    yield Sleep(1_000_000)


def busy():
    while True:
        yield


def crowd(size: int):
    for _ in range(size):
        yield NewTask(busy())


def flood():
    number = 0
    while True:
        number += 1
        print("flood", number)
        yield


def hog():
    yield
    while True:
        pass
"""

CROWD = 1_000

#: Messages of each client: more than it can send while we measure.
ENDLESS = 10**9

#: Bytes in a second that the slow terminal takes.
SLOW = 200_000

#: Seconds between the last letter and the Enter key, at most: it comes at any moment, wherever the
#: console stands in what it does every 50 ms.
PAUSE = 0.15

#: Seconds of a load before it is measured.
SETTLED = 1.0

ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])")
PROMPT = b"pyos>"
HEADING = re.compile(rb"TID +PAR +STATE")
MORE = re.compile(rb"and ([\d,]+) more: tasks --all")
LISTENING = re.compile(rb"listening on 127\.0\.0\.1 (\d+)")
DROPPED = re.compile(rb"lines dropped")
HELD = re.compile(rb"task 1 holds the kernel[^\r\n]*bench\.py:(\d+)")


class Reader(Terminal):
    """A terminal that only looks for words in what it reads: to draw the screen takes longer than
    the console needs to write it.
    """

    def __init__(self, command: list[str], **options) -> None:
        #: What has been written since `forget`, without escape sequences.
        self.seen = bytearray()
        #: The beginning of an escape sequence.
        self.cut = b""
        #: When the last bytes were read.
        self.read_at = 0.0
        self.chance = random.Random(1)
        self.asked = 0
        super().__init__(command, **options)

    def __str__(self) -> str:
        return self.seen[-1000:].decode("utf-8", "replace")

    def take_in(self, data: bytes) -> None:
        self.read_at = time.perf_counter()
        text = ESCAPE.sub(b"", self.cut + data)
        whole, escape, rest = text.partition(b"\x1b")
        self.seen += whole
        self.cut = escape + rest

    def forget(self) -> None:
        self.seen.clear()

    def look_on(self, seconds: float) -> None:
        """Read whatever comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0] and not self.read():
                raise EOFError(f"the console has ended\n{self}")

    def press_enter(self, line: str) -> float:
        """Type a line, see it there, and press Enter a moment later; answers when that was."""
        self.forget()
        self.type(line)
        letters = "".join(line.split()).encode()
        self.wait(lambda: letters in b"".join(self.seen.split()), f"{line!r} being typed")
        self.look_on(self.chance.uniform(0, PAUSE))
        self.forget()
        pressed = time.perf_counter()
        self.type("\r")
        return pressed

    def wait_match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read until `pattern` has been written since the Enter key."""
        self.wait(lambda: pattern.search(self.seen), repr(pattern.pattern))
        found = pattern.search(self.seen)
        assert found
        return found

    def press_key(self) -> float:
        """Press a letter's key, and take it away again; the seconds until the letter is there."""
        self.look_on(self.chance.uniform(0, PAUSE))
        self.forget()
        pressed = time.perf_counter()
        self.type("x")
        self.wait(lambda: b"x" in self.seen, "the letter")
        seconds = self.read_at - pressed
        self.type("\x7f")
        self.look_on(PAUSE)
        return seconds

    def ask(self) -> float:
        """Ask for the `tasks`; the seconds from the Enter key to the heading of this answer."""
        self.asked += 1
        line = f"tasks # {self.asked}"
        echo = line.encode() + b"\r"  # the answer stands below it
        pressed = self.press_enter(line)
        self.wait(lambda: HEADING.search(self.seen, self.below(echo)), f"the answer to {line!r}")
        seconds = self.read_at - pressed
        self.wait(lambda: PROMPT in self.seen[self.below(echo) :], "the prompt")
        return seconds

    def below(self, line: bytes) -> int:
        """Where the text below this line begins: at the end, if it has not been written."""
        begin = self.seen.find(line)
        return len(self.seen) if begin < 0 else begin + len(line)

    def spawn(self, program: str) -> float:
        """Start a program; answers when the Enter key was pressed."""
        return self.press_enter(f"spawn {program}")


@contextmanager
def console(folder: Path, **options) -> Iterator[Reader]:
    """A console in this folder, at its prompt."""
    terminal = Reader([sys.executable, "-m", "pyos_shell"], cwd=folder, **options)
    with terminal:
        terminal.wait(lambda: PROMPT in terminal.seen, "the prompt")
        yield terminal


# -- what the console has to do meanwhile


def idle(terminal: Reader, stack: ExitStack) -> None:
    terminal.spawn(f"{FILE}:sleeper")
    wait_tasks(terminal, 1)


def busy_tasks(terminal: Reader, stack: ExitStack) -> None:
    terminal.spawn(f"{FILE}:crowd {CROWD}")
    wait_tasks(terminal, CROWD)


def echo_clients(terminal: Reader, stack: ExitStack) -> None:
    """Clients at work, in a process of their own, for as long as `stack` is open."""
    terminal.spawn("echo_server 0")
    port = int(terminal.wait_match(LISTENING)[1])
    numbers = map(str, (port, CROWD, ENDLESS, 1))
    clients = stack.enter_context(subprocess.Popen([sys.executable, ECHO_CLIENTS, *numbers]))
    stack.callback(clients.kill)
    wait_tasks(terminal, CROWD + 1)
    terminal.look_on(SETTLED)
    stack.callback(still_runs, clients)


def flood(terminal: Reader, stack: ExitStack) -> None:
    terminal.spawn(f"{FILE}:flood")
    terminal.wait_match(DROPPED)
    terminal.look_on(SETTLED)


def wait_tasks(terminal: Reader, number: int) -> None:
    """Wait until there are so many tasks, or more."""
    deadline = time.monotonic() + 60
    while number_of_tasks(terminal) < number:
        assert time.monotonic() < deadline, f"there are no {number} tasks\n{terminal}"


def number_of_tasks(terminal: Reader) -> int:
    terminal.ask()
    rows = re.findall(rb"\n *\d+ +\d+ (?:ready|running|blocked)", terminal.seen)
    more = MORE.search(terminal.seen)
    return len(rows) + (int(more[1].replace(b",", b"")) if more else 0)


def still_runs(process: subprocess.Popen) -> None:
    assert process.poll() is None, "the clients have ended before we did"


# -- measuring


class Situation(NamedTuple):
    """What the console has to do while it is asked, on a terminal that takes `rate` bytes/s."""

    name: str
    prepare: Callable[[Reader, ExitStack], None]
    rate: float | None = None


SITUATIONS = [
    Situation("tasks, idle", idle),
    Situation(f"tasks, {CROWD:,} busy tasks", busy_tasks),
    Situation(f"tasks, {CROWD:,} echo clients at work", echo_clients),
    Situation("tasks, flood on a fast terminal", flood),
    Situation(f"tasks, flood on a terminal of {SLOW // 1000} kB/s", flood, SLOW),
]


def answer_times(folder: Path, situation: Situation, rounds: int) -> list[float]:
    """The seconds that answers take."""
    with console(folder, rate=situation.rate) as terminal, ExitStack() as stack:
        situation.prepare(terminal, stack)
        return [terminal.ask() for _ in range(rounds)]


def key_times(folder: Path, situation: Situation, rounds: int) -> list[float]:
    """The seconds from a key to the screen."""
    with console(folder, rate=situation.rate) as terminal, ExitStack() as stack:
        situation.prepare(terminal, stack)
        terminal.ask()
        return [terminal.press_key() for _ in range(rounds)]


def naming_times(folder: Path, rounds: int) -> list[float]:
    """The seconds until a task that holds the kernel is named, each in a console of its own."""
    return [naming_time(folder) for _ in range(rounds)]


def naming_time(folder: Path) -> float:
    with console(folder, columns=200) as terminal:
        pressed = terminal.spawn(f"{FILE}:hog")
        line = int(terminal.wait_match(HELD)[1])
        assert line > PROGRAMS[: PROGRAMS.index("def hog")].count("\n"), f"not the hog: {line}"
        return terminal.read_at - pressed


def growth(folder: Path, seconds: float) -> str:
    """How much the console's memory grows in a flood."""
    with console(folder) as terminal:
        idle(terminal, ExitStack())
        before = peak(terminal.process.pid)
        flood(terminal, ExitStack())
        terminal.look_on(seconds)
        after = peak(terminal.process.pid)
    return f"{before:,} kB before, {after:,} kB after: {after - before:+,} kB"


def peak(pid: int) -> int:
    """The most memory that a process has had so far, in kB."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    assert found, "this system does not tell the peak of memory"
    return int(found[1])


# -- printing


def row(name: str, *cells: str) -> None:
    print(f"{name:40}", *(f"{cell:>9}" for cell in cells), flush=True)


def show(name: str, times: list[float]) -> None:
    median, worst = statistics.median(times), max(times)
    late = sorted(times)[len(times) * 99 // 100]
    row(name, str(len(times)), *(f"{each * 1000:.1f}" for each in (median, late, worst)))


def load() -> str:
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


def measure(folder: Path, rounds: int, hogs: int, seconds: float) -> None:
    """Measure everything, and print each figure as soon as it is known."""
    row("from Enter to the answer, in ms", "rounds", "median", "99 %", "worst")
    for situation in SITUATIONS:
        show(situation.name, answer_times(folder, situation, rounds))
    for situation in SITUATIONS[:2]:
        show(f"a key, {situation.name.partition(', ')[2]}", key_times(folder, situation, rounds))
    show("the name of a task that never yields", naming_times(folder, hogs))
    if sys.platform == "linux":
        print(f"peak memory, {seconds:.0f} s of flood: {growth(folder, seconds)}")
    else:
        print("peak memory: told by Linux only")


def main() -> None:
    parser = argparse.ArgumentParser(description="How long the console lets a user wait.")
    parser.add_argument("--rounds", type=int, default=80, help="answers in each situation")
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it works")
    options = parser.parse_args()
    raise_descriptor_limit()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, {platform.system()}, {os.cpu_count()} processors")
    print(f"load before: {load()}")
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / FILE).write_text(PROGRAMS, "utf-8")
        if options.quick:
            measure(Path(name), 5, 2, 2.0)
        else:
            measure(Path(name), options.rounds, 10, 10.0)
    print(f"load after: {load()}")


if __name__ == "__main__":
    main()
