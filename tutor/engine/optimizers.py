"""How weights follow their gradients, in order of complexity. Parameters are one vector, and so are gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tutor.engine.checks import Array, above, numbers


def global_norm(gradient: Array) -> float:
    """‖g‖ of all gradients; summed in float64, where no float32 can overflow."""
    wide = gradient.astype(np.float64).ravel()
    return math.sqrt(np.vdot(wide, wide))


def clip_by_global_norm(gradient: Array, limit: float) -> float:
    """Scale the gradient, in place, so that its norm is at most `limit` (Pascanu et al. 2013).

    Returns:
        The norm before clipping. Where it is not finite there is no direction to keep, and nothing is scaled.

    Raises:
        ValueError: a limit that is not above 0.
    """
    above("limit", limit)
    norm = global_norm(gradient)
    if norm > limit and math.isfinite(norm):
        gradient *= limit / norm
    return norm


class SGD:
    """v ← μ v + g, θ ← θ − η v: gradient descent, with momentum μ.

    Args:
        parameters: θ, (N,), changed in place.
        learning_rate: η.
        momentum: μ, from 0 to below 1.

    Raises:
        ValueError: a rate or momentum that cannot be.
    """

    def __init__(self, parameters: Array, learning_rate: float, momentum: float = 0.0) -> None:
        self.parameters = parameters
        self.learning_rate = above("learning_rate", learning_rate)
        if not 0.0 <= momentum < 1.0:
            raise ValueError(f"momentum: got {momentum!r}, expected 0 or more, and less than 1")
        self.momentum = momentum
        self._v = np.zeros_like(parameters)

    def step(self, gradient: Array) -> None:
        """Change the parameters once."""
        self._v *= self.momentum
        self._v += gradient
        self.parameters -= self.learning_rate * self._v

    def state(self) -> dict[str, Array]:
        """Copies of what it remembers of earlier steps, by name."""
        return {"v": self._v.copy()}

    def load_state(self, state: Mapping[str, Array]) -> None:
        """Go on from there."""
        self._v[:] = numbers("v", state["v"], self._v.dtype, self._v.shape)


class Adam:
    """Adam (Kingma & Ba 2015), with bias correction as torch.optim.Adam.

    m ← β₁ m + (1 − β₁) g          v ← β₂ v + (1 − β₂) g²
    θ ← θ − η m̂ / (√v̂ + ε)         m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ)

    What is carried is m / (1 − β₁) and v / (1 − β₂), and the constants of a step are put together: four passes over
    the vector less.

    Args:
        parameters: θ, (N,), changed in place.
        learning_rate: η.
        betas: β₁ and β₂, from 0 to below 1.
        eps: ε.

    Raises:
        ValueError: a rate, ε or β that cannot be.
    """

    def __init__(
        self,
        parameters: Array,
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.parameters = parameters
        self.learning_rate = above("learning_rate", learning_rate)
        for beta in betas:
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"betas: got {betas!r}, expected each 0 or more, and less than 1")
        self.betas = betas
        self.eps = above("eps", eps)
        self.t = 0
        """Steps taken."""
        self._m = np.zeros_like(parameters)
        self._v = np.zeros_like(parameters)
        self._scratch = np.empty_like(parameters)

    def step(self, gradient: Array) -> None:
        """Change the parameters once."""
        self.t += 1
        one, two = self.betas
        root = math.sqrt((1.0 - two) / (1.0 - two**self.t))
        rate = self.learning_rate * (1.0 - one) / (1.0 - one**self.t) / root
        m, v, s = self._m, self._v, self._scratch
        m *= one
        m += gradient
        v *= two
        np.multiply(gradient, gradient, s)
        v += s
        np.sqrt(v, s)
        s += self.eps / root
        np.divide(m, s, s)
        s *= rate
        self.parameters -= s

    def state(self) -> dict[str, Array]:
        """Copies of what it remembers of earlier steps, by name."""
        return {"m": self._m.copy(), "v": self._v.copy(), "t": np.array(self.t, np.float64)}

    def load_state(self, state: Mapping[str, Array]) -> None:
        """Go on from there."""
        self._m[:] = numbers("m", state["m"], self._m.dtype, self._m.shape)
        self._v[:] = numbers("v", state["v"], self._v.dtype, self._v.shape)
        self.t = int(state["t"])
