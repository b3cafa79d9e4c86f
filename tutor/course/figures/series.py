"""The series figure: what was measured, what a network forecast of it, and what a forecast has to beat.

A forecast of a day knows the days up to `horizon` before it and nothing later. The mean errors are over the days that
were held out, the same days for every forecast and every distance: a day is forecast from 1, 2, … steps before it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.jobs import Measurements
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.baselines import Forecast, ahead, autoregression, persistence
from tutor.engine.checks import Array
from tutor.engine.forecaster import Forecaster
from tutor.engine.text import clean
from tutor.i18n import _

Values = npt.NDArray[np.float64]
View = Literal["days", "distance"]
"""The days, or the errors by how far ahead they are."""

SPAN = 60
"""Days in view, unless a lesson says otherwise."""
AHEAD = 14
"""Steps ahead that the errors are measured at, unless a lesson says otherwise."""
MOST_WRITTEN = 60
"""Days that a learner writes."""
LARGEST_WRITTEN = 1e6
"""Beyond it, either way, is no number of a day."""
_BATCH = 2048
"""Windows that go through the network together: a long series takes no more room than a short one."""


class Forecasts(Struct, frozen=True):
    """What one way of forecasting says of every day, and how far off it is."""

    name: str
    values: Values
    """(N,): of each day, made `horizon` steps before it; NaN where too little is known."""
    error: float
    """The mean of |forecast − measured| over the days held out; NaN where there is none."""
    spread: tuple[float, float]
    """Between the two lies the middle half of those |forecast − measured|."""
    ahead: tuple[float, ...]
    """The mean error of the same days, forecast from 1, 2, … steps before, going on from its own output."""


class Written(Struct, frozen=True):
    """Days that a learner wrote, and how each way of forecasting goes on from them."""

    days: tuple[float, ...]
    ahead: tuple[tuple[str, Values], ...]
    """The forecast of 1, 2, … days after the last, going on from its own output; (steps,) for each name."""

    @property
    def steps(self) -> int:
        """How far they go."""
        return len(self.ahead[0][1])

    def table(self, unit: str, step: str) -> Table:
        """A row for each step: what was written, or what each forecast says of it. Step 0 is the last written."""
        first, steps = 1 - len(self.days), self.steps
        rows: list[tuple[str | float, ...]] = []
        for day in range(first, steps + 1):
            written: float | str = self.days[day - first] if day <= 0 else ""
            rows.append((str(day), written, *(float(said[day - 1]) if day > 0 else "" for _name, said in self.ahead)))
        return Table((step, unit or _("written"), *(name for name, _said in self.ahead)), tuple(rows), _("written"))


class SeriesValues(Struct, frozen=True):
    """A series and three forecasts of it: the network's, persistence, a linear autoregression."""

    measured: Values
    """(N,), in the unit of the table; NaN where nothing was measured."""
    forecasts: tuple[Forecasts, ...]
    horizon: int
    """Steps from the last day that a forecast knows to the day that it is of."""
    first_held_out: int
    """Index of the first day that nothing was learned from."""
    counted: int
    """Days that the errors are the mean over."""
    start: int
    """The first day in view."""
    span: int
    """Days in view."""
    unit: str = ""
    since: str = ""
    """The date of day 0, ISO 8601; empty where it is not known."""
    view: View = "days"
    """What it opens in."""
    source: tuple[Forecaster, Measurements] | None = None
    """What forecasts, and how it sees the series; None where nothing is forecast but what is there."""

    def window_of(self, day: int) -> tuple[float, ...]:
        """The days that the forecast of a day was made from, or of the nearest day before it that has one."""
        assert self.source is not None
        series = self.source[1]
        last = min(max(day - series.horizon, series.window - 1), len(self.measured) - 1)
        whole = [
            end
            for end in range(series.window - 1, last + 1)
            if np.isfinite(self.measured[end + 1 - series.window : end + 1]).all()
        ]
        end = whole[-1] if whole else series.window - 1
        return tuple(self.measured[end + 1 - series.window : end + 1].tolist())

    def write(self, text: str) -> Written:
        """Go on from days that a learner wrote.

        Raises:
            ValueError: too few of them, too many, or what is no number; in one line.
        """
        assert self.source is not None
        network, series = self.source
        days = _numbers_in(text)
        least = series.window + series.horizon - 1
        if len(days) < least:
            said = _("Numbers: {n}. The network reads {least} days: write as many, or more.")
            raise ValueError(said.format(n=len(days), least=least))
        if len(days) > MOST_WRITTEN:
            raise ValueError(_("Numbers: {n}. {most} are enough.").format(n=len(days), most=MOST_WRITTEN))
        past = series.scale(np.array(days))[None]
        steps = max(len(self.forecasts[0].ahead), series.horizon)
        with np.errstate(over="ignore", invalid="ignore"):
            return Written(
                days,
                tuple(
                    (name, series.unscale(ahead(forecast, past, series.window, series.horizon, steps)[0]))
                    for name, forecast in _ways(network, series)
                ),
            )

    @property
    def missing(self) -> int:
        """Days on which nothing was measured."""
        return int(np.isnan(self.measured).sum())

    @property
    def dated(self) -> bool:
        """Whether its steps are days; they are rows of a table else, counted from 1."""
        return bool(self.since)

    @property
    def step(self) -> str:
        """What a step is called."""
        return _("day") if self.dated else _("row")

    def day(self, index: int) -> str:
        """A day's date where it is known, else which row it is."""
        if not self.dated:
            return str(index + 1)
        return (date.fromisoformat(self.since) + timedelta(days=index)).isoformat()

    def tables(self) -> tuple[Table, ...]:
        """The days in view, then the errors, then the errors by distance."""
        return (self.days(self.start), self.errors(), self.by_distance())

    def days(self, start: int) -> Table:
        """A row for each day in view from `start` on: what was measured, and what each forecast said of it."""
        shown = range(max(start, 0), min(start + self.span, len(self.measured)))
        return Table(
            (
                self.step,
                self._in_unit(_("measured")),
                *(one.name for one in self.forecasts),
                _("held out"),
            ),
            tuple(
                (
                    self.day(i),
                    float(self.measured[i]),
                    *(float(one.values[i]) for one in self.forecasts),
                    _("yes") if i >= self.first_held_out else _("no"),
                )
                for i in shown
            ),
            _("forecast {horizon} ahead").format(horizon=self.horizon),
        )

    def errors(self) -> Table:
        """A row for each forecast: its mean absolute error, and between what the middle half of its errors lies."""
        return Table(
            (_("forecast"), self._in_unit(_("mean absolute error")), _("a quarter below"), _("a quarter above")),
            tuple((one.name, one.error, *one.spread) for one in self.forecasts),
            (_("over {count} days held out") if self.dated else _("over {count} rows held out")).format(
                count=self.counted
            ),
        )

    def by_distance(self) -> Table:
        """A row for each distance: the mean absolute error of each forecast."""
        steps = len(self.forecasts[0].ahead) if self.forecasts else 0
        return Table(
            (_("steps ahead"), *(one.name for one in self.forecasts)),
            tuple((str(k + 1), *(one.ahead[k] for one in self.forecasts)) for k in range(steps)),
            self._in_unit(_("mean absolute error")),
        )

    def _in_unit(self, name: str) -> str:
        return f"{name}, {self.unit}" if self.unit else name


