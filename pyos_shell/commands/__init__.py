"""The commands, by topic. To import this package is to have them all; `help` lists them so."""

from . import tasks

# isort: split
from . import jobs

# isort: split
from . import signals

# isort: split
from . import priorities

# isort: split
from . import stepping

# isort: split
from . import preempting

# isort: split
from . import breakpoints

# isort: split
from . import lines

# isort: split
from . import messages

# isort: split
from . import python

# isort: split
from . import look

# isort: split
from . import reading

# isort: split
from . import trace

# isort: split
from . import top

# isort: split
from . import editing

# isort: split
from . import aliases

# isort: split
from . import files

# isort: split
from . import console

__all__ = [
    "aliases",
    "breakpoints",
    "console",
    "editing",
    "files",
    "jobs",
    "lines",
    "look",
    "messages",
    "preempting",
    "priorities",
    "python",
    "reading",
    "signals",
    "stepping",
    "tasks",
    "top",
    "trace",
]
