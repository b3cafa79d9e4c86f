"""The gradient chart: how a gradient changes with distance.

Every number is kept as its log10, which is exact where the number itself would be 0 in a computer; what a float32 and a
float64 can hold is said beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Literal, get_args

import numpy as np
from msgspec import Struct, field

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.gradient_flow import Flow, decay, gradient_flow
from tutor.engine.losses import nll
from tutor.engine.model import Model
from tutor.engine.trace import Trace

Cell = Literal["rnn", "gru", "lstm"]
Activation = Literal["tanh", "relu", "identity"]
Norm = Literal["spectral", "frobenius"]

NOTHING = {"float32": -150 * math.log10(2.0), "float64": -1075 * math.log10(2.0)}
"""log10 of half the least number above 0 of each precision: from there on, what it holds is 0 (IEEE 754)."""


class Series(Struct, frozen=True):
    """A named line of a chart: `log10[k]` at `k` steps back from the end."""

    label: str
    log10: tuple[float, ...]
    of: Literal["h", "loss"] = "h"
    """‖∂h_T/∂h_t‖, or ‖dL/dh_t‖."""
    radius: float | None = None
    """ρ of an RNN that was built with one: what its W_hh multiplies by at every step."""
    trained: bool = False
    """Whether it is of a lesson's model, and no slider moves it."""

    @property
    def quantity(self) -> str:
        """What its norm is of."""
        return "‖dL/dh_t‖" if self.of == "loss" else "‖∂h_T/∂h_t‖"


class GradientValues(Struct, frozen=True):
    """How a gradient changes with distance, for one or more networks."""

    series: tuple[Series, ...]
    steps: int
    """The distance of the farthest point of any series."""
    norm: Norm = "spectral"
    """Of the Jacobians; the norm of dL/dh_t, which is a vector, is its length."""
    at: int = 0
    """Which step T is, where that is to be said; 0 where it is the last."""
    token: str = ""
    """What was read at it."""

    def tables(self) -> tuple[Table, ...]:
        """A row for each distance: log10 of the norm of each series; nothing where a series has ended."""
        columns = ("steps back", *(f"log10 {s.quantity}, {s.label}" for s in self.series))
        rows = tuple(
            (float(k), *(s.log10[k] if k < len(s.log10) else "" for s in self.series)) for k in range(self.steps + 1)
        )
        return (Table(columns, rows),)


