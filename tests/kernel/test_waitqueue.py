"""Where callers sleep: first in, first out, and anyone out of the middle."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from kernel import Caller, Scheduler, WaitQueue
from kernel.systemcall import ASLEEP
from kernel.waitqueue import Dormitory

from .support import Park, run


def callers(count: int) -> list[Caller]:
    return [Caller() for _ in range(count)]


@given(st.lists(st.tuples(st.sampled_from(["in", "out", "first"]), st.integers(0, 9))))
def test_a_queue_is_a_list_from_which_anyone_may_leave(steps):
    queue, model, everybody = WaitQueue(), deque(), callers(10)
    for step, number in steps:
        caller = everybody[number]
        if step == "in" and caller not in model:
            queue.append(caller)
            model.append(caller)
        elif step == "out" and caller in model:
            queue.remove(caller)
            model.remove(caller)
        elif step == "first" and model:
            queue.remove(model.popleft())
        assert list(queue) == list(model)
        assert len(queue) == len(model)
        assert bool(queue) == bool(model)
        assert queue.first is (model[0] if model else None)
        assert all((each.queue is queue) == (each in model) for each in everybody)


def test_a_caller_that_sleeps_again_keeps_its_place_and_notes_what_is_left_to_do():
    queue, (first, second) = WaitQueue(), callers(2)
    whole, rest = Park(queue), Park(queue)
    assert first.sleep(queue, whole) is ASLEEP
    second.sleep(queue, whole)
    first.sleep(queue, rest)
    assert list(queue) == [first, second]
    assert first.call is rest


def test_a_caller_that_goes_to_sleep_elsewhere_is_on_one_queue_only():
    former, queue, (first, second) = WaitQueue(), WaitQueue(), callers(2)
    first.sleep(former, Park(former))
    second.sleep(former, Park(former))
    first.sleep(queue, Park(queue))
    assert (list(former), list(queue)) == ([second], [first])
    assert first.queue is queue


def test_a_caller_that_has_left_holds_on_to_nobody():
    queue, (first, second, third) = WaitQueue(), callers(3)
    for caller in (first, second, third):
        caller.kernel = Scheduler()
        caller.sleep(queue, Park(queue))
    second.leave()
    assert (second.queue, second.previous, second.next, second.call) == (None,) * 4
    assert list(queue) == [first, third]


def test_in_a_dormitory_anyone_may_sleep_and_leave_though_it_keeps_no_list():
    dormitory, everybody = Dormitory(), callers(3)
    for caller in everybody:
        caller.kernel = Scheduler()
        caller.sleep(dormitory, Park(dormitory))
    assert all(caller.queue is dormitory for caller in everybody)
    everybody[1].leave()
    assert [caller.queue for caller in everybody] == [dormitory, None, dormitory]


def test_an_empty_queue_is_no_garbage_that_only_the_collector_frees():
    queue = WaitQueue()
    queue.append(caller := Caller())
    queue.remove(caller)
    assert queue.first is None
    assert queue.last is None


def test_a_task_that_is_woken_goes_on_with_its_answer_and_is_on_no_queue():
    queue = WaitQueue()

    def sleeper():
        return (yield Park(queue))

    def program():
        from kernel import NewTask, WaitTask, Yield

        tid = yield NewTask(sleeper())
        yield Yield()
        assert queue.first is not None
        assert queue.first.tid == tid
        queue.first.answer("good morning")
        assert not queue
        return (yield WaitTask(tid)).value

    assert run(program()).value == "good morning"
