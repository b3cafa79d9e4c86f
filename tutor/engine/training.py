"""`fit`: training as an iterator. Each step out of it is one frozen Checkpoint; to stop is to stop iterating."""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from tutor.engine.checks import Array, above, numbers, one_of, whole
from tutor.engine.learning import Learner, Measure
from tutor.engine.optimizers import SGD, Adam, clip_by_global_norm, global_norm
from tutor.engine.trace import frozen

_MOST = 1024
"""Examples that the first checkpoint is measured on: of a large corpus every so-manyth."""


@dataclass(frozen=True)
class TrainingSpec:
    """How a model is trained."""

    steps: int = 300
    """Weight updates."""
    batch_size: int = 16
    learning_rate: float = 0.01
    clip: float = 1.0
    """The global norm at which gradients are clipped."""
    every: int = 5
    """Updates between checkpoints."""
    seed: int = 0
    """Draws the order of the examples."""
    optimizer: str = "adam"
    """"adam", or "sgd" with `momentum`."""
    momentum: float = 0.0
    """Of "sgd", from 0 to below 1."""

    def __post_init__(self) -> None:
        for name, least in (("steps", 0), ("batch_size", 1), ("every", 1), ("seed", 0)):
            whole(name, getattr(self, name), least)
        for name in ("learning_rate", "clip"):
            above(name, getattr(self, name))
        one_of("optimizer", self.optimizer, ("adam", "sgd"))
        if self.optimizer != "sgd" and self.momentum:
            raise ValueError(f"momentum: got {self.momentum!r}, expected 0: only sgd has it")


@dataclass(frozen=True, eq=False)
class State:
    """All that a training needs to go on from a checkpoint to the same bytes, in this process or, pickled, another."""

    step: int
    parameters: Array
    """(N,), as the model's `flat`."""
    optimizer: Mapping[str, Array]
    """What the optimiser remembers, by name."""
    order: tuple[int, ...]
    """Examples of this round through the data that are still to come."""
    generator: Mapping[str, Any]
    """NumPy's own account of the generator that draws the order."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands."""

    step: int
    """Weight updates so far."""
    steps: int
    """Weight updates when it is done."""
    loss: float
    """The mean since the last checkpoint; of tokens and labels, in nats."""
    gradient_norm: float
    """The global norm of the last gradient, before clipping."""
    held_out: float | None = None
    """The loss on examples that it is not trained on."""
    held_out_metric: float | None = None
    """On these, the share that is right; of numbers, the mean absolute error."""
    parameters: Mapping[str, Array] | None = None
    """A copy, where asked for."""
    state: State | None = None
    """To go on from, where asked for."""


def fit(
    model: Learner,
    items: Sequence[Any],
    spec: TrainingSpec,
    *,
    held_out: Sequence[Any] = (),
    keep_parameters: bool = False,
    keep_state: bool = False,
    resume: State | None = None,
) -> Generator[Checkpoint, None, None]:
    """Train a model, in place.

    The first checkpoint is the loss before any update. To stop is to stop iterating: what was learned stays, and
    iterating on goes on; or later, from a checkpoint's state. The same seed gives the same bytes, stopped or not. Where
    the loss or its gradient is no longer finite, the training has diverged: a checkpoint says so, nothing is updated
    any more, and it ends.

    Args:
        model: what is trained.
        items: what it learns from, as its `encode` takes them.
        spec: how.
        held_out: items to measure beside.
        keep_parameters: whether each checkpoint holds a copy of the parameters.
        keep_state: whether each checkpoint holds what it takes to go on from it.
        resume: a checkpoint's state, of the same spec and items. The first checkpoint is then the next one.

    Raises:
        ValueError: at once: a model that cannot learn from this, nothing to learn from, another training's state.
    """
    data = model.encode(items)
    if not data:
        raise ValueError("items: got none that anything can be learned from")
    return _Training(model, data, spec, model.encode(held_out), keep_parameters, keep_state, resume).run()


