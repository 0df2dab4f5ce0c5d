"""What it is worth to be interrupted, and what it costs: Python 3.12 and newer.

    python -m tests.benchmarks.preemption [--quick]

Printed are the shares of a hundred endless loops beside a hundred polite tasks, how long a kill
takes to end a hog, what the loop takes after a thousand rounds of arming beside before, how fast
another thread is while a hog is interrupted all the time, and what the watchdog costs the loop.
"""

import argparse
import gc
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager

from kernel import KillTask, Machine, NewTask, Preempt, Preempted, Scheduler, Sleep, WaitTask
from tests.benchmarks.switches import interval

SLICE = 0.01

#: The sizes of a measurement, and of one that only tells whether everything works.
FULL = {"tasks": 100, "seconds": 10.0, "kills": 50, "rounds": 1000, "pairs": 30}
QUICK = {"tasks": 10, "seconds": 1.0, "kills": 3, "rounds": 20, "pairs": 4}


@contextmanager
def machine(slice=SLICE):
    with Machine(Scheduler(stdin=False)) as made:
        made.call(Preempt(slice))
        yield made


class Counting:
    """Counts, and checks by a sum that nothing is lost or done twice."""

    def __init__(self):
        self.count = self.sum = self.turns = 0
        self.stop = False

    def hog(self):
        yield
        while not self.stop:
            self.count += 1
            self.sum += self.count
        assert self.sum == self.count * (self.count + 1) // 2, "work was lost, or done twice"

    def polite(self):
        while not self.stop:
            self.turns += 1
            yield Sleep(SLICE)


def shares(tasks, seconds):
    """How many slices each hog has had, once all were there, and what share of the processor in
    whole rounds of them; and the turns of the polite ones.
    """
    slices, used, rounds = Counter(), Counter(), []
    before = 0.0
    counting = [Counting() for _ in range(2 * tasks)]

    def interrupted(event):
        nonlocal before
        now = time.thread_time()
        slices[event.tid] += 1
        used[event.tid] += now - before
        before = now
        if len(slices) == tasks and len(set(slices.values())) == 1:
            rounds.append(used.copy())

    with machine() as here:
        here.subscribe(interrupted, Preempted)
        hogs = here.call(NewTask(several([each.hog for each in counting[:tasks]])))
        polite = here.call(NewTask(several([each.polite for each in counting[tasks:]])))
        while len(slices) < tasks:
            time.sleep(SLICE)
        slices.clear()
        rounds.clear()
        time.sleep(seconds)
        found = sorted(slices.values())
        shares = [rounds[-1][tid] - rounds[0][tid] for tid in used]
        for each in counting:
            each.stop = True
        for tid in [*here.call(WaitTask(hogs)).value, *here.call(WaitTask(polite)).value]:
            assert here.call(WaitTask(tid)).ok
    turns = min(each.turns for each in counting[tasks:])
    print(f"{tasks} hogs: {found[0]} to {found[-1]} slices each, of {sum(found)}")
    mean = statistics.mean(shares)
    print(
        f"in {len(rounds) - 1} whole rounds {min(shares) / mean:.3f} to {max(shares) / mean:.3f} "
        "of the processor's time for one on average"
    )
    print(f"{tasks} polite tasks beside them: at least {turns} turns each")


def several(programs):
    tids = []
    for program in programs:
        tids.append((yield NewTask(program())))
    return tids


def kills(times):
    """From the order to the end, as another thread sees it."""
    found = []
    with machine(None) as here:
        for _ in range(times):
            hog = Counting()
            tid = here.call(NewTask(hog.hog()))
            while hog.count < 1000:
                time.sleep(0.001)
            begun = time.perf_counter()
            here.call(KillTask(tid))
            assert here.call(WaitTask(tid)).killed
            found.append(time.perf_counter() - begun)
    print(
        f"{times} kills of a hog: {statistics.median(found) * 1000:.0f} ms, "
        f"the worst {max(found) * 1000:.0f} ms"
    )


def giving_way(times):
    for _ in range(times):
        yield


def loop(made=Machine, tasks=200, times=200):
    """The processor's seconds for a loop of tasks that give way, in a machine."""
    with made(Scheduler(stdin=False)) as here:
        gc.collect()
        begun = time.process_time()
        tid = here.call(NewTask(several([lambda: giving_way(times)] * tasks)))
        for each in here.call(WaitTask(tid)).value:
            here.call(WaitTask(each))
        return time.process_time() - begun


def armed(rounds, pairs):
    """The same loop, before and after so many rounds of arming."""
    before = min(loop() for _ in range(pairs))
    interruptions = threading.Semaphore(0)
    with machine(0.001) as here:
        here.subscribe(lambda _: interruptions.release(), Preempted)
        hogs = [Counting(), Counting()]
        tids = [here.call(NewTask(each.hog())) for each in hogs]
        for _ in range(rounds):
            interruptions.acquire()
        for tid in tids:
            here.call(KillTask(tid))
    after = min(loop() for _ in range(pairs))
    print(f"the loop after {rounds} rounds of arming: {after / before:.3f} of before")


def other_thread(seconds):
    """How far another thread counts beside a hog, interrupted or not."""
    found = []
    for slice in (None, SLICE):
        with machine(slice) as here:
            hogs = [Counting(), Counting()]
            tids = [here.call(NewTask(each.hog())) for each in hogs]
            count, end = 0, time.perf_counter() + seconds
            while time.perf_counter() < end:
                count += 1
            found.append(count)
            for tid in tids:
                here.call(KillTask(tid))
    print(f"another thread beside hogs that are interrupted: {found[1] / found[0]:.2f} of as fast")


class Unwatched(Machine):
    """One without a watchdog."""

    def watch(self):
        preemption = super().watch()
        self.watchdog.stop()
        return preemption


def watchdog(pairs):
    """What the loop takes with a watchdog to what it takes without, in pairs."""
    ratios = []
    for number in range(pairs + 1):
        order = (Machine, Unwatched) if number % 2 else (Unwatched, Machine)
        took = {made: loop(made, times=1000) for made in order}
        ratios.append(took[Machine] / took[Unwatched])
    ratios = sorted(ratios[1:])
    low, high = interval(ratios)
    print(f"watchdog: {statistics.median(ratios):.3f} (95 %: {low:.3f} to {high:.3f})")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.preemption")
    parser.add_argument("--quick", action="store_true", help="only see whether everything works")
    sizes = QUICK if parser.parse_args().quick else FULL
    if sys.version_info < (3, 12):
        print("no step is put aside before Python 3.12: there is nothing to measure")
        return
    shares(sizes["tasks"], sizes["seconds"])
    kills(sizes["kills"])
    armed(sizes["rounds"], sizes["pairs"])
    other_thread(sizes["seconds"] / 5)
    watchdog(sizes["pairs"])


if __name__ == "__main__":
    main()
