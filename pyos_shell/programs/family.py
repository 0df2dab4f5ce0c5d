"""A parent that waits for its children."""

from kernel import GetTid, NewTask, Sleep, WaitTask


def family(children: int = 3, *, seconds: float = 10.0):
    """Start children, and wait for them.

    Each child sleeps, a second longer than the one before.

    seconds: how long the first one sleeps
    """
    tids = []
    for number in range(children):
        tids.append((yield NewTask(child(seconds + number))))
    print("my children are", *tids)
    for tid in tids:
        status = yield WaitTask(tid)
        print("child", tid, status)


def child(seconds):
    """Sleep, and tell the parent who it was."""
    yield Sleep(seconds)
    return (yield GetTid())
