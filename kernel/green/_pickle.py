"""`_pickle` with what has nothing to do with modules. All else `pickle` has in Python, which looks
for what it pickles among the program's own modules.
"""

from __future__ import annotations

import pickle
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .program import GreenProgram


def make(program: GreenProgram) -> ModuleType:
    module = ModuleType("_pickle")
    vars(module).update(PickleBuffer=pickle.PickleBuffer)
    return module
