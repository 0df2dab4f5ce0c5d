"""Commands about aliases."""

from __future__ import annotations

from ..answers import Listing
from ..command import command
from ..line import Word, quote
from ..mistake import Mistake, did_you_mean, excerpt
from ..statement import parse
from ..system import System


@command()
def alias(system: System, name: Word | None = None, *command: Word) -> Listing | None:
    """Give a command a name, or show all names.

    `alias ll tasks --all` makes `ll` stand for `tasks --all`. In quotes the
    command may have `;`, `&&`, `|`, `$!` and more in it:
      alias demo 'spawn countdown 3 | count; tasks'
    What is typed behind the name stands behind the command.
    """
    aliases = system.environment.aliases
    if name is None:
        return Listing(sorted(aliases.items()), "" if aliases else "no aliases; see help alias")
    if not command:
        return Listing([(name.text, aliases[known(system, name)])])
    if not name.text or quote(name.text) != name.text:
        raise Mistake("an alias is one word without quotes", name.start, name.end)
    first, last = command[0], command[-1]
    text = first.text if len(command) == 1 else " ".join(quote(word.text) for word in command)
    if trouble := what_is_wrong_with(text):
        message = f"'{excerpt(name.text)}' cannot stand for this: {trouble}"
        raise Mistake(message, first.start, last.end)
    aliases[name.text] = text
    return None


@command()
def unalias(system: System, name: Word) -> None:
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
