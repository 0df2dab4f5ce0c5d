"""Laws of processes: how they are started, talked to, and waited for. All are real."""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE, STDOUT

import pytest

from kernel import (
    KillTask,
    Process,
    Read,
    Reader,
    Scheduler,
    StartProcess,
    TooMuchData,
    WaitProcess,
    Write,
    children,
)

from ..net import GUARD, descriptors, do, no_descriptor_left, note, python, settle, spawn, until
from ..support import either_style, outcome

LOUD = "import sys; sys.stdout.write('out' * 100_000); sys.stderr.write('err' * 100_000)"
CAT = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
ASLEEP = "import sys, time; print('here', flush=True); time.sleep(600)"


def by_descriptor(patch):
    if not hasattr(os, "pidfd_open"):
        pytest.skip("platform: no descriptors of processes")


def by_thread(patch):
    patch.setattr(children, "PIDFD_OPEN", None)


def by_thread_as_there_is_no_descriptor_left(patch):
    def refuse(pid):
        raise OSError(errno.EMFILE, "Too many open files")

    patch.setattr(children, "PIDFD_OPEN", refuse)


@pytest.fixture(
    params=[by_descriptor, by_thread, by_thread_as_there_is_no_descriptor_left],
    ids=lambda way: way.__name__,
)
def way(request, monkeypatch):
    """How the kernel learns of an end."""
    request.param(monkeypatch)


def start(kernel, code, *arguments, **options):
    process = do(kernel, StartProcess(python(code, *arguments), **options))
    assert isinstance(process, Process), process
    return process


@contextmanager
def started(kernel, code, *arguments, **options):
    """A process that is gone after the test."""
    process = start(kernel, code, *arguments, **options)
    with process:
        yield process
    until(kernel, lambda: process.returncode is not None)


