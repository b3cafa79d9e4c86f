"""Probes that ask why a run came out as it did: what fades on the way back, what one weight changes, what it learns.

They share their code with the engine and the gradient figure. The figures are imported when a probe runs, since the
bars figure is itself made of probes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Base, Found, Measured, number
from tutor.engine.cells import CELLS
from tutor.engine.gradient_flow import gradient_flow
from tutor.engine.losses import nll
from tutor.engine.model import Example, Model
from tutor.engine.text import tokenize

Matrix = NDArray[np.floating[Any]]

_HELD = 307.0
"""From 10^−307 to 10^307 a float64 holds a number with all its digits."""


def outside(probe: Base, *bounds: tuple[str, float, float]) -> Found | None:
    """The first key of a probe, (key, low, high), that is out of its bounds or no number; None stands for a default."""
    for key, low, high in bounds:
        value = getattr(probe, key)
        if value is not None and not low <= value <= high:
            return f"`{key}` is {value:g}", f"write a number from {low:g} to {high:g}"
    return None


class _OfText(Base, frozen=True, kw_only=True):
    """A probe of a model over a text that it reads."""

    model: str
    text: str = ""

    learned: ClassVar[bool] = False
    """Whether it asks for the loss over the text, which only a model of the next token has."""

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Whether the model reads the text, has the loss, and has what the keys name."""
        from tutor.course.figures.texts import unreadable

        entry = models.get(self.model)
        if entry is None:
            return None
        if self.learned and entry.task not in ("next-word", "next-character"):
            return (
                f"the model `{self.model}` predicts no next token, and a text holds no other answers",
                'name a model with the task "next-word" or "next-character"',
            )
        steps = len(tokenize(self.text or entry.text, entry.unit))
        return unreadable(self.model, entry, self.text) or self._unfit(entry, steps)

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        """What is wrong with the other keys, of a text of so many steps."""
        return None


def _index(step: int | None, steps: int) -> int:
    """Where a step stands among those that were run; None is the last."""
    if step is not None and not 1 <= step <= steps:
        # A text's last token is only guessed, and not read, where nothing is said after it.
        raise ValueError(f"step {step} is not among the {steps} steps that are read; steps count from 1")
    return steps - 1 if step is None else step - 1


class Decay(_OfText, frozen=True, kw_only=True, tag="decay"):
    """The spectral norm of ∂h_T/∂h_t of a lesson's model over its text, `back` steps from the end.

    Without `back`, all the way to h_0. With `state = true` the whole state is measured, (h, c) of an LSTM. With
    `log10 = true` its log10, for what a float64 cannot hold. Of the top layer; of two directions, the forward one.
    """

    back: int | None = None
    state: bool = False
    log10: bool = False

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        return outside(self, ("back", 0, steps))

    def measure(self, lab: Lab) -> Measured:
        """The norm of the product of the steps' Jacobians, by its logarithm."""
        run = lab.run(self.model, self.text)
        flow = gradient_flow(run.model.net, run.trace)
        logs = flow.log10_products if self.state else flow.log10_spectral_norms
        steps = len(logs) - 1
        back = steps if self.back is None else self.back
        if not 0 <= back <= steps:
            raise ValueError(f"`back` must lie between 0 and the steps of the text ({steps}), got {back}")
        log = float(logs[steps - back])
        if self.log10:
            if log == -math.inf:
                raise ValueError("the norm is exactly 0, which has no logarithm; drop `log10`")
            return number(log)
        if abs(log) > _HELD and log != -math.inf:
            raise ValueError(f"the norm is 10^{log:.1f}, which no float64 holds; write log10 = true")
        return number(10.0**log)


