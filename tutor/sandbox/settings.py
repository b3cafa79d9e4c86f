"""The settings of the network on the bench: what each is now, what comes before and after it, and what may be typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tutor.engine import CELLS
from tutor.engine.model import Model, ModelSpec
from tutor.engine.recurrent import Recurrent
from tutor.engine.surgery import Cut
from tutor.engine.text import UNITS
from tutor.i18n import _
from tutor.sandbox.edits import number, numbers, whole
from tutor.sandbox.experiment import (
    INITS,
    MAX_FORGET_BIAS,
    MAX_HIDDEN,
    MAX_LAYERS,
    MAX_RADIUS,
    STARTS,
    Experiment,
    Nudge,
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
    inits = {"default": _("U(±1/√H)"), "orthogonal": _("orthogonal")}
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
        if now in BIASES:
            at = BIASES.index(now) + by
        else:
            # One that was typed stands between two of these.
            at = sum(bias is None or bias < now for bias in BIASES) - (by < 0)
        return _changed(experiment, forget_bias=BIASES[at % len(BIASES)])
    return _changed(experiment, **{name: beyond(SIZES if name == "hidden" else RADII, now, by)})


def typed(experiment: Experiment, name: str, text: str) -> Experiment:
    """A value that was typed.

    Raises:
        ValueError: it is none; in one line, and the last good one stays.
    """
    if name == "start":
        return _changed(experiment, start="hand", h_0=numbers(text))
    if name == "forget_bias" and text.strip().casefold() in ("", "default", _("default")):
        return _changed(experiment, forget_bias=None)
    low, high, counted = {
        "hidden": (1, MAX_HIDDEN, True),
        "layers": (1, MAX_LAYERS, True),
        "seed": (0, LARGEST_SEED, True),
        "radius": (0.01, MAX_RADIUS, False),
        "forget_bias": (-MAX_FORGET_BIAS, MAX_FORGET_BIAS, False),
    }[name]
    return _changed(experiment, **{name: (whole if counted else number)(text, low, high)})


def beyond(values: Sequence[float], now: float, by: int) -> float:
    """The next of some values in their order, or the last before.

    Raises:
        ValueError: there is none; in one line.
    """
    found = [value for value in values if (value > now if by > 0 else value < now)]
    if not found:
        raise ValueError(_("It goes from {low:g} to {high:g}.").format(low=values[0], high=values[-1]))
    return found[0] if by > 0 else found[-1]


def to_type(experiment: Experiment, name: str) -> str:
    """What stands in the line that a setting is typed in."""
    value = getattr(experiment, "h_0" if name == "start" else name)
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return " ".join(map(exactly, values))


def exactly(value: float) -> str:
    """A number to its last digit: what is taken as it stands in the line is what it was."""
    return str(value).removesuffix(".0")


def _changed(experiment: Experiment, **changes: Any) -> Experiment:
    """Another network; what was done by hand stays as far as it still has a place in it."""
    other = replace(experiment, **changes)
    # What was done to a network with a name was not done to the one that waits here.
    if not other.changed or other.source:
        return other
    return replace(
        other, cuts=tuple(filter(_fits(other), other.cuts)), nudges=_moved(other.nudges, experiment.spec, other.spec)
    )


def _fits(experiment: Experiment) -> Callable[[Cut], bool]:
    cell = CELLS[experiment.cell]
    letters = {gate.name for gate in cell.gates} | set(cell.states)
    steps = len(experiment.tokens)

    def fits(cut: Cut) -> bool:
        units = [at for at in (cut.unit, cut.swap) if at is not None]
        return (
            cut.step <= steps
            and cut.letter in letters
            and all(at < experiment.hidden for at in units)
            and cut.layer < experiment.layers
            and cut.direction <= experiment.bidirectional
        )

    return fits


def _moved(nudges: Sequence[Nudge], old: ModelSpec, new: ModelSpec) -> tuple[Nudge, ...]:
    """The same weights in another network: of the same gate, into and from the same units; without those that it lacks.

    Gates are stacked, and the units of two directions stand side by side: another size moves what comes after.
    """
    shapes = {name: array.shape for name, array in _empty(new).state_dict().items()}
    before, after = CELLS[old.cell].blocks, CELLS[new.cell].blocks
    found = []
    for one in nudges:
        block, unit = divmod(one.row, old.hidden_size)
        if one.name not in shapes or block >= len(before) or before[block] not in after or unit >= new.hidden_size:
            continue
        row, column = after.index(before[block]) * new.hidden_size + unit, one.column
        if one.name.startswith("weight") and not one.name.startswith("weight_ih_l0"):
            direction, source = divmod(column, old.hidden_size)
            if source >= new.hidden_size:
                continue
            column = direction * new.hidden_size + source
        if column < (*shapes[one.name], 1)[1]:
            found.append(one._replace(row=row, column=column))
    return tuple(found)


def _empty(spec: ModelSpec) -> Recurrent:
    """A network of this form, for whose weights nothing is drawn."""
    return replace(spec, init="zeros", forget_bias=None).network(spec.embedding_size)
