"""The race figure: a lesson's models, each trained from several seeds, and how well every one of these networks does.

One training from one seed is an anecdote. Here each is a dot of its own, a model is told by its median, and what two
models share of their spread is in sight. What of a finished network is measured is measured once for a lab.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from statistics import median
from typing import ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from tutor.course import scores
from tutor.course.entries import FARTHEST, LANGUAGE, ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.course.once import once
from tutor.course.scores import KINDS, Kind, Metric, Where
from tutor.course.tallies import Count
from tutor.i18n import _

SOLVED = 0.9
"""The median accuracy from which on a distance counts as solved."""
_MOST_MODELS, _MOST_SEEDS, _MOST_DISTANCES = 5, 10, 20


class Spread(Struct, frozen=True):
    """What the networks of one model came to."""

    low: float
    """The least of those that are numbers."""
    median: float
    """Of all; one that diverged counts as worse than any other, and NaN says that the middle one did."""
    high: float
    finished: int
    """Networks, those that diverged among them."""
    diverged: int


class Runner(Struct, frozen=True):
    """A model, and its networks as far as they came to their end."""

    label: str
    seeds: tuple[int, ...] = ()
    """Of the networks, beside the model's own: 0, 1, …."""
    scores: tuple[tuple[float, ...], ...] = ()
    """Of each network, in every place; NaN where its training diverged."""
    parameters: int | None = None
    """None before one of them is there."""
    seconds: float = math.nan
    """The median time of a training, where some were seen from their beginning; NaN where none was."""

    def at(self, place: int) -> tuple[float, ...]:
        """The scores of its networks in a place."""
        return tuple(each[place] for each in self.scores)


class Now(Struct, frozen=True):
    """The training that goes on, or was stopped."""

    label: str
    number: int
    """Which of the model's seeds, from 1."""
    step: int
    steps: int


