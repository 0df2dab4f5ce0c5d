"""Bare greenlets and a loop by hand: it can switch and call, no more."""

from collections import deque

from greenlet import getcurrent, greenlet

STYLE = "greenlets"

ready: deque[greenlet] = deque()
hub = getcurrent()


def run(main):
    main()


def give_way(times):
    for _ in range(times):
        ready.append(getcurrent())
        hub.switch()


def run_all(function, arguments):
    for each in arguments:
        ready.append(greenlet(lambda each=each: function(*each)))
    while ready:
        ready.popleft().switch()


def park(count, wait):
    """Start so many that never end, and give what keeps them."""
    if wait != "event":
        raise NotImplementedError("greenlet has no timers")
    tasks = [greenlet(hub.switch) for _ in range(count)]
    for task in tasks:
        task.switch()
    return tasks
