"""Commands about the foreground."""

from __future__ import annotations

from kernel import NoSuchTask, Signal

from ..answers import Ends, Left, Notice
from ..command import command
from ..foreground import Adopt, Job, SignalJob
from ..program import ProgramName, ProgramWords
from ..statement import NO_PLUMBING, Plumbing
from ..system import LOOK, Failure, GivenUp, System
from ..tid import Tid
from .tasks import (
    await_end,
    make_tasks,
    maker,
    output_file,
    plumber_for,
    reference_of,
    run_script,
)


@command()
def run(
    system: System,
    program: ProgramName,
    *arguments: ProgramWords,
    asyncio: bool = False,
    green: bool = False,
    plumbing: Plumbing = NO_PLUMBING,
) -> Ends | Left | Notice:
    """Run a program in the foreground.

    What it prints is shown as it is, and the lines that are typed are for it.
    Ctrl-C interrupts it, Ctrl-D is the end of its input, and Ctrl-Z stops it and
    gives the prompt back: then `fg` and `bg` let it go on. PROGRAM, its
    arguments, `|` and `>` are as those of `spawn`.

    Without a prompt it reads stdin, and is waited for.

    asyncio: it is a program of asyncio's, as for `spawn`
    green: the program is any script; what blocks in it suspends its task only
    """
    reference = None if asyncio or green else reference_of(program)
    is_script = reference is not None and not reference.function and not any(plumbing)
    if is_script:
        assert reference is not None
        if system.attach is not None:
            raise Failure(f"a script has no foreground: spawn {program.text}")
        started = run_script(system, reference, program, arguments)
        return started if isinstance(started, Notice) else ends_of(system, started.tids)
    make = maker(asyncio, green)
    tasks = make_tasks(system, [[program, *arguments], *plumbing.stages], "", make)
    title = " | ".join(task.name for task in tasks)
    if system.attach is None:
        plumber = plumber_for(system, plumbing, tasks)
        return ends_of(system, system.start(tasks, title, plumber, announced=False))
    job = Job(system.output, title, output_file(plumbing, tasks))
    show_plain(system, job)
    for tid in system.start(tasks, title, job, announced=False):
        system.forget(tid)
    system.environment.jobs.append(job)
    return attend(system, job)


def ends_of(system: System, tids: list[int]) -> Ends:
    """Wait for tasks; how they have ended is told as it happens."""
    ends = Ends([], [], [])
    for tid in tids:
        await_end(system, tid, ends)
    return Ends([], [*ends.since, *(status for _, status in ends.before)], [])


@command()
def fg(system: System, tid: Tid | None = None) -> Ends | Left:
    """Bring a task into the foreground, and continue it.

    TID, or else the job that was left last. See `help run`.
    """
    if system.attach is None:
        raise Failure("here is no foreground, as there is no prompt")
    job = job_of(system, tid)
    jobs = system.environment.jobs
    if job in jobs:
        jobs.remove(job)
    jobs.append(job)
    show_plain(system, job)
    proceed(system, job)
    return attend(system, job)


@command()
def bg(system: System, tid: Tid | None = None) -> Notice:
    """Let a job go on behind the prompt.

    TID, or else the job that was left last; what was stopped is continued.
    `> LINE` gives it lines there.
    """
    job = job_of(system, tid)
    proceed(system, job)
    return Notice(f"task {job.tids[0]} ({job.title}) goes on behind the prompt")


def job_of(system: System, tid: Tid | None) -> Job:
    """The job that a task belongs to, or that it is from now on; or the one that was left last.
    Raises `Failure` if there is none.
    """
    jobs = system.environment.jobs
    jobs[:] = [each for each in jobs if not each.over]
    if tid is None:
        if not jobs:
            raise Failure("no job has been left; run PROGRAM starts one, fg TID takes a task")
        return jobs[-1]
    for each in jobs:
        if tid in each.members:
            return each
    job = Job(system.output, f"task {tid}")
    try:
        if not system.ask(Adopt(job, tid)):
            raise Failure(f"task {tid} had ended before")
    except NoSuchTask as error:
        raise Failure(f"{error}; type tasks for those there are") from None
    jobs.append(job)
    return job


def show_plain(system: System, job: Job) -> None:
    """On this console show what the job prints as it is."""
    if system.feed is not None:
        system.feed.foreground = job.members


def proceed(system: System, job: Job) -> None:
    """Continue what was stopped."""
    job.stopped = False
    system.ask(SignalJob(job, Signal.CONT))


def attend(system: System, job: Job) -> Ends | Left:
    """Leave the keyboard to the job, until it has ended or is left."""
    assert system.attach is not None
    if not job.over:
        job.left.clear()
    system.attach(job)
    try:
        while not job.left.wait(LOOK):
            system.check()
            if not system.machine.kernel.running:
                raise Failure("the kernel has stopped")
    finally:
        system.attach(None)
    if not job.over:
        return Left(job.tids, job.title)
    system.environment.jobs.remove(job)
    if job.interrupted and not all(end.ok for end in job.ends):
        raise GivenUp
    return Ends([], job.ends, [])
