"""Laws of how a call stack is shown."""

from wcwidth import wcswidth

from kernel import ErrorPart, ExitStatus, FrameInfo, StackInfo
from pyos_shell.answers import Stack
from pyos_shell.render import plain, render

CONNECTION = "read 127.0.0.1:45000 ← 127.0.0.1:53412"


def stack(*frames, width=80, **changes):
    values = {"tid": 3, "program": "p 1", "state": "blocked", "frames": list(frames)} | changes
    return [plain(line) for line in render(Stack(StackInfo(**values)), width)]


def test_a_stack_shows_each_frame_with_its_source_and_then_the_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "p.py"
    file.write_text("def f():\n    yield g()  # 注\n")
    assert stack(
        FrameInfo("f", str(file), 2),
        FrameInfo("g", "/nowhere/q.py", 9),
        call="Recv(7, 100)",
        reason=CONNECTION,
    ) == [
        "task 3 p 1  blocked",
        "  f  p.py:2",
        "      yield g()  # 注",
        "  g  /nowhere/q.py:9",
        f"  in Recv(7, 100)  {CONNECTION}",
    ]


def test_the_source_of_a_frame_is_as_it_is_on_disk_now(tmp_path):
    file = tmp_path / "p.py"
    for line in ("first = 1\n", "second = 22\n"):
        file.write_text(line)
        assert line.strip() in stack(FrameInfo("f", str(file), 1), width=None)[2]


def test_frames_that_were_left_out_are_counted_in_their_place():
    lines = stack(*[FrameInfo("f", "/q.py", 1)] * 4, omitted=19_800)
    assert lines[3] == "  … 19,800 frames more …"


def test_the_stack_of_an_ended_task_says_how_it_ended():
    status = ExitStatus(3, error=ZeroDivisionError("division by zero"))
    (line,) = stack(status=status)
    assert line == "task 3 p 1  crashed: ZeroDivisionError: division by zero"


def test_below_the_stack_stand_the_errors_of_its_group():
    status = ExitStatus(3, error=ExceptionGroup("several", [ValueError("no")]))
    parts = (
        ErrorPart("ValueError: no", FrameInfo("f", "/q.py", 7)),
        ErrorPart("KeyError: 1", None),
    )
    lines = stack(FrameInfo("main", "/p.py", 1), status=status, parts=parts, parts_total=12)
    assert lines[1:] == [
        "  main  /p.py:1",
        "  ValueError: no",
        "  f  /q.py:7",
        "  KeyError: 1",
        "  … 10 errors more …",
    ]


def test_a_place_too_long_for_the_screen_keeps_its_end():
    folder = "/a/very/long/way/" * 9
    line = stack(FrameInfo("function", f"{folder}file.py", 1234))[1]
    assert wcswidth(line) == 80
    assert line.startswith("  function  …")
    assert line.endswith("/file.py:1234")


def test_code_is_in_colour_on_a_screen_and_needs_no_pygments_without():
    import inspect

    number = inspect.currentframe().f_lineno - 2
    answer = Stack(StackInfo(1, "p", "ready", [FrameInfo("f", __file__, number)]))
    assert ("code.keyword", "import") in render(answer, 80)[2]
    assert render(answer, None)[2] == [("", "      "), ("", "import inspect")]
