"""The series figure on a screen: keys, clicks, what a key says that can do nothing, and other sizes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tutor.course.figures.series import Series, SeriesValues, forecasts_of
from tutor.course.jobs import Measurements
from tutor.engine.forecaster import Forecaster
from tutor.engine.model import ModelSpec
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.app import DARK, LIGHT
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.series import Days, SeriesFigure

N, FIRST, L = 200, 150, 6
WAVE = 12 + 6 * np.sin(0.3 * np.arange(N)) + np.random.default_rng(5).standard_normal(N)


def trained() -> SeriesValues:
    series = Measurements(WAVE, float(WAVE[:FIRST].mean()), float(WAVE[:FIRST].std()), FIRST, L, 1)
    scaled = series.scale(WAVE)
    items = [(scaled[t - L : t], scaled[t]) for t in range(L, FIRST)]
    net = Forecaster(ModelSpec(cell="gru", hidden_size=6, seed=1))
    for _checkpoint in fit(net, items, TrainingSpec(steps=60, batch_size=32, learning_rate=0.02, seed=1)):
        pass
    found, counted = forecasts_of(net, series, 14)
    return SeriesValues(WAVE, found, 1, FIRST, counted, 130, 40, "m", "2024-01-01")


VALUES = trained()


class Bench(App[None]):
    """The figure, and what it says."""

    def __init__(self, found: SeriesValues) -> None:
        super().__init__()
        self.figure = SeriesFigure(found)
        self.words: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.figure

    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def on_figure_told(self, message: Figure.Told) -> None:
        self.words.append(message.word)

    @property
    def days(self) -> Days:
        return self.query_one(Days)

    @property
    def text(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.screen._compositor.render_strips())


@asynccontextmanager
async def bench(
    found: SeriesValues = VALUES, size: tuple[int, int] = (78, 11)
) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    app = Bench(found)
    async with app.run_test(size=size) as pilot:
        app.days.focus()
        await pilot.pause()
        yield app, pilot


async def test_the_cursor_begins_where_nothing_was_learned_from() -> None:
    async with bench() as (app, pilot):
        assert app.days.day == FIRST
        assert VALUES.day(FIRST) in app.text
        assert "held out from 2024-05-30 on" in app.text
        assert f"{WAVE[FIRST]:.2f}" in app.text
        for one in VALUES.forecasts:
            row = next(line for line in app.text.split("\n") if one.name in line)
            assert f"{one.values[FIRST]:.2f}" in row
            assert f"{one.values[FIRST] - WAVE[FIRST]:+.2f}" in row
            assert f"{one.error:.2f}" in app.text
        await pilot.press("right")
        assert app.days.day == FIRST + 1
        assert VALUES.day(FIRST + 1) in app.text


async def test_days_go_by_and_end() -> None:
    async with bench() as (app, pilot):
        await pilot.press("pagedown")
        assert (app.days.day, app.days.start) == (190, 160)
        assert "held out" in app.text
        assert "held out from" not in app.text
        assert app.figure.tables()[0].rows[0][0] == VALUES.day(160)
        await pilot.press("pagedown", "right")
        assert app.days.day == N - 1
        assert app.words == ["This is the last day."]
        await pilot.press(*["pageup"] * 5)
        assert (app.days.day, app.days.start) == (0, 0)
        assert "learned from" in app.text
        await pilot.press("left")
        assert app.words[-1] == "This is the first day."
        assert "–" in app.text


async def test_the_day_before_the_first_in_view_brings_others_into_view() -> None:
    async with bench() as (app, pilot):
        app.days.go(130)
        await pilot.press("left")
        assert (app.days.day, app.days.start) == (129, 109)
        assert app.days.start <= app.days.day < app.days.start + VALUES.span


async def test_c_compares_one_forecast_after_the_other() -> None:
    async with bench() as (app, pilot):
        seen = []
        for _ in range(4):
            seen.append([sign in "\n".join(line[:52] for line in app.text.split("\n")) for sign in "○●◇"])
            await pilot.press("c")
        assert seen == [[True, False, False], [False, True, False], [False, False, True], [True, True, True]]
        assert app.days.chosen == 0
        assert app.words == [
            "measured and as today", "measured and linear", "measured and all forecasts", "measured and network"
        ]  # fmt: skip


async def test_v_shows_the_error_by_distance() -> None:
    async with bench() as (app, pilot):
        await pilot.press("v")
        assert "steps ahead" in app.text
        assert "50 days held out" in app.text
        assert "1 ahead" in app.text
        await pilot.press(*["right"] * 4)
        for one in VALUES.forecasts:
            row = next(line for line in app.text.split("\n") if one.name in line)
            assert f"{one.ahead[4]:.2f}" in row
        assert "5 ahead" in app.text
        app.days.reach(13)
        await pilot.press("right", "right")
        assert app.days.steps == 14
        assert app.words == ["It is measured no farther ahead."]
        app.days.reach(2)
        await pilot.press("left", "left")
        assert app.words[1:] == ["This is one step ahead."]
        await pilot.press("pagedown", "c")
        assert app.words[2:] == ["All distances are on the screen.", "All forecasts are drawn here. v shows the days."]
        assert app.days.day == FIRST
        assert [table.title for table in app.figure.tables()] == ["mean absolute error, m"]
        assert [hint.key for hint in app.figure.hints] == ["← →", "v"]
        await pilot.press("v")
        assert [hint.key for hint in app.figure.hints] == ["← →", "v", "c"]
        assert len(app.figure.tables()) == 2


async def test_a_click_takes_the_day_under_it() -> None:
    async with bench() as (app, pilot):
        await pilot.click(Days, offset=(5, 4))
        first = app.days.day
        await pilot.click(Days, offset=(45, 4))
        assert VALUES.start <= first < FIRST < app.days.day < VALUES.start + VALUES.span
        column = {line[5:50].index("│") for line in app.text.split("\n")[1:8] if "│" in line[5:50]}
        assert column == {40}
        before = app.days.day
        await pilot.click(Days, offset=(70, 4))
        assert app.days.day == before
        await pilot.press("v")
        await pilot.click(Days, offset=(49, 4))
        assert app.days.steps >= 13


async def test_hints_answer_the_mouse_as_their_keys_do() -> None:
    async with bench() as (app, pilot):
        for hint in app.figure.hints:
            if hint.action:
                assert hint.target is app.figure
                await app.figure.run_action(hint.action)
        await pilot.pause()
        assert app.days.by_distance
        assert app.words == ["All forecasts are drawn here. v shows the days."]
        assert {key for key, _what in app.figure.help_keys} == {"← →", "page up, down", "c", "v"}


async def test_other_sizes_and_themes() -> None:
    async with bench(size=(120, 36)) as (app, pilot):
        wide = app.text
        assert "half within" in wide
        await pilot.resize_terminal(60, 8)
        await pilot.pause()
        narrow = app.text
        assert len(narrow.split("\n")) == 8
        for said in ("measured", "network", "as today", "linear", VALUES.day(FIRST)):
            assert said in narrow
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert app.text == wide
        styles = {segment.style for segment in app.days.render_line(5)}
        app.theme = LIGHT.name
        await pilot.pause()
        assert {segment.style for segment in app.days.render_line(5)} != styles
        assert app.text == wide


async def test_the_focus_is_seen() -> None:
    async with bench() as (app, pilot):

        def bars() -> bool:
            return any(s.style and s.style.bold and "│" in s.text for y in range(1, 8) for s in app.days.render_line(y))

        assert bars()
        app.set_focus(None)
        await pilot.pause()
        assert not bars()


async def test_one_day_and_days_without_dates() -> None:
    forecasts = tuple(
        type(one)(one.name, np.full(1, np.nan), np.nan, (np.nan, np.nan), (np.nan,)) for one in VALUES.forecasts
    )
    async with bench(SeriesValues(np.array([3.0]), forecasts, 1, 1, 0, 0, 60)) as (app, pilot):
        assert "day 0" in app.text
        assert "3.00" in app.text
        await pilot.press("right", "left", "v", "c")
        assert app.words[:2] == ["This is the last day.", "This is the first day."]
        assert "1 ahead" in app.text


def test_the_options_and_the_widget_bear_the_same_name() -> None:
    assert Series.__struct_config__.tag == SeriesFigure.SHOW
