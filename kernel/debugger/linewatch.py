"""To be told when certain lines are executed.

Since Python 3.12 the interpreter itself tells, by `sys.monitoring`, and only for the code that has
such a line: all other code runs as fast as ever. Before, a trace function looks at every line of
those files that have one, on the kernel's own thread.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from ..errors import LinesTaken
from ..record import record

#: The numbers that a tool can have there; those between belong to nobody.
TOOLS = (0, 3, 4, 1, 2, 5)


@record
class CodeLine:
    """A line of a file, by the path that its code knows."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


#: Called with the line, and the frame that is about to execute it.
Reached = Callable[[CodeLine, FrameType], object]


class LineWatch(ABC):
    """Calls `reached` with each of some lines before it is executed. Nothing is installed while
    there is no such line.
    """

    def __init__(self, reached: Reached) -> None:
        self.reached = reached
        self.lines: set[CodeLine] = set()
        self.files: set[str] = set()

    def add(self, line: CodeLine) -> None:
        """Raises `LinesTaken`."""
        if not self.lines:
            self.install()
        self.note({*self.lines, line})

    def remove(self, line: object) -> None:
        if line in self.lines:
            self.note({each for each in self.lines if each != line})
            if not self.lines:
                self.uninstall()

    def close(self) -> None:
        """Remove all lines."""
        for line in list(self.lines):
            self.remove(line)

    def note(self, lines: set[CodeLine]) -> None:
        self.lines = lines
        self.files = {each.file for each in lines}

    def has_line(self, code: CodeType) -> bool:
        """Whether one of the lines is in this code."""
        file = code.co_filename
        if file not in self.files:
            return False
        return any(CodeLine(file, line) in self.lines for _, _, line in code.co_lines() if line)

    @abstractmethod
    def meet(self, code: CodeType) -> None:
        """This code is under way already."""

    @abstractmethod
    def install(self) -> None:
        """Raises `LinesTaken` if somebody else has the place."""

    @abstractmethod
    def uninstall(self) -> None: ...


if sys.version_info >= (3, 12):

    class MonitoredLines(LineWatch):
        """By `sys.monitoring`. Code is met when it is entered or resumed for the first time, once;
        from then on the lines of that which has one of ours tell of themselves.
        """

        def __init__(self, reached: Reached) -> None:
            super().__init__(reached)
            #: Kept here, as the interpreter calls us until its very end, when `sys` is gone.
            self.monitoring = sys.monitoring
            self.events = sys.monitoring.events
            self.met: list[CodeType] = []

        def install(self) -> None:
            tool = next((each for each in TOOLS if not self.monitoring.get_tool(each)), None)
            if tool is None:
                raise LinesTaken
            self.tool = tool
            self.monitoring.use_tool_id(tool, "pyos")
            self.call_at(self.events.PY_START, self.begin)
            self.call_at(self.events.PY_RESUME, self.begin)
            self.call_at(self.events.LINE, self.execute)
            self.monitoring.set_events(tool, self.events.PY_START | self.events.PY_RESUME)

        def uninstall(self) -> None:
            self.monitoring.set_events(self.tool, 0)
            for code in self.met:
                self.monitoring.set_local_events(self.tool, code, 0)
            for event in (self.events.PY_START, self.events.PY_RESUME, self.events.LINE):
                self.call_at(event, None)
            self.monitoring.free_tool_id(self.tool)
            self.met = []

        def call_at(self, event: int, function: Callable[[CodeType, int], object] | None) -> None:
            self.monitoring.register_callback(self.tool, event, function)

        def note(self, lines: set[CodeLine]) -> None:
            super().note(lines)
            self.monitoring.restart_events()

        def meet(self, code: CodeType) -> None:
            if self.has_line(code):
                self.met.append(code)
                self.monitoring.set_local_events(self.tool, code, self.events.LINE)

        def begin(self, code: CodeType, offset: int) -> object:
            self.meet(code)
            return self.monitoring.DISABLE

        def execute(self, code: CodeType, number: int) -> object:
            line = CodeLine(code.co_filename, number)
            if line not in self.lines:
                return self.monitoring.DISABLE
            return self.reached(line, sys._getframe(1))


class TracedLines(LineWatch):
    """By a trace function."""

    def install(self) -> None:
        if sys.gettrace() is not None:
            raise LinesTaken
        sys.settrace(self.enter)

    def uninstall(self) -> None:
        sys.settrace(None)

    def meet(self, code: CodeType) -> None:
        """There is nothing to be done to the code: frames are looked at as they begin."""

    def enter(self, frame: FrameType, event: str, argument: object) -> Any:
        return self.execute if self.has_line(frame.f_code) else None

    def execute(self, frame: FrameType, event: str, argument: object) -> Any:
        line = CodeLine(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and line in self.lines:
            self.reached(line, frame)
        return self.execute


def line_watch(reached: Reached) -> LineWatch:
    """The best there is in this Python."""
    if sys.version_info >= (3, 12):
        return MonitoredLines(reached)
    return TracedLines(reached)
