"""Answers as JSON documents, and the schemas that tell what is in them.

Both come from the type that an answer is declared with, so there is nothing to keep in step: a
dataclass is an object of its fields, an `Enum` its names, an error its type and text. What may be
anything, such as the value that a task returned, is a plain value or else its `repr`, cut short.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import kernel
from kernel.systemcall import PAYLOADS, brief, safe

from .mistake import Mistake

#: A text that may be anything has so many characters at most.
LONGEST_TEXT: Final = 1_000

#: The largest number that every reader of JSON takes as it is.
LARGEST: Final = 2**53

#: What is told in place of an answer when something went wrong.
ERROR_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "place": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}]},
        "usage": {"type": "string"},
        "file": {"type": "string"},
        "line": {"type": "integer"},
    },
    "required": ["error"],
}


def document(answer: object) -> str:
    """The JSON of an answer, on one line."""
    return json.dumps(encoded(answer), allow_nan=False)


def error_document(text: str, error: BaseException | None = None, **where: object) -> str:
    """The JSON of what went wrong; of a mistake with its place in the line and the usage."""
    result: dict[str, object] = {"error": text, **where}
    if isinstance(error, Mistake):
        if error.start is not None:
            result["place"] = [error.start, error.end]
        if error.usage is not None:
            result["usage"] = error.usage
    return json.dumps(result)


def encoded(value: Any) -> Any:
    """What stands for a value in JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        hints = hints_of(type(value))
        return {
            name: anything(part) if hints[name] is Any else encoded(part)
            for name, part in ((each.name, getattr(value, each.name)) for each in fields(value))
        }
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "text": cut(safe(plain, value))}
    if isinstance(value, (str, os.PathLike)):
        return plain(value)
    if isinstance(value, Mapping):
        return {str(key): encoded(part) for key, part in value.items()}
    if isinstance(value, (Sequence, Set)) and not isinstance(value, PAYLOADS):
        return [encoded(part) for part in value]
    return anything(value)


def anything(value: Any) -> Any:
    """What stands for a value of which nothing is known."""
    if value is None or value is True or value is False:
        return value
    if type(value) is int and abs(value) <= LARGEST:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else None
    return cut(value) if type(value) is str else brief(value)


def plain(value: object) -> str:
    """Its text, without any code of its own that a subclass of `str` may have."""
    return str.__str__(str(value))


def cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


class KernelNames(dict[str, Any]):
    """The names that `kernel` exports: an answer that holds a snapshot of the kernel's has only the
    type checker import it.
    """

    def __missing__(self, name: str) -> Any:
        try:
            return getattr(kernel, name)
        except AttributeError:
            raise KeyError(name) from None


def hints_of(cls: type) -> dict[str, Any]:
    """The types of a dataclass's fields; of one whose annotation names nothing here, any."""
    try:
        return get_type_hints(cls, localns=KernelNames())
    except NameError:
        return dict.fromkeys((each.name for each in fields(cls)), Any)


# -- schemas


def schema(hint: Any) -> dict[str, Any]:
    """The JSON schema of what `encoded` makes of a value of this type. A dataclass is referred to;
    its own schema is that of `definition`.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [schema(each) for each in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[1:] != (...,):
        items = [schema(each) for each in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    cls = origin or hint
    if cls in (Any, object) or not isinstance(cls, type):
        return {}
    if is_dataclass(cls):
        return {"$ref": f"#/$defs/{cls.__name__}"}
    return of_class(cls, arguments)


def of_class(cls: type, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The schema of a class that is no dataclass; `arguments` are what it holds."""
    if issubclass(cls, Enum):
        return {"enum": list(cls.__members__)}
    if issubclass(cls, BaseException):
        return object_schema({"type": {"type": "string"}, "text": {"type": "string"}})
    if issubclass(cls, Mapping):
        parts = schema(arguments[-1]) if arguments else {}
        return {"type": "object", "additionalProperties": parts}
    if issubclass(cls, (Sequence, Set)) and not issubclass(cls, PAYLOADS):
        return {"type": "array", "items": schema(arguments[0]) if arguments else {}}
    return {"type": next((name for kind, name in NAMES.items() if issubclass(cls, kind)), "string")}


def definition(cls: type) -> dict[str, Any]:
    """The schema of a dataclass."""
    hints = hints_of(cls)
    return object_schema({each.name: schema(hints[each.name]) for each in fields(cls)})


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has all these properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def dataclasses_in(hint: Any) -> list[type]:
    """The dataclasses that a type is made of, and those that they are made of, each once."""
    found: dict[type, None] = {}
    pending = [hint]
    while pending:
        each = pending.pop(0)
        pending += get_args(each)
        if isinstance(each, type) and is_dataclass(each) and each not in found:
            found[each] = None
            pending += hints_of(each).values()
    return list(found)


#: How JSON names the types of plain values.
NAMES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    NoneType: "null",
}
