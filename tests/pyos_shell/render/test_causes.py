"""Laws of how it is shown why a task does not go on."""

from kernel import Cause, Explanation, Hogged
from pyos_shell.answers import Why
from pyos_shell.render import plain, render


def cause(tid, text, **more):
    return Cause(tid, f"p{tid}", "blocked", text, **more)


def shown(*chain, width=None, hint="", **more):
    values = {"omitted": 0, "circle": [], "verdict": ""} | more
    why = Why(chain[0].tid, Explanation(list(chain), **values), hint=hint)
    return [plain(line) for line in render(why, width)]


def test_one_task_is_all_told_by_the_sentence():
    assert shown(cause(1, "is ready, and next")) == ["task 1 is ready, and next"]


def test_a_chain_has_a_line_for_each_task_and_a_circle_its_beginning_again():
    first, second = cause(1, "waits for 2"), cause(2, "waits for 1")
    assert shown(first, second, circle=[1, 2], verdict="a deadlock: 1 → 2 → 1") == [
        "task 1 waits for 2; task 2 waits for 1; a deadlock: 1 → 2 → 1",
        "    1 p1  waits for 2",
        "  → 2 p2  waits for 1",
        "  → 1",
    ]


def test_what_was_left_out_is_counted_in_its_place():
    lines = shown(cause(1, "a"), cause(2, "b"), omitted=1_000)
    assert lines[0] == "task 1 a; and so on, 1,000 tasks more; task 2 b"
    assert lines[2] == "  … 1,000 tasks more …"


def test_a_long_sentence_goes_on_below_its_beginning_and_so_does_a_hint():
    lines = shown(
        cause(1, "waits " * 20 + "on"), width=30, hint="kill one of them would end it all"
    )
    assert all(len(line) <= 30 for line in lines)
    assert sum(line.count("waits") for line in lines) == 20
    assert lines[-1].endswith("all")


def test_who_could_wake_it_is_said_unless_it_is_known_that_nobody_will():
    waker = cause(1, "waits for Event e", woken_by="whoever sets it", wakers=(2,))
    assert shown(waker)[0].endswith(
        "; whoever sets it could wake it, as task 2 perhaps, which has it at hand"
    )
    assert "could" not in shown(waker, verdict="a deadlock: nothing can wake it")[0]


def test_the_task_that_holds_the_kernel_is_named():
    why = Why(1, None, Hogged(2, "p.py", 7, 3.1), "a hint")
    assert [plain(line) for line in render(why)] == [
        "task 2 holds the kernel for 3.1 s at p.py:7, so no other can run",
        "  a hint",
    ]
    assert "no other" not in plain(render(Why(2, None, Hogged(2, "p.py", 7, 3.1)))[0])
