"""A plain function is a task like any other, and suspends nobody else, from whatever depth."""

from __future__ import annotations

import contextvars
import gc
import re
import sys
import threading
import weakref
from functools import partial, wraps
from types import ModuleType

import greenlet
import pytest

from kernel import (
    Acquire,
    BadTrap,
    Cancelled,
    Event,
    Exited,
    ExplainTask,
    GetStack,
    GetTid,
    InspectTask,
    Join,
    KillTask,
    Machine,
    Mutex,
    NewTask,
    NoGreenlets,
    NoSuchTask,
    NotInFiber,
    OpenScope,
    Receive,
    Release,
    Scheduler,
    Select,
    SendMessage,
    SetEvent,
    Sleep,
    SpawnLinked,
    TaskFailed,
    TaskGroup,
    TaskKilled,
    WaitEvent,
    WaitTask,
    call,
    fiber,
    within,
)

from .support import (
    Held,
    ask,
    end,
    functions,
    idle,
    in_kernel,
    no_collector,
    outcome,
    printed,
    run,
    settle,
    snapshot,
    start,
    turn,
    watch,
)


def sleeper(seconds: float = 60) -> None:
    call(Sleep(seconds))


# -- answers and errors


def test_it_gets_the_answer_of_each_call_and_its_own_is_what_it_returns():
    def program(first, *, second):
        call(Sleep(1))
        return first, second, call(GetTid())

    assert run(fiber(program, "a", second="b")).value == ("a", "b", 1)


def test_a_call_from_any_depth_suspends_only_this_task():
    order = []

    def down(depth, name):
        if depth:
            return down(depth - 1, name)
        call(Sleep(1))
        return order.append(name)

    def other():
        yield
        order.append("other")

    settle(start(fiber(down, 100, "first"), fiber(down, 3, "second"), other()))
    assert order == ["other", "first", "second"]


def test_a_call_may_be_made_in_a_function_that_c_code_has_called():
    def key(number):
        call(Sleep(1))
        return -number

    def program():
        return sorted(map(int, "132"), key=key)

    sched = start(*(fiber(program) for _ in range(3)))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2, 3)] == [[3, 2, 1]] * 3


def test_call_none_gives_way_to_every_other_ready_task():
    order = []

    def program(name):
        for _ in range(3):
            order.append(name)
            call(None)

    settle(start(fiber(program, "a"), fiber(program, "b")))
    assert order == list("ababab")


def test_an_error_of_a_call_is_raised_there_with_no_more_than_one_entry_of_ours():
    def ask_for(tid):
        call(WaitTask(tid))

    status = run(fiber(ask_for, 99))
    assert isinstance(status.error, NoSuchTask)
    assert functions(status.error)[:2] == ["ask_for", "call"]
    assert in_kernel(status.error)[0] is False

    def program():
        try:
            ask_for(99)
        except NoSuchTask:
            return "caught"

    assert run(fiber(program)).value == "caught"


def test_a_subroutine_is_entered_by_call_and_so_is_a_coroutine():
    def generator():
        yield Sleep(1)
        return "generator"

    async def coroutine():
        await Sleep(1)
        return "coroutine"

    def program():
        return call(generator()), call(coroutine()), call(fiber(plain))

    def plain():
        return call(GetTid())

    assert run(fiber(program)).value == ("generator", "coroutine", 1)


def test_an_error_of_a_subroutine_has_both_functions_in_its_traceback():
    def inner():
        yield
        raise ValueError("inner")

    def program():
        call(inner())

    error = run(fiber(program)).error
    assert isinstance(error, ValueError)
    assert functions(error) == ["program", "call", "inner"]


def test_a_generator_enters_a_plain_function_as_a_subroutine():
    def plain(number):
        call(Sleep(1))
        return number * 2

    def program():
        first = yield fiber(plain, 1)
        return first, (yield from fiber(plain, 2))

    assert run(program()).value == (2, 4)


