"""How weights follow their gradients, in order of complexity."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tutor.engine.checks import Array


def global_norm(gradients: Sequence[Array]) -> float:
    """‖g‖ of all gradients as one vector; summed in float64, where no float32 can overflow."""
    wide = (g.astype(np.float64) for g in gradients)
    return math.sqrt(sum(float(np.vdot(g, g)) for g in wide))


def clip_by_global_norm(gradients: Sequence[Array], limit: float) -> float:
    """Scale all gradients together, in place, so that their joint norm is at most `limit` (Pascanu et al. 2013).

    Returns:
        The norm before clipping. Where it is not finite there is no direction to keep, and nothing is scaled.
    """
    norm = global_norm(gradients)
    if norm > limit and math.isfinite(norm):
        for g in gradients:
            g *= limit / norm
    return norm


class SGD:
    """v ← μ v + g, θ ← θ − η v: gradient descent, with momentum μ."""

    def __init__(self, parameters: Sequence[Array], learning_rate: float, momentum: float = 0.0) -> None:
        self.parameters = tuple(parameters)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self._v = [np.zeros_like(p) for p in self.parameters]

    def step(self, gradients: Sequence[Array]) -> None:
        """Change the parameters once."""
        for p, g, v in zip(self.parameters, gradients, self._v, strict=True):
            v *= self.momentum
            v += g
            p -= self.learning_rate * v


class Adam:
    """Adam (Kingma & Ba 2015), with bias correction as torch.optim.Adam."""

    def __init__(
        self,
        parameters: Sequence[Array],
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.parameters = tuple(parameters)
        self.learning_rate = learning_rate
        self.betas = betas
        self.eps = eps
        self.t = 0
        self._m = [np.zeros_like(p) for p in self.parameters]
        self._v = [np.zeros_like(p) for p in self.parameters]
        self._scratch = [np.empty_like(p) for p in self.parameters]

    def step(self, gradients: Sequence[Array]) -> None:
        """Change the parameters once."""
        self.t += 1
        one, two = self.betas
        rate = self.learning_rate / (1.0 - one**self.t)
        correction = math.sqrt(1.0 - two**self.t)
        for p, g, m, v, s in zip(self.parameters, gradients, self._m, self._v, self._scratch, strict=True):
            m *= one
            np.multiply(g, 1.0 - one, s)
            m += s
            v *= two
            np.multiply(g, g, s)
            s *= 1.0 - two
            v += s
            np.sqrt(v, s)
            s /= correction
            s += self.eps
            np.divide(m, s, s)
            s *= rate
            p -= s
