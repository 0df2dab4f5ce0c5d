"""Makes the pictures of the documentation: sessions on the real console, as SVG.

    python docs/make_pictures.py

The console runs on a pseudo-terminal, and a person's keys are typed into it. What the terminal
would show, `pyte` tells; each run of characters of one colour becomes a `<text>`. Needs the extra
`test`, and a system with pseudo-terminals.
"""

import os
import pty
import re
import select
import subprocess
import sys
import time
from fcntl import ioctl
from html import escape
from itertools import groupby
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

import pyte

HERE = Path(__file__).parent
COLUMNS, ROWS = 82, 40
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
TAB = "\t"

#: By the name of a picture, the lines that are typed, and what is waited for after each. A last one
#: that ends in no Enter, or opens the whole screen, leaves the picture as it is then.
SESSIONS = {
    "session": [
        ("spawn echo_server", "listening on"),
        ("spawn echo_load 20 100", "messages echoed"),
        ("spawn family", "my children are"),
        ("tasks", "child 12.0"),
        ("stack 1", "in Accept("),
        ("spawn crash", "crashed: ZeroDivisionError"),
        ("stack 47", "return 1 / number"),
        ("spawn countdwon 5", "did you mean"),
    ],
    "completion": [
        ("spawn echo_server", "listening on"),
        ("spawn family", "my children are"),
        (f"kill {TAB}", "sleep"),
    ],
    "top": [
        ("spawn family 3 --seconds 1000", "my children are"),
        ("spawn echo_server", "listening on"),
        ("spawn echo_load 20 1000000", "echo_load 20"),
        ("top", " 3."),  # seconds old
    ],
    "why": [
        ("spawn philosophers 3 --naive --pace 0", "deadlock"),
        ("tasks", "WAITS FOR"),
        ("why 2", "would end it"),
    ],
    "step": [
        ("pause", "paused"),
        ("spawn crash", "task 1: crash"),
        ("step 4", "gives way"),
        ("step 3", "crashed: ZeroDivisionError"),
        ("resume", "resumed"),
    ],
}


class Person:
    """Somebody at a terminal, who reads what there is before typing the next line."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.terminal, theirs = pty.openpty()
        ioctl(self.terminal, TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.console = subprocess.Popen(
            [sys.executable, "-m", "pyos_shell", "--no-history", "--no-startup"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=HERE.parent,
            env={**os.environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)

    def read_until(self, text: str, prompt: bool = True) -> None:
        """Read until the screen shows `text`, and below it the prompt, unless there is none."""
        deadline = time.monotonic() + GUARD
        while not (self.shows(text) if prompt else text in "\n".join(self.screen.display)):
            if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit(f"{text!r} never came:\n" + "\n".join(self.screen.display))
            self.stream.feed(os.read(self.terminal, 65536))

    def shows(self, text: str) -> bool:
        lines = [line.rstrip() for line in self.screen.display]
        while lines and (not lines[-1] or self.is_bar(len(lines) - 1)):
            lines.pop()
        while lines and not lines[-1]:
            lines.pop()
        return bool(lines) and lines[-1] == PROMPT.strip() and any(text in line for line in lines)

    def is_bar(self, row: int) -> bool:
        """Whether the row belongs to the toolbar."""
        return all(self.screen.buffer[row][column].reverse for column in range(COLUMNS))

    def type(self, line: str) -> None:
        end = b"" if line.endswith(TAB) else b"\r"
        os.write(self.terminal, line.encode() + end)

    def leave(self) -> None:
        """Close the window."""
        os.close(self.terminal)
        self.console.wait(GUARD)


def play(session: list[tuple[str, str]]) -> list[dict[int, pyte.screens.Char]]:
    """The rows of the screen after a session."""
    person = Person()
    person.read_until("All there is")
    for line, answer in session:
        person.type(line)
        person.read_until(answer, prompt=line != "top" and not line.endswith(TAB))
    rows = [person.screen.buffer[number] for number in range(ROWS)]
    person.leave()
    used = [any(row[column].data.strip() for column in range(COLUMNS)) for row in rows]
    return rows[: len(used) - used[::-1].index(True)]


def svg(rows: list[dict[int, pyte.screens.Char]]) -> str:
    """The picture: a window with a title bar, and the text on its grid."""
    width = COLUMNS * WIDTH + 2 * MARGIN
    height = len(rows) * HEIGHT + 2 * MARGIN + BAR
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">',
        "<title>A session at the console of PyOS</title>",
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{BACKGROUND}"/>',
        *(
            f'<circle cx="{20 + 20 * number}" cy="18" r="6" fill="{colour}"/>'
            for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', "
        'monospace" font-size="14" xml:space="preserve">',
    ]
    for number, row in enumerate(rows):
        parts += texts(row, BAR + MARGIN + number * HEIGHT + 13)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def texts(row: dict[int, pyte.screens.Char], y: float) -> list[str]:
    """A row of the screen, each run of one look as a `<text>` that is as wide as its cells."""
    cells = [(column, row[column]) for column in range(COLUMNS)]
    parts = []

    def look(cell: tuple[int, pyte.screens.Char]) -> tuple[str, bool, bool]:
        return cell[1].fg, cell[1].bold, cell[1].reverse

    for (colour, bold, reverse), cells_of_run in groupby(cells, key=look):
        run = list(cells_of_run)
        if reverse:
            parts.append(
                f'<rect x="{MARGIN + run[0][0] * WIDTH:.1f}" y="{y - 13}" '
                f'width="{len(run) * WIDTH:.1f}" height="{HEIGHT}" fill="{shade(colour)}"/>'
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
