"""The training figure: a loss that falls, beside what guessing would cost, and what the network wrote on its way.

Everything is computed from what the lab keeps of a training, while it goes on as well as after. What cannot change
any more, a baseline or what a past network writes, is computed once for a lab.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar, Literal

import numpy as np
from msgspec import Struct

from tutor.course import scores
from tutor.course.entries import LANGUAGE, NAMING, ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.course.once import once
from tutor.engine.generation import generate
from tutor.engine.losses import bits
from tutor.engine.model import Model
from tutor.engine.text import join, tokenize
from tutor.engine.training import Checkpoint

Baseline = Literal["uniform", "unigram", "bigram", "majority", "most-frequent-tag", "persistence"]
Point = tuple[int, float]
"""(weight updates, a value)"""

_UNITS = {"tag": "bits per tag", "classify": "bits per label", "recall": "bits per label"}
_MOST_SAID = {"words": 12, "characters": 40}
_NEEDS: dict[str, tuple[str, ...]] = {
    "uniform": (*LANGUAGE, "caption", *NAMING),
    "unigram": (*LANGUAGE, "caption", *NAMING),
    "bigram": (*LANGUAGE, "caption"),
    "majority": (*LANGUAGE, "caption", *NAMING),
    "most-frequent-tag": ("tag",),
    "persistence": ("forecast",),
}
"""The tasks that each baseline is one for."""
_METRICS = ("majority", "most-frequent-tag")
"""Baselines of the share that is right, which is measured on what is held out."""
_BESIDE: tuple[Baseline, ...] = ("majority", "most-frequent-tag", "persistence")
"""Those that have a metric on what is held out."""


class Curve(Struct, frozen=True):
    """The loss of the same training from another seed."""

    seed: int
    points: tuple[Point, ...]


class TrainingValues(Struct, frozen=True):
    """A training run: what is known of it at each checkpoint."""

    points: tuple[Point, ...]
    """The loss, in `unit`: the mean since the checkpoint before."""
    baselines: tuple[tuple[str, float], ...]
    """What guessing would cost, in `unit`: on what the network learns from, unless `measured` says otherwise."""
    steps: int
    """Weight updates when it is done."""
    unit: str = "bits per token"
    held_out: tuple[Point, ...] = ()
    """The loss on what it is not trained on, in `unit`."""
    metric: tuple[Point, ...] = ()
    """On that, what `metric_name` says."""
    metric_name: str = "share that is right"
    metric_baselines: tuple[tuple[str, float], ...] = ()
    """What guessing would come to, on what is held out."""
    norms: tuple[Point, ...] = ()
    """The norm of each checkpoint's last gradient, before clipping."""
    clip: float = math.inf
    """The norm at which gradients are clipped."""
    kept: tuple[int, ...] = ()
    """Updates after which the network can be looked back at."""
    prefix: str = ""
    """What it writes on from."""
    unit_of_text: str = "words"
    """What a token of it is: "words" or "characters"."""
    samples: tuple[tuple[int, str], ...] = ()
    """What the network wrote on with, after each of `kept`; "" where its numbers had become none."""
    measured: str = "train"
    """What `baselines` were measured on: "train" or "held_out"."""
    others: tuple[Curve, ...] = ()
    """The same from other seeds, as far as they have come."""

    @property
    def diverged(self) -> bool:
        """Whether it ended in a loss or a gradient that is no finite number."""
        return any(points and not math.isfinite(points[-1][1]) for points in (self.points, self.norms))

    @property
    def clipped(self) -> tuple[int, int]:
        """Of the updates that were looked at, one a checkpoint, how many were clipped; and how many there are."""
        norms = [norm for step, norm in self.norms if step > 0]
        return sum(norm > self.clip for norm in norms), len(norms)

    def spread(self) -> tuple[tuple[int, float, float, float], ...]:
        """Over the seeds, where more than one has come as far: (updates, least, median, largest loss)."""
        if not self.others:
            return ()
        runs = [dict(points) for points in (self.points, *(other.points for other in self.others))]
        found = []
        for step, _loss in self.points:
            at = [run[step] for run in runs if step in run]
            if len(at) > 1:
                # Ordered with what is not a number last: no run is left out of the count.
                ordered = sorted(at, key=lambda loss: (math.isnan(loss), loss))
                middle = (ordered[(len(at) - 1) // 2] + ordered[len(at) // 2]) / 2
                found.append((step, ordered[0], middle, ordered[-1]))
        return tuple(found)

    def tables(self) -> tuple[Table, ...]:
        """A row for each checkpoint, then one for each baseline; then what else was measured."""
        beside = dict(self.held_out)
        columns = ("updates", self.unit, *(["held out"] if beside else []))
        rows: list[tuple[str | float, ...]] = [
            (float(step), loss, *([beside.get(step, math.nan)] if beside else [])) for step, loss in self.points
        ]
        on_held_out = self.measured == "held_out" and bool(beside)
        for name, level in self.baselines:
            rows.append((name, "", level) if on_held_out else (name, level, *([""] if beside else [])))
        return (Table(columns, tuple(rows)), *self._further())

    def _further(self) -> Iterator[Table]:
        if self.metric:
            named: list[tuple[str | float, ...]] = [(float(step), value) for step, value in self.metric]
            rows = (*named, *self.metric_baselines)
            yield Table(("updates", self.metric_name), rows, "held out")
        if self.norms:
            norms = tuple((float(step), norm) for step, norm in self.norms)
            yield Table(("updates", "gradient norm"), (*norms, ("clip", self.clip)), "gradient norm before clipping")
        if self.samples:
            said = tuple((float(step), text) for step, text in self.samples)
            yield Table(("updates", self.prefix), said, "written after these updates")
        if self.others:
            spread = tuple((float(step), low, middle, high) for step, low, middle, high in self.spread())
            yield Table(("updates", "least", "median", "largest"), spread, "seeds")


class Training(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="training"):
    """The training curve, live while the model trains."""

    trains: ClassVar[bool] = False
    """The model itself is trained before: here are the other seeds."""
    facts: ClassVar[Facts] = {"view": ("loss", "metric", "norm", "seeds"), "looked_back": bool}

    model: str
    baselines: tuple[Baseline, ...] = ("uniform",)
    """What it is held against. "bigram" knows the token before, interpolated with how common each is (Witten and Bell
    1991); "persistence" says that the last value of the window comes again."""
    measured: Literal["train", "held_out"] = "train"
    """What the baselines of the loss are measured on: what is learned from, or what is held out."""
    seeds: int = 1
    """Runs: the model's own, and as many more as there are seeds besides."""
    samples: str = ""
    """A text that the network writes on from, after each checkpoint that is kept."""
    temperature: float = 0.0
    """Of what it writes; 0 takes the likeliest."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why there is no training to show: what is wrong, and how to mend it."""
        if not 1 <= self.seeds <= 9:
            return f"`seeds` is {self.seeds}", "write a number from 1 to 9"
        if not 0 <= self.temperature <= 10:
            return f"`temperature` is {self.temperature:g}", "write a number from 0 to 10"
        entry = models.get(self.model)
        if entry is None:
            return None
        if not entry.trained:
            return f"the model `{self.model}` is untrained", f"give [models.{self.model}] a `task` and a `corpus`"
        for name in self.baselines:
            # Who names none gets the default, which a forecast has no use for, and draws none.
            if entry.task not in _NEEDS[name] and self.baselines != ("uniform",):
                known = ", ".join(other for other, tasks in _NEEDS.items() if entry.task in tasks)
                return f'"{name}" is no baseline of the task "{entry.task}"', f"write one of {known}"
            if name in _METRICS and not entry.held_out:
                what = f'"{name}" is a share that is right, and of `{self.model}` nothing is held out to measure it on'
                return what, f"write held_out = 0.2 in [models.{self.model}], or drop it"
        if self.measured == "held_out" and not entry.held_out:
            what = f"of `{self.model}` nothing is held out to measure the baselines on"
            return what, f"write held_out = 0.2 in [models.{self.model}], or drop `measured`"
        if self.samples:
            if entry.task not in LANGUAGE:
                return f"the model `{self.model}` writes no text", "drop `samples`"
            if not tokenize(self.samples, entry.unit):
                return "`samples` has no token to write on from", 'write samples = "…"'
        return None

    def run(self, lab: Lab) -> TrainingValues:
        """The history of the model as it is now, beside the other seeds', which are trained where it is."""
        return [*self.live(lab)][-1]

    def more(self, lab: Lab) -> Generator[Checkpoint, None, None]:
        """Train the other seeds; a checkpoint each time one is there. None where the model itself was stopped."""
        for seed in range(1, self.seeds):
            if lab.ready(self.model):
                with closing(lab.sibling(seed).train(self.model)) as checkpoints:
                    yield from checkpoints

    def live(self, lab: Lab) -> Generator[TrainingValues, None, None]:
        """The values while the other seeds learn, and at last the whole."""
        history = lab.history(self.model)
        with closing(self.more(lab)) as checkpoints:
            for _checkpoint in checkpoints:
                yield self.measure(lab, history)
        yield self.measure(lab, history)

    def measure(self, lab: Lab, history: tuple[Checkpoint, ...]) -> TrainingValues:
        """The values of a history, whole or in the making."""
        entry = lab.entry(self.model)
        told = _scale(lab, self.model)
        known: Mapping[str, float] = once(lab, (self.model, "baselines"), lambda: _baselines(lab, self.model))
        if self.measured == "held_out":
            there = once(lab, (self.model, "baselines held out"), lambda: _losses_held_out(lab, self.model))
            known = {**known, **there}
        kept: tuple[int, ...] = ()
        if lab.begun(self.model):
            reached = {checkpoint.step for checkpoint in history}
            kept = tuple(step for step in lab.kept_steps(self.model) if step in reached)
        factor = lab.series(self.model).std if entry.task == "forecast" else 1.0
        return TrainingValues(
            points=_points(history, told),
            baselines=tuple((name, known[name]) for name in self.baselines if name in known and name not in _METRICS),
            steps=entry.steps,
            unit=_unit(entry),
            held_out=tuple((c.step, told(c.held_out)) for c in history if c.held_out is not None),
            measured=self.measured,
            metric=tuple((c.step, c.held_out_metric * factor) for c in history if c.held_out_metric is not None),
            metric_name=f"mean absolute error of {entry.forecast}"
            if entry.task == "forecast"
            else "share that is right",
            metric_baselines=tuple(
                (name, known[f"{name} held out"]) for name in self.baselines if f"{name} held out" in known
            ),
            norms=tuple((c.step, c.gradient_norm) for c in history),
            clip=entry.clip,
            kept=kept,
            prefix=join(lab.tokens(self.model, self.samples), entry.unit) if self.samples else "",
            unit_of_text=entry.unit,
            samples=tuple((step, self._sample(lab, step)) for step in kept) if self.samples else (),
            others=self._others(lab),
        )

    def _others(self, lab: Lab) -> tuple[Curve, ...]:
        found = []
        for seed in range(1, self.seeds):
            sibling = lab.sibling(seed)
            # To ask whether it is there may read it from the disk; it is not asked before this one is done.
            if lab.ready(self.model) and sibling.begun(self.model):
                points = _points(sibling.history(self.model), _scale(sibling, self.model))
                found.append(Curve(sibling.entry(self.model).seed + sibling.seed, points))
        return tuple(found)

    def _sample(self, lab: Lab, step: int) -> str:
        key = (self.model, step, self.samples, self.temperature)
        return once(lab, key, lambda: self._written(lab, lab.at_step(self.model, step)))

    def _written(self, lab: Lab, network: Any) -> str:
        entry = lab.entry(self.model)
        assert isinstance(network, Model)
        said = generate(
            network,
            lab.tokens(self.model, self.samples),
            max_tokens=_MOST_SAID[entry.unit],
            temperature=self.temperature,
            seed=entry.seed + lab.seed,
        )
        try:
            return join([one.token for one in said], entry.unit)
        except ValueError:
            # It diverged: there is no number to choose by.
            return ""


def _unit(entry: ModelEntry) -> str:
    return f"RMS error of {entry.forecast}" if entry.task == "forecast" else _UNITS.get(entry.task, "bits per token")


def _scale(lab: Lab, model: str) -> Callable[[float], float]:
    """From a loss as the engine says it to what a person reads: nats to bits; (standardised)² to the column's unit."""
    if lab.entry(model).task != "forecast":
        return bits
    std = lab.series(model).std
    return lambda loss: std * math.sqrt(loss) if loss >= 0 else loss


def _points(history: Sequence[Checkpoint], told: Callable[[float], float]) -> tuple[Point, ...]:
    return tuple((c.step, told(c.loss)) for c in history)


def _baselines(lab: Lab, model: str) -> dict[str, float]:
    """Every baseline of a model by its name: of the loss; and with "held out" behind it, of the metric."""
    task = lab.entry(model).task
    train, held_out = lab.examples(model)
    beside = {f"{kind} held out": _held_out(lab, model, kind) for kind in _BESIDE if held_out and task in _NEEDS[kind]}
    if task == "forecast":
        missed = scores.errors(lab, model, "persistence", train)
        return beside | {"persistence": float(np.sqrt((missed**2).mean()))}
    if task in NAMING:
        labels = scores.named(train, task)
        return beside | {kind: scores.label_bits(kind, labels) for kind in ("uniform", "unigram")}
    learned = scores.guessed(lab, model, "train")
    return beside | {kind: scores.token_bits(kind, learned) for kind in ("uniform", "unigram", "bigram")}


def _losses_held_out(lab: Lab, model: str) -> dict[str, float]:
    """The baselines of the loss on what is held out."""
    task = lab.entry(model).task
    if task == "forecast":
        missed = scores.errors(lab, model, "persistence", lab.examples(model)[1])
        return {"persistence": float(np.sqrt((missed**2).mean()))}
    if task in LANGUAGE:
        kinds: tuple[scores.Kind, ...] = ("uniform", "unigram", "bigram")
        return {kind: scores.baseline(lab, model, kind).value for kind in kinds}
    return {}


def _held_out(lab: Lab, model: str, kind: Any) -> float:
    if lab.entry(model).task in scores.KINDS[kind]:
        return scores.baseline(lab, model, kind).value
    # Of tokens: how often the one that is most often said is right.
    learned, asked = (scores.guessed(lab, model, where) for where in ("train", "held_out"))
    most = scores.commonest(token for _before, token in learned)
    return sum(token == most for _before, token in asked) / len(asked) if asked else math.nan
