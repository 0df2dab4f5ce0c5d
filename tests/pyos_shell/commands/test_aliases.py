"""Laws of aliases: they stand for what they say, and their mistakes show where they were typed."""

import pytest

from pyos_shell.system import GivenUp


def test_an_alias_stands_for_its_command_and_for_what_is_typed_behind_it(shell):
    shell.succeeds("alias c spawn countdown; c 2 && wait $!")
    assert shell.printed == "2\n1\n"


def test_in_quotes_it_may_have_separators_pipes_files_and_variables_of_its_own(shell, tmp_path):
    shell.succeeds("alias demo 'spawn countdown 3 | grep 2 && wait $!; tasks > table'")
    shell.succeeds("demo")
    assert shell.printed == "2\n"
    assert "no tasks" in (tmp_path / "table").read_text()


def test_what_is_typed_behind_it_goes_to_its_last_command(shell):
    shell.succeeds("alias two 'spawn countdown 1; spawn countdown'")
    assert shell.succeeds("two 2 && wait") == ["task 1: countdown 1", "task 2: countdown 2"]
    shell.succeeds("alias evens 'spawn countdown 4 | grep'")
    shell.succeeds("evens 3 | upper > out && wait")


def test_a_condition_before_it_concerns_all_of_it(shell):
    shell.succeeds("alias two 'spawn countdown 1; spawn countdown 2'")
    assert "task" not in " ".join(shell.fails("nonsense && two")[2:])


def test_a_condition_behind_it_asks_for_its_last_command(shell):
    shell.succeeds("alias half 'nonsense; tasks'; alias other 'tasks; nonsense'")
    assert shell.fails("half && spawn countdown 0; wait")[-1] == "task 1: countdown 0"
    shell.fails("other && spawn countdown 0")
    assert shell.system.environment.last_tid == 1


def test_all_aliases_are_shown_and_one_of_them(shell):
    shell.succeeds("alias ll tasks --all; alias k 'kill $!'")
    assert shell.succeeds("alias") == ["  k   kill $!", "  ll  tasks --all"]
    assert shell.succeeds("alias k") == ["  k  kill $!"]


def test_words_are_quoted_again_where_they_need_it(shell):
    shell.succeeds("alias t spawn --name 'my task' countdown 0")
    assert shell.succeeds("alias t") == ["  t  spawn --name 'my task' countdown 0"]
    assert shell.succeeds("t") == ["task 1: my task"]


def test_an_alias_may_have_the_name_of_the_command_that_it_is_made_of(shell):
    shell.succeeds("alias tasks tasks --all")
    assert shell.succeeds("tasks")[0].startswith("no tasks")


@pytest.mark.parametrize("name", ["exit", "quit", "unalias"])
def test_the_way_out_stays_what_it_is(shell, name):
    (said,) = shell.fails(f"alias {name} tasks")
    assert said == f"{name} stays what it is, as there would be no way out without it"
    assert shell.run("alias")[-1].strip() == "no aliases; see help alias"


def test_aliases_that_stand_for_each_other_end(shell):
    shell.succeeds("alias a b; alias b c; alias c a 1")
    assert shell.fails("a")[-1] == "no command 'a'; did you mean alias? (a stands for: b)"


def test_a_long_chain_of_aliases_is_refused_and_not_followed(shell):
    shell.succeeds("".join(f"alias a{number} a{number + 1};" for number in range(60)))
    assert "more than 50 aliases stand for each other" in shell.fails("a0")[-1]


def test_one_that_stands_for_two_that_stand_for_two_can_be_given_up(shell):
    shell.succeeds("".join(f"alias a{n} 'a{n + 1}; a{n + 1}';" for n in range(40)))
    shell.system.give_up()
    with pytest.raises(GivenUp):
        shell.run("a0")


@pytest.mark.parametrize(
    ("definition", "line", "place", "message"),
    [
        ("alias k 'kill x'", "  k", "  ^", "TID takes the number of a task"),
        ("alias k 'nonsense'", "tasks; k", "       ^", "no command 'nonsense'"),
        ("alias k 'kill $!'", "k", "^", "$! has no value"),
        ("alias k 'kill'", "k", " ^", "TID is missing"),
        ("alias k 'tasks > f'", "k --all", "^", "nothing can stand behind this"),
    ],
)
def test_a_mistake_in_it_is_underlined_where_it_was_typed_and_says_what_it_stands_for(
    shell, definition, line, place, message
):
    shell.succeeds(definition)
    shown = [row for row in shell.fails(line) if not row.startswith("usage")]
    assert shown[-3:-1] == [line, place]
    assert shown[-1].startswith(message)
    if "nothing" not in message:
        assert shown[-1].endswith(f"(k stands for: {definition[9:-1]})")


def test_a_mistake_in_what_was_typed_behind_it_is_underlined_there(shell):
    shell.succeeds("alias k kill")
    assert shell.fails("k 1 x")[:2] == ["k 1 x", "    ^"]


def test_one_that_is_taken_back_stands_for_itself_again(shell):
    shell.succeeds("alias k kill; unalias k")
    assert "no command 'k'" in shell.fails("k 1")[-1]
    assert shell.fails("unalias k")[-1] == "no alias 'k'"
    assert shell.fails("alias kk")[-1] == "no alias 'kk'"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("alias a 'tasks &&'", "'a' cannot stand for this: a command is missing behind &&"),
        ('alias a "\'"', "'a' cannot stand for this: this quote is not closed"),
        ("alias a '# b'", "'a' cannot stand for this: there is no command in it"),
        ("alias a '> x'", "'a' cannot stand for this: a command is missing before >"),
        ("alias 'a b' tasks", "an alias is one word without quotes"),
        ("alias '' tasks", "an alias is one word without quotes"),
    ],
)
def test_what_can_stand_for_nothing_is_refused_at_once(shell, line, said):
    assert shell.fails(line)[-1].startswith(said)
    assert shell.system.environment.aliases == {}


def test_an_alias_that_takes_itself_back_while_it_runs_harms_nobody(shell):
    shell.succeeds("alias k 'unalias k; nonsense'")
    assert shell.fails("k")[-1] == "no command 'nonsense'; type help for all of them"
