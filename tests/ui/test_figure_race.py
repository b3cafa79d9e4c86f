"""A race on a screen: its views, what is pointed at, and what comes while the networks learn."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from textual.widgets import ProgressBar

from tutor.course.entries import ModelEntry
from tutor.course.figures.race import Now, Race, RaceValues, Runner
from tutor.course.figures.series import forecasts_of
from tutor.course.jobs import Measurements
from tutor.course.lab import Lab
from tutor.course.lesson import Figure as Block
from tutor.engine.forecaster import Forecaster
from tutor.engine.model import ModelSpec
from tutor.ui.app import LIGHT
from tutor.ui.computing import Shown, Work, compute
from tutor.ui.figures.baselines import baseline_name
from tutor.ui.figures.race import Field, RaceFigure

from .bench import bench, check_focus_and_theme

SIZE = (100, 20)
NAN = math.nan

RNN = Runner("RNN", (0, 1, 2), ((0.62,), (0.7,), (0.8,)), 1234, 0.84)
GRU = Runner("GRU", (0, 1, 2), ((0.9,), (NAN,), (0.95,)), 2234)
STRIP = RaceValues(
    (RNN, GRU), 3, "accuracy", "share that is right", baselines=(("majority", 0.52), ("bag", 0.66)), now=None
)
OVER = RaceValues(
    (
        Runner("RNN", (0, 1), ((1.0, 0.9, 0.3), (0.9, 0.5, 0.2)), 596, 0.4),
        Runner("GRU", (0, 1), ((1.0, 1.0, 0.9), (1.0, 1.0, 0.94)), 1428, 0.5),
    ),
    2,
    "accuracy",
    "share that is right",
    at=(1, 10, 40),
    chance=0.25,
)


def figure(values: RaceValues, *, running: bool = False) -> RaceFigure:
    return RaceFigure(values, running=running)


async def test_dots_then_a_table() -> None:
    async with bench(figure(STRIP), SIZE) as (app, hand):
        assert "share that is right, held out · higher is better" in app.text
        assert "always the commonest 0.52" in app.text
        assert "words without order 0.66" in app.text
        assert "0.70  0.62 … 0.80" in app.text
        assert "1,234 parameters · 0.8 s" in app.text
        assert "0.90  0.90 … 0.95  1 diverged" in app.text
        assert "RNN 0.70 (0.62 … 0.80) · median of 3 seeds · each: 0.62 0.70 0.80 · 1,234 parameters" in app.text
        assert not app.query_one(ProgressBar).display
        await hand.press("v")
        assert "seed 0  seed 1  seed 2" in app.text
        (row,) = [line for line in app.lines if "● GRU" in line]
        assert row.split()[-3:] == ["0.90", "NaN", "0.95"]
        await hand.press("v")
        assert app.figure.field.view == "strip"


async def test_the_arrows_point_at_a_model() -> None:
    async with bench(figure(STRIP), SIZE) as (app, hand):
        assert "▸○ RNN" in app.text
        await hand.press("down")
        assert "▸● GRU" in app.text
        assert "GRU 0.90 (0.90 … 0.95, 1 diverged) · median of 3 seeds · each: 0.90 NaN 0.95" in app.text
        await hand.press("right")
        assert app.told == ["This is the last model."]
        await hand.press("[", "up")
        assert app.told[-1] == "This is the first model."
        assert app.figure.field.chosen == 0


async def test_a_click_points_at_what_is_under_it() -> None:
    async with bench(figure(STRIP), SIZE) as (app, hand):
        row = next(y for y, line in enumerate(app.lines) if "● GRU" in line)
        await hand.click(Field, 30, row)
        assert app.figure.field.chosen == 1
        await hand.click(Field, 30, 0)
        assert app.figure.field.chosen == 1
    async with bench(figure(OVER), SIZE) as (app, hand):
        column = next(line.index("┤") for line in app.lines if "┤" in line) + 1
        await hand.click(Field, column, 4)
        assert app.figure.field.place == 0
        await hand.click(Field, 99, 4)
        assert app.figure.field.place == 0


async def test_over_distances() -> None:
    async with bench(figure(OVER), SIZE) as (app, hand):
        assert app.figure.field.views == ("chart", "strip", "table")
        assert "distance 40 · RNN 0.25 (0.20 … 0.30) · GRU 0.92" in app.text
        assert "solves up to ▸○ RNN 1  ● GRU 40" in app.text
        for name in ("╌ solved", "┈ chance", "· spread of RNN"):
            assert name in app.text
        await hand.press("left", "down")
        assert "distance 10 · GRU 1.00 (1.00 … 1.00) · RNN 0.70" in app.text
        assert "· spread of GRU" in app.text
        await hand.press("v")
        assert "share that is right, distance 10 · higher is better" in app.text
        assert "chance 0.25" in app.text
        assert "0.70  0.50 … 0.90" in app.text
        await hand.press("v")
        (row,) = [line for line in app.lines if "▸" in line]
        assert row.split()[:4] == ["▸", "10", "0.70", "1.00"]
        await hand.press("[", "left", "]", "]", "]")
        assert app.told == ["This is the shortest distance.", "This is the longest distance."]
        assert app.figure.tables() == OVER.tables()


async def test_while_it_trains_dots_appear() -> None:
    none = msgspec.structs.replace(STRIP, runners=(Runner("RNN"), Runner("GRU")), now=Now("RNN", 1, 15, 60))
    async with bench(figure(none, running=True), SIZE) as (app, hand):
        assert "training RNN, seed 1 of 3: update 15 of 60" in app.text
        bar = app.query_one(ProgressBar)
        assert (bar.display, bar.progress, bar.total) == (True, 0.25, 6)
        await hand.press("v", "v")
        one = Runner("RNN", (0,), ((0.62,),), 1234)
        app.figure.show(msgspec.structs.replace(none, runners=(one, Runner("GRU")), now=None), running=True)
        await hand.settle()
        assert "training: 1 of 6 networks · RNN 0.62 (one seed)" in app.text
        assert "0.62  one seed" in app.text
        await hand.press("down")
        assert "GRU: no network yet" in app.text
        assert [hint.key for hint in app.figure.hints] == ["v", "↑ ↓"]
        app.figure.show(app.figure.values, running=False)
        await hand.settle()
        assert "stopped: 1 of 6 networks are trained" in app.text
        assert [hint.key for hint in app.figure.hints] == ["t", "v", "↑ ↓"]
        app.figure.show(STRIP, running=False)
        await hand.settle()
        assert not bar.display
        assert [hint.key for hint in app.figure.hints] == ["v", "↑ ↓"]


async def test_none_over_distances_yet() -> None:
    none = msgspec.structs.replace(OVER, runners=(Runner("RNN"), Runner("GRU")))
    async with bench(figure(none), SIZE) as (app, hand):
        assert "stopped: 0 of 4 networks are trained" in app.text
        assert "solves up to ▸○ RNN ?  ● GRU ?" in app.text
        await hand.press("v", "v", "left")
        assert "distance" in app.text


async def test_a_model_whose_networks_all_diverged() -> None:
    lost = Runner("RNN", (0, 1), ((NAN,), (NAN,)), 1234)
    async with bench(figure(msgspec.structs.replace(STRIP, runners=(lost,), seeds=2)), SIZE) as (app, _hand):
        assert "NaN  2 diverged" in app.text
        assert "××" in app.text


async def test_an_error_is_better_when_it_is_lower() -> None:
    error = msgspec.structs.replace(
        STRIP, metric="error", unit="mean absolute error of warm", baselines=(("persistence", 2.5),), where="train"
    )
    async with bench(figure(error), (110, 20)) as (app, _hand):
        assert "mean absolute error of warm, train · lower is better" in app.text
        assert "last value 2.50" in app.text
        assert "0.70  0.62 … 0.80" in app.text, "as many decimals in all of them"


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ((2.2, 2.17, 2.25), "2.20  2.17 … 2.25"),
        ((0.012, 0.0117, 0.0121), "0.0120  0.0117 … 0.0121"),
        ((15.3, 12.0, 19.75), "15.30  12.00 … 19.75"),
        ((2200.0, 2170.4, 2250.0), "2200  2170 … 2250"),
        ((2e9, 1e9, 3e9), "2e+09  1e+09 … 3e+09"),
        ((0.0, 0.0, 0.0), "0  0 … 0"),
    ],
)
async def test_an_error_has_as_many_decimals_as_those_beside_it(scores: tuple[float, ...], said: str) -> None:
    runner = Runner("a", (0, 1, 2), tuple((score,) for score in scores), 12)
    values = RaceValues((runner,), 3, "error", "mean absolute error of warm", baselines=(("persistence", scores[0]),))
    async with bench(figure(values), SIZE) as (app, _hand):
        assert said in app.text
        assert f"last value {said.split()[0]}" in app.text


@pytest.mark.parametrize(("level", "said"), [(0.125, "0.125"), (0.0625, "0.0625"), (0.5, "0.50"), (1 / 3, "0.33")])
async def test_a_share_that_ends_is_written_to_its_end(level: float, said: str) -> None:
    values = msgspec.structs.replace(STRIP, baselines=(("uniform", level),))
    async with bench(figure(values), SIZE) as (app, _hand):
        assert f"a blind guess {said}\n" in "".join(f"{line.rstrip()}\n" for line in app.lines)
    async with bench(figure(msgspec.structs.replace(OVER, chance=level)), SIZE) as (app, hand):
        await hand.press("v")
        assert f"chance {said}" in app.text


def test_what_a_forecast_has_to_beat_bears_one_name() -> None:
    series = Measurements(np.arange(40.0), 0.0, 1.0, 30, 3, 1)
    found, _counted = forecasts_of(Forecaster(ModelSpec(hidden_size=2)), series, 2)
    assert baseline_name("persistence") in [one.name for one in found]


@pytest.mark.parametrize("values", [STRIP, OVER])
@pytest.mark.parametrize("size", [(58, 8), (36, 15), (200, 60), (1, 1)])
async def test_it_works_in_any_room(values: RaceValues, size: tuple[int, int]) -> None:
    async with bench(figure(values), (120, 36)) as (app, hand):
        before = app.text
        await hand.resize(*size)
        await hand.press(*["v"] * len(app.figure.field.views), "down", "up")
        await hand.resize(120, 36)
        app.theme = LIGHT.name
        await hand.settle()
        assert app.text == before


async def test_the_focus_and_the_theme_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with bench(figure(STRIP), SIZE) as (app, hand):
        await check_focus_and_theme(app, hand, app.figure.field)


def test_a_step_shows_the_race_while_it_trains(tmp_path: Path) -> None:
    """All of its networks are seen in it, the models' own too; stopped, what is there is shown."""
    entry = ModelEntry(task="recall", symbols=2, distance=2, hidden=4, steps=10, batch=4)
    lab = Lab({"a": entry, "b": msgspec.structs.replace(entry, cell="gru")}, folder=tmp_path)
    options = Race(runners=("a", "b"), seeds=2, at=(1, 2))
    work = Work(("a", "b"), {}, None, Block(show="race", options=options, line=1), Shown())
    seen: list[tuple[str, object]] = []

    def stopped() -> bool:
        return len(seen) > 5

    shown = compute(work, lab, lambda name, figure, values: seen.append((name, figure)), stopped)
    assert isinstance(shown.figure, RaceValues)
    assert shown.figure.finished == 1
    assert seen[0] == ("", options)
    assert lab.begun("b")
    shown = compute(work, lab, lambda name, figure, values: None, lambda: False)
    assert isinstance(shown.figure, RaceValues)
    assert (shown.figure.finished, shown.figure.whole) == (4, 4)


