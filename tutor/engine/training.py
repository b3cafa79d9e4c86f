"""`fit`: training as an iterator. Each step out of it is one frozen Checkpoint; to stop is to stop iterating."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array
from tutor.engine.model import Model
from tutor.engine.optimizers import Adam, clip_by_global_norm, global_norm
from tutor.engine.trace import frozen

Indices = npt.NDArray[np.int64]

_MOST = 1024
"""Sequences that the first checkpoint is measured on: of a large corpus every so-manyth."""


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

    def __post_init__(self) -> None:
        for name, least in (("steps", 0), ("batch_size", 1), ("every", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name}: got {value!r}, expected a whole number of at least {least}")
        for name in ("learning_rate", "clip"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ValueError(f"{name}: got {value!r}, expected a number above 0")


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
    iterating on goes on. The same seed gives the same bytes. Where the loss or its gradient is no longer finite, the
    training has diverged: a checkpoint says so, nothing is updated any more, and it ends.

    Args:
        model: with a vocabulary and a head, and of one direction.
        sequences: token sequences. A vocabulary with an end token has it guessed last.
        spec: how.
        held_out: sequences to measure beside.
        keep_parameters: whether each checkpoint holds a copy of the parameters.

    Raises:
        ValueError: at once: a model without a head, a bidirectional one, or no sequence of at least two tokens.
    """
    if model.vocabulary is None:
        raise ValueError("model: got one without a vocabulary, expected one with a head")
    if model.net.bidirectional:
        raise ValueError("model: got a bidirectional one, which has read the token that it is to guess")
    data = encoded(model, sequences)
    if not data:
        raise ValueError("sequences: got none of at least two tokens")
    return _steps(model, data, spec, encoded(model, held_out), keep_parameters)


def _steps(
    model: Model, data: list[Indices], spec: TrainingSpec, beside: list[Indices], keep_parameters: bool
) -> Generator[Checkpoint, None, None]:
    rng = np.random.default_rng([spec.seed, 4])
    optimizer = Adam(model.parameters(), spec.learning_rate)

    def checkpoint(step: int, loss: float, norm: float) -> Checkpoint:
        other = _mean([(model.loss(batch), batch) for batch in _batches(beside, spec)]) if beside else None
        kept = (
            MappingProxyType({k: frozen(v.copy()) for k, v in model.state_dict().items()}) if keep_parameters else None
        )
        return Checkpoint(step, spec.steps, loss, norm, other, kept)

    yield checkpoint(0, *_before(model, data, spec))
    order: list[int] = []
    losses: list[float] = []
    for step in range(1, spec.steps + 1):
        if len(order) < min(spec.batch_size, len(data)):
            order += rng.permutation(len(data)).tolist()
        batch, order = order[: spec.batch_size], order[spec.batch_size :]
        loss, gradients = model.loss_and_gradients([data[i] for i in batch])
        norm = clip_by_global_norm(gradients, spec.clip)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            yield checkpoint(step, loss, norm)
            return
        optimizer.step(gradients)
        losses.append(loss)
        if step % spec.every == 0 or step == spec.steps:
            yield checkpoint(step, sum(losses) / len(losses), norm)
            losses = []


def _batches(data: list[Indices], spec: TrainingSpec) -> Iterator[list[Indices]]:
    return (data[start : start + spec.batch_size] for start in range(0, len(data), spec.batch_size))


def _mean(losses: Sequence[tuple[float, list[Indices]]]) -> float:
    """The loss a token over batches, each with its number of guesses as its weight."""
    guesses = [sum(len(sequence) - 1 for sequence in batch) for _, batch in losses]
    return sum(loss * n for (loss, _), n in zip(losses, guesses, strict=True)) / sum(guesses)


def _before(model: Model, data: list[Indices], spec: TrainingSpec) -> tuple[float, float]:
    """Loss and gradient norm of the sequences as a whole, in batches, so that a large corpus needs little memory."""
    some = data[:: math.ceil(len(data) / _MOST)]
    total = [np.zeros_like(parameter) for parameter in model.parameters()]
    losses = []
    guesses = sum(len(sequence) - 1 for sequence in some)
    for batch in _batches(some, spec):
        loss, gradients = model.loss_and_gradients(batch)
        losses.append((loss, batch))
        share = sum(len(sequence) - 1 for sequence in batch) / guesses
        for whole, part in zip(total, gradients, strict=True):
            whole += share * part
    return _mean(losses), global_norm(total)


def encoded(model: Model, sequences: Sequence[Sequence[str]]) -> list[Indices]:
    """Index sequences with their end where the vocabulary has one; what is too short to guess in is left out."""
    assert model.vocabulary is not None
    end: list[int] = [] if model.vocabulary.end is None else [model.vocabulary.end]
    found = [np.concatenate([model.vocabulary.encode(s), np.array(end, np.int64)]) for s in sequences]
    return [sequence for sequence in found if len(sequence) > 1]
