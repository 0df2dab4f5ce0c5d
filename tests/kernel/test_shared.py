"""What tasks share with threads: nothing is lost, nobody overtakes, whoever is killed and when."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty, Full

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import (
    Channel,
    ChanRecv,
    ChanSend,
    Event,
    Exited,
    GetTid,
    Join,
    KillTask,
    Machine,
    NewTask,
    Scheduler,
    Select,
    SetEvent,
    SharedEvent,
    SharedGet,
    SharedPut,
    SharedQueue,
    SharedWait,
    Sleep,
    WaitEvent,
    WaitTask,
)

from .net import GUARD, many_switches
from .support import ask, either_style, outcome, start, turn, watch


def getter(log, queue):
    log.append((yield SharedGet(queue)))


def putter(log, queue, item):
    yield SharedPut(queue, item)
    log.append(item)


def waiter(log, event, name=None):
    yield SharedWait(event)
    log.append(name)


class Thread(threading.Thread):
    """A thread that runs one function; `result` waits for what it returns."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self.work = function, arguments
        self.value = self.error = None
        self.start()

    def run(self):
        function, arguments = self.work
        try:
            self.value = function(*arguments)
        except BaseException as error:
            self.error = error

    def result(self):
        self.join(GUARD)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.value


def until(condition):
    """Wait for what other threads do."""
    deadline = time.monotonic() + GUARD
    while not condition():
        assert time.monotonic() < deadline, "it never came to this"
        time.sleep(0)  # their turn


def waits(line, count=1):
    """Wait until so many stand in a line."""
    until(lambda: len(line.waiting) >= count)


@contextmanager
def machines(count):
    """So many machines; of the ends of their tasks nothing is logged."""
    with ExitStack() as stack:
        made = [stack.enter_context(Machine()) for _ in range(count)]
        for machine in made:
            machine.subscribe(lambda event: None, Exited)
        yield made


# -- the queue, from threads


def test_threads_put_and_get_in_order():
    queue = SharedQueue(3)
    for item in "abc":
        queue.put(item)
    assert len(queue) == 3
    assert [queue.get() for _ in range(3)] == ["a", "b", "c"]


def test_a_thread_gives_up_after_its_timeout_and_takes_nothing():
    queue = SharedQueue(1)
    for timeout in (0, 0.001):
        with pytest.raises(Empty):
            queue.get(timeout)
    queue.put("only")
    for timeout in (0, 0.001):
        with pytest.raises(Full):
            queue.put("too much", timeout)
    assert queue.get(0) == "only"
    assert not queue.getters.waiting
    assert not queue.putters.waiting


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf")])
def test_what_is_no_time_is_refused(timeout):
    queue, event = SharedQueue(1), SharedEvent()
    for wait in (queue.get, event.wait, lambda timeout: queue.put(1, timeout)):
        with pytest.raises(ValueError, match="cannot wait for"):
            wait(timeout)


@pytest.mark.parametrize("size", [0, -1])
def test_a_queue_has_room_for_something(size):
    with pytest.raises(ValueError, match="1 item at least"):
        SharedQueue(size)


@pytest.mark.parametrize("size", ["1", None, 1.0, True])
def test_the_size_of_a_queue_is_a_number(size):
    with pytest.raises(TypeError, match="size of a queue"):
        SharedQueue(size)


def test_a_thread_that_waits_for_an_item_is_woken_by_another():
    queue = SharedQueue(1)
    thread = Thread(queue.get)
    waits(queue.getters)
    queue.put("it")
    assert thread.result() == "it"


def test_a_thread_that_waits_for_room_is_woken_by_another():
    queue = SharedQueue(1)
    queue.put(1)
    thread = Thread(queue.put, 2)
    waits(queue.putters)
    assert [queue.get(), queue.get()] == [1, 2]
    thread.result()


