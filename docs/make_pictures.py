"""Makes the pictures of the documentation: sessions on the real console, as SVG.

    python docs/make_pictures.py

The console runs on a pseudo-terminal, and a person's keys are typed into it. What the terminal
would show, `pyte` tells; each run of characters of one colour becomes a `<text>`. Several consoles
of one system stand side by side. Needs the extra `test`, and a system with pseudo-terminals.
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from fcntl import ioctl
from html import escape
from itertools import groupby
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ
from typing import NamedTuple

import pyte

HERE = Path(__file__).parent
COLUMNS, ROWS = 82, 40

#: The columns of a console that has another beside it, and the pixels between the two.
NARROW, GAP = 54, 12

GUARD = 30.0

#: Pixels of a character's cell, and around the text.
WIDTH, HEIGHT, MARGIN, BAR = 8.4, 18, 16, 34

BACKGROUND = "#21252b"
COLOURS = {
    BACKGROUND: BACKGROUND,
    "default": "#d8dee9",
    "red": "#e06c75",
    "green": "#98c379",
    "brown": "#e5c07b",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "brightblack": "#7f8796",
}

PROMPT = "pyos> "
TAB, CTRL_Z, CLEAR = "\t", "\x1a", "\x0c"

#: The age of a task, once the history of `top` has a few columns.
SECONDS_OLD = re.compile(r" (?:[3-9]\.\d|\d\d)s ")

#: How the console of a picture is started; or those of one system, which meet at a path.
ALONE = [["pyos"]]
TOGETHER = [["pyos", "--listen", "lecture"], ["pyos", "attach", "lecture", "--read-only"]]


class Act(NamedTuple):
    """A line that is typed at one of the consoles, or only a key; and what is waited for there,
    with the prompt below it, if one comes.
    """

    line: str
    answer: str | re.Pattern[str]
    prompt: bool = True
    console: int = 0


#: By the name of a picture, what is done. It is taken as all is then.
SESSIONS = {
    "session": [
        Act("spawn echo_server", "listening on"),
        Act("spawn echo_load 20 100", "messages echoed"),
        Act("spawn family", "my children are"),
        Act("tasks", "child 12.0"),
        Act("stack 1", "in Accept("),
        Act("spawn crash", "crashed: ZeroDivisionError"),
        Act("stack 47", "return 1 / number"),
        Act("spawn countdwon 5", "did you mean"),
    ],
    "completion": [
        Act("spawn echo_server", "listening on"),
        Act("spawn family", "my children are"),
        Act(f"kill {TAB}", "sleep", prompt=False),
    ],
    "top": [
        Act("spawn family 3 --seconds 1000", "my children are"),
        Act("spawn echo_server", "listening on"),
        Act("spawn echo_load 20 1000000", "echo_load 20"),
        Act("top", SECONDS_OLD, prompt=False),
    ],
    "why": [
        Act("spawn philosophers 3 --naive --pace 0", "deadlock"),
        Act("tasks", "WAITS FOR"),
        Act("why 2", "would end it"),
    ],
    "step": [
        Act("pause", "paused"),
        Act("spawn crash", "task 1: crash"),
        Act("step 4", "gives way"),
        Act("step 3", "crashed: ZeroDivisionError"),
        Act("resume", "resumed"),
        Act("", "\n no tasks", prompt=False),
    ],
    "foreground": [
        Act("run countdown 3 | upper | count", "3 lines"),
        Act("run guess --number 42", "a number from 1 to 100?", prompt=False),
        Act("50", "too large", prompt=False),
        Act(CTRL_Z, "is stopped", prompt=False),
        Act("tasks", "WAITS FOR", prompt=False),
        Act("bg", "goes on behind the prompt", prompt=False),
        Act("> 40", "too small", prompt=False),
        Act("fg", f"{PROMPT}fg", prompt=False),
        Act("42", "yes, after 3 tries"),
        Act("", "no tasks", prompt=False),
    ],
    "consoles": [
        Act("spawn philosophers 2 --naive --pace 0", "deadlock", prompt=False),
        Act("", "deadlock", prompt=False, console=1),
        Act("why 2", "would end it", console=1),
        Act("kill 3", "does more", console=1),
        Act("kill 3", "killed", prompt=False),
        Act("", "killed", prompt=False, console=1),
        Act("", "no tasks", prompt=False),
        Act("", "no tasks", prompt=False, console=1),
    ],
}


#: The rows of a screen.
Rows = list[dict[int, pyte.screens.Char]]


class Window(NamedTuple):
    """A console as it is shown: how it was started, how many columns it has, and its rows."""

    command: str
    columns: int
    rows: Rows


class Person:
    """Somebody at a terminal, who reads what there is before typing the next line."""

    def __init__(self, command: list[str], columns: int, folder: str) -> None:
        self.columns = columns
        self.command = " ".join(command)
        self.screen = pyte.Screen(columns, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.terminal, theirs = pty.openpty()
        ioctl(self.terminal, TIOCSWINSZ, pack("HHHH", ROWS, columns, 0, 0))
        arguments = [f"{folder}/{each}" if each == "lecture" else each for each in command[1:]]
        quiet = [] if "attach" in command else ["--no-history", "--no-startup"]
        self.console = subprocess.Popen(
            [sys.executable, "-m", "pyos_shell", *arguments, *quiet],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=HERE.parent,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, text: str | re.Pattern[str], prompt: bool = True) -> None:
        """Read until the screen shows `text`, and below it the prompt, unless there is none."""
        wanted = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        shows = self.shows if prompt else self.has
        self.read(lambda: shows(wanted), repr(wanted.pattern))

    def clear(self) -> None:
        """Clear the screen, and read until the welcome is not to be seen any more."""
        self.type(CLEAR)
        self.read(lambda: "All there is" not in self.text, "an empty screen")

    def read(self, until: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + GUARD
        while not until():
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit(f"{what} never came:\n{self.text}")
            self.stream.feed(os.read(self.terminal, 65536))

    @property
    def text(self) -> str:
        """What the screen shows, without the blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def has(self, wanted: re.Pattern[str]) -> bool:
        return wanted.search(self.text) is not None

    def shows(self, wanted: re.Pattern[str]) -> bool:
        lines = [line.rstrip() for line in self.screen.display]
        while lines and (not lines[-1] or self.is_bar(len(lines) - 1)):
            lines.pop()
        while lines and not lines[-1]:
            lines.pop()
        at_prompt = bool(lines) and lines[-1] == PROMPT.strip()
        return at_prompt and any(map(wanted.search, lines))

    def is_bar(self, row: int) -> bool:
        """Whether the row belongs to the toolbar."""
        return all(self.screen.buffer[row][column].reverse for column in range(self.columns))

    def type(self, line: str) -> None:
        end = b"" if line.endswith((TAB, CTRL_Z, CLEAR)) or not line else b"\r"
        os.write(self.terminal, line.encode() + end)

    def window(self) -> Window:
        """What is to be seen of it now."""
        rows = [self.screen.buffer[number] for number in range(ROWS)]
        used = [any(row[column].data.strip() for column in range(self.columns)) for row in rows]
        return Window(self.command, self.columns, rows[: len(used) - used[::-1].index(True)])

    def leave(self) -> None:
        """Close the window."""
        os.close(self.terminal)
        self.console.wait(GUARD)


