"""`fit`: training as an iterator. Each step out of it is one frozen Checkpoint; to stop is to stop iterating."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.cells import Array
from tutor.engine.model import Model
from tutor.engine.optimizers import Adam, clip_by_global_norm


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
    """Draws the order of the sequences."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands."""

    step: int
    """Weight updates so far."""
    steps: int
    """Weight updates when it is done."""
    loss: float
    """Nats a token, the mean since the last checkpoint."""
    gradient_norm: float
    """The global norm of the last gradient, before clipping."""
    held_out: float | None = None
    """Nats a token on sequences that it is not trained on."""
    parameters: Mapping[str, Array] | None = None
    """A copy, where asked for."""


def fit(
    model: Model,
    sequences: Sequence[Sequence[str]],
    spec: TrainingSpec,
    *,
    held_out: Sequence[Sequence[str]] = (),
    keep_parameters: bool = False,
) -> Generator[Checkpoint, None, None]:
    """Train a model to guess the next token, in place.

    The first checkpoint is the loss before any update. To stop is to stop iterating: what was learned stays, and
    iterating on goes on. The same seed gives the same bytes.

    Args:
        model: with a vocabulary and a head.
        sequences: token sequences. A vocabulary with an end token has it guessed last.
        spec: how.
        held_out: sequences to measure beside.
        keep_parameters: whether each checkpoint holds a copy of the parameters.

    Raises:
        ValueError: a model without a head, or no sequence of at least two tokens.
    """
    if model.vocabulary is None:
        raise ValueError("model: got one without a vocabulary, expected one with a head")
    data = encoded(model, sequences)
    beside = encoded(model, held_out) if held_out else []
    if not data:
        raise ValueError("sequences: got none of at least two tokens")
    rng = np.random.default_rng([spec.seed, 4])
    parameters = model.parameters()
    optimizer = Adam(parameters, spec.learning_rate)

    def checkpoint(step: int, loss: float, norm: float) -> Checkpoint:
        other = model.loss_and_gradients(beside)[0] if beside else None
        kept = MappingProxyType({k: v.copy() for k, v in model.state_dict().items()}) if keep_parameters else None
        return Checkpoint(step, spec.steps, loss, norm, other, kept)

    order: list[int] = []
    losses: list[float] = []
    first, gradients = model.loss_and_gradients(data)
    yield checkpoint(0, first, math.sqrt(sum(float(np.vdot(g, g)) for g in gradients)))
    for step in range(1, spec.steps + 1):
        if len(order) < min(spec.batch_size, len(data)):
            order += rng.permutation(len(data)).tolist()
        batch, order = order[: spec.batch_size], order[spec.batch_size :]
        loss, gradients = model.loss_and_gradients([data[i] for i in batch])
        norm = clip_by_global_norm(gradients, spec.clip)
        optimizer.step(gradients)
        losses.append(loss)
        if step % spec.every == 0 or step == spec.steps:
            yield checkpoint(step, sum(losses) / len(losses), norm)
            losses = []


def encoded(model: Model, sequences: Sequence[Sequence[str]]) -> list[npt.NDArray[np.int64]]:
    """Index sequences with their end where the vocabulary has one; what is too short to guess in is left out."""
    assert model.vocabulary is not None
    end: list[Any] = [] if model.vocabulary.end is None else [model.vocabulary.end]
    found = [np.concatenate([model.vocabulary.encode(s), np.array(end, np.int64)]) for s in sequences]
    return [sequence for sequence in found if len(sequence) > 1]