def test_there_are_never_more_items_than_the_size():
    queue, most = SharedQueue(3), []

    def put_many():
        for number in range(200):
            queue.put(number)
            most.append(len(queue))

    with many_switches():
        threads = [Thread(put_many) for _ in range(4)]
        for _ in range(800):
            queue.get()
        for thread in threads:
            thread.result()
    assert max(most) <= 3
    assert len(queue) == 0


# -- the queue, between a thread and tasks


@either_style
def test_a_task_gets_what_a_thread_puts_and_a_thread_what_a_task_puts(style):
    there, back = SharedQueue(2), SharedQueue(2)

    def echo():
        while (item := (yield SharedGet(there))) is not None:
            yield SharedPut(back, item.upper())

    with machines(1) as (machine,):
        machine.call(NewTask(style(echo())), GUARD)
        for word in ("some", "words", "more", "of", "them"):
            there.put(word, GUARD)
            assert back.get(GUARD) == word.upper()
        there.put(None, GUARD)
        assert machine.call(WaitTask(1), GUARD).ok


def test_what_is_there_is_got_at_once_and_what_has_room_is_put_at_once():
    queue, log = SharedQueue(1), []

    def program():
        yield SharedPut(queue, "it")
        log.append((yield SharedGet(queue)))
        yield SharedPut(queue, None)
        log.append((yield SharedGet(queue)))

    sched = start(program())
    turn(sched)
    assert log == ["it", None]
    assert not sched.tasks


def test_whoever_waits_longest_is_served_first_on_both_sides():
    queue, log = SharedQueue(1), []
    sched = start(*(getter(log, queue) for _ in range(3)))
    turn(sched)
    sched.new(putter([], queue, "a"))
    sched.new(putter([], queue, "b"))
    sched.new(putter([], queue, "c"))
    turn(sched, 10)
    assert log == ["a", "b", "c"]
    for item in "defg":
        sched.new(putter(log, queue, item))
    turn(sched, 2)
    assert log[3:] == ["d"]
    assert [queue.get(0)] == ["d"]
    turn(sched, 3)
    assert log[3:] == ["d", "e"]
    assert queue.get(0) == "e"
    turn(sched, 3)
    assert queue.get(0) == "f"
    turn(sched, 3)
    assert (queue.get(0), log[3:]) == ("g", ["d", "e", "f", "g"])


def test_a_newcomer_does_not_overtake_whoever_has_been_called():
    """The task was there first: the item is its own, although its kernel has not turned yet."""
    queue, log = SharedQueue(2), []
    sched = start(getter(log, queue))
    turn(sched)
    queue.put("the task's")
    with pytest.raises(Empty):
        queue.get(0)
    queue.put("anybody's")
    assert len(queue) == 2
    assert queue.get(0) == "the task's"  # the first item goes to whoever comes first
    turn(sched, 2)
    assert log == ["anybody's"]


def test_room_that_is_meant_for_a_task_is_not_taken_by_a_newcomer():
    queue, log = SharedQueue(1), []
    queue.put("first")
    sched = start(putter(log, queue, "the task's"))
    turn(sched)
    assert queue.get(0) == "first"
    with pytest.raises(Full):
        queue.put("a thread's", 0)
    turn(sched, 2)
    assert queue.get(0) == "the task's"


@pytest.mark.parametrize("moment", ["waiting", "called", "arrived"])
def test_a_killed_getter_loses_no_item_at_whatever_moment(moment):
    queue, log = SharedQueue(1), []
    sched = start(getter(log, queue), getter(log, queue))
    watch(sched, Exited)
    turn(sched)
    if moment != "waiting":
        queue.put("it")
    if moment == "arrived":
        sched.inbox.take()
    sched.kill(sched.find(1))
    if moment == "waiting":
        queue.put("it")
    turn(sched, 5)
    if moment == "arrived":  # it has been given, so it is seen
        assert log == ["it"]
        queue.put("another")
        turn(sched, 5)
        assert log == ["it", "another"]
    else:
        assert outcome(sched, 1).killed
        assert log == ["it"]
    assert not sched.tasks
    assert sched.outside == 0
    assert len(queue) == 0


