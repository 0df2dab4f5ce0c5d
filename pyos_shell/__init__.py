"""The console of PyOS: a shell whose commands and programs are typed Python functions.

`embed(machine)` and `listen(machine, path)` put it on the machine of any program.
"""

# An old Python comes by here before it is told that it is too old; the types are in `__init__.pyi`.

__all__ = ["embed", "listen"]


def __getattr__(name):
    """What is imported only for who wants it."""
    if name not in __all__:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    from . import embedded

    return getattr(embedded, name)
