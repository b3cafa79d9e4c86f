"""The Jacobian product: the factors of the chain rule, one a step back, and what they come to.

∂s_T/∂s_t = ∂s_T/∂s_{T−1} · … · ∂s_{t+1}/∂s_t, where s is h, and of the LSTM the whole state (h, c). The norm of a
product is at most the product of the norms, and that bound stands beside the measured norm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

import numpy as np
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.checks import Array
from tutor.engine.gradient_flow import Flow, decay, gradient_flow
from tutor.i18n import _

Cell = Literal["rnn", "gru", "lstm"]
Activation = Literal["tanh", "relu", "identity"]


class Factor(Struct, frozen=True):
    """One step back: the step's own Jacobian, and the product as far as it."""

    back: int
    """Steps back from T when it is counted in: 1 is the last step."""
    step: int
    """The step that it is of, 1 … T: ∂s_step/∂s_{step−1}."""
    token: str
    """What was read at it; "" where no text was."""
    factor: float
    """Its spectral norm; of one unit the number itself, with its sign."""
    log10_product: float
    """log10 ‖∂s_T/∂s_{step−1}‖, spectral; −inf where it is exactly 0."""
    log10_bound: float
    """log10 of the product of the norms so far, which the measured norm is at most."""
    slope: float | None
    """The mean of φ′ over the units at this step; None but for the RNN."""


class SingularValues:
    """The singular values of each factor, worked out where they are looked at: all of one cost as much as ten norms."""

    def __init__(self, jacobians: Array) -> None:
        """
        Args:
            jacobians: (T, R, R), in the order of the factors.
        """
        self._jacobians = jacobians
        self._known: dict[int, tuple[float, ...]] = {}

    @property
    def size(self) -> int:
        """R: how many each has."""
        return int(self._jacobians.shape[1])

    def of(self, index: int) -> tuple[float, ...]:
        """Those of one factor, largest first."""
        if index not in self._known:
            found = np.linalg.svd(self._jacobians[index], compute_uv=False)
            self._known[index] = tuple(float(value) for value in found)
        return self._known[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SingularValues) and np.array_equal(self._jacobians, other._jacobians)

    __hash__ = None  # type: ignore[assignment]


class JacobianValues(Struct, frozen=True):
    """Every factor, from the last step back."""

    factors: tuple[Factor, ...]
    singular: SingularValues
    """Of each of the factors."""
    state: str
    """What is differentiated: "h", or "(h, c)" of the LSTM."""

    def tables(self) -> tuple[Table, ...]:
        """A row for each step back; then the singular values of each step."""
        named = f"‖∂{self.state}_t/∂{self.state}_(t-1)‖"
        columns = ("steps back", "step", "token", named, "log10 of the product", "log10 of its bound", "mean slope")
        rows = tuple(
            (
                float(f.back),
                float(f.step),
                f.token,
                f.factor,
                f.log10_product,
                f.log10_bound,
                "" if f.slope is None else f.slope,
            )
            for f in self.factors
        )
        units = tuple(f"σ{i + 1}" for i in range(self.singular.size))
        values = tuple((float(f.step), *self.singular.of(i)) for i, f in enumerate(self.factors))
        return (Table(columns, rows), Table(("step", *units), values, _("singular values")))


class Jacobian(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="jacobian"):
    """The factors of ∂h_T/∂h_t: of a lesson's model over a text, or of an untrained network, `W_h` = ρ × orthogonal."""

    facts: ClassVar[Facts] = {
        "step": float,
        "radius": float,
        "activation": get_args(Activation),
        "cell": get_args(Cell),
    }

    model: str = ""
    """A model of the lesson; an untrained network of the keys below without one."""
    text: str = ""
    """What it reads; its own text when empty."""
    cell: Cell = "rnn"
    radius: float = 0.9
    activation: Activation = "tanh"
    steps: int = 12
    hidden: int = 8
    seed: int = 0
    slider: bool = False
    """Whether the learner moves ρ."""

    def models(self) -> tuple[str, ...]:
        """The lesson's model that it needs, where it is of one."""
        return (self.model,) if self.model else ()

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be computed: what is wrong, and how to mend it."""
        return self._of_a_model(models.get(self.model)) if self.model else self._bounds()

    def _of_a_model(self, entry: ModelEntry | None) -> Found | None:
        if entry is None:
            return None
        if self.slider:
            return "`slider` moves ρ, and a model of the lesson has its own weights", "drop `slider`, or drop `model`"
        if entry.task in ("forecast", "caption"):
            return (
                f'the model `{self.model}` has the task "{entry.task}", and reads no text',
                "name another model, or drop `model`",
            )
        if not self.text and not entry.text:
            return (
                f"the model `{self.model}` has no text to run on",
                f'write text = "…" here or in [models.{self.model}]',
            )
        return None

    def _bounds(self) -> Found | None:
        if self.text:
            return "`text` is read by no model", "drop `text`, or name a `model`"
        if not 0 < self.radius <= 10:
            return f"`radius` is {self.radius:g}", "write a number above 0, and 10 at most"
        for key, value, low, high in (("steps", self.steps, 1, 1000), ("hidden", self.hidden, 1, 64)):
            if not low <= value <= high:
                return f"`{key}` is {value}", f"write a number from {low} to {high}"
        if self.seed < 0:
            return f"`seed` is {self.seed}", "write a seed of 0 or more"
        if self.activation != "tanh" and self.cell != "rnn":
            return f'`activation = "{self.activation}"` does not apply to the {self.cell}', 'write activation = "tanh"'
        return None

    def run(self, lab: Lab) -> JacobianValues:
        """Every step's Jacobian, and their product."""
        if not self.model:
            return self.measure()
        run = lab.run(self.model, self.text)
        return factors(gradient_flow(run.model.net, run.trace), run.spec.cell, run.tokens)

    def measure(self) -> JacobianValues:
        """The values of the untrained network, which no lesson's model has a part in."""
        flow = decay(
            self.cell,
            steps=self.steps,
            hidden_size=self.hidden,
            radius=self.radius,
            activation=self.activation,
            seed=self.seed,
        )
        return factors(flow, self.cell, ())


def factors(flow: Flow, cell: str, tokens: tuple[str, ...]) -> JacobianValues:
    """A flow's factors from the last step back.

    Args:
        flow: of one sequence of T steps.
        cell: "rnn", "gru" or "lstm".
        tokens: what was read, T of them; or none.
    """
    jacobians = flow.jacobians
    norms, logs, slopes = flow.factor_norms, flow.log10_products, flow.slopes
    T = len(jacobians)
    alone = jacobians.shape[1] == 1
    found, bound = [], 0.0
    for t in range(T - 1, -1, -1):
        norm = float(norms[t])
        bound += math.log10(norm) if norm else -math.inf
        found.append(
            Factor(
                back=T - t,
                step=t + 1,
                token=tokens[t] if tokens else "",
                factor=float(jacobians[t, 0, 0]) if alone else norm,
                log10_product=float(logs[t]),
                log10_bound=bound,
                slope=None if slopes is None else float(slopes[t].mean()),
            )
        )
    return JacobianValues(tuple(found), SingularValues(jacobians[::-1]), "(h, c)" if cell == "lstm" else "h")
