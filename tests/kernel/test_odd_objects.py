"""Laws of odd objects: whatever their own code does, it ends at most the task that brought them."""

import math
from itertools import product
from typing import Any

import pytest

import kernel
from kernel import (
    Exited,
    GetStack,
    GetTid,
    ListTasks,
    Resume,
    Sleep,
    SystemCall,
    WaitQueue,
)

from .support import (
    Do,
    Held,
    Park,
    ask,
    idle,
    no_collector,
    outcome,
    run,
    settle,
    start,
    turn,
    watch,
)


class OwnWay(Exception):
    """Whatever anybody asks of it, it raises."""

    def with_traceback(self, trace):
        raise RuntimeError("with_traceback")

    @property
    def __traceback__(self):
        raise RuntimeError("traceback")

    @property
    def __cause__(self):
        raise RuntimeError("cause")

    def __str__(self):
        raise KeyboardInterrupt


class OwnGroup(ExceptionGroup):
    @property
    def exceptions(self):
        raise RuntimeError("exceptions")


class OwnString(str):
    def __format__(self, spec):
        raise SystemExit

    def __str__(self):
        raise SystemExit


class OwnIterator:
    """Has every attribute, and stands in for itself."""

    def __init__(self):
        self.left = 3

    def __iter__(self):
        return self

    def __next__(self):
        self.left -= 1
        if self.left < 0:
            raise StopIteration("end")
        return Sleep(0.1)

    def __getattr__(self, name):
        return self


class Unspeakable:
    @property  # type: ignore[misc]  # that is what is odd about it
    def __class__(self):
        raise SystemExit

    def __repr__(self):
        raise KeyboardInterrupt


#: Every call that there is.
CALLS = [
    each
    for each in (getattr(kernel, name) for name in vars(kernel)["__all__"])
    if isinstance(each, type) and issubclass(each, SystemCall)
]

#: What the interpreter says of its own functions and operators tells a user of ours nothing.
UNHELPFUL = ["not supported between", "islice", "\n"]

#: Arguments of every wrong kind.
PLAIN: list[Any] = [
    None,
    True,
    -1,
    2**70,
    0.5,
    math.nan,
    "x",
    b"x",
    [],
    {},
    ("x", 1),
    len,
    GetTid,
    GetTid(),
]
HOSTILE = [OwnString("x"), OwnIterator(), OwnWay("own"), Unspeakable()]


def combinations_of_odd_ones(count):
    """All for two arguments; for more, each of them odd beside others that are all the same."""
    odd = [*PLAIN, *HOSTILE]
    if count <= 2:
        yield from product(odd, repeat=count)
    else:
        for other, place, one in product((None, "x", 1), range(count), odd):
            yield tuple(one if each == place else other for each in range(count))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_whatever_is_passed_to_a_call_its_error_comes_at_that_very_yield(
    call, tmp_path, monkeypatch
):
    """And it ends at most the task that passed it: the kernel lives, and the others go on."""

    def program(arguments):
        try:
            answer = yield call(*arguments)
            getattr(answer, "close", lambda: None)()
        except BaseException as error:
            return error

    def other():
        for _ in range(100):
            yield
        return "ended well"

    monkeypatch.chdir(tmp_path)  # as "x" is the name of a Unix socket
    sched = start(other())
    watch(sched, Exited)
    fields = getattr(call, "__match_args__", ())
    plain = set()
    for arguments in combinations_of_odd_ones(len(fields)):
        tid = sched.new(program(arguments))
        if not {*map(id, arguments)} & {*map(id, HOSTILE)}:
            plain.add(tid)
    for _ in range(200):
        turn(sched)
        ask(sched, Resume())  # as a call may hold the whole system up
    assert outcome(sched, 1).value == "ended well"
    values = [outcome(sched, tid).value for tid in plain - set(sched.tasks)]
    for error in filter(None, values):
        assert isinstance(error, Exception)
        assert len(str(error)) < 200
        assert not any(words in str(error) for words in UNHELPFUL)
    sched.end_all()
    sched.poller.close()


@pytest.mark.parametrize("error", [OwnWay("own"), OwnGroup("own", [ValueError()])])
def test_an_error_with_code_of_its_own_ends_its_task_alone(error):
    def raises():
        yield
        raise error

    def calls():
        yield raises()

    sched = start(raises(), calls(), idle(3))
    watch(sched, Exited)
    settle(sched)
    assert [outcome(sched, tid).error for tid in (1, 2, 3)] == [error, error, None]
    assert "crashed" in str(outcome(sched, 1))


