"""Laws of `guess`."""

import pytest

from kernel import EndInput, GiveLine, Scheduler
from pyos_shell.programs.guess import guess

from ..shell import until

QUESTION = "a number from 1 to 9? "


def played(capsys, game, *answers):
    """What is printed in a game with these answers."""

    def player():
        for answer in answers:
            yield GiveLine(answer)
        yield EndInput()

    scheduler = Scheduler(stdin=False)
    scheduler.new(game)
    scheduler.new(player())
    scheduler.mainloop()
    return capsys.readouterr().out.split(QUESTION)[1:]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (["7"], ["yes, after 1 try\n"]),
        (["5", "8", "7"], ["too small\n", "too large\n", "yes, after 3 tries\n"]),
        (["seven", "", "7"], ["that is no whole number\n"] * 2 + ["yes, after 1 try\n"]),
        (["-1", "1000"], ["too small\n", "too large\n", "it was 7\n"]),
        ([], ["it was 7\n"]),
    ],
)
def test_it_says_whether_a_guess_is_too_small_or_too_large(capsys, answers, said):
    assert played(capsys, guess(9, number=7), *answers) == said


@pytest.mark.parametrize("most", [9, 1, 0, -3])
def test_its_own_number_is_one_that_can_be_guessed(capsys, most):
    game = played(capsys, guess(9), *map(str, range(1, 10)))
    assert game[-1].startswith("yes, after ")
    *_, last = played_to_the_end(capsys, most)
    assert 1 <= int(last.removeprefix("it was ")) <= max(most, 1)


def played_to_the_end(capsys, most):
    """What is printed when nobody guesses."""
    played(capsys, guess(9))
    scheduler = Scheduler(stdin=False)
    scheduler.new(guess(most))

    def nobody():
        yield EndInput()

    scheduler.new(nobody())
    scheduler.mainloop()
    return capsys.readouterr().out.split("? ")


def test_at_the_console_several_play_at_once(shell):
    shell.run("spawn guess 9 --number 7; spawn guess 9 --number 3")
    until(lambda: shell.printed.count(QUESTION) == 2)
    until(lambda: all(" a line " in row for row in shell.run("tasks")[1:]))
    shell.succeeds("2> 3\n> 7")
    assert shell.wait(1).ok
    assert shell.wait(2).ok
    for tid in (1, 2):
        assert shell.output.log(tid)[1].text == "yes, after 1 try"
