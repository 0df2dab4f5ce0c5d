"""The call stack of a task, frame by frame."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from kernel import (
    ErrorPart,
    Exited,
    GetStack,
    GetTid,
    ListTasks,
    NoSuchTask,
    Sleep,
    hosted,
    places,
)

from ..support import ask, settle, snapshot, start, turn, watch


def sleeper(seconds=60.0):
    yield Sleep(seconds)


def generator_leaf():
    yield Sleep(60)


async def coroutine_leaf():
    await Sleep(60)


def functions(info):
    return [frame.function.rpartition(".")[2] for frame in info.frames]


def test_a_stack_goes_through_yield_from_and_subroutines_down_to_the_trap():
    def program():
        yield entered()

    def entered():
        yield from delegated()

    def delegated():
        yield from generator_leaf()

    sched = start(program())
    turn(sched)
    info = snapshot(sched, GetStack(1))
    assert functions(info) == ["program", "entered", "delegated", "generator_leaf"]
    assert info.call.startswith("Sleep(")
    assert info.reason == "sleep 60.0 s left"
    assert all(frame.file == __file__ for frame in info.frames)


def test_a_stack_goes_through_await_and_asynchronous_generators():
    async def numbers():
        await coroutine_leaf()
        yield 1

    async def program():
        async for _ in numbers():
            pass

    sched = start(program())
    turn(sched)
    assert functions(snapshot(sched, GetStack(1))) == ["program", "numbers", "coroutine_leaf"]
    settle(sched)


def test_the_lines_are_those_at_which_each_frame_stands():
    def program():
        yield GetTid()
        yield generator_leaf()

    sched = start(program())
    turn(sched)
    frames = snapshot(sched, GetStack(1)).frames
    assert [frame.line for frame in frames] == [
        program.__code__.co_firstlineno + 2,
        generator_leaf.__code__.co_firstlineno + 1,
    ]


def test_of_a_crashed_task_the_traceback_is_told():
    def program():
        yield middle()

    def middle():
        yield
        return divide(0)

    def divide(number):
        return 1 / number

    sched = start(program())
    sched.trace.subscribe(lambda event: None, type(None))
    sched.trace.subscribe(lambda event: None, Exited)
    settle(sched)
    info = snapshot(sched, GetStack(1))
    assert functions(info) == ["program", "middle", "divide"]
    assert info.status.crashed
    assert info.state == "exited"


def test_of_a_group_of_errors_each_is_told_and_where_it_was_raised():
    def part(number):
        return 1 / number

    def program():
        errors = []
        try:
            part(0)
        except ZeroDivisionError as error:
            errors.append(error)
        yield
        raise ExceptionGroup("outer", [*errors, ExceptionGroup("inner", [ValueError("no")] * 30)])

    sched = start(program())
    watch(sched, Exited)  # so that nothing is logged
    settle(sched)
    info = snapshot(sched, GetStack(1))
    assert functions(info) == ["program"]
    first, *others = info.parts
    assert first.text == "ZeroDivisionError: division by zero"
    assert first.place.function.endswith("part")
    assert [str(other) for other in others] == [str(ErrorPart("ValueError: no", None))] * 19
    assert info.parts_total == 31


def test_of_an_asyncio_program_that_crashed_the_kernels_own_frames_are_not_told():
    async def main():
        raise ValueError("no")

    sched = start(hosted(main))
    watch(sched, Exited)
    settle(sched)
    info = snapshot(sched, GetStack(1))
    assert functions(info)[0] == "run" and functions(info)[-1].endswith("main")
    assert {Path(frame.file).parent.name for frame in info.frames} == {"asyncio", "syscalls"}
    assert [Path(frame.file).name for frame in info.frames].count(Path(__file__).name) == 1


def test_a_very_deep_stack_is_told_without_its_middle():
    def deep(depth):
        yield deep(depth - 1) if depth else Sleep(60)

    sched = start(deep(20_000))
    turn(sched, 1_000)
    info = snapshot(sched, GetStack(1))
    assert len(info.frames) == 200
    assert info.omitted == 20_001 - 200
    assert snapshot(sched, ListTasks()).tasks[0].depth == 20_001


def test_a_snapshot_of_no_task_is_an_error():
    with pytest.raises(NoSuchTask):
        snapshot(start(), GetStack(1))


def test_a_snapshot_stays_as_it_is_whatever_the_tasks_do_next():
    sched = start(sleeper())
    turn(sched)
    info, listed = snapshot(sched, GetStack(1)), snapshot(sched, ListTasks())
    settle(sched)
    assert info.state == "blocked"
    assert listed.tasks[0].state == "blocked"


def test_a_stack_without_end_is_looked_at_without_walking_through_it(monkeypatch):
    def recursive():
        yield (yield recursive())

    sched = start(recursive())
    turn(sched, 1_000)
    looked_at = []
    delegates = places.delegates
    monkeypatch.setattr(places, "delegates", lambda f: looked_at.append(f) or delegates(f))
    listed, stack = ask(sched, ListTasks()), ask(sched, GetStack(1))
    turn(sched)
    (row,) = listed.result(0).tasks
    info = stack.result(0)
    assert row.depth > 50_000
    assert len(info.frames) + info.omitted > 50_000
    assert len(looked_at) < 1_000
    sched.force(sched.tasks[1])


# -- locals


def locals_of(info, number=-1):
    return dict(info.frames[number].locals)


def test_the_locals_of_each_frame_are_told_in_a_short_line_each_if_they_are_wanted():
    def outer(word):
        number = 7
        yield inner(number)

    def inner(items):
        data = b"x" * 1_000_000
        yield Sleep(60)
        return data

    sched = start(outer("hello\nworld"))
    turn(sched)
    assert all(frame.locals == () for frame in snapshot(sched, GetStack(1)).frames)
    info = snapshot(sched, GetStack(1, locals=True))
    assert locals_of(info, 0)["word"] == r"'hello\nworld'"
    assert locals_of(info, 0)["number"] == "7"
    assert locals_of(info, 1)["data"].endswith("… 999,920 more")
    assert len(locals_of(info, 1)["data"]) < 120


def test_a_local_whose_repr_fails_is_said_so_and_spoils_no_other():
    class Odd:
        def __repr__(self):
            raise SystemExit("no")

    def program():
        odd, number = Odd(), 7
        yield Sleep(60)
        return odd, number

    sched = start(program())
    turn(sched)
    told = locals_of(snapshot(sched, GetStack(1, locals=True)))
    assert told["odd"] == "<Odd, whose repr raised SystemExit>"
    assert told["number"] == "7"


def test_of_very_many_locals_the_last_are_counted():
    names = {}
    source = "; ".join(f"v{number} = {number}" for number in range(100))
    exec(f"def program(sleep):\n    {source}\n    yield sleep", names)
    sched = start(names["program"](Sleep(60)))
    turn(sched)
    (frame,) = snapshot(sched, GetStack(1, locals=True)).frames
    assert (len(frame.locals), frame.omitted) == (30, 71)


def test_who_looks_at_the_locals_keeps_nothing_alive():
    class Thing:
        pass

    def program():
        thing = Thing()
        seen.append(weakref.ref(thing))
        yield
        del thing
        yield Sleep(60)

    seen = []
    sched = start(program())
    turn(sched)
    assert "thing" in locals_of(snapshot(sched, GetStack(1, locals=True)))
    turn(sched)
    gc.collect()
    assert seen[0]() is None


def test_the_caller_sees_its_own_locals_too():
    def program(word):
        stack = yield GetStack(1, locals=True)
        return locals_of(stack)["word"]

    sched = start(program("mine"))
    settle(sched)
    assert sched.find(1).status.value == "'mine'"


def test_each_frame_tells_where_its_function_begins():
    def program():
        yield generator_leaf()

    sched = start(program())
    turn(sched)
    firsts = [frame.first for frame in snapshot(sched, GetStack(1)).frames]
    codes = (program.__code__, generator_leaf.__code__)
    assert firsts == [code.co_firstlineno for code in codes]
