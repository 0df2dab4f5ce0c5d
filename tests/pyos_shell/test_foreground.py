"""Laws of a job: the tasks that have the keyboard."""

from kernel import NewTask, Scheduler
from kernel.task import Task
from pyos_shell import foreground
from pyos_shell.foreground import Job
from pyos_shell.output import Output


def child():
    yield


def parent(children):
    for _ in range(children):
        yield NewTask(child())
        yield


def job_of(program):
    """A job of this one stage, and the kernel that runs it."""
    kernel, job, task = Scheduler(), Job(Output(), "parent"), Task(program)
    kernel.schedule(task)
    job.join(kernel, [task])
    return job, kernel


def test_all_that_it_has_started_belong_to_it():
    job, kernel = job_of(parent(3))
    kernel.mainloop()
    assert job.members == {1, 2, 3, 4}


def test_of_those_that_have_ended_it_knows_as_many_as_can_have_lines_that_wait(monkeypatch):
    monkeypatch.setattr(foreground, "BUFFERED_LINES", 2)
    job, kernel = job_of(parent(10))
    kernel.mainloop()
    assert len(job.members) == 2
    assert 1 in job.members  # it has ended last, or just before its last child
