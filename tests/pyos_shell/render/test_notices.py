"""Laws of how it is shown what was done."""

from kernel import ExitStatus
from pyos_shell.answers import Ends, Notice
from pyos_shell.render import plain, render


def test_a_notice_is_good_or_bad():
    assert render(Notice("one\ntwo")) == [[("good", "one")], [("good", "two")]]
    assert render(Notice("no", ok=False)) == [[("error", "no")]]


def test_how_tasks_ended_before_is_told_where_a_screen_may_have_lost_it():
    ends = Ends([("crash", ExitStatus(3, error=KeyError("k")))], [], [])
    assert [plain(line) for line in render(ends, 80)] == ["task 3 (crash) crashed: KeyError: 'k'"]
    assert render(ends, None) == []
    assert not ends.ok
    assert plain(render(Ends([], [], []))[0]) == "there is no task to wait for"
    assert Ends([], [ExitStatus(1)], [ExitStatus(2, killed=True)]).ok