def test_what_it_returns_is_entered_if_that_is_a_generator_or_coroutine():
    def generator():
        yield Sleep(1)
        return "in the end"

    @wraps(generator)
    def decorated():
        return generator()

    async def coroutine():
        return await generator_in_coroutine()

    async def generator_in_coroutine():
        await Sleep(1)
        return "in the end"

    for function in (generator, decorated, coroutine, lambda: generator()):
        assert run(fiber(function)).value == "in the end"


def test_the_task_goes_by_the_name_of_its_function():
    class Worker:
        def __call__(self):
            pass

        def method(self):
            pass

    names = [fiber(each).__qualname__ for each in (sleeper, Worker(), Worker().method, print)]
    assert [name.rpartition(".")[2] for name in names] == ["sleeper", "Worker", "method", "print"]
    assert fiber(partial(sleeper, 1)).__qualname__ == "partial"


def test_a_thousand_frames_deep_it_suspends_and_goes_on_and_recursion_has_its_usual_end():
    def down(depth):
        if depth == 0:
            call(Sleep(1))
            return 0
        return 1 + down(depth - 1)

    sched = start(fiber(down, 700), fiber(down, 700), fiber(down, 10**6))
    watch(sched, Exited)
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [700, 700]
    assert isinstance(outcome(sched, 3).error, RecursionError)


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (ValueError, ValueError),
        (KeyboardInterrupt, KeyboardInterrupt),
        (SystemExit, SystemExit),
        (GeneratorExit, GeneratorExit),
        (StopIteration, RuntimeError),  # as of any generator
        (greenlet.GreenletExit, greenlet.GreenletExit),  # greenlet alone would call it an answer
    ],
)
def test_whatever_it_raises_ends_this_task_only(kind, end):
    def program():
        call(Sleep(1))
        raise kind

    sched = start(fiber(program), fiber(sleeper, 2))
    watch(sched, Exited)
    settle(sched)
    assert type(outcome(sched, 1).error) is end
    assert outcome(sched, 2).ok

    def caller():
        try:
            yield fiber(program)
        except end:
            return "caught"

    assert run(caller()).value == "caught"


def test_what_the_function_is_handling_is_its_own_while_it_sleeps():
    def program(kind):
        try:
            raise kind
        except Exception:
            call(Sleep(1))
            return sys.exc_info()[0]

    sched = start(fiber(program, KeyError), fiber(program, OSError))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [KeyError, OSError]


def test_a_greenlet_that_the_function_makes_may_make_calls_too():
    def inner(number):
        call(Sleep(number))
        raise_or_return = greenlet.getcurrent().parent.switch(number)
        return call(GetTid()), raise_or_return

    def program():
        made = greenlet.greenlet(inner)
        return made.switch(3), made.switch("back"), call(GetTid())

    sched = start(fiber(program), fiber(program))
    turn(sched)
    frames = snapshot(sched, GetStack(1)).frames
    assert [each.function.rpartition(".")[2] for each in frames] == ["program", "inner"]
    settle(sched)
    assert outcome(sched, 2).value == (3, (2, "back"), 2)


# -- kills


def test_a_kill_surfaces_at_its_call_and_finally_blocks_may_call():
    seen = []

    def key(number):
        try:
            call(Sleep(60))
        finally:
            call(Sleep(0.5))
            seen.append("inner")

    def program():
        try:
            sorted([1, 2], key=key)
        except BaseException as error:
            seen.append(type(error))
            raise
        finally:
            call(Sleep(0.5))
            seen.append("outer")

    sched = start(fiber(program))
    turn(sched)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert seen == ["inner", TaskKilled, "outer"]
    assert outcome(sched, 1).killed and not outcome(sched, 1).forced


def test_one_that_is_killed_before_it_began_never_runs():
    ran = []
    sched = start(fiber(ran.append, 1))
    sched.kill(sched.tasks[1])
    settle(sched)
    assert not ran and outcome(sched, 1).killed


