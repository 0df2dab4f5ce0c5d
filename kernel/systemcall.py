"""What a system call is. Every call, in every file of `syscalls/`, has this one form.

    @system_call
    class GetTid(SystemCall):
        \"\"\"Answers the caller's own tid.\"\"\"

        def run(self, kernel, caller):
            return caller.tid

`run` returns the answer, raises, or returns `caller.sleep(queue, call)`; nothing else runs
meanwhile. Calls are values: nobody writes to one after it is made, so the same object may be
yielded twice, or by two tasks at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from .scheduler import Scheduler
    from .task import Task
    from .waitqueue import Caller

C = TypeVar("C", bound=type)


class Asleep:
    """What `run` returns in place of an answer: the caller has its place on a queue."""

    def __repr__(self) -> str:
        return "asleep"


ASLEEP: Final = Asleep()


@dataclass_transform(eq_default=False)
def system_call(cls: C) -> C:
    """Declare a call: its annotated attributes are its arguments, in order."""
    # Without arguments a call needs no `__init__`, and is made in half the time.
    declare: Any = dataclass(init=has_fields(cls), slots=True, repr=False, eq=False)
    return cast(C, declare(cls))


def has_fields(cls: type) -> bool:
    """Whether a class or one that it is made of has annotated attributes, which are arguments."""
    kinds = (str(kind) for base in cls.__mro__ for kind in get_annotations(base).values())
    return not all(kind.startswith("ClassVar") for kind in kinds)


class SystemCall:
    """A request to the kernel, made by `yield call`, `yield from call` or `await call`."""

    __slots__ = ()

    #: Whether it may do a part of its work and then sleep: so it cannot be a branch of a `Select`.
    acts_first: ClassVar[bool] = False
    #: Whether it gives back what the caller has, without ever sleeping: so a kill that surfaces at
    #: its `yield` does not prevent it.
    gives_back: ClassVar[bool] = False
    #: Whether only an end by force ends the sleep early: whatever else the caller is told meanwhile
    #: is raised at its next `yield`.
    uninterruptible: ClassVar[bool] = False
    #: Who can end the sleep, in words, and in what way: "whoever sets it".
    woken_by: ClassVar[str] = ""

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        """Do it: return the answer, raise, or return `caller.sleep(queue, call)`."""
        raise NotImplementedError

    def drop(self) -> None:
        """It will not be made, as an error that the caller is told of comes first."""

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        """The alarm of the sleeping `caller` is due; unless a call says otherwise, look again."""
        caller.look_again()

    def ended(self, task: Task) -> object:
        """The task for whose end a caller sleeps in this call has ended: the answer, or raise."""
        raise NotImplementedError

    def reason(self, kernel: Scheduler, caller: Caller) -> str:
        """What the `caller`, asleep in this call, waits for, in words."""
        return repr(self)

    def ends(self, tid: int) -> bool:
        """Whether it is to end this task, or to interrupt what it does."""
        return False

    def waits_for(self) -> int | None:
        """The tid of the one task that could end this sleep, if there is just one."""
        return None

    def waits_for_all(self) -> Iterable[int]:
        """The tids of the tasks without each of which this sleep does not end."""
        tid = self.waits_for()
        return () if tid is None else (tid,)

    def __await__(self) -> Generator[SystemCall, Any, Any]:
        return (yield self)

    __iter__ = __await__

    def __repr__(self) -> str:
        arguments = (getattr(self, name) for name in getattr(self, "__match_args__", ()))
        return f"{type(self).__name__}({', '.join(map(brief, arguments))})"


def brief(value: object, width: int = 40) -> str:
    """`value` in one short line: an open file as its descriptor, a payload cut to `width`.

    A large value is cut before it is written out, so that 64 MiB never print themselves.
    """
    return safe(in_one_line, value, width)


def in_one_line(value: Any, width: int) -> str:
    if isinstance(value, PAYLOADS):
        return payload(value, width)
    text = str.__str__(short_repr(value, width))
    if not text.isprintable():
        text = repr(text)[1:-1]
    return text if len(text) <= width else text[: width - 1] + "…"


def payload(value: bytes | bytearray | memoryview | str, width: int) -> str:
    """The first `width` items, as the plain type that prints best, and how many there are more."""
    head = str(value[:width]) if isinstance(value, str) else bytes(value[:width])
    more = f"… {len(value) - width:,} more" if len(value) > width else ""
    return f"{head!r}{more}"


def short_repr(value: Any, width: int) -> str:
    if isinstance(value, CONTAINERS):
        return repr(value) if small(value, width) else f"<{type(value).__name__} of {len(value):,}>"
    if hasattr(value, "fileno"):
        return descriptor(value)
    name = getattr(value, "__qualname__", None)
    return name if isinstance(name, str) and not isinstance(value, type) else repr(value)


def small(value: Any, width: int, depth: int = 0) -> bool:
    """Whether it is short, and so is what it holds, and what that holds."""
    if not isinstance(value, (*PAYLOADS, *CONTAINERS)):
        return True
    if len(value) > width or depth == 3:
        return False
    if isinstance(value, PAYLOADS):
        return True
    items = [*value, *value.values()] if isinstance(value, dict) else value
    return all(small(item, width, depth + 1) for item in items)


def descriptor(file: Any) -> str:
    """The number of an open file, or `closed`."""
    try:
        fd = file.fileno()
    except (OSError, ValueError):
        return "closed"
    return "closed" if fd == -1 else str(fd)


def safe(write: Callable[..., str], value: object, *arguments: Any) -> str:
    """What `write` makes of `value`, even where the value's own code raises."""
    try:
        return write(value, *arguments)
    except BaseException as error:
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"


PAYLOADS: Final = (bytes, bytearray, memoryview, str)
CONTAINERS: Final = (list, tuple, set, frozenset, dict)
