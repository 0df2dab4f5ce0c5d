"""What help tells of a program: all that its text tells, and nothing of it is run for that."""

from __future__ import annotations

from pathlib import Path

from .answers import Page
from .line import Word, quote
from .mistake import Mistake, excerpt
from .outline import Outline, outline
from .parameter import Kind, Parameter
from .program import built_in, built_in_names, no_function, refer
from .signature import Signature
from .sourcetext import file_of


def page_on(word: Word) -> Page:
    """Help on the program that the word names, or on a file of them. Raises `Mistake` at the word,
    `Failure` for a module that is not written in Python.
    """
    if word.text in built_in_names():
        return page(word, built_in(word.text).signature)
    reference = refer(word)
    file = reference.file or file_of(reference, word)
    known = outline(file)
    if known is None:
        message = f"nothing can be told of {excerpt(file.name)}, as it is no Python"
        raise Mistake(message, word.start, word.end)
    if not reference.function:
        return page_of_file(word, file, known)
    function = known.functions.get(reference.function)
    if function is not None and function.signature is not None:
        return page(word, function.signature)
    if function is None and known.whole:
        raise no_function(word, reference, list(known.functions))
    text = function.summary if function is not None else ""
    return Page(f"spawn {quote(word.text)} …", text, "what it takes is known when it runs")


def page(word: Word, signature: Signature) -> Page:
    """Help on a program that takes this."""
    usage = signature._replace(name=quote(word.text)).usage
    return Page(f"spawn {usage}", signature.doc, rows=[row(each) for each in signature.parameters])


def page_of_file(word: Word, file: Path, known: Outline) -> Page:
    """Help on a file: what it says of itself, and its functions."""
    rows = [(f"{file.name}:{each.name}", each.summary) for each in known.functions.values()]
    name = quote(word.text)
    hint = f"a script; or a function of it: help {name}:FUNCTION" if rows else "a script"
    return Page(f"spawn {name}", known.doc, hint, rows)


def row(parameter: Parameter) -> tuple[str, str]:
    """What a parameter is called, what it takes, and what it is if nothing is given."""
    label = parameter.label + "…" * (parameter.kind is Kind.ARGUMENTS)
    otherwise = f", {parameter.otherwise} unless given" if parameter.otherwise else ""
    return label, f"{parameter.takes}{otherwise}"
