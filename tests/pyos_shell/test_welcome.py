"""Laws of the welcome: it fits, and what it says to type is a command."""

import re

import pytest

from pyos_shell.command import commands
from pyos_shell.mistake import columns
from pyos_shell.render import plain
from pyos_shell.welcome import WATCHING, WELCOME, welcome


@pytest.mark.parametrize("read_only", [False, True])
def test_it_fits_and_has_no_backquotes(read_only):
    for line in welcome(read_only):
        assert columns(plain(line)) < 80
        assert "`" not in plain(line)


@pytest.mark.parametrize("line", [*WELCOME, *WATCHING])
def test_what_it_says_to_type_is_a_command_and_to_an_audience_one_that_looks(line):
    for typed in re.findall("`(.+?)`", line):
        command = commands()[typed.split()[0]]
        assert command.looks or line not in WATCHING
