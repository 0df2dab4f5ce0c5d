"""The terminal of a console that is attached: it is in another process, at the end of a channel."""

from __future__ import annotations

import asyncio
import codecs
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, TextIO, cast

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import is_dumb_terminal

from .terminal import Terminal
from .turn import Turn, TurnSelector
from .wire import Channel, Frame, Garbage, Hello, Kind, bounded, size_of

#: Characters that are pasted in one go, at most.
LONGEST: Final = 1_000_000

#: Ctrl-C, where a terminal that can only print has sent it.
INTERRUPT = "\x03"

DEPTHS = {
    1: ColorDepth.DEPTH_1_BIT,
    4: ColorDepth.DEPTH_4_BIT,
    8: ColorDepth.DEPTH_8_BIT,
    24: ColorDepth.DEPTH_24_BIT,
}


class Keys(Input):
    """The keys that come through a channel."""

    def __init__(self) -> None:
        self.pressed: list[KeyPress] = []
        self.parser = Vt100Parser(self.pressed.append)
        self.ready: Callable[[], None] = lambda: None
        self.ended = False

    def feed(self, text: str) -> None:
        """These have been pressed. Who never ends what he pastes is not waited for."""
        self.parser.feed(text)
        if len(getattr(self.parser, "_paste_buffer", "")) > LONGEST:
            self.parser.reset()
        self.ready()

    def end(self) -> None:
        """There will be no more."""
        self.ended = True
        self.ready()

    def fileno(self) -> int:
        raise io.UnsupportedOperation

    def typeahead_hash(self) -> str:
        return f"console-{id(self)}"

    def read_keys(self) -> list[KeyPress]:
        pressed = self.pressed[:]
        self.pressed.clear()
        return pressed

    def flush_keys(self) -> list[KeyPress]:
        self.parser.flush()
        return self.read_keys()

    @property
    def closed(self) -> bool:
        return self.ended

    def raw_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    def cooked_mode(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def attach(self, input_ready_callback: Callable[[], None]) -> Iterator[None]:
        former, self.ready = self.ready, input_ready_callback
        try:
            yield
        finally:
            self.ready = former

    @contextmanager
    def detach(self) -> Iterator[None]:
        former, self.ready = self.ready, lambda: None
        try:
            yield
        finally:
            self.ready = former

    def close(self) -> None:
        self.end()


class Paper(io.TextIOBase):
    """What is written here is on its way to the terminal with the next `flush`."""

    encoding = "utf-8"

    def __init__(self, channel: Channel, turn: Turn) -> None:
        super().__init__()
        self.channel = channel
        self.turn = turn
        self.parts: list[str] = []

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.parts.append(text)
        return len(text)

    def flush(self) -> None:
        """Waits for a terminal that is slow; raises `OSError` if it has gone away."""
        if not self.parts:
            return
        text = "".join(self.parts)
        self.parts.clear()
        with self.turn.given():
            self.channel.send(Kind.SCREEN, text.encode("utf-8", "replace"))

    def close(self) -> None:
        """What has not been flushed has nobody to read it, and is no error of a finalizer."""
        self.parts.clear()
        super().close()


class RemoteTerminal(Terminal):
    """The terminal at the other end of a channel."""

    can_suspend = False  # that is for the client to do

    def __init__(
        self, channel: Channel, hello: Hello, turns: threading.Lock, ahead: Sequence[Frame] = ()
    ) -> None:
        self.channel = channel
        #: What has come right behind the hello.
        self.ahead = ahead
        self.turn = Turn(turns)
        self.stdout = cast(TextIO, Paper(channel, self.turn))
        self.term = hello.term
        self.dumb = is_dumb_terminal(hello.term)
        self.color_depth = DEPTHS[1] if hello.no_color else DEPTHS.get(hello.colors, DEPTHS[8])
        self.columns, self.rows = bounded(hello.columns), bounded(hello.rows)
        self.keys = Keys()
        self.take: Callable[[str], None] = lambda text: None
        self.decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def new_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(TurnSelector(self.turn))

    def input(self) -> Input:
        return self.keys

    def output(self) -> Output:
        return Vt100_Output(self.stdout, self.size, term=self.term, enable_cpr=False)

    def size(self) -> Size:
        return Size(rows=self.rows, columns=self.columns)

    @contextmanager
    def listening(self, take: Callable[[str], None]) -> Iterator[None]:
        self.take = take
        try:
            yield
        finally:
            self.take = lambda text: None

    @contextmanager
    def connected(
        self, resized: Callable[[], None], interrupt: Callable[[], None], gone: Callable[[], None]
    ) -> Iterator[None]:
        """In the `with` block what comes through the channel is heard, on the event loop."""
        loop, connection = asyncio.get_running_loop(), self.channel.connection

        def take(receive: Callable[[], Sequence[Frame] | None]) -> None:
            try:
                frames = receive()
                for frame in frames or ():
                    self.hear(frame, resized, interrupt)
            except (OSError, Garbage):
                frames = None
            if frames is None:
                loop.remove_reader(connection)
                gone()

        loop.call_soon(take, lambda: self.ahead)  # by then somebody reads keys
        loop.add_reader(connection, take, self.channel.receive)
        try:
            yield
        finally:
            loop.remove_reader(connection)

    def hear(
        self, frame: Frame, resized: Callable[[], None], interrupt: Callable[[], None]
    ) -> None:
        """Something has come. Raises `Garbage`."""
        if frame.kind is Kind.KEYS:
            self.type(self.decode(frame.data), interrupt)
        elif frame.kind is Kind.SIZE:
            self.columns, self.rows = size_of(frame)
            resized()
        elif frame.kind is Kind.END:
            self.take("")
        else:
            raise Garbage("a console does not say that")

    def type(self, text: str, interrupt: Callable[[], None]) -> None:
        """Keys have been pressed."""
        if not self.dumb:
            self.keys.feed(text)
        elif INTERRUPT in text:
            interrupt()
        elif text:
            self.take(text)