class Gradient(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="gradient"):
    """The log chart of ‖∂h_T/∂h_t‖ for `W_h` = ρ × orthogonal, and for the lesson's models over a text."""

    facts: ClassVar[Facts] = {"radius": float, "activation": get_args(Activation), "cell": get_args(Cell)}

    cells: tuple[Cell, ...] | None = None
    """Of the untrained networks; the RNN where nothing else is drawn, and none beside `models`."""
    radii: tuple[float, ...] = (0.9,)
    activation: Activation = "identity"
    steps: int = 50
    hidden: int = 8
    seed: int = 0
    slider: bool = False
    """Whether the learner moves ρ; the first of `radii` is where it stands at first."""
    model: str = ""
    """A model of the lesson, over `text`."""
    networks: tuple[str, ...] = field(name="models", default=())
    """Several of them."""
    text: str = ""
    """What they read; each its own text when empty."""
    of: Literal["h", "loss"] = "h"
    """ "loss" adds ‖dL/dh_t‖ of each model's own loss over the text: what every later prediction asks of h_t."""
    norm: Norm = "spectral"

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs; the untrained networks are built for it."""
        return tuple(dict.fromkeys((*((self.model,) if self.model else ()), *self.networks)))

    @property
    def untrained(self) -> tuple[Cell, ...]:
        """The cells of the networks that are built for it."""
        if self.cells is not None:
            return self.cells
        return () if self.models() else ("rnn",)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be computed: what is wrong, and how to mend it."""
        return self._bounds() or next((bad for m in self.models() if (bad := self._model(m, models.get(m)))), None)

    def _bounds(self) -> Found | None:
        if not self.models() and (not self.untrained or not self.radii):
            return "nothing to draw", "write at least one of `cells` and one of `radii`"
        if any(not 0 < radius <= 10 for radius in self.radii):
            return "a radius out of bounds", "write `radii` above 0, and 10 at most"
        for key, value, low, high in (("steps", self.steps, 1, 10_000), ("hidden", self.hidden, 1, 128)):
            if not low <= value <= high:
                return f"`{key}` is {value}", f"write a number from {low} to {high}"
        if self.seed < 0:
            return f"`seed` is {self.seed}", "write a seed of 0 or more"
        if self.activation != "tanh" and (gated := [cell for cell in self.untrained if cell != "rnn"]):
            return (
                f'`activation = "{self.activation}"` does not apply to the {gated[0]}',
                'write activation = "tanh"',
            )
        if self.slider and not (self.untrained and self.radii):
            return "`slider` moves ρ, and no network here is built with one", "drop `slider`, or write `cells`"
        if self.text and not self.models():
            return "`text` is read by no model", "drop `text`, or name a `model`"
        if self.of == "loss" and not self.models():
            return "an untrained network has no loss", 'name a trained `model`, or drop of = "loss"'
        return None

    def _model(self, name: str, entry: ModelEntry | None) -> Found | None:
        if entry is None:
            return None
        if entry.task in ("forecast", "caption"):
            return f'the model `{name}` has the task "{entry.task}", and reads no text', "name another model"
        if not self.text and not entry.text:
            return f"the model `{name}` has no text to run on", f'write text = "…" here or in [models.{name}]'
        if self.of == "loss" and entry.task not in ("next-word", "next-character"):
            return (
                f"the model `{name}` predicts no next token, and a text holds no other answers",
                'drop of = "loss", or name a model with the task "next-word" or "next-character"',
            )
        return None

    def run(self, lab: Lab) -> GradientValues:
        """Multiply the Jacobians of each network."""
        return self.measure(tuple(series for name in self.models() for series in self._of(lab, name)))

    def _of(self, lab: Lab, name: str) -> tuple[Series, ...]:
        """The series of a lesson's model."""
        run = lab.run(name, self.text)
        if self.of == "h":
            return (Series(name, self._norms(gradient_flow(run.model.net, run.trace)), trained=True),)
        trace, lengths = loss_gradients(run.model, run.tokens)
        return (
            Series(f"{name} dL/dh_t", _back(lengths), of="loss", trained=True),
            Series(f"{name} ∂h_T/∂h_t", self._norms(gradient_flow(run.model.net, trace)), trained=True),
        )

    def _norms(self, flow: Flow) -> tuple[float, ...]:
        return _back(flow.log10_spectral_norms if self.norm == "spectral" else flow.log10_norms)

    def measure(self, trained: tuple[Series, ...] = ()) -> GradientValues:
        """The values: those of the untrained networks, and before them what was measured of the lesson's models."""
        built = []
        for cell in self.untrained:
            for radius in self.radii:
                named = f"ρ={radius:g}" if len(self.untrained) == 1 else f"{cell.upper()} ρ={radius:g}"
                logs = _decayed(cell, self.steps, self.hidden, radius, self.activation, self.seed, self.norm)
                built.append(Series(named, logs, radius=radius if cell == "rnn" else None))
        series = (*trained, *built)
        return GradientValues(series, max(len(s.log10) for s in series) - 1, self.norm)


@lru_cache(maxsize=64)
def _decayed(
    cell: Cell, steps: int, hidden: int, radius: float, activation: Activation, seed: int, norm: Norm
) -> tuple[float, ...]:
    """One untrained network's norms, at every distance; a slider comes back to where it was, and landmarks stay."""
    flow = decay(cell, steps=steps, hidden_size=hidden, radius=radius, activation=activation, seed=seed)
    return _back(flow.log10_spectral_norms if norm == "spectral" else flow.log10_norms)


def _back(by_t: np.ndarray) -> tuple[float, ...]:
    """From the last step back."""
    return tuple(float(value) for value in by_t[::-1])


def loss_gradients(model: Model, tokens: tuple[str, ...]) -> tuple[Trace, np.ndarray]:
    """What is read of a text to learn from it, and log10 ‖dL/dh_t‖ of the top layer for each of its steps: (T,).

    L is the mean cross-entropy of the next token, the end included where the model says one: the loss it was trained
    for. Every prediction at t and after it has a part in dL/dh_t.

    Raises:
        ValueError: a text without anything to guess, or a model that has no next token to say.
    """
    examples = model.encode([tokens])
    if not examples or model.head is None or model.embedding is None:
        raise ValueError("text: got one token, expected at least two, so that there is a next one to guess")
    (example,) = examples
    trace = model.net.forward(model.embedding.forward(example.read)[:, None, :], model.state(None, 1))
    h = trace.output[:, 0]
    _loss, d_logits = nll(model.head.scores(h), example.wanted)
    # Into memory of its own: the model may be learning in another thread.
    into = model.split(np.empty_like(model.flat))["head"]
    d_h = model.head.backward(h, d_logits, into)
    grads = model.net.backward(trace, d_h[:, None, :])
    lengths = np.linalg.norm(grads.h(layer=model.net.num_layers - 1)[:, 0].astype(np.float64), axis=1)
    with np.errstate(divide="ignore"):
        logs: np.ndarray = np.log10(lengths)
    return trace, logs
