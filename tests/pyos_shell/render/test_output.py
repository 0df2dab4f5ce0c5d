"""Laws of how it is shown what tasks print and the kernel reports."""

from pyos_shell.output import Line
from pyos_shell.render import output_line, output_lines, plain


def test_output_is_labelled_with_its_tid():
    assert plain(output_line(Line(7, "out", "text"))) == "  7 │ text"
    assert plain(output_line(Line(0, "report", "text"))) == "  - │ text"
    assert plain(output_line(Line(12345, "out", ""))) == "12345 │ "
    assert [style for style, _ in output_line(Line(1, "crash", "x"))][-1] == "error"


def test_a_long_report_goes_on_below_its_beginning_and_what_was_printed_stays_as_it_is():
    text = "a task has crashed; see why"
    shown = [plain(line) for line in output_lines(Line(7, "crash", text), 29)]
    assert shown == ["  7 │ a task has crashed; see", "    │ why"]
    assert output_lines(Line(7, "out", text), 29) == [output_line(Line(7, "out", text))]
    for width in (0, 20):
        assert output_lines(Line(7, "crash", text), width) == [output_line(Line(7, "crash", text))]
