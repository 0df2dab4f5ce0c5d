"""Values to text: the only place that knows columns and colours.

A rendered line is a list of fragments, pairs of a style and a text. `plain` drops the styles; with
a terminal prompt_toolkit draws them.
"""

from .dispatch import render
from .errors import failure, mistake
from .layout import Fragments, plain
from .output import output_line, output_lines
from .styles import STYLES

__all__ = [
    "STYLES",
    "Fragments",
    "failure",
    "mistake",
    "output_line",
    "output_lines",
    "plain",
    "render",
]
