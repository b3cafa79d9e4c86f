"""The gates figure: every gate of a cell and every state beside it, step by step.

What there is to show is the cell's own affair: its gates and states come from `CELLS`, what flows into the cell state
from the equation that `engine.opened` makes of it. Nothing here knows a cell by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import UNITS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found, quantities
from tutor.course.source import nearest
from tutor.engine.cells import CELLS, Gate
from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.engine.opened import Part, opened
from tutor.i18n import _


class Told(NamedTuple):
    """A gate or a state over a text, in one direction of the top layer."""

    letter: str
    gate: Gate | None
    """None of a state."""
    values: Array
    """(T, H)"""
    start: Array | None
    """(H,): a state before its first step; None of a gate, and of the direction that begins at the other end."""
    limit: float
    """The size that is drawn as full: 1, or of a state without a bound the largest there is."""
    bounded: bool
    carried: bool
    """Whether it is the state that a cell keeps apart from h."""
    into: str = ""
    """The product that it is a factor of, in the sum that makes the carried state: "f·c₋"; "" where it is none."""
    keeps: bool = False
    """Whether that product is what is kept of the state before; else it is what is added."""

    @property
    def name(self) -> str:
        """What it is called, without its letter."""
        if self.gate is not None:
            return _(self.gate.label).partition(":")[0]
        return _("hidden state") if self.letter == "h" else _("cell state")


class GatesValues(Struct, frozen=True):
    """A run, and the letters that are shown of it."""

    run: Run
    follow: tuple[str, ...] = ()
    """Letters of gates and states; all of them when empty."""
    unit: int = 0
    """The one under the cursor at first, from 0, in its direction."""

    def told(self, direction: int = 0) -> tuple[Told, ...]:
        """Each gate and state that is shown: the carried state, what flows into it, the other gates, h.

        Args:
            direction: 0 forward, 1 backward.
        """
        run = self.run
        spec, cell = run.spec, CELLS[run.spec.cell]
        found = run.trace.gates(layer=spec.num_layers - 1, direction=direction)
        record = run.trace.records[-1][direction]
        starts = {"h": record.h, "c": record.c}
        apart = [letter for letter in cell.states if letter != "h"]
        gates = {gate.name: gate for gate in cell.gates}
        # What flows where is the cell's affair: a run in which values were set by hand does not show it everywhere.
        plain = run.model.run(run.tokens[:1]) if run.trace.cuts else run
        flows = _flows(opened(plain, 0, 0, direction), apart)
        letters = [*apart, *(name for name in flows if name in gates), *(n for n in gates if n not in flows), "h"]
        told = []
        for letter in letters:
            if self.follow and letter not in self.follow:
                continue
            values, states = found[letter][:, 0], starts.get(letter)
            start = None if states is None or letter in gates or record.reverse else states[0, 0]
            bounded = letter in gates or (letter == "h" and spec.nonlinearity == "tanh")
            limit = 1.0 if bounded else _largest(values, start)
            into, keeps = flows.get(letter, ("", False))
            told.append(
                Told(letter, gates.get(letter), values, start, limit, bounded, letter in apart, into, keeps),
            )
        return tuple(told)

    def made(self, step: int, unit: int, direction: int = 0) -> tuple[Part, ...]:
        """The equations of one unit: of the carried state where there is one, then of h.

        Args:
            step: from 1.
            unit: from 0, in its direction.
            direction: 0 forward, 1 backward.
        """
        h = opened(self.run, step - 1, unit, direction)
        apart = [letter for letter in CELLS[self.run.spec.cell].states if letter != "h"]
        parts = {part.name: part for part in _every(h)}
        values = self.run.trace.gates(layer=self.run.spec.num_layers - 1, direction=direction)
        # Where h was set by hand, it was not made of the carried state, which is there all the same.
        found = (parts.get(letter) or Part(letter, float(values[letter][step - 1, 0, unit])) for letter in apart)
        return (*found, h)

    def tables(self, direction: int = 0) -> tuple[Table, ...]:
        """A row for each step with the mean over the units of each; then each of them, unit by unit."""
        told = self.told(direction)
        steps = [(str(t), token) for t, token in enumerate(self.run.tokens, 1)]
        named = (_("step"), _("token"))
        means = np.stack([one.values.astype(np.float64).mean(axis=1) for one in told], axis=1).tolist()
        rows = tuple((*step, *mean) for step, mean in zip(steps, means, strict=True))
        units = range(1, self.run.spec.hidden_size + 1)
        every = (
            Table(
                (*named, *(f"{one.letter}{unit}" for unit in units)),
                tuple((*step, *map(float, values)) for step, values in zip(steps, one.values, strict=True)),
                f"{one.letter}, {one.name}: {meaning(one)}",
            )
            for one in told
        )
        columns = (*named, *(_("mean {letter}").format(letter=one.letter) for one in told))
        return (Table(columns, rows), *every)


def meaning(one: Told) -> str:
    """Its range and what the ends of it mean, in words."""
    if one.gate is not None and one.gate.low:
        low, high = one.gate.range
        ends = _("{low:g} {does}, {high:g} {other}")
        return ends.format(low=low, does=_(one.gate.low), high=high, other=_(one.gate.high))
    if one.bounded:
        return _("-1 to 1")
    return _("no bound; the largest size is {limit:.3g}").format(limit=one.limit)


def _every(part: Part) -> Iterator[Part]:
    yield part
    for term in part.terms:
        yield from _every(term)


def _flows(h: Part, apart: list[str]) -> dict[str, tuple[str, bool]]:
    """The factors of the sum that makes the carried state: each with its product, and whether the past is in that."""
    found = {}
    for state in _every(h):
        if state.name in apart:
            for product in state.terms:
                names = [factor.name for factor in product.terms]
                for name in names:
                    found[name] = product.name, f"{state.name}₋" in names
    return found


def _largest(values: Array, start: Array | None) -> float:
    """The largest finite size, of all steps: a scale that stays as it is while they are read; 1 where there is none."""
    every = values if start is None else np.concatenate([values.ravel(), start])
    sizes = np.abs(every.astype(np.float64))
    return float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0


class Gates(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="gates"):
    """A lane for each gate and state of a cell, over a text."""

    facts: ClassVar[Facts] = {**UNITS, "folded": bool, "direction": ("forward", "backward")}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    follow: tuple[str, ...] = ()
    """The letters of the lanes that are shown, such as ["f", "c"]; all of them when it is not given."""
    unit: int = 1
    """The one under the cursor at first, from 1; of a bidirectional model, in each direction."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's model cannot be shown so: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        known = quantities(entry.cell)
        for letter in self.follow:
            if letter not in known:
                return f"`follow` names `{letter}`, which the {entry.cell} does not have", nearest(letter, known)
        if len(set(self.follow)) < len(self.follow):
            return "`follow` names a letter twice", "write each letter once"
        if not 1 <= self.unit <= entry.hidden:
            return f"`unit` is {self.unit}", f"write a number from 1 to {entry.hidden}"
        return unreadable(self.model, entry, self.text)

    def run(self, lab: Lab) -> GatesValues:
        """Run the model over the text."""
        return GatesValues(lab.run(self.model, self.text), self.follow, self.unit - 1)