LESSON = """\
+++
title = "Who remembers"
goal = "Say which of two networks recalls."
minutes = 5

[models.plain]
task = "recall"
symbols = 2
distance = 2
hidden = 4
steps = 20
batch = 4

[models.gated]
cell = "gru"
task = "recall"
symbols = 2
distance = 2
hidden = 4
steps = 20
batch = 4
+++

## Both

```predict
ask = "How many symbols are there?"
answer = { probe = "sum", of = [1, 1] }
low = 1
high = 9
tolerance = 0.5
because = "There are two."
```

```figure
show = "race"
models = ["plain", "gated"]
seeds = 2
at = [1, 2, 4]
```
"""


async def test_in_a_lesson_esc_stops_it_and_t_trains_on(desk, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "lessons"
    (folder / "01-one").mkdir(parents=True)
    (folder / "course.toml").write_text('format = 1\ntitle = "A"\n\n[[parts]]\nfolder = "01-one"\ntitle = "One"\n')
    (folder / "01-one" / "01-who-remembers.md").write_text(LESSON)
    async with desk("lesson", "who-remembers", folder=folder, cache=tmp_path / "fresh") as d:
        screen = d.lesson
        sibling = screen.lab.sibling(1)
        train = sibling.train

        def few(name):  # type: ignore[no-untyped-def]
            for checkpoint in train(name):
                yield checkpoint
                # As escape does while it works.
                screen._stopping = True

        sibling.train = few
        await d.press("enter")
        sibling.train = train
        figure = screen.query_one(RaceFigure)
        assert screen.shown.phase == "shown"
        assert (figure.values.finished, figure.running) == (2, False)
        assert "stopped: 2 of 4 networks are trained" in d.text
        await d.press("t")
        figure = screen.query_one(RaceFigure)
        assert figure.values.finished == 4
        assert "solves up to" in d.text
        assert sibling.ready("gated")
        await d.press("t")
        assert "Nothing was stopped here" in d.text
