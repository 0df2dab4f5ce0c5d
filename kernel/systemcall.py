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
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Generator

    from .scheduler import Scheduler
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
    declare: Any = dataclass(slots=True, repr=False, eq=False)
    return cast(C, declare(cls))


class SystemCall:
    """A request to the kernel, made by `yield call`, `yield from call` or `await call`."""

    __slots__ = ()

    def run(self, kernel: Scheduler, caller: Caller) -> object:
        """Do it: return the answer, raise, or return `caller.sleep(queue, call)`."""
        raise NotImplementedError

    def ring(self, kernel: Scheduler, caller: Caller) -> None:
        """The alarm of the sleeping `caller` is due; unless a call says otherwise, look again."""
        caller.look_again()

    def reason(self, kernel: Scheduler) -> str:
        """What a caller asleep in this call waits for, in words."""
        return repr(self)

    def waits_for(self) -> int | None:
        """The tid of the one task that could end this sleep, if there is just one."""
        return None

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
    if isinstance(value, (bytes, bytearray, memoryview, str)):
        if len(value) > width:
            rest = len(value) - width
            return f"{brief(bytes_or_text(value, width))}… {rest:,} more"
        return repr(bytes_or_text(value, width))
    if hasattr(value, "fileno"):
        return descriptor(value)
    if isinstance(value, (list, tuple, set, frozenset, dict)) and len(value) > width:
        return f"<{type(value).__name__} of {len(value):,}>"
    text = safe_repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def bytes_or_text(value: bytes | bytearray | memoryview | str, width: int) -> bytes | str:
    """The first `width` items, as the plain type that prints best."""
    return value[:width] if isinstance(value, str) else bytes(value[:width])


def descriptor(file: Any) -> str:
    """The number of an open file, or `closed`."""
    try:
        fd = file.fileno()
    except (OSError, ValueError):
        return "closed"
    return "closed" if fd == -1 else str(fd)


def safe_repr(value: object) -> str:
    """`repr`, even of an object whose own `__repr__` raises."""
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str) and not isinstance(value, type):
        return name
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
