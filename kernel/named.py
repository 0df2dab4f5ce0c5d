"""What tasks share has a name, for people."""

from __future__ import annotations


class Named:
    """Something that is called by its class and its `name`, if it has one: `Mutex stock`."""

    __slots__ = ("name",)

    def __init__(self, name: str = "") -> None:
        self.name = name

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.name}".rstrip()

    def __repr__(self) -> str:
        return f"<{self}>"
