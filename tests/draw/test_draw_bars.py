"""Bars on one scale."""

from __future__ import annotations

import math

from tutor.draw import palettes
from tutor.draw.bars import bars
from tutor.draw.cells import Look, Style

NONE = Look("none")
ASCII = Look("none", ascii=True)
NEXT = [("code", 0.41), ("read", 0.38), ("learn", 0.09), ("make", 0.04), ("be", 0.001)]
BIG = [("big", 2.5), ("small", 0.5), ("minus", -9.0)]
SCRIPTS = [("永远", 0.5), ("👩\u200d👩\u200d👧", 0.25), ("a [/b] c", 1.0), ("cafe\u0301", 0.125)]
TERMS = [("W_x·x", 0.62), ("W_h·h", -0.31), ("b", 0.02)]

# Pictures keep their own lines.
# fmt: off


def test_probabilities(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars(NEXT, 60, NONE, limit=1.0)) == """
    |code   ███████████████████▎···························  0.41
    |read   █████████████████▉·····························  0.38
    |learn  ████▎··········································  0.09
    |make   █▉·············································  0.04
    |be     ▏··············································  0.00
    """
    assert shown(bars(NEXT, 60, ASCII, limit=1.0)) == """
    |code   ###################............................  0.41
    |read   ##################.............................  0.38
    |learn  ####...........................................  0.09
    |make   ##.............................................  0.04
    |be     -..............................................  0.00
    """
    assert shown(bars(NEXT, 38, NONE)) == """
    |code   █████████████████████████  0.41
    |read   ███████████████████████▏·  0.38
    |learn  █████▌···················  0.09
    |make   ██▌······················  0.04
    |be     ▏························  0.00
    """
    assert shown(bars(NEXT, 60, Look(), limit=1.0)) == shown(bars(NEXT, 60, NONE, limit=1.0))


def test_the_learners_bet(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars(NEXT[:2], 60, NONE, limit=1.0, marks={"code": 0.32, "read": 0.6, "gone": 9.0})) == """
    |code  ███████████████│███▋····························  0.41
    |read  ██████████████████▎·········│···················  0.38
    """
    assert shown(bars(NEXT[:2], 60, ASCII, limit=1.0, marks={"code": 0.32, "read": 0.6})) == """
    |code  ###############|####............................  0.41
    |read  ##################..........|...................  0.38
    """
    # On a bar the mark stands out of its colour.
    row = bars(NEXT[:2], 60, Look(), limit=1.0, marks={"code": 0.32})[0]
    (mark,) = [span for span in row if span.text == "│"]
    assert mark.style == Style("#080808", "#6fd0bf", bold=True)


def test_before_the_answer(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars([("code", None), ("read", None)], 40, NONE, limit=1.0)) == """
    |code  ?
    |read  ?
    """
    assert shown(bars([("code", None), ("read", 0.25)], 40, NONE, limit=1.0, marks={"code": 0.5})) == """
    |code  ?             │
    |read  ███████·····················  0.25
    """


def test_signed(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars(TERMS, 60, NONE)) == """
    |W_x·x  ······················┊███████████████████████   0.62
    |W_h·h  ···········███████████┊·······················  -0.31
    |b      ······················┊▊······················   0.02
    """
    assert shown(bars(TERMS, 60, ASCII, format="{:+.2f}")) == """
    |W_x·x  ......................:#######################  +0.62
    |W_h·h  ...........###########:.......................  -0.31
    |b      ......................:#......................  +0.02
    """
    assert shown(bars([("a", -1.5), ("b", -0.4)], 40, NONE)) == """
    |a  █████████████████████████████┊  -1.50
    |b  ·····················▐███████┊  -0.40
    """


def test_signs_have_the_heatmaps_colors() -> None:
    plus, minus, _ = bars(TERMS, 60, Look())
    assert Style(palettes.color(0.7, Look())) in [span.style for span in plus]
    assert Style(palettes.color(-0.7, Look())) in [span.style for span in minus]


def test_what_is_no_finite_number(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars([("nan", math.nan), ("inf", math.inf), ("one", 1.0)], 40, NONE)) == """
    |nan  ·····························   NaN
    |inf  ████████████████████████████▶    +∞
    |one  █████████████████████████████  1.00
    """
    assert shown(bars([("nan", math.nan), ("-inf", -math.inf), ("one", 1.0)], 40, ASCII)) == """
    |nan   .............:..............   NaN
    |-inf  <############:..............  -inf
    |one   .............:##############  1.00
    """


def test_beyond_the_limit(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars(BIG, 40, NONE, limit=1, marks={"small": 7, "minus": -9})) == """
    |big    ············┊████████████▶   2.50
    |small  ············┊██████▌·····›   0.50
    |minus  ‹███████████┊·············  -9.00
    """


def test_nothing_to_show(shown) -> None:  # type: ignore[no-untyped-def]
    assert bars([], 40, NONE) == []
    assert shown(bars([("a", 0.0), ("b", 0.0)], 30, NONE)) == """
    |a  ·····················  0.00
    |b  ·····················  0.00
    """


def test_labels_of_any_script(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars(SCRIPTS, 40, NONE)) == """
    |永远      ████████████············  0.50
    |👩‍👩‍👧        ██████··················  0.25
    |a [/b] c  ████████████████████████  1.00
    |café      ███·····················  0.12
    """
    assert shown(bars([("incomprehensibilities", 0.5)], 40, NONE)) == """
    |incomprehens…  ███████████████████  0.50
    """
    assert shown(bars([("incomprehensibilities", 0.5)], 40, NONE, label_width=6)) == """
    |incom…  ██████████████████████████  0.50
    """


def test_narrow(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(bars(NEXT[:2], 20, NONE, limit=1.0)) == """
    |code  ███▎····  0.41
    |read  ███·····  0.38
    """
    assert shown(bars(NEXT[:2], 12, NONE, limit=1.0)) == """
    |code    0.41
    |read    0.38
    """
    assert shown(bars(NEXT[:2], 5, NONE, limit=1.0)) == """
    |0.41
    |0.38
    """


def test_the_bright_bar(painted) -> None:  # type: ignore[no-untyped-def]
    first, second = bars(NEXT[:2], 24, Look(), limit=1.0, bright="code")
    assert painted(first, Look()) == "bbbbbbAAAAAmmmmmmmbbbbbb"
    assert painted(second, Look()) == "......xxxxxmmmmmmm......"
    assert second[1].style == palettes.soft(Look())
