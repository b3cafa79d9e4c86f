"""The Jacobian product under keys and mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from tutor.course.figures.jacobian import Jacobian, JacobianValues, factors
from tutor.engine import gradient_flow
from tutor.sandbox.experiment import Experiment
from tutor.ui.app import LIGHT
from tutor.ui.figures import jacobian as module
from tutor.ui.figures.jacobian import Factors, JacobianFigure
from tutor.ui.figures.registry import figure_widget
from tutor.ui.widgets.means.number import NumberField

from .bench import Bench, Hand, bench

SLIDES = Jacobian(steps=12, hidden=4, slider=True)


@asynccontextmanager
async def opened(
    options: Jacobian, values: JacobianValues | None = None, size: tuple[int, int] = (78, 11)
) -> AsyncIterator[tuple[Bench[JacobianFigure], Hand[JacobianFigure]]]:
    """With the keys on the factors."""
    figure = figure_widget("jacobian", options, values or options.measure(), lambda: 0.0)
    assert isinstance(figure, JacobianFigure)
    async with bench(figure, size) as (app, hand):
        app.query_one(Factors).focus()
        await hand.settle()
        yield app, hand


def current(app: Bench[JacobianFigure]) -> str:
    """The row that is marked, without its mark."""
    return next(line for line in app.lines if line.startswith("▸"))[1:].strip()


async def test_the_cursor_goes_back_step_by_step() -> None:
    async with opened(SLIDES) as (app, hand):
        assert current(app).startswith("1 ")
        assert "∂h₁₂/∂h₁₁" in app.text
        await hand.press("down", "down")
        assert current(app).startswith("3 ")
        assert "∂h₁₀/∂h₉" in app.text
        found = app.figure.values.factors[2]
        assert f"{found.factor:.2f}" in current(app)
        assert f"mean slope {found.slope:.2f}" in app.text
        await hand.press("pagedown")
        assert current(app).startswith("12 ")
        assert app.told == []
        await hand.press("down")
        assert app.told == ["This is the first step."]
        await hand.press("pageup", "up", "up")
        assert app.told[1:] == ["This is the last step: the product begins here."]


async def test_a_click_chooses_a_step() -> None:
    async with opened(SLIDES) as (app, hand):
        chart = app.query_one(Factors)
        await hand.click(chart, 8, 4)
        assert current(app).startswith("4 ")
        await hand.click(chart, 8, 0)
        assert current(app).startswith("4 ")
        app.query_one(NumberField).focus()
        await hand.click(chart, 8, 2)
        assert chart.has_focus


async def test_the_slider_multiplies_again() -> None:
    async with opened(SLIDES) as (app, hand):
        await hand.press("down")
        app.query_one(NumberField).focus()
        await hand.press("right", "right")
        expected = Jacobian(steps=12, hidden=4, radius=0.92).measure()
        assert app.figure.values == expected
        assert app.figure.tables() == expected.tables()
        assert f"{expected.factors[1].factor:.2f}" in current(app)
        assert current(app).startswith("2 ")


async def test_another_cell_and_another_activation() -> None:
    async with opened(SLIDES) as (app, hand):
        await hand.press("v")
        assert app.figure.values == Jacobian(steps=12, hidden=4, activation="identity").measure()
        assert "mean slope 1.00" in app.text
        await hand.press("v")
        assert app.figure.values == SLIDES.measure()
        await hand.press("v", "c")
        assert app.figure.values == Jacobian(cell="gru", steps=12, hidden=4).measure()
        await hand.press("c")
        assert app.figure.values.state == "(h, c)"
        assert "∂(h, c)₁₂" in app.text
        await hand.press("v")
        assert app.told[-1] == "The gates' functions are what makes the cell: only the RNN has others."
        await hand.press("c")
        assert app.figure.values == SLIDES.measure()


async def test_a_model_of_the_lesson_keeps_what_it_is() -> None:
    run = Experiment("never too late 永远", hidden=5).run()
    values = factors(gradient_flow(run.model.net, run.trace), "rnn", run.tokens)
    async with opened(Jacobian(model="m"), values, size=(66, 30)) as (app, hand):
        assert [h.key for h in app.figure.hints] == ["↑ ↓"]
        assert [keys for keys, _does in app.figure.help_keys] == ["↑ ↓", "pageup pagedown"]
        assert "永" in app.text
        await hand.press("v", "c")
        assert app.told == [
            "A network given to this figure keeps its activation.",
            "A network given to this figure keeps its cell.",
        ]
        assert app.figure.values is values
        h = run.hidden[-1].astype(np.float64)
        assert f"mean slope {(1 - h * h).mean():.2f}" in app.text


async def test_what_does_not_fit_a_frame_is_measured_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 0)
    asked: list[Any] = []
    async with opened(SLIDES) as (app, hand):
        monkeypatch.setattr(app.figure, "later", lambda compute, show: asked.append((compute, show)))
        await hand.press("c")
        assert app.figure.values == SLIDES.measure()
        ((compute, show),) = asked
        show(compute())
        assert app.figure.values == Jacobian(cell="gru", steps=12, hidden=4).measure()


@pytest.mark.parametrize("size", [(58, 8), (66, 30), (78, 11)])
async def test_it_works_at_any_size(size: tuple[int, int]) -> None:
    async with opened(SLIDES, size=size) as (app, _hand):
        assert "product" in app.text
        assert "mean slope" in app.text
        assert "0.3 ├" in app.text


async def test_resizes_and_themes_change_no_number() -> None:
    async with opened(SLIDES, size=(120, 36)) as (app, hand):
        await hand.press("down")
        before = app.text
        await hand.resize(60, 20)
        app.theme = LIGHT.name
        await hand.settle()
        assert current(app).startswith("2 ")
        await hand.resize(120, 36)
        assert app.text == before


def test_every_key_of_its_own_is_named() -> None:
    figure = JacobianFigure(SLIDES, SLIDES.measure())
    assert [h.key for h in figure.hints] == ["↑ ↓", "← →", "c", "v"]
    assert [key for key, _ in figure.help_keys] == ["↑ ↓", "pageup pagedown", "← →", "c", "v"]
    gated = Jacobian(cell="gru")
    figure = JacobianFigure(gated, gated.measure())
    assert [h.key for h in figure.hints] == ["↑ ↓", "c"]
    assert [key for key, _ in figure.help_keys] == ["↑ ↓", "pageup pagedown", "c"]