def test_a_name_with_code_of_its_own_is_but_a_string():
    sched = start()
    sched.new(idle(), OwnString("name"))
    assert type(sched.tasks[1].name) is str
    with pytest.raises(TypeError, match="named by a string, not by 5"):
        sched.new(idle(), 5)


def test_an_iterator_with_every_attribute_is_no_frame():
    def delegates_to_it():
        return (yield from OwnIterator())

    sched = start(delegates_to_it(), delegates_to_it())
    turn(sched)
    rows = ask(sched, ListTasks())
    turn(sched)
    assert [row.depth for row in rows.result(0).tasks] == [1, 1]
    sched.force(sched.tasks[2])
    settle(sched)
    assert outcome(sched, 1).value == "end"
    assert outcome(sched, 2).forced


def test_an_argument_that_cannot_be_written_hides_nobody():
    def program(argument):
        yield Sleep(1)
        return argument

    sched = start(program(Unspeakable()), program(OwnString("x")), program(OwnIterator()))
    turn(sched)
    rows = ask(sched, ListTasks())
    turn(sched)
    assert [row.tid for row in rows.result(0).tasks] == [1, 2, 3]


def test_to_look_at_a_task_does_not_hold_on_to_what_it_drops():
    def program(held):
        yield Sleep(1)
        del held
        yield Sleep(1)

    sched = start(program(Held("argument")))
    turn(sched)
    ask(sched, ListTasks())
    ask(sched, GetStack(1))
    turn(sched)
    assert Held.held == {"argument"}
    sched.clock.advance(1)
    turn(sched)
    assert not Held.held


def test_a_forced_task_lets_go_of_an_answer_that_it_has_not_seen():
    queue = WaitQueue()

    def program():
        yield Park(queue)

    with no_collector():
        sched = start(program())
        watch(sched, Exited)
        turn(sched)
        queue.first.answer(Held("answer"))
        sched.force(sched.tasks[1])
        assert not Held.held


def test_a_call_that_answers_twice_gives_its_caller_one_end():
    def twice(kernel, caller):
        asleep = caller.sleep(kernel.sleepers, Sleep(0))
        caller.answer("first")
        caller.answer("second")
        return asleep

    def program():
        return (yield Do(twice))

    sched = start(program(), idle(10))
    settle(sched)
    assert outcome(sched, 1).value == "first"


def test_a_call_that_answers_itself_and_returns_an_answer_too_does_not_outlive_its_task():
    def both(kernel, caller):
        caller.sleep(kernel.sleepers, Sleep(0))
        caller.answer("first")
        return "second"

    def program():
        return (yield Do(both))

    sched = start(program(), idle(10))
    ends = watch(sched, Exited)
    settle(sched)
    assert sorted(end.tid for end in ends) == [1, 2]
    assert not sched.ready


def test_a_sleep_in_no_call_fails_who_sleeps_and_nobody_else():
    def nothing(kernel, caller):
        kernel.alarms.set(kernel.clock.now(), caller)
        return caller.sleep(kernel.sleepers, None)

    def program():
        with pytest.raises(AttributeError):
            yield Do(nothing)

    sched = start(program(), idle(10))
    settle(sched)
    assert outcome(sched, 1).ok


def test_to_look_at_a_task_leaves_the_dictionary_of_its_locals_alone():
    def program(argument):
        mine = locals()
        yield Sleep(1)
        return mine["argument"]

    sched = start(program("here"))
    turn(sched)
    ask(sched, ListTasks())
    settle(sched)
    assert outcome(sched, 1).value == "here"


def test_a_sleeper_is_not_lost_to_who_fails_it_with_no_error():
    queue = WaitQueue()

    def sleeper():
        return (yield Park(queue))

    def program():
        with pytest.raises(TypeError):
            yield Do(lambda kernel, caller: queue.first.fail(ValueError))

    sched = start(sleeper(), program())
    turn(sched, 3)
    assert outcome(sched, 2).ok
    queue.first.answer("answer")
    settle(sched)
    assert outcome(sched, 1).value == "answer"


@pytest.mark.parametrize("name", [[], None, 7], ids=repr)
def test_a_program_whose_module_has_an_odd_name_ends_like_any_other(name):
    scope = {"__name__": name}
    exec("def program():\n    yield 1 / 0", scope)
    assert isinstance(run(scope["program"]()).error, ZeroDivisionError)
