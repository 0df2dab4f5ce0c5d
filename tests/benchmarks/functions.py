"""Where the time of a call goes: a profile by function, of what programs do most.

    python -m tests.benchmarks.functions [--times N]

Prints for each function its share of the time, and how often it is called for one operation. The
profiler makes calls of small functions look dearer than they are, so the shares tell where to
look, and the other benchmarks what it costs.
"""

import argparse
import cProfile
import pstats
import socket
from functools import partial
from pathlib import Path

from kernel import GetTid, NewTask, Recv, Scheduler, Send, Sleep, WaitTask

#: Functions with a smaller share are left out.
LEAST = 0.02

#: Tasks, or pairs of sockets, that take turns.
TASKS = 50


# Each operation is a generator, of what is to be profiled.


def a_call_that_is_answered_at_once(scheduler, times):
    def caller():
        for _ in range(times // TASKS):
            yield GetTid()

    for _ in range(TASKS):
        scheduler.new(caller())
    yield scheduler.mainloop


def the_life_of_a_task(scheduler, times):
    def child():
        return
        yield

    def parent():
        for _ in range(times // TASKS):
            tids = []
            for _ in range(TASKS):
                tids.append((yield NewTask(child())))
            for tid in tids:
                yield WaitTask(tid)

    scheduler.new(parent())
    yield scheduler.mainloop


def a_sleep(scheduler, times):
    def sleeper(number):
        for _ in range(times // TASKS):
            yield Sleep(number * 1e-6)

    for number in range(TASKS):
        scheduler.new(sleeper(number))
    yield scheduler.mainloop


def a_message_received_and_sent(scheduler, times):
    def echo(sock):
        while data := (yield Recv(sock, 65536)):
            yield Send(sock, data)

    pairs = [socket.socketpair() for _ in range(TASKS)]
    for near, _ in pairs:
        scheduler.new(echo(near))
    scheduler.cycle(wait=False)
    for _ in range(times // TASKS):
        for _, far in pairs:
            far.send(b"!")
        yield partial(scheduler.cycle, wait=False)
        for _, far in pairs:
            far.recv(1)
    for _, far in pairs:
        far.close()
    scheduler.mainloop()


OPERATIONS = [
    a_call_that_is_answered_at_once,
    the_life_of_a_task,
    a_sleep,
    a_message_received_and_sent,
]


def rows(operation, times):
    """A line for each function that matters, the dearest first."""
    profile = cProfile.Profile()
    for run in operation(Scheduler(), times):
        profile.runcall(run)
    stats = pstats.Stats(profile)
    for place, (_, calls, own, _, _) in sorted(stats.stats.items(), key=lambda each: -each[1][2]):
        share = own / stats.total_tt
        if share >= LEAST:
            yield f"{share:6.0%}  {calls / times:5.2f}  {in_words(*place)}"


def in_words(file, line, name):
    """A function by its module and line; one that is written in C by its name."""
    return f"{Path(file).stem}:{line} {name}" if line else name.strip("<>")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.functions")
    parser.add_argument("--times", type=int, default=50_000)
    times = parser.parse_args().times
    for operation in OPERATIONS:
        print(f"\n{operation.__name__.replace('_', ' ')}\n share  calls  function")
        for line in rows(operation, times):
            print(line)


if __name__ == "__main__":
    main()
