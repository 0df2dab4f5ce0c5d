"""Runs scripts such as `server.py`, which make a `Scheduler` and call its `mainloop`.

While it is loaded a script gets a `Guest` for a scheduler, which hands its tasks to the running
system. The first `mainloop` ends the loading; the script itself waits in it, as ever, until those
tasks have ended, so that its `with` and `finally` blocks are left when it is time.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from types import ModuleType
from typing import Any, ClassVar

from kernel import KernelStopped, ListTasks, NoSuchTask, Scheduler, Task, WaitTask
from kernel.scheduler import HOST

from .loader import Abandoned, Loading, execute
from .program import Reference
from .system import Admit, ReserveTid, System, announcement, drop


class Script:
    """A script under way: what its schedulers hand over, and when."""

    def __init__(self, reference: Reference, arguments: list[str], system: System) -> None:
        assert reference.file is not None
        self.file = reference.file
        self.title = reference.file.name
        self.arguments = arguments
        self.system = system
        self.guests: list[Guest] = []
        self.loading = Loading(reference.text, self.run)
        self.ended = self.loading.ended
        #: Set when the tasks that it was loaded for are in the system.
        self.admitted = threading.Event()

    def load(self) -> list[Task]:
        """Run the script up to its first `mainloop`, or to its end; answers the tasks it made.

        Raises `LoadingFailed`, `TakesTooLong`, and `GivenUp` on Ctrl-C.
        """
        former = sys.modules["__main__"], sys.argv
        try:
            tasks: list[Task] = self.loading.result(self.system)
        except BaseException:
            sys.modules["__main__"], sys.argv = former
            drop(self.rest())
            raise
        return tasks

    def run(self) -> list[Task]:
        """On the loading thread. `__main__` and `sys.argv` stay as they are, for the tasks."""
        HOST.scheduler = type("Guest", (Guest,), {"script": self})
        module = sys.modules["__main__"] = ModuleType("__main__")
        sys.argv = [str(self.file), *self.arguments]
        try:
            execute(self.file, module)
        except SystemExit as leaving:
            if leaving.code or isinstance(leaving, Abandoned):
                raise
        rest = self.rest()
        if self.loading.done.is_set():
            drop(rest)  # made behind a `mainloop`, and without one of their own
        return rest

    @property
    def failed(self) -> bool:
        """Whether something went wrong behind its `mainloop`."""
        return self.loading.late is not None

    def rest(self) -> list[Task]:
        """The tasks of schedulers whose `mainloop` has not been called."""
        return [task for guest in self.guests for task in guest.hand_over()]

    def begin(self, tasks: list[Task]) -> None:
        """A `mainloop` has been called, so these tasks are to run. The first ends the loading."""
        if not self.loading.done.is_set():
            self.loading.finish(tasks)
            self.admitted.wait()
        else:
            self.system.output.report(tasks[0].tid, announcement(tasks, self.title))
            self.system.machine.call(Admit(tasks))
            self.system.started += [task.tid for task in tasks]


class Guest(Scheduler):
    """The scheduler that a script gets: its tasks are tasks of the running system."""

    script: ClassVar[Script]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.collected: list[Task] = []
        self.script.guests.append(self)
        self.machine = self.script.system.machine

    def schedule(self, task: Task, parent: int = 0) -> None:
        if threading.current_thread() is self.machine.thread:  # one of our tasks starts another
            self.machine.kernel.schedule(task, parent)
            return
        if task.tid:
            raise ValueError(f"task {task.tid} has been scheduled before")
        task.tid = self.machine.call(ReserveTid())
        self.collected.append(task)

    def hand_over(self) -> list[Task]:
        """The tasks that are still to run."""
        tasks, self.collected = self.collected, []
        return tasks

    def mainloop(self) -> None:
        """Comes back when the tasks have ended, and those that they have started."""
        tasks = self.hand_over()
        family = {task.tid for task in tasks}
        try:
            if tasks:
                self.script.begin(tasks)
            while alive := self.living(family):
                with suppress(NoSuchTask):
                    self.machine.call(WaitTask(alive[0]))
        except KernelStopped:
            raise Abandoned from None

    def living(self, family: set[int]) -> list[int]:
        """The living tasks of `family`; children are added to it."""
        alive = []
        for task in self.machine.call(ListTasks()).tasks:
            if task.parent in family:
                family.add(task.tid)
            if task.tid in family:
                alive.append(task.tid)
        return alive
