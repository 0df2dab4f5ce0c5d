"""Makes the reference of the commands, `docs/commands/reference.md`, out of their declarations.

    python docs/make_reference.py

A test fails while the page is not what this makes.
"""

import json
import sys
from pathlib import Path
from typing import Any, get_type_hints

HERE = Path(__file__).parent
PAGE = HERE / "commands" / "reference.md"

sys.path.insert(0, str(HERE.parent))

from pyos_shell import topics  # noqa: E402
from pyos_shell.command import Command, commands  # noqa: E402
from pyos_shell.documents import ERROR_SCHEMA, dataclasses_in, definition, schema  # noqa: E402
from pyos_shell.given import DOC, USAGE  # noqa: E402
from pyos_shell.parameter import Kind, Parameter  # noqa: E402

#: What is no command.
TOPICS = [(USAGE, DOC), (topics.USAGE, topics.DOC)]

HEAD = """\
# All commands

This page is made from the declarations, by `python docs/make_reference.py`. How lines are put
together is told in [The console's commands](../commands.md).

Of each command it has what `help COMMAND` shows, what it takes, and what it answers: with `--json`
as one JSON document on a line, whose [schema](#answers-in-json) is below.
"""

ANSWERS = """\
## Answers in JSON

Where something goes wrong the answer of `--json` is an `error`, and the command has failed as ever.
`place` is where in the line, and `file` and `line` tell where that stands, if in a file.
"""


def reference() -> str:
    """The text of the page."""
    parts = [HEAD, *map(section, commands().values())]
    parts += [f"## `{usage}`\n\n```text\n{text}\n```\n" for usage, text in TOPICS]
    parts += [ANSWERS, block("error", ERROR_SCHEMA)]
    parts += [block(cls.__name__, definition(cls)) for cls in all_answers()]
    return "\n".join(parts)


def section(command: Command) -> str:
    """All about one command."""
    signature = command.signature
    lines = [f"## `{command.name}`", "", f"`{signature.usage}`"]
    if command.aliases:
        names = ", ".join(f"`{name}`" for name in command.aliases)
        lines += ["", f"It is also called {names}."]
    lines += ["", "```text", signature.doc, "```", ""]
    lines += ["| takes | that is | if not given | |", "|---|---|---|---|"]
    lines += map(row, signature.parameters)
    lines += ["", f"It answers {answers(answer_type(command))}.", ""]
    return "\n".join(lines)


def row(parameter: Parameter) -> str:
    """What is told of one argument or option."""
    label = parameter.label + "…" * (parameter.kind is Kind.ARGUMENTS)
    otherwise = f"`{parameter.otherwise}`" if parameter.otherwise else ""
    cells = [f"`{label}`", parameter.takes, otherwise, parameter.help]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def answer_type(command: Command) -> Any:
    """The type of a command's answer."""
    return get_type_hints(command.function)["return"]


def answers(hint: Any) -> str:
    """The kinds of an answer, each with a link to its schema."""
    kinds = schema(hint).get("anyOf", [schema(hint)])
    return " or ".join(link(kind) for kind in kinds)


def link(kind: dict[str, Any]) -> str:
    if "$ref" not in kind:
        return "nothing (`null`)" if kind == {"type": "null"} else f"`{json.dumps(kind)}`"
    name = kind["$ref"].rpartition("/")[2]
    return f"[`{name}`](#{name.lower()})"


def all_answers() -> list[type]:
    """Every dataclass that is in an answer."""
    found = {cls for command in commands().values() for cls in dataclasses_in(answer_type(command))}
    return sorted(found, key=lambda cls: cls.__name__)


def block(name: str, content: dict[str, Any]) -> str:
    """The schema of one kind of answer."""
    properties = [f'"{key}": {json.dumps(part)}' for key, part in content["properties"].items()]
    lines = [
        "{",
        '  "type": "object",',
        '  "properties": {',
        *(f"    {line}," for line in properties[:-1]),
        *(f"    {line}" for line in properties[-1:]),
        "  },",
        f'  "required": {json.dumps(content["required"])}',
        "}",
    ]
    return "\n".join([f"### {name}", "", "```json", *lines, "```", ""])


if __name__ == "__main__":
    PAGE.write_text(reference(), "utf-8")