class RaceValues(Struct, frozen=True):
    """How well each network does, so far."""

    runners: tuple[Runner, ...]
    seeds: int
    """Networks that each model is to have."""
    metric: Metric
    unit: str
    """What a score is, in words."""
    where: Where = "held_out"
    at: tuple[int, ...] = ()
    """The distances that are the places; without any there is one place, the examples."""
    baselines: tuple[tuple[str, float], ...] = ()
    """What guessing comes to: the median over the seeds, each on its own examples."""
    chance: float = math.nan
    """Of recall at distances, what a blind guess is right in; NaN elsewhere."""
    now: Now | None = None

    @property
    def higher(self) -> bool:
        """Whether a higher score is the better one."""
        return self.metric == "accuracy"

    @property
    def finished(self) -> int:
        """Networks that came to their end."""
        return sum(len(runner.scores) for runner in self.runners)

    @property
    def whole(self) -> int:
        """Networks that there are in the end."""
        return len(self.runners) * self.seeds

    def spread(self, runner: Runner, place: int = 0) -> Spread | None:
        """What a model's networks came to in a place; None before one is there."""
        found = runner.at(place)
        if not found:
            return None
        worst = -math.inf if self.higher else math.inf
        ordered = sorted(found, key=lambda score: worst if math.isnan(score) else score)
        middle = (ordered[(len(found) - 1) // 2] + ordered[len(found) // 2]) / 2
        known = [score for score in found if not math.isnan(score)]
        low, high = (min(known), max(known)) if known else (math.nan, math.nan)
        return Spread(low, middle, high, len(found), len(found) - len(known))

    def solved(self, runner: Runner) -> int | None:
        """The longest distance that its median solves; None where it is none of them."""
        spreads = [(distance, self.spread(runner, place)) for place, distance in enumerate(self.at)]
        return max((d for d, spread in spreads if spread is not None and spread.median >= SOLVED), default=None)

    def tables(self) -> tuple[Table, ...]:
        """What each model came to; then every network."""
        return self._over_distances() if self.at else self._of_examples()

    def _of_examples(self) -> tuple[Table, ...]:
        named = (_("model"), _("median"), _("lowest"), _("highest"), _("seeds"), *_costs())
        rows = tuple((r.label, *_told(self.spread(r)), float(len(r.scores)), *_cost(r)) for r in self.runners)
        every = tuple(
            (r.label, str(seed), score) for r in self.runners for seed, score in zip(r.seeds, r.at(0), strict=True)
        )
        return (
            Table(named, rows, self.unit),
            Table((_("model"), _("seed"), self.unit), every, _("every network")),
            *([Table((_("baseline"), self.unit), self.baselines, _("baselines"))] if self.baselines else []),
        )

    def _over_distances(self) -> tuple[Table, ...]:
        heads = [f"{r.label}, {what}" for r in self.runners for what in (_("median"), _("lowest"), _("highest"))]
        rows: tuple[tuple[str | float, ...], ...] = tuple(
            (str(distance), *(value for r in self.runners for value in _told(self.spread(r, place))))
            for place, distance in enumerate(self.at)
        )
        solved = tuple((r.label, _or_dash(self.solved(r)), float(len(r.scores)), *_cost(r)) for r in self.runners)
        every: tuple[tuple[str | float, ...], ...] = tuple(
            (r.label, str(seed), *scored) for r in self.runners for seed, scored in zip(r.seeds, r.scores, strict=True)
        )
        return (
            Table((_("distance"), *heads), (*rows, (_("chance"), *[self.chance] * len(heads))), self.unit),
            Table((_("model"), _("solved up to"), _("seeds"), *_costs()), solved, _("longest distance solved")),
            Table((_("model"), _("seed"), *map(str, self.at)), every, _("every network")),
        )


class Race(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="race"):
    """Models against each other, over seeds."""

    trains: ClassVar[bool] = True
    """Every network of a race is seen learning in it."""
    facts: ClassVar[Facts] = {}

    runners: tuple[str, ...] = field(name="models")
    """One to five of the lesson's, of one task."""
    labels: tuple[str, ...] = ()
    """Their names on the screen; their own when not given."""
    seeds: int = 5
    """Networks of each model: its own, and as many more as there are seeds besides."""
    where: Where = "held_out"
    """What they are scored on."""
    at: tuple[int, ...] = ()
    """Of models that recall: the distances at which they are scored, on sequences drawn for it."""
    baselines: tuple[Kind, ...] = ()
    """What they are held against."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return self.runners

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why there is no race: what is wrong, and how to mend it."""
        entries = {name: models[name] for name in self.runners if name in models}
        return self._uncounted() or self._apart(entries) or self._unscored(entries)

    def _uncounted(self) -> Found | None:
        """What is wrong with the keys alone."""
        names, labels, at = self.runners, self.labels, self.at
        if not 1 <= len(names) <= _MOST_MODELS:
            return f"`models` names {len(names) or 'none'}", f"write 1 to {_MOST_MODELS}"
        if len(set(names)) < len(names):
            return "`models` names a model twice", "write each once"
        if len(set(self.baselines)) < len(self.baselines):
            return "`baselines` names one twice", "write each once"
        if not 1 <= self.seeds <= _MOST_SEEDS:
            return f"`seeds` is {self.seeds}", f"write a number from 1 to {_MOST_SEEDS}"
        if labels and len(labels) != len(names):
            return f"`labels` are {len(labels)}, and `models` are {len(names)}", "write one for each model, or none"
        if len(set(labels)) < len(labels) or not all(label.strip() for label in labels):
            return "`labels` do not tell the models apart", "write a different text for each"
        if at and not (list(at) == sorted(set(at)) and 0 <= at[0] <= at[-1] <= FARTHEST and len(at) <= _MOST_DISTANCES):
            return "`at` does not rise within bounds", f"write up to {_MOST_DISTANCES} distances, 0 to {FARTHEST}"
        if at and self.where == "train":
            return "`where` says nothing beside `at`, which draws sequences of its own", "drop one of the two"
        if at and self.baselines:
            return "`baselines` are of examples, and `at` draws sequences of its own", "drop one of the two"
        return None

    def _apart(self, entries: Mapping[str, ModelEntry]) -> Found | None:
        """What the models do not share, and would have to, to be scored on one scale."""
        for name, entry in entries.items():
            if not entry.trained:
                return f"the model `{name}` is untrained", f"give [models.{name}] a `task`"
        for (one, a), (other, b) in zip(entries.items(), [*entries.items()][1:], strict=False):
            if a.task != b.task:
                what = f'`{one}` has the task "{a.task}" and `{other}` "{b.task}", which have no score in common'
                return what, "write models of one task"
            if a.column != b.column:
                what = f"`{one}` forecasts `{a.column}` and `{other}` `{b.column}`, which have no unit in common"
                return what, "write models of one column"
            if a.symbols != b.symbols:
                what = f"`{one}` recalls one of {a.symbols} symbols and `{other}` one of {b.symbols}"
                return what, "give them as many `symbols`: to guess is as hard then"
        return None

    def _unscored(self, entries: Mapping[str, ModelEntry]) -> Found | None:
        """What there is no score for."""
        for name, entry in entries.items():
            if self.at and entry.task != "recall":
                return f'`at` is of the task "recall", and `{name}` has the task "{entry.task}"', "drop `at`"
            if not self.at and self.where == "held_out" and not entry.held_out:
                mend = f'write held_out = 0.2 in [models.{name}], or where = "train"'
                return f"nothing of what `{name}` learns from is held out to score it on", mend
            for kind in self.baselines:
                if entry.task not in KINDS[kind]:
                    known = ", ".join(other for other, tasks in KINDS.items() if entry.task in tasks)
                    mend = f"write one of {known}" if known else "drop `baselines`"
                    return f'"{kind}" is no baseline of the task "{entry.task}"', mend
        return None

    def run(self, lab: Lab) -> RaceValues:
        """Train what is not ready, and score it all."""
        return [*self.live(lab)][-1]

    def live(self, lab: Lab, clock: Callable[[], float] = time.perf_counter) -> Generator[RaceValues, None, None]:
        """The values while the networks learn, every model's of one seed and then of the next, and at last the whole.

        Closing it stops the training that goes on. Asked again, it goes on with that.

        Args:
            lab: where they live.
            clock: seconds that pass.
        """
        seconds: dict[tuple[str, int], float] = once(lab, "seconds of training", dict)
        start = self._start(lab)
        networks: list[tuple[str, int]] = []
        for seed in range(self.seeds):
            for name, runner in zip(self.runners, start.runners, strict=True):
                sibling = lab.sibling(seed)
                if not sibling.begun(name):
                    seconds[name, seed] = 0.0
                with closing(sibling.train(name)) as checkpoints:
                    began = clock()
                    for checkpoint in checkpoints:
                        # Only what was seen from its beginning on is known in seconds.
                        seconds[name, seed] = seconds.get((name, seed), math.nan) + clock() - began
                        now = Now(runner.label, seed + 1, checkpoint.step, checkpoint.steps)
                        yield self._values(lab, start, networks, seconds, now)
                        began = clock()
                networks.append((name, seed))
                yield self._values(lab, start, networks, seconds, None)

    def _start(self, lab: Lab) -> RaceValues:
        """What is known before a network is there."""
        entry = lab.entry(self.runners[0])
        labs = [lab.sibling(seed) for seed in range(self.seeds)]
        known = [
            (kind, median(_baseline(each, self.runners[0], kind, self.where) for each in labs))
            for kind in self.baselines
        ]
        return RaceValues(
            runners=tuple(Runner(label) for label in self.labels or self.runners),
            seeds=self.seeds,
            metric=scores.metric(entry.task),
            unit=_unit(entry),
            where=self.where,
            at=self.at,
            baselines=tuple(known),
            chance=1 / entry.symbols if self.at else math.nan,
        )

    def _values(
        self,
        lab: Lab,
        start: RaceValues,
        networks: Sequence[tuple[str, int]],
        seconds: Mapping[tuple[str, int], float],
        now: Now | None,
    ) -> RaceValues:
        """With the networks, (model, seed), that came to their end."""
        runners = []
        for name, runner in zip(self.runners, start.runners, strict=True):
            seeds = tuple(seed for model, seed in networks if model == name)
            times = [taken for seed in seeds if not math.isnan(taken := seconds.get((name, seed), math.nan))]
            runners.append(
                Runner(
                    runner.label,
                    seeds,
                    tuple(self._score(lab.sibling(seed), name) for seed in seeds),
                    _parameters(lab.sibling(seeds[0]), name) if seeds else None,
                    median(times) if times else math.nan,
                )
            )
        return replace(start, runners=tuple(runners), now=now)

    def _score(self, lab: Lab, name: str) -> tuple[float, ...]:
        """Of a finished network, in every place."""
        if not self.at:
            return (_scored(lab, name, self.where),)
        return tuple(_recalled(lab, name, distance) for distance in self.at)


# What is measured


def _diverged(lab: Lab, name: str) -> bool:
    """Whether a training ended in a loss or a gradient that is no finite number."""
    last = lab.history(name)[-1]
    return not (math.isfinite(last.loss) and math.isfinite(last.gradient_norm))


def _scored(lab: Lab, name: str, where: Where) -> float:
    """As `scores.score`."""
    if _diverged(lab, name):
        return math.nan
    return scores.score(lab, name, where).value


def _recalled(lab: Lab, name: str, distance: int) -> float:
    """How often a network is right at a distance."""

    return math.nan if _diverged(lab, name) else scores.recalled(lab, name, distance)


def _baseline(lab: Lab, name: str, kind: Kind, where: Where) -> float:
    return scores.baseline(lab, name, kind, where).value


def _parameters(lab: Lab, name: str) -> int:
    return once(lab, ("parameters", name), lambda: int(Count(model=name, what="parameters").measure(lab).number))


def _unit(entry: ModelEntry) -> str:
    if entry.task == "forecast":
        return f"mean absolute error of {entry.forecast}"
    return "bits per token" if entry.task in LANGUAGE else "share that is right"


# Tables


def _costs() -> tuple[str, str]:
    return _("parameters"), _("seconds of training")


def _cost(runner: Runner) -> tuple[float, float]:
    return math.nan if runner.parameters is None else float(runner.parameters), runner.seconds


def _told(spread: Spread | None) -> tuple[float, float, float]:
    return (math.nan,) * 3 if spread is None else (spread.median, spread.low, spread.high)


def _or_dash(distance: int | None) -> str:
    return _("none") if distance is None else str(distance)
