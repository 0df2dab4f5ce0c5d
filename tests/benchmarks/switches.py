"""What a switch costs that is off: the loop beside copies of it that have no such switch.

    python -m tests.benchmarks.switches [--pairs N]

Each copy is the loop's own source without some lines. The two take turns in one process; printed
is the median of what the loop takes to what the copy takes, and the interval in which that median
lies with 95 % certainty (from the order statistics of the pairs, so it supposes no distribution).
"""

import argparse
import gc
import inspect
import math
import statistics
import textwrap
import time

import kernel.scheduler
from kernel import GetTid, Scheduler, SystemCall

#: What the copy does not have: the lines that are taken out, or what they become.
COPIES = {
    "trace": [
        ("            untraced = trace.untraced\n", ""),
        ("isinstance(trap, untraced)", "isinstance(trap, SystemCall)"),
    ],
    "policy": [("self.policy.picker(ready)", "ready.popleft")],
    "watchdog": [("for self.passes in numbers", "for _ in numbers")],
}

TASKS, STEPS = 200, 100


def giving_way():
    for _ in range(STEPS):
        yield


def calling():
    for _ in range(STEPS):
        yield GetTid()


PROGRAMS = {"bare yield": giving_way, "GetTid": calling}


def without(lines):
    """A scheduler whose loop is a copy without these lines."""
    source = textwrap.dedent(inspect.getsource(Scheduler.run_passes))
    indented = textwrap.indent(source, "    ")
    for old, new in lines:
        assert indented.count(old) == 1, f"the loop has changed: {old!r}"
        indented = indented.replace(old, new)
    scope = {**vars(kernel.scheduler), "SystemCall": SystemCall}
    exec(f"class Copy(Scheduler):\n{indented}", scope)
    return scope["Copy"]


def seconds(scheduler, program):
    kernel = scheduler()
    for _ in range(TASKS):
        kernel.new(program())
    gc.collect()
    start = time.process_time()
    kernel.mainloop()
    return time.process_time() - start


def compare(copy, program, pairs):
    """The ratios of `pairs` pairs, whose order alternates."""
    for warm in (Scheduler, copy):
        seconds(warm, program)
    ratios = []
    for number in range(pairs):
        if number % 2:
            ours, theirs = seconds(Scheduler, program), seconds(copy, program)
        else:
            theirs, ours = seconds(copy, program), seconds(Scheduler, program)
        ratios.append(ours / theirs)
    return sorted(ratios)


def interval(ordered):
    """Between which two of so many ordered values the median lies, in 95 of 100 cases."""
    count = len(ordered)
    outside = 0.0
    for below in range(count // 2):
        outside += 2 * math.comb(count, below) / 2**count
        if outside > 0.05:
            return ordered[below - 1 if below else 0], ordered[-below if below else -1]
    return ordered[0], ordered[-1]


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.switches")
    parser.add_argument("--pairs", type=int, default=30)
    pairs = parser.parse_args().pairs
    for name, lines in COPIES.items():
        copy = without(lines)
        for words, program in PROGRAMS.items():
            ratios = compare(copy, program, pairs)
            low, high = interval(ratios)
            median = statistics.median(ratios)
            print(f"{name:8} {words:10} {median:.3f} (95 %: {low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
