"""Small values that tell what is or what happened. Nobody changes one after it is made.

    @record
    class Released(TraceEvent):
        \"\"\"A task has let go of the kernel, after about `seconds`.\"\"\"

        seconds: float

That is a dataclass with a place for each field and for nothing else. All records share what they
are compared and shown with: a frozen dataclass has all of it written for itself alone, which takes
five times as long, and there are a hundred of them before the first prompt. That nobody changes
one is what the type checker sees to. (What comes into the mailbox of a task, whose author may have
none, is a frozen dataclass.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast, dataclass_transform

C = TypeVar("C", bound=type)


@dataclass_transform(frozen_default=True)
def record(cls: C) -> C:
    """Declare a record: its annotated attributes are its fields, in order.

    It equals another of its very class with equal fields, and has a hash if they have.
    """
    for name in SHARED:
        if name not in vars(cls):
            setattr(cls, name, vars(Value)[name])
    declare: Any = dataclass(slots=True, eq=False, repr=False)
    return cast(C, declare(cls))


class Value:
    """What every record has."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return fields_of(self) == fields_of(other)

    def __hash__(self) -> int:
        return hash(fields_of(self))

    def __repr__(self) -> str:
        names: tuple[str, ...] = type(self).__match_args__  # type: ignore[attr-defined]
        pairs = zip(names, fields_of(self), strict=True)
        inside = ", ".join(f"{name}={value!r}" for name, value in pairs)
        return f"{type(self).__qualname__}({inside})"


SHARED: Final = ("__eq__", "__hash__", "__repr__")


def fields_of(value: Any) -> tuple[Any, ...]:
    """The fields of a record, in order."""
    return tuple(getattr(value, name) for name in value.__match_args__)
