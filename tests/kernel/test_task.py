"""Laws of a task: its call stack, what it may yield, and how errors travel in it."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import types
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    BadTrap,
    Exited,
    ExitStatus,
    GetTid,
    KillTask,
    NewTask,
    NoSuchTask,
    Policy,
    Scheduler,
    Sleep,
    SystemCall,
    Task,
    TaskKilled,
    WaitQueue,
    WaitTask,
    Yield,
)

from .support import (
    Do,
    Held,
    Park,
    Wake,
    functions,
    idle,
    in_kernel,
    no_collector,
    outcome,
    printed,
    run,
    settle,
    start,
    told,
    turn,
    watch,
)

always = settings(derandomize=True, deadline=None)


class Oddity(BaseException):
    """An error that is no `Exception`."""


ERRORS = [ValueError, MemoryError, SystemExit, KeyboardInterrupt, GeneratorExit, Oddity]


# -- subroutines


def test_a_subroutine_entered_by_yield_returns_its_value():
    def add(a, b):
        yield
        return a + b

    def program():
        return [(yield add(1, 2)), (yield add((yield add(3, 4)), 5))]

    assert run(program()) == ExitStatus(1, [3, 12])


def test_a_subroutine_that_never_yields_returns_as_well():
    def nothing():
        return
        yield

    def program():
        return [(yield nothing())]

    assert run(program()).value == [None]


@pytest.mark.parametrize("value", [7, 0, "", (), False, [], 1.5, ValueError("a value"), object()])
def test_yield_of_a_value_in_a_subroutine_is_a_return(value):
    log = []

    def sub():
        try:
            yield value
            log.append("went on")
        finally:
            log.append("closed")

    def program():
        answer = yield sub()
        log.append("answered")
        return answer

    status = run(program())
    assert status.value is value
    assert log == ["closed", "answered"]


def test_yield_of_a_value_returns_out_of_the_innermost_subroutine_only():
    def inner():
        yield 1
        raise AssertionError

    def outer():
        answer = yield inner()
        yield answer + 1
        raise AssertionError

    def program():
        answer = yield outer()
        return answer + 1

    assert run(program()).value == 3


def test_yield_of_a_value_leaves_the_helpers_of_its_subroutine_too():
    log = []

    def helper():
        try:
            yield "early"
        finally:
            log.append("helper closed")

    def sub():
        yield from helper()
        log.append("went on")

    def program():
        return (yield sub())

    assert run(program()).value == "early"
    assert log == ["helper closed"]


def test_an_error_in_finally_after_yield_of_a_value_reaches_the_caller():
    def sub():
        try:
            yield "value"
        finally:
            raise LookupError("closing failed")

    def program():
        try:
            yield sub()
        except LookupError as error:
            return str(error)

    assert run(program()).value == "closing failed"


def test_a_subroutine_that_will_not_close_after_yield_of_a_value_is_an_error_of_the_caller():
    def sub():
        try:
            yield "value"
        finally:
            yield GetTid()

    def program():
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            yield sub()
        return (yield GetTid())

    assert run(program()).value == 1


@pytest.mark.parametrize("budget", [1, 2, 64])
def test_a_bare_yield_gives_up_the_processor_wherever_it_stands(budget):
    log = []

    def bottom(name):
        log.append(name)
        yield
        log.append(name)

    def sub(name):
        log.append(name)
        yield
        log.append(name)

    def outer(name):
        yield sub(name)

    def helper(name):
        yield from sub(name)

    for program in (bottom, outer, helper):
        log.clear()
        sched = start(program("a"), program("b"), policy=Policy(budget))
        settle(sched)
        assert log == ["a", "b", "a", "b"]


@pytest.mark.parametrize("budget", [1, 2, 64])
def test_a_stale_answer_is_not_sent_again(budget):
    def sub():
        tid = yield GetTid()
        nothing = yield
        return tid, nothing

    def program():
        answers = [(yield GetTid()), (yield), (yield), (yield sub())]
        nothing = yield
        return [*answers, nothing]

    status = run(program(), policy=Policy(budget))
    assert status.value == [1, None, None, (1, None), None]


def test_a_subroutine_starts_with_nothing_sent_in_whatever_was_answered_before():
    def sub():
        return (yield GetTid())

    def program():
        yield GetTid()
        return [(yield sub()), (yield sub())]

    for budget in (1, 2, 3, 64):
        assert run(program(), policy=Policy(budget)).value == [1, 1]


def test_yield_from_and_yield_of_a_call_are_the_same():
    def program():
        call = GetTid()
        return [(yield call), (yield from call), (yield GetTid()), (yield from GetTid())]

    assert run(program()).value == [1, 1, 1, 1]


def test_a_chain_of_yield_from_carries_calls_and_answers():
    def leaf():
        tid = yield GetTid()
        yield
        return tid

    def chain(depth):
        if depth == 0:
            return (yield from leaf())
        return 1 + (yield from chain(depth - 1))

    assert run(chain(50)).value == 51


def test_a_task_may_be_an_async_def():
    async def sub(n):
        await Yield()
        return n + await GetTid()

    async def program():
        return [await sub(1), await sub(2)]

    assert run(program()).value == [2, 3]


def test_generators_and_coroutines_call_each_other_to_any_depth():
    def generator(depth):
        if depth == 0:
            return [(yield GetTid())]
        return ["generator", *(yield coroutine(depth - 1))]

    async def coroutine(depth):
        if depth == 0:
            return [await GetTid()]
        return ["coroutine", *await decorated(depth - 1)]

    @types.coroutine
    def decorated(depth):
        if depth == 0:
            return [(yield from GetTid())]
        return ["decorated", *(yield from generator(depth - 1))]

    kinds = ["generator", "coroutine", "decorated"]
    for program, first in ((generator, 0), (coroutine, 1), (decorated, 2)):
        for depth in (0, 1, 2, 3, 20):
            expected = [kinds[(first + step) % 3] for step in range(depth)]
            assert run(program(depth)).value == [*expected, 1]


def test_errors_travel_through_a_mixed_stack():
    log = []

    def leaf():
        yield
        raise LookupError("from the leaf")

    async def middle():
        try:
            await decorated()
        finally:
            log.append("middle")

    @types.coroutine
    def decorated():
        try:
            yield from leaf()
        finally:
            log.append("decorated")

    def program():
        try:
            yield middle()
        except LookupError as error:
            return str(error)

    assert run(program()).value == "from the leaf"
    assert log == ["decorated", "middle"]


# -- one program in two languages

PROGRAMS = st.recursive(
    st.sampled_from(["tid", "give way", "sleep", "no such task"]),
    lambda inner: st.tuples(st.sampled_from(["call", "try", "spawn"]), st.lists(inner, max_size=4)),
    max_leaves=12,
)


def generator(program: Any, log: list[Any]) -> Any:
    """The program as a generator, where subroutines are entered by `yield from`."""
    match program:
        case "tid":
            log.append((yield GetTid()))
        case "give way":
            log.append((yield Yield()))
        case "sleep":
            log.append((yield Sleep(0.5)))
        case "no such task":
            yield KillTask(-1)
        case ("call", parts):
            for part in parts:
                yield from generator(part, log)
            return len(parts)
        case ("try", parts):
            try:
                for part in parts:
                    yield from generator(part, log)
            except NoSuchTask as error:
                log.append(str(error))
            finally:
                log.append((yield GetTid()))
        case ("spawn", parts):
            tid = yield NewTask(generator(("call", parts), log), "child")
            log.append(str((yield WaitTask(tid))))


async def coroutine(program: Any, log: list[Any]) -> Any:
    """The same as an `async def`."""
    match program:
        case "tid":
            log.append(await GetTid())
        case "give way":
            log.append(await Yield())
        case "sleep":
            log.append(await Sleep(0.5))
        case "no such task":
            await KillTask(-1)
        case ("call", parts):
            for part in parts:
                await coroutine(part, log)
            return len(parts)
        case ("try", parts):
            try:
                for part in parts:
                    await coroutine(part, log)
            except NoSuchTask as error:
                log.append(str(error))
            finally:
                log.append(await GetTid())
        case ("spawn", parts):
            tid = await NewTask(coroutine(("call", parts), log), "child")
            log.append(str(await WaitTask(tid)))


def trampolined(program: Any, log: list[Any]) -> Any:
    """The same as a generator, where subroutines are entered by `yield`."""
    match program:
        case "tid":
            log.append((yield GetTid()))
        case "give way":
            log.append((yield Yield()))
        case "sleep":
            log.append((yield Sleep(0.5)))
        case "no such task":
            yield KillTask(-1)
        case ("call", parts):
            for part in parts:
                yield trampolined(part, log)
            return len(parts)
        case ("try", parts):
            try:
                for part in parts:
                    yield trampolined(part, log)
            except NoSuchTask as error:
                log.append(str(error))
            finally:
                log.append((yield GetTid()))
        case ("spawn", parts):
            tid = yield NewTask(trampolined(("call", parts), log), "child")
            log.append(str((yield WaitTask(tid))))


def trace_of(language: Any, programs: list[Any], budget: int) -> tuple[Any, Any]:
    logs: list[list[Any]] = [[] for _ in programs]
    sched = start(policy=Policy(budget))
    seen = watch(sched)
    for program, log in zip(programs, logs, strict=True):
        sched.new(language(program, log), "program")
    settle(sched)
    # What a program is made of is no part of what it does.
    text = [(kind, tid, said.replace(language.__name__, "L")) for kind, tid, said in told(seen)]
    return text, logs


@always
@given(st.lists(PROGRAMS, min_size=1, max_size=3), st.integers(1, 5))
def test_a_program_has_the_same_trace_as_a_generator_and_as_an_async_def(programs, budget):
    assert trace_of(generator, programs, budget) == trace_of(coroutine, programs, budget)


@always
@given(PROGRAMS)
def test_a_program_has_the_same_trace_whether_subroutines_are_entered_by_yield_or_delegated_to(
    program,
):
    assert trace_of(trampolined, [program], 1000) == trace_of(generator, [program], 1000)


# -- what may not be yielded

ODD = [42, "text", 1.5, object(), [GetTid()], (), True, int, len, lambda: None, ValueError("x"), {}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_at_the_bottom_a_value_is_an_error_at_that_very_yield(value):
    def program():
        yield GetTid()
        try:
            yield value
        except BadTrap as error:
            text = str(error)
        return text, (yield GetTid())

    text, tid = run(program()).value
    assert tid == 1, "the task went on after the error"
    assert "\n" not in text
    assert 10 < len(text) < 120


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (42, "a task yields system calls and subroutines, not 42"),
        ("some text", "a task yields system calls and subroutines, not 'some text'"),
        (GetTid, "GetTid is a class of calls: write GetTid(…)"),
        (Sleep, "Sleep is a class of calls: write Sleep(…)"),
        (len, "len is a function: call it, len(…)"),
        (idle, "idle is a function: call it, idle(…)"),
    ],
)
def test_the_error_says_what_was_meant(value, text):
    def program():
        yield value

    status = run(program())
    assert str(status.error) == text
    assert functions(status.error) == ["program"]


def test_a_bad_trap_is_a_type_error():
    def program():
        with pytest.raises(TypeError):
            yield 42

    assert run(program()).ok


@pytest.mark.parametrize("call", [GetTid, Sleep, SystemCall])
def test_a_yielded_class_of_calls_is_an_error_in_a_subroutine_too(call):
    def sub():
        try:
            yield call
        except BadTrap as error:
            return str(error)

    def program():
        return (yield sub())

    assert run(program()).value == f"{call.__name__} is a class of calls: write {call.__name__}(…)"


def test_a_class_that_is_no_call_is_a_value_like_any_other_in_a_subroutine():
    def sub():
        yield int

    def program():
        return (yield sub())

    assert run(program()).value is int


def test_a_call_with_wrong_arguments_is_an_error_where_it_is_made():
    def program():
        messages = []
        for make in (lambda: GetTid(1), lambda: Sleep(), lambda: NewTask(), lambda: KillTask()):
            try:
                yield make()
            except TypeError as error:
                messages.append(str(error))
        return messages

    messages = run(program()).value
    assert len(messages) == 4
    assert all("argument" in message for message in messages)


class Foreign:
    """What another event loop understands, and this one does not."""

    def __await__(self):
        return (yield self)


class Message:
    """Another's message, which does not even look awaitable."""


