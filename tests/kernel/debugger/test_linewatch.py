"""To be told of lines, and to leave nothing behind."""

from __future__ import annotations

import sys

import pytest

from kernel import CodeLine, LinesTaken
from kernel.debugger.linewatch import TOOLS, LineWatch, TracedLines, line_watch

KINDS = [TracedLines, line_watch] if sys.version_info >= (3, 12) else [TracedLines]


def sample(number):
    total = 0
    for each in range(number):
        total += each
    return total


def generator():
    one = 1
    yield one
    two = 2
    yield two


def line(function, offset):
    return CodeLine(__file__, function.__code__.co_firstlineno + offset)


@pytest.fixture(params=KINDS)
def lines(request):
    """A watch, and what it tells."""
    seen = []
    watch: LineWatch = request.param(lambda line, frame: seen.append(line))
    former = sys.gettrace()
    sys.settrace(None)
    yield watch, seen
    for each in list(watch.lines):
        watch.remove(each)
    assert sys.gettrace() is None
    sys.settrace(former)


def test_each_execution_of_the_line_is_told_and_of_no_other(lines):
    watch, seen = lines
    watch.add(line(sample, 3))
    assert sample(4) == 6
    assert seen == [line(sample, 3)] * 4


def test_a_generator_that_has_begun_tells_of_lines_that_are_added_then(lines):
    watch, seen = lines
    begun = generator()
    next(begun)
    watch.add(line(generator, 3))
    next(begun)
    assert seen == [line(generator, 3)]


def test_a_line_added_later_in_code_that_was_met_is_told_as_well(lines):
    watch, seen = lines
    watch.add(line(sample, 1))
    sample(1)
    watch.add(line(sample, 4))
    watch.remove(line(sample, 1))
    sample(1)
    assert seen == [line(sample, 1), line(sample, 4)]


def test_without_lines_nothing_is_installed(lines):
    watch, seen = lines
    watch.add(line(sample, 3))
    watch.remove(line(sample, 3))
    sample(3)
    assert seen == []
    if sys.version_info >= (3, 12):
        assert [sys.monitoring.get_tool(tool) for tool in TOOLS].count("pyos") == 0


def test_a_line_that_is_not_there_is_removed_without_a_word(lines):
    watch, _ = lines
    watch.remove(line(sample, 3))
    watch.remove(GENERATED)


GENERATED = "no line"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: no sys.monitoring")
def test_where_others_have_every_place_that_is_said_and_nothing_set():
    taken = [tool for tool in TOOLS if sys.monitoring.get_tool(tool) is None]
    for tool in taken:
        sys.monitoring.use_tool_id(tool, "another")
    try:
        watch = line_watch(print)
        with pytest.raises(LinesTaken, match="another debugger or profiler"):
            watch.add(line(sample, 1))
        assert not watch.lines
    finally:
        for tool in taken:
            sys.monitoring.free_tool_id(tool)


def test_a_tracer_of_somebody_elses_is_left_alone():
    def tracer(frame, event, argument):
        return None

    watch = TracedLines(print)
    former = sys.gettrace()
    sys.settrace(tracer)
    try:
        with pytest.raises(LinesTaken):
            watch.add(line(sample, 1))
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(former)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="platform: sys.monitoring begins with 3.12")
def test_code_that_is_under_way_tells_of_a_line_once_it_has_been_met():
    seen = []
    watch = line_watch(lambda line, frame: seen.append((line, frame.f_code)))

    def program():
        watch.add(CodeLine(__file__, program.__code__.co_firstlineno + 3))
        watch.meet(program.__code__)
        return  # this one

    program()
    watch.close()
    assert seen == [(line(program, 3), program.__code__)]
