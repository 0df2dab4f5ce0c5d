"""Laws of records: small values that are equal when what they tell is equal."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from kernel.record import record


@record
class Point:
    """A place."""

    x: int
    y: int = 0


@record
class Named(Point):
    """A place that has a name, which is how it is shown."""

    name: str = ""

    def __repr__(self) -> str:
        return self.name


def test_it_is_made_of_its_fields_in_order():
    assert (Point(1).x, Point(1).y) == (1, 0)
    assert [field.name for field in fields(Named)] == ["x", "y", "name"]
    with pytest.raises(TypeError):
        Point()


def test_it_equals_another_of_its_class_with_equal_fields():
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != (1, 2)


def test_it_does_not_equal_one_of_a_class_made_of_its_own():
    assert Named(1, 2) != Point(1, 2)


def test_equal_ones_are_one_in_a_set():
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


def test_one_that_holds_what_has_no_hash_has_none():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point([]))


def test_it_shows_its_class_and_its_fields():
    assert repr(Point(1)) == "Point(x=1, y=0)"


def test_what_its_class_says_otherwise_holds():
    assert repr(Named(1, name="here")) == "here"
    assert Named(1, name="here") == Named(1, name="here")


def test_it_has_room_for_its_fields_only():
    with pytest.raises(AttributeError):
        Point(1).z = 3


def test_a_changed_copy_leaves_it_as_it_was():
    point = Point(1, 2)
    assert replace(point, y=3) == Point(1, 3)
    assert point == Point(1, 2)