@pytest.mark.parametrize("moment", ["waiting", "called", "arrived"])
def test_a_killed_putter_has_put_its_item_or_has_not(moment):
    queue = SharedQueue(1)
    queue.put("first")
    sched = start(putter([], queue, "a"), putter([], queue, "b"))
    watch(sched, Exited)
    turn(sched)
    if moment != "waiting":
        assert queue.get(0) == "first"
    if moment == "arrived":
        sched.inbox.take()
    sched.kill(sched.find(1))
    if moment == "waiting":
        assert queue.get(0) == "first"
    turn(sched, 5)
    got = [queue.get(0)]
    turn(sched, 5)
    if moment == "arrived":
        got.append(queue.get(0))
    assert got == (["a", "b"] if moment == "arrived" else ["b"])
    assert not sched.tasks
    assert sched.outside == 0


def test_a_getter_whose_kernel_stops_loses_nothing():
    queue, log = SharedQueue(1), []
    with machines(2) as (first, second):
        first.call(NewTask(getter(log, queue)), GUARD)
        waits(queue.getters)
        second.call(NewTask(getter(log, queue)), GUARD)
        waits(queue.getters, 2)
        first.shutdown()
        queue.put("it")
        assert second.call(WaitTask(1), GUARD).ok
    assert log == ["it"]


def test_requests_that_waited_in_a_kernel_that_has_stopped_hold_nobody_up():
    queue = SharedQueue(1)
    with machines(1) as (machine,):
        for _ in range(2000):
            machine.submit(SharedGet(queue))
        waits(queue.getters, 2000)
    queue.put("it")
    assert queue.get(GUARD) == "it"
    assert not queue.getters.waiting
    assert not queue.getters.called


def test_a_request_may_get_and_put():
    queue, sched = SharedQueue(1), start()
    replies = [ask(sched, SharedGet(queue)), ask(sched, SharedPut(queue, "it"))]
    turn(sched, 3)
    assert [reply.result(0) for reply in replies] == ["it", None]


def test_what_is_no_shared_queue_or_event_is_refused_at_that_very_yield():
    def program():
        for call in (SharedGet([]), SharedPut(None, 1)):
            with pytest.raises(TypeError, match="takes a SharedQueue, not"):
                yield call
        with pytest.raises(TypeError, match="waits for a SharedEvent, not"):
            yield SharedWait(threading.Event())
        return "lives"

    sched = start(program())
    turn(sched, 5)
    assert outcome(sched, 1).value == "lives"


def test_the_kernel_says_what_is_waited_for():
    queue, event = SharedQueue(1), SharedEvent()
    queue.put(1)
    sched = start(putter([], queue, 1), getter([], SharedQueue(1)), waiter([], event))
    turn(sched)
    assert [sched.find(tid).reason() for tid in (1, 2, 3)] == [
        "room in a shared queue of 1",
        "an item of a shared queue",
        "a shared event",
    ]
    assert repr(sched.find(1).call) == "SharedPut(<SharedQueue with 1 of 1>, 1)"
    assert repr(sched.find(3).call) == "SharedWait(<SharedEvent not set>)"


def test_a_mainloop_waits_for_a_thread_that_may_come():
    queue, log = SharedQueue(1), []
    sched = Scheduler()
    sched.new(getter(log, queue))

    def put():
        waits(queue.getters)
        queue.put("it")

    thread = Thread(put)
    sched.mainloop()
    thread.result()
    assert log == ["it"]


