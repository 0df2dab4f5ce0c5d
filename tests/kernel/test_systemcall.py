"""How a call is declared, and how it is written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import GetTid, NewTask, Recv, Send, SystemCall, WaitTask, system_call
from kernel.systemcall import brief

from .support import run


@system_call
class Add(SystemCall):
    """Answers the sum of two numbers."""

    left: int
    right: int = 1

    def run(self, kernel, caller):
        return self.left + self.right


def test_a_call_of_ones_own_is_a_call_like_any_other():
    def program():
        return (yield Add(2, 3)), (yield Add(4)), (yield from Add(right=2, left=1))

    assert run(program()).value == (5, 5, 3)


def test_a_call_has_a_place_for_its_arguments_and_for_nothing_else():
    with pytest.raises(AttributeError):
        Add(1).other = 2


def test_a_call_without_arguments_is_made_without_any_function():
    assert "__init__" not in vars(GetTid)
    with pytest.raises(TypeError):
        GetTid(1)


def test_two_calls_with_the_same_arguments_are_two_calls():
    assert Add(1) != Add(1)
    assert len({Add(1), Add(1)}) == 2


def test_what_does_not_say_how_it_runs_is_an_error_of_the_caller():
    @system_call
    class Idle(SystemCall):
        """Does nothing."""

    def program():
        with pytest.raises(NotImplementedError):
            yield Idle()
        return (yield GetTid())

    assert run(program()).value == 1


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (GetTid(), "GetTid()"),
        (WaitTask(7), "WaitTask(7)"),
        (Add(1, 2), "Add(1, 2)"),
    ],
)
def test_a_call_is_written_as_it_is_made(call, text):
    assert repr(call) == text


def test_a_program_is_written_as_its_name():
    def program():
        yield

    target = program()
    assert "program" in repr(NewTask(target))
    assert "object" not in repr(NewTask(target))
    target.close()


class Numbered:
    def __init__(self, fd):
        self.fd = fd

    def fileno(self):
        return self.fd


def test_an_open_file_is_written_as_its_number():
    assert repr(Recv(Numbered(7), 100)) == "Recv(7, 100)"
    assert repr(Recv(Numbered(-1), 100)) == "Recv(closed, 100)"


@pytest.mark.parametrize("make", [bytes, bytearray, lambda size: memoryview(bytes(size))])
def test_64_mib_never_print_themselves(make):
    text = repr(Send(Numbered(7), make(64 << 20)))
    assert len(text) < 250
    assert "67,108,824 more" in text


class Rude:
    def __repr__(self):
        raise RuntimeError("not me")


class RudeFile(Rude):
    def fileno(self):
        raise RuntimeError("not me either")


@pytest.mark.parametrize("value", [Rude(), RudeFile(), [Rude()], {1: Rude()}])
def test_a_value_whose_repr_raises_is_written_all_the_same(value):
    assert "whose repr raised RuntimeE" in brief(value)


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary() | st.floats(),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers(), inner) | st.tuples(inner),
    )
)
def test_any_value_is_written_in_one_short_line(value):
    text = brief(value)
    assert len(text) < 400
    assert text.isprintable()
