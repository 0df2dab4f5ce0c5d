"""The outer command line: `pyos`, `pyos -c COMMANDS`, `pyos FILE`, or commands piped in.

Nothing here imports prompt_toolkit, so that a command is answered at once.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NoReturn, TextIO, cast

from kernel import Machine
from kernel.machine import Stop

from .commandfile import NotCommands, read, startup_file
from .consoles import Consoles
from .deadman import SWITCH
from .descriptors import raise_descriptor_limit
from .entrances import entrances_for
from .line import joined, quote
from .output import Plain
from .render import Fragments, plain
from .system import DEADLINE, Failure, GivenUp, Leave, System, boot, held, left_behind

if TYPE_CHECKING:
    from .server import Entrance
    from .session import Session

#: Seconds to wait for our own output where a task holds the kernel.
LAST_WORD = 0.5

#: The exit status after a Ctrl-C, as every shell has it.
INTERRUPTED = 130

#: What a pipe says that nobody reads; the second one on Windows.
GONE = (errno.EPIPE, errno.EINVAL)


def main(arguments: list[str] | None = None) -> int:
    """Run PyOS; the exit status is 1 if a command failed, 2 for a wrong command line."""
    open_missing_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        tolerate(stream)
    try:
        with SWITCH.writing_to(sys.stderr):
            status = begin(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        status = INTERRUPTED
    except SystemExit as done:  # argparse has said it all
        status = int(done.code or 0)
    status = bring_out(status)
    if held():
        os._exit(status)
    return status


def begin(arguments: list[str]) -> int:
    """Attach to a system, or be one."""
    try:
        if arguments[:1] == ["attach"]:
            return join(attach_parser().parse_args(arguments[1:]))
        return run(parser().parse_args(arguments))
    except Failure as error:
        print(f"pyos: {error}", file=sys.stderr)
        return 2


def join(options: argparse.Namespace) -> int:
    """Be a console of another process's system."""
    from .server import unix_socket

    unix_socket().close()  # there may be none
    from .attach import attach

    return attach(options)


def open_missing_streams() -> None:
    """Whoever starts us may have closed some: a file of ours must not get the number of one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open_nothing(mode))


def open_nothing(mode: str) -> TextIO:
    """A stream that is empty, and swallows what is written to it; open to the end, as Python's."""
    return cast(TextIO, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, closefd=False))


def tolerate(stream: TextIO) -> None:
    """What the stream's encoding does not know is replaced, never an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


class Version(argparse.Action):
    """`--version`."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print("PyOS", installed_version())
        parser.exit()


def installed_version() -> str:
    """The version; importing what knows it takes a while."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pyos-shell")
    except PackageNotFoundError:
        return "(from a checkout)"


def parser() -> argparse.ArgumentParser:
    """What the command line may be."""
    result = argparse.ArgumentParser(
        prog="pyos",
        allow_abbrev=False,  # of an asyncio program's own options it would make some of these
        description="An operating system for Python coroutines that you can watch.",
        epilog="pyos attach PATH joins a system that listens there, ssh -p PORT HOST over SSH.",
    )
    source = result.add_mutually_exclusive_group()
    source.add_argument("file", nargs="?", metavar="FILE", help="run the commands in this file")
    source.add_argument("-c", dest="commands", metavar="COMMANDS", help="run these commands")
    source.add_argument(
        "--asyncio",
        nargs=argparse.REMAINDER,
        metavar="MODULE:MAIN",
        help="run a program of asyncio's, MODULE:MAIN ARGUMENTS…, with the console beside it",
    )
    result.add_argument("-i", dest="interactive", action="store_true", help="then give the prompt")
    result.add_argument(
        "--no-history",
        dest="history",
        action="store_false",
        help="keep no lines for the next time, and read none",
    )
    result.add_argument(
        "--no-startup", dest="startup", action="store_false", help="do not run the start-up file"
    )
    result.add_argument(
        "--listen", metavar="PATH", help="serve further consoles, which `pyos attach PATH` joins"
    )
    result.add_argument(
        "--ssh",
        metavar="PORT",
        help="serve further consoles over SSH, for this machine only unless it is HOST:PORT",
    )
    result.add_argument(
        "--ssh-keys",
        dest="ssh_keys",
        metavar="FILE",
        help="whose keys may join so, in place of ~/.ssh/authorized_keys",
    )
    result.add_argument(
        "--read-only", dest="read_only", action="store_true", help="those may only look"
    )
    result.add_argument("--version", action=Version, nargs=0, help="tell which version this is")
    return result


def attach_parser() -> argparse.ArgumentParser:
    """What the command line of `pyos attach` may be."""
    result = argparse.ArgumentParser(
        prog="pyos attach", description="Join a system that `pyos --listen PATH` has begun."
    )
    result.add_argument("path", metavar="PATH", help="where it listens")
    result.add_argument("-c", dest="commands", metavar="COMMANDS", help="run these commands")
    result.add_argument(
        "--read-only", dest="read_only", action="store_true", help="only look at it"
    )
    return result


def run(options: argparse.Namespace) -> int:
    """Run what the command line asks for; the prompt only where there is a terminal."""
    raise_descriptor_limit()
    if options.asyncio is not None:
        return run_asyncio(options)
    text = options.commands
    if options.file is not None:
        try:
            text = read(options.file)
        except NotCommands as error:
            print(f"pyos: {error}", file=sys.stderr)
            return 2
    prepared = [] if text is None else list(joined(text.split("\n")))
    entrances = entrances_for(options)
    if text is not None and not options.interactive:
        return run_batch(prepared, entrances)
    if has_terminal():
        from .owner import converse

        startup = startup_file() if text is None and options.startup else None
        return converse(prepared, startup, options.history, entrances)
    return run_batch(chain(prepared, joined(piped_in())), entrances)


def has_terminal() -> bool:
    """Whether there can be a prompt."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def run_asyncio(options: argparse.Namespace) -> int:
    """Run a program of asyncio's, with a prompt beside it; where there is no terminal, to its end.
    Raises `Failure` if none is named.
    """
    if not options.asyncio:
        raise Failure("--asyncio takes a function in a module or file: --asyncio module:main")
    line = " ".join(["spawn --asyncio", *map(quote, options.asyncio)])
    entrances = entrances_for(options)
    if not has_terminal():
        return run_batch([f"{line} && wait $!"], entrances)
    from .owner import converse

    startup = startup_file() if options.startup else None
    return converse([line], startup, options.history, entrances)


