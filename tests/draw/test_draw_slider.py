"""A number on a track."""

from __future__ import annotations

import math

import pytest

from tutor.draw.cells import Look, text_of
from tutor.draw.slider import fraction, slider, value_at

NONE = Look("none")
ASCII = Look("none", ascii=True)

# Pictures keep their own lines.
# fmt: off


def test_where_the_knob_stands(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown([slider(v, 0, 1, 40, NONE, focused=True) for v in (0, 0.32, 0.5, 1)]) == """
    |0 ├●──────────────────────────┤ 1   0.00
    |0 ├────────●──────────────────┤ 1   0.32
    |0 ├─────────────●─────────────┤ 1   0.50
    |0 ├──────────────────────────●┤ 1   1.00
    """
    assert shown([slider(0.32, 0, 1, w, NONE, focused=False) for w in (78, 60, 38, 16, 14, 5, 2)]) == """
    |0 ├────────────────────○────────────────────────────────────────────┤ 1   0.32
    |0 ├───────────────○───────────────────────────────┤ 1   0.32
    |0 ├────────○────────────────┤ 1   0.32
    |0 ├─○─┤ 1   0.32
    |├─○───┤   0.32
    |0.32
    |0…
    """
    assert shown([slider(0.32, 0, 1, 40, ASCII, focused=f) for f in (True, False)]) == """
    |0 |--------O------------------| 1   0.32
    |0 |--------o------------------| 1   0.32
    """
    for look in (Look(), Look("256"), Look("256", dark=False)):
        assert text_of([slider(0.32, 0, 1, 40, look)]) == text_of([slider(0.32, 0, 1, 40, NONE)])


def test_log_scale(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown([slider(v, 1e-6, 1, 50, NONE, scale="log", format="{:.0e}") for v in (1e-6, 1e-3, 1)]) == """
    |1e-06 ├○────────────────────────────────┤ 1  1e-06
    |1e-06 ├────────────────○────────────────┤ 1  1e-03
    |1e-06 ├────────────────────────────────○┤ 1  1e+00
    """


def test_a_format_of_ones_own(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown([slider(0.32, 0, 1, 40, NONE, format=lambda v: f"{v:.0%}")]) == """
    |0% ├───────○───────────────┤ 100%    32%
    """


def test_what_is_not_on_the_track(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown([slider(v, 0, 1, 40, NONE) for v in (-7, 7, math.inf, -math.inf, math.nan)]) == """
    |0 ├○──────────────────────────┤ 1  -7.00
    |0 ├──────────────────────────○┤ 1   7.00
    |0 ├──────────────────────────○┤ 1     +∞
    |0 ├○──────────────────────────┤ 1     -∞
    |0 ├───────────────────────────┤ 1    NaN
    """
    assert shown([slider(0.5, *ends, 40, NONE) for ends in ((0.5, 0.5), (1, 0), (0, math.inf))]) == """
    |0.5 ├○──────────────────────┤ 0.5   0.50
    |1 ├○──────────────────────────┤ 0   0.50
    |0 ├○─────────────────────────┤ +∞   0.50
    """


def test_the_track_keeps_still_while_the_knob_moves() -> None:
    ends = {text_of([slider(v / 50, 0, 1, 40, NONE)]).index("┤") for v in range(51)}
    assert len(ends) == 1


def test_colors(painted) -> None:  # type: ignore[no-untyped-def]
    look = Look()
    assert painted(slider(0.5, 0, 1, 30, look, focused=True), look) == "mmmAAAAAAAAAmmmmmmmmmmmAAAAAAA"
    assert painted(slider(0.5, 0, 1, 30, look), look) == "mmm.........mmmmmmmmmmmAAAAAAA"


@pytest.mark.parametrize(
    ("value", "low", "high", "scale", "share"),
    [
        (0.25, 0, 1, "linear", 0.25),
        (1e-3, 1e-6, 1, "log", 0.5),
        # No logarithm to be had: the track is linear.
        (0.5, 0, 1, "log", 0.5),
        (0.0, -1.7e308, 1.7e308, "linear", 0.5),
        (5, 1, 1, "linear", 1.0),
    ],
)
def test_fraction(value: float, low: float, high: float, scale, share: float) -> None:  # type: ignore[no-untyped-def]
    assert fraction(value, low, high, scale) == pytest.approx(share)


def test_value_at() -> None:
    row = text_of([slider(0.5, 0, 1, 40, NONE)])
    left, right = row.index("├"), row.index("┤")
    assert value_at(left, 0, 1, 40, NONE) == 0
    assert value_at(right, 0, 1, 40, NONE) == 1
    assert value_at((left + right) // 2, 0, 1, 40, NONE) == pytest.approx(0.5, abs=0.05)
    assert value_at(left - 1, 0, 1, 40, NONE) is None
    assert value_at(right + 1, 0, 1, 40, NONE) is None
    assert value_at(2, 0, 1, 5, NONE) is None
    left = text_of([slider(0.5, 0.01, 1, 40, NONE)]).index("├")
    assert value_at(left + 1, 0.01, 1, 40, NONE, scale="log") == pytest.approx(0.01)
