"""Lays the pipes between the stages of `spawn a | b > FILE`.

A stage prints into a pipe of lines that the next one reads; the last prints on the screen, or into
a file. The tasks that a stage starts read and print where it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kernel import Scheduler, Task
from kernel.linepipe import LinePipe
from kernel.trace import Spawned
from kernel.watch import Watch

from .output import Output
from .outputfile import OutputFile


class Connection(NamedTuple):
    """What a task reads from, and what it prints into; None is the console."""

    source: LinePipe | None
    sink: LinePipe | OutputFile | None

    @property
    def write(self) -> Callable[[int, str], object] | None:
        """What takes the text that a task prints, if it is not the console."""
        return None if self.sink is None else self.sink.write


class Plumber:
    """Connects the tasks of one pipeline. On the kernel's thread, but for `close`."""

    def __init__(self, output: Output, target: OutputFile | None) -> None:
        self.output = output
        self.target = target
        #: Those of living tasks.
        self.connections: dict[int, Connection] = {}

    def join(self, kernel: Scheduler, tasks: list[Task]) -> None:
        """Join the tasks, which have had no step, in this order."""
        self.kernel = kernel
        pipes = [LinePipe(kernel) for _ in tasks[1:]]
        for task, source, sink in zip(tasks, [None, *pipes], [*pipes, self.target], strict=True):
            self.connect(task, Connection(source, sink))
        kernel.trace.subscribe(self.spawned, Spawned)

    def connect(self, task: Task, connection: Connection) -> None:
        self.connections[task.tid] = connection
        if connection.source is not None:
            connection.source.join_readers(task)
        if isinstance(connection.sink, LinePipe):
            connection.sink.join_writers(task)
        if connection.write is not None:
            self.output.routes[task.tid] = connection.write
        Watch(task, self.disconnect)

    def spawned(self, event: Spawned) -> None:
        """A task has been started; if by one of ours, it is connected like that one."""
        if event.parent in self.connections:
            self.connect(self.kernel.tasks[event.tid], self.connections[event.parent])

    def disconnect(self, task: Task) -> None:
        """The task has ended."""
        self.output.routes.pop(task.tid, None)
        del self.connections[task.tid]
        if not self.connections:
            self.kernel.trace.unsubscribe(self.spawned)
            self.close()

    def close(self) -> None:
        """Nothing is connected, or will be."""
        if self.target is not None:
            try:
                self.target.close()
            except OSError as error:
                self.output.report(0, self.target.trouble(error))
