"""The unrolled figure: one cell with its loop, and the chain of copies that a text makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import STEPS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.model import Run
from tutor.i18n import _


class UnrolledValues(Struct, frozen=True):
    """A run, and the numbers that every copy of its cell shares."""

    run: Run
    folded: bool
    """Whether it is folded at first."""
    parameters: tuple[tuple[str, int], ...]
    """How many numbers W_x, W_h and b have, over all layers and directions."""

    @property
    def steps(self) -> int:
        """Steps to play: a layer that reads both directions of the one below begins when that one is through."""
        waits = self.run.spec.num_layers if self.run.spec.bidirectional else 1
        return waits * len(self.run.tokens)

    def taken(self, position: int) -> tuple[tuple[int, bool, int, bool], ...]:
        """Of each chain after some steps: its layer from 1, whether it is backward, how far it is, whether it moved."""
        spec, count = self.run.spec, len(self.run.tokens)
        found = []
        for layer in range(spec.num_layers):
            own = position - layer * count if spec.bidirectional else position
            for reverse in (False, True)[: 2 if spec.bidirectional else 1]:
                found.append((layer + 1, reverse, min(max(own, 0), count), 1 <= own <= count))
        return tuple(found)

    @property
    def speaks(self) -> bool:
        """Whether it has a head that says something at each step."""
        return self.run.logits is not None and not self.run.model.whole

    def said(self, t: int) -> tuple[str, float]:
        """The likeliest label after step t and its probability; of a network without a head, ‖h_t‖."""
        if self.speaks:
            return next(iter(self.run.next(t, 1)), ("", float("nan")))
        return "", float(np.linalg.norm(self.run.hidden[t].astype(np.float64)))

    def tables(self) -> tuple[Table, ...]:
        """A row for each step with what it puts out; then how many numbers its copies share."""
        said = [self.said(t) for t in range(len(self.run.tokens))]
        if self.speaks:
            columns = (_("step"), _("token"), _("likeliest"), "p")
            rows = tuple((str(t + 1), token, *said[t]) for t, token in enumerate(self.run.tokens))
            steps = Table(columns, rows)
        else:
            steps = Table(
                (_("step"), _("token"), "‖h‖"),
                tuple((str(t + 1), token, said[t][1]) for t, token in enumerate(self.run.tokens)),
            )
        counts = (*self.parameters, (_("all"), sum(n for _kind, n in self.parameters)))
        shared = tuple((kind, float(n)) for kind, n in counts)
        return steps, Table((_("weights"), _("numbers")), shared, _("shared by every step"))


class Unrolled(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="unrolled"):
    """The cell with its loop, and the chain of its copies."""

    facts: ClassVar[Facts] = {**STEPS, "folded": bool}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    folded: bool = False
    """Whether it is folded at first."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's model cannot be unrolled: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        return None if entry is None else unreadable(self.model, entry, self.text)

    def run(self, lab: Lab) -> UnrolledValues:
        """Run the model over the text."""
        return unrolled_values(lab.run(self.model, self.text), folded=self.folded)


def unrolled_values(run: Run, *, folded: bool = False) -> UnrolledValues:
    """The values of any run."""
    kinds = {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias"}
    state = run.model.net.state_dict()
    counts = {kind: sum(a.size for name, a in state.items() if name.startswith(start)) for kind, start in kinds.items()}
    return UnrolledValues(run, folded, tuple(counts.items()))
