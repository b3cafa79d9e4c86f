"""The series figure on a screen: keys, clicks, what a key says that can do nothing, and other sizes."""

from __future__ import annotations

import msgspec
import numpy as np
from textual.message import Message

from tutor.course.figures.series import Series, SeriesValues, forecasts_of
from tutor.course.figures.table import Table
from tutor.course.jobs import Measurements
from tutor.engine.forecaster import Forecaster
from tutor.engine.model import ModelSpec
from tutor.engine.training import TrainingSpec, fit
from tutor.ui.app import LIGHT
from tutor.ui.figures.figure import Figure
from tutor.ui.figures.series import Days, SeriesFigure
from tutor.ui.figures.writable import WrittenLine

from .bench import Bench, bench

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
    return SeriesValues(WAVE, found, 1, FIRST, counted, 130, 40, "m", "2024-01-01", source=(net, series))


VALUES = trained()

SIZE = (78, 11)


def days(app: Bench[SeriesFigure]) -> Days:
    return app.query_one(Days)


async def test_the_cursor_begins_where_nothing_was_learned_from() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        assert days(app).day == FIRST
        assert VALUES.day(FIRST) in app.text
        assert "held out from 2024-05-30 on" in app.text
        assert f"{WAVE[FIRST]:.2f}" in app.text
        for one in VALUES.forecasts:
            row = next(line for line in app.text.split("\n") if one.name in line)
            assert f"{one.values[FIRST]:.2f}" in row
            assert f"{one.values[FIRST] - WAVE[FIRST]:+.2f}" in row
            assert f"{one.error:.2f}" in app.text
        await hand.press("right")
        assert days(app).day == FIRST + 1
        assert VALUES.day(FIRST + 1) in app.text


async def test_days_go_by_and_end() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        await hand.press("pagedown")
        assert (days(app).day, days(app).start) == (190, 160)
        assert "held out" in app.text
        assert "held out from" not in app.text
        assert app.figure.tables()[0].rows[0][0] == VALUES.day(160)
        await hand.press("pagedown", "right")
        assert days(app).day == N - 1
        assert app.told == ["This is the last one."]
        await hand.press(*["pageup"] * 5)
        assert (days(app).day, days(app).start) == (0, 0)
        assert "learned from" in app.text
        await hand.press("left")
        assert app.told[-1] == "This is the first one."
        assert "–" in app.text


async def test_the_day_before_the_first_in_view_brings_others_into_view() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        days(app).go(130)
        await hand.press("left")
        assert (days(app).day, days(app).start) == (129, 109)
        assert days(app).start <= days(app).day < days(app).start + VALUES.span


async def test_c_compares_one_forecast_after_the_other() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        seen = []
        for _ in range(4):
            seen.append([sign in "\n".join(line[:52] for line in app.text.split("\n")) for sign in "○●◇"])
            await hand.press("c")
        assert seen == [[True, False, False], [False, True, False], [False, False, True], [True, True, True]]
        assert days(app).chosen == 0
        assert app.told == [
            "measured and last value", "measured and linear", "measured and all forecasts", "measured and network"
        ]  # fmt: skip


async def test_v_shows_the_error_by_distance() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        await hand.press("v")
        assert "steps ahead" in app.text
        assert "50 days held out" in app.text
        assert "1 ahead" in app.text
        await hand.press(*["right"] * 4)
        for one in VALUES.forecasts:
            row = next(line for line in app.text.split("\n") if one.name in line)
            assert f"{one.ahead[4]:.2f}" in row
        assert "5 ahead" in app.text
        days(app).reach(13)
        await hand.press("right", "right")
        assert days(app).steps == 14
        assert app.told == ["It is measured no farther ahead."]
        days(app).reach(2)
        await hand.press("left", "left")
        assert app.told[1:] == ["This is one step ahead."]
        await hand.press("pagedown", "c")
        assert app.told[2:] == ["All distances are on the screen.", "All forecasts are drawn here. v shows the days."]
        assert days(app).day == FIRST
        assert [table.title for table in app.figure.tables()] == ["mean absolute error, m"]
        assert [hint.key for hint in app.figure.hints] == ["← →", "v", "e"]
        await hand.press("v")
        assert [hint.key for hint in app.figure.hints] == ["← →", "v", "c", "e"]
        assert len(app.figure.tables()) == 2


async def test_the_view_that_is_shown_tells_its_keys() -> None:
    """Who shows the key line is told that there are others now."""
    seen: list[tuple[str, ...]] = []

    class Listening(SeriesFigure):
        def post_message(self, message: Message) -> bool:
            if isinstance(message, Figure.Changed):
                seen.append(tuple(hint.label for hint in message.figure.hints))
            return super().post_message(message)

    async with bench(Listening(VALUES), SIZE) as (_app, hand):
        await hand.press("v", "v")
    assert seen == [
        ("steps ahead", "days", "write days"),
        ("day", "error by distance", "compare", "write days"),
    ]


async def test_it_opens_in_the_view_that_is_asked_for() -> None:
    async with bench(SeriesFigure(msgspec.structs.replace(VALUES, view="distance")), SIZE) as (app, hand):
        assert "50 days held out" in app.text
        assert app.figure.facts["view"] == "distance"
        assert [hint.key for hint in app.figure.hints] == ["← →", "v", "e"]
        await hand.press("v")
        assert VALUES.day(FIRST) in app.text


