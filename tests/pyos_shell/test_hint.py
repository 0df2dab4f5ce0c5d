"""Laws of the hint: the usage of what is at the cursor, with the part that is being typed."""

import pytest

from pyos_shell.hint import hint


def told(before: str) -> str:
    """The hint, with the current part between stars."""
    found = hint(before)
    if found is None:
        return ""
    parts = [
        f"*{part.text}*" if found.current in part.parameters else part.text for part in found.parts
    ]
    return " ".join([found.names, *parts])


@pytest.mark.parametrize(
    ("before", "hint"),
    [
        ("", ""),
        ("ki", "kill TID… [--signal SIGNAL]"),
        ("eof", "eof [TID]"),
        ("s", ""),
        ("st", ""),
        ("kill", "kill TID… [--signal SIGNAL]"),
        ("kill ", "kill *TID…* [--signal SIGNAL]"),
        ("kill 3 4", "kill *TID…* [--signal SIGNAL]"),
        ("kill 3 --s", "kill TID… *[--signal SIGNAL]*"),
        ("kill 3 --signal ", "kill TID… *[--signal SIGNAL]*"),
        ("kill 3 --signal=K", "kill TID… *[--signal SIGNAL]*"),
        ("kill 3 --signal KILL 4", "kill *TID…* [--signal SIGNAL]"),
        ("tasks; why ", "why *TID*"),
        ("why 3 ", "why TID"),
        ("spawn ", "spawn [--name NAME] [--asyncio] [--green] *PROGRAM* [ARGUMENTS…]"),
        ("spawn --name x", "spawn *[--name NAME]* [--asyncio] [--green] PROGRAM [ARGUMENTS…]"),
        ("spawn nothing x", "spawn [--name NAME] [--asyncio] [--green] PROGRAM *[ARGUMENTS…]*"),
        ("spawn countdown ", "spawn countdown *[N=10]* [--pause=0.0]"),
        ("spawn echo_server 0 --h", "spawn echo_server [PORT=45000] *[--host=127.0.0.1]*"),
        ("nothing ", ""),
        ("> kill ", ""),
        ("tasks # kill ", ""),
    ],
)
def test_the_part_that_is_being_typed_is_marked(before, hint):
    assert told(before) == hint


def test_the_line_of_help_is_that_of_the_current_option_or_that_of_the_whole():
    assert hint("kill ").about == "End tasks, or send them another signal."
    assert hint("kill 3 --signal ").about == "TERM unless given"
    assert hint("spawn echo_server ").about == "Send back whatever clients send."