class LossGradient(_OfText, frozen=True, kw_only=True, tag="loss_gradient"):
    """‖dL/dh_t‖ at `step`, the last without it: what every later prediction asks of h_t.

    L is the mean cross-entropy over the text, in nats, that the model is trained for: the gradient figure's.
    """

    step: int | None = None

    learned: ClassVar[bool] = True

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        return outside(self, ("step", 1, steps))

    def measure(self, lab: Lab) -> Measured:
        """Backpropagate the loss."""
        from tutor.course.figures.gradient import loss_gradients

        run = lab.run(self.model, self.text)
        _, logs = loss_gradients(run.model, run.tokens)
        return number(10.0 ** float(logs[_index(self.step, len(logs))]))


class Saturation(_OfText, frozen=True, kw_only=True, tag="saturation"):
    """The share of all |h| values of a run that are above `above`."""

    above: float = 0.9

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        if entry.nonlinearity == "tanh" and self.above >= 1.0:
            return f"`above` is {self.above:g}, and no |h| is above 1", "write a number from 0 to below 1"
        return outside(self, ("above", 0.0, 1e9))

    def measure(self, lab: Lab) -> Measured:
        """Count them, over steps and units."""
        hidden = lab.run(self.model, self.text).hidden
        return number(float((np.abs(hidden) > self.above).mean()))


class _Weight(_OfText, frozen=True, kw_only=True):
    """A probe of one entry of a matrix: of the top layer, and of two directions of the forward one."""

    what: Literal["W_h", "W_x"] = "W_h"
    row: int
    column: int

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        below = entry.embedding if entry.layers == 1 else entry.hidden * (2 if entry.bidirectional else 1)
        rows = len(CELLS[entry.cell].blocks) * entry.hidden
        return outside(self, ("row", 1, rows), ("column", 1, entry.hidden if self.what == "W_h" else below))

    def _entry(self, model: Model, flat: Matrix) -> Matrix:
        """The entry, as a view of one number, in a vector of all parameters or of their gradients."""
        kind = "hh" if self.what == "W_h" else "ih"
        matrix: Matrix = model.split(flat)["rnn"][f"weight_{kind}_l{model.net.num_layers - 1}"]
        return matrix[self.row - 1 : self.row, self.column - 1]


def _exact(model: Model) -> Model:
    """A copy of a model, in float64."""
    labels = () if model.job == "next" else model.labels
    copy = Model(model.spec, model.vocabulary, job=model.job, labels=labels, dtype=np.float64)
    copy.load_state_dict(model.state_dict())
    return copy


class _Nudge(_Weight, frozen=True, kw_only=True):
    by: float

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        if self.by == 0:
            return "`by` is 0, and changes nothing", "write another number"
        return outside(self, ("by", -1e6, 1e6)) or super()._unfit(entry, steps)

    def _moved(self, lab: Lab) -> Matrix:
        """h_t' − h_t, (T, H·directions)."""
        run = lab.run(self.model, self.text)
        model = _exact(run.model)
        before = model.run(run.tokens).hidden
        self._entry(model, model.flat)[0] += self.by
        with np.errstate(invalid="ignore"):
            moved: Matrix = model.run(run.tokens).hidden - before
        if not np.isfinite(moved).all():
            raise ValueError("a state overflowed; write a smaller `by`, or a shorter text")
        return moved


class Nudge(_Nudge, frozen=True, kw_only=True, tag="nudge"):
    """‖h_t' − h_t‖ at `step`, the last without it, when one entry of a matrix is changed by `by`, in float64.

    `what` is "W_h" or "W_x", of the top layer; `row` and `column` count from 1. The rows of a GRU are those of r, z, n
    in this order, of an LSTM those of i, f, g, o.
    """

    step: int | None = None

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        return outside(self, ("step", 1, steps)) or super()._unfit(entry, steps)

    def measure(self, lab: Lab) -> Measured:
        """Run a copy as it is, and nudged."""
        moved = self._moved(lab)
        return number(float(np.linalg.norm(moved[_index(self.step, len(moved))])))