async def test_a_click_takes_the_day_under_it() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        await hand.click(Days, 5, 4)
        first = days(app).day
        await hand.click(Days, 45, 4)
        assert VALUES.start <= first < FIRST < days(app).day < VALUES.start + VALUES.span
        column = {line[5:50].index("│") for line in app.text.split("\n")[1:8] if "│" in line[5:50]}
        assert column == {40}
        before = days(app).day
        await hand.click(Days, 70, 4)
        assert days(app).day == before
        await hand.press("v")
        await hand.click(Days, 49, 4)
        assert days(app).steps >= 13


async def test_hints_answer_the_mouse_as_their_keys_do() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        for hint in app.figure.hints:
            if hint.action:
                assert hint.target is app.figure
                await app.figure.run_action(hint.action)
        await hand.settle()
        assert days(app).view == "distance"
        assert app.told == ["All forecasts are drawn here. v shows the days."]
        assert {key for key, _what in app.figure.help_keys} == {"← →", "page up, down", "c", "v", "e"}


async def test_other_sizes_and_themes() -> None:
    async with bench(SeriesFigure(VALUES), (120, 36)) as (app, hand):
        wide = app.text
        assert "half within" in wide
        await hand.resize(60, 8)
        narrow = app.text
        assert len(narrow.split("\n")) == 8
        for said in ("measured", "network", "last value", "linear", VALUES.day(FIRST)):
            assert said in narrow
        await hand.resize(120, 36)
        assert app.text == wide
        styles = {segment.style for segment in days(app).render_line(5)}
        app.theme = LIGHT.name
        await hand.settle()
        assert {segment.style for segment in days(app).render_line(5)} != styles
        assert app.text == wide


async def test_the_focus_is_seen() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):

        def bars() -> bool:
            return any(
                s.style and s.style.bold and "│" in s.text for y in range(1, 8) for s in days(app).render_line(y)
            )

        assert bars()
        app.set_focus(None)
        await hand.settle()
        assert not bars()


async def test_one_day_and_days_without_dates() -> None:
    forecasts = tuple(
        type(one)(one.name, np.full(1, np.nan), np.nan, (np.nan, np.nan), (np.nan,)) for one in VALUES.forecasts
    )
    async with bench(SeriesFigure(SeriesValues(np.array([3.0]), forecasts, 1, 1, 0, 0, 60)), SIZE) as (app, hand):
        assert "row 1" in app.text
        assert "3.00" in app.text
        await hand.press("right", "left", "v", "c")
        assert app.told[:2] == ["This is the last one.", "This is the first one."]
        assert "1 ahead" in app.text


def test_the_options_and_the_widget_bear_the_same_name() -> None:
    assert Series.__struct_config__.tag == SeriesFigure.SHOW


async def test_days_of_ones_own_are_gone_on_with() -> None:
    async with bench(SeriesFigure(VALUES), (78, 20)) as (app, hand):
        app.figure.action_write()
        await hand.settle()
        assert app.query_one(WrittenLine).value == " ".join(f"{v:g}" for v in WAVE[FIRST - L : FIRST])
        app.query_one(WrittenLine).value = "12 13, 14; 15 16 −17"
        await hand.press("enter")
        assert app.figure.facts["view"] == "written"
        written = VALUES.write("12 13 14 15 16 -17")
        mine = days(app).written
        assert mine is not None
        assert mine.days == written.days == (12, 13, 14, 15, 16, -17)
        assert "1 ahead" in app.text
        for name, said in written.ahead:
            row = next(line for line in app.text.split("\n") if name in line)
            assert f"{said[0]:.2f}" in row
        await hand.press("right")
        assert "2 ahead" in app.text
        await hand.press("left", "left")
        assert "the last one written" in app.text
        await hand.press(*["left"] * 6)
        assert "5 back" in app.text
        assert app.told[-1] == "This is the first one."
        await hand.press(*["right"] * 20)
        assert app.told[-1] == "It is forecast no farther ahead."
        assert app.figure.tables() == (written_table(app),)
        await hand.press("v", "v", "v")
        assert app.figure.facts["view"] == "written", "it stays one of the views"


async def test_days_that_cannot_be_read_leave_all_as_it_was() -> None:
    async with bench(SeriesFigure(VALUES), SIZE) as (app, hand):
        for text, said in (
            ("", "Numbers: 0. The network reads 6 days: write as many, or more."),
            ("1 2 3", "Numbers: 3. The network reads 6 days: write as many, or more."),
            ("1 2 3 4 5 warm", "“warm” is no number: write them as 12.2 13.9, with a point."),
            ("1 2 3 4 5 nan", "nan is no number that a day could have."),
            ("1 2 3 4 5 1e99", "1e99 is no number that a day could have."),
            ("1 " * 61, "Numbers: 61. 60 are enough."),
        ):
            await hand.write(text)
            await hand.press("enter")
            assert app.told[-1] == said
            assert app.query_one(WrittenLine).value == text
            await hand.press("escape")
        assert days(app).view == "days"
        assert days(app).written is None


async def test_without_a_network_nothing_goes_on() -> None:
    async with bench(SeriesFigure(msgspec.structs.replace(VALUES, source=None)), SIZE) as (app, hand):
        assert "write days" not in [hint.label for hint in app.figure.hints]
        app.figure.action_write()
        await hand.settle()
        assert app.told == ["There is no network here that could go on from days of yours."]


def written_table(app: Bench[SeriesFigure]) -> Table:
    written = days(app).written
    assert written is not None
    return written.table("m", "day")