STEPS = ["put", "get", "turn", "turn", "kill", "new getter", "new putter"]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7)), max_size=50))
@settings(derandomize=True, deadline=None)
def test_every_item_is_got_once_whoever_is_killed_at_any_step(steps):
    """Two kernels, turned by hand, and a thread that never waits."""
    queue, got, put = SharedQueue(2), [], []
    kernels = [start(), start()]
    numbers = iter(range(1000))

    def put_one(number):
        yield SharedPut(queue, number)
        put.append(number)

    def do(step, kernel, which):
        number = next(numbers)
        if step == "put":
            queue.put(number, 0)
            put.append(number)
        elif step == "get":
            got.append(queue.get(0))
        elif step == "turn":
            turn(kernel)
        elif step == "new getter":
            kernel.new(getter(got, queue))
        elif step == "new putter":
            kernel.new(put_one(number))
        elif kernel.tasks:
            kernel.kill(list(kernel.tasks.values())[which % len(kernel.tasks)])

    for kernel in kernels:
        watch(kernel, Exited)
    for step, which in steps:
        with suppress(Empty, Full):
            do(step, kernels[which % 2], which)
        assert len(queue) <= 2
        for line in (queue.getters, queue.putters):
            assert len(line.called) <= line.available()
            assert not line.waiting or line.spare() == 0
    for kernel in kernels:
        for task in list(kernel.tasks.values()):
            kernel.kill(task)
        turn(kernel, 5)
        assert not kernel.tasks
        assert kernel.outside == 0
    while len(queue):
        got.append(queue.get(0))
    assert len(set(got)) == len(got)
    assert set(put) <= set(got)


def test_a_select_takes_of_one_queue_only_and_leaves_the_others_alone():
    first, second, log = SharedQueue(2), SharedQueue(2), []

    def program():
        for _ in range(2):
            log.append((yield Select(SharedGet(first), SharedGet(second))))

    second.put("there")
    sched = start(program())
    turn(sched)
    assert log == [(1, "there")]
    assert len(first.getters.waiting) == len(second.getters.waiting) == 1
    first.put("here")
    second.put("too late")
    turn(sched, 2)
    assert log == [(1, "there"), (0, "here")]
    assert second.get(0) == "too late"
    for line in (first.getters, second.getters):
        assert not line.waiting
        assert not line.called
    assert sched.outside == 0


def test_a_select_that_puts_has_put_into_one_queue_only():
    first, second, log = SharedQueue(1), SharedQueue(1), []
    first.put("full")
    second.put("full")

    def program():
        log.append((yield Select(SharedPut(first, "a"), SharedPut(second, "b"))))

    sched = start(program())
    turn(sched)
    assert second.get(0) == "full"
    turn(sched, 2)
    assert log == [(1, None)]
    assert [first.get(0), second.get(0)] == ["full", "b"]
    assert not first.putters.waiting
    assert len(first) == 0


@pytest.mark.parametrize("called", [False, True])
def test_a_select_that_another_call_answers_first_gives_its_place_to_the_next(called):
    queue, log = SharedQueue(1), []

    def program():
        log.append((yield Select(SharedGet(queue), Sleep(1), SharedWait(SharedEvent()))))

    sched = start(program(), getter(log, queue))
    turn(sched)
    sched.clock.advance(1)
    if called:
        queue.put("it")
        sched.alarms.ring(sched.clock.now())  # before the call comes in
    else:
        turn(sched, 2)
        queue.put("it")
    turn(sched, 3)
    assert sorted(log, key=str) == [(1, None), "it"]
    assert sched.outside == 0


# -- the queue, under load


@many_switches()
@pytest.mark.parametrize("size", [1, 7])
def test_between_two_kernels_and_two_threads_every_item_comes_once_and_in_its_producers_order(size):
    queue, each = SharedQueue(size), 300
    got = defaultdict(list)

    def produce(name):
        for number in range(each):
            yield SharedPut(queue, (name, number))

    def consume(name):
        while (item := (yield SharedGet(queue))) is not None:
            got[name].append(item)

    def produce_here(name):
        for number in range(each):
            queue.put((name, number), GUARD)

    def consume_here(name):
        while (item := queue.get(GUARD)) is not None:
            got[name].append(item)

    with machines(2) as both:
        consumers = [m.call(NewTask(consume(f"c{n}")), GUARD) for n, m in enumerate(both)]
        threads = [Thread(consume_here, "c2"), Thread(consume_here, "c3")]
        producers = [m.call(NewTask(produce(n)), GUARD) for n, m in enumerate(both)]
        putting = [Thread(produce_here, name) for name in (2, 3)]
        for machine, tid in zip(both, producers, strict=True):
            assert machine.call(WaitTask(tid), GUARD).ok
        for thread in putting:
            thread.result()
        for _ in range(4):
            queue.put(None, GUARD)
        for machine, tid in zip(both, consumers, strict=True):
            assert machine.call(WaitTask(tid), GUARD).ok
        for thread in threads:
            thread.result()
    items = [item for part in got.values() for item in part]
    assert sorted(items) == [(name, number) for name in range(4) for number in range(each)]
    for part in got.values():
        for name in range(4):
            numbers = [number for producer, number in part if producer == name]
            assert numbers == sorted(numbers)


