"""Commands that start, end and wait for tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kernel import GetStack, KillTask, ListTasks, NewTask, NoSuchTask, WaitTask

from ..answers import Ends, Notice
from ..command import command
from ..line import Word
from ..loader import LoadingFailed, load_function, load_script
from ..mistake import Mistake
from ..program import Program, Reference, built_in, built_in_names, refer
from ..system import Failure, System
from ..tid import Tid


@command()
def spawn(system: System, program: Word, *arguments: Word, name: str = "") -> Notice:
    """Start a program as a new task: `spawn countdown 5`.

    PROGRAM is the name of a built-in program (`programs` lists them), a function in a file,
    `path/to/file.py:function`, one in a package, `package.module:function`, or a script that
    makes a Scheduler of its own, `server.py`. The program's own arguments follow it; `help
    PROGRAM` tells them.

    name: what `tasks` calls it
    """
    reference = None if program.text in built_in_names() else refer(program)
    if reference is not None and not reference.function:
        return spawn_script(system, reference, program, arguments)
    found = built_in(program.text) if reference is None else loaded(reference, program)
    target = make_target(found, program, arguments)
    title = name or " ".join([shortened(program.text), *(word.text for word in arguments)])
    tid = system.ask(NewTask(target, title))
    return Notice(f"task {tid}: {title}")


def spawn_script(
    system: System, reference: Reference, word: Word, arguments: tuple[Word, ...]
) -> Notice:
    """Run a script up to its `mainloop`; its tasks are tasks of this system."""
    try:
        tids = load_script(reference, [each.text for each in arguments], system.machine)
    except TimeoutError as error:
        raise Mistake(f"{word.text} is {error}", word.start, word.end) from None
    if not tids:
        return Notice(f"{shortened(word.text)} ran to its end and made no task", ok=False)
    numbers = ", ".join(map(str, tids))
    return Notice(f"task{'s' * (len(tids) > 1)} {numbers}: {shortened(word.text)}")


def loaded(reference: Reference, word: Word) -> Program:
    """The function in a file or package. Raises `Mistake` if there is none of this name."""
    try:
        return load_function(reference)
    except TimeoutError as error:
        raise Mistake(f"{word.text} is {error}", word.start, word.end) from None
    except AttributeError:
        message = f"there is no function {reference.function} in {word.text.rpartition(':')[0]}"
        raise Mistake(message, word.start, word.end) from None
    except LoadingFailed as failed:
        if isinstance(failed.error, ModuleNotFoundError) and failed.error.name == reference.module:
            message = f"there is no module {reference.module}"
            raise Mistake(message, word.start, word.end) from None
        raise


def make_target(program: Program, word: Word, arguments: tuple[Word, ...]) -> Any:
    """The generator or coroutine: the program called with its arguments. Raises `Mistake`."""
    if not callable(program.function):
        raise Mistake(f"{program.name} is no function", word.start, word.end)
    end = arguments[-1].end if arguments else word.end
    values, options = program.signature.bind(arguments, end)
    target = program.function(*values, **options)
    if not hasattr(target, "send"):
        message = f"{program.name} is a plain function: a program has a yield, or is an async def"
        raise Mistake(message, word.start, word.end)
    return target


def shortened(text: str) -> str:
    """A reference without the folders of its file."""
    return Path(text).name if ".py" in text else text


@command()
def kill(system: System, tid: Tid, *more: Tid) -> Notice:
    """End tasks: `kill 3`, `kill 3 7`.

    Each gets a `TaskKilled` where it stands, so its `finally` blocks run first; after 2 seconds it
    is ended by force.
    """
    results = [kill_one(system, each) for each in (tid, *more)]
    return Notice("\n".join(text for text, _ in results), ok=all(ok for _, ok in results))


def kill_one(system: System, tid: int) -> tuple[str, bool]:
    try:
        alive = system.ask(KillTask(tid))
    except NoSuchTask as error:
        return f"{error}; type tasks for those there are", False
    if alive:
        return f"task {tid} is being killed", True
    return f"task {tid} had ended before", False


@command()
def wait(system: System, *tids: Tid) -> Ends:
    """Wait until tasks have ended: `wait 3`; without a TID, until all have.

    Ctrl-C gives the prompt back. The command fails if one of the tasks crashed or was killed.
    """
    ends = Ends([], [])
    if tids:
        for tid in tids:
            await_end(system, tid, ends)
        return ends
    while rows := system.ask(ListTasks()).tasks:
        for row in rows:
            await_end(system, row.tid, ends)
    return ends


def await_end(system: System, tid: int, ends: Ends) -> None:
    """Wait for one task, and note how it ended."""
    try:
        stack = system.ask(GetStack(tid))
        status = system.ask(WaitTask(tid))
    except NoSuchTask as error:
        raise Failure(f"{error}; type tasks for those there are") from None
    if stack.status is not None:
        ends.before.append((stack.program, status))
    else:
        ends.since.append(status)