def test_a_kill_with_an_answer_under_way_surfaces_at_the_next_call():
    got = []
    event = Event()

    def program():
        got.append(call(WaitEvent(event)))
        call(Sleep(1))
        got.append("not acceptable")

    def killer():
        yield SetEvent(event)
        yield KillTask(1)

    sched = start(fiber(program), killer())
    settle(sched)
    assert got == [None] and outcome(sched, 1).killed


def test_one_that_catches_everything_is_ended_by_force_and_left_alone():
    steps = []

    def program():
        while True:
            try:
                call(Sleep(60))
            except BaseException as error:
                steps.append(type(error))

    sched = start(fiber(program), fiber(sleeper, 100))
    watch(sched, Exited)
    turn(sched)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert outcome(sched, 1).forced and outcome(sched, 2).ok
    assert steps == [TaskKilled, GeneratorExit]


def test_one_that_is_ended_by_force_gives_back_what_it_has():
    mutex = Mutex()
    seen = []

    def program():
        call(Acquire(mutex))
        try:
            call(Sleep(60))
        finally:
            call(Release(mutex))
            seen.append("released")

    sched = start(fiber(program))
    turn(sched)
    sched.force(sched.tasks[1])
    assert seen == ["released"] and outcome(sched, 1).forced
    assert run(fiber(call, Acquire(mutex))).ok


# -- with the others


def test_it_is_in_groups_scopes_links_selects_and_mailboxes_as_any_task():
    def worker(number):
        call(Sleep(number))
        return number

    def group():
        with call(OpenScope(10)) as scope:
            try:
                call(Sleep(60))
            except Cancelled:
                call(Sleep(1))
                raise
        return scope.cancelled, call(within(10, fiber(worker, 2)))

    def parent():
        tids = [call(NewTask(fiber(worker, number))) for number in (3, 1, 2)]
        return [call(Join(tid)) for tid in tids]

    assert run(fiber(parent)).value == [3, 1, 2]
    assert run(fiber(group)).value == (True, 2)

    async def in_group():
        async with TaskGroup() as tasks:
            made = [await tasks.spawn(fiber(worker, number)) for number in (1, 2)]
        return len(made)

    assert run(in_group()).value == 2

    def select():
        return call(Select(Sleep(60), Receive()))

    def linked():
        call(SpawnLinked(fiber(failing)))
        call(Sleep(60))

    def failing():
        raise ValueError

    sched = start(fiber(select), fiber(linked))
    watch(sched, Exited)
    turn(sched)
    ask(sched, SendMessage(1, "hello"))
    settle(sched)
    assert "hello" in outcome(sched, 1).value
    assert outcome(sched, 2).killed


def test_what_it_joins_has_the_error_of_the_function_for_a_cause():
    def failing():
        call(Sleep(1))
        raise KeyError("gone")

    def program():
        tid = call(NewTask(fiber(failing)))
        try:
            call(Join(tid))
        except TaskFailed as failed:
            return type(failed.__cause__)

    sched = start(fiber(program))
    watch(sched, Exited)
    settle(sched)
    assert outcome(sched, 1).value is KeyError


def test_two_kernels_in_two_threads_have_fibers_of_their_own():
    def program(number):
        for _ in range(50):
            call(None)
        return number

    with Machine() as one, Machine() as other:
        tids = [(each, number) for number in range(20) for each in (one, other)]
        made = [(each, each.call(NewTask(fiber(program, n))), n) for each, n in tids]
        assert all(each.call(Join(tid)) == n for each, tid, n in made)


def test_a_kernel_within_a_fiber_has_fibers_of_its_own():
    def inner(number):
        call(Sleep(0))
        return number

    def program():
        sched = Scheduler()
        tasks = [sched.new(fiber(inner, number)) for number in range(3)]
        sched.mainloop()
        call(Sleep(1))
        return [sched.find(tid).value for tid in tasks], call(GetTid())

    assert run(fiber(program)).value == ([0, 1, 2], 1)


# -- context variables


