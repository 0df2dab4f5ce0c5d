"""An editor for programs, on the whole screen of the console."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.controls import FormattedTextControl
from prompt_toolkit.lexers import PygmentsLexer
from prompt_toolkit.search import start_search
from prompt_toolkit.widgets import SearchToolbar, TextArea
from pygments.lexers.python import PythonLexer

from .highlight import MistakeMarker
from .mistake import Mistake, visible
from .programfile import NotEditable, ProgramFile
from .render import Fragments
from .render.layout import cut
from .screen import Setting

#: Characters of a program that is checked at every key.
LONGEST: Final = 60_000

#: Columns of a level of indentation, and what takes the next line a level back.
INDENT: Final = 4
ENDS: Final = ("return", "raise", "pass", "break", "continue")

KEYS: Final = "Ctrl-S save  Ctrl-X leave  Ctrl-F find  Ctrl-Z undo"
QUESTION: Final = "not saved!  s save and leave  d leave without  other keys: stay"
CHANGED: Final = "the file has changed on disk meanwhile; Ctrl-S again overwrites that"


class Editor:
    """Edits one file. `saved` tells whether it has been written."""

    def __init__(self, file: ProgramFile, setting: Setting) -> None:
        self.file = file
        self.saved = False
        #: What stands in the last line until the next key, and what that key is an answer to.
        self.message: Fragments = []
        self.asking = False
        #: What was undone, the last one last.
        self.undone: list[Document] = []
        search = SearchToolbar(forward_search_prompt="find: ")
        self.area = TextArea(
            file.text,
            lexer=PygmentsLexer(PythonLexer),
            line_numbers=True,
            wrap_lines=False,
            search_field=search,
            input_processors=[MistakeMarker(self.mistake)],
        )
        self.buffer: Buffer = self.area.buffer
        self.buffer.cursor_position = 0
        self.buffer.on_text_changed += lambda _: self.message.clear()
        status = Window(FormattedTextControl(self.status), height=1, style="class:toolbar")
        self.app: Application[None] = Application(
            layout=Layout(HSplit([self.area, search, status]), self.area),
            key_bindings=self.keys(),
            full_screen=True,
            **setting._asdict(),
        )
        self.app.ttimeoutlen = 0.05

    # -- what is shown

    def mistake(self) -> Mistake | None:
        """What is wrong with the program; nothing is said of a long one."""
        text = self.buffer.text
        return syntax_mistake(text) if len(text) <= LONGEST else None

    def status(self) -> FormattedText:
        """The last line: which file, where the cursor is, and what is wrong."""
        width = self.app.output.get_size().columns
        mistake = self.mistake()
        line, column = (
            self.buffer.document.cursor_position_row,
            self.buffer.document.cursor_position_col,
        )
        unsaved = " *" if self.is_unsaved else ""
        shown: Fragments = [
            ("", f" {visible(str(self.file.path))}{unsaved}  {line + 1}:{column + 1}  ")
        ]
        if self.message:
            shown = [("", " "), *self.message]
        elif mistake is not None:
            shown.append(("toolbar.error", visible(mistake.message)))
        else:
            shown.append(("", KEYS))
        return FormattedText([(f"class:{style}", text) for style, text in cut(shown, width)])

    @property
    def is_unsaved(self) -> bool:
        return self.file.is_new or self.buffer.text != self.file.text

    # -- keys

    def keys(self) -> KeyBindings:
        bindings = KeyBindings()
        writing = Condition(lambda: self.app.layout.has_focus(self.area) and not self.asking)
        asked = Condition(lambda: self.asking)

        def on(key: str, action: Callable[[], object], where: Condition = writing) -> None:
            def pressed(event: KeyPressEvent) -> None:
                self.message = []
                action()

            bindings.add(key, filter=where, eager=True)(pressed)

        on("<any>", self.stay, asked)
        on("s", partial(self.save, leave=True), asked)
        on("d", self.leave, asked)
        for key in ("c-x", "c-q"):
            on(key, self.ask_to_leave)
        on("c-c", lambda: self.say("hint", "Ctrl-X leaves, Ctrl-S saves"))
        on("c-s", self.save)
        on("c-f", lambda: start_search(self.area.control))
        on("f3", self.find_next)
        on("c-z", self.undo)
        on("c-y", self.redo)
        on("enter", self.new_line)
        on("tab", self.indent)
        on("s-tab", self.dedent)
        on("backspace", self.back)
        return bindings

    def say(self, style: str, text: str) -> None:
        self.message = [(style, visible(text))]

    def stay(self) -> None:
        self.asking = False

    def ask_to_leave(self) -> None:
        """Leave, or ask first what is to become of what is not saved."""
        if self.buffer.text != self.file.text:
            self.asking = True
            self.say("toolbar.error", QUESTION)
        else:
            self.leave()

    def leave(self) -> None:
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def save(self, leave: bool = False) -> None:
        """Write the file, unless somebody else has done so meanwhile, which is told first."""
        self.asking = False
        if self.file.changed_meanwhile():
            self.say("toolbar.error", CHANGED)
            return
        try:
            self.file.save(self.buffer.text)
        except NotEditable as error:
            self.say("toolbar.error", str(error))
            return
        self.saved = True
        mistake = syntax_mistake(self.buffer.text)
        self.say("", "saved" if mistake is None else f"saved, but {mistake.message}")
        if leave:
            self.leave()

    # -- writing

    def find_next(self) -> None:
        """Go to the next place of what was looked for last."""
        state = self.area.control.search_state
        self.buffer.apply_search(state, include_current_position=False)

    def undo(self) -> None:
        before = self.buffer.document
        self.buffer.undo()
        if self.buffer.document.text != before.text:
            self.undone.append(before)

    def redo(self) -> None:
        """Take the last undo back."""
        if self.undone:
            self.buffer.save_to_undo_stack()
            self.buffer.document = self.undone.pop()

    def new_line(self) -> None:
        """Begin a line, as far in as the code there has to be."""
        self.write("\n" + " " * margin_behind(self.buffer.document.current_line_before_cursor))

    def indent(self) -> None:
        column = len(self.buffer.document.current_line_before_cursor)
        self.write(" " * (INDENT - column % INDENT))

    def dedent(self) -> None:
        """Take the line a level back."""
        document = self.buffer.document
        line = document.current_line
        spaces = min(len(line) - len(line.lstrip(" ")), INDENT)
        if spaces:
            start = document.cursor_position - document.cursor_position_col
            text = document.text[:start] + document.text[start + spaces :]
            self.buffer.save_to_undo_stack()
            cursor = max(start, document.cursor_position - spaces)
            self.buffer.document = Document(text, cursor)

    def back(self) -> None:
        """Take the last character away, or in front of the code, a level of indentation."""
        before = self.buffer.document.current_line_before_cursor
        self.undone.clear()
        self.buffer.save_to_undo_stack()
        blank = before and not before.strip(" ")
        self.buffer.delete_before_cursor((len(before) - 1) % INDENT + 1 if blank else 1)

    def write(self, text: str) -> None:
        self.undone.clear()
        self.buffer.save_to_undo_stack()
        self.buffer.insert_text(text)


def margin_behind(line: str) -> int:
    """How far in the line behind this one begins."""
    code = line.partition("#")[0].rstrip()
    margin = len(line) - len(line.lstrip(" "))
    if code.endswith(":"):
        return margin + INDENT
    words = code.split()
    return max(0, margin - INDENT) if words and words[0] in ENDS else margin


@lru_cache(maxsize=4)
def syntax_mistake(text: str) -> Mistake | None:
    """What Python says of the text, and where; None if it is a program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "program", "exec", dont_inherit=True)
    except SyntaxError as error:
        return located(error, text)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return Mistake(str(error) or type(error).__name__)
    return None


def located(error: SyntaxError, text: str) -> Mistake:
    """The error, with its place in the text."""
    document = Document(text)
    line = max(1, error.lineno or 1)
    code = len(document.lines[line - 1].rstrip()) if line <= document.line_count else 0
    column = min((error.offset or 1) - 1, code - 1)  # what is missing has no place of its own
    start = document.translate_row_col_to_index(line - 1, max(0, column))
    last, end = error.end_lineno or line, error.end_offset or 0
    stop = document.translate_row_col_to_index(last - 1, max(0, end - 1)) if end > 0 else start
    return Mistake(f"line {line}: {error.msg}", start, max(start, stop))
