"""The fourth door: which ready task runs next, and how many calls it may make in one turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from .task import Task

#: Each turn of a task: so many calls are answered at once before it goes to the back of the queue.
BUDGET: Final = 64


class Policy:
    """Round robin: the task that has waited longest. The policy of every kernel unless told
    otherwise.

    Another policy is a subclass with a `pick` of its own. `budget` calls of a task are answered at
    once; with a budget of 1 every call is a scheduling point, as in the article.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        if budget < 1:
            raise ValueError("a budget is at least 1 call")
        self.budget = budget

    def picker(self, ready: deque[Task]) -> Callable[[], Task]:
        """The function that the loop calls for the next task; it raises `IndexError` if there is
        none.

        For round robin it is the queue's own method, so that the door costs nothing.
        """
        if type(self).pick is Policy.pick:
            return ready.popleft

        def pick() -> Task:
            if not ready:
                raise IndexError("no task is ready")
            return self.pick(ready)

        return pick

    def pick(self, ready: deque[Task]) -> Task:
        """Take one task out of `ready`, which is not empty, and give it."""
        return ready.popleft()

    def peek(self, ready: deque[Task]) -> Task | None:
        """The task that `pick` would take, left where it is; None if nobody can tell."""
        return ready[0] if ready and type(self).pick is Policy.pick else None


class Scripted(Policy):
    """Runs the tasks in the order of a list of tids; round robin once the list is at its end.

    A tid that is not ready when its turn comes is an error: the script does not fit the program.
    """

    def __init__(self, script: Iterable[int], budget: int = 1) -> None:
        super().__init__(budget)
        self.script = deque(script)

    def pick(self, ready: deque[Task]) -> Task:
        if not self.script:
            return ready.popleft()
        tid = self.script.popleft()
        for task in ready:
            if task.tid == tid:
                ready.remove(task)
                return task
        raise LookupError(f"the script wants task {tid}, which is not ready")

    def peek(self, ready: deque[Task]) -> Task | None:
        wanted = self.script[0] if self.script else None
        return next((task for task in ready if wanted in (None, task.tid)), None)
