"""The read-in and the read-out: tokens to vectors, and a hidden state to scores.

A forward pass is pure, and a backward pass overwrites the gradients of its parameters and returns that of its input.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, indices, numbers, precision, whole
from tutor.engine.parameters import Parameters, uniform

Indices = npt.NDArray[np.integer[Any]]

_DENSE = 1 << 20
"""One-hot numbers that are still multiplied; with more, a token's gradients are looked for and added up."""


class Linear(Parameters):
    """y = W h + b, with W (V, H) and b (V,), as torch.nn.Linear.

    Args:
        in_features: H.
        out_features: V.

    Raises:
        ValueError: a size, dtype or seed that cannot be.
    """

    def __init__(
        self, in_features: int, out_features: int, *, dtype: npt.DTypeLike = np.float32, seed: int = 0
    ) -> None:
        self.in_features = whole("in_features", in_features)
        self.out_features = whole("out_features", out_features)
        shapes = {"weight": (self.out_features, self.in_features), "bias": (self.out_features,)}
        super().__init__(shapes, precision(dtype))
        self.flat[:] = uniform(self.in_features, self.flat.size, [whole("seed", seed, 0), 2])

    @property
    def weight(self) -> Array:
        """W, (V, H)."""
        return self._params["weight"]

    @property
    def bias(self) -> Array:
        """b, (V,)."""
        return self._params["bias"]

    def forward(self, h: npt.ArrayLike) -> Array:
        """Scores: (…, H) → (…, V).

        Raises:
            ValueError: an h of another dtype or width, or not finite.
        """
        given = np.shape(h)[:-1]
        return self.scores(numbers("h", h, self.dtype, (*given, self.in_features)))

    def scores(self, h: Array) -> Array:
        """The same of what the engine itself made, which may have overflowed."""
        y: Array = h.dot(self.weight.T)
        y += self.bias
        return y

    def backward(self, h: Array, d_y: Array, grads: Mapping[str, Array]) -> Array:
        """From dL/dy (N, V) at h (N, H): dL/dh; the gradients of "weight" and "bias" are written into `grads`."""
        np.dot(d_y.T, h, grads["weight"])
        np.dot(np.ones(len(d_y), self.dtype), d_y, grads["bias"])
        d_h: Array = d_y.dot(self.weight)
        return d_h


class Embedding(Parameters):
    """x = Eᵀ one_hot(token): a row of E (V, D) for each token, as torch.nn.Embedding.

    Multiplying by a one-hot vector *is* looking a row up, and its gradient is added to that row.

    Args:
        num_embeddings: V.
        embedding_dim: D.

    Raises:
        ValueError: a size, dtype or seed that cannot be.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, *, dtype: npt.DTypeLike = np.float32, seed: int = 0
    ) -> None:
        self.num_embeddings = whole("num_embeddings", num_embeddings)
        self.embedding_dim = whole("embedding_dim", embedding_dim)
        super().__init__({"weight": (self.num_embeddings, self.embedding_dim)}, precision(dtype))
        rng = np.random.default_rng([whole("seed", seed, 0), 3])
        self.weight[:] = rng.standard_normal(self.weight.shape)

    @property
    def weight(self) -> Array:
        """E, (V, D)."""
        return self._params["weight"]

    def forward(self, tokens: npt.ArrayLike) -> Array:
        """Vectors: indices (…) → (…, D).

        Raises:
            ValueError: an index that is no row of E.
        """
        found: Array = self.weight[indices("tokens", tokens, np.shape(tokens), self.num_embeddings)]
        return found

    def backward(self, tokens: Indices, d_x: Array, grads: Mapping[str, Array]) -> None:
        """From dL/dx (…, D): the gradient of "weight" is written into `grads`."""
        read, d = tokens.ravel(), d_x.reshape(-1, self.embedding_dim)
        if read.size * self.num_embeddings <= _DENSE:
            one_hot = np.zeros((self.num_embeddings, read.size), self.dtype)
            one_hot[read, np.arange(read.size)] = 1.0
            np.dot(one_hot, d, grads["weight"])
            return
        order = np.argsort(read, kind="stable")
        found, starts = np.unique(read[order], return_index=True)
        grads["weight"][...] = 0.0
        grads["weight"][found] = np.add.reduceat(d[order], starts, axis=0)