def play(session: list[Act]) -> list[Window]:
    """The consoles as they are after a session: one, or the lecturer's and that of an audience."""
    several = any(act.console for act in session)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        people: list[Person] = []
        for command in TOGETHER if several else ALONE:
            people.append(Person(command, NARROW if several else COLUMNS, folder))
            stack.callback(people[-1].leave)
            people[-1].read_until("All there is")
            if several:
                people[-1].clear()
        for act in session:
            people[act.console].type(act.line)
            people[act.console].read_until(act.answer, act.prompt)
        return [person.window() for person in people]


def svg(windows: list[Window]) -> str:
    """The picture: each window with a title bar, and its text on its grid."""
    widths = [each.columns * WIDTH + 2 * MARGIN for each in windows]
    width = sum(widths) + GAP * (len(windows) - 1)
    height = max(len(each.rows) for each in windows) * HEIGHT + 2 * MARGIN + BAR
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">',
        "<title>A session at the console of PyOS</title>",
        "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
        'monospace" font-size="14" xml:space="preserve">',
    ]
    for number, each in enumerate(windows):
        left = sum(widths[:number]) + GAP * number
        parts += [f'<g transform="translate({left:.1f} 0)">', *frame(each, widths[number], height)]
        for line, row in enumerate(each.rows):
            parts += texts(row, each.columns, BAR + MARGIN + line * HEIGHT + 13)
        parts.append("</g>")
    return "\n".join([*parts, "</g>", "</svg>", ""])


def frame(window: Window, width: float, height: float) -> list[str]:
    """The window without its text."""
    return [
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{BACKGROUND}"/>',
        *(
            f'<circle cx="{20 + 20 * number}" cy="18" r="6" fill="{colour}"/>'
            for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<text x="{width / 2:.0f}" y="23" text-anchor="middle" '
        f'fill="{COLOURS["brightblack"]}">{escape(window.command)}</text>',
    ]


def texts(row: dict[int, pyte.screens.Char], columns: int, y: float) -> list[str]:
    """A row of the screen, each run of one look as a `<text>` that is as wide as its cells."""
    cells = [(column, row[column]) for column in range(columns)]
    parts = []

    def look(cell: tuple[int, pyte.screens.Char]) -> tuple[str, bool, bool]:
        return cell[1].fg, cell[1].bold, cell[1].reverse

    for (colour, bold, reverse), cells_of_run in groupby(cells, key=look):
        run = list(cells_of_run)
        if reverse:
            parts.append(
                f'<rect x="{MARGIN + run[0][0] * WIDTH:.1f}" y="{y - 13}" '
                f'width="{len(run) * WIDTH:.1f}" height="{HEIGHT}" fill="{shade(colour)}" '
                'shape-rendering="crispEdges"/>'
            )
            colour = BACKGROUND
        text = "".join(char.data for _, char in run)
        start = run[0][0] + len(text) - len(text.lstrip())
        text = text.strip()
        if text:
            weight = ' font-weight="bold"' if bold else ""
            parts.append(
                f'<text x="{MARGIN + start * WIDTH:.1f}" y="{y}" '
                f'textLength="{len(text) * WIDTH:.1f}" fill="{shade(colour)}"{weight}>'
                f"{escape(text)}</text>"
            )
    return parts


def shade(colour: str) -> str:
    """The colour that a terminal's colour has in the picture."""
    if re.fullmatch("[0-9a-f]{6}", colour):
        return f"#{colour}"
    return COLOURS.get(colour, COLOURS["default"])


def main() -> None:
    """Make the pictures that are named, or all."""
    for name in sys.argv[1:] or SESSIONS:
        file = HERE / "pictures" / f"{name}.svg"
        file.write_text(svg(play(SESSIONS[name])), "utf-8")
        print(file.relative_to(HERE.parent))


if __name__ == "__main__":
    main()
