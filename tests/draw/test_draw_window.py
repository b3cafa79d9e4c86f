"""Which part of something long is in view."""

from __future__ import annotations

from tutor.draw.window import row_at, window


def test_the_current_place_is_in_the_middle_as_far_as_there_is_more() -> None:
    assert [window(at, 10, 5) for at in range(10)] == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5]
    assert [window(position, 10, 4) for position in (0, 2, 3, 5, 9)] == [0, 0, 1, 3, 6]
    assert window(3, 3, 8) == 0
    assert window(-1, 4, 2) == 0
    assert window(0, 0, 0) == 0


def test_a_row_of_the_picture_is_the_one_that_the_window_shows_there() -> None:
    assert [row_at(y, 2, 7, 3) for y in range(-1, 7)] == [None, None, None, 7, 8, 9, None, None]
