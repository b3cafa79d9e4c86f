"""Each loss beside its gradient, and what the losses and answers of a whole set are summed up to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import FLOATS, Array, above, indices, numbers

Indices = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_] | None


def log_softmax(logits: Array, temperature: float = 1.0) -> Array:
    """log of softmax(logits / temperature) over the last axis, by log-sum-exp: no overflow, no log of 0.

    Raises:
        ValueError: a temperature that is not above 0.
    """
    z = logits / above("temperature", temperature) if temperature != 1.0 else logits
    z = z - z.max(axis=-1, keepdims=True)
    logs: Array = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return logs


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Probabilities over the last axis."""
    p: Array = np.exp(log_softmax(logits, temperature))
    return p


def cross_entropy(logits: npt.ArrayLike, targets: npt.ArrayLike, mask: Mask = None) -> tuple[float, Array]:
    """Mean −log p(target) in nats, over the entries that the mask keeps, and its gradient.

    Args:
        logits: (N, V).
        targets: (N,) indices.
        mask: (N,) True where an entry counts; all when None.

    Returns:
        The loss, 0 over nothing; and dL/d logits (N, V), which is 0 where the mask is False.

    Raises:
        ValueError: a wrong shape or dtype, a target that is no index of V, logits that are not finite.
    """
    z = _floats("logits", logits, ("N", "V"))
    wanted = indices("targets", targets, (len(z),), z.shape[1])
    return nll(z, wanted, _mask(mask, wanted.shape))


def nll(logits: Array, targets: Indices, mask: Mask = None) -> tuple[float, Array]:
    """`cross_entropy` of what the engine itself made, which may have overflowed: then the loss is NaN or infinite."""
    n = np.arange(len(targets))
    # log p = z_target − log Σ eᶻ, with the largest z taken out, so that no eᶻ overflows and their sum is no 0.
    z = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
    chosen = z[n, targets]
    p: Array = np.exp(z, z)
    total = np.add.reduce(p, axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - chosen
    p /= total
    p[n, targets] -= 1.0
    count = len(targets)
    if mask is not None:
        count = max(int(np.count_nonzero(mask)), 1)
        losses = np.where(mask, losses, 0.0)
        p *= mask[:, None]
    p /= count
    return float(np.add.reduce(losses)) / count, p


def squared_error(y: npt.ArrayLike, targets: npt.ArrayLike, mask: Mask = None) -> tuple[float, Array]:
    """Mean (y − target)² over the numbers that the mask keeps, and its gradient, of y's shape.

    Raises:
        ValueError: shapes or dtypes that differ, or a number that is not finite.
    """
    return _regression(y, targets, mask, lambda e: (e * e, 2.0 * e))


def absolute_error(y: npt.ArrayLike, targets: npt.ArrayLike, mask: Mask = None) -> tuple[float, Array]:
    """Mean |y − target| over the numbers that the mask keeps, and its gradient, of y's shape; 0 where it is met.

    Raises:
        ValueError: shapes or dtypes that differ, or a number that is not finite.
    """
    return _regression(y, targets, mask, lambda e: (np.abs(e), np.sign(e)))


def _regression(y: npt.ArrayLike, targets: npt.ArrayLike, mask: Mask, measure: Any) -> tuple[float, Array]:
    found = _floats("y", y, None)
    wanted = numbers("targets", targets, found.dtype, found.shape)
    mask = _mask(mask, found.shape)
    losses, d_y = measure(found - wanted)
    count = found.size
    if mask is not None:
        count = max(int(np.count_nonzero(mask)), 1)
        losses, d_y = losses * mask, d_y * mask
    return float(losses.sum() / count), d_y / count


def _floats(name: str, value: npt.ArrayLike, shape: tuple[int | str, ...] | None) -> Array:
    given = np.asarray(value)
    dtype = given.dtype if given.dtype in FLOATS else FLOATS[1]
    return numbers(name, given, dtype, given.shape if shape is None else shape)


def _mask(mask: Mask, shape: tuple[int, ...]) -> Mask:
    if mask is None:
        return None
    found = np.asarray(mask)
    if found.dtype != np.bool_ or found.shape != shape:
        raise ValueError(f"mask: got {found.dtype} {found.shape}, expected bool {shape}")
    return found


# Summing up


def accuracy(answers: npt.ArrayLike, targets: npt.ArrayLike, mask: Mask = None) -> float:
    """The share of answers that are right, of those that the mask keeps.

    Raises:
        ValueError: shapes that differ, or nothing to count.
    """
    given, wanted = np.asarray(answers), np.asarray(targets)
    if given.shape != wanted.shape:
        raise ValueError(f"answers: got shape {given.shape}, expected {wanted.shape}")
    right = given == wanted
    kept = right if mask is None else right[_mask(mask, right.shape)]
    if not kept.size:
        raise ValueError("answers: got none to count, expected at least one")
    return float(kept.mean())


def exact_match(answers: npt.ArrayLike, targets: npt.ArrayLike, mask: Mask = None) -> float:
    """The share of sequences (T, B), by column, in which every answer that the mask keeps is right.

    Raises:
        ValueError: shapes that differ or are not (T, B), or no sequence.
    """
    given, wanted = np.asarray(answers), np.asarray(targets)
    if given.shape != wanted.shape or given.ndim != 2 or not given.shape[1]:
        raise ValueError(f"answers: got shape {given.shape}, expected (T, B) as targets, {wanted.shape}")
    wrong = given != wanted
    mask = _mask(mask, wrong.shape)
    if mask is not None:
        wrong &= mask
    return float(1.0 - wrong.any(axis=0).mean())


def perplexity(nats: float) -> float:
    """e^loss: between how many equally likely tokens the guess is, on average. Infinite past what a float holds."""
    return math.exp(nats) if nats < 709.0 else math.inf


def bits(nats: float) -> float:
    """A loss in nats a token as bits a token."""
    return nats / math.log(2.0)
