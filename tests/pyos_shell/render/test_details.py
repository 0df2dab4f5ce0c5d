"""Laws of how all there is about a task is shown."""

import dataclasses

from kernel import MailboxInfo, ScopeInfo, TaskDetails, TaskInfo
from pyos_shell.answers import Inspection
from pyos_shell.render import plain, render

NOTHING = TaskDetails(
    TaskInfo(3, 1, "blocked", "a line", 5.0, 1, "p"),
    status=None,
    call="TakeLine()",
    places=(),
    alarm=None,
    deadline=None,
    mailbox=None,
    **dict.fromkeys(
        (
            *("children", "waiters", "links", "monitors", "monitored_by", "names", "locks"),
            *("scopes", "handlers", "files", "context"),
        ),
        (),
    ),
)


def shown(width=None, calls=None, **changes):
    answer = Inspection(dataclasses.replace(NOTHING, **changes), calls)
    return [plain(line) for line in render(answer, width)]


def test_there_is_no_line_for_what_there_is_not():
    assert shown() == [
        "task 3 p",
        "  state       blocked",
        "  age         5.0s",
        "  parent      1",
        "  waits in    TakeLine()",
        "  for         a line",
        "  last calls  known while they are traced: trace 3",
    ]


def test_of_several_things_each_has_a_line_below_the_label():
    lines = shown(calls=["Sleep(1) = None", "GetTid() = 3"], names=("boss", "chief"))
    assert lines[-2:] == ["  last calls  Sleep(1) = None", "              GetTid() = 3"]
    place = lines.index("  names       boss")
    assert lines[place + 1] == "              chief"


def test_a_kill_under_way_a_mailbox_and_scopes_are_told_in_words():
    lines = shown(
        deadline=1.5,
        mailbox=MailboxInfo(12, 1, 100, ("'a'",), True),
        scopes=(ScopeInfo(2.0, False, False), ScopeInfo(None, True, True)),
        waiters=(0, 7),
    )
    assert "  state       blocked, being killed: by force in 1.5 s" in lines
    assert "  mailbox     12 of 100, 1 on their way, traps exits" in lines
    assert "              … and 11 more" in lines
    assert "  scopes      2.0 s left" in lines
    assert "              without an end, cancelled, a shield" in lines
    assert "  waited for  console 7" in lines


def test_of_very_many_relatives_the_first_are_named_and_the_others_counted():
    (line,) = [line for line in shown(children=tuple(range(1, 5_000))) if "children" in line]
    assert line.endswith(" 20 … and 4,979 more")


def test_on_a_narrow_screen_the_labels_stand_above():
    lines = shown(width=20, names=("boss",))
    place = lines.index("  names")
    assert lines[place + 1] == "    boss"
    assert all(len(line) <= 20 for line in lines)
