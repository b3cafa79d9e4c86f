"""Every instrument on the same trace: what it is called, by which key it comes, and what it shows of a reading.

What is shown are the values of the course's figures, and so every number here is the lessons'. An instrument that has
nothing to show of a network says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from msgspec.structs import replace as replaced

from tutor.course.figures.alignment import Align
from tutor.course.figures.attribution import attribution_values
from tutor.course.figures.compare import compared
from tutor.course.figures.embedding import EmbeddingValues
from tutor.course.figures.gates import GatesValues
from tutor.course.figures.gradient import Gradient, GradientValues
from tutor.course.figures.gradient import Series as Curve
from tutor.course.figures.jacobian import Jacobian, factors
from tutor.course.figures.next import next_values
from tutor.course.figures.receptive_field import MOST_HIDDEN, ReceptiveField
from tutor.course.figures.state import StateValues
from tutor.course.figures.tags import tags_values
from tutor.course.figures.unrolled import unrolled_values
from tutor.course.figures.why import WhyValues
from tutor.engine import CELLS
from tutor.engine.model import Run
from tutor.engine.text import clean
from tutor.i18n import _
from tutor.sandbox.bench import Beside, Reading
from tutor.sandbox.experiment import Experiment
from tutor.sandbox.state import View

NEXT = 4
"""How many next words stand under the state, where the model has a head."""
MOST_FACTORS = 200
"""Steps back of which every factor is shown; those before are left out, ..."""
MOST_NUMBERS = 1 << 22
"""... and so are those that have more numbers: a factor is as large as W_h, and of the LSTM four times as large."""
MOST_PRODUCTS = 1 << 32
"""Multiplications that following a gradient may take: about a second. Steps farther back are left out, ..."""
LEAST_BACK = 50
"""... but never one of so many."""


class Shown(NamedTuple):
    """What an instrument shows."""

    show: str
    """The name of a figure."""
    options: Any
    values: Any
    said: str = ""
    """What of the text was left out."""


@dataclass(frozen=True)
class Instrument:
    """Something that looks at a reading."""

    name: str
    key: str
    label: str
    """What the key line calls it."""
    about: str
    """What the help says of it."""
    look: Callable[[Reading, View], Shown]
    """ValueError: in one line, why there is nothing to see."""


def _state(reading: Reading, view: View) -> Shown:
    run = reading.run
    speaks = run.logits is not None and run.model.job == "next"
    return Shown("state", None, StateValues(run, NEXT if speaks else 0, view.position))


def _gates(reading: Reading, view: View) -> Shown:
    run = reading.run
    return Shown("gates", None, GatesValues(run, (), min(view.unit, run.spec.hidden_size - 1)))


def _says(reading: Reading, view: View) -> Shown:
    """What it says: the next token, or its labels."""
    run = reading.run
    _speaks(run)
    if run.model.job == "next":
        return Shown("next", None, next_values(run, step=view.position))
    return Shown("tags", None, tags_values(run))


def _gradient(reading: Reading, view: View) -> Shown:
    at = view.position or len(reading.run.tokens)
    run, cell = reading.run, reading.run.spec.cell
    each = run.spec.hidden_size**3 * len(CELLS[cell].blocks)
    first = max(at - max(MOST_PRODUCTS // each, LEAST_BACK), 0)
    back = tuple(float(value) for value in reading.flow(first, at).log10_norms[::-1])
    values = GradientValues((Curve(cell.upper(), back, trained=True),), at - first, "frobenius", at, run.tokens[at - 1])
    return Shown("gradient", Gradient(model=cell, norm="frobenius"), values, _measured(run, first, at))


def _why(reading: Reading, view: View) -> Shown:
    run = reading.run
    # Before the first step nothing was made: the first number that was.
    return Shown("why", None, WhyValues(run, view.unit, max(view.position, 1)))


def _compare(reading: Reading, view: View) -> Shown:
    if not reading.beside:
        raise ValueError(_("Nothing stands beside it yet: b writes a second text, h sets a value by hand."))
    names, runs = zip(*reading.beside, strict=True)
    align: Align = "edit" if reading.kind == "text" else "step"
    return Shown("compare", None, compared(runs, align, names, nudged=reading.kind == "plain"))


def _speaks(run: Run) -> None:
    if run.logits is None:
        raise ValueError(_("This network says nothing until it is trained: o opens one that was, t trains one."))


def _attribution(reading: Reading, view: View) -> Shown:
    _speaks(reading.run)
    return Shown("attribution", None, attribution_values(reading.run, step=view.position))


def _unrolled(reading: Reading, view: View) -> Shown:
    return Shown("unrolled", None, unrolled_values(reading.run))


def _jacobian(reading: Reading, view: View) -> Shown:
    run = reading.run
    at = view.position or len(run.tokens)
    size = run.spec.hidden_size * len(CELLS[run.spec.cell].states)
    first = max(at - max(min(MOST_FACTORS, MOST_NUMBERS // size**2), 1), 0)
    found = factors(reading.flow(first, at), run.spec.cell, run.tokens[first:at])
    # Steps are counted in the whole text.
    values = replaced(found, factors=tuple(replaced(one, step=one.step + first) for one in found.factors))
    # A model's own network: neither its cell nor its ρ is turned here.
    return Shown("jacobian", Jacobian(model="bench"), values, _measured(run, first, at))


def _measured(run: Run, first: int, at: int) -> str:
    """What of a gradient was measured, where that is not all."""
    said = []
    if run.spec.bidirectional:
        said.append(_("This is the chain that reads from the start."))
    if first > 0:
        left_out = _("The {n:,} steps back from step {at:,} are measured, and those before are left out.")
        said.append(left_out.format(n=at - first, at=at))
    return " ".join(said)


def _vectors(reading: Reading, view: View) -> Shown:
    run = reading.run
    model = run.model
    if model.vocabulary is None or model.embedding is None:
        return Shown("embedding", None, EmbeddingValues(run.tokens, run.x, view="lookup", step=view.position))
    indices = tuple(model.vocabulary.encode(run.tokens).tolist())
    table = model.embedding.weight.copy()[None]
    known = model.vocabulary.tokens
    values = EmbeddingValues(run.tokens, run.x, known, indices, (0,), table, "lookup", view.position)
    return Shown("embedding", None, values)


def _field(reading: Reading, view: View) -> Shown:
    run = reading.run
    if run.spec.bidirectional:
        raise ValueError(_("This network reads from both ends: its state at a token has seen those after it, too."))
    if run.spec.hidden_size > MOST_HIDDEN:
        raise ValueError(_("The receptive field is measured with {n} units at most.").format(n=MOST_HIDDEN))
    options = ReceptiveField(model="bench")
    return Shown("receptive-field", options, options.over(run))


INSTRUMENTS = {
    one.name: one
    for one in (
        Instrument("state", "1", _("state"), _("the state, step by step"), _state),
        Instrument("gates", "2", _("gates"), _("every gate and state of the cell"), _gates),
        Instrument("says", "3", _("what it says"), _("the next token and a sampler, or its labels"), _says),
        Instrument("gradient", "4", _("gradient"), _("the gradient from this step back"), _gradient),
        Instrument("why", "5", _("why"), _("the value under the cursor, opened down to the weights"), _why),
        Instrument("compare", "6", _("compare"), _("beside another text, itself untouched, other cells"), _compare),
        Instrument("attribution", "7", _("attribution"), _("which tokens mattered for what it says"), _attribution),
        Instrument("unrolled", "8", _("unrolled"), _("the cell, and the chain of its copies"), _unrolled),
        Instrument("jacobian", "9", _("factors"), _("the factors of the gradient, step by step"), _jacobian),
        Instrument("vectors", "0", _("vectors"), _("what each token is for the network"), _vectors),
        Instrument("field", "", _("receptive field"), _("what a convolution would see of the text"), _field),
    )
}
"""In the order of their keys."""
MEASURED_FROM = ("gradient", "jacobian")
"""Those that go back from the step where one stands, and have no steps of their own."""


def kinds_of(experiment: Experiment) -> tuple[Beside, ...]:
    """What a run can be compared with."""
    there: dict[Beside, bool] = {
        "text": bool(experiment.beside),
        "plain": experiment.changed,
        "cells": not experiment.source,
    }
    return tuple(kind for kind, can in there.items() if can)


def beside_of(experiment: Experiment, last: Beside = "") -> Beside:
    """What stands beside a run when it is compared: after `last` the next kind that there is.

    Raises:
        ValueError: there is nothing to compare it with.
    """
    kinds = kinds_of(experiment)
    if not kinds:
        raise ValueError(_("There is nothing to compare it with: b writes a second text, h sets a value by hand."))
    return kinds[(kinds.index(last) + 1) % len(kinds)] if last in kinds else kinds[0]


def look(instrument: str, reading: Reading, view: View) -> Shown:
    """What an instrument shows of a reading.

    Raises:
        ValueError: in one line, why there is nothing to see.
    """
    if instrument not in INSTRUMENTS:
        raise ValueError(_("There is no instrument {name} here.").format(name=clean(instrument)[:40]))
    run = reading.run
    units = run.hidden.shape[1]
    at = replace(view, position=min(view.position, len(run.tokens)), unit=min(view.unit, units - 1))
    return INSTRUMENTS[instrument].look(reading, at)
