"""What the kernel offers, by its names, and the system calls that there are.

To ask for that imports all of the kernel, which nobody needs before.
"""

from __future__ import annotations

from functools import cache

import kernel
from kernel import SystemCall


@cache
def public() -> dict[str, object]:
    """All that the kernel offers."""
    return {name: getattr(kernel, name) for name in vars(kernel)["__all__"]}


@cache
def kernel_calls() -> dict[str, type[SystemCall]]:
    """The calls of the kernel."""
    return {
        name: value
        for name, value in public().items()
        if isinstance(value, type) and issubclass(value, SystemCall) and value is not SystemCall
    }


def known_calls() -> dict[str, type[SystemCall]]:
    """All calls, those of the shell and of programs too."""
    found = dict(kernel_calls())
    kinds: list[type[SystemCall]] = [SystemCall]
    while kinds:
        below = kinds.pop().__subclasses__()
        found.update((kind.__name__, kind) for kind in below)
        kinds += below
    return found
