"""What functions a file of Python has, and what they take, read off its text without running it.

Whoever types `spawn server.py:` wants to know that, and has not yet said that the file is to run.
"""

from __future__ import annotations

import inspect
import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .signature import Signature

if TYPE_CHECKING:
    import ast

#: Bytes of a file that is looked into, at most: it takes a moment, in which no key is heard.
LARGEST: Final = 256 * 1024

#: Types that are known by their names.
TYPES: Final = {each.__name__: each for each in (int, float, str, bool, bytes)}


class Function(NamedTuple):
    """A function at the top of a file; its signature is None if that is not to be seen."""

    name: str
    summary: str
    signature: Signature | None


class Outline(NamedTuple):
    """The functions of a file; `whole` if it can have no others. And what it says of itself."""

    functions: dict[str, Function]
    whole: bool
    doc: str


class Unchecked(str):
    """A value of a type that is not known before the file has run."""

    takes = "a value"

    @classmethod
    def parse(cls, text: str) -> str:
        return text


def outline(file: Path) -> Outline | None:
    """The functions in a file as it is on disk now; None if it cannot be read as Python."""
    try:
        status = os.stat(file)
        if status.st_size > LARGEST or not stat.S_ISREG(status.st_mode):
            return None  # a pipe would have us wait for its other end
        return outline_of(file, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=64)
def outline_of(file: Path, changed: int, size: int) -> Outline:
    """The same, worked out once for each state of the file."""
    import ast  # slow to import

    tree = ast.parse(file.read_bytes())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    made = [each for each in tree.body if isinstance(each, kinds)]
    simple = (*kinds, ast.Import, ast.ClassDef, ast.Expr)
    whole = all(isinstance(each, simple) or names_all(each) for each in tree.body)
    functions = {each.name: function(each) for each in made}
    return Outline(functions, whole, ast.get_docstring(tree) or "")


def names_all(node: ast.stmt) -> bool:
    """Whether it is an import, or an assignment of a constant, that makes no program of its own."""
    import ast

    if isinstance(node, ast.ImportFrom):
        return node.module == "kernel" or all(each.name != "*" for each in node.names)
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)


def function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    """What is to be seen of a function. A decorator may make anything of it."""
    import ast

    doc = ast.get_docstring(node) or ""
    taken = None if node.decorator_list else signature(node, doc)
    return Function(node.name, doc.partition("\n")[0], taken)


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef, doc: str) -> Signature:
    """What the function takes, as far as its text tells the types and defaults."""

    def stand_in() -> None:
        """Has the signature of the function."""

    stand_in.__doc__ = doc
    vars(stand_in)["__signature__"] = inspect.Signature(list(parameters(node.args)))
    return Signature.of(stand_in, name=node.name)


def parameters(taken: ast.arguments) -> list[inspect.Parameter]:
    """The parameters, in Python's own order."""
    kinds = inspect.Parameter
    places = [*taken.posonlyargs, *taken.args]
    defaults = [None] * (len(places) - len(taken.defaults)) + list(taken.defaults)
    found = [
        parameter(each, kinds.POSITIONAL_OR_KEYWORD, default)
        for each, default in zip(places, defaults, strict=True)
    ]
    if taken.vararg is not None:
        found.append(parameter(taken.vararg, kinds.VAR_POSITIONAL, None))
    for each, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        found.append(parameter(each, kinds.KEYWORD_ONLY, default))
    if taken.kwarg is not None:
        found.append(parameter(taken.kwarg, kinds.VAR_KEYWORD, None))
    return found


def parameter(argument: ast.arg, kind: Any, default: ast.expr | None) -> inspect.Parameter:
    """One of them. A default that is no constant is one that nobody can see."""
    import ast

    value: Any = inspect.Parameter.empty
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            value = None
    annotation = of_type(argument.annotation)
    return inspect.Parameter(argument.arg, kind, default=value, annotation=annotation)


def of_type(annotation: ast.expr | None) -> Any:
    """The type that an annotation names, if it is one of the usual ones."""
    import ast

    if annotation is None:
        return inspect.Parameter.empty
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return TYPES.get(annotation.value, Unchecked)
    return TYPES.get(ast.unparse(annotation), Unchecked)
