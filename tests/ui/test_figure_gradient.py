"""The gradient figure under keys and mouse."""

from __future__ import annotations

from typing import Any

import pytest

from tutor.course.figures.gradient import Gradient, GradientValues, Series
from tutor.ui.app import LIGHT
from tutor.ui.figures import gradient as module
from tutor.ui.figures.gradient import GradientChart, GradientFigure
from tutor.ui.figures.registry import figure_widget
from tutor.ui.widgets.means.number import NumberField

from .bench import bench

SLIDES = Gradient(radii=(0.9, 0.5), steps=20, hidden=4, slider=True)
SIZE = (80, 20)


def figure(options: Gradient, values: GradientValues | None = None) -> GradientFigure:
    made = figure_widget("gradient", options, values or options.measure(), lambda: 0.0)
    assert isinstance(made, GradientFigure)
    return made


def labels(figure: GradientFigure) -> list[str]:
    return [s.label for s in figure.query_one(GradientChart).values.series]


async def test_a_move_of_the_slider_is_on_the_screen_with_the_next_frame() -> None:
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        app.query_one(NumberField).focus()
        await hand.press("right")
        assert labels(app.figure) == ["ρ=0.91", "ρ=0.5"]
        assert "ρ=0.91" in app.text
        assert "0.91²⁰ = 0.15, measured 0.15" in app.text
        assert app.figure.tables()[0].columns[1].endswith("ρ=0.91")


async def test_a_landmark_that_the_slider_came_by_is_still_there() -> None:
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        field = app.query_one(NumberField)
        field.value = 0.5
        await hand.settle()
        assert labels(app.figure) == ["ρ=0.5"]
        field.value = 0.6
        await hand.settle()
        assert labels(app.figure) == ["ρ=0.6", "ρ=0.5"]


async def test_v_puts_tanh_on_and_off() -> None:
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        app.query_one(GradientChart).focus()
        assert "RNN · tanh off" in app.text
        await hand.press("v")
        assert app.figure.options.activation == "tanh"
        assert "RNN · tanh on" in app.text
        assert "ρᵏ" in app.text
        assert app.figure.values == SLIDES_TANH.measure()
        await hand.press("v")
        assert app.figure.values == SLIDES.measure()


SLIDES_TANH = Gradient(radii=(0.9, 0.5), steps=20, hidden=4, slider=True, activation="tanh")


async def test_c_goes_through_the_cells_and_keeps_rho() -> None:
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        app.query_one(NumberField).focus()
        await hand.press("right")
        for cell in ("gru", "lstm", "rnn"):
            await hand.press("c")
            assert app.figure.options.untrained == (cell,)
            assert f"· {cell.upper()}" in app.text
            assert labels(app.figure) == ["ρ=0.91", "ρ=0.5"]
        await hand.press("c", "v")
        assert app.told == ["The gates' functions are what makes the cell: only the RNN has others."]


async def test_what_has_nothing_to_change_says_why() -> None:
    cells = Gradient(cells=("rnn", "gru"), steps=9, hidden=3, activation="tanh")
    async with bench(figure(cells), SIZE) as (app, hand):
        app.query_one(GradientChart).focus()
        await hand.press("v", "c")
        assert app.told == ["The gated cells beside it have tanh alone.", "The cells stand beside one another here."]
        assert [h.key for h in app.figure.hints] == ["← →"]
    trained = GradientValues((Series("reader", (0.0, -1.0), trained=True),), 1)
    async with bench(figure(Gradient(model="reader"), trained), SIZE) as (app, hand):
        app.query_one(GradientChart).focus()
        await hand.press("v", "c")
        assert len(app.told) == 2
        assert app.told == [
            "A network given to this figure keeps its activation.",
            "A network given to this figure keeps its cell.",
        ]
        assert app.figure.help_keys == (("← →", "another distance"), ("pageup pagedown", "on the chart, ten steps"))
        assert app.figure.values == trained


async def test_what_was_trained_stays_while_rho_moves() -> None:
    options = Gradient(model="reader", cells=("rnn",), radii=(0.9,), steps=5, hidden=2, slider=True)
    known = (Series("reader", (0.0, -1.0, -2.5), trained=True),)
    async with bench(figure(options, options.measure(known)), SIZE) as (app, hand):
        app.query_one(NumberField).focus()
        await hand.press("left")
        assert labels(app.figure) == ["reader", "ρ=0.89"]
        assert app.figure.values.series[0] == known[0]


async def test_the_cursor_reads_every_series_at_a_distance() -> None:
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        chart = app.query_one(GradientChart)
        chart.focus()
        await hand.settle()
        assert "20 steps back   ○ 0.12   ● 9.5e-7" in app.text
        await hand.press("left", "left")
        assert chart.cursor == 18
        assert "18 steps back   ○ 0.15   ● 3.8e-6" in app.text
        await hand.press("pageup")
        assert chart.cursor == 8
        await hand.press("pageup")
        assert chart.cursor == 0
        assert app.told == []
        await hand.press("left")
        assert app.told == ["This is the loss."]
        await hand.press("pagedown", "pagedown", "right")
        assert chart.cursor == 20
        assert app.told[1:] == ["No series goes back farther."]


async def test_a_click_reads_where_it_hit() -> None:
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        chart = app.query_one(GradientChart)
        found = []
        for x in (10, 30, 50):
            await hand.click(chart, x, 4)
            found.append(chart.cursor)
            assert any("│" in line[x - 2 : x + 3] for line in app.text.split("\n"))
        assert found == sorted(found)
        assert len(set(found)) == 3
        assert chart.has_focus
        await hand.click(chart, 1, 4)
        assert chart.cursor == found[-1]


async def test_what_does_not_fit_a_frame_is_measured_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    asked: list[Any] = []
    async with bench(figure(SLIDES), SIZE) as (app, hand):
        monkeypatch.setattr(app.figure, "later", lambda compute, show: asked.append((compute, show)))
        app.query_one(NumberField).focus()
        await hand.press("right")
        assert labels(app.figure) == ["ρ=0.9", "ρ=0.5"]
        ((compute, show),) = asked
        show(compute())
        assert labels(app.figure) == ["ρ=0.91", "ρ=0.5"]


@pytest.mark.parametrize("size", [(58, 8), (66, 30), (78, 11)])
async def test_it_works_at_any_size(size: tuple[int, int]) -> None:
    async with bench(figure(SLIDES), size) as (app, _hand):
        assert app.text.count("  steps back") == 1
        assert "0.3 ├" in app.text
        assert len(app.text.split("\n")) == size[1]


async def test_resizes_and_themes_change_no_number() -> None:
    async with bench(figure(SLIDES), (120, 36)) as (app, hand):
        app.query_one(GradientChart).focus()
        await hand.press("left")
        before = app.text
        await hand.resize(60, 20)
        assert "19 steps back" in app.text
        app.theme = LIGHT.name
        await hand.settle()
        await hand.resize(120, 36)
        assert app.text == before


def test_every_key_of_its_own_is_named() -> None:
    figure = GradientFigure(SLIDES, SLIDES.measure())
    assert [h.key for h in figure.hints] == ["← →", "v", "c"]
    assert [key for key, _ in figure.help_keys] == ["← →", "pageup pagedown", "v", "c"]
    still = Gradient(cells=("gru",), activation="tanh", steps=3)
    assert [h.key for h in GradientFigure(still, still.measure()).hints] == ["← →", "c"]
