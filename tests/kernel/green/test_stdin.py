"""A green program reads lines as from any stream of text."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from kernel import EndInput, GiveLine, Scheduler, fiber, green_script
from kernel.green.sys import Stdin

from ..support import outcome
from .running import write

TEXTS = st.lists(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=5))
SIZES = st.lists(st.tuples(st.booleans(), st.sampled_from([None, -1, 0, 1, 2, 7])), max_size=8)


def read_as_told(stream, sizes):
    """What a stream gives to reads and readlines of these sizes, and then all the rest."""
    parts = [
        stream.readline(-1 if size is None else size) if line else stream.read(size)
        for line, size in sizes
    ]
    return parts + list(stream)


def given_lines(lines, program):
    """What a function answers that reads these lines."""
    sched = Scheduler(stdin=False)
    tid = sched.new(fiber(program))

    def give():
        for line in lines:
            yield GiveLine(line)
        yield EndInput()
        for _ in range(20):
            yield EndInput() if tid in sched.tasks and sched.tasks[tid].queue is not None else None

    sched.new(give())
    sched.mainloop()
    status = outcome(sched, tid)
    assert status.ok, status
    return status.value


@given(TEXTS, SIZES)
def test_stdin_reads_as_a_stream_of_text_does(lines, sizes):
    text = "".join(f"{line}\n" for line in lines)
    expected = read_as_told(io.StringIO(text, newline=""), sizes)
    assert given_lines(lines, lambda: read_as_told(Stdin(), sizes)) == expected


@given(TEXTS)
def test_its_bytes_are_those_of_its_text(lines):
    text = "".join(f"{line}\n" for line in lines)
    assert given_lines(lines, lambda: Stdin().buffer.read()) == text.encode()


def test_input_and_stdin_are_of_the_lines_that_the_task_is_given(tmp_path, capsys):
    source = """
        import sys
        print(input("name? "))
        print([line for line in sys.stdin])
        try: input()
        except EOFError as error: print(error)
        print(sys.stdin.isatty(), sys.stdin.encoding)
        """
    script = write(tmp_path, {"script.py": source})
    sched = Scheduler(stdin=False)
    tid = sched.new(green_script(str(script)))

    def give():
        for line in ("Ada", "one", "two"):
            yield GiveLine(line)
        for _ in range(2):
            yield EndInput()

    sched.new(give())
    sched.mainloop()
    assert outcome(sched, tid).ok
    assert capsys.readouterr().out.splitlines() == [
        "name? Ada",
        r"['one\n', 'two\n']",
        "EOF when reading a line",
        "False utf-8",
    ]
