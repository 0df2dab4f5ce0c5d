"""Files on disk, read and written on worker threads, so that nobody else waits for the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from types import coroutine
from typing import Any

from ..syscalls.threads import RunInThread


@coroutine
def read_file(path: Any) -> Generator[Any, Any, Any]:
    """All that is in a file. Raises `FileNotFoundError` and other `OSError`s."""
    return (yield RunInThread(Path(path).read_bytes))


@coroutine
def write_file(path: Any, data: bytes) -> Generator[Any, Any, Any]:
    """Write `data` into a file, in place of all that was there; answers how many bytes. Whoever is
    killed meanwhile leaves the worker to finish. Raises `OSError`s.
    """
    return (yield RunInThread(Path(path).write_bytes, data))


@coroutine
def open_file(path: Any, mode: str = "r", **options: Any) -> Generator[Any, Any, DiskFile]:
    """Opens a file, as the built-in `open` does and with its options; answers a `DiskFile`.

    Raises `FileNotFoundError` and other `OSError`s.
    """
    file = DiskFile()
    opening: Future[Any] = Future()
    try:
        file.file = yield from file.do(opening, partial(open, path, mode, **options))
    except BaseException:
        opening.add_done_callback(close_result)
        raise
    return file


def close_result(opening: Future[Any]) -> None:
    """Nobody waits any more for the file that is being opened, or has been."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


class DiskFile:
    """An open file whose methods run on worker threads: one after the other, in the order in which
    tasks asked for them. Each is something to yield, and does what it does in an ordinary file.

    `async with` closes it, and `async for` goes over its lines.
    """

    __slots__ = ("file", "jobs", "lock")

    def __init__(self) -> None:
        self.file: Any = None
        #: What is still to be done; and who is at it.
        self.jobs: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self.lock = Lock()

    def read(self, size: int = -1) -> Any:
        """At most `size` bytes, or characters; all up to the end of the file, unless told so."""
        return self.call(self.file.read, size)

    def readline(self, size: int = -1) -> Any:
        """The next line, its end included."""
        return self.call(self.file.readline, size)

    def write(self, data: Any) -> Any:
        """Answers how much has been written."""
        return self.call(self.file.write, data)

    def seek(self, offset: int, whence: int = 0) -> Any:
        """Answers the new position."""
        return self.call(self.file.seek, offset, whence)

    def tell(self) -> Any:
        """Answers the position."""
        return self.call(self.file.tell)

    def truncate(self, size: int | None = None) -> Any:
        """Answers the new size."""
        return self.call(self.file.truncate, size)

    def flush(self) -> Any:
        """Hands the system what has been written."""
        return self.call(self.file.flush)

    def close(self) -> Any:
        """Closes the file, once all that was asked for before is done."""
        return self.call(self.file.close)

    @coroutine
    def call(self, method: Callable[..., Any], *arguments: Any) -> Generator[Any, Any, Any]:
        """Run `method` on a worker, when its turn comes."""
        return (yield from self.do(Future(), partial(method, *arguments)))

    def do(self, job: Future[Any], work: Callable[[], Any]) -> Generator[Any, Any, Any]:
        """Have `work` done on a worker. Who is killed meanwhile leaves it undone if it has not
        begun.
        """
        self.jobs.append((job, work))
        try:
            return (yield RunInThread(self.work_up_to, job))
        except BaseException:
            job.cancel()
            raise

    def work_up_to(self, wanted: Future[Any]) -> Any:
        """On a worker: do what comes before a job, too, if nobody has done it yet."""
        with self.lock:
            while not wanted.done():
                job, work = self.jobs.popleft()
                if job.set_running_or_notify_cancel():
                    finish(job, work)
        return None if wanted.cancelled() else wanted.result()

    async def __aenter__(self) -> DiskFile:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if kind is GeneratorExit:  # by force: here nobody can wait for the disk
            self.close_behind()
        else:
            await self.close()

    def close_behind(self) -> None:
        """Close it, once all that was asked for before is done, without anybody waiting."""
        job: Future[Any] = Future()
        self.jobs.append((job, self.file.close))
        Thread(target=self.work_up_to, args=(job,)).start()

    def __aiter__(self) -> DiskFile:
        return self

    async def __anext__(self) -> Any:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    def __repr__(self) -> str:
        return f"<DiskFile {self.file!r}>"


def finish(job: Future[Any], work: Callable[[], Any]) -> None:
    """Do the work, and note what came of it."""
    try:
        job.set_result(work())
    except BaseException as error:
        job.set_exception(error)
