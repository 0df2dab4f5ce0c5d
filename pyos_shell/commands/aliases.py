"""Commands about aliases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..answers import Listing
from ..candidates import Candidate
from ..command import CommandName, command
from ..line import Word, quote
from ..mistake import Mistake, did_you_mean, excerpt
from ..statement import parse
from ..system import System

if TYPE_CHECKING:
    from ..live import Live


class AliasName(Word):
    """A name that a user has given to a command, or is about to."""

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """Those there are."""
        for name, meaning in live.aliases.items() if live is not None else ():
            yield Candidate(name, f"stands for {meaning}")


class AliasedCommand(Word):
    """The first word of what an alias stands for, or all of it in quotes."""

    metavar: ClassVar[str] = "COMMAND"

    @classmethod
    def candidates(cls, begun: str, live: Live | None) -> Iterator[Candidate]:
        """All commands."""
        return CommandName.candidates(begun, live)


@command()
def alias(
    system: System,
    name: AliasName | None = None,
    command: AliasedCommand | None = None,
    *arguments: Word,
) -> Listing | None:
    """Give a command a name, or show all names.

    `alias ll tasks --all` makes `ll` stand for `tasks --all`. In quotes the
    command may have `;`, `&&`, `|`, `$!` and more in it:
      alias demo 'spawn countdown 3 | count; tasks'
    What is typed behind the name stands behind the command.
    """
    aliases = system.environment.aliases
    if name is None:
        return Listing(sorted(aliases.items()), "" if aliases else "no aliases; see help alias")
    if command is None:
        return Listing([(name.text, aliases[known(system, name)])])
    if not name.text or quote(name.text) != name.text:
        raise Mistake("an alias is one word without quotes", name.start, name.end)
    words = (command, *arguments)
    text = " ".join(quote(word.text) for word in words) if arguments else command.text
    if trouble := what_is_wrong_with(text):
        message = f"'{excerpt(name.text)}' cannot stand for this: {trouble}"
        raise Mistake(message, command.start, words[-1].end)
    aliases[name.text] = text
    return None


@command()
def unalias(system: System, name: AliasName) -> None:
    """Take such a name back."""
    del system.environment.aliases[known(system, name)]


def known(system: System, name: Word) -> str:
    """The alias of this name. Raises `Mistake` if there is none."""
    aliases = system.environment.aliases
    if name.text not in aliases:
        message = f"no alias '{excerpt(name.text)}'{did_you_mean(name.text, aliases)}"
        raise Mistake(message, name.start, name.end)
    return name.text


def what_is_wrong_with(text: str) -> str:
    """Why the text is no line of commands; nothing if it is one."""
    try:
        return "" if parse(text) else "there is no command in it"
    except Mistake as error:
        return error.message