class Sender:
    def __await__(self):
        return (yield Message())


def asyncio_future() -> Any:
    loop = asyncio.new_event_loop()
    loop.close()
    return asyncio.Future(loop=loop)


@pytest.mark.parametrize("foreign", [asyncio_future, Foreign, Sender])
def test_a_foreign_awaitable_is_an_error_at_that_await(foreign):
    log = []

    async def program():
        try:
            await foreign()
        except BadTrap as error:
            log.append(str(error))
        return await GetTid()

    sched = start(program(), idle(5))
    watch(sched)
    settle(sched)
    assert outcome(sched, 1).value == 1
    assert outcome(sched, 2).ok, "the other task went on"
    assert len(log) == 1
    assert "a task " in log[0]


def test_the_error_of_a_foreign_awaitable_says_so():
    async def program():
        await asyncio_future()

    text = str(run(program()).error)
    assert text == "<Future pending> belongs to another event loop: a task awaits system calls only"


@pytest.mark.parametrize("foreign", [asyncio_future, Foreign, Sender])
def test_a_foreign_awaitable_is_not_taken_for_a_return_in_a_subroutine(foreign):
    async def asynchronous():
        await foreign()

    @types.coroutine
    def decorated():
        yield from asynchronous()

    @types.coroutine
    def direct():
        yield from foreign().__await__()

    def entered():
        yield asynchronous()

    def program(sub):
        with pytest.raises(BadTrap):
            yield sub()

    for sub in (asynchronous, decorated, entered):
        assert run(program(sub)).ok, sub
    if foreign is asyncio_future:  # the others are generators: nothing tells them from our own
        assert run(program(direct)).ok


