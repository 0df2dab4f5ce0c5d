"""Laws of the inbox: what other threads put in arrives in order, or is refused, exactly once."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import Inbox, KernelStopped, Scheduler
from kernel.inbox import ROUND, Order

from .net import GUARD, many_switches, until
from .support import Do, ask, idle, start, turn

always = settings(derandomize=True, deadline=None)


class Letter:
    """An arrival that notes what becomes of it."""

    def __init__(self, log, content=None):
        self.log = log
        self.content = content

    def arrive(self):
        self.log.append(("taken", self.content))

    def refuse(self, reason):
        self.log.append(("refused", self.content))


def run_all(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD)
        assert not thread.is_alive()


def test_arrivals_are_taken_in_the_order_in_which_they_were_put():
    inbox, log = Inbox(), []
    for number in range(5):
        inbox.put(Letter(log, number))
    assert log == []
    inbox.take()
    assert log == [("taken", number) for number in range(5)]


def test_what_an_arrival_puts_in_arrives_next_time():
    inbox, log = Inbox(), []

    class Chain(Letter):
        def arrive(self):
            super().arrive()
            inbox.put(Chain(self.log, self.content + 1))

    inbox.put(Chain(log, 0))
    for rounds in range(1, 4):
        inbox.take()
        assert len(log) == rounds


def test_an_arrival_that_raises_takes_no_other_with_it():
    inbox, log = Inbox(), []

    class Bad(Letter):
        def arrive(self):
            raise KeyboardInterrupt

    inbox.put(Bad(log))
    inbox.put(Letter(log, 1))
    with pytest.raises(KeyboardInterrupt):
        inbox.take()
    inbox.take()
    assert log == [("taken", 1)]


def test_of_very_many_arrivals_the_first_arrive_and_then_the_tasks_have_their_turn():
    taken = []
    sched = start(idle())
    for number in range(3 * ROUND):
        ask(sched, Do(lambda kernel, caller, number=number: taken.append(number)))
    passes = sched.passes
    turn(sched, 3)
    assert taken == list(range(3 * ROUND))
    assert sched.passes == passes + 3


def test_only_a_kernel_that_sleeps_is_woken():
    inbox, rings = Inbox(), []
    inbox.wake = lambda: rings.append(len(inbox.arrivals))
    inbox.put(Letter([]))
    assert rings == []
    inbox.asleep = True
    inbox.put(Letter([]))
    assert rings == [2]  # it is there before the kernel is woken for it


def test_a_closed_inbox_refuses_at_once():
    inbox, log = Inbox(), []
    inbox.put(Letter(log, "before"))
    inbox.close(KernelStopped())
    assert log == [("refused", "before")]
    inbox.put(Letter(log, "after"))
    assert log == [("refused", "before"), ("refused", "after")]
    inbox.take()
    assert len(log) == 2


def test_a_refusal_says_why():
    reasons = []

    class Curious(Letter):
        def refuse(self, reason):
            reasons.append(reason)

    inbox, why = Inbox(), KernelStopped("for a reason")
    inbox.put(Curious([]))
    inbox.close(why)
    inbox.put(Curious([]))
    assert reasons == [why, why]


def test_what_a_refusal_puts_in_is_refused_too():
    inbox, log = Inbox(), []

    class Stubborn(Letter):
        def refuse(self, reason):
            super().refuse(reason)
            if self.content:
                inbox.put(Stubborn(self.log, self.content - 1))

    inbox.put(Stubborn(log, 3))
    inbox.close(KernelStopped())
    assert log == [("refused", number) for number in (3, 2, 1, 0)]


@always
@given(st.lists(st.sampled_from(["put", "take", "close"])))
def test_every_arrival_has_one_outcome_whatever_the_order(steps):
    inbox, log, put = Inbox(), [], 0
    closed = False
    for step in steps:
        if step == "put":
            inbox.put(Letter(log, put))
            put += 1
        elif step == "take":
            inbox.take()
        else:
            closed = True
            inbox.close(KernelStopped())
    inbox.take()
    assert [content for _, content in log] == list(range(put))
    assert closed or all(outcome == "taken" for outcome, _ in log)


@many_switches()
def test_each_thread_s_arrivals_keep_their_order():
    kernel, log = Scheduler(), []
    threads, each = 8, 500

    def puts(name):
        for number in range(each):
            kernel.inbox.put(Letter(log, (name, number)))

    group = [threading.Thread(target=puts, args=[name]) for name in range(threads)]
    for thread in group:
        thread.start()
    until(kernel, lambda: len(log) == threads * each)
    for thread in group:
        thread.join()
    for name in range(threads):
        assert [n for _, (who, n) in log if who == name] == list(range(each))


@many_switches()
@pytest.mark.parametrize("after", range(0, 60, 5))
def test_everything_put_while_the_inbox_closes_is_taken_or_refused_once(after):
    threads, each = 3, 20
    for _ in range(10):
        inbox, log = Inbox(), []
        put = threading.Semaphore(0)

        def puts(name, inbox=inbox, log=log, put=put):
            for number in range(each):
                inbox.put(Letter(log, (name, number)))
                put.release()

        def takes(inbox=inbox):
            while inbox.closed is None:
                inbox.take()
            inbox.take()

        def closes(inbox=inbox, put=put):
            for _ in range(after):
                put.acquire()
            inbox.close(KernelStopped())

        run_all(
            [
                *(threading.Thread(target=puts, args=[name]) for name in range(threads)),
                threading.Thread(target=takes),
                threading.Thread(target=closes),
            ]
        )
        assert not inbox.arrivals
        outcomes = Counter(content for _, content in log)
        assert outcomes == Counter((name, n) for name in range(threads) for n in range(each))


def test_a_kernel_that_takes_while_another_thread_closes_does_not_fail():
    inbox, log = Inbox(), []

    class Closing(Letter):
        def arrive(self):
            super().arrive()
            thread = threading.Thread(target=inbox.close, args=[KernelStopped()])
            thread.start()
            thread.join()

    inbox.put(Closing(log, 0))
    inbox.put(Letter(log, 1))
    inbox.put(Letter(log, 2))
    inbox.take()
    assert log == [("taken", 0), ("refused", 1), ("refused", 2)]


@many_switches()
def test_a_sleeping_kernel_is_woken_by_each_of_many_threads():
    """No arrival waits for the next one: the kernel never sleeps on what is there."""
    kernel, log = Scheduler(), []
    rounds = 500
    taken = threading.Semaphore(0)

    class Acknowledged(Letter):
        def arrive(self):
            super().arrive()
            taken.release()

    def puts():
        for number in range(rounds):
            kernel.inbox.put(Acknowledged(log, number))
            assert taken.acquire(timeout=GUARD)

    threads = [threading.Thread(target=puts) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(log) < 2 * rounds:
        kernel.cycle()
    for thread in threads:
        thread.join()
    kernel.poller.close()


def test_what_a_task_has_set_going_is_done_between_two_passes_and_ends_the_pass():
    log = []

    def program():
        sched.inbox.put(Order(lambda: log.append(sched.running_task(None))))
        log.append("step")
        yield
        log.append("next")

    sched = start(program())
    sched.cycle(wait=False, once=False)
    assert log == ["step"]
    sched.cycle(wait=False, once=False)
    assert log == ["step", None, "next"]


def test_what_is_set_going_in_a_kernel_that_has_stopped_is_not_done():
    inbox = Inbox()
    inbox.close(KernelStopped())
    inbox.put(Order(lambda: pytest.fail("must not be done")))
