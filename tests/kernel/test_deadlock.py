"""When no task can ever go on, it is said in words who waits for whom."""

from __future__ import annotations

import pytest

from kernel import (
    Deadlock,
    GetTid,
    NewTask,
    Scheduler,
    Sleep,
    SystemCall,
    WaitQueue,
    WaitTask,
    deadlock,
)

from .support import Park, settle, start


def waiter(offset):
    me = yield GetTid()
    yield WaitTask(me + offset)


def test_the_verdict_names_the_circle_and_who_waits_for_what():
    sched = start(waiter(1), waiter(1), waiter(-2))
    with pytest.raises(Deadlock) as raised:
        sched.mainloop()
    assert raised.value.verdict == (
        "3 tasks are blocked, and nothing can wake them; in a circle: 1 → 2 → 3 → 1; "
        "task 1 (waiter) waits for the exit of 2; task 2 (waiter) waits for the exit of 3; "
        "task 3 (waiter) waits for the exit of 1"
    )


def test_one_task_alone_can_be_blocked_for_good_as_well():
    def alone():
        yield Park(WaitQueue())

    with pytest.raises(Deadlock) as raised:
        start(alone()).mainloop()
    assert raised.value.verdict == (
        "1 task is blocked, and nothing can wake it; "
        f"task 1 ({alone.__qualname__}) waits for the test"
    )


def test_those_who_wait_for_a_circle_are_not_part_of_it():
    sched = start(waiter(1), waiter(1), waiter(-1))
    with pytest.raises(Deadlock, match="in a circle: 2 → 3 → 2;"):
        sched.mainloop()


def test_a_task_that_sleeps_or_is_ready_keeps_it_from_being_a_deadlock():
    def sleeper():
        yield Sleep(3)

    def program():
        yield WaitTask((yield NewTask(sleeper())))

    settle(start(program()))


def test_10_000_blocked_tasks_give_a_short_text_in_a_short_time():
    sched = start(*(waiter(1) for _ in range(9_999)), waiter(-9_999))
    with pytest.raises(Deadlock) as raised:
        sched.mainloop()
    assert len(raised.value.verdict) < 1_000
    assert "10,000 tasks are blocked" in raised.value.verdict
    assert "; in a circle: 1 → 2 → 3 → 4 → 5 → 6 → 7 → 8 → 9,992 more → 1;" in raised.value.verdict
    assert raised.value.verdict.endswith("; and 9,992 more")


def test_as_many_as_are_named_are_all_named_and_no_more_are_spoken_of():
    sched = start(*(waiter(1) for _ in range(7)), waiter(-7))
    with pytest.raises(Deadlock, match=r"1 → 2 → 3 → 4 → 5 → 6 → 7 → 8 → 1;.*exit of 1$") as raised:
        sched.mainloop()
    assert "more" not in raised.value.verdict


def test_a_long_chain_without_a_circle_is_walked_only_once(monkeypatch):
    asked = []

    def targets(kernel, tid):
        asked.append(tid)
        return look(kernel, tid)

    def last():
        yield Park(WaitQueue())

    look = deadlock.targets
    monkeypatch.setattr(deadlock, "targets", targets)
    sched = start(*(waiter(1) for _ in range(999)), last())
    with pytest.raises(Deadlock) as raised:
        sched.mainloop()
    assert "circle" not in raised.value.verdict
    assert sorted(asked) == list(range(1, 1001))


def test_a_call_whose_own_words_fail_does_not_spoil_the_verdict():
    class Rude(Park):
        __slots__ = ()

        def reason(self, kernel, caller):
            raise RuntimeError("no words")

        def waits_for(self):
            raise RuntimeError("no idea")

    def program():
        yield Rude(WaitQueue())

    with pytest.raises(Deadlock, match="task 1"):
        start(program()).mainloop()


@pytest.mark.parametrize("value", [[], "1", 1.0, True])
def test_who_waits_for_what_is_no_task_is_in_no_circle(value):
    class Odd(SystemCall):
        __slots__ = ()

        def run(self, kernel, caller):
            return caller.sleep(queue, self)

        def reason(self, kernel, caller):
            raise SystemExit

        def waits_for(self):
            return value

    def program():
        yield Odd()

    queue = WaitQueue()
    scheduler = Scheduler()
    scheduler.new(program())
    with pytest.raises(Deadlock, match="Odd, whose reason raised SystemExit"):
        scheduler.mainloop()
