"""The why figure: one number of a state, opened into its equation, its gates and its dot products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import UNITS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import step_beyond, unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.model import Run
from tutor.engine.opened import Part, opened
from tutor.i18n import _


class WhyValues(Struct, frozen=True):
    """A run, and the number of it that is opened first."""

    run: Run
    unit: int
    """From 0, forward then backward."""
    step: int
    """Steps taken."""

    def root(self, step: int, unit: int) -> Part:
        """The number at a step, from 1, opened."""
        direction, own = divmod(unit, self.run.spec.hidden_size)
        return opened(self.run, step - 1, own, direction)

    def tables(self) -> tuple[Table, ...]:
        """A row for each part of the number; then each dot product, term by term."""
        root = self.root(self.step, self.unit)
        name = f"h_{self.step}[{self.unit + 1}]"
        parts = list(_every(root, (name,)))
        rows = tuple((" › ".join(way), part.value) for way, part in parts)
        dots = (table_of(part, " › ".join(way[1:])) for way, part in parts if part.made == "dot")
        return (Table((_("part"), _("value")), rows), *dots)


def letter_of(run: Run, letter: str, step: int, unit: int) -> Part:
    """A gate, a state or h of one unit at a step, opened.

    Args:
        run: any run.
        letter: "h", or of a gate.
        step: from 1.
        unit: from 0, forward then backward.
    """
    direction, own = divmod(unit, run.spec.hidden_size)
    h = opened(run, step - 1, own, direction)
    for _way, part in _every(h, ()):
        if part.name == letter:
            return part
    # Where h, or c, was set by hand it was not made of the gate, which is there all the same; and a reset gate
    # that comes before the product with W_h is in no equation alone.
    values = run.trace.gates(layer=run.spec.num_layers - 1, direction=direction)
    return Part(letter, float(values[letter][step - 1, 0, own]))


def _every(part: Part, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Part]]:
    """A part and all that is under it, each with the names on the way to it."""
    yield way, part
    for term in part.terms:
        yield from _every(term, (*way, term.name))


def table_of(part: Part, title: str) -> Table:
    """What a part is made of, term by term, in order."""
    if part.made != "dot":
        return Table((_("term"), _("value")), tuple((term.name, term.value) for term in part.terms), title)
    rows: list[tuple[str | float, ...]] = []
    total = 0.0
    for index, (weight, value) in enumerate(zip(part.weights.tolist(), part.values.tolist(), strict=True), 1):
        total += weight * value
        rows.append((f"{part.of}[{index}]", weight, value, weight * value, total))
    return Table((_("term"), _("weight"), _("value"), _("product"), _("sum so far")), tuple(rows), title)


class Why(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="why"):
    """One number of a hidden state, opened down to the weights."""

    facts: ClassVar[Facts] = {**UNITS, "opened": float}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    unit: int = 1
    """From 1; the backward direction's follow the forward one's."""
    step: int | None = None
    """From 1; the last when it is not given."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the number cannot be opened: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if (found := unreadable(self.model, entry, self.text)) is not None:
            return found
        units = entry.hidden * (2 if entry.bidirectional else 1)
        if not 1 <= self.unit <= units:
            return f"`unit` is {self.unit}", f"write a number from 1 to {units}"
        return step_beyond(entry, self.text, self.step, least=1)

    def run(self, lab: Lab) -> WhyValues:
        """Run the model over the text."""
        run = lab.run(self.model, self.text)
        return WhyValues(run, self.unit - 1, len(run.tokens) if self.step is None else self.step)
