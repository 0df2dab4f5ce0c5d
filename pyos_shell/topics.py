"""What help tells that is about no command: how lines are put together."""

from __future__ import annotations

from typing import Final

#: What help calls it, and what its list tells of it.
NAME: Final = "lines"
USAGE: Final = f"help {NAME}"
SUMMARY: Final = "Tell what ; && | > $? $! and quotes mean."
DOC: Final = """How lines are put together.

  A; B          first A, then B
  A && B        B only if A has succeeded
  A > FILE      what A answers, or its tasks print, goes into a file;
  A >> FILE     behind what is there
  spawn A | B   task B reads what task A prints
  $?  $!        the last status, 1 if something failed, and the last tid
  'a b' "a b"   one word; in double quotes $? and $! are expanded
  # …           a comment
  A --json      the answer as JSON, on one line
  > LINE        alone on a line: a line for a task to read; 3> LINE for task 3

Names for commands: `help alias`. Files of commands: `help source`."""