def test_yield_from_a_plain_iterator_is_no_return():
    def sub():
        yield from [1, 2, 3]

    def program():
        with pytest.raises(BadTrap):
            yield sub()

    assert run(program()).ok


def test_a_value_whose_own_code_raises_ends_at_most_its_task():
    class Hostile:
        def __getattribute__(self, name):
            raise LookupError("hands off")

    def program():
        yield Hostile()

    def catching():
        try:
            yield Hostile()
        except (BadTrap, LookupError):
            return "caught"

    assert run(program()).crashed
    assert run(catching()).value == "caught"


def some_function():
    """Not a program: nobody has called it."""


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (some_function, "call some_function(…), do not pass some_function"),
        (idle, "call idle(…), do not pass idle"),
        (42, "not of 42"),
        (None, "not of None"),
        ([], "not of []"),
    ],
)
def test_a_task_is_made_of_a_generator_or_coroutine_only(target, text):
    for make in (Task, Scheduler().new):
        with pytest.raises(TypeError, match="a task is made of a generator or coroutine") as caught:
            make(target)
        assert str(caught.value).endswith(text)


def test_a_task_is_not_made_of_an_asynchronous_generator():
    async def program():
        yield 1

    with pytest.raises(TypeError, match="a task is made of"):
        Task(program())


