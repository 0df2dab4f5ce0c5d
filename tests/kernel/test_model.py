"""The kernel against a simple model, in whatever order things happen.

Four machines, each a world of workers that are ordered about by rules that Hypothesis draws: one in
which they communicate, one with locks, one in which their lives end in all ways, and one with all
of it together. In all of them tasks of every style are killed, stopped and interrupted at any step.
"""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from .invariants import callers
from .model.communication import Communication
from .model.lives import Lives
from .model.locking import Locks
from .net import descriptors


class Together(Communication, Locks, Lives):
    """All of it."""


#: All of it under every Python; its parts, in which more happens of each kind, under one.
WORLDS = [pytest.param(each, marks=pytest.mark.once) for each in (Communication, Locks, Lives)]
WORLDS += [pytest.param(Together)]

#: For longer runs there are more examples, and other seeds.
usual = settings(derandomize=True, deadline=None, max_examples=40, stateful_step_count=40)


@pytest.mark.parametrize("world", WORLDS)
def test_whatever_happens_in_a_world_the_kernel_is_in_order(world):
    run_state_machine_as_test(world, settings=usual)


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_leaves_no_descriptor_open_and_no_task_in_memory(world):
    few = settings(usual, max_examples=5)
    run_state_machine_as_test(world, settings=few)
    gc.collect()
    before = descriptors(), callers()
    run_state_machine_as_test(world, settings=few)
    gc.collect()
    assert (descriptors(), callers()) == before
