"""Answers of every kind, with everything in them that a screen must stand."""

from hypothesis import settings
from hypothesis import strategies as st

from kernel import (
    Cause,
    EndedInfo,
    EndedList,
    ExitStatus,
    Explanation,
    FileInfo,
    FileList,
    FrameInfo,
    Hogged,
    MailboxInfo,
    PlaceInfo,
    ScopeInfo,
    StackInfo,
    TaskDetails,
    TaskInfo,
    TaskList,
)
from pyos_shell.answers import (
    Ended,
    Ends,
    Files,
    Inspection,
    Listing,
    Source,
    Stack,
    Table,
    Why,
)

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
statuses = st.builds(ExitStatus, numbers, killed=st.booleans())
ended = st.builds(EndedInfo, numbers, numbers, texts, ages, statuses)
frames = st.builds(
    FrameInfo,
    texts | st.just(__file__),
    texts | st.just(__file__),
    st.integers(1, 10**6) | st.integers(1, 30),
    numbers,
    st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    numbers,
)
stacks = st.builds(
    StackInfo, numbers, texts, states, st.lists(frames, max_size=4), numbers, texts, texts
)
tids = st.lists(numbers, max_size=30).map(tuple)
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
some = st.lists(texts, max_size=3).map(tuple)
seconds = st.none() | ages
files = st.builds(FileInfo, numbers, st.just("tcp"), texts, tids, tids, seconds)
file_lists = st.builds(FileList, st.lists(files, max_size=4), numbers, st.just("epoll"))
details = st.builds(
    TaskDetails,
    task=tasks,
    status=st.none() | statuses,
    call=texts,
    places=st.lists(st.builds(PlaceInfo, texts, numbers, numbers), max_size=3).map(tuple),
    alarm=seconds,
    deadline=seconds,
    children=tids,
    waiters=tids,
    links=tids,
    monitors=tids,
    monitored_by=tids,
    names=some,
    locks=some,
    scopes=st.lists(st.builds(ScopeInfo, seconds, st.booleans(), st.booleans())).map(tuple),
    handlers=pairs,
    mailbox=st.none() | st.builds(MailboxInfo, numbers, numbers, numbers, some, st.booleans()),
    files=st.lists(files, max_size=3).map(tuple),
    context=pairs,
)
causes = st.builds(Cause, numbers, texts, states, texts, texts, tids)
explanations = st.builds(
    Explanation, st.lists(causes, min_size=1, max_size=5), numbers, st.lists(numbers), texts
)
hogs = st.builds(Hogged, numbers, texts, numbers, ages)
lines = st.lists(texts.map(lambda text: text.replace("\n", "")), max_size=5)
ends = st.lists(st.tuples(texts, st.builds(ExitStatus, numbers)), max_size=4)
answers = (
    st.builds(Table, lists, st.booleans(), st.booleans(), st.booleans())
    | st.builds(Ended, st.builds(EndedList, st.lists(ended, max_size=4), numbers), st.booleans())
    | st.builds(Stack, stacks, st.integers(0, 3), st.booleans())
    | st.builds(Inspection, details, st.none() | st.lists(texts, max_size=3))
    | st.builds(Why, numbers, explanations, hint=texts.map(repr))
    | st.builds(Why, numbers, st.none(), hogs)
    | st.builds(Files, file_lists, st.none() | numbers)
    | st.builds(Source, texts, st.integers(1, 9999), lines, tids, texts)
    | st.builds(Listing, st.lists(st.tuples(texts, texts), max_size=4), texts.map(repr))
    | st.builds(Ends, ends, st.just([]), st.just([]))
)
