"""Laws of `edit` where there is no screen."""


def test_without_a_screen_nothing_is_edited(shell, tmp_path):
    assert shell.fails("edit p") == ["here is no screen to edit on"]
    assert not list(tmp_path.iterdir())
