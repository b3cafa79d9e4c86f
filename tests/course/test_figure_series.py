"""The series figure's values, against the engine and by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tutor.course.entries import ModelEntry
from tutor.course.figures.series import Forecasts, Series, SeriesValues, forecasts_of
from tutor.course.jobs import Measurements
from tutor.course.lab import Lab
from tutor.engine.forecaster import Forecaster
from tutor.engine.model import ModelSpec

N, FIRST, L = 60, 45, 4
WAVE = 10 + 5 * np.sin(0.4 * np.arange(N)) + 0.02 * np.arange(N) ** 1.5
MODELS = {
    "tide": ModelEntry(
        cell="gru", hidden=4, task="forecast", corpus="data/tide.csv", column="level", window=L, held_out=0.25, steps=15
    ),
    "sure": ModelEntry(task="forecast", corpus="data/tide.csv", column="level"),
    "reader": ModelEntry(task="next-word", corpus="data/days.txt"),
}


def network(seed: int = 1) -> Forecaster:
    return Forecaster(ModelSpec(hidden_size=3, seed=seed))


def measurements(values: np.ndarray = WAVE, horizon: int = 1) -> Measurements:
    known = values[:FIRST]
    return Measurements(values, float(np.nanmean(known)), float(np.nanstd(known)), FIRST, L, horizon)


@pytest.fixture
def lab(course_folder: Path) -> Lab:
    lines = ["level", *map(str, WAVE)]
    (course_folder / "data" / "tide.csv").write_text("\n".join(lines) + "\n")
    lab = Lab(MODELS, folder=course_folder)
    lab.ensure("tide")
    return lab


def test_a_day_is_forecast_from_what_was_known_a_horizon_before() -> None:
    for horizon in (1, 3):
        series, net = measurements(horizon=horizon), network()
        (ours, last, linear), counted = forecasts_of(net, series, 5)
        assert (ours.name, last.name, linear.name) == ("network", "last value", "linear")
        assert counted == N - FIRST
        first = L + 2 * horizon - 2
        for found in (ours, last, linear):
            assert np.isnan(found.values[:first]).all()
            assert np.isfinite(found.values[first:]).all()
        for day in (first, FIRST, N - 1):
            window = series.scale(WAVE[day - horizon - L + 1 : day - horizon + 1]).astype(np.float32)
            said = float(net.forward(window[:, None, None])[0, 0])
            assert ours.values[day] == pytest.approx(said * series.std + series.mean, rel=1e-6)
            assert last.values[day] == pytest.approx(WAVE[day - horizon])


def test_the_linear_forecast_learns_from_the_training_part_alone() -> None:
    series = measurements()
    linear = forecasts_of(network(), series, 1)[0][2]
    known = np.array([WAVE[t : t + L] for t in range(FIRST - L)])
    with_one = np.c_[known, np.ones(len(known))]
    weights, *_ = np.linalg.lstsq(with_one, WAVE[L:FIRST], rcond=None)
    by_hand = [np.r_[WAVE[t - L : t], 1.0] @ weights for t in range(L, N)]
    np.testing.assert_allclose(linear.values[L:], by_hand, rtol=1e-8)
    other = WAVE.copy()
    other[FIRST:] = 99.0
    np.testing.assert_allclose(
        forecasts_of(network(), measurements(other), 1)[0][2].values[:FIRST], linear.values[:FIRST]
    )


def test_errors_are_over_the_days_held_out_and_in_their_unit() -> None:
    (_ours, last, _linear), counted = forecasts_of(network(), measurements(), 3)
    off = np.abs(WAVE[FIRST:] - WAVE[FIRST - 1 : -1])
    assert last.error == pytest.approx(off.mean())
    assert last.spread == (pytest.approx(np.quantile(off, 0.25)), pytest.approx(np.quantile(off, 0.75)))
    assert counted == 15
    # From 1, 2, 3 days before: the same days each time.
    for steps in (1, 2, 3):
        assert last.ahead[steps - 1] == pytest.approx(np.abs(WAVE[FIRST:] - WAVE[FIRST - steps : N - steps]).mean())


def test_the_network_goes_on_from_its_own_output() -> None:
    series, net = measurements(), network()
    ours = forecasts_of(net, series, 3)[0][0]
    scaled = series.scale(WAVE)
    off = []
    for day in range(FIRST, N):
        line = list(scaled[day - 3 - L + 1 : day - 3 + 1])
        for _ in range(3):
            line.append(float(net.forward(np.array(line[-L:], np.float32)[:, None, None])[0, 0]))
        off.append(abs(line[-1] * series.std + series.mean - WAVE[day]))
    assert ours.ahead[2] == pytest.approx(np.mean(off), rel=1e-5)
    assert ours.ahead[0] == ours.error


def test_a_horizon_beyond_the_steps_measured_still_has_its_error() -> None:
    last = forecasts_of(network(), measurements(horizon=4), 2)[0][1]
    assert len(last.ahead) == 2
    assert last.error == pytest.approx(np.abs(WAVE[FIRST:] - WAVE[FIRST - 4 : -4]).mean())


def test_missing_values_are_gaps_in_what_is_forecast_too() -> None:
    broken = WAVE.copy()
    broken[[20, 50]] = math.nan
    found, counted = forecasts_of(network(), measurements(broken), 2)
    for one in found:
        assert np.isnan(one.values[51 : 51 + L]).all()
        assert np.isfinite(one.values[[50, 51 + L]]).all()
        assert math.isfinite(one.error)
    # Day 50 is not known, and day 51 … 55 cannot be forecast from each distance.
    assert counted == 15 - 1 - (L + 1)


def test_a_network_that_overflowed_is_nothing_to_go_on_from() -> None:
    net = network()
    net.flat[:] = 3e38
    (ours, last, _linear), _counted = forecasts_of(net, measurements(), 3)
    assert not math.isfinite(ours.error)
    assert not any(map(math.isfinite, ours.ahead))
    assert all(map(math.isnan, ours.spread))
    assert math.isfinite(last.error)


def test_nothing_held_out_has_no_error() -> None:
    series = Measurements(WAVE, 0.0, 1.0, N, L, 1)
    found, counted = forecasts_of(network(), series, 2)
    assert counted == 0
    assert all(math.isnan(x) for one in found for x in (one.error, *one.spread, *one.ahead))
    assert np.isfinite(found[0].values[L:]).all()


def test_what_a_lesson_asks_for(lab: Lab) -> None:
    found = Series(model="tide", span=12, horizon=4, unit="m").run(lab)
    assert (found.first_held_out, found.horizon, found.counted, found.unit) == (FIRST, 1, 15, "m")
    assert found.start == FIRST - 4
    assert found.span == 12
    assert all(len(one.ahead) == 4 for one in found.forecasts)
    np.testing.assert_array_equal(found.measured, lab.series("tide").values)
    assert found.missing == 0
    direct, _counted = forecasts_of(lab.forecaster("tide"), lab.series("tide"), 4)
    assert [one.ahead for one in found.forecasts] == [one.ahead for one in direct]
    assert Series(model="tide", start=3, span=12).run(lab).start == 3
    assert Series(model="tide", start=59, span=12).run(lab).start == 48
    assert Series(model="tide", span=200).run(lab).start == 0
    assert found.view == "days"
    assert Series(model="tide", view="distance").run(lab).view == "distance"


def values() -> SeriesValues:
    forecasts = (
        Forecasts("network", np.array([math.nan, 1.5, 2.5, 3.5]), 0.5, (0.4, 0.6), (0.5, 0.9)),
        Forecasts("last value", np.array([math.nan, 1.0, 2.0, 3.0]), 1.0, (1.0, 1.0), (1.0, 2.0)),
    )
    return SeriesValues(np.array([1.0, 2.0, math.nan, 4.0]), forecasts, 1, 2, 1, 1, 2, "m", "2024-02-28")


def test_tables_hold_what_is_drawn() -> None:
    days, errors, by_distance = values().tables()
    assert days.columns == ("day", "measured, m", "network", "last value", "held out")
    assert days.rows[0] == ("2024-02-29", 2.0, 1.5, 1.0, "no")
    assert days.rows[1][0] == "2024-03-01"
    assert days.rows[1][-1] == "yes"
    assert len(days.rows) == 2
    assert days.title == "forecast 1 ahead"
    assert errors.rows == (("network", 0.5, 0.4, 0.6), ("last value", 1.0, 1.0, 1.0))
    assert errors.columns[1] == "mean absolute error, m"
    assert errors.title == "over 1 days held out"
    assert by_distance.rows == (("1", 0.5, 1.0), ("2", 0.9, 2.0))
    assert by_distance.title == "mean absolute error, m"
    assert values().days(3).rows == (("2024-03-02", 4.0, 3.5, 3.0, "yes"),)
    assert values().missing == 1


def test_days_without_a_date_are_numbered() -> None:
    bare = SeriesValues(np.array([1.0]), (), 1, 1, 0, 0, 5)
    assert bare.day(7) == "8"
    assert bare.errors().columns[1] == "mean absolute error"
    assert bare.by_distance().rows == ()


@pytest.mark.parametrize(
    ("options", "what", "mend"),
    [
        (Series(model="tide", start=-1), "`start` is -1", "from 0 on"),
        (Series(model="tide", span=1), "`span` is 1", "from 2 to 10000"),
        (Series(model="tide", span=10_001), "`span` is 10001", "from 2 to 10000"),
        (Series(model="tide", horizon=0), "`horizon` is 0", "from 1 to 100"),
        (Series(model="tide", horizon=101), "`horizon` is 101", "from 1 to 100"),
        (Series(model="tide", since="31.1.2012"), '`since` is "31.1.2012"', "2012-01-31"),
        (Series(model="reader"), 'the model `reader` has the task "next-word"', 'task = "forecast"'),
        (Series(model="sure"), "the model `sure` holds nothing out", "held_out = 0.2"),
    ],
)
def test_unfit(options: Series, what: str, mend: str) -> None:
    found = options.unfit(MODELS)
    assert found is not None
    assert what in found[0]
    assert mend in found[1]


def test_fit() -> None:
    assert Series(model="tide", start=0, span=2, horizon=100, since="2012-01-31").unfit(MODELS) is None
    assert Series(model="unheard").unfit(MODELS) is None
    assert Series(model="tide").models() == ("tide",)


def test_days_of_ones_own_are_gone_on_with_by_each_forecast(lab: Lab) -> None:
    found = Series(model="tide", horizon=3).run(lab)
    written = found.write("8, 9 10; 12 11")
    assert written.days == (8, 9, 10, 12, 11)
    named = dict(written.ahead)
    assert list(named) == ["network", "last value", "linear"]
    np.testing.assert_allclose(named["last value"], [11, 11, 11])
    series, net = lab.series("tide"), lab.forecaster("tide")
    line = list(series.scale([9, 10, 12, 11]))
    for at in range(3):
        line.append(float(net.forward(np.array(line[-L:], np.float32)[:, None, None])[0, 0]))
        assert named["network"][at] == pytest.approx(float(series.unscale(line[-1])), rel=1e-5)
    rows = written.table("m", "day").rows
    assert rows[0][:2] == ("-4", 8.0)
    assert rows[4][:2] == ("0", 11.0)
    assert rows[5][0] == "1"
    assert rows[5][3] == pytest.approx(11)


def test_the_line_opens_with_the_days_that_a_forecast_was_made_from(lab: Lab) -> None:
    found = Series(model="tide").run(lab)
    assert found.window_of(FIRST) == pytest.approx(tuple(found.measured[FIRST - L : FIRST]))
    assert found.window_of(0) == pytest.approx(tuple(found.measured[:L])), "before the first forecast, its own"


def test_a_window_that_is_not_whole_is_passed_over() -> None:
    broken = WAVE.copy()
    broken[[20, 50]] = math.nan
    series, net = measurements(broken), network()
    found, counted = forecasts_of(net, series, 2)
    values = SeriesValues(broken, found, 1, FIRST, counted, 0, 20, source=(net, series))
    assert values.window_of(53) == pytest.approx(tuple(broken[50 - L : 50]))


def test_a_decimal_comma_is_asked_about_and_not_guessed(lab: Lab) -> None:
    found = Series(model="tide").run(lab)
    with pytest.raises(ValueError, match=r"“10,5”: one number, or two\? Write 10\.5, or 10 5\."):
        found.write("10,5 11 12 13")
    assert found.write("10, 5, 11, 12").days == (10, 5, 11, 12)
