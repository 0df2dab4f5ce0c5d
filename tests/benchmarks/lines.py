"""What it takes to read a command line: into words, into statements, and bound to its command.

    python -m tests.benchmarks.lines [--rounds N]

Printed are the median and the 99th of 100, in microseconds, over all rounds of one line. Nothing is
run.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable

from pyos_shell.command import bind
from pyos_shell.environment import Environment
from pyos_shell.line import tokens
from pyos_shell.mistake import Mistake
from pyos_shell.statement import parse

LINES = {
    "a command": "tasks --all",
    "a program": "spawn --name server echo_server 45000 --host 127.0.0.1",
    "a pipeline": "spawn countdown 30 | grep 2 | head 3 > found && wait $!",
    "a mistake": "spwan countdown 3; kill 3 x",
    "20 statements": "; ".join(["spawn countdown 5 --pause '0.1' && wait $!"] * 10),
    "2,000 words": "kill " + " ".join(map(str, range(1, 2_000))),
}


def read(line: str) -> None:
    """All that is done with a line before it runs."""
    environment = Environment()
    environment.last_tid = 1
    try:
        for statement in parse(line):
            bind(environment.expanded(statement))
    except Mistake:
        pass


STEPS: dict[str, Callable[[str], object]] = {
    "words": lambda line: list(tokens(line)),
    "all": read,
}


def microseconds(work: Callable[[str], object], line: str, rounds: int) -> list[float]:
    """What each round takes."""
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work(line)
        found.append((time.perf_counter() - begun) * 1e6)
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=2_000)
    rounds = options.parse_args().rounds
    print(f"Python {platform.python_version()}, µs: median, 99 of 100")
    for name, line in LINES.items():
        for step, work in STEPS.items():
            microseconds(work, line, 10)  # the first ones import programs
            found = microseconds(work, line, rounds)
            worst = statistics.quantiles(found, n=100)[-1]
            print(f"{name:15} {step:6} {statistics.median(found):9.1f} {worst:9.1f}")


if __name__ == "__main__":
    main()