# -- errors


def test_an_error_in_a_subroutine_reaches_the_callers_try_except_and_finally():
    log = []

    def inner():
        try:
            yield
            raise ValueError("deep down")
        finally:
            log.append("inner finally")

    def middle():
        try:
            yield inner()
        except KeyError:
            log.append("not mine")
        else:
            log.append("no error")
        finally:
            log.append("middle finally")

    def program():
        try:
            yield middle()
        except ValueError as error:
            log.append(f"caught {error}")
        return (yield GetTid())

    assert run(program()).value == 1
    assert log == ["inner finally", "middle finally", "caught deep down"]


def test_an_error_of_a_call_surfaces_at_its_yield_and_travels_up():
    def inner():
        yield WaitTask(99)

    def program():
        with pytest.raises(NoSuchTask) as caught:
            yield inner()
        return caught.value.tid

    assert run(program()).value == 99


def test_a_caller_may_go_on_after_an_error_and_even_wait_in_its_finally():
    def sub():
        try:
            yield
            raise ValueError
        finally:
            yield Sleep(1)

    def program():
        caught = 0
        for _ in range(3):
            try:
                yield sub()
            except ValueError:
                caught += 1
                yield Sleep(1)
        return caught

    assert run(program()).value == 3


@pytest.mark.parametrize("error", ERRORS)
def test_any_error_ends_its_task_alone(error):
    def program():
        yield
        raise error("mine")

    async def coroutine():
        await Yield()
        raise error("mine")

    sched = start(program(), coroutine(), idle(10))
    watch(sched)
    settle(sched)
    for tid in (1, 2):
        status = outcome(sched, tid)
        assert type(status.error) is error
        assert status.crashed
        assert not status.ok
        assert not status.killed
    assert outcome(sched, 3).ok


@pytest.mark.parametrize("error", ERRORS)
def test_any_error_can_be_caught_by_a_caller(error):
    def sub():
        yield
        raise error("mine")

    def program():
        try:
            yield sub()
        except error:
            return "caught"

    assert run(program()).value == "caught"


def test_stop_iteration_raised_in_a_task_is_a_runtime_error_there():
    def program():
        yield
        raise StopIteration("no return")

    async def coroutine():
        await Yield()
        raise StopIteration("no return")

    def catching():
        try:
            yield program()
        except RuntimeError as error:
            return type(error.__cause__)

    for target in (program(), coroutine()):
        status = run(target)
        assert type(status.error) is RuntimeError
        assert type(status.error.__cause__) is StopIteration
    assert run(catching()).value is StopIteration


def test_a_task_that_raises_task_killed_itself_counts_as_killed():
    def program():
        yield
        raise TaskKilled

    assert run(program()) == ExitStatus(1, killed=True)


def test_after_a_return_there_is_no_current_error():
    seen = []

    def returning():
        yield
        return 1

    def early():
        yield 2

    def nested():
        return (yield returning())

    def program():
        for sub in (returning, early, nested):
            yield sub()
            seen.append(sys.exc_info()[1])
            try:
                raise ValueError("the task's own")
            except ValueError as error:
                seen.append(error.__context__)

    assert run(program()).ok
    assert seen == [None] * 6


def test_after_a_caught_error_there_is_no_current_error():
    seen = []

    def failing():
        yield
        raise LookupError

    def nested():
        try:
            yield failing()
        except LookupError:
            pass
        seen.append(sys.exc_info()[1])
        raise ValueError("another")

    def program():
        try:
            yield nested()
        except ValueError as error:
            seen.append(error.__context__)
        seen.append(sys.exc_info()[1])
        yield
        try:
            yield WaitTask(-1)
        except NoSuchTask as error:
            seen.append(error.__context__)
        seen.append(sys.exc_info()[1])

    assert run(program()).ok
    assert seen == [None] * 5


def test_an_error_raised_while_another_is_handled_keeps_it():
    def failing():
        yield
        raise LookupError("first")

    def program():
        try:
            yield failing()
        except LookupError:
            raise ValueError("second") from None

    def implicit():
        try:
            yield failing()
        except LookupError:
            yield
            raise ValueError("second")  # noqa: B904 - it is the context that is looked at

    for target in (program(), implicit()):
        status = run(target)
        assert str(status.error) == "second"
        assert str(status.error.__context__) == "first"
        assert status.error.__context__.__context__ is None


