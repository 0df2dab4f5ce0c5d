"""The outer command line: `pyos`, `pyos -c COMMANDS`, `pyos FILE`, or commands piped in.

Nothing here imports prompt_toolkit, so that a command is answered at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import TextIO

from kernel import Machine

from .commands.console import Leave
from .descriptors import raise_descriptor_limit
from .output import Plain
from .render import Fragments, plain
from .reports import report_to
from .session import Session
from .system import System

#: Seconds that living tasks get at the end.
DEADLINE = 2.0


def main(arguments: list[str] | None = None) -> int:
    """Run PyOS; the exit status is 1 if a command failed, 2 for a wrong command line."""
    options = parser().parse_args(arguments)
    raise_descriptor_limit()
    for stream in (sys.stdout, sys.stderr):
        tolerate(stream)
    try:
        return run(options)
    except BrokenPipeError:
        # Whoever read our output has gone: so do we, and without a word at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="pyos", description="An operating system for Python coroutines that you can watch."
    )
    result.add_argument("file", nargs="?", metavar="FILE", help="run the commands in this file")
    result.add_argument("-c", dest="commands", metavar="COMMANDS", help="run these commands")
    result.add_argument("-i", dest="interactive", action="store_true", help="then give the prompt")
    result.add_argument("--version", action="version", version=f"PyOS {installed_version()}")
    return result


def tolerate(stream: TextIO) -> None:
    """What the terminal's encoding cannot show is replaced, never an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def installed_version() -> str:
    try:
        return version("pyos-shell")
    except PackageNotFoundError:
        return "(from a checkout)"


def run(options: argparse.Namespace) -> int:
    """Run what the command line asks for; the prompt only where there is a terminal."""
    prepared: list[str] | None = None
    if options.commands is not None:
        prepared = [options.commands]
    elif options.file is not None:
        try:
            prepared = Path(options.file).read_text("utf-8", "replace").splitlines()
        except OSError as error:
            print(f"pyos: cannot read {options.file}: {error.strerror}", file=sys.stderr)
            return 2
    if prepared is not None and not options.interactive:
        return run_batch(prepared)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from .console import Console

        return Console().run(prepared or [])
    return run_batch(chain(prepared or [], sys.stdin))


def run_batch(lines: Iterable[str]) -> int:
    """Run commands without a prompt: what tasks print and commands answer goes to stdout, reports
    and errors to stderr. Answers the exit status.
    """
    out, err = sys.stdout, sys.stderr
    output = Plain(out, err)

    def show(rendered: list[Fragments], data: bool) -> None:
        for line in rendered:
            print(plain(line), file=output if data else err, flush=True)

    with Machine() as machine:
        output.kernel_thread = machine.thread.ident
        report_to(output, machine)
        session = Session(System(machine, output), show)
        sys.stdout = output
        try:
            for line in lines:
                session.run(line)
        except Leave:
            pass
        except KeyboardInterrupt:
            return 130
        finally:
            sys.stdout = out
    out.flush()
    return 1 if session.failed else 0
