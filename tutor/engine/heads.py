"""The read-outs: what is made of a hidden state."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array


class Linear:
    """y = W h + b, with W (V, H) and b (V,), as torch.nn.Linear."""

    def __init__(
        self, in_features: int, out_features: int, *, dtype: npt.DTypeLike = np.float32, seed: int = 0
    ) -> None:
        bound = 1.0 / math.sqrt(in_features)
        rng = np.random.default_rng([seed, 2])
        self.weight: Array = rng.uniform(-bound, bound, (out_features, in_features)).astype(dtype)
        """(V, H)"""
        self.bias: Array = rng.uniform(-bound, bound, out_features).astype(dtype)
        """(V,)"""

    def forward(self, h: Array) -> Array:
        """Scores: (…, H) → (…, V)."""
        scores: Array = h.dot(self.weight.T) + self.bias
        return scores

    def backward(self, h: Array, d_y: Array) -> tuple[Array, Array, Array]:
        """From dL/dy (N, V) at h (N, H): dL/dW, dL/db and dL/dh."""
        return d_y.T.dot(h), d_y.sum(axis=0), d_y.dot(self.weight)