@many_switches()
def test_nothing_is_lost_while_consumers_of_two_kernels_are_killed_all_the_time():
    queue, count, got = SharedQueue(4), 2000, []
    done = threading.Event()

    def consume():
        while True:
            item = yield SharedGet(queue)
            got.append(item)

    def killer(machine):
        chance = random.Random(1)
        tids = []
        while not done.is_set():
            while len(tids) < 3:
                tids.append(machine.call(NewTask(consume()), GUARD))
            victim = tids.pop(chance.randrange(len(tids)))
            machine.call(KillTask(victim), GUARD)
        return tids

    with machines(2) as both:
        killers = [Thread(killer, machine) for machine in both]
        for number in range(count):
            queue.put(number, GUARD)
        until(lambda: len(got) == count)
        done.set()
        for killer in killers:
            killer.result()
    assert sorted(got) == list(range(count))


@many_switches()
def test_nothing_is_lost_or_doubled_while_producers_are_killed_all_the_time():
    queue, got, done = SharedQueue(2), [], threading.Event()
    put = []

    def produce(number):
        yield SharedPut(queue, number)
        put.append(number)

    def killer(machine, numbers):
        for number in numbers:
            tid = machine.call(NewTask(produce(number)), GUARD)
            if number % 3 == 0:
                machine.call(KillTask(tid), GUARD)
            machine.call(WaitTask(tid), GUARD)
        return True

    def consume():
        while not done.is_set() or len(queue):
            try:
                got.append(queue.get(0.01))
            except Empty:
                continue

    with machines(2) as both:
        consumer = Thread(consume)
        killers = [Thread(killer, m, range(n, 1000, 2)) for n, m in enumerate(both)]
        for each in killers:
            assert each.result()
        done.set()
        consumer.result()
    assert len(set(got)) == len(got)
    assert set(put) <= set(got)
    assert {number for number in range(1000) if number % 3} <= set(got)


@many_switches()
def test_nothing_is_lost_when_a_kernel_stops_amid_it():
    queue, count = SharedQueue(3), 1000
    got = []

    def consume():
        while True:
            got.append((yield SharedGet(queue)))

    with machines(2) as (first, second):
        for machine in (first, second):
            for _ in range(3):
                machine.call(NewTask(consume()), GUARD)

        def produce():
            for number in range(count):
                if number == count // 2:
                    stopper.append(Thread(first.shutdown))
                queue.put(number, GUARD)

        stopper = []
        Thread(produce).result()
        assert stopper[0].result()
        until(lambda: not len(queue))
    while len(queue):
        got.append(queue.get(0))
    assert sorted(got) == list(range(count))


# -- the event


def test_a_set_event_lets_everyone_go_on_at_once():
    event, log = SharedEvent(), []
    event.set()
    assert event.is_set()
    assert event.wait(0)
    sched = start(waiter(log, event, "task"))
    turn(sched)
    assert log == ["task"]


def test_an_event_wakes_tasks_of_several_kernels_and_threads():
    event, log = SharedEvent(), []
    first, second = (
        start(waiter(log, event, 1), waiter(log, event, 2)),
        start(waiter(log, event, 3)),
    )
    turn(first)
    turn(second)
    thread = Thread(event.wait, GUARD)
    until(lambda: len(event.waiting) == 4)
    event.set()
    assert thread.result() is True
    turn(first, 2)
    turn(second, 2)
    assert log == [1, 2, 3]