def test_what_it_sets_no_other_task_sees_and_its_own_tasks_begin_with_it():
    variable = contextvars.ContextVar("variable", default="unset")
    seen = {}

    def program(name):
        variable.set(name)
        call(Sleep(1))
        seen[name] = variable.get()
        child = call(NewTask(fiber(variable.get)))
        seen[name, "child"] = call(Join(child))

    def generator():
        yield Sleep(0.5)
        return variable.get()

    sched = start(fiber(program, "a"), fiber(program, "b"), generator())
    settle(sched)
    assert seen == {"a": "a", ("a", "child"): "a", "b": "b", ("b", "child"): "b"}
    assert outcome(sched, 3).value == "unset"


def test_a_subroutine_and_its_caller_have_one_context():
    variable = contextvars.ContextVar("variable", default="unset")

    def setter():
        call(None)
        variable.set("set")
        call(None)

    def program():
        yield fiber(setter)
        return variable.get()

    def plain():
        call(program())
        return variable.get()

    assert run(program()).value == "set"
    assert run(fiber(plain)).value == "set"


def test_it_may_sleep_within_a_context_that_it_runs_something_in():
    variable = contextvars.ContextVar("variable", default="unset")

    def inner():
        variable.set("inner")
        call(Sleep(1))
        return variable.get()

    def program():
        variable.set("outer")
        call(Sleep(1))
        return contextvars.copy_context().run(inner), variable.get()

    sched = start(fiber(program), fiber(program))
    settle(sched)
    assert [outcome(sched, tid).value for tid in (1, 2)] == [("inner", "outer")] * 2


# -- looking


def test_its_stack_shows_the_plain_functions_with_their_variables():
    def inner(secret):
        call(Sleep(60))

    def program():
        outer = "value"
        max([1, 2], key=lambda number: inner(number * 21))
        return outer

    sched = start(fiber(program))
    before = ask(sched, GetStack(1))
    turn(sched)
    first = before.result(0).frames
    assert [each.function.rpartition(".")[2] for each in first] == ["program"]
    stack = snapshot(sched, GetStack(1, locals=True))
    names = [each.function.rpartition(".")[2] for each in stack.frames]
    assert names == ["program", "<lambda>", "inner"]
    assert ("outer", "'value'") in stack.frames[0].locals
    assert stack.frames[-1].locals == (("secret", "21"),)
    assert stack.call == "Sleep(60)"
    end(sched)


def test_why_and_inspect_tell_of_a_plain_function_as_of_any_task():
    mutex = Mutex("m")

    def program():
        call(Acquire(mutex))
        call(Sleep(60))

    sched = start(fiber(program), fiber(program))
    turn(sched)
    details = snapshot(sched, InspectTask(1))
    assert details.locks == ("Mutex m",) and details.call == "Sleep(60)"
    chain = snapshot(sched, ExplainTask(2)).chain
    assert [cause.tid for cause in chain] == [2, 1]
    assert chain[0].text == "waits to acquire Mutex m, which task 1 has"
    sched.kill(sched.tasks[1])
    end(sched)


def test_its_stack_goes_on_in_the_subroutine_that_it_has_called():
    def subroutine():
        yield Sleep(60)

    def program():
        call(subroutine())

    sched = start(fiber(program))
    turn(sched)
    names = [each.function.rpartition(".")[2] for each in snapshot(sched, GetStack(1)).frames]
    assert names == ["program", "subroutine"]
    end(sched)


def test_it_is_the_running_task_while_it_runs():
    def program():
        return Scheduler.running_task(sys._getframe()).tid

    assert run(fiber(program)).value == 1


# -- nothing stays behind


@pytest.mark.parametrize("killed", [False, True])
def test_a_thousand_of_them_leave_nothing_behind(killed):
    fibers = []

    def program(held):
        fibers.append(weakref.ref(greenlet.getcurrent()))
        call(Sleep(1))

    with no_collector():
        sched = start(*(fiber(program, Held(f"fiber {number}")) for number in range(1000)))
        watch(sched, Exited)
        turn(sched)
        if killed:
            end(sched)
        settle(sched)
        assert not Held.held
        assert not any(each() for each in fibers) and len(fibers) == 1000