# -- tracebacks


def fails():
    yield
    raise ValueError("here")


def calls_fails():
    yield fails()


def delegates_to_fails():
    yield from calls_fails()


def catches_and_raises_again():
    try:
        yield calls_fails()
    except ValueError:
        yield
        raise


def yields_in_finally():
    try:
        yield calls_fails()
    finally:
        yield Sleep(1)


async def awaits():
    await awaits_inner()


async def awaits_inner():
    await Yield()
    helper()


def helper():
    raise ValueError("here")


def calls_awaits():
    yield awaits()


def calls_badly():
    yield 42


def calls_no_task():
    yield calls_no_task_inner()


def calls_no_task_inner():
    yield WaitTask(99)


@pytest.mark.parametrize(
    ("program", "frames"),
    [
        (fails, ["fails"]),
        (calls_fails, ["calls_fails", "fails"]),
        (delegates_to_fails, ["delegates_to_fails", "calls_fails", "fails"]),
        (
            catches_and_raises_again,
            ["catches_and_raises_again", "calls_fails", "fails"],
        ),
        (yields_in_finally, ["yields_in_finally", "calls_fails", "fails"]),
        (awaits, ["awaits", "awaits_inner", "helper"]),
        (calls_awaits, ["calls_awaits", "awaits", "awaits_inner", "helper"]),
        (calls_badly, ["calls_badly"]),
    ],
)
def test_a_traceback_has_exactly_the_programs_own_frames_in_order(program, frames):
    error = run(program()).error
    assert functions(error) == frames
    assert not any(in_kernel(error))


def test_the_error_of_a_call_has_the_programs_frames_first_and_the_calls_last():
    error = run(calls_no_task()).error
    assert functions(error)[:2] == ["calls_no_task", "calls_no_task_inner"]
    own = in_kernel(error)
    assert own == sorted(own), "no frame of the kernel between those of the program"


def test_a_caught_error_has_the_callers_frame_and_those_below_it():
    seen = []

    def program():
        try:
            yield calls_fails()
        except ValueError as error:
            seen.append(functions(error))
        yield

    run(program())
    assert seen == [["program", "calls_fails", "fails"]]


def test_a_traceback_is_as_deep_as_the_call_stack():
    def down(depth):
        yield (down(depth - 1) if depth else fails())

    error = run(down(2000)).error
    assert functions(error) == ["down"] * 2001 + ["fails"]


# -- what an ended task keeps


def hold(name):
    """Make something that a frame keeps alive; `alive` tells whether one does."""
    return Held(name)


def alive():
    return set(Held.held)


def test_the_error_of_a_crashed_task_keeps_no_locals_alive():
    def deep_helper():
        kept = hold("helper")
        raise ValueError(kept.name)

    def helper():
        kept = hold("outer helper")
        deep_helper()
        return kept

    def sub():
        kept = hold("subroutine")
        yield
        helper()
        return kept

    async def inner():
        kept = hold("inner coroutine")
        await Yield()
        helper()
        return kept

    async def coroutine():
        kept = hold("coroutine")
        await inner()
        return kept

    def delegate():
        kept = hold("delegate")
        yield from sub()
        return kept

    def program(target):
        kept = hold("program")
        yield target
        return kept

    for target in (sub, coroutine, delegate):
        with no_collector():
            sched = start(program(target()))
            watch(sched)
            settle(sched)
            status = outcome(sched, 1)
            assert functions(status.error)[-2:] == ["helper", "deep_helper"]
            assert alive() == set()


def test_the_errors_behind_an_error_keep_no_locals_alive_either():
    def first():
        kept = hold("first")
        raise LookupError(kept.name)

    def second():
        kept = hold("second")
        raise KeyError(kept.name)

    def third():
        kept = hold("third")
        raise OSError(kept.name)

    def caught(function):
        try:
            function()
        except Exception as error:
            return error

    def program():
        yield
        try:
            first()
        except LookupError:
            group = ExceptionGroup("several", [caught(third), ExceptionGroup("g", [caught(third)])])
            raise group from caught(second)

    with no_collector():
        status = run(program())
        assert isinstance(status.error, ExceptionGroup)
        assert status.error.__context__ is not None
        assert status.error.__cause__ is not None
        assert alive() == set()


def test_an_error_that_is_false_is_an_error_all_the_same():
    class Falsy(Exception):
        def __bool__(self):
            return False

    def helper():
        kept = hold("helper")
        raise Falsy(kept.name)

    def program():
        yield
        try:
            helper()
        except Falsy as error:
            raise LookupError from error

    async def coroutine():
        await Yield()
        helper()

    with no_collector():
        status = run(program())
        assert type(status.error) is LookupError
        assert type(status.error.__cause__) is Falsy
        assert type(run(coroutine()).error) is Falsy
        assert alive() == set()


