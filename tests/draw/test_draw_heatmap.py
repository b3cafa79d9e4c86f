"""Values as cells."""

from __future__ import annotations

import math

import pytest

from tutor.draw.cells import Look, Row, Span, Style
from tutor.draw.glyphs import bar, bar_leftwards, signed_glyph, subscript
from tutor.draw.heatmap import heat_row, legend, value_cell
from tutor.draw.palettes import color

NONE = Look("none")
ASCII = Look("none", ascii=True)
RAMP = [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]
ODD = [math.nan, math.inf, -math.inf]


def text(row: Row) -> str:
    return "".join(span.text for span in row)


def test_glyphs_say_sign_and_size() -> None:
    assert text(heat_row(RAMP, NONE, width=1)) == "≡═-╌·░▒▓█"
    assert text(heat_row(RAMP, NONE)) == "≡≡══--╌╌··░░▒▒▓▓██"
    assert text(heat_row(RAMP, ASCII, width=1)) == "~=-,.:+*#"
    assert text(heat_row(RAMP, ASCII, width=3)) == "~~~===---,,,...:::+++***###"


def test_what_is_no_finite_number_is_said() -> None:
    assert text(heat_row(ODD, NONE, width=1)) == "?↑↓"
    assert text(heat_row(ODD, NONE)) == "? +∞-∞"
    assert text(heat_row(ODD, NONE, width=4)) == " ?   +∞  -∞ "
    assert text(heat_row(ODD, ASCII, width=1)) == "?^v"
    assert text(heat_row(ODD, ASCII)) == "? ^^vv"
    assert text(heat_row(ODD, ASCII, width=4)) == " ?  +inf-inf"
    assert text(heat_row(ODD, Look())) == "? +∞-∞"
    assert heat_row(ODD, Look(), bright=True)[1].style.background == color(1, Look())
    assert heat_row(ODD, Look(), bright=True)[2].style.background == color(-1, Look())


@pytest.mark.parametrize("look", [Look(), Look(dark=False), Look("256"), Look("256", dark=False)])
def test_colors(look: Look) -> None:
    assert heat_row([-1, 0, 0.5], look, bright=True) == tuple(
        Span("  ", Style(background=color(v, look))) for v in (-1, 0, 0.5)
    )
    assert heat_row([-1, 0, 0.5], look) == tuple(
        Span("  ", Style(background=color(v, look, toned=True))) for v in (-1, 0, 0.5)
    )


def test_exact_colors() -> None:
    values = [-1, -0.4, 0, 0.4, 1]

    def backgrounds(look: Look, bright: bool) -> list[str | None]:
        return [span.style.background for span in heat_row(values, look, bright=bright)]

    assert backgrounds(Look(), True) == ["#8ccbff", "#1e537c", "#24272c", "#794411", "#ffc173"]
    assert backgrounds(Look(), False) == ["#5b80a0", "#1d3b55", "#1e2126", "#51331c", "#9c7b53"]
    assert backgrounds(Look(dark=False), True) == ["#0a4078", "#8abade", "#ebebe8", "#e7af78", "#7d3400"]
    assert backgrounds(Look("256"), True) == ["#87d7ff", "#005fd7", "#262626", "#af5f00", "#ffd787"]
    assert backgrounds(Look("256"), False) == ["#00afff", "#005f87", "#262626", "#875f00", "#ffaf00"]
    assert backgrounds(Look("256", dark=False), True) == [
        "#00005f",
        "#87afd7",
        "#eeeeee",
        "#ffaf5f",
        "#5f0000",
    ]


def test_the_current_row_is_bold_without_colors() -> None:
    assert value_cell(0.5, NONE) == Span("▒▒", Style(bold=True))
    assert value_cell(0.5, NONE, bright=False) == Span("▒▒", Style())


