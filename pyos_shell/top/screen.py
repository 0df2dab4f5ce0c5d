"""`top` on the whole screen: what is drawn, and what the keys do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.processors import BeforeInput

from kernel import GetStack, KernelStopped, NoSuchTask, SendSignal, Signal

from ..answers import Stack
from ..commands.signals import IN_VAIN, SENT
from ..mistake import visible
from ..render import Fragments, render, top
from ..render.layout import cut, wrapped
from ..screen import Setting
from ..system import ONLY_LOOKS
from .glimpse import Order
from .view import View

#: The commands that send these signals; `kill --signal` any other.
COMMANDS: Final = {Signal.TERM: "kill", Signal.STOP: "stop", Signal.CONT: "cont"}

#: What the keys of a question send.
SIGNALS: Final = {
    "t": Signal.TERM,
    "k": Signal.KILL,
    "i": Signal.INT,
    "1": Signal.USR1,
    "2": Signal.USR2,
}
QUESTION: Final = "t TERM  k KILL  i INT  1 USR1  2 USR2  other: none"

#: What the keys sort by.
SORTING: Final[dict[str, Order]] = {"P": "share", "T": "tid", "A": "age", "S": "state"}

#: Lines of source around each frame of a stack.
AROUND: Final = 2

HINT: Final = "h help  q leave"

HELP: Final = """\
top: the tasks that use the processor

up, down, Page Up, Page Down, Home, End
          choose a task
Enter     its call stack
k         send it a signal; which one is asked
s, c      stop it, continue it
P T A S   sort by share, tid, age, state
< >       sort by the column before, behind
r         the other way round
/         show only what has a text in its name
p         freeze the picture, and go on
+ -       pictures more often, less often
q         leave, as does Ctrl-C

SHARE is how much of the processor a task had,
seen by looking a hundred times a second.

