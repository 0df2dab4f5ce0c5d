"""Commands that start tasks and await them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from pathlib import Path
from types import BuiltinFunctionType
from typing import Final

from kernel import GetStack, ListTasks, NoGreenlets, NoSuchTask, Task, WaitTask, fiber, green_script
from kernel.task import Target

from ..answers import Ends, Notice, Started
from ..command import command
from ..hosted import check_name, host_target
from ..line import Word
from ..loader import Loading, LoadingFailed, NoSuchFunction, TakesTooLong, call, load_function
from ..mistake import Mistake, excerpt
from ..outputfile import OutputFile
from ..plumber import Plumber
from ..program import (
    Program,
    ProgramName,
    ProgramWords,
    Reference,
    built_in,
    built_in_names,
    no_function,
    refer,
)
from ..script import Script
from ..statement import NO_PLUMBING, Plumbing
from ..system import LOOK, Failure, System, drop
from ..tid import Tid

#: What can be called, and no task made of it.
NO_PROGRAMS: Final = (type, BuiltinFunctionType)


@command()
def spawn(
    system: System,
    program: ProgramName,
    *arguments: ProgramWords,
    name: str = "",
    asyncio: bool = False,
    green: bool = False,
    plumbing: Plumbing = NO_PLUMBING,
) -> Started | Notice:
    """Start a program as a new task.

    PROGRAM is
      echo_server               one of the built-in programs (`programs`),
      path/to/file.py:function  a function in a file,
      package.module:function   a function in a package,
      server.py                 or a script that makes a Scheduler of its own.

    A function yields system calls, awaits them, or is a plain one, in which
    `call(…)` makes them. Its own arguments follow it; `help echo_server` tells
    those of that program.

    With `--green` the script may block: `spawn --green server.py 8000`. Its
    `time.sleep`, sockets, threads, `subprocess`, `input` suspend its task only.

    In `spawn countdown 3 | upper | count` each task reads what the one before it
    prints. `> FILE` at the end has the last one print into a file, `>> FILE`
    behind what is there.

    name: what `tasks` calls it
    asyncio: it is a program of asyncio's, such as `module:main`
    green: the program is any script; what blocks in it suspends its task only
    """
    reference = None if asyncio or green else reference_of(program)
    if reference is not None and not reference.function and not any(plumbing):
        return run_script(system, reference, program, arguments)
    stages = [[program, *arguments], *plumbing.stages]
    if name and len(stages) > 1:
        raise Failure(f"--name is for one task, and here are {len(stages)}")
    tasks = make_tasks(system, stages, name, maker(asyncio, green))
    title = " | ".join(task.name for task in tasks)
    return Started(system.start(tasks, title, plumber_for(system, plumbing, tasks)))


def maker(asyncio: bool, green: bool) -> Callable[..., Task]:
    """What makes the task of the program that comes first. Raises `Failure` for two in one."""
    if asyncio and green:
        raise Failure("a program is one of asyncio's or a green script: give --asyncio or --green")
    if asyncio:
        return asyncio_task
    return make_green_task if green else make_task


def make_tasks(
    system: System, stages: list[list[Word]], name: str, make_first: Callable[..., Task]
) -> list[Task]:
    """A task for each stage, of which the first may be of another kind. Raises `Mistake`."""
    tasks: list[Task] = []
    try:
        for words in stages:
            make = make_task if tasks else make_first
            tasks.append(make(system, words, name))
    except BaseException:
        drop(tasks)
        raise
    return tasks


def plumber_for(system: System, plumbing: Plumbing, tasks: list[Task]) -> Plumber | None:
    """Whoever is to join the tasks, which are dropped if the file cannot be written to."""
    return Plumber(system.output, output_file(plumbing, tasks)) if any(plumbing) else None


def output_file(plumbing: Plumbing, tasks: list[Task]) -> OutputFile | None:
    """The file that the last task prints into, if there is one. The tasks are dropped if it cannot
    be written to.
    """
    target = None
    try:
        if plumbing.redirection is not None:
            target = OutputFile(plumbing.redirection)
            target.begin()
    except BaseException:
        drop(tasks)
        if target is not None:
            target.close()
        raise
    return target


def make_task(system: System, words: Sequence[Word], name: str = "") -> Task:
    """The task that a program and its arguments make. Raises `Mistake`."""
    program, *arguments = words
    if program.text == spawn.__name__:
        raise Mistake("behind | stands a program, without spawn", program.start, program.end)
    reference = reference_of(program)
    if reference is not None and not reference.function:
        message = "a script has no pipe and no file; name a function in it: FILE.py:FUNCTION"
        raise Mistake(message, program.start, program.end)
    found = built_in(program.text) if reference is None else loaded(system, reference, program)
    target = make_target(system, found, program, tuple(arguments))
    return Task(target, name or title_of(program, arguments))


def asyncio_task(system: System, words: Sequence[Word], name: str = "") -> Task:
    """The task of a program of asyncio's. Raises `Mistake`."""
    program, *arguments = words
    check_name(program)
    found = loaded(system, refer(program), program)
    return Task(host_target(found, program, arguments), name or title_of(program, arguments))


def make_green_task(system: System, words: Sequence[Word], name: str = "") -> Task:
    """The task of a script that may block. Raises `Mistake`."""
    program, *arguments = words
    reference = reference_of(program)
    if reference is None or reference.function or reference.file is None:
        message = "with --green goes a script, FILE.py"
        raise Mistake(message, program.start, program.end)
    make = partial(green_script, str(reference.file), *(word.text for word in arguments))
    with patience(program), greenlets():
        target = Loading(program.text, make).result(system)
    return Task(target, name or title_of(program, arguments))


