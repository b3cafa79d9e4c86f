"""The Jacobian product under keys and mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tutor.course.experiment import Experiment
from tutor.course.figures.jacobian import Jacobian, JacobianValues, factors
from tutor.engine import gradient_flow
from tutor.ui.app import DARK, LIGHT
from tutor.ui.figures import jacobian as module
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.jacobian import Factors, JacobianFigure
from tutor.ui.figures.registry import figure_widget
from tutor.ui.widgets.ask import NumberField

SLIDES = Jacobian(steps=12, hidden=4, slider=True)


class Alone(App[None]):
    """A figure and nothing else."""

    def __init__(self, figure: JacobianFigure) -> None:
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
    def current(self) -> str:
        """The row that is marked, without its mark."""
        return next(line for line in self.text.split("\n") if line.startswith("▸"))[1:].strip()


@asynccontextmanager
async def opened(
    options: Jacobian, values: JacobianValues | None = None, size: tuple[int, int] = (78, 11)
) -> AsyncIterator[tuple[Alone, Pilot[None]]]:
    figure = figure_widget("jacobian", options, values or options.measure(), lambda: 0.0)
    assert isinstance(figure, JacobianFigure)
    app = Alone(figure)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.query_one(Factors).focus()
        await pilot.pause()
        yield app, pilot


async def test_the_cursor_goes_back_step_by_step() -> None:
    async with opened(SLIDES) as (app, pilot):
        assert app.current.startswith("1 ")
        assert "∂h₁₂/∂h₁₁" in app.text
        await pilot.press("down", "down")
        assert app.current.startswith("3 ")
        assert "∂h₁₀/∂h₉" in app.text
        found = app.figure.values.factors[2]
        assert f"{found.factor:.2f}" in app.current
        assert f"mean slope {found.slope:.2f}" in app.text
        await pilot.press("pagedown")
        assert app.current.startswith("12 ")
        assert app.told == []
        await pilot.press("down")
        assert app.told == ["This is the first step."]
        await pilot.press("pageup", "up", "up")
        assert app.told[1:] == ["This is the last step: the product begins here."]


async def test_a_click_chooses_a_step() -> None:
    async with opened(SLIDES) as (app, pilot):
        chart = app.query_one(Factors)
        await pilot.click(chart, offset=(8, 4))
        assert app.current.startswith("4 ")
        await pilot.click(chart, offset=(8, 0))
        assert app.current.startswith("4 ")
        app.query_one(NumberField).focus()
        await pilot.click(chart, offset=(8, 2))
        assert chart.has_focus


async def test_the_slider_multiplies_again() -> None:
    async with opened(SLIDES) as (app, pilot):
        await pilot.press("down")
        app.query_one(NumberField).focus()
        await pilot.press("right", "right")
        expected = Jacobian(steps=12, hidden=4, radius=0.92).measure()
        assert app.figure.values == expected
        assert app.figure.tables() == expected.tables()
        assert f"{expected.factors[1].factor:.2f}" in app.current
        assert app.current.startswith("2 ")


async def test_another_cell_and_another_activation() -> None:
    async with opened(SLIDES) as (app, pilot):
        await pilot.press("v")
        assert app.figure.values == Jacobian(steps=12, hidden=4, activation="identity").measure()
        assert "mean slope 1.00" in app.text
        await pilot.press("v")
        assert app.figure.values == SLIDES.measure()
        await pilot.press("v", "c")
        assert app.figure.values == Jacobian(cell="gru", steps=12, hidden=4).measure()
        await pilot.press("c")
        assert app.figure.values.state == "(h, c)"
        assert "∂(h, c)₁₂" in app.text
        await pilot.press("v")
        assert app.told[-1] == "The gates' functions are what makes the cell: only the RNN has others."
        await pilot.press("c")
        assert app.figure.values == SLIDES.measure()


async def test_a_model_of_the_lesson_keeps_what_it_is() -> None:
    run = Experiment("never too late 永远", hidden=5).run()
    values = factors(gradient_flow(run.model.net, run.trace), "rnn", run.tokens)
    async with opened(Jacobian(model="m"), values, size=(66, 30)) as (app, pilot):
        assert [h.key for h in app.figure.hints] == ["↑ ↓"]
        assert "永" in app.text
        await pilot.press("v", "c")
        assert app.told == [
            "A trained network keeps the activation that it was trained with.",
            "A trained network keeps its cell.",
        ]
        assert app.figure.values is values
        h = run.hidden[-1].astype(np.float64)
        assert f"mean slope {(1 - h * h).mean():.2f}" in app.text


async def test_what_does_not_fit_a_frame_is_measured_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    asked: list[Any] = []
    async with opened(SLIDES) as (app, pilot):
        monkeypatch.setattr(app.figure, "later", lambda compute, show: asked.append((compute, show)))
        await pilot.press("c")
        assert app.figure.values == SLIDES.measure()
        ((compute, show),) = asked
        show(compute())
        assert app.figure.values == Jacobian(cell="gru", steps=12, hidden=4).measure()


@pytest.mark.parametrize("size", [(58, 8), (66, 30), (78, 11)])
async def test_it_works_at_any_size(size: tuple[int, int]) -> None:
    async with opened(SLIDES, size=size) as (app, _):
        assert "product" in app.text
        assert "mean slope" in app.text
        assert "0.3 ├" in app.text


async def test_resizes_and_themes_change_no_number() -> None:
    async with opened(SLIDES, size=(120, 36)) as (app, pilot):
        await pilot.press("down")
        before = app.text
        await pilot.resize_terminal(60, 20)
        app.theme = "day"
        await pilot.pause()
        assert app.current.startswith("2 ")
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == before


def test_every_key_of_its_own_is_named() -> None:
    figure = JacobianFigure(SLIDES, SLIDES.measure())
    assert [h.key for h in figure.hints] == ["↑ ↓", "← →", "c", "v"]
    assert {"v", "c", "↑ ↓"} <= {key for key, _ in figure.help_keys}
