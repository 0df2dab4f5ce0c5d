"""A child that crashes now and then, and the supervisor that starts it anew."""

from kernel import Child, GetTid, Sleep, TooManyRestarts, supervise


def supervised_crasher(crashes: int = 3, *, pause: float = 1.0):
    """Crash, and be started anew.

    After more than 3 crashes within 5 seconds the supervisor gives up.
    Look at the `tasks` meanwhile, and `kill` one.

    pause: seconds from a start to the crash
    """
    left = list(range(crashes, 0, -1))
    try:
        yield supervise([Child(child, left, pause, restart="transient")])
    except TooManyRestarts as error:
        print("the supervisor gives up:", error)


def child(left, pause):
    """Crash if that is still to be done, or else end well."""
    print("task", (yield GetTid()), "starts,", len(left), "crashes to go")
    yield Sleep(pause)
    if left:
        raise RuntimeError(f"crash number {left.pop()} before the last")
    print("this one does not crash")