class NudgedSteps(_Nudge, frozen=True, kw_only=True, tag="nudged_steps"):
    """At how many steps of the text h changes at all, in float64; see `nudge`."""

    def measure(self, lab: Lab) -> Measured:
        """Count them."""
        count = int((self._moved(lab) != 0.0).any(axis=1).sum())
        return Measured(count, float(count))


class _OfLoss(_Weight, frozen=True, kw_only=True):
    learned: ClassVar[bool] = True

    def _learned(self, lab: Lab) -> tuple[Model, Example]:
        """A copy of the model in float64, and the text as it learns from it."""
        run = lab.run(self.model, self.text)
        model = _exact(run.model)
        examples = model.encode([run.tokens])
        if not examples:
            raise ValueError("a text of one token has nothing after it to guess; give two or more")
        return model, examples[0]


class GradientCheck(_OfLoss, frozen=True, kw_only=True, tag="gradient_check"):
    """The relative difference between dL/dw by backpropagation through time and by a central finite difference.

    |a − b| / max(|a|, |b|), and 0 where both are 0, in float64. The weight is named as in `nudge`; L is the mean
    cross-entropy over the text; `epsilon` is how far the weight is moved to each side.
    """

    epsilon: float = 1e-4

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        return outside(self, ("epsilon", 1e-12, 1.0)) or super()._unfit(entry, steps)

    def measure(self, lab: Lab) -> Measured:
        """Both, of one copy."""
        model, example = self._learned(lab)
        a = float(self._entry(model, model.loss_and_gradient([example])[1])[0])
        weight = self._entry(model, model.flat)
        here = float(weight[0])
        losses = []
        for there in (here + self.epsilon, here - self.epsilon):
            weight[0] = there
            losses.append(model.measure([example]).loss)
        b = (losses[0] - losses[1]) / (2.0 * self.epsilon)
        scale = max(abs(a), abs(b))
        return number(abs(a - b) / scale if scale else 0.0)


class WeightGradient(_OfLoss, frozen=True, kw_only=True, tag="weight_gradient"):
    """dL/dw of one weight over the text, in nats, by backpropagation through time, in float64.

    With `step`, the part that the copy of the cell at this step adds; the parts of all steps sum to the whole. The
    weight is named as in `nudge`.
    """

    step: int = 0

    def _unfit(self, entry: ModelEntry, steps: int) -> Found | None:
        if not 0 <= self.step <= steps:
            return f"`step` is {self.step}", f"write a number from 1 to {steps}, or leave it out for all steps"
        return super()._unfit(entry, steps)

    def measure(self, lab: Lab) -> Measured:
        """The whole, or one part of it."""
        model, example = self._learned(lab)
        if self.step == 0:
            return number(float(self._entry(model, model.loss_and_gradient([example])[1])[0]))
        return number(self._part(model, example, _index(self.step, len(example.read))))

    def _part(self, model: Model, example: Example, t: int) -> float:
        """What the copy at t adds: backwards from the end, one step at a time, each with the gradient of its state."""
        assert model.embedding is not None
        assert model.head is not None
        net = model.net
        x = model.embedding.forward(example.read)[:, None, :]
        trace = net.forward(x, model.state(None, 1))
        h = trace.output[:, 0]
        flat, into = model.room
        d_output = model.head.backward(h, nll(model.head.scores(h), example.wanted)[1], into["head"])
        records = [layer[0] for layer in trace.records]
        d_h: Matrix | None = None
        d_c: Matrix | None = None
        for s in range(len(x) - 1, t - 1, -1):
            before = np.stack([record.h[s] for record in records])
            cells = [record.c[s] for record in records if record.c is not None]
            one = net.forward(x[s : s + 1], (before, np.stack(cells)) if cells else before)
            found = net.backward(one, d_output[s][None, None], d_h, d_c)
            d_h, d_c = found.h_0, found.c_0
        flat[: found.flat.size] = found.flat
        return float(self._entry(model, flat)[0])
