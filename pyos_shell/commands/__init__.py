"""The commands, by topic. To import this package is to have them all; `help` lists them so."""

from . import tasks

# isort: split
from . import look

# isort: split
from . import console

__all__ = ["console", "look", "tasks"]