def test_a_file_in_a_dead_frame_is_closed():
    class File:
        def __init__(self, fd):
            self.fd = fd

        def __del__(self):
            os.close(self.fd)

    def program(fd):
        file = File(fd)
        yield
        raise ValueError(file.fd)

    reader, writer = os.pipe()
    try:
        sched = start(program(writer))
        watch(sched)
        settle(sched)
        assert os.read(reader, 1) == b"", "the other end is closed"
        assert outcome(sched, 1).crashed
    finally:
        os.close(reader)


def test_values_that_compare_strangely_do_not_get_in_the_way():
    class Array:
        def __eq__(self, other):
            raise ValueError("the truth value of an array is ambiguous")

        __hash__ = None

    def program():
        array = Array()
        yield
        raise LookupError(type(array).__name__)

    assert type(run(program()).error) is LookupError


def test_a_suspended_frame_in_the_traceback_of_a_dead_task_is_left_alone():
    stored: list[BaseException] = []
    log = []

    def raises():
        raise ValueError("stored")

    def keeper():
        kept = hold("keeper")
        try:
            raises()
        except ValueError as error:
            stored.append(error)
        try:
            yield Sleep(10)
            log.append(kept.name)
        except BaseException as error:
            log.append(repr(error))
            raise

    async def asynchronous_keeper():
        kept = hold("asynchronous keeper")
        try:
            raises()
        except ValueError as error:
            stored.append(error)
        try:
            await Sleep(10)
            log.append(kept.name)
        except BaseException as error:
            log.append(repr(error))
            raise

    def crashes(error):
        kept = hold("crashes")
        yield
        raise error if kept else kept

    def delegating():
        yield from keeper()

    sched = start(keeper(), asynchronous_keeper(), delegating())
    watch(sched)
    turn(sched)
    assert len(stored) == 3
    for error in stored:
        sched.new(crashes(error))
    turn(sched, 3)
    for tid, name in ((4, "keeper"), (5, "asynchronous_keeper"), (6, "keeper")):
        assert functions(outcome(sched, tid).error) == ["crashes", name, "raises"]
    assert alive() == {"keeper", "asynchronous keeper"}
    settle(sched)
    assert log == ["keeper", "asynchronous keeper", "keeper"]
    assert [outcome(sched, tid).ok for tid in (1, 2, 3)] == [True] * 3


def test_a_running_frame_in_the_traceback_of_a_dead_task_is_left_alone():
    def outer():
        kept = hold("outer")
        try:
            raise ValueError("of a function that still runs")
        except ValueError as error:
            inner = start(crashes(error))
            watch(inner)
            settle(inner)
            assert functions(outcome(inner, 1).error) == ["crashes", "outer"]
        return kept.name

    def crashes(error):
        yield
        raise error

    assert outer() == "outer"


def test_an_answer_is_held_by_nobody_but_who_got_it():
    def returning(name):
        yield
        return hold(name)

    def early(name):
        yield hold(name)

    def nested(name):
        return (yield returning(name))

    async def asynchronous(name):
        return await asynchronous_inner(name)

    async def asynchronous_inner(name):
        await Yield()
        return hold(name)

    def asked(name):
        return (yield Do(lambda kernel, caller: hold(name)))

    def program():
        counts = []
        for sub in (returning, early, nested, asynchronous, asked):
            answer = yield sub("answer")
            counts.append(len(alive()))
            answer = None
            yield
            counts.append(len(alive()))
        return counts, answer

    with no_collector():
        assert run(program()).value == ([1, 0] * 5, None)


def test_a_subroutine_that_returned_leaves_no_garbage():
    def leaf():
        return 1
        yield

    def middle():
        return (yield leaf())

    def failing():
        yield from middle()
        raise ValueError

    def program():
        for _ in range(100):
            yield middle()
            try:
                yield failing()
            except ValueError:
                pass
        return gc.collect()

    with no_collector():
        assert run(program()).value == 0


def test_an_error_that_is_caught_lets_go_of_what_it_came_through():
    def failing():
        kept = hold("failing")
        yield
        raise ValueError(kept.name)

    def nested():
        kept = hold("nested")
        yield failing()
        return kept

    def refused():
        kept = hold("refused")
        yield WaitTask(-1)
        return kept

    async def asynchronous():
        kept = hold("asynchronous")
        await WaitTask(-1)
        return kept

    def program():
        counts = []
        for sub in (failing, nested, refused, asynchronous):
            try:
                yield sub()
            except (ValueError, NoSuchTask):
                counts.append(len(alive()))
            yield
            counts.append(len(alive()))
        return counts

    with no_collector():
        assert run(program()).value == [1, 0, 2, 0, 1, 0, 1, 0]


