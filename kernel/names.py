"""Names that tasks go by, so that others need not know their tids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NameTaken, NoSuchName
from .systemcall import brief
from .watch import Watch

if TYPE_CHECKING:
    from .task import Task


class Names:
    """Which task goes by which name. A name falls free when its task ends."""

    def __init__(self) -> None:
        self.owners: dict[str, tuple[Task, Watch]] = {}

    def give(self, name: object, task: Task) -> None:
        """From now on `task` goes by `name`. Raises `NameTaken` while a task does."""
        name = checked(name)
        if name in self.owners:
            raise NameTaken(name, self.owners[name][0].tid)
        self.owners[name] = task, Watch(task, lambda _: self.take_back(name))

    def take_back(self, name: object) -> None:
        """Nobody goes by `name` any more. Raises `NoSuchName` if nobody did."""
        name = checked(name)
        if name not in self.owners:
            raise NoSuchName(name)
        self.owners.pop(name)[1].leave()

    def tids(self) -> dict[str, int]:
        """The tids of the tasks, by the names that they go by. From any thread."""
        return {name: task.tid for name, (task, _) in list(self.owners.items())}

    def find(self, name: object) -> Task:
        """The task that goes by `name`. Raises `NoSuchName`."""
        name = checked(name)
        if name not in self.owners:
            raise NoSuchName(name)
        return self.owners[name][0]


def checked(name: object) -> str:
    """The name, without any code of its own that a subclass of `str` may have.

    Raises `TypeError` for what is no string, `ValueError` for an empty one.
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is a string, not {brief(name)}")
    if not str.__len__(name):
        raise ValueError("a name has one character at least")
    return str.__str__(name)