def test_cursor() -> None:
    row = heat_row([-1, 1, 0], Look(), bright=True, cursor=1)
    assert row[1] == Span("[]", Style("#080808", color(1, Look()), bold=True))
    assert value_cell(0, Look(), cursor=True).style.color == "#eeeeee"
    assert text(heat_row([-1, 1, 0], Look(), width=1, cursor=2)) == "  •"
    assert text(heat_row([-1, 1, 0], Look(ascii=True), width=1, cursor=2)) == "  +"
    assert text(heat_row([-1, 1, 0], Look(), width=4, cursor=0)) == "[  ]        "
    # Without colours its glyph stays as it is: reversed, a shade looks like another, and a full block like nothing.
    for value, shown in ((1, "[█"), (0.3, "[░"), (0, "[·"), (-1, "[≡")):
        assert heat_row([value, 1], NONE, bright=True, cursor=0) == (
            Span(shown, Style(bold=True)),
            Span("██", Style(bold=True)),
        )
    assert text(heat_row([-1, 1, 0], NONE, width=4, cursor=1)) == "≡≡≡≡[██]····"
    for at, sign in enumerate("-+0"):
        cell = heat_row([-0.9, 0.9, 0], NONE, width=1, bright=True, cursor=at)[at]
        assert cell == Span(sign, Style(bold=True, reverse=True))
    assert value_cell(math.nan, NONE, cursor=True).style.reverse
    assert value_cell(math.inf, Look(), cursor=True).style.underline
    # A cursor beyond the values is nowhere.
    assert heat_row([1], NONE, cursor=1) == heat_row([1], NONE, cursor=-1) == heat_row([1], NONE)


def test_limit() -> None:
    assert text(heat_row([-4, -2, 0, 2, 4, 9], NONE, limit=4, width=1)) == "≡-·▒██"
    # No limit that could be one: as if it were 1.
    for limit in (0.0, -1.0, math.nan, math.inf):
        assert heat_row(RAMP, NONE, limit=limit) == heat_row(RAMP, NONE)


def test_spans_are_made_once() -> None:
    assert value_cell(0.5, Look()) is value_cell(0.5, Look())


# Pictures keep their own lines.
# fmt: off
def test_legend(shown, painted) -> None:  # type: ignore[no-untyped-def]
    assert shown(legend(NONE, 24)) == """
    |-1 ≡≡═---╌·0·░▒▒▒▓██ +1
    """
    assert shown(legend(ASCII, 24)) == """
    |-1 ~~=---,.0.:+++*## +1
    """
    assert shown(legend(NONE, 13)) == """
    |-1 ≡═╌0░▓█ +1
    """
    assert shown(legend(Look(), 24)) == """
    |-1         0         +1
    """
    row = legend(Look(), 24)
    assert painted(row, Look()) == "mmm" + "x" * 17 + "mmm."
    assert row[1].style.background == color(-1, Look())
    assert row[-3].style.background == color(1, Look())


# fmt: on
def test_glyph_ends() -> None:
    assert [signed_glyph(v) for v in (-9.0, -0.1, -0.0, 0.1, 9.0)] == ["≡", "·", "·", "·", "█"]
    assert [signed_glyph(v, ascii=True) for v in (-9.0, math.nan, 9.0)] == ["~", "?", "#"]


def test_bar_glyphs() -> None:
    assert [bar(n / 8) for n in (0, 1, 4, 7, 8, 12)] == ["", "▏", "▌", "▉", "█", "█▌"]
    assert [bar(n, ascii=True) for n in (0.0, 0.2, 0.6, 2.0)] == ["", "-", "#", "##"]
    assert [bar_leftwards(n) for n in (0.0, 0.1, 0.5, 1.0, 1.5)] == ["", "▐", "▐", "█", "▐█"]
    assert [bar_leftwards(n, ascii=True) for n in (0.0, 0.2, 2.0)] == ["", "-", "##"]
    # More than nothing shows, and what is no number does not.
    assert bar(1e-9) == "▏"
    assert bar(math.nan) == bar(-1) == bar_leftwards(math.nan) == ""


def test_subscript() -> None:
    assert subscript("h", 120) == "h₁₂₀"
    assert subscript("h", 120, ascii=True) == "h120"
