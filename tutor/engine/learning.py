"""What a model has to be able to do to be trained: the one thing that `fit` knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from tutor.engine.checks import Array


class Measure(NamedTuple):
    """How well some examples are answered."""

    loss: float
    """The mean over what is to be said."""
    weight: int
    """How much there is to say: tokens, tags, labels, numbers."""
    metric: float
    """What a person reads: the share that is right; of numbers, the mean absolute error. A mean as `loss` is."""


class Learner(Protocol):
    """A model that `fit` can train. Its examples are its own affair; `encode` makes them."""

    flat: Array
    """Every parameter."""

    def encode(self, items: Sequence[Any]) -> list[Any]:
        """Examples of what a person has; ValueError for what cannot be learned from."""

    def loss_and_gradient(self, batch: Sequence[Any]) -> tuple[float, Array]:
        """The loss of a batch, and its gradient by `flat`."""

    def measure(self, batch: Sequence[Any]) -> Measure:
        """The same loss without its gradient, and what it is the mean of."""

    def state_dict(self) -> Mapping[str, Array]:
        """Every parameter by name, read-only."""


def overflowed(flat: Array) -> Array:
    """The gradient of a loss that is no number."""
    return np.full_like(flat, np.nan)