def test_one_that_is_dropped_unbegun_or_asleep_is_closed_as_a_generator_is():
    seen = []

    def program():
        try:
            call(Sleep(60))
        except BaseException as error:
            seen.append(type(error))
            raise

    with no_collector():
        fiber(program, Held("unbegun")).close()
        begun = fiber(program)
        assert isinstance(next(begun), Sleep)
        del begun
        assert seen == [GeneratorExit] and not Held.held


def test_one_that_another_thread_drops_is_closed_by_its_own():
    seen = []

    def program(held):
        try:
            call(Sleep(60))
        finally:
            seen.append(threading.current_thread())
            with pytest.raises(NotInFiber):
                call(Sleep(1))

    steps = [fiber(program, Held("stranded"))]
    next(steps[0])
    thread = threading.Thread(target=steps.clear)
    thread.start()
    thread.join()
    assert not seen, "not acceptable: it runs on a thread that is not its own"
    greenlet.greenlet(idle).switch()
    assert seen == [threading.current_thread()] and not Held.held


def test_one_whose_thread_has_ended_is_dropped_without_a_word():
    steps = []

    def begin():
        steps.append(fiber(sleeper))
        next(steps[0])

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    with pytest.raises(RuntimeError, match="only on the thread that it began on"):
        steps[0].send(None)
    steps.clear()
    gc.collect()


# -- bad input


def test_a_call_where_no_plain_function_is_a_task_says_what_to_do():
    message = re.escape("call(Sleep(1)) is for a plain function that is a task: spawn it, or make")
    with pytest.raises(NotInFiber, match=message):
        call(Sleep(1))

    def generator():
        yield
        call(Sleep(1))

    assert isinstance(run(generator()).error, NotInFiber)

    def entering():
        call(generator())

    assert isinstance(run(fiber(entering)).error, NotInFiber)
    errors = []

    def in_thread():
        with pytest.raises(NotInFiber) as caught:
            call(Sleep(1))
        errors.append(caught.value)

    def program():
        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()

    assert run(fiber(program)).ok and len(errors) == 1


@pytest.mark.parametrize(
    ("trap", "message"),
    [
        (5, "a task yields system calls and subroutines, not 5"),
        (Sleep, "Sleep is a class of calls: write Sleep(…)"),
        (sleeper, "sleeper is a function: call it, sleeper(…)"),
    ],
)
def test_what_is_no_call_is_refused_where_it_stands(trap, message):
    def program():
        call(trap)

    def entering():
        yield fiber(program)

    for target in (fiber(program), entering()):
        error = run(target).error
        assert isinstance(error, BadTrap) and str(error) == message


def test_a_fiber_is_made_of_a_function():
    with pytest.raises(TypeError, match="a fiber is made of a function, not of 5"):
        fiber(5)
    error = run(fiber(sleeper, 1, 2, 3)).error
    assert isinstance(error, TypeError) and "positional argument" in str(error)


def test_without_greenlet_it_is_said_that_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "greenlet", None)
    monkeypatch.delitem(sys.modules, "kernel.greenlets", raising=False)
    monkeypatch.delattr("kernel.greenlets", raising=False)
    with pytest.raises(NoGreenlets, match="pip install greenlet"):
        fiber(sleeper)
    with pytest.raises(NotInFiber):
        call(Sleep(1))


def test_a_kernel_without_fibers_runs_without_greenlet():
    assert isinstance(sys.modules["greenlet"], ModuleType)
    output, trouble = printed(
        "import sys; sys.modules['greenlet'] = None\n"
        "from kernel import *\n"
        "def program():\n"
        "    print((yield GetTid()))\n"
        "    try:\n"
        "        fiber(print)\n"
        "    except ImportError as error:\n"
        "        print(error)\n"
        "sched = Scheduler(); sched.new(program()); sched.mainloop()\n"
    )
    assert output.splitlines()[0] == "1" and "pip install greenlet" in output
    assert not trouble