Any key goes back."""


class TopScreen:
    """Draws a view, and changes it by keys."""

    def __init__(self, view: View, setting: Setting) -> None:
        self.view = view
        self.filtering = False
        #: What stands in the last line until the next key, and whether that answers a question.
        self.message: Fragments = []
        self.asking = 0
        #: Makes a text that is shown instead of the tasks, for a width; and its first line that is
        #: to be seen.
        self.page: Callable[[int], list[Fragments]] | None = None
        self.line = 0
        self.field = Buffer(multiline=False, on_text_changed=self.typed)
        self.app: Application[None] = Application(
            layout=self.layout(),
            key_bindings=self.keys(),
            full_screen=True,
            **setting._asdict(),
        )
        self.app.ttimeoutlen = 0.05

    # -- drawing

    def layout(self) -> Layout:
        field = Window(BufferControl(self.field, [BeforeInput("filter: ")]), height=1)
        foot = Window(FormattedTextControl(partial(drawn, self.foot)), height=1)
        body = Window(FormattedTextControl(partial(drawn, self.body)), always_hide_cursor=True)
        filtering = Condition(lambda: self.filtering)
        return Layout(
            HSplit(
                [
                    body,
                    ConditionalContainer(field, filtering),
                    ConditionalContainer(foot, ~filtering),
                ]
            ),
            body,
        )

    def size(self) -> tuple[int, int]:
        size = self.app.output.get_size()
        return size.columns, size.rows

    def rows(self) -> int:
        """How many tasks fit on the screen."""
        return top.room_for_tasks(self.size()[1])

    def body(self) -> list[Fragments]:
        """What stands above the last line."""
        width, rows = self.size()
        if self.page is not None:
            page = self.page(width)
            self.line = max(0, min(self.line, len(page) - rows + 1))
            return [cut(line, width) for line in page[self.line :][: rows - 1]]
        lines = top.screen(self.view.top(), width, rows, self.view.row)
        return lines[: rows - 1]

    def foot(self) -> list[Fragments]:
        """The last line: a message, or how tasks are sorted, and where there is more to be read."""
        view, (width, _) = self.view, self.size()
        if self.message:
            return [cut(self.message, width)]
        if self.page is not None:
            return [cut([("hint", "up, down; any other key goes back")], width)]
        if view.trouble:
            return [cut([("error", visible(view.trouble))], width)]
        parts = [HINT, f"by {view.order}{' reversed' * view.reverse}"]
        parts += [f"every {view.interval:.3g} s", f"{view.shown.match:,} with '{view.text}'"]
        shown = parts if view.text else parts[:-1]
        frozen = [("heading", "frozen  ")] if view.frozen else []
        return [cut([*frozen, ("hint", visible("  ".join(shown)))], width)]

    def on_main_thread(self, work: Callable[[], object]) -> None:
        """From any thread: have it done, and draw."""
        loop = self.app.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(work)

    # -- keys

    def keys(self) -> KeyBindings:
        bindings = KeyBindings()
        at_table = Condition(lambda: not (self.filtering or self.asking or self.page is not None))
        at_page = Condition(lambda: self.page is not None)

        def on(keys: str, action: Callable[[], object], where: Condition = at_table) -> None:
            def pressed(event: KeyPressEvent) -> None:
                self.message = []
                action()

            for key in keys.split():
                bindings.add(key, filter=where)(pressed)

        on("<any>", lambda: None)
        on("<any>", self.go_back, at_page)
        on("<any>", self.forget, Condition(lambda: bool(self.asking)))
        self.bind_moves(on, at_page)
        self.bind_table(on)
        for key, signal in SIGNALS.items():
            answer = partial(self.send_chosen, signal)
            on(key, answer, Condition(lambda: bool(self.asking)))
        filtering = Condition(lambda: self.filtering)
        on("enter", self.end_filter, filtering)
        on("escape", partial(self.end_filter, drop=True), filtering)
        bindings.add("c-c", eager=True)(lambda event: self.leave())
        bindings.add("<sigint>")(lambda event: self.leave())
        return bindings

    def bind_moves(self, on: Callable[..., None], at_page: Condition) -> None:
        """The keys that move."""
        far = 10**9
        page: Callable[[], int] = lambda: max(1, self.rows() - 1)  # noqa: E731
        for keys, rows in (("up", -1), ("down", 1), ("home", -far), ("end", far)):
            on(keys, partial(self.view.move, rows))
            on(keys, partial(self.scroll, rows), at_page)
        for keys, sign in (("pageup", -1), ("pagedown", 1)):
            on(keys, lambda sign=sign: self.view.move(sign * page()))
            on(keys, lambda sign=sign: self.scroll(sign * page()), at_page)

    def bind_table(self, on: Callable[..., None]) -> None:
        """The keys that do something about tasks."""
        view = self.view
        on("q escape", self.leave)
        on("h ?", self.show_help)
        on("enter", self.open_stack)
        on("k", self.ask)
        on("s", partial(self.send, Signal.STOP))
        on("c", partial(self.send, Signal.CONT))
        on("r", view.turn_round)
        on("p", view.freeze)
        on("+", partial(view.quicken, 0.5))
        on("-", partial(view.quicken, 2.0))
        on("/", self.begin_filter)
        on("<", partial(view.sort_next, -1))
        on(">", partial(view.sort_next, 1))
        for key, order in SORTING.items():
            on(key, partial(view.sort, order))

    def leave(self) -> None:
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    # -- filtering

    def begin_filter(self) -> None:
        self.filtering = True
        self.app.layout.focus(self.field)

    def typed(self, field: Buffer) -> None:
        self.view.filter(field.text)

    def end_filter(self, drop: bool = False) -> None:
        """Go back to the table; with `drop` it is that of all tasks."""
        if drop:
            self.field.reset()
            self.view.filter("")
        self.filtering = False
        self.app.layout.focus_last()

    # -- pages

    def show_help(self) -> None:
        self.page = help_page
        self.line = 0

    def open_stack(self) -> None:
        """Ask for the call stack of the task that is chosen."""
        if self.view.task is not None:
            reply = self.view.machine.submit(GetStack(self.view.task.tid))
            reply.add_done_callback(lambda reply: self.on_main_thread(lambda: self.opened(reply)))

    def opened(self, reply: Future[Any]) -> None:
        try:
            self.page = partial(render, Stack(reply.result(), AROUND))
            self.line = 0
        except (NoSuchTask, KernelStopped) as error:
            self.message = [("error", visible(str(error)))]
        self.app.invalidate()

    def scroll(self, lines: int) -> None:
        self.line += lines

    def go_back(self) -> None:
        self.page = None

    # -- signals

    def ask(self) -> None:
        """Ask which signal the task that is chosen is to get."""
        task = self.view.task
        if self.may_touch() and task is not None:
            self.asking = task.tid
            question = f" ({visible(task.program)})?  {QUESTION}"
            self.message = [("heading", f"kill {task.tid}"), ("", question)]
            if sum(len(text) for _, text in self.message) > self.size()[0]:
                self.message = [("heading", f"kill {task.tid}? "), ("", QUESTION)]

    def forget(self) -> None:
        self.asking = 0

    def send_chosen(self, signal: Signal) -> None:
        """Answer the question."""
        tid, self.asking = self.asking, 0
        self.send(signal, tid)

    def send(self, signal: Signal, tid: int = 0) -> None:
        """Send the task a signal, the one that is chosen if no other is meant."""
        tid = tid or self.view.chosen
        if self.may_touch() and tid:
            self.view.system.touching(f"{COMMANDS.get(signal, f'kill -{signal.name}')} {tid}")
            reply = self.view.machine.submit(SendSignal(tid, signal))
            done = partial(self.sent, tid, signal)
            reply.add_done_callback(lambda reply: self.on_main_thread(lambda: done(reply)))

    def may_touch(self) -> bool:
        """Whether this console may send signals; where it may not, the last line says so."""
        if self.view.system.read_only:
            self.message = [("error", ONLY_LOOKS)]
        return not self.view.system.read_only

    def sent(self, tid: int, signal: Signal, reply: Future[Any]) -> None:
        """Say what has come of it."""
        style, text = "good", f"task {tid} {SENT[signal]}"
        try:
            if not reply.result():
                style, text = "hint", f"task {tid} {IN_VAIN.get(signal, 'had ended before')}"
        except (NoSuchTask, KernelStopped) as error:
            style, text = "error", str(error)
        self.message = [(style, visible(text))]
        self.view.wanted.set()
        self.app.invalidate()


def help_page(width: int) -> list[Fragments]:
    """What the keys do."""
    return [[("", part)] for line in HELP.split("\n") for part in wrapped(line, width + 2)]


def drawn(lines: Callable[[], list[Fragments]]) -> FormattedText:
    """The lines for prompt_toolkit."""
    return FormattedText(
        [
            (f"class:{style}" if style else "", text)
            for number, line in enumerate(lines())
            for style, text in ([("", "\n")] if number else []) + line
        ]
    )
