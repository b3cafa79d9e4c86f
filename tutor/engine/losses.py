"""Each loss beside its gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array


def log_softmax(logits: Array, temperature: float = 1.0) -> Array:
    """log of softmax(logits / temperature) over the last axis, by log-sum-exp: no overflow, no log of 0.

    Raises:
        ValueError: a temperature that is not above 0.
    """
    if not temperature > 0.0 or not math.isfinite(temperature):
        raise ValueError(f"temperature: got {temperature!r}, expected a number above 0")
    z = logits / temperature if temperature != 1.0 else logits
    z = z - z.max(axis=-1, keepdims=True)
    logs: Array = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return logs


def softmax(logits: Array, temperature: float = 1.0) -> Array:
    """Probabilities over the last axis."""
    p: Array = np.exp(log_softmax(logits, temperature))
    return p


def cross_entropy(
    logits: Array, targets: npt.NDArray[np.integer[Any]], mask: npt.NDArray[np.bool_] | None = None
) -> tuple[float, Array]:
    """Mean −log p(target) in nats, over the entries that the mask keeps, and its gradient.

    Args:
        logits: (N, V).
        targets: (N,) indices.
        mask: (N,) True where an entry counts; all when None.

    Returns:
        The loss, and dL/d logits (N, V), which is 0 where the mask is False.
    """
    logs = log_softmax(logits)
    n = np.arange(len(targets))
    count = len(targets) if mask is None else max(int(mask.sum()), 1)
    losses = -logs[n, targets]
    d_logits: Array = np.exp(logs)
    d_logits[n, targets] -= 1.0
    if mask is not None:
        losses = losses * mask
        d_logits *= mask[:, None]
    d_logits /= count
    return float(losses.sum() / count), d_logits