def piped_in() -> Iterator[str]:
    """The lines of stdin. For tasks there is nothing to read: they would take our commands away.

    PowerShell puts the mark of UTF-8 before the first line.
    """
    lines, sys.stdin = sys.stdin, open_nothing("r")
    return (line.removeprefix("\ufeff") for line in lines)


def run_batch(lines: Iterable[str], entrances: Sequence[Entrance] = ()) -> int:
    """Run commands without a prompt: what tasks print and commands answer goes to stdout, reports
    and errors to stderr. Then serve further consoles, if there are `entrances`, until somebody
    ends the system. Answers the exit status.
    """
    from .session import Session

    output = Plain(sys.stdout, sys.stderr)
    stdin = not entrances
    system = System(boot(output, stdin), output, stdin=stdin)
    output.on_error = partial(stop, system)
    sys.stdout = output
    session = Session(system, partial(show, system, output))
    try:
        if entrances:
            return serve(session, lines, output, entrances)
        return end(system.machine, output, run_lines(session, lines))
    finally:
        sys.stdout, sys.stderr = output.out, output.err


def serve(
    session: Session, lines: Iterable[str], output: Plain, entrances: Iterable[Entrance]
) -> int:
    """Run commands, and serve consoles, until the system is to end; the exit status."""
    system = session.system
    consoles = system.consoles = Consoles(system.machine, output)
    system.restarted = consoles.restarted
    output.on_error = consoles.shut_down
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), terminated)
    try:
        for entrance in entrances:
            entrance.serve(consoles)
        status = run_lines(session, chain(lines, waiting(consoles)))
    except SystemExit as signalled:
        status = int(signalled.code or 0)
    return end(consoles.machine, output, status, consoles.close)


def waiting(consoles: Consoles) -> Iterator[str]:
    """No line, but not before the system is to end."""
    consoles.ending.wait()
    yield from ()


def terminated(number: int, frame: object) -> NoReturn:
    """A signal that is to end us; once is enough."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def stop(system: System) -> None:
    """Have the kernel stop, without waiting until it has."""
    system.machine.kernel.inbox.put(Stop(system.machine, DEADLINE))


def show(system: System, output: Plain, lines: list[Fragments], data: bool) -> None:
    """Show lines without their colours; after a Ctrl-C none, as perhaps nobody reads them."""
    if lines and not system.given_up.is_set():
        output.show("\n".join(map(plain, lines)), data)


def run_lines(session: Session, lines: Iterable[str]) -> int:
    """Run the commands, until there are no more or somebody stops us; the exit status."""
    try:
        for line in lines:
            session.run(line)
            session.system.check()  # for a Ctrl-C that its last answer has overtaken
    except Leave:
        pass
    except (KeyboardInterrupt, GivenUp):
        return INTERRUPTED
    return 1 if session.failed else 0


def end(
    machine: Machine, output: Plain, status: int, close: Callable[[], None] = lambda: None
) -> int:
    """End what lives, `close`, and bring out the last of what was printed; the exit status."""
    try:
        machine.shutdown(DEADLINE)
    except KeyboardInterrupt:
        status = INTERRUPTED
    close()
    if machine.thread.is_alive():
        leave_at_once(machine, output, status)
    output.end_traces()
    output.release_all()
    if output.error is not None:
        return give_up_output(output.out, output.error)
    return 1 if machine.panic is not None else status


def leave_at_once(machine: Machine, output: Plain, status: int) -> NoReturn:
    """A task holds the kernel, and perhaps our output too."""
    try:
        if output.lock.acquire(timeout=LAST_WORD):
            output.report(0, left_behind(machine))
    finally:
        os._exit(status)


def give_up_output(out: TextIO, error: OSError | ValueError) -> int:
    """Nobody takes what we write any more. If he has just gone away, that is no news to anybody."""
    with suppress(OSError, ValueError):
        if getattr(error, "errno", None) not in GONE:
            trouble = getattr(error, "strerror", None) or error
            print(f"pyos: cannot write the output: {trouble}", file=sys.stderr)
    discard(out)
    return 1


def bring_out(status: int) -> int:
    """Write what the streams still hold; the exit status."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        status = give_up_output(sys.stdout, error)
    try:
        sys.stderr.flush()
    except (OSError, ValueError):  # there is nobody whom we could tell
        discard(sys.stderr)
    return status


def discard(stream: TextIO) -> None:
    """What the stream holds would fail again at the interpreter's end, and be complained about."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
