"""A kernel on a thread of its own."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel import (
    Deadlocked,
    Exited,
    GetTid,
    KernelStopped,
    KillTask,
    ListTasks,
    Machine,
    NewTask,
    NoSuchTask,
    Panicked,
    Policy,
    RequestCancelled,
    Scheduler,
    SendSignal,
    Signal,
    Sleep,
    SystemCall,
    WaitQueue,
    WaitTask,
)
from kernel.inbox import ROUND
from kernel.machine import Stop
from kernel.systemcall import ASLEEP

from .net import GUARD, counted, descriptors, pairs
from .support import Do, Park


@pytest.fixture
def machine():
    with Machine() as running:
        yield running


def sleeper(seconds=3600.0):
    yield Sleep(seconds)


def forever():
    while True:
        yield


def blocked():
    yield Park(WaitQueue())


class Box:
    """Events of a machine, as they come."""

    def __init__(self, machine, *kinds):
        self.events = []
        self.news = threading.Condition()
        machine.subscribe(self.put, *kinds)

    def put(self, event):
        with self.news:
            self.events.append(event)
            self.news.notify_all()

    def wait(self, count=1):
        with self.news:
            assert self.news.wait_for(lambda: len(self.events) >= count, GUARD)
            return self.events


def test_a_call_from_any_thread_is_answered(machine):
    with ThreadPoolExecutor(8) as threads:
        tids = list(threads.map(lambda _: machine.call(NewTask(sleeper()), GUARD), range(200)))
    assert sorted(tids) == list(range(1, 201))
    assert machine.call(GetTid(), GUARD) == 0


def test_a_call_that_fails_gives_its_error_to_whoever_asked(machine):
    with pytest.raises(NoSuchTask):
        machine.call(KillTask(9), GUARD)
    with pytest.raises(TypeError, match="a request is a system call, not int"):
        machine.call(5, GUARD)
    with pytest.raises(TypeError, match="call sleeper"):
        machine.call(NewTask(sleeper), GUARD)
    assert machine.call(GetTid(), GUARD) == 0


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_no_error_of_a_call_ends_the_kernel(machine, error):
    class Broken(SystemCall):
        __slots__ = ()

        def run(self, kernel, caller):
            raise error

    assert machine.submit(Broken()).exception(GUARD) is error
    assert machine.call(GetTid(), GUARD) == 0


def test_a_sleeping_kernel_is_woken_at_once_and_by_nothing_but_the_request():
    poller = counted(type(Scheduler().poller))
    with Machine(Scheduler(poller=poller)) as machine:
        for _ in range(20):
            assert poller.asleep.wait(GUARD)
            machine.call(GetTid(), GUARD)
    assert set(poller.timeouts) <= {None, 0}, "a kernel with nothing due sleeps without end"


def test_an_idle_machine_is_asleep_whatever_it_holds_open():
    poller = counted(type(Scheduler().poller))

    def reader(sock):
        from kernel import Recv

        yield Recv(sock, 10)

    with pairs(100) as sockets, Machine(Scheduler(poller=poller)) as machine:
        for near, _ in sockets:
            machine.call(NewTask(reader(near)), GUARD)
        # The kernel looks once more for files that were closed; then it sleeps without end.
        assert poller.asleep.wait(GUARD)
        returns = poller.returns
        for _ in range(5):
            machine.call(GetTid(), GUARD)
            assert poller.asleep.wait(GUARD)
        assert poller.returns - returns == 5, "it returns for a request and for nothing else"
        assert poller.timeouts[-5:] == [None] * 5


def test_a_request_that_is_cancelled_is_off_its_queue_and_says_so(machine):
    tid = machine.call(NewTask(sleeper()), GUARD)
    reply = machine.submit(WaitTask(tid))
    machine.cancel(reply)
    with pytest.raises(RequestCancelled):
        reply.result(GUARD)
    machine.call(KillTask(tid), GUARD)
    assert machine.call(WaitTask(tid), GUARD).killed
    assert machine.kernel.requests == set()


def test_cancel_and_answer_have_one_outcome_between_them(machine):
    for _ in range(300):
        reply = machine.submit(Sleep(0.0001))
        machine.cancel(reply)
        try:
            assert reply.result(GUARD) is None
        except RequestCancelled:
            pass
    assert machine.kernel.requests == set()


def test_a_call_that_times_out_is_given_up(machine):
    tid = machine.call(NewTask(sleeper()), GUARD)
    with pytest.raises(TimeoutError):
        machine.call(WaitTask(tid), 0.01)
    machine.call(GetTid(), GUARD)
    assert machine.kernel.requests == set()


def test_an_answer_that_comes_before_a_timed_out_request_is_given_up_is_not_lost(machine):
    """A permit that was handed to it would be gone for ever."""
    holds, let_go, permits = threading.Event(), threading.Event(), WaitQueue()
    submit, cancel = machine.submit, machine.cancel

    def hog():
        holds.set()
        let_go.wait(GUARD)
        permits.first.answer("a permit")
        yield

    def submit_late(call):
        reply = submit(call)
        result = reply.result

        def time_out(timeout):
            reply.result = result
            assert holds.wait(GUARD)
            raise TimeoutError

        reply.result = time_out
        return reply

    machine.submit = submit_late
    machine.cancel = lambda reply: (cancel(reply), let_go.set())
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(machine.call, Park(permits), 0)
        while not submit(Do(lambda kernel, caller: len(permits))).result(GUARD):
            pass
        submit(NewTask(hog()))
        assert asked.result(GUARD) == "a permit"
    machine.submit, machine.cancel = submit, cancel


def test_a_task_that_would_wait_for_its_own_kernel_is_told_so(machine):
    def program():
        for wait in (lambda: machine.call(GetTid()), machine.shutdown):
            with pytest.raises(RuntimeError, match="it yields its calls"):
                wait()
        yield

    tid = machine.call(NewTask(program()), GUARD)
    assert machine.call(WaitTask(tid), GUARD).ok


@pytest.mark.parametrize("deadline", [-1, float("inf"), float("nan")])
def test_a_deadline_that_is_no_time_is_refused_and_nothing_stops(machine, deadline):
    with pytest.raises(ValueError, match="cannot give tasks"):
        machine.shutdown(deadline)
    assert machine.call(GetTid(), GUARD) == 0


def test_a_request_that_sleeps_on_no_queue_is_answered_with_an_error(machine):
    with pytest.raises(RuntimeError, match="Do sleeps on no queue"):
        machine.call(Do(lambda kernel, caller: ASLEEP), GUARD)


def test_a_request_that_holds_the_kernel_is_refused_with_the_others():
    holds, let_go = threading.Event(), threading.Event()

    def hold(kernel, caller):
        holds.set()
        let_go.wait(GUARD)

    machine = Machine().boot()
    reply = machine.submit(Do(hold))
    assert holds.wait(GUARD)
    assert machine.shutdown(deadline=0.01) is False
    with pytest.raises(KernelStopped, match="stuck"):
        reply.result(0)
    let_go.set()
    machine.thread.join(GUARD)


def test_blocked_tasks_are_looked_over_for_a_deadlock_only_when_some_task_has_run(
    machine, monkeypatch
):
    machine.call(NewTask(blocked()), GUARD)
    machine.call(GetTid(), GUARD)
    looked = []
    monkeypatch.setattr("kernel.machine.verdict", lambda kernel: looked.append(1) or "stuck")
    for _ in range(10):
        machine.call(GetTid(), GUARD)
    assert len(looked) <= 1


def test_a_deadlock_that_comes_without_any_task_running_is_reported(machine):
    """The last alarm, not a task, was what could have helped."""
    queue, reports = WaitQueue(), Box(machine, Deadlocked)

    def program():
        yield Park(queue)

    asleep = machine.submit(Sleep(0.01))
    machine.submit(NewTask(program()))
    asleep.result(GUARD)
    assert "program) waits for the test" in reports.wait()[0].verdict


def test_an_order_to_stop_overtakes_the_requests_that_wait(machine):
    holds, let_go, made = threading.Event(), threading.Event(), []

    def hold(kernel, caller):
        holds.set()
        let_go.wait(GUARD)

    machine.submit(NewTask(forever()))
    machine.submit(Do(hold))
    assert holds.wait(GUARD)
    for _ in range(10 * ROUND):
        machine.submit(Do(lambda kernel, caller: made.append("made")))
    with ThreadPoolExecutor(1) as threads:
        shutdown = threads.submit(machine.shutdown)
        while not isinstance(machine.kernel.inbox.arrivals[0], Stop):
            assert not shutdown.done()
        let_go.set()
        assert shutdown.result(GUARD)
    assert len(made) < 10 * ROUND


def test_1_000_busy_tasks_leave_room_for_requests(machine):
    for _ in range(1_000):
        machine.submit(NewTask(forever()))
    for _ in range(50):
        assert machine.call(ListTasks(first=1), GUARD).total == 1_000


def test_1_000_busy_tasks_do_not_keep_a_machine_from_its_shutdown(machine):
    for _ in range(1_000):
        machine.submit(NewTask(forever()))
    assert machine.call(ListTasks(first=1), GUARD).total == 1_000
    assert machine.shutdown(GUARD)
    assert not machine.thread.is_alive()


def test_a_deadlock_is_reported_once_and_the_machine_stays_up(machine):
    def waits_for(offset):
        yield WaitTask((yield GetTid()) + offset)

    def both():
        yield NewTask(waits_for(1))
        yield NewTask(waits_for(-1))

    reports = Box(machine, Deadlocked)
    machine.submit(NewTask(both()))
    assert "2 → 3 → 2" in reports.wait()[-1].verdict
    count = len(reports.events)
    for _ in range(20):
        assert machine.call(GetTid(), GUARD) == 0
    assert len(reports.events) == count
    assert machine.call(KillTask(2), GUARD)
    assert machine.call(WaitTask(3), GUARD).value is None


def test_where_somebody_has_stopped_a_task_there_is_no_deadlock(machine):
    reports = Box(machine, Deadlocked)
    tid = machine.call(NewTask(forever()), GUARD)
    machine.call(SendSignal(tid, Signal.STOP), GUARD)
    waits = machine.submit(WaitTask(tid))
    machine.call(NewTask(blocked()), GUARD)
    for _ in range(20):
        assert machine.call(GetTid(), GUARD) == 0
    assert reports.events == []
    machine.call(KillTask(tid), GUARD)
    assert waits.result(GUARD).killed
    assert "1 task is blocked" in reports.wait()[0].verdict


def test_after_shutdown_every_request_is_refused_at_once(machine):
    pending = machine.submit(WaitTask(machine.call(NewTask(sleeper()), GUARD)))
    assert machine.shutdown()
    assert pending.result(GUARD).killed
    for _ in range(3):
        with pytest.raises(KernelStopped):
            machine.submit(GetTid()).result(0)
    assert machine.shutdown(), "a second shutdown changes nothing"


def test_no_request_is_left_unanswered_by_a_shutdown_that_comes_meanwhile():
    for _ in range(20):
        machine = Machine().boot()
        replies = []

        def ask(machine=machine, replies=replies):
            for _ in range(100):
                replies.append(machine.submit(GetTid()))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert machine.shutdown()
        for thread in threads:
            thread.join(GUARD)
        assert len(replies) == 400
        for reply in replies:
            error = reply.exception(GUARD)
            assert error is None or isinstance(error, KernelStopped)


def test_shutdown_ends_the_newest_first_and_runs_their_finally():
    ends = []

    def program(name):
        try:
            yield Sleep(3600)
        finally:
            yield Sleep(0)
            ends.append(name)

    with Machine() as machine:
        for name in "abc":
            machine.call(NewTask(program(name)), GUARD)
        machine.call(NewTask(sleeper(0)), GUARD)
    assert ends == ["c", "b", "a"]


def test_what_refuses_to_end_is_ended_by_force_at_the_deadline(monkeypatch):
    monkeypatch.setattr("kernel.machine.MARGIN", GUARD)

    def stubborn():
        while True:
            try:
                yield Sleep(3600)
            except BaseException:
                pass

    machine = Machine().boot()
    ends = Box(machine, Exited)
    machine.call(NewTask(stubborn()), GUARD)
    assert machine.shutdown(deadline=0.05)
    assert ends.events[0].status.forced


def test_a_kernel_that_is_held_by_a_task_is_given_up_and_refuses_what_comes():
    holds, let_go = threading.Event(), threading.Event()

    def hog():
        yield
        holds.set()
        let_go.wait(GUARD)

    machine = Machine().boot()
    machine.submit(NewTask(hog()))
    assert holds.wait(GUARD)
    pending = machine.submit(GetTid())
    assert machine.shutdown(deadline=0.01) is False
    for reply in (pending, machine.submit(GetTid())):
        with pytest.raises(KernelStopped, match="stuck"):
            reply.result(0)
    let_go.set()
    machine.thread.join(GUARD)
    assert not machine.thread.is_alive()


def test_a_bug_in_the_loop_is_a_panic_that_shows_every_task_and_answers_every_request():
    broken = threading.Event()

    class Breaking(Policy):
        def pick(self, ready):
            if broken.is_set():
                raise ZeroDivisionError("a bug")
            return ready.popleft()

    machine = Machine(Scheduler(policy=Breaking())).boot()
    panics = Box(machine, Panicked)
    tid = machine.call(NewTask(sleeper()), GUARD)
    pending = machine.submit(WaitTask(tid))
    broken.set()
    machine.submit(NewTask(forever()))
    (panic,) = panics.wait()
    assert isinstance(panic.error, ZeroDivisionError)
    assert "sleeper" in panic.stacks
    assert "test_machine.py" in panic.stacks
    for reply in (pending, machine.submit(GetTid())):
        with pytest.raises(KernelStopped, match="panicked: ZeroDivisionError: a bug"):
            reply.result(GUARD)
    assert machine.shutdown() is False


def panicking(*programs):
    """A machine that fails in its own loop as soon as these have nothing to do."""

    class Breaking(Scheduler):
        def sleep(self, wait):
            raise ZeroDivisionError("a bug")

    kernel = Breaking()
    for program in programs:
        kernel.new(program)
    return Machine(kernel)


def test_a_panic_shows_the_stack_of_every_task_to_its_innermost_frame():
    def outer():
        yield inner()

    def inner():
        yield from blocked()

    async def coroutine():
        await Sleep(3600)

    machine = panicking(outer(), coroutine())
    panics = Box(machine, Panicked)
    machine.boot()
    (panic,) = panics.wait()
    assert panic.stacks.splitlines() == [
        f"task 1 {outer.__qualname__}",
        place(outer, 1),
        place(inner, 1),
        place(blocked, 1),
        f"task 2 {coroutine.__qualname__}",
        place(coroutine, 1),
    ]


def place(function, line):
    """How a panic writes a line of a function."""
    code = function.__code__
    return f"  {function.__qualname__} {code.co_filename}:{code.co_firstlineno + line}"


def test_a_panic_with_very_many_tasks_or_frames_says_what_it_leaves_out():
    def deep(frames):
        yield deep(frames - 1) if frames else sleeper()

    machine = panicking(deep(1_000), *(sleeper() for _ in range(1_000)))
    panics = Box(machine, Panicked)
    machine.boot()
    (panic,) = panics.wait()
    lines = panic.stacks.splitlines()
    assert lines[0] == f"task 1 {deep.__qualname__}"
    assert lines[1] == "  … 952 frames"
    assert lines[2:52] == [place(deep, 1)] * 49 + [place(sleeper, 1)]
    assert lines[52] == "task 2 sleeper"
    assert lines[-1] == "and 951 more tasks"


def test_a_panic_that_nobody_watches_is_logged_with_its_traceback(caplog):
    machine = panicking(sleeper())
    machine.boot().thread.join(GUARD)
    (record,) = caplog.records
    assert record.getMessage().startswith("kernel panic: ZeroDivisionError: a bug\ntask 1 sleeper")
    assert record.exc_info[1] is machine.panic
    assert machine.shutdown() is False


def test_a_panic_is_loud_even_if_nothing_can_be_said_of_it():
    class Unspeakable(Exception):
        def __str__(self):
            raise KeyboardInterrupt

    class Breaking(Policy):
        def pick(self, ready):
            machine.kernel.tasks[1].callers = 5
            raise Unspeakable

    machine = Machine(Scheduler(policy=Breaking()))
    panics = Box(machine, Panicked)
    machine.boot().submit(NewTask(sleeper()))
    (panic,) = panics.wait()
    assert "kernel panic: Unspeakable: its text raised KeyboardInterrupt" in str(panic)
    with pytest.raises(KernelStopped, match="panicked: Unspeakable"):
        machine.submit(GetTid()).result(GUARD)


def test_machines_live_side_by_side_and_the_last_puts_the_switch_interval_back():
    former = sys.getswitchinterval()
    with Machine() as first, Machine() as second:
        assert first.call(NewTask(sleeper()), GUARD) == 1
        assert second.call(NewTask(sleeper()), GUARD) == 1
        assert sys.getswitchinterval() < former
        second.shutdown()
        assert sys.getswitchinterval() < former
    assert sys.getswitchinterval() == former


def test_a_machine_that_was_held_by_a_task_stops_when_that_lets_go():
    held, release = threading.Event(), threading.Event()

    def hog():
        held.set()
        release.wait(GUARD)
        while True:
            yield

    machine = Machine().boot()
    machine.submit(NewTask(hog()))
    assert held.wait(GUARD)
    assert machine.shutdown(0.01) is False
    release.set()
    machine.thread.join(GUARD)
    assert not machine.thread.is_alive()


def test_machines_leave_no_thread_and_no_descriptor_behind():
    threads, files = threading.active_count(), descriptors()
    for _ in range(100):
        with Machine() as machine:
            machine.call(NewTask(sleeper()), GUARD)
    assert threading.active_count() == threads
    assert descriptors() == files


def test_a_request_may_sleep_on_any_queue_and_blocks_nobody_else(machine):
    from kernel import WaitQueue

    queue = WaitQueue()
    replies = [machine.submit(Park(queue)) for _ in range(5)]
    assert machine.call(GetTid(), GUARD) == 0

    class Answer(SystemCall):
        __slots__ = ()

        def run(self, kernel, caller):
            while queue.first is not None:
                queue.first.answer("there")

    machine.call(Answer(), GUARD)
    assert [reply.result(GUARD) for reply in replies] == ["there"] * 5
