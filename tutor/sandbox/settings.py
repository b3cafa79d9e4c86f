"""The settings of the network on the bench: what each is now, what comes before and after it, and what may be typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tutor.engine import CELLS
from tutor.engine.model import Model
from tutor.engine.text import UNITS
from tutor.i18n import _
from tutor.sandbox.edits import number, numbers
from tutor.sandbox.experiment import (
    INITS,
    MAX_FORGET_BIAS,
    MAX_HIDDEN,
    MAX_LAYERS,
    MAX_RADIUS,
    STARTS,
    Experiment,
)

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""What the units go through; any number between may be typed."""
RADII = (0.5, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.5, 2.0)
BIASES = (None, 0.0, 1.0, 2.0, 3.0, 5.0)
LARGEST_SEED = 2**31


class Setting(NamedTuple):
    """One of them, as it stands."""

    name: str
    """The experiment's field."""
    label: str
    value: str
    typed: bool = False
    """Whether a value may be typed."""
    why: str = ""
    """Why it says nothing now; empty where it does."""


def settings(experiment: Experiment, model: Model) -> tuple[Setting, ...]:
    """Every setting.

    Args:
        experiment: as it stands.
        model: the network that reads it: of one that is not the experiment's own, these are its settings.
    """
    spec = model.spec
    own = _("This network is as it was trained. o puts an untrained one in its place.") if experiment.source else ""
    lstm = own or ("" if experiment.cell == "lstm" else _("Only the LSTM has a forget gate whose bias is set."))
    radius = own or ("" if experiment.init == "orthogonal" else _("ρ is of the orthogonal initialisation alone."))
    inits = {"default": _("U(±1/√H)"), "orthogonal": _("ρ × orthogonal")}
    starts = {"zeros": _("zeros") if model.start is None else _("learned"), "random": _("random"), "hand": _("by hand")}
    bias = _("default") if experiment.forget_bias is None else f"{experiment.forget_bias:g}"
    return (
        Setting("cell", _("cell"), spec.cell.upper(), why=own),
        Setting("hidden", _("units"), str(spec.hidden_size), True, own),
        Setting("layers", _("layers"), str(spec.num_layers), True, own),
        Setting("bidirectional", _("reads"), _("both ways") if spec.bidirectional else _("forward"), why=own),
        Setting("unit", _("tokens"), _("words") if spec.unit == "words" else _("characters"), why=own),
        Setting("start", _("h₀"), starts[experiment.start], True),
        Setting("init", _("weights"), _("trained") if own else inits[experiment.init], why=own),
        Setting("radius", _("ρ"), "–" if radius else f"{experiment.radius:g}", True, radius),
        Setting("forget_bias", _("forget bias"), "–" if lstm else bias, True, lstm),
        Setting("seed", _("seed"), str(spec.seed), True, own),
    )


def turned(experiment: Experiment, name: str, by: int) -> Experiment:
    """The next or the last value of a setting.

    Raises:
        ValueError: there is none; in one line.
    """
    now = getattr(experiment, name)
    rows: dict[str, Sequence[Any]] = {"cell": tuple(CELLS), "unit": UNITS, "init": INITS, "start": STARTS}
    if name in rows:
        options = rows[name]
        return _changed(experiment, **{name: options[(options.index(now) + by) % len(options)]})
    if name == "bidirectional":
        return _changed(experiment, bidirectional=not now)
    if name in ("layers", "seed"):
        low, high = (1, MAX_LAYERS) if name == "layers" else (0, LARGEST_SEED)
        if not low <= now + by <= high:
            raise ValueError(_("It goes from {low} to {high}.").format(low=low, high=high))
        return _changed(experiment, **{name: now + by})
    if name == "forget_bias":
        at = BIASES.index(now) if now in BIASES else 1
        return _changed(experiment, forget_bias=BIASES[(at + by) % len(BIASES)])
    values = SIZES if name == "hidden" else RADII
    beyond = [value for value in values if (value > now if by > 0 else value < now)]
    if not beyond:
        raise ValueError(_("It goes from {low:g} to {high:g}.").format(low=values[0], high=values[-1]))
    return _changed(experiment, **{name: beyond[0] if by > 0 else beyond[-1]})


def typed(experiment: Experiment, name: str, text: str) -> Experiment:
    """A value that was typed.

    Raises:
        ValueError: it is none; in one line, and the last good one stays.
    """
    if name == "start":
        return _changed(experiment, start="hand", h_0=numbers(text))
    if name == "forget_bias" and text.strip().casefold() in ("", "default", _("default")):
        return _changed(experiment, forget_bias=None)
    low, high, whole = {
        "hidden": (1, MAX_HIDDEN, True),
        "layers": (1, MAX_LAYERS, True),
        "seed": (0, LARGEST_SEED, True),
        "radius": (0.01, MAX_RADIUS, False),
        "forget_bias": (-MAX_FORGET_BIAS, MAX_FORGET_BIAS, False),
    }[name]
    value = number(text, low, high)
    if whole and value != int(value):
        raise ValueError(_("{value:g} is no whole number: the last good one stays.").format(value=value))
    return _changed(experiment, **{name: int(value) if whole else value})


def to_type(experiment: Experiment, name: str) -> str:
    """What stands in the line that a setting is typed in."""
    value = getattr(experiment, "h_0" if name == "start" else name)
    if isinstance(value, tuple):
        return " ".join(f"{number:g}" for number in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _changed(experiment: Experiment, **changes: Any) -> Experiment:
    """Another network; what was done by hand stays as far as it still has a place in it."""
    other = replace(experiment, **changes)
    if not other.changed:
        return other
    keep: Callable[..., bool] = _fits(other)
    return replace(
        other,
        cuts=tuple(cut for cut in other.cuts if keep(cut.letter, cut.unit, cut.swap, cut.layer, cut.direction)),
        nudges=tuple(nudge for nudge in other.nudges if _has(other, nudge.name, nudge.row, nudge.column)),
    )


def _fits(experiment: Experiment) -> Callable[..., bool]:
    cell = CELLS[experiment.cell]
    letters = {gate.name for gate in cell.gates} | set(cell.states)

    def fits(letter: str, unit: int | None, swap: int | None, layer: int, direction: int) -> bool:
        units = [at for at in (unit, swap) if at is not None]
        return (
            letter in letters
            and all(at < experiment.hidden for at in units)
            and layer < experiment.layers
            and direction <= experiment.bidirectional
        )

    return fits


def _has(experiment: Experiment, name: str, row: int, column: int) -> bool:
    array = experiment.spec.network(experiment.spec.embedding_size).state_dict().get(name)
    if array is None:
        return False
    table = array.reshape(len(array), -1)
    return row < table.shape[0] and column < table.shape[1]