class _Training:
    """One training: what changes from update to update."""

    def __init__(
        self,
        model: Learner,
        data: list[Any],
        spec: TrainingSpec,
        beside: list[Any],
        keep_parameters: bool,
        keep_state: bool,
        resume: State | None,
    ) -> None:
        self.model, self.data, self.spec, self.beside = model, data, spec, beside
        self.keep_parameters, self.keep_state = keep_parameters, keep_state
        self.rng = np.random.default_rng([spec.seed, 4])
        self.optimizer: SGD | Adam
        if spec.optimizer == "sgd":
            self.optimizer = SGD(model.flat, spec.learning_rate, spec.momentum)
        else:
            self.optimizer = Adam(model.flat, spec.learning_rate)
        self.step = 0
        self.order: list[int] = []
        self.losses: list[float] = []
        self.resumed = resume is not None
        if resume is not None:
            if not 0 <= resume.step <= spec.steps or any(not 0 <= i < len(data) for i in resume.order):
                raise ValueError(f"resume: got the state of step {resume.step}, expected one of this training")
            parameters = numbers("resume: parameters", resume.parameters, model.flat.dtype, model.flat.shape)
            missing = [name for name in self.optimizer.state() if name not in resume.optimizer]
            if missing:
                raise ValueError(f"resume: got a state without {missing[0]}, expected one of this optimiser")
            self.optimizer.load_state(resume.optimizer)
            model.flat[:] = parameters
            self.rng.bit_generator.state = copy.deepcopy(dict(resume.generator))
            self.step, self.order = resume.step, list(resume.order)

    def run(self) -> Generator[Checkpoint, None, None]:
        spec = self.spec
        if not self.resumed:
            yield self.checkpoint(*self.before())
        for step in range(self.step + 1, spec.steps + 1):
            if len(self.order) < min(spec.batch_size, len(self.data)):
                self.order += self.rng.permutation(len(self.data)).tolist()
            batch, self.order = self.order[: spec.batch_size], self.order[spec.batch_size :]
            loss, gradient = self.model.loss_and_gradient([self.data[i] for i in batch])
            norm = clip_by_global_norm(gradient, spec.clip)
            self.step = step
            if not (math.isfinite(loss) and math.isfinite(norm)):
                yield self.checkpoint(loss, norm)
                return
            self.optimizer.step(gradient)
            self.losses.append(loss)
            if step % spec.every == 0 or step == spec.steps:
                mean = sum(self.losses) / len(self.losses)
                self.losses = []
                yield self.checkpoint(mean, norm)

    def checkpoint(self, loss: float, norm: float) -> Checkpoint:
        other = self.measured() if self.beside else None
        kept = None
        if self.keep_parameters:
            kept = MappingProxyType({k: frozen(v.copy()) for k, v in self.model.state_dict().items()})
        return Checkpoint(
            self.step,
            self.spec.steps,
            loss,
            norm,
            None if other is None else other.loss,
            None if other is None else other.metric,
            kept,
            self.state() if self.keep_state else None,
        )

    def state(self) -> State:
        return State(
            self.step,
            frozen(self.model.flat.copy()),
            self.optimizer.state(),
            tuple(self.order),
            copy.deepcopy(dict(self.rng.bit_generator.state)),
        )

    def measured(self) -> Measure:
        """The held-out examples as a whole, in batches, each with the number of its guesses as its weight."""
        found = [self.model.measure(batch) for batch in self.batches(self.beside)]
        weight = sum(m.weight for m in found)
        loss, metric = (sum(m[at] * m.weight for m in found) / weight for at in (0, 2))
        return Measure(loss, weight, metric)

    def before(self) -> tuple[float, float]:
        """Loss and gradient norm of the examples as a whole, in batches, so that a large corpus needs little memory."""
        total = np.zeros_like(self.model.flat)
        loss, count = 0.0, 0
        for batch in self.batches(self.data[:: math.ceil(len(self.data) / _MOST)]):
            weight = self.model.measure(batch).weight
            part, gradient = self.model.loss_and_gradient(batch)
            loss, count = loss + weight * part, count + weight
            total += weight * gradient
        return loss / count, global_norm(total) / count

    def batches(self, data: list[Any]) -> Iterator[list[Any]]:
        size = self.spec.batch_size
        return (data[start : start + size] for start in range(0, len(data), size))
