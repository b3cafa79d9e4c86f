"""The gradient figure under keys and mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tutor.course.figures.gradient import Gradient, GradientValues, Series
from tutor.ui.app import DARK, LIGHT
from tutor.ui.figures import gradient as module
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.gradient import GradientChart, GradientFigure
from tutor.ui.figures.registry import figure_widget
from tutor.ui.widgets.ask import NumberField

SLIDES = Gradient(radii=(0.9, 0.5), steps=20, hidden=4, slider=True)


class Alone(App[None]):
    """A figure and nothing else."""

    def __init__(self, figure: GradientFigure) -> None:
        super().__init__()
        self.figure = figure
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.figure

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = "night"

    def on_figure_told(self, message: Figure.Told) -> None:
        self.told.append(message.word)

    @property
    def text(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())

    @property
    def labels(self) -> list[str]:
        return [s.label for s in self.figure.query_one(GradientChart).values.series]


@asynccontextmanager
async def opened(
    options: Gradient, values: GradientValues | None = None, size: tuple[int, int] = (80, 20)
) -> AsyncIterator[tuple[Alone, Pilot[None]]]:
    figure = figure_widget("gradient", options, values or options.measure(), lambda: 0.0)
    assert isinstance(figure, GradientFigure)
    app = Alone(figure)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def test_a_move_of_the_slider_is_on_the_screen_with_the_next_frame() -> None:
    async with opened(SLIDES) as (app, pilot):
        app.query_one(NumberField).focus()
        await pilot.press("right")
        assert app.labels == ["ρ=0.91", "ρ=0.5"]
        assert "ρ=0.91" in app.text
        assert "0.91²⁰ = 0.15, measured 0.15" in app.text
        assert app.figure.tables()[0].columns[1].endswith("ρ=0.91")


async def test_a_landmark_that_the_slider_came_by_is_still_there() -> None:
    async with opened(SLIDES) as (app, pilot):
        field = app.query_one(NumberField)
        field.value = 0.5
        await pilot.pause()
        assert app.labels == ["ρ=0.5"]
        field.value = 0.6
        await pilot.pause()
        assert app.labels == ["ρ=0.6", "ρ=0.5"]


async def test_v_puts_tanh_on_and_off() -> None:
    async with opened(SLIDES) as (app, pilot):
        app.query_one(GradientChart).focus()
        assert "RNN · tanh off" in app.text
        await pilot.press("v")
        assert app.figure.options.activation == "tanh"
        assert "RNN · tanh on" in app.text
        assert "ρᵏ" in app.text
        assert app.figure.values == SLIDES_TANH.measure()
        await pilot.press("v")
        assert app.figure.values == SLIDES.measure()


SLIDES_TANH = Gradient(radii=(0.9, 0.5), steps=20, hidden=4, slider=True, activation="tanh")


async def test_c_goes_through_the_cells_and_keeps_rho() -> None:
    async with opened(SLIDES) as (app, pilot):
        app.query_one(NumberField).focus()
        await pilot.press("right")
        for cell in ("gru", "lstm", "rnn"):
            await pilot.press("c")
            assert app.figure.options.untrained == (cell,)
            assert f"· {cell.upper()}" in app.text
            assert app.labels == ["ρ=0.91", "ρ=0.5"]
        await pilot.press("c", "v")
        assert app.told == ["The gates' functions are what makes the cell: only the RNN has others."]


async def test_what_has_nothing_to_change_says_why() -> None:
    cells = Gradient(cells=("rnn", "gru"), steps=9, hidden=3, activation="tanh")
    async with opened(cells) as (app, pilot):
        app.query_one(GradientChart).focus()
        await pilot.press("v", "c")
        assert app.told == ["The gated cells beside it have tanh alone.", "The cells stand beside one another here."]
        assert app.figure.hints == ()
    trained = GradientValues((Series("reader", (0.0, -1.0), trained=True),), 1)
    async with opened(Gradient(model="reader"), trained) as (app, pilot):
        app.query_one(GradientChart).focus()
        await pilot.press("v", "c")
        assert len(app.told) == 2
        assert all("trained network keeps" in word for word in app.told)
        assert app.figure.values == trained


async def test_what_was_trained_stays_while_rho_moves() -> None:
    options = Gradient(model="reader", cells=("rnn",), radii=(0.9,), steps=5, hidden=2, slider=True)
    known = (Series("reader", (0.0, -1.0, -2.5), trained=True),)
    async with opened(options, options.measure(known)) as (app, pilot):
        app.query_one(NumberField).focus()
        await pilot.press("left")
        assert app.labels == ["reader", "ρ=0.89"]
        assert app.figure.values.series[0] == known[0]


async def test_the_cursor_reads_every_series_at_a_distance() -> None:
    async with opened(SLIDES) as (app, pilot):
        chart = app.query_one(GradientChart)
        chart.focus()
        await pilot.pause()
        assert "20 steps back   ○ 0.12   ● 9.5e-7" in app.text
        await pilot.press("left", "left")
        assert chart.cursor == 18
        assert "18 steps back   ○ 0.15   ● 3.8e-6" in app.text
        await pilot.press("pageup")
        assert chart.cursor == 8
        await pilot.press("pageup")
        assert chart.cursor == 0
        assert app.told == []
        await pilot.press("left")
        assert app.told == ["This is the loss."]
        await pilot.press("pagedown", "pagedown", "right")
        assert chart.cursor == 20
        assert app.told[1:] == ["No series goes back farther."]


async def test_a_click_reads_where_it_hit() -> None:
    async with opened(SLIDES) as (app, pilot):
        chart = app.query_one(GradientChart)
        found = []
        for x in (10, 30, 50):
            await pilot.click(chart, offset=(x, 4))
            found.append(chart.cursor)
            assert any("│" in line[x - 2 : x + 3] for line in app.text.split("\n"))
        assert found == sorted(found)
        assert len(set(found)) == 3
        assert chart.has_focus
        await pilot.click(chart, offset=(1, 4))
        assert chart.cursor == found[-1]


async def test_what_does_not_fit_a_frame_is_measured_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    asked: list[Any] = []
    async with opened(SLIDES) as (app, pilot):
        monkeypatch.setattr(app.figure, "later", lambda compute, show: asked.append((compute, show)))
        app.query_one(NumberField).focus()
        await pilot.press("right")
        assert app.labels == ["ρ=0.9", "ρ=0.5"]
        ((compute, show),) = asked
        show(compute())
        assert app.labels == ["ρ=0.91", "ρ=0.5"]


@pytest.mark.parametrize("size", [(58, 8), (66, 30), (78, 11)])
async def test_it_works_at_any_size(size: tuple[int, int]) -> None:
    async with opened(SLIDES, size=size) as (app, _):
        assert app.text.count("steps back from") == 1
        assert "0.3 ├" in app.text
        assert len(app.text.split("\n")) == size[1]


async def test_resizes_and_themes_change_no_number() -> None:
    async with opened(SLIDES, size=(120, 36)) as (app, pilot):
        app.query_one(GradientChart).focus()
        await pilot.press("left")
        before = app.text
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert "19 steps back" in app.text
        app.theme = "day"
        await pilot.pause()
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == before


def test_every_key_of_its_own_is_named() -> None:
    figure = GradientFigure(SLIDES, SLIDES.measure())
    assert [h.key for h in figure.hints] == ["← →", "v", "c"]
    assert {"v", "c"} <= {key for key, _ in figure.help_keys}
    still = Gradient(cells=("gru",), activation="tanh", steps=3)
    assert [h.key for h in GradientFigure(still, still.measure()).hints] == ["c"]