def title_of(program: Word, arguments: Sequence[Word]) -> str:
    """The name of a task that is given none."""
    return " ".join([shortened(program.text), *(word.text for word in arguments)])


@contextmanager
def greenlets() -> Iterator[None]:
    """In this block it is a failure in one line that the package is missing."""
    try:
        yield
    except NoGreenlets as error:
        raise Failure(str(error)) from None
    except LoadingFailed as failed:
        if isinstance(failed.error, NoGreenlets):
            raise Failure(str(failed.error)) from None
        raise


def reference_of(program: Word) -> Reference | None:
    """What the word refers to; None if that is a built-in program. Raises `Mistake`."""
    return None if program.text in built_in_names() else refer(program)


def run_script(
    system: System, reference: Reference, word: Word, arguments: Sequence[Word]
) -> Started | Notice:
    """Run a script up to its `mainloop`; its tasks are tasks of this system."""
    script = Script(reference, [each.text for each in arguments], system)
    with patience(word):
        tasks = script.load()
    try:
        if not tasks:
            return Notice(f"{script.title} ran to its end and made no task", ok=False)
        started = Started(system.start(tasks, script.title))
        system.scripts.append(script)
        return started
    finally:
        script.admitted.set()


def loaded(system: System, reference: Reference, word: Word) -> Program:
    """The function in a file or package. Raises `Mistake` if there is none of this name."""
    try:
        with patience(word):
            return load_function(reference, system)
    except NoSuchFunction as error:
        raise no_function(word, reference, error.names) from None
    except LoadingFailed as failed:
        if isinstance(failed.error, ModuleNotFoundError) and is_part(failed.error.name, reference):
            message = f"there is no module {failed.error.name}"
            raise Mistake(message, word.start, word.end) from None
        raise


def is_part(name: str | None, reference: Reference) -> bool:
    """Whether a module is the one that was asked for, or a package that it should be in."""
    return f"{reference.module}.".startswith(f"{name}.")


def make_target(system: System, program: Program, word: Word, arguments: Sequence[Word]) -> Target:
    """What a task is made of: the program called with its arguments. Raises `Mistake`."""
    function = program.function
    if not callable(function) or isinstance(function, NO_PROGRAMS) or isasyncgenfunction(function):
        raise no_program(program, word)
    end = arguments[-1].end if arguments else word.end
    values, options = program.signature.bind(arguments, end)
    if not (isgeneratorfunction(function) or iscoroutinefunction(function)):
        with greenlets():
            return fiber(function, *values, **options)
    with patience(word):
        target: Target = call(program, values, options, system)
    return target


def no_program(program: Program, word: Word) -> Mistake:
    """What is said where there is something else in a program's place."""
    function = program.function
    kind = "no function"
    if isinstance(function, type):
        kind = "a class"
    elif isinstance(function, BuiltinFunctionType):
        kind = "a function in C"
    elif callable(function):
        kind = "an async generator"
    right = "a generator function, an async def or a plain function"
    message = f"{excerpt(program.name)} is {kind}: a program is {right}"
    return Mistake(message, word.start, word.end)


@contextmanager
def patience(word: Word) -> Iterator[None]:
    """In this block the deadline of the loading is a mistake at `word`."""
    try:
        yield
    except TakesTooLong as error:
        raise Mistake(f"{excerpt(word.text)} is {error}", word.start, word.end) from None


def shortened(text: str) -> str:
    """A reference without the folders of its file."""
    return Path(text).name if ".py" in text else text


@command(looks=True)
def wait(system: System, *tids: Tid) -> Ends:
    """Wait until these tasks have ended, or all.

    Ctrl-C stops the waiting. The command fails if one of these tasks, or of
    all that were started here, crashed or was killed, or if a script gave an exit
    code. Scripts that still run belong to all, as they may start more.
    """
    ends = Ends([], [], [])
    for tid in tids:
        check_running(system, tid)
        await_end(system, tid, ends)
    if not tids:
        await_all(system, ends)
    return ends


def await_all(system: System, ends: Ends) -> None:
    """Wait for every task, and for scripts, which may start more. How a child ends is its parent's
    affair.
    """
    while True:
        while system.started:
            check_running(system, system.started[0])
            with suppress(Failure):  # it ended so long ago that nobody knows any more how
                await_end(system, system.started[0], ends)
        if rows := system.ask(ListTasks(first=1)).tasks:
            check_running(system, rows[0].tid)
            ends.others.append(system.ask(WaitTask(rows[0].tid)))
        elif system.scripts:
            await_script(system, ends)
        else:
            return


def check_running(system: System, tid: int) -> None:
    """Raise `Failure` if the task lives and cannot end, because the whole system is held up."""
    listed = system.ask(ListTasks(first=0))
    if not listed.paused or listed.rate is not None:
        return
    if any(task.tid == tid for task in system.ask(ListTasks()).tasks):
        raise Failure("the system is paused, so no task ends; resume goes on")


def await_script(system: System, ends: Ends) -> None:
    """Wait for a script for a moment; it may have started tasks meanwhile."""
    script = system.scripts[0]
    if system.wait(script.ended, LOOK):
        system.scripts.remove(script)
        ends.script_failed = ends.script_failed or script.failed


def await_end(system: System, tid: int, ends: Ends) -> None:
    """Wait for one task, and note how it ended."""
    try:
        stack = system.ask(GetStack(tid))
        status = system.ask(WaitTask(tid))
    except NoSuchTask as error:
        system.forget(tid)
        raise Failure(f"{error}; type tasks for those there are") from None
    system.forget(tid)
    if stack.status is not None:
        ends.before.append((stack.program, status))
    else:
        ends.since.append(status)