def forecasts_of(network: Forecaster, series: Measurements, steps: int) -> tuple[tuple[Forecasts, ...], int]:
    """The network's forecasts, persistence's and those of an autoregression over the same window.

    The autoregression is fitted on the days before the first that is held out, and on no other.

    Args:
        network: of one value, trained on the series as its measurements are scaled.
        series: what was measured; NaN where nothing was.
        steps: how far ahead the errors are measured.

    Returns:
        The forecasts, and over how many days their errors are.

    Raises:
        ValueError: nothing before the first day held out is long enough to fit.
    """
    scaled = series.scale(series.values)
    named = _ways(network, series)
    past, origins = _pasts(scaled, series.window + series.horizon - 1)
    reach = max(steps, series.horizon)
    # A day counts when it can be forecast from every distance: no distance has it easier than another.
    made = np.zeros((len(scaled), reach), bool)
    for j in range(reach):
        made[origins[origins + j + 1 < len(scaled)] + j + 1, j] = True
    counts = made.all(axis=1) & ~np.isnan(scaled)
    counts[: series.first_held_out] = False
    late = origins >= series.first_held_out - reach
    found = []
    for name, forecast in named:
        said = np.full(made.shape, np.nan)
        # Every day is forecast in view; from farther off only the days are that an error is the mean over.
        for asks, far in ((~late, series.horizon), (late, reach)):
            at = origins[asks]
            with np.errstate(over="ignore", invalid="ignore"):
                told = series.unscale(ahead(forecast, past[asks], series.window, series.horizon, far))
            for j in range(far):
                there = at + j + 1 < len(scaled)
                said[at[there] + j + 1, j] = told[there, j]
        found.append(_compared(name, said, series, counts, steps))
    return tuple(found), int(counts.sum())


def _ways(network: Forecaster, series: Measurements) -> tuple[tuple[str, Forecast], ...]:
    """The ways of forecasting by their names, over windows as the network sees them.

    Raises:
        ValueError: nothing before the first day held out is long enough to fit.
    """
    scaled = series.scale(series.values)

    def asked(windows: Values) -> Values:
        with np.errstate(over="ignore"):
            x = windows.astype(network.dtype)
        # A forecast that overflowed is nothing to go on from.
        whole = np.isfinite(x).all(axis=1)
        said = np.full(len(x), np.nan)
        said[whole] = np.concatenate(
            [np.zeros(0), *(network.forward(part.T[:, :, None])[:, 0] for part in _parts(x[whole]))]
        )
        return said

    fitted = autoregression(*_windows(scaled[: series.first_held_out], series.window, series.horizon))
    return (_("network"), asked), (_("last value"), persistence), (_("linear"), fitted)


