"""Context variables: each task has its own."""

from __future__ import annotations

import subprocess
import sys
from contextvars import Context, ContextVar, copy_context
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import (
    Channel,
    ChanRecv,
    ChanSend,
    KillTask,
    NewTask,
    OpenScope,
    Policy,
    Scheduler,
    SendSignal,
    Signal,
    Sleep,
    TaskGroup,
    TaskKilled,
)

from .support import ROOT, either_style, idle, outcome, run, settle, start, turn

VAR: ContextVar[str] = ContextVar("VAR", default="nothing")


@either_style
@pytest.mark.parametrize("budget", [1, 64])
def test_each_task_reads_what_it_has_set_itself(style, budget):
    seen = {}

    def program(name):
        before = VAR.get()
        VAR.set(name)
        yield
        first = VAR.get()
        yield Sleep(1)
        seen[name] = before, first, VAR.get()

    settle(start(*(style(program(name)) for name in "abc"), policy=Policy(budget)))
    assert seen == {name: ("nothing", name, name) for name in "abc"}
    assert VAR.get() == "nothing"


@either_style
def test_subroutines_share_the_context_of_their_task(style):
    def setter():
        yield
        VAR.set("by a subroutine")
        yield Sleep(1)

    def reader(depth):
        return (yield reader(depth - 1)) if depth else VAR.get()

    def program():
        yield setter()
        return (yield reader(20)), VAR.get()

    assert run(style(program())).value == ("by a subroutine", "by a subroutine")


def test_what_is_set_deep_in_a_stack_is_there_in_the_callers_and_for_nobody_else():
    def deep(depth):
        if depth:
            yield deep(depth - 1)
        else:
            VAR.set("deep")
        yield
        return VAR.get()

    def program():
        return (yield deep(10)), VAR.get()

    def other():
        yield from idle(20)
        return VAR.get()

    sched = start(program(), other())
    settle(sched)
    assert outcome(sched, 1).value == ("deep", "deep")
    assert outcome(sched, 2).value == "nothing"


@either_style
@pytest.mark.parametrize("pause", [True, False])
def test_a_new_task_begins_with_what_its_maker_has_and_they_part_then(style, pause):
    def child():
        inherited = VAR.get()
        VAR.set("child's")
        yield
        return inherited, VAR.get()

    def program():
        VAR.set("parent's")
        if pause:
            yield
        yield NewTask(style(child()))
        yield Sleep(1)
        return VAR.get()

    sched = start(style(program()))
    settle(sched)
    assert outcome(sched, 1).value == "parent's"
    assert outcome(sched, 2).value == ("parent's", "child's")


def test_the_tasks_of_a_group_begin_with_what_its_block_has():
    async def child():
        return VAR.get()

    async def program():
        VAR.set("block's")
        async with TaskGroup() as group:
            return await group.spawn(child())

    sched = start(program())
    settle(sched)
    assert outcome(sched, outcome(sched, 1).value).value == "block's"


def test_a_task_that_is_made_outside_begins_with_what_is_set_there():
    def child():
        inherited = VAR.get()
        VAR.set("child's")
        yield
        return inherited, VAR.get()

    def outside():
        VAR.set("outside")
        sched = start(child())
        settle(sched)
        return outcome(sched, 1).value, VAR.get()

    assert copy_context().run(outside) == (("outside", "child's"), "outside")


def test_a_context_goes_through_errors_kills_stops_and_timeouts():
    log = []

    def failing():
        yield
        log.append(VAR.get())
        raise KeyError

    def program():
        VAR.set("mine")
        yield
        with pytest.raises(KeyError):
            yield failing()
        log.append(VAR.get())
        with (yield OpenScope(1)):
            yield Sleep(10)
        log.append(VAR.get())
        yield SendSignal(1, Signal.STOP)
        log.append(VAR.get())
        try:
            yield Sleep(100)
        except TaskKilled:
            log.append(VAR.get())
            raise

    def other():
        yield Sleep(5)
        yield SendSignal(1, Signal.CONT)
        yield Sleep(5)
        yield KillTask(1)
        return VAR.get()

    sched = start(program(), other())
    settle(sched)
    assert log == ["mine"] * 5
    assert outcome(sched, 1).killed
    assert outcome(sched, 2).value == "nothing"


def test_the_articles_return_by_yield_works_in_a_context():
    def subroutine():
        VAR.set("set")
        yield
        yield "returned early"
        raise AssertionError("must not be reached")

    def program():
        return (yield subroutine()), VAR.get()

    assert run(program()).value == ("returned early", "set")


def test_a_task_with_a_context_that_is_ended_by_force_closes_its_frames():
    log = []

    def program():
        VAR.set("mine")
        try:
            yield from idle()
        finally:
            log.append(VAR.get())

    sched = start(program(), idle(3))
    turn(sched, 2)
    sched.force(sched.find(1))
    settle(sched)
    assert log == ["mine"]


def test_a_variable_may_be_reset_with_its_token_as_long_as_the_task_lives():
    def program():
        token = VAR.set("for a while")
        yield Sleep(1)
        VAR.reset(token)
        yield
        return VAR.get()

    assert run(program()).value == "nothing"


def test_nobody_looks_for_contexts_in_a_process_that_does_not_know_them():
    code = """
import sys
from kernel import *
def program():
    yield Sleep(0)
    yield NewTask(child())
def child():
    yield
sched = Scheduler()
sched.new(program())
sched.mainloop()
print("contextvars" in sys.modules, sched.contexts.shared)
"""
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert (child.stdout, child.stderr) == ("False None\n", "")


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("sgnc")), max_size=40))
def test_many_tasks_that_set_get_and_spawn_agree_with_a_model(script):
    """Each task has a dictionary of its own; a new one begins with a copy of its maker's."""
    wrong, channels = [], [Channel(1) for _ in range(200)]

    def subroutine(value):
        yield
        VAR.set(value)

    def program(number, model):
        while (order := (yield ChanRecv(channels[number]))) is not None:
            if VAR.get() != model:
                wrong.append((number, VAR.get(), model))
            if order == "s":
                model = f"{number}.{len(script)}.{order}"
                VAR.set(model)
            elif order == "c":
                model = f"{number} by a subroutine"
                yield subroutine(model)
            elif order == "n":
                tids.append((yield NewTask(program(len(tids), model))))

    def director():
        for number, order in script:
            yield ChanSend(channels[number % len(tids)], order)
            yield Sleep(1)
        for number in range(len(tids)):
            yield ChanSend(channels[number], None)

    tids = [1]
    sched = Scheduler(clock=start().clock)
    sched.new(program(0, "nothing"))
    sched.new(director())
    settle(sched)
    assert wrong == []


def test_a_module_that_another_thread_is_just_importing_is_not_there_yet(monkeypatch):
    half = ModuleType("contextvars")
    half.Context = Context
    monkeypatch.setitem(sys.modules, "contextvars", half)

    def program():
        yield NewTask(child())
        return "done"

    def child():
        yield

    assert run(program()).value == "done"
