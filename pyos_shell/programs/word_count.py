"""Counts words, on all processors."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from inspect import getfile
from multiprocessing import get_context
from pathlib import Path
from re import findall

from kernel import RunInThread, Scheduler, WaitFuture


def word_count(folder: str = "", *, pattern: str = "*.py"):
    """Count words, on all processors.

    Without a FOLDER these are the sources of the kernel.
    """
    paths = sorted(Path(folder or Path(getfile(Scheduler)).parent).rglob(pattern))
    total: Counter[str] = Counter()
    pool, counts = yield RunInThread(start, paths)
    try:
        for each in counts:
            total.update((yield WaitFuture(each)))
    finally:
        yield RunInThread(partial(pool.shutdown, cancel_futures=True))
    for word, number in total.most_common(10):
        print(f"{number:8,} {word}")
    print(f"{total.total():8,} words in {len(paths):,} files")


def start(paths):
    """Start the processes, which takes a while; as new Pythons, as a fork would copy our locks."""
    pool = ProcessPoolExecutor(mp_context=get_context("spawn"))
    return pool, [pool.submit(count, path) for path in paths]


def count(path):
    """In a process: how often each word is in a file."""
    return Counter(findall(r"[^\W\d_]+", path.read_text("utf-8", "replace").lower()))
