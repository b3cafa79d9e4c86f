"""A range on a track."""

from __future__ import annotations

import pytest

from tutor.draw.cells import Look, row_width, text_of
from tutor.draw.interval import end_at, interval

NONE = Look("none")
ASCII = Look("none", ascii=True)

# Pictures keep their own lines.
# fmt: off


def test_where_the_knobs_stand(shown) -> None:  # type: ignore[no-untyped-def]
    ranges = [(0, 1), (0.25, 0.75), (0.5, 0.5), (-3, 0.5), (0.9, 7)]
    assert shown([interval(ends, 0, 1, 27, NONE, held=0) for ends in ranges]) == """
    |0 ├●━━━━━━━━━━━━━━━━━━━○┤ 1
    |0 ├─────●━━━━━━━━━○─────┤ 1
    |0 ├──────────●──────────┤ 1
    |0 ├●━━━━━━━━━○──────────┤ 1
    |0 ├──────────────────●━○┤ 1
    """
    assert shown([interval((0.25, 0.75), 0, 1, 27, NONE, held=held) for held in (1, None)]) == """
    |0 ├─────○━━━━━━━━━●─────┤ 1
    |0 ├─────○━━━━━━━━━○─────┤ 1
    """
    assert shown([interval((0.5, 0.5), 0, 1, 27, NONE, held=1)]) == """
    |0 ├──────────●──────────┤ 1
    """
    assert shown([interval((1e-2, 1e-1), 1e-4, 1, 30, ASCII, scale="log", held=1)]) == """
    |0.0001 |---------o====O----| 1
    """
    assert shown([interval((0.25, 0.75), 0, 1, width, NONE, held=0) for width in (11, 9, 4, 2)]) == """
    |0 ├─●━○─┤ 1
    |├──●━○──┤
    |├●○┤
    |├●
    """


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("look", [Look(), Look("256", dark=False), NONE, ASCII])
def test_the_mouse_hits_what_is_drawn(look: Look, scale: str) -> None:
    for width in (9, 30, 80):
        for column in range(width):
            hit = end_at(column, 0.01, 1, width, look, scale=scale)  # type: ignore[arg-type]
            if hit is None:
                continue
            row = interval((hit, 1), 0.01, 1, width, look, scale=scale, held=0)  # type: ignore[arg-type]
            assert row_width(row) == width
            knob = text_of([row]).index("O" if look.ascii else "●")
            assert abs(knob - column) <= 1
    assert end_at(0, 0.01, 1, 30, look) is None
