"""The training figure: a loss that falls, beside what guessing would cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tutor.course.figures.table import Table
from tutor.course.lab import Lab, ModelEntry
from tutor.course.measured import Found
from tutor.engine.losses import bits
from tutor.engine.training import Checkpoint


class TrainingValues(Struct, frozen=True):
    """A training run: the loss at each checkpoint, in bits a token, beside its baselines."""

    points: tuple[tuple[int, float], ...]
    """(weight updates, bits per token)"""
    baselines: tuple[tuple[str, float], ...]
    steps: int
    """Weight updates when it is done."""

    def tables(self) -> tuple[Table, ...]:
        """A row for each checkpoint, then one for each baseline."""
        rows: list[tuple[str | float, ...]] = [(float(step), bits) for step, bits in self.points]
        return (Table(("updates", "bits per token"), tuple(rows + [(n, b) for n, b in self.baselines])),)


class Training(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="training"):
    """The training curve, live while the model trains."""

    model: str
    baselines: tuple[Literal["uniform", "unigram"], ...] = ("uniform",)

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why there is no training to show: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None or entry.trained:
            return None
        return f"the model `{self.model}` is untrained", f"give [models.{self.model}] a `task` and a `corpus`"

    def run(self, lab: Lab) -> TrainingValues:
        """The history of the model as it is now."""
        return self.measure(lab, lab.history(self.model))

    def measure(self, lab: Lab, history: tuple[Checkpoint, ...]) -> TrainingValues:
        """The values of a history, whole or in the making."""
        ends = ("<end>",) if lab.entry(self.model).task == "next-word" else ()
        sequences = [(*sequence, *ends) for sequence in lab.corpus(self.model)]
        # What is guessed is every token but the first of each sequence, which is given; its end too.
        wanted = Counter(token for sequence in sequences for token in sequence[1:])
        total = sum(wanted.values())
        known = {
            "uniform": math.log2(len({token for sequence in sequences for token in sequence})),
            "unigram": -sum(n / total * math.log2(n / total) for n in wanted.values()),
        }
        return TrainingValues(
            tuple((c.step, bits(c.loss)) for c in history),
            tuple((name, known[name]) for name in self.baselines),
            lab.entry(self.model).steps,
        )
