"""The console of PyOS: a shell whose commands and programs are typed Python functions.

`embed(machine)` and `listen(machine, path)` put it on the machine of any program.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .embedded import embed as embed
    from .embedded import listen as listen

__all__ = ["embed", "listen"]


def __getattr__(name: str) -> Any:
    """What is imported only for who wants it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import embedded

    return getattr(embedded, name)
