"""What each key costs: the check, the colours, the hint and the completion of typical lines.

    python -m tests.benchmarks.typing

All of it happens on the thread that reads the keys, so each should be far below a millisecond.
"""

import platform
import statistics
import time
from collections.abc import Callable

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

import pyos_shell.commands
from pyos_shell.check import check_typed
from pyos_shell.completer import CommandCompleter
from pyos_shell.highlight import LineLexer, spans
from pyos_shell.hint import hint
from pyos_shell.statement import parse

assert pyos_shell.commands.__all__

LINES = [
    "tasks --all",
    "kill 3 7 12 --signal INT",
    "spawn --name server echo_server 45000 --host 127.0.0.1",
    "spawn philosophers 5 --meals 3 --pace 0.5; wait; tasks # all of them",
    "spwan countdown 5",
    "spawn countdwon 5 ",
]
ROUNDS = 300


def complete(line: str) -> None:
    for _ in CommandCompleter().get_completions(Document(line), CompleteEvent()):
        pass


def colour(line: str) -> None:
    LineLexer().lex_document(Document(line))


WORK: dict[str, Callable[[str], object]] = {
    "parse": parse,
    "check": lambda line: check_typed(line, len(line)),
    "colours": colour,
    "spans": spans,
    "hint": hint,
    "completion": complete,
}


def times(work: Callable[[str], object]) -> list[float]:
    """The microseconds of each of many times, for each line and each of its beginnings."""
    beginnings = [line[:end] for line in LINES for end in range(len(line) + 1)]
    for line in beginnings:
        work(line)
    found = []
    for _ in range(max(1, ROUNDS // len(LINES) // 10)):
        for line in beginnings:
            begun = time.perf_counter()
            work(line)
            found.append((time.perf_counter() - begun) * 1e6)
    return found


def main() -> None:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, {platform.system()}; µs for each key")
    print(f"{'':12} {'median':>8} {'99 of 100':>10} {'worst':>8}")
    for name, work in WORK.items():
        found = sorted(times(work))
        late = found[len(found) * 99 // 100]
        print(f"{name:12} {statistics.median(found):8.0f} {late:10.0f} {found[-1]:8.0f}")


if __name__ == "__main__":
    main()