def _numbers_in(text: str) -> tuple[float, ...]:
    """Numbers with space, commas or semicolons between them.

    Raises:
        ValueError: what is no number, or none that a day could have.
    """
    found = []
    if (odd := re.search(r"\d+,\d+", text)) is not None:
        said = _("“{word}”: one number, or two? Write {one}, or {two}.")
        one, two = odd[0].replace(",", "."), odd[0].replace(",", " ")
        raise ValueError(said.format(word=odd[0][:20], one=one[:20], two=two[:20]))
    for word in re.findall(r"[^\s,;]+", text.replace("−", "-")):
        try:
            value = float(word)
        except ValueError:
            said = _("“{word}” is no number: write them as 12.2 13.9, with a point.")
            raise ValueError(said.format(word=clean(word)[:20])) from None
        if not abs(value) <= LARGEST_WRITTEN:
            raise ValueError(_("{word} is no number that a day could have.").format(word=clean(word)[:20]))
        found.append(value)
    return tuple(found)


def _parts(x: Array) -> list[Array]:
    return [x[i : i + _BATCH] for i in range(0, len(x), _BATCH)]


def _windows(values: Values, length: int, horizon: int) -> tuple[Values, Values]:
    """Windows and what came after them, (M, length) and (M,), without those in which a value is missing."""
    past, origins = _pasts(values[: max(len(values) - horizon, 0)], length)
    targets = values[origins + horizon]
    return past[~np.isnan(targets)], targets[~np.isnan(targets)]


def _pasts(values: Values, length: int) -> tuple[Values, npt.NDArray[np.intp]]:
    """Every `length` values in a row of which none is missing, (M, length), and the index of the last of each, (M,)."""
    if len(values) < length:
        return np.zeros((0, length)), np.zeros(0, np.intp)
    past = np.lib.stride_tricks.sliding_window_view(values, length)
    origins = np.flatnonzero(np.isfinite(past).all(axis=1))
    return past[origins], origins + length - 1


def _compared(name: str, said: Values, series: Measurements, counts: npt.NDArray[np.bool_], steps: int) -> Forecasts:
    """Forecasts of every day from every distance, (N, steps), against what was measured, on the days that count."""
    ones = said[:, series.horizon - 1]
    if not counts.any():
        return Forecasts(name, ones, math.nan, (math.nan, math.nan), (math.nan,) * steps)
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(said[counts] - series.values[counts, None])
        means = off.mean(axis=0).tolist()
    near = off[:, series.horizon - 1]
    low, high = np.quantile(near, [0.25, 0.75]).tolist() if np.isfinite(near).all() else (math.nan, math.nan)
    return Forecasts(name, ones, means[series.horizon - 1], (low, high), tuple(means[:steps]))


class Series(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="series"):
    """A window of days: what was measured, the network's forecast, and the forecasts that it has to beat."""

    facts: ClassVar[Facts] = {"day": float, "ahead": float, "view": (*get_args(View), "written")}

    model: str
    start: int | None = None
    """The first day in view; by default the first third of the window is what was learned from."""
    span: int = SPAN
    """Days in view."""
    horizon: int = AHEAD
    """How many steps ahead the errors are measured in the other view."""
    unit: str = ""
    """Of the values, as it is written behind them."""
    since: str = ""
    """The date of the first day, `2012-01-31`, where a row is a day; without it days are numbered from 0."""
    view: View = "days"
    """What it opens in."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why there is no series to show: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if self.start is not None and self.start < 0:
            return f"`start` is {self.start}", "write the number of a day, from 0 on, or drop it"
        if not 2 <= self.span <= 10_000:
            return f"`span` is {self.span}", "write a number of days from 2 to 10000"
        if not 1 <= self.horizon <= 100:
            return f"`horizon` is {self.horizon}", "write a number of steps from 1 to 100"
        if self.since and not _is_date(self.since):
            return f'`since` is "{self.since}"', "write the date of the first row as 2012-01-31, or drop it"
        if entry is None:
            return None
        if entry.task != "forecast":
            return (
                f'the model `{self.model}` has the task "{entry.task}", and forecasts no series',
                f'write task = "forecast" in [models.{self.model}], or name another model',
            )
        if not entry.held_out:
            return (
                f"the model `{self.model}` holds nothing out, and an error on what was learned from says little",
                f"write held_out = 0.2 in [models.{self.model}]",
            )
        return None

    def run(self, lab: Lab) -> SeriesValues:
        """Forecast every day of the series, three times."""
        series = lab.series(self.model)
        found, counted = forecasts_of(lab.forecaster(self.model), series, self.horizon)
        count = len(series.values)
        start = series.first_held_out - self.span // 3 if self.start is None else self.start
        return SeriesValues(
            series.values,
            found,
            series.horizon,
            series.first_held_out,
            counted,
            min(max(start, 0), max(count - self.span, 0)),
            self.span,
            self.unit,
            self.since,
            self.view,
            (lab.forecaster(self.model), series),
        )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