def test_whoever_waited_goes_on_even_if_the_event_is_cleared_at_once():
    event, log = SharedEvent(), []
    sched = start(waiter(log, event, "early"))
    turn(sched)
    thread = Thread(event.wait, GUARD)
    until(lambda: len(event.waiting) == 2)
    event.set()
    event.clear()
    sched.new(waiter(log, event, "late"))
    turn(sched, 3)
    assert thread.result() is True
    assert log == ["early"]
    assert not event.is_set()


def test_a_thread_that_waits_in_vain_is_told():
    event = SharedEvent()
    assert event.wait(0) is False
    assert event.wait(0.001) is False
    assert not event.waiting


@pytest.mark.parametrize("moment", ["waiting", "called"])
def test_a_killed_waiter_leaves_nothing_behind(moment):
    event, log = SharedEvent(), []
    sched = start(waiter(log, event))
    watch(sched, Exited)
    turn(sched)
    if moment == "called":
        event.set()
    sched.kill(sched.find(1))
    turn(sched, 3)
    assert outcome(sched, 1).killed
    assert log == []
    assert not event.waiting
    assert sched.outside == 0


def test_a_task_may_set_an_event_that_a_thread_waits_for():
    event = SharedEvent()

    def program():
        yield Sleep(0)
        event.set()

    with machines(1) as (machine,):
        thread = Thread(event.wait, GUARD)
        machine.call(NewTask(program()), GUARD)
        assert thread.result() is True


@many_switches()
def test_an_event_that_is_set_again_and_again_loses_nobody():
    event, rounds, seen = SharedEvent(), 300, []

    def program(machine_number):
        for number in range(rounds):
            yield SharedWait(event)
            seen.append((machine_number, number))

    with machines(2) as both:
        tids = [machine.call(NewTask(program(n)), GUARD) for n, machine in enumerate(both)]
        while len(seen) < 2 * rounds:
            event.set()
            event.clear()
        for machine, tid in zip(both, tids, strict=True):
            assert machine.call(WaitTask(tid), GUARD).ok
    assert len(seen) == 2 * rounds


# -- machines and threads


def test_any_thread_may_start_tasks_on_any_machine_and_wait_for_them():
    def program(number):
        yield Sleep(0)
        return number

    def ask_all(all_machines):
        answers = []
        for number, machine in enumerate(all_machines):
            tid = machine.call(NewTask(program(number)), GUARD)
            assert machine.call(WaitTask(tid), GUARD).ok
            answers.append(machine.call(Join(tid), GUARD))
        return answers

    with machines(3) as three:
        threads = [Thread(ask_all, three) for _ in range(8)]
        assert [thread.result() for thread in threads] == [[0, 1, 2]] * 8


def test_any_thread_may_send_into_a_channel_receive_from_it_and_set_an_event():
    channel, back, event = Channel(1), Channel(1), Event()

    def program():
        yield WaitEvent(event)
        total = 0
        for _ in range(40):
            total += yield ChanRecv(channel)
        yield ChanSend(back, total)

    def send(machine):
        for number in range(10):
            machine.call(ChanSend(channel, number), GUARD)

    with machines(1) as (machine,):
        machine.call(NewTask(program()), GUARD)
        threads = [Thread(send, machine) for _ in range(4)]
        Thread(machine.call, SetEvent(event), GUARD).result()
        for thread in threads:
            thread.result()
        assert Thread(machine.call, ChanRecv(back), GUARD).result() == 4 * sum(range(10))


def test_several_machines_in_one_process_never_meet():
    def program():
        return (yield GetTid())

    with machines(3) as three:
        for machine in three:
            tid = machine.call(NewTask(program()), GUARD)
            assert (tid, machine.call(WaitTask(tid), GUARD).value) == (1, 1)
        three[0].shutdown()
        assert three[1].call(NewTask(program()), GUARD) == 2
