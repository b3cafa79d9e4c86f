"""The state figure: a network over a text, every hidden state of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import UNITS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import step_beyond
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.model import Run
from tutor.i18n import _


class StateValues(Struct, frozen=True):
    """A network over a text: every hidden state, and the next words where the model has a head."""

    run: Run
    next: int
    """How many of the likeliest next tokens to show; 0 shows none."""
    step: int = 0
    """Steps taken at first."""

    def tables(self) -> tuple[Table, ...]:
        """A row for each step: its token, its units and the size of the change; then the likeliest next tokens."""
        hidden = self.run.hidden
        units = tuple(f"h{i + 1}" for i in range(hidden.shape[1]))
        rows: list[tuple[str | float, ...]] = [
            (str(t + 1), token, *(float(v) for v in hidden[t]), float(self.run.change[t]))
            for t, token in enumerate(self.run.tokens)
        ]
        tables = [Table(("step", "token", *units, "‖Δh‖"), tuple(rows))]
        if self.next:
            tables.append(Table((_("likeliest next"), "p"), self.run.next(k=self.next), _("next")))
        return tuple(tables)


class State(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="state"):
    """The step-by-step heatmap with its unrolled diagram and next-word bars."""

    facts: ClassVar[Facts] = {**UNITS, "opened": bool}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    next: int = 0
    step: int = 0
    """Steps taken at first."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's models cannot be shown so: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if self.next < 0:
            return f"`next` is {self.next}", "write how many of the next tokens to show, 0 for none"
        if self.next and not entry.trained:
            return (
                f"the model `{self.model}` is untrained, and expects no next token",
                "drop `next`, or train it",
            )
        if not self.text and not entry.text:
            return (
                f"the model `{self.model}` has no text to run on",
                f'write text = "…" here or in [models.{self.model}]',
            )
        return step_beyond(entry, self.text, self.step, without="the first")

    def run(self, lab: Lab) -> StateValues:
        """Run the model over the text."""
        return StateValues(lab.run(self.model, self.text), self.next, self.step)