def test_the_error_of_a_crashed_task_keeps_no_answers_alive():
    def make(kernel, caller):
        return hold(f"answer to {caller.tid}")

    def wakes_up(queue):
        answer = yield Park(queue)
        raise ValueError(answer.name)

    def goes_on():
        yield
        answer = yield Do(make)
        raise ValueError(answer.name)

    def in_a_subroutine():
        try:
            yield goes_on()
        finally:
            yield Do(make)

    def bystander(queue):
        answer = yield Park(queue)
        return answer.name

    def waker(queue):
        for tid in (1, 4):
            yield Wake(queue, hold(f"answer to {tid}"))

    with no_collector():
        queue = WaitQueue()
        sched = start(wakes_up(queue), goes_on(), in_a_subroutine(), bystander(queue))
        watch(sched, Exited)
        turn(sched)
        sched.new(waker(queue))
        settle(sched)
        texts = [str(outcome(sched, tid).error) for tid in (1, 2, 3)]
        assert texts == ["answer to 1", "answer to 2", "answer to 3"]
        assert outcome(sched, 4).value == "answer to 4"
        assert alive() == set()


def test_a_task_leaves_no_garbage():
    def sub():
        yield
        return 1

    def program():
        return (yield sub())

    async def coroutine():
        return await Yield()

    with no_collector():
        sched = start()
        for _ in range(100):
            sched.new(program())
            sched.new(coroutine())
        settle(sched)
        assert gc.collect() == 0


# -- deep stacks

DEEP = 20_000


def descend(depth, bottom, log):
    """`depth` subroutines, one in the other, with `bottom` in the innermost."""
    try:
        if depth == 0:
            return (yield bottom())
        return 1 + (yield descend(depth - 1, bottom, log))
    finally:
        log.append(depth)


def test_a_call_stack_of_20_000_subroutines_returns():
    def bottom():
        yield
        return 0

    log: list[int] = []
    assert run(descend(DEEP, bottom, log)).value == DEEP
    assert log == list(range(DEEP + 1))


def test_an_error_travels_up_20_000_subroutines():
    def bottom():
        yield
        raise ValueError("from below")

    log: list[int] = []
    error = run(descend(DEEP, bottom, log)).error
    assert log == list(range(DEEP + 1))
    assert functions(error) == ["descend"] * (DEEP + 1) + ["bottom"]


def test_a_kill_travels_up_20_000_subroutines():
    log: list[int] = []
    sched = start(descend(DEEP, lambda: Sleep(1000), log))
    while sched.tasks[1].state != "blocked":
        turn(sched)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert log == list(range(DEEP + 1))
    assert outcome(sched, 1) == ExitStatus(1, killed=True)


def test_20_000_subroutines_are_ended_by_force_as_well():
    def bottom():
        while True:
            try:
                yield
            except TaskKilled:
                yield

    log: list[int] = []
    sched = start(descend(DEEP, bottom, log))
    while len(sched.tasks[1].frames()) < DEEP + 2:
        turn(sched)
    sched.force(sched.tasks[1])
    assert log == list(range(DEEP + 1))
    assert outcome(sched, 1).forced


