"""Which callers wait for which files.

The kernel notes a `File` for every descriptor that somebody has waited for. The descriptor stays
watched after a wait, as the next one mostly follows at once; only when the poller tells of a file
that nobody waits for is it watched no more, and noted as ready.
"""

from __future__ import annotations

import errno
import io
import socket
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .errors import FileClosed, TooManyFiles
from .poller import READ, WRITE, Event
from .systemcall import SystemCall, brief
from .waitqueue import WaitQueue

if TYPE_CHECKING:
    from .alarms import Alarm
    from .scheduler import Scheduler
    from .waitqueue import Caller

#: Files that tasks have closed under a waiter are looked for when tasks have run, so often at most.
LOOK_OVER: Final = 0.1

#: Seconds that a file is left alone for which the system has no means at the moment.
PAUSE: Final = 0.1

#: No descriptor has a larger number.
LARGEST: Final = 2**31 - 1

#: After so many false alarms in a row the poller is made anew, and after twice as many the file is
#: left alone for so many seconds each time. (Who shares a listener with other processes has false
#: alarms, too, when they are faster.)
FALSE_ALARMS: Final = 8
WOLF: Final = 0.01


class FileCall(SystemCall):
    """A call that may sleep until a file is ready; its first argument is that file.

    `run` answers at once, or puts the caller to sleep by `FileTable.wait`; where others wait
    already it does not try, so that nobody overtakes. When the poller tells that the file is ready,
    `go_on` does the rest, or waits again.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]]

    def go_on(self, kernel: Scheduler, caller: Caller, file: File) -> object:
        """The file is ready: return the answer, raise, or wait again."""
        raise NotImplementedError

    @property
    def source(self) -> Any:
        """The file, as the caller knows it."""
        return getattr(self, self.__match_args__[0])


class Waiters(WaitQueue):
    """Callers that wait for one direction of a file; the table counts them."""

    __slots__ = ("since", "table")

    def __init__(self, table: FileTable) -> None:
        super().__init__()
        self.table = table
        #: When somebody began to wait, as long as anybody does.
        self.since = 0.0

    def append(self, caller: Caller) -> None:
        self.table.waiting += 1
        if self.first is None:
            self.since = caller.kernel.clock.now()
        WaitQueue.append(self, caller)

    def remove(self, caller: Caller) -> None:
        self.table.waiting -= 1
        WaitQueue.remove(self, caller)


class File:
    """What the kernel knows of one open file."""

    __slots__ = (
        "alarm",
        "false_alarms",
        "fd",
        "readable",
        "readers",
        "source",
        "starved",
        "table",
        "watched",
        "writable",
        "writers",
    )

    def __init__(self, fd: int, source: object, table: FileTable) -> None:
        self.fd = fd
        self.table = table
        self.source = reference(source)
        self.readers = Waiters(table)
        self.writers = Waiters(table)
        #: Whether a read, or a write, is worth a try. A hint: it may turn out to be wrong.
        self.readable = False
        self.writable = True
        #: What the poller is asked to tell of.
        self.watched = 0
        self.false_alarms = 0
        #: The end of its pause.
        self.alarm: Alarm | None = None
        #: `Accept` has reported that it cannot accept for now.
        self.starved = False

    def plain(self, error: BaseException) -> BaseException:
        """An error of reading or writing as it is told: `FileClosed` for a descriptor that is not
        open any more.
        """
        if isinstance(error, OSError) and error.errno == errno.EBADF:
            return FileClosed(self.fd)
        return error

    @property
    def wanted(self) -> int:
        """What somebody waits for."""
        return (READ if self.readers else 0) | (WRITE if self.writers else 0)

    def ring(self) -> None:
        """The pause is over: watch it again for those who wait."""
        if self.wanted:
            try:
                self.table.watch(self, self.wanted)
            except TooManyFiles:
                self.table.pause(self)
            except OSError:
                self.table.fail_closed(self)


class FileTable:
    """The files of one kernel, by descriptor."""

    def __init__(self, kernel: Scheduler) -> None:
        self.kernel = kernel
        self.files: dict[int, File] = {}
        #: How many callers wait for a file.
        self.waiting = 0
        self.alarm: Alarm | None = None
        self.looked_over = 0

    def of(self, source: Any) -> File:
        """The file behind a socket, an object with `fileno`, or a descriptor's number.

        Raises `FileClosed`, and `TypeError` for anything else.
        """
        fd = descriptor_of(source)
        file = self.files.get(fd)
        if file is None or not (file.source() is source or self.same(file, source)):
            file = self.files[fd] = File(fd, source, self)
        return file

    def socket(self, sock: socket.socket) -> File:
        """The file behind a socket. Raises `TypeError` for anything else."""
        if type(sock) is socket.socket:
            known = self.files.get(sock.fileno())
            if known is not None and known.source() is sock:
                return known
        elif not isinstance(sock, socket.socket):
            raise TypeError(f"a socket is wanted here, not {brief(sock)}")
        return self.of(sock)

    def same(self, file: File, source: object) -> bool:
        """Whether `file`, noted under another name, is what `source` stands for.

        It is, as long as anybody has it open by that name or waits for it by a third one: a number
        stands for one open file at a time.
        """
        if file.source is by_number:
            if not isinstance(source, int):
                file.source, file.watched = reference(source), 0
                if file.wanted:
                    self.watch(file, file.wanted)
            return True
        if is_open(file.source(), file.fd):
            return True
        self.fail_closed(file)
        file.source = reference(source)
        return bool(file.wanted)

    def wait(self, file: File, direction: int, caller: Caller, call: FileCall) -> object:
        """Put `caller` to sleep until the poller says that `file` is ready for `direction`.

        What cannot be watched, such as a file on disk, is always ready, and answers None at once.
        """
        # A bare number may stand for another file by now, so it is always watched anew.
        if not file.watched & direction or file.source is by_number:
            try:
                self.watch(file, direction)
            except PermissionError:
                return None
        if direction == READ:
            file.readable = False
            return caller.sleep(file.readers, call)
        file.writable = False
        return caller.sleep(file.writers, call)

    def watch(self, file: File, direction: int) -> None:
        """Have the poller tell when `file` is ready for `direction`, too.

        Raises `PermissionError` for what cannot be watched, and `FileClosed`.
        """
        try:
            self.kernel.poller.watch(file.fd, file.watched | direction)
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            if not file.wanted:
                self.files.pop(file.fd, None)
            raise FileClosed(file.fd) from None
        file.watched |= direction

    def ready(self, events: list[Event]) -> None:
        """The poller tells of these: the first who waits for each goes on."""
        files = self.files
        for fd, event in events:
            file = files.get(fd)
            if file is None:
                continue
            unwanted = 0
            if event & ~WRITE:
                waiter = file.readers.first
                if waiter is None:
                    file.readable = True
                    unwanted = READ
                else:
                    waiter.go_on(file)
            if event & ~READ:
                waiter = file.writers.first
                if waiter is None:
                    file.writable = True
                    unwanted |= WRITE
                else:
                    waiter.go_on(file)
            if unwanted:
                self.ignore(file, unwanted)

    def ignore(self, file: File, unwanted: int) -> None:
        """The poller told of something that nobody waits for."""
        if unwanted & file.watched:
            self.unwatch(file, unwanted)
        else:
            # Nobody has asked for that: it comes from a file that once had this number.
            self.false_alarm(file)

    def false_alarm(self, file: File) -> None:
        """The poller told that `file` is ready, and nobody could make use of it."""
        file.false_alarms += 1
        if file.false_alarms == FALSE_ALARMS:
            self.unwatch(file, 0)
            self.kernel.poller.rebuild()
        elif file.false_alarms > 2 * FALSE_ALARMS:  # it is this very file that cries wolf
            self.pause(file, WOLF)

    def unwatch(self, file: File, direction: int) -> None:
        """Nobody waits: let the poller be silent about it."""
        file.watched &= ~direction
        try:
            self.kernel.poller.watch(file.fd, file.watched)
        except OSError:
            # Closed, and yet told of: a duplicate of the descriptor is still open.
            self.kernel.poller.rebuild()

    def pause(self, file: File, seconds: float = PAUSE) -> None:
        """Leave `file` alone for a while."""
        self.unwatch(file, READ | WRITE)
        if file.alarm is None:
            self.kernel.alarms.set(self.kernel.clock.now() + seconds, file)

    def expect_closing(self) -> None:
        """Tasks have run: soon look for what they closed."""
        if self.waiting and self.alarm is None and self.looked_over != self.kernel.passes:
            self.kernel.alarms.set(self.kernel.clock.now() + LOOK_OVER, self)

    def ring(self) -> None:
        """Fail those who wait for a file that was closed under them: no poller tells of it."""
        self.looked_over = self.kernel.passes
        for file in list(self.files.values()):
            if file.wanted:
                self.fail_closed(file)

    def fail_closed(self, file: File) -> None:
        """An error to each who waits for `file` by a name under which it is closed."""
        for caller in [*file.readers, *file.writers]:
            if not self.is_open(file, caller.call):
                caller.fail(FileClosed(file.fd))

    def is_open(self, file: File, call: object) -> bool:
        """Whether who sleeps in `call` waits for something; of a bare number the poller knows."""
        source = call.source if isinstance(call, FileCall) else file.source()
        if not isinstance(source, int) and file.source is not by_number:
            return is_open(source, file.fd)
        try:
            self.watch(file, 0)
        except OSError:
            return False
        return True


def descriptor_of(source: Any) -> int:
    """The number of an open file, given by itself or by an object with `fileno`."""
    fd = source
    if hasattr(source, "fileno"):
        try:
            fd = source.fileno()
        except io.UnsupportedOperation:
            raise TypeError(f"a {type(source).__name__} has no descriptor to wait for") from None
        except ValueError:
            fd = -1
    if not isinstance(fd, int) or isinstance(fd, bool):
        raise TypeError(f"a socket or an open file is wanted here, not {brief(source)}")
    if not 0 <= fd <= LARGEST:
        raise FileClosed(fd)
    return fd


def is_open(source: Any, fd: int) -> bool:
    """Whether `source` is open, and under this number."""
    try:
        return bool(source.fileno() == fd)
    except BaseException:  # its own code may raise anything
        return False


def by_number() -> None:
    """The source of a file that is known only by its number."""


def reference(source: object) -> Callable[[], object]:
    """A reference that does not keep `source` open, where there can be one."""
    if isinstance(source, int):
        return by_number
    try:
        return weakref.ref(source)
    except TypeError:
        return by_number
