"""Charts: what each draws, and that it draws something true of any values."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from test_draw_properties import many

from tutor.draw.axes import Entry, Tick, nice_steps, scale, spread, tick_text, x_ticks
from tutor.draw.cells import PLAIN, Look, row_width, text_of
from tutor.draw.chart import Line, _lit, line_chart, log_chart

NONE = Look("none")
ASCII = Look("none", ascii=True)
INF = math.inf
NORM = "‖∂h₅₀/∂hₜ‖"

FLOWS = [Line(f"ρ={r}", [(t, t * math.log10(r)) for t in range(51)]) for r in (0.99, 0.95, 0.9, 0.8)]
LOSS = [(float(s), 4.7 * math.exp(-s / 60) + 0.4) for s in range(0, 205, 5)]
VANISHED = [Line("ρ=0.5", [(t, -40.0 * t if t < 8 else -INF) for t in range(21)])]
SAME = [Line(name, [(float(t), -t / 5) for t in range(40)]) for name in "ab"]
LIVE = {"x_label": "updates", "y_label": "bits", "baselines": [("uniform", 4.7)], "x_range": (0, 300)}
GROWS = [Line("ρ=1.5", [(t, t * math.log10(1.5)) for t in range(51)])]
ENDS = [Line("a", [(0, 0.0), (1, 3.0), (2, 6.0), (3, INF), (4, math.nan)])]
HOLES = [Line("a", [(0, 4.0), (1, 3.0), (2, math.nan), (3, INF), (4, -INF), (5, 2.0)])]
HELD_OUT = Line("held out", [(x, y + 0.6) for x, y in LOSS[::4]])
FEW = [Line("a", [(0, 1.0), (1, 3.0), (2, 2.0)])]
STRANGE = [Line("a [/b] c", [(0, 0.0), (1, -1.0)]), Line("永远", [(0, 0.0), (1, -2.0)])]

# Pictures keep their own lines.
# fmt: off


def test_gradient(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(FLOWS, 78, 14, NONE, x_label="steps back", y_label=NORM)) == """
    |‖∂h₅₀/∂hₜ‖
    |1e+0 ┤⠤⠤○⢤⣤●⡤⣤⣤⣤⣤⣤⣤⣤⠤○⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤○⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀○⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀○⣀⣀⣀⣀⣀⣀⣀⣀⣀○  ○ ρ=0.99
    |     │   ⠉⠉⠒⠪◇⢍⡉⠉⠒⠢⠤⠭⠭⠭●⣉⣉◇⠒⠒⠒⠒⠒⠒⠢⠤●⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀⡀
    |1e-1 ┤         ⠈◆⠉⠢⠤⢄⡀    ⠈⠉⠉⠉⠒⠒⠢⠤⠤⠤⣀⣀◇⡀      ⠈●⠉⠉⠉⠉⠉⠉⠉⠒⠒⠒⠒⠒●⠤⠤⠤⠤⠤⠤●  ● ρ=0.95
    |     │               ⠈⠉⠉⠒⠤⠤⣀◆          ⠈⠉⠉⠉⠉⠒⠢⠤⠤⠤⠤◇⣀⣀
    |1e-2 ┤                      ⠈⠉⠒⠤⠤⣀⡀                  ⠉⠉⠉⠒⠒⠒⠤⠤⠤◇⣀⣀⣀⡀
    |     │                            ⠈⠉⠒⠤⠤⠤◆                         ⠈◇  ◇ ρ=0.9
    |1e-3 ┤                                  ⠈⠉⠑⠢⠤⠤⡀
    |     │                                        ⠈⠉⠑⠒⠢⠤◆
    |1e-4 ┤                                               ⠉⠉⠒⠢⠤⣀
    |     │                                                     ⠉⠉⠉⠢⠤⢄◆⡀
    |1e-5 ┤                                                            ⠈◆  ◆ ρ=0.8
    |     └┬───────────┬───────────┬────────────┬───────────┬───────────┬
    |      0          10          20           30      steps back      50
    """
    assert shown(log_chart(FLOWS, 60, 10, NONE, x_label="steps back", y_label=NORM)) == """
    |‖∂h₅₀/∂hₜ‖
    |1e+0 ┤⠤⠤⠤○⡤●⣤⣤◇⡤⣤⣤⣤⣤⣤○⣤●⣤⡤⠤⠤⠤⠤⠤⠤⠤○⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤○⠤⠤⠤○  ○ ρ=0.99
    |     │    ⠈⠉⠉⠒⠒⠯◆⣉⣉⡉⠉⠒⠒⠒⠢⠬◇⠭⠭⠭⣉⣉⣉⣉⡉●⠒⠒⠒⠒⠒⠒⠒⠒⠢⠤⠤●⠤●  ● ρ=0.95
    |     │             ⠈⠉⠉⠒⠢⠤⠤⠤⣀⡀     ⠉⠉⠉⠉◇⠉⠒⠒⠒⠢⠤⠤⠤⠤⠤◇  ◇ ρ=0.9
    |1e-3 ┤                      ◆⠉⠉⠒⠢⠤⠤⣀⣀⡀
    |     │                               ⠈⠉⠉◆⠢⠤⠤⣀⣀⡀
    |     │                                        ⠉⠉⠉◆  ◆ ρ=0.8
    |1e-6 ┤
    |     └┬────────────────┬────────────────┬─────────
    |      0               20               40         steps back
    """
    assert shown(log_chart(FLOWS, 60, 12, ASCII, x_label="steps back", y_label="|dh50/dht|")) == """
    ||dh50/dht|
    |1e+0 +ox+*x+oxoxoxoooooooooooooooooooooooooooooooo  o ρ=0.99
    |     |   *****+*++++x+x+xxxxxxxxxxxxxxxxxxxxx
    |     |         *******   +++++++++++++       xxxxx  x ρ=0.95
    |1e-2 +               *******          ++++++++++++  + ρ=0.9
    |     |                      *****
    |     |                           ******
    |1e-4 +                                 ******
    |     |                                       *****  * ρ=0.8
    |     |
    |     ++----------------+----------------+---------
    |      0               20               40         steps back
    """
    assert shown(log_chart(FLOWS, 38, 10, NONE, x_label="steps back", y_label=NORM)) == """
    |‖∂h₅₀/∂hₜ‖
    |1e+0 ┤⠤⣤⡤○⡤●⣤⣤⣤⡤⠤⠤⠤⠤⠤○⠤⠤⠤⠤⠤○  ○ ρ=0.99
    |     │  ⠈⠓⠪⣍⡉⠓◇⠮⠭⠭⣉⡉⠓⠒⠒●⠢⠤⠤●  ● ρ=0.95
    |     │      ⠈⠉⠣⠤◆  ⠈⠉⠉⠓⠒⠦⠤◇◇  ◇ ρ=0.9
    |1e-3 ┤          ⠈⠉⠓⠦⣄⡀
    |     │               ⠈⠓⠢⣄⡀
    |     │                   ⠈⠉◆  ◆ ρ=0.8
    |1e-6 ┤
    |     └┬────────────────────┬
    |      0    steps back     50
    """
    assert shown(log_chart(FLOWS, 24, 10, NONE, x_label="steps back", y_label="norm")) == """
    |norm
    |○ ρ=0.99   ● ρ=0.95
    |◇ ρ=0.9   ◆ ρ=0.8
    |1e+0 ┤⠤⣤⡤○⣤●⣤⣤⣤⣤⡤⠤⠤⠤⠤○⠤○
    |     │  ⠉⠉⠢⠭⣍◇⠒⠒⠯⠭⠭⣉⣉⡓⠒●
    |     │       ⠉⠓⠢◆⣀⡀  ⠉⠉◇
    |1e-4 ┤            ⠉⠓⠦⣄⡀
    |     │                ⠈◆
    |     └┬────────────────┬
    |      0  steps back   50
    """
    for look in (Look(), Look("256"), Look("256", dark=False)):
        assert text_of(log_chart(FLOWS, 78, 14, look)) == text_of(log_chart(FLOWS, 78, 14, NONE))


def test_underflow_is_drawn_and_said(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(VANISHED, 60, 9, NONE, x_label="steps back", y_label="norm")) == """
    |norm                                             ▽ underflow
    |  1e+0 ┤⠤⢄⡀
    |       │  ⠈⠉⠢⠤⡀
    |       │      ⠈⠉⠢⠤⣀
    |1e-250 ┤           ⠉⠑⠢⠤○
    |       │
    |     0 ┤                 ▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽  ○ ρ=0.5
    |       └┬─────────┬──────────┬──────────┬─────────┬
    |        0         5         10    steps back     20
    """
    assert shown(log_chart(VANISHED, 60, 9, ASCII, x_label="steps back", y_label="norm")) == """
    |norm                                             v underflow
    |  1e+0 +ooo
    |       |   oooo
    |       |       oooo
    |1e-250 +           ooooo
    |       |
    |     0 +                 vvvvvvvvvvvvvvvvvvvvvvvvvv  o ρ=0.5
    |       ++---------+----------+----------+---------+
    |        0         5         10    steps back     20
    """
    assert shown(log_chart(FLOWS[2:], 50, 9, NONE, y_label="norm", floor=-2.0)) == """
    |norm                                  ▽ below 1e-2
    | 1e+0 ┤⠤⡤⣀⡀
    |      │ ⠈⠉⠪⠭○⠒⠦⠤⣄⣀⡀
    | 1e-1 ┤     ⠉⠉⠦⡀  ⠉⠉⠓⠢⠤⣄○⡀
    |      │        ⠈●⠢⣄⡀     ⠉⠉⠓⠢⠤⠤⣀⡀
    | 1e-2 ┤            ⠈●           ⠈⠉⠒○       ○ ρ=0.9
    |<1e-2 ┤              ▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽  ● ρ=0.8
    |      └┬────────────┬────────────┬───────
    |       0           20           40
    """
    assert shown(log_chart([Line("all zero", [(t, -INF) for t in range(9)])], 50, 8, NONE)) == """
    |                                       ▽ underflow
    |1e+0 ┤
    |     │
    |     │
    |1e-1 ┤
    |   0 ┤▽   ▽   ▽   ▽   ▽  ▽   ▽   ▽   ▽  ○ all zero
    |     └┬──────────────────┬────────────
    |      0                  5
    """


def test_overflow_and_missing_points_are_drawn_and_said(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(ENDS, 50, 9, NONE)) == """
    |                      ↑ overflow   not a number: 1
    |1e+6 ┤                       ⢀⡠○            ↑  ○ a
    |     │                  ⢀⣀⠤⠒⠉⠁
    |     │              ⣀⠤⠔⠊⠁
    |     │        ⢀⣀⠤⠔⠊○
    |     │   ⢀⣀⠤⠒⠊⠁
    |1e+0 ┤○⠒⠉⠁
    |     └┬────────────┬───────────┬────────────┬
    |      0            1           2            3
    """
    assert shown(line_chart(HOLES, 50, 9, NONE)) == """
    |        ▽ underflow   ↑ overflow   not a number: 1
    |    │○⣀⡀                    ↑
    |    │  ⠈⠉⠑⠒⠤⢄○
    |2.5 ┤
    |    │                                       ○  ○ a
    |    │
    |  0 ┤                               ▽
    |    └┬───────────────┬──────────────┬────────
    |     0               2              4
    """


def test_explosion(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(GROWS, 50, 8, NONE, y_label="norm")) == """
    |norm
    |1e+10 ┤                                 ○  ○ ρ=1.5
    |      │                        ⣀⣀⡤⠤⠖⠒⠊⠉⠉
    | 1e+5 ┤               ⣀⡤⠤⠤⠒⠊⠉⠉⠉
    |      │     ⣀⣀⡤⠤⠤⠒⠊⠉⠉⠉
    | 1e+0 ┤⠤⠒⠊⠉⠉⠁
    |      └┬────────────┬────────────┬───────
    |       0           20           40
    """


def test_training(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(line_chart([Line("loss", LOSS)], 78, 11, NONE, **LIVE)) == """
    |bits
    |    │
    |5.0 ┤⠢⡀╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  ╌ uniform
    |    │ ⠈⠑⠤⡀
    |    │    ⠈⠢⠤⡀
    |2.5 ┤       ⠈⠉⠢⠤⣀⡀
    |    │            ⠈⠉⠒⠢⠤⠤⣀⣀⡀
    |    │                    ⠈⠉⠉⠉⠒⠒⠒⠒⠢⠤⠤⠤⠤⠤⠤⠤⠤⠤⣀⣀⣀○                      ○ loss
    |  0 ┤
    |    └┬─────────┬─────────┬─────────┬──────────┬─────────┬─────────┬
    |     0        50        100       150        200       250       300   updates
    """
    assert shown(line_chart([Line("loss", LOSS)], 60, 9, ASCII, **LIVE)) == """
    |bits
    |    |
    |5.0 +oo------------------------------------------  - uniform
    |    |  ooo
    |2.5 +     ooooo
    |    |          ooooooooooooooooo
    |  0 +                           ooo                o loss
    |    ++-------------+--------------+-------------+
    |     0            100            200           300   updates
    """
    assert shown(line_chart([Line("train", LOSS), HELD_OUT], 60, 9, NONE, x_label="updates")) == """
    |6 ┤●
    |  │⠪⡑⠤⣀
    |4 ┤ ⠈⠉⠢○⡒⠤⢄⡀
    |  │     ⠈⠉⠉⠪●⡒⠤⢄●⡀
    |2 ┤          ⠈⠉⠉⠢⠬⠭○⣒●⡒⠤⠤●⠤⢄⣀●⣀⡀
    |  │                   ⠈⠉⠉⠉⠒⠒⠒⠒⠤⠬○⠭●⠭⠭⠭●⣉⣉⣒⣒●○⣒⣒○  ● held out
    |0 ┤                                               ○ train
    |  └┬──────────┬──────────┬──────────┬──────────┬
    |   0         50         100        150        200    updates
    """


def test_before_and_after_the_first_point(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(line_chart([Line("loss", [])], 50, 8, NONE, **LIVE)) == """
    |bits
    |5.0 ┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  ○ loss
    |    │                                    ╌ uniform
    |2.5 ┤
    |    │
    |  0 ┤
    |    └┬──────────┬──────────┬──────────┬
    |     0         100        200        300   updates
    """
    assert shown(line_chart([Line("loss", LOSS[:1])], 50, 8, NONE, y_range=(0, 5), **LIVE)) == """
    |bits
    |  │
    |5 ┤○╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  ○ loss
    |  │                                      ╌ uniform
    |  │
    |0 ┤
    |  └┬───────────┬──────────┬───────────┬
    |   0          100        200         300   updates
    """
    assert shown(line_chart([], 30, 6, NONE)) == """
    |1 ┤
    |  │
    |  │
    |0 ┤
    |  └┬──────────────────────────
    |   0
    """
    assert shown(log_chart([], 30, 6, NONE)) == """
    |1e+0 ┤
    |     │
    |     │
    |1e-1 ┤
    |     └┬───────────────────────
    |      0
    """
    assert shown(log_chart([Line("a", [(0, 0.0)])], 30, 6, NONE)) == """
    |○ a
    |1e+0 ┤○
    |     │
    |1e-1 ┤
    |     └┬───────────────────────
    |      0
    """


def test_constant(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(line_chart([Line("a", [(i, 2.5) for i in range(9)])], 40, 8, NONE)) == """
    |  │⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤○  ○ a
    |2 ┤
    |  │
    |1 ┤
    |  │
    |0 ┤
    |  └┬──────────────────┬────────────
    |   0                  5
    """
    assert shown(line_chart([Line("a", [(i, 0.0) for i in range(9)])], 40, 6, NONE)) == """
    |1 ┤
    |  │
    |  │
    |0 ┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤○  ○ a
    |  └┬──────────────────┬────────────
    |   0                  5
    """
    assert shown(log_chart([Line("a", [(i, -3.0) for i in range(9)])], 40, 6, NONE)) == """
    |1e-3 ┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤○  ○ a
    |     │
    |     │
    |1e-4 ┤
    |     └┬─────────────────┬──────────
    |      0                 5
    """


def test_below_zero(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(line_chart([Line("a", [(i, (i - 5) * 0.01) for i in range(12)])], 40, 10, NONE)) == """
    |      │                           ○  ○ a
    | 0.05 ┤                       ⡠⠤⠊⠉
    |      │                   ⡠⠤⠊⠉
    |      │               ⡠⠤⠊⠉
    |    0 ┤           ⡠⠤⠊⠉
    |      │      ⢀⠤⠒⠊⠉
    |      │  ⣀⠤⠔⠊⠁
    |-0.05 ┤⠔⠉
    |      └┬───────────┬────────────┬──
    |       0           5           10
    """


def test_points_far_apart_are_marked(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(line_chart(FEW, 40, 8, NONE)) == """
    |  │               ⢀○⡀
    |  │          ⢀⡠⠤⠒⠉⠁ ⠈⠉⠉⠒⠒⠢⠤⠤⣀⣀⡀
    |2 ┤     ⣀⠤⠔⠒⠉⠁                ⠈⠉⠉⠒○  ○ a
    |  │○⠤⠔⠊⠉
    |  │
    |0 ┤
    |  └┬───────────────┬──────────────┬
    |   0               1              2
    """
    assert shown(line_chart(FEW, 40, 8, ASCII)) == """
    |  |                o
    |  |           ..... ..........
    |2 +      .....                ....o  o a
    |  |o.....
    |  |
    |0 +
    |  ++---------------+--------------+
    |   0               1              2
    """


def test_lines_on_top_of_one_another_all_show(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(SAME, 50, 7, NONE)) == """
    |1e+0 ┤⠤⠤⠤⣀⡀
    |     │    ⠈○⠉⠉⠒●⠤⠤⠤⣀⡀
    |     │              ⠈⠉⠉⠉○⠦⠤●⣀⡀
    |1e-6 ┤                       ⠈⠉⠉⠉⠒⠢⠤○⠤⣀⡀       ○ a
    |     │                                 ⠈●⠉⠉⠒○  ● b
    |     └┬─────────┬────────┬─────────┬─────────
    |      0        10       20        30
    """
    assert shown(log_chart(SAME, 50, 7, ASCII)) == """
    |1e+0 +oxoxox
    |     |      oxoxoxoxo
    |     |               xoxoxoxoxo
    |1e-6 +                         xoxoxoxox       o a
    |     |                                  oxoxo  x b
    |     ++---------+--------+---------+---------
    |      0        10       20        30
    """
    row = log_chart(SAME, 50, 7, Look())[0]
    assert {span.style for span in row[1:]} >= {Look().accent}


def test_little_room(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(FLOWS[:2], 40, 1, NONE, x_label="steps", y_label="norm")) == """
    |1e+0 ┤⠤⠤⠤⠤⠤○⠤⠤⠤●⣤⣤⣤⣤⣤⣤⣤○⣤⣤⣤●⣤⣤⣤⣤⣤⣤⣤⣤○⣤⣤●
    """
    assert shown(log_chart(FLOWS[:2], 40, 3, NONE, x_label="steps", y_label="norm")) == """
    |1e+0 ┤⠤⠤⠤⣤○⡤⠤⠤⠤⠤⠤⠤⠤⣄⣀⣀⣀○⣀⣀⣀⣀⣀○  ○ ρ=0.99
    |     │     ⠈⠉⠉●⠒⠢⠤⠤⣄⣀⡀
    |1e-1 ┤               ⠈⠉⠉⠓⠒⠢●⠤●  ● ρ=0.95
    """
    assert shown(log_chart(FLOWS[:2], 40, 5, NONE, x_label="steps", y_label="norm")) == """
    |1e+0 ┤⠤⠤⠤⣤○⡤⠤⠤⠤⠤⠤⠤⠤⣄⣀⣀⣀○⣀⣀⣀⣀⣀○  ○ ρ=0.99
    |     │     ⠈⠉⠉●⠒⠢⠤⠤⣄⣀⡀
    |1e-1 ┤               ⠈⠉⠉⠓⠒⠢●⠤●  ● ρ=0.95
    |     └┬────────┬────────┬─────
    |      0       20       40          steps
    """
    assert shown(log_chart(FLOWS[:2], 40, 4, NONE, x_label="steps", y_label="norm")) == """
    |1e+0 ┤⠤⠤⠤⠤○⠤⣤⣤●⣤⡤⠤⠤⠤⠤⠤⠤○⠤⠤⠤⠤⠤○  ○ ρ=0.99
    |1e-1 ┤          ⠈⠉⠉⠉⠉⠉⠒⠒⠒⠒⠢●⠤●  ● ρ=0.95
    |     └┬────────┬────────┬─────
    |      0       20       40          steps
    """
    assert shown(log_chart(VANISHED, 40, 4, NONE, x_label="steps", y_label="norm")) == """
    |norm                         ▽ underflow
    |1e+0 ┤⠤⠤⣀⣀⣀⣀⣀⣀○ ▽▽▽▽▽▽▽▽▽▽▽▽▽▽▽  ○ ρ=0.5
    |     └┬───────────┬───────────┬
    |      0          10          20    steps
    """
    assert shown(log_chart(FLOWS[:2], 12, 8, NONE, x_label="steps", y_label="norm")) == """
    |norm
    |○ ρ=0.99
    |● ρ=0.95
    |1e+0 ┤⠤⡤⠤⣄○○
    |     │ ⠉⠧⡄
    |1e-1 ┤   ⠉⠧●
    |     └┬─────
    |      0
    """


def test_the_name_of_an_axis_hides_neither_its_first_tick_nor_its_last(shown) -> None:  # type: ignore[no-untyped-def]
    def axis(width: int, name: str, label: str = "") -> str:
        line = Line(label, [(0.0, 0.0), (50.0, -1.0)])
        return str(shown(log_chart([line], width, 4, NONE, x_label=name)[-2:]))

    assert axis(40, "steps", "beside") == """
    |     └┬────────┬────────┬─────
    |      0       20       40          steps
    """
    assert axis(60, "steps") == """
    |     └┬──────────┬─────────┬──────────┬─────────┬──────────┬
    |      0         10        20         30        40  steps  50
    """
    assert axis(40, "a longer name") == """
    |     └┬────────────┬────────────┬───────
    |      0     a longer name      40
    """
    assert axis(22, "a longer name") == """
    |     └┬──────────────┬
    |      0  a longer…  50
    """
    assert axis(12, "a longer name") == """
    |     └┬─────
    |      0
    """


def test_labels_are_text(shown) -> None:  # type: ignore[no-untyped-def]
    assert shown(log_chart(STRANGE, 40, 7, NONE, x_label="词", y_label="h[t-1]")) == """
    |h[t-1]
    |1e+0 ┤○⣤⣀⣀⣀⡀
    |     │   ⠉⠑⠚⠫⠭⣉⣒⠒⠒⠢⠤⠤⠤⣀⣀⣀⡀
    |     │          ⠉⠑⠒⠢⠤⣀⣀  ⠈⠉○  ○ a [/b] c
    |1e-2 ┤                 ⠉⠑⠒⠢●  ● 永远
    |     └┬────────────────────┬
    |      0                    1          词
    """


def test_colors_of_a_chart() -> None:
    look = Look()
    rows = log_chart(FLOWS, 78, 14, look)
    styles = [span.style for row in rows for span in row if span.text.strip()]
    assert styles[0] == look.muted
    colors = {style.color for style in styles} - {look.muted.color}
    assert colors == {"#6fd0bf", "#f2994a", "#7396ff", "#d8649f"}
    assert all(row_width(row) == 78 for row in rows)


def test_ticks_stand_exactly_on_rows() -> None:
    for rows in range(2, 30):
        for span in (0.3, 1.0, 4.7, 20.0, 333.0):
            for from_top in (False, True):
                fitted = scale(0.0, span, rows, nice_steps(span), from_top=from_top)
                places = [(row, fitted.place(value)) for row, value in fitted.ticks()]
                assert places
                assert all(abs(row - place) < 1e-6 for row, place in places)
                assert fitted.place(span) > -1e-6
                assert fitted.place(0.0) < rows - 1 + 1e-6


def test_tick_text() -> None:
    assert [tick_text(v, 0.5) for v in (0.0, 0.5, 1e-17)] == ["0", "0.5", "0"]
    assert [tick_text(v, 2.5) for v in (2.5, 5.0)] == ["2.5", "5.0"]
    assert [tick_text(v, 0.25) for v in (0.25, -0.5)] == ["0.25", "-0.50"]
    assert [tick_text(v, 20.0) for v in (20.0, 400.0)] == ["20", "400"]
    assert [tick_text(v, 1.0) for v in (1e6, 1e6 + 1)] == ["1000000", "1000001"]
    assert [tick_text(v, 1e6) for v in (1e6, 2e7)] == ["1e+06", "2e+07"]
    assert tick_text(2e-7, 1e-7) == "2e-07"


def test_x_ticks() -> None:
    assert x_ticks(0, 50, 61) == (Tick(0, "0"), *(Tick(12 * n, str(10 * n)) for n in range(1, 6)))
    assert x_ticks(0, 0, 40) == (Tick(0, "0"),)
    assert x_ticks(3, 3, 40) == (Tick(0, "3"),)
    assert x_ticks(0, 1, 0) == ()


def test_names_beside_the_plot_never_share_a_row() -> None:
    ends = {"a": 3.0, "b": 2.9, "c": 3.2, "d": 0.0}
    entries = [Entry("", PLAIN, name, place) for name, place in ends.items()]
    assert {row: entry.text for row, entry in spread(entries, 5).items()} == {0: "d", 2: "b", 3: "a", 4: "c"}
    low = [Entry("", PLAIN, name, 4.0) for name in "abc"]
    assert {row: entry.text for row, entry in spread(low, 5).items()} == {2: "a", 3: "b", 4: "c"}


@many
@given(st.lists(st.tuples(*[st.integers(0, 60)] * 4), max_size=12))
def test_strokes_light_the_dots_that_one_by_one_would(strokes: list[tuple[int, int, int, int]]) -> None:
    dots = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    lit: dict[tuple[int, int], int] = {}
    for x0, y0, x1, y1 in strokes:
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        for n in range(length + 1):
            x, y = round(x0 + (x1 - x0) * n / length), round(y0 + (y1 - y0) * n / length)
            lit[x // 2, y // 4] = lit.get((x // 2, y // 4), 0) | dots[x % 2][y % 4]
    assert {(column, row): bits for column, row, bits in _lit(strokes)} == lit