def test_a_stack_that_is_dropped_whole_does_no_harm():
    sched = start(descend(DEEP, idle, []))
    for _ in range(DEEP // 64 + 2):
        turn(sched)
    assert len(sched.tasks[1].frames()) == DEEP + 2
    del sched
    gc.collect()


@pytest.mark.parametrize("budget", [1, 64])
def test_recursion_by_yield_from_that_is_too_deep_is_an_error_in_that_task_only(budget):
    def recurse():
        yield
        yield from recurse()

    async def recurse_too():
        await Yield()
        await recurse_too()

    def surviving():
        try:
            yield recurse()
        except RecursionError:
            return "caught"

    sched = start(recurse(), recurse_too(), surviving(), idle(100), policy=Policy(budget))
    watch(sched)
    settle(sched)
    assert type(outcome(sched, 1).error) is RecursionError
    assert type(outcome(sched, 2).error) is RecursionError
    assert outcome(sched, 3).value == "caught"
    assert outcome(sched, 4).ok


# -- the end by force

DEAF = """
import gc, types
from kernel import *

def generator():
    while True:
        try:
            yield
        except BaseException:
            pass

def waiting():
    while True:
        try:
            yield Sleep(1000)
        except BaseException:
            pass

async def coroutine():
    while True:
        try:
            await Sleep(1000)
        except BaseException:
            pass

async def awaiting():
    await coroutine()

async def asynchronous_generator():
    while True:
        try:
            await Yield()
        except BaseException:
            pass
    yield

async def looping():
    async for _ in asynchronous_generator():
        pass

async def generator_that_awaits():
    await awaiting()
    yield

async def looping_deep():
    async for _ in generator_that_awaits():
        pass

async def asking_for_the_next():
    await anext(generator_that_awaits(), None)

def delegating():
    yield from generator()

def calling():
    yield delegating()

def calling_many():
    yield calling_once_more()

def calling_once_more():
    try:
        yield awaiting()
    finally:
        yield

def by_hand():
    yield from coroutine().__await__()

@types.coroutine
def decorated():
    yield from awaiting()

def in_finally():
    try:
        yield
    finally:
        while True:
            try:
                yield
            except TaskKilled:
                pass

clock = ManualClock()
programs = [
    generator, waiting, coroutine, awaiting, looping, looping_deep, asking_for_the_next,
    delegating, calling, calling_many, by_hand, decorated, in_finally,
]

def killer():
    yield
    for tid in range(1, len(programs) + 1):
        yield KillTask(tid)
    for _ in range(10):
        yield
    clock.advance(3)

sched = Scheduler(clock=clock)
exits = []
sched.trace.subscribe(exits.append, Exited)
for program in programs:
    sched.new(program())
sched.new(killer())
sched.mainloop()
for event in exits:
    print(event.name, event.status.killed, event.status.forced)
del exits, sched
gc.collect()
"""


def test_what_ignores_even_generator_exit_is_ended_by_force_and_the_interpreter_prints_nothing():
    output, errors = printed(DEAF)
    assert errors == ""
    lines = output.splitlines()
    assert lines[0] == "killer False False"
    assert len(lines) == 14
    assert all(line.endswith(" True True") for line in lines[1:])


def test_the_end_by_force_runs_what_finally_can_do_without_waiting():
    log = []

    def sub():
        try:
            yield Sleep(1000)
        finally:
            log.append("sub")
            try:
                yield Sleep(1000)
            finally:
                log.append("sub by force")

    async def program():
        try:
            await wrapped()
        finally:
            log.append("program")

    @types.coroutine
    def wrapped():
        yield from sub()

    sched = start(program())
    watch(sched)
    turn(sched)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert log == ["sub", "sub by force", "program"]
    assert outcome(sched, 1) == ExitStatus(1, killed=True, forced=True)


def test_an_error_at_the_end_by_force_is_kept_without_its_locals():
    def program():
        kept = hold("program")
        try:
            yield Sleep(1000)
        finally:
            try:
                yield Sleep(1000)
            finally:
                raise ValueError(kept.name)

    with no_collector():
        sched = start(program())
        watch(sched)
        turn(sched)
        sched.kill(sched.tasks[1])
        settle(sched)
        status = outcome(sched, 1)
        assert type(status.error) is ValueError
        assert functions(status.error) == ["program"]
        assert alive() == set()


def test_an_asynchronous_generator_is_closed_at_the_end_by_force():
    log = []

    async def numbers():
        try:
            await Sleep(1000)
            yield 1
        finally:
            log.append("first")
            try:
                await Sleep(1000)
            finally:
                log.append("second")

    async def program():
        async for _ in numbers():
            pass

    sched = start(program())
    watch(sched)
    turn(sched)
    sched.kill(sched.tasks[1])
    settle(sched)
    assert log == ["first", "second"]
    assert outcome(sched, 1).forced


# -- a task as it looks from outside


def test_a_task_is_named_for_its_function_unless_told_otherwise():
    assert Task(idle()).name == "idle"
    assert Task(idle(), "clock").name == "clock"


def test_a_task_tells_its_state():
    def program():
        yield Sleep(1)

    sched = start(program())
    task = sched.tasks[1]
    assert task.state == "ready"
    turn(sched)
    assert task.state == "blocked"
    assert repr(task).endswith("program blocked>")
    settle(sched)
    assert task.state == "exited"


@pytest.mark.parametrize(
    ("status", "text", "ok", "crashed"),
    [
        (ExitStatus(1), "ended", True, False),
        (ExitStatus(1, [1]), "ended: [1]", True, False),
        (ExitStatus(1, 0), "ended: 0", True, False),
        (ExitStatus(1, error=ValueError("no")), "crashed: ValueError: no", False, True),
        (ExitStatus(1, error=SystemExit()), "crashed: SystemExit", False, True),
        (ExitStatus(1, error=OSError(98, "in use")), "crashed: OSError: in use", False, True),
        (ExitStatus(1, error=OSError("] a text")), "crashed: OSError: ] a text", False, True),
        (ExitStatus(1, killed=True), "killed", False, False),
        (ExitStatus(1, "late", killed=True), "killed", False, False),
        (ExitStatus(1, killed=True, forced=True), "killed by force", False, False),
        (
            ExitStatus(1, error=ValueError("no"), killed=True),
            "killed, then ValueError: no",
            False,
            False,
        ),
        (
            ExitStatus(1, error=RuntimeError("deaf"), killed=True, forced=True),
            "killed by force, then RuntimeError: deaf",
            False,
            False,
        ),
    ],
    ids=repr,
)
def test_an_exit_status_says_in_words_how_the_task_ended(status, text, ok, crashed):
    assert str(status) == text
    assert status.ok is ok
    assert status.crashed is crashed


def test_an_exit_status_can_be_said_even_if_its_error_cannot():
    class Mute(Exception):
        def __str__(self):
            raise LookupError("no words")

    def program():
        yield
        raise Mute

    status = run(program())
    assert str(status) == "crashed: Mute: its text raised LookupError"


def test_the_end_of_an_enormous_value_is_said_in_short():
    assert len(str(ExitStatus(1, b"." * (64 << 20)))) < 100
