"""What a forecast has to beat: tomorrow as today, and a weighted sum of the last days; and any forecast gone on with.

A forecast is a function of windows of past values, (N, L) → (N,): what comes `horizon` steps after the last of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, numbers, whole
from tutor.engine.trace import frozen

Values = npt.NDArray[np.float64]
Forecast = Callable[[Values], Values]

_WIDE = np.dtype(np.float64)


def persistence(windows: Values) -> Values:
    """As it was last: x̂ = x_t, the last value of each window, (N, L) → (N,)."""
    return windows[:, -1]


@dataclass(frozen=True, eq=False)
class Autoregression:
    """x̂ = b + Σ_k w_k x_k, over the values of a window, the oldest first (Yule 1927)."""

    weights: Array
    """(L,), read-only."""
    bias: float

    def __call__(self, windows: Values) -> Values:
        """(N, L) → (N,)"""
        return np.asarray(windows @ self.weights + self.bias)


def autoregression(windows: npt.ArrayLike, targets: npt.ArrayLike) -> Autoregression:
    """The weights that make Σ (x̂ − y)² least over all windows; of several, the smallest.

    Args:
        windows: (N, L).
        targets: (N,), what came after each.

    Raises:
        ValueError: no window, or as many targets as there are not windows, or what is no finite number.
    """
    x = numbers("windows", np.asarray(windows, np.float64), _WIDE, ("N", "L"))
    y = numbers("targets", np.asarray(targets, np.float64), _WIDE, (len(x),))
    # Around the mean, so that of several solutions the smallest has no favourite level.
    center, level = x.mean(axis=0), y.mean()
    weights = np.linalg.lstsq(x - center, y - level, rcond=None)[0]
    return Autoregression(frozen(weights), float(level - center @ weights))


def ahead(forecast: Forecast, past: npt.ArrayLike, length: int, horizon: int, steps: int) -> Values:
    """A forecast that goes on from its own output: 1 … `steps` steps after a known past.

    x̂_{t+j} is the forecast from the window that ends at t + j − horizon; where that lies after t, the values after t in
    it are forecasts themselves, and of them the nearest are as old as the window lets them be.

    Args:
        forecast: what is asked, with windows of `length`.
        past: (N, P) with P ≥ length + horizon − 1: what is known, up to t.
        length: L.
        horizon: steps from the end of a window to what it forecasts.
        steps: how far to go.

    Returns:
        (N, steps)

    Raises:
        ValueError: a past that is too short, or a size that cannot be.
    """
    length, horizon, steps = whole("length", length), whole("horizon", horizon), whole("steps", steps)
    known = np.asarray(past, np.float64)
    least = length + horizon - 1
    if known.ndim != 2 or known.shape[1] < least:
        raise ValueError(f"past: got shape {known.shape}, expected (N, P) with P of at least {least}")
    line = np.concatenate([known[:, -least:], np.empty((len(known), steps))], axis=1)
    for j in range(steps):
        # Column `least` is t + 1: the window for t + 1 + j starts at column j.
        line[:, least + j] = forecast(line[:, j : j + length])
    return line[:, least:]
