"""Answers of every kind, with everything in them that a screen must stand."""

from hypothesis import settings
from hypothesis import strategies as st

from kernel import ExitStatus, FrameInfo, StackInfo, TaskInfo, TaskList
from pyos_shell.answers import Ends, Listing, Stack, Table

always = settings(derandomize=True, deadline=None)
texts = st.text(max_size=60) | st.text(
    st.sampled_from("ab ;中文한🎉e\u0301\u200d👩\ufe0f❤\t\x1b\n\ud800/:"), max_size=60
)
numbers = st.integers(0, 200_000)
states = st.sampled_from(["ready", "running", "blocked", "exited"])
ages = st.floats(0, 1e9)
tasks = st.builds(TaskInfo, numbers, numbers, states, texts, ages, numbers, texts)
lists = st.builds(
    TaskList, st.lists(tasks, max_size=5), st.integers(0, 10**6), st.just("select"), st.just(512)
)
frames = st.builds(FrameInfo, texts, texts, st.integers(1, 10**6))
stacks = st.builds(
    StackInfo, numbers, texts, states, st.lists(frames, max_size=4), numbers, texts, texts
)
ends = st.lists(st.tuples(texts, st.builds(ExitStatus, numbers)), max_size=4)
answers = (
    st.builds(Table, lists, st.booleans())
    | st.builds(Stack, stacks)
    | st.builds(Listing, st.lists(st.tuples(texts.map(repr), texts), max_size=4), texts.map(repr))
    | st.builds(Ends, ends, st.just([]), st.just([]))
)