def is_zombie_or_runs(pid):
    """Whether the system still knows of a child of ours."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# -- ends


@either_style
def test_wait_answers_the_exit_status_now_and_later(kernel, way, style):
    def program():
        process = yield StartProcess(python("input(); raise SystemExit(7)"), stdin=PIPE)
        statuses = [process.returncode]
        with process.stdin:
            yield Write(process.stdin, b"\n")
        statuses += [(yield process.wait()), (yield WaitProcess(process))]
        return statuses, process.returncode

    tid = kernel.new(style(program()))
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == ([None, 7, 7], 7)


@pytest.mark.skipif(os.name == "nt", reason="platform: no signals")
@pytest.mark.parametrize("how", ["kill", "terminate", "send_signal"])
def test_an_end_by_a_signal_is_its_negative_number(kernel, way, how):
    with started(kernel, ASLEEP, stdout=PIPE) as process:
        assert do(kernel, Reader(process.stdout).read_line()) == b"here" + os.linesep.encode()
        getattr(process, how)(*([signal.SIGINT] if how == "send_signal" else []))
        numbers = {"kill": -9, "terminate": -15, "send_signal": 1}
        status = do(kernel, process.wait())
        assert status in (numbers[how], -signal.SIGINT)


def test_all_who_wait_are_told(kernel, way):
    with started(kernel, ASLEEP) as process:
        logs = [spawn(kernel, process.wait()) for _ in range(3)]
        settle(kernel)
        assert logs == [[], [], []]
        assert process.returncode is None
        process.kill()
        until(kernel, lambda: all(logs))
        assert logs == [[process.returncode]] * 3


def test_who_waits_holds_up_nobody_and_uses_no_processor(kernel, way):
    with started(kernel, ASLEEP) as process:
        log = spawn(kernel, process.wait())
        settle(kernel)
        assert not kernel.ready
        assert kernel.poller.poll(0) == []
        assert not kernel.stuck()
        assert log == []


@pytest.mark.skipif(os.name == "nt", reason="platform: no zombies")
def test_a_waiter_that_is_killed_leaves_no_zombie(kernel, way):
    process = start(kernel, ASLEEP)
    tid = kernel.new(note([], process.wait()))
    settle(kernel)
    assert do(kernel, KillTask(tid)) is True
    process.kill()
    until(kernel, lambda: process.returncode is not None)
    assert not is_zombie_or_runs(process.pid)


@pytest.mark.skipif(os.name == "nt", reason="platform: no zombies")
def test_a_process_for_which_nobody_waits_leaves_no_zombie_and_no_descriptor(kernel, way):
    settle(kernel)
    before = descriptors()
    processes = [start(kernel, "") for _ in range(3)]
    until(kernel, lambda: all(process.returncode == 0 for process in processes))
    assert not any(is_zombie_or_runs(process.pid) for process in processes)
    settle(kernel)
    assert descriptors() == before


def test_a_signal_to_one_that_has_ended_is_sent_to_nobody(kernel, way):
    process = start(kernel, "")
    assert do(kernel, process.wait()) == 0
    process.terminate()
    process.kill()
    process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_no_handler_of_signals_is_touched(kernel):
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    do(kernel, start(kernel, "").wait())
    assert [signal.getsignal(number) for number in signal.valid_signals()] == handlers


def test_a_block_ends_its_process_and_closes_its_pipes(kernel, way):
    settle(kernel)
    before = descriptors()
    with started(kernel, ASLEEP, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        pass
    assert do(kernel, process.wait()) != 0
    settle(kernel)
    assert descriptors() == before


def test_where_the_descriptor_fails_a_thread_waits(kernel):
    if not hasattr(os, "pidfd_open"):
        pytest.skip("platform: no descriptors of processes")
    with started(kernel, ASLEEP) as process:
        log = spawn(kernel, process.wait())
        settle(kernel)
        [guardian] = [file.readers.first for file in kernel.files.files.values() if file.readers]
        guardian.fail(OSError("whatever it is"))
        settle(kernel)
        assert log == []
        process.kill()
        until(kernel, lambda: log)


# -- pipes


@either_style
def test_a_process_can_be_talked_to(kernel, style):
    code = "import sys\nfor line in sys.stdin: print(line.strip().upper(), flush=True)"

    def program():
        process = yield StartProcess(python(code), stdin=PIPE, stdout=PIPE)
        with process:
            reader = Reader(process.stdout)
            answers = []
            for word in (b"one", b"two"):
                yield Write(process.stdin, word + b"\n")
                answers.append((yield reader.read_line()).split())
            process.stdin.close()
            return answers, (yield process.wait())

    tid = kernel.new(style(program()))
    until(kernel, lambda: tid not in kernel.tasks)
    assert outcome(kernel, tid).value == ([[b"ONE"], [b"TWO"]], 0)


def test_a_process_that_prints_nothing_holds_up_nobody(kernel):
    with started(kernel, ASLEEP, stderr=PIPE) as process:
        log = spawn(kernel, Read(process.stderr, 1))
        settle(kernel)
        assert log == []
        assert not kernel.ready


def test_large_data_goes_both_ways_without_a_deadlock(kernel):
    data = bytes(range(256)) * 8192
    code = (
        "import sys\n"
        "while part := sys.stdin.buffer.read1(10_000):\n"
        "    sys.stdout.buffer.write(part)\n"
        "    sys.stderr.buffer.write(part)\n"
    )
    with started(kernel, code, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        output, errors = do(kernel, process.communicate(data))
        assert output == data
        assert errors == data
        assert process.returncode == 0


def test_communicate_without_pipes_answers_nothing(kernel):
    process = start(kernel, "")
    assert do(kernel, process.communicate()) == (b"", b"")
    assert process.returncode == 0


def test_communicate_with_one_that_does_not_read_gives_up_its_data(kernel):
    with started(kernel, "print('done')", stdin=PIPE, stdout=PIPE) as process:
        output, _ = do(kernel, process.communicate(bytes(1 << 20)))
        assert output.split() == [b"done"]


@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_one_that_prints_more_than_the_limit_is_killed(kernel, which):
    """Not acceptable: to keep all of it, however much it is; or to wait for ever."""
    code = f"import sys\nwhile True: sys.{which}.write('x' * 1000)"
    with started(kernel, code, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        error = do(kernel, process.communicate(bytes(1 << 20), limit=100_000))
        assert isinstance(error, TooMuchData)
        assert process.returncode
        assert not kernel.tasks


def test_a_communicate_that_is_killed_leaves_no_task_behind(kernel):
    with started(kernel, ASLEEP, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        tid = kernel.new(note([], process.communicate(bytes(1 << 20))))
        settle(kernel)
        assert len(kernel.tasks) > 1
        assert do(kernel, KillTask(tid)) is True
        settle(kernel)
        assert not kernel.tasks
        assert process.returncode is None


def test_errors_may_go_where_the_output_goes_and_both_nowhere(kernel):
    with started(kernel, LOUD, stdout=PIPE, stderr=STDOUT) as process:
        output, errors = do(kernel, process.communicate())
        assert output == b"out" * 100_000 + b"err" * 100_000
        assert errors == b""
    process = start(kernel, LOUD, stdout=DEVNULL, stderr=DEVNULL)
    assert do(kernel, process.wait()) == 0


def test_its_input_is_at_its_end_unless_told_otherwise(kernel):
    with started(kernel, CAT, stdout=PIPE) as process:
        assert do(kernel, process.communicate()) == (b"", b"")


def test_it_is_given_its_folder_and_its_environment(kernel, tmp_path):
    code = "import os; print(os.getcwd(), os.environ['PYOS'])"
    environment = {**os.environ, "PYOS": "here"}
    with started(kernel, code, stdout=PIPE, cwd=tmp_path, env=environment) as process:
        output, _ = do(kernel, process.communicate())
        assert output.decode().split() == [os.path.realpath(tmp_path), "here"]


def test_it_inherits_no_descriptor_of_ours(kernel):
    code = "import os; print(len(os.listdir('/proc/self/fd')))"
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("platform: there is no list of open descriptors")
    counts = []
    for _ in range(2):
        with started(kernel, code, stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
            counts.append(do(kernel, process.communicate())[0])
        files = [os.open(os.devnull, os.O_RDONLY) for _ in range(10)]
    for fd in files:
        os.close(fd)
    assert counts[0] == counts[1]


# -- wrong arguments


@pytest.mark.parametrize("arguments", ["ls -l", b"ls", [], (), None, 7, {"ls": 1}])
def test_a_program_that_is_no_list_is_refused_by_name(kernel, arguments):
    error = do(kernel, StartProcess(arguments))
    assert isinstance(error, TypeError)
    assert str(error) == f"a program is started by a list, not by {arguments!r}"


def test_what_cannot_be_started_is_an_error_and_leaves_nothing(kernel, tmp_path):
    settle(kernel)
    before = descriptors()
    for arguments, kind in [
        ([str(tmp_path / "nothing")], FileNotFoundError),
        ([str(tmp_path)], PermissionError),
        ([sys.executable, 7], TypeError),
        ([sys.executable, "a\0b"], ValueError),
    ]:
        error = do(kernel, StartProcess(arguments, PIPE, PIPE, PIPE))
        assert isinstance(error, kind)
    assert descriptors() == before


def test_out_of_descriptors_nothing_is_started(kernel):
    settle(kernel)
    with no_descriptor_left():
        error = do(kernel, StartProcess(python(""), stdout=PIPE))
    assert isinstance(error, OSError)
    assert error.errno == errno.EMFILE


def test_what_is_no_process_is_refused_by_name(kernel):
    error = do(kernel, WaitProcess(7))
    assert isinstance(error, TypeError)
    assert str(error) == "a process is wanted here, not 7"


def test_it_tells_what_it_is_and_who_waits_what_for(kernel):
    with started(kernel, ASLEEP) as process:
        assert repr(process) == f"<Process {process.pid} runs>"
        tid = kernel.new(note([], process.wait()))
        settle(kernel)
        assert kernel.tasks[tid].reason() == f"exit of process {process.pid}"
    do(kernel, process.wait())
    assert repr(process).startswith(f"<Process {process.pid} has ended with ")


def test_a_kernel_that_ends_leaves_the_process_to_itself():
    kernel = Scheduler()
    box = []

    def program():
        box.append((yield StartProcess(python(ASLEEP))))

    kernel.new(program())
    kernel.mainloop()
    [process] = box
    assert process.popen.poll() is None
    process.kill()
    process.popen.wait(GUARD)
