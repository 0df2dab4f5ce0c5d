"""Where the time of a step goes: from a queue of generators to the kernel, one thing at a time.

    python -m tests.benchmarks.ladder [--rounds N]

Prints what a bare `yield` costs on each rung, in nanoseconds. The rungs take turns in one process;
the least of all rounds counts, as whatever disturbs a step only adds to it.
"""

import argparse
import time
from collections import deque

from kernel import SystemCall
from kernel.task import Task

from .workloads.giving_way import pyos

TASKS, TIMES = 1000, 60


def worker():
    for _ in range(TIMES):
        yield


def a_queue_of_generators():
    ready = deque(worker() for _ in range(TASKS))
    yield
    while ready:
        task = ready.popleft()
        try:
            task.send(None)
        except StopIteration:
            continue
        ready.append(task)


def each_is_a_task_with_a_frame():
    ready = deque(Task(worker()) for _ in range(TASKS))
    yield
    while ready:
        task = ready.popleft()
        try:
            task.frame.send(None)
        except StopIteration:
            continue
        ready.append(task)


def a_task_may_have_an_answer_that_is_sent_in():
    ready = deque(Task(worker()) for _ in range(TASKS))
    yield
    while ready:
        task = ready.popleft()
        answer = task.reply
        task.reply = None
        try:
            task.frame.send(answer)
        except StopIteration:
            continue
        ready.append(task)


def what_it_yields_is_looked_at():
    ready = deque(Task(worker()) for _ in range(TASKS))
    yield
    while ready:
        task = ready.popleft()
        answer = task.reply
        task.reply = None
        try:
            trap = task.frame.send(answer)
        except StopIteration:
            continue
        if trap is None:
            ready.append(task)
        else:
            assert isinstance(trap, SystemCall)


def the_queue_is_at_hand_and_turns_and_passes_have_an_end():
    ready = deque(Task(worker()) for _ in range(TASKS))
    pick, queue = ready.popleft, ready.append
    calls = 0
    yield
    while ready:
        for _ in (None,) * len(ready):
            task = pick()
            answer = task.reply
            task.reply = None
            used = 0
            while True:
                try:
                    trap = task.frame.send(answer)
                except StopIteration:
                    break
                if trap is None:
                    queue(task)
                    break
                assert isinstance(trap, SystemCall)
                used += 1
            if used:
                calls += used


RUNGS = [
    a_queue_of_generators,
    each_is_a_task_with_a_frame,
    a_task_may_have_an_answer_that_is_sent_in,
    what_it_yields_is_looked_at,
    the_queue_is_at_hand_and_turns_and_passes_have_an_end,
]


def nanoseconds(rung):
    loop = rung()
    next(loop)
    start = time.perf_counter()
    next(loop, None)
    return (time.perf_counter() - start) / (TASKS * TIMES) * 1e9


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ladder")
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    least = dict.fromkeys(["the kernel", *(rung.__name__ for rung in RUNGS)], float("inf"))
    for _ in range(rounds):
        for rung in RUNGS:
            least[rung.__name__] = min(least[rung.__name__], nanoseconds(rung))
        least["the kernel"] = min(least["the kernel"], pyos(None, TASKS, TIMES)["ns"])
    for name in [*(rung.__name__ for rung in RUNGS), "the kernel"]:
        print(f"{least[name]:5.0f} ns  {name.replace('_', ' ')}")


if __name__ == "__main__":
    main()
