"""What `top` shows at this moment, and what its keys change about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, get_args

from kernel import KernelStopped, RequestCancelled, TaskInfo

from ..answers import Busy, Top
from ..status import memory
from ..system import PATIENCE, System
from .glimpse import Glimpse, Order, Rows
from .profile import Profile

#: Seconds from one picture to the next: at first, and the least and the most.
INTERVAL: Final = 1.0
SHORTEST: Final = 0.1
LONGEST: Final = 60.0

#: The kernel is kept busy by our questions for one part in so many, at most.
MODESTY: Final = 20


class View:
    """Some rows of the table of tasks, with the one that is chosen.

    The keys change it on the main thread; whatever they change is seen with the next answer of the
    kernel, which `look`, on a thread of its own, asks for at once when `wanted` is set.
    """

    def __init__(self, system: System, rows: Callable[[], int]) -> None:
        self.system = system
        self.machine = system.machine
        self.profile = Profile(self.machine)
        #: How many rows of tasks fit on the screen.
        self.rows = rows
        self.order: Order = "share"
        self.reverse = False
        self.text = ""
        self.interval = INTERVAL
        self.frozen = False
        self.shown = Rows([], 0, 0)
        self.overview = self.machine.overview()
        #: The row to begin with, the row that is chosen, and the tid of the task there.
        self.first = 0
        self.row = 0
        self.chosen = 0
        #: What is wrong with the kernel, if it does not answer.
        self.trouble = ""
        self.wanted = threading.Event()
        self.reply: Future[Any] | None = None
        self.asked = 0.0
        self.due = 0.0

    # -- on the thread that looks

    def look(self) -> bool:
        """Take a sample, ask, or take an answer in; whether there is something new to show."""
        now = time.monotonic()
        if self.reply is not None:
            self.profile.sample()
            return self.receive(self.reply, now)
        wanted = self.wanted.is_set()
        if self.frozen and not wanted:
            return False
        self.profile.sample()
        if not wanted and now < self.due:
            return False
        self.wanted.clear()
        if now >= self.due and not self.frozen:
            self.overview = self.profile.gather()
            self.due = now + self.interval
        self.ask(now)
        return False

    def ask(self, now: float) -> None:
        """Ask the kernel for the rows."""
        shares = self.profile.shares
        call = Glimpse(self.rows(), self.first, self.order, self.reverse, self.text, shares)
        self.asked = now
        self.reply = self.machine.submit(call)

    def receive(self, reply: Future[Any], now: float) -> bool:
        """Take an answer in, if it is there, or say why it is not."""
        if not reply.done():
            return now - self.asked >= PATIENCE and self.say(self.holder())
        self.reply = None
        try:
            self.shown = reply.result()
        except (KernelStopped, RequestCancelled) as error:
            self.overview = self.machine.overview()
            return self.say(f"restart gives a new kernel: {error}")
        self.due = max(self.due, now + MODESTY * (now - self.asked))
        self.trouble = ""
        if not self.wanted.is_set():  # or else a key has chosen another row since we asked
            self.first = self.shown.first
        self.find_chosen()
        return True

    def holder(self) -> str:
        """Who keeps the kernel from answering."""
        holder = self.machine.holder()
        if holder is None:
            return "the kernel does not answer yet"
        self.profile.gather()
        return f"task {holder.tid} holds the kernel at {holder.file}:{holder.line}"

    def say(self, trouble: str) -> bool:
        """Tell why there are no news; whether that is news."""
        before, self.trouble = self.trouble, trouble
        return before != trouble

    def find_chosen(self) -> None:
        """Keep the task that is chosen, wherever it is now; or else the row."""
        tids = [task.tid for task in self.shown.tasks]
        if self.chosen in tids:
            self.row = tids.index(self.chosen)
        self.row = max(0, min(self.row, len(tids) - 1))
        self.chosen = tids[self.row] if tids else 0

    # -- on the main thread

    def top(self) -> Top:
        """All that is shown, as a command answers it."""
        overview, shares = self.overview, self.profile.shares
        rows = [Busy(shares.get(task.tid, 0.0), task) for task in self.shown.tasks]
        return Top(
            overview.tasks,
            overview.ready,
            overview.blocked,
            overview.stopped,
            self.profile.processor,
            self.profile.turns,
            memory(),
            list(self.profile.history),
            self.shown.first,
            self.shown.match,
            rows,
            overview.paused,
            overview.rate,
        )

    @property
    def task(self) -> TaskInfo | None:
        """The task that is chosen."""
        tasks = self.shown.tasks
        return tasks[self.row] if self.row < len(tasks) else None

    def move(self, rows: int) -> None:
        """Choose the task so many rows further down; at the edge, have others shown."""
        row = self.row + rows
        last = len(self.shown.tasks) - 1
        self.row = max(0, min(row, last))
        task = self.task
        self.chosen = task.tid if task is not None else 0
        if row != self.row:
            self.first = max(0, self.first + row - self.row)
            self.chosen = 0  # whichever will be in that row
            self.wanted.set()

    def sort(self, order: Order) -> None:
        """Sort otherwise, and show the first."""
        self.order = order
        self.go_to_top()

    def sort_next(self, step: int) -> None:
        """Sort by the next of what there is to sort by."""
        orders: tuple[Order, ...] = get_args(Order)
        self.sort(orders[(orders.index(self.order) + step) % len(orders)])

    def turn_round(self) -> None:
        self.reverse = not self.reverse
        self.go_to_top()

    def filter(self, text: str) -> None:
        """Show only what has this text."""
        self.text = text.strip()
        self.go_to_top()

    def go_to_top(self) -> None:
        self.first = self.row = self.chosen = 0
        self.wanted.set()

    def quicken(self, factor: float) -> None:
        """Have pictures more often, or less."""
        self.interval = max(SHORTEST, min(LONGEST, self.interval * factor))
        self.due = min(self.due, time.monotonic() + self.interval)

    def freeze(self) -> None:
        """Let the picture stand still, or go on."""
        self.frozen = not self.frozen
        if not self.frozen:
            self.profile = Profile(self.machine)
            self.due = 0.0
