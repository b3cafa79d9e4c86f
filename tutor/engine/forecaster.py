"""`Forecaster`: numbers in an order to a number: a `Recurrent` over values, and a linear read-out of its last state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, numbers, one_of, whole
from tutor.engine.heads import Linear
from tutor.engine.learning import Measure, overflowed
from tutor.engine.losses import absolute_error, squared_error
from tutor.engine.model import ModelSpec
from tutor.engine.parameters import Composite
from tutor.engine.trace import Trace

LOSSES = {"squared": squared_error, "absolute": absolute_error}


class Window(NamedTuple):
    """What was measured, and what came next."""

    x: Array
    """(T, D)"""
    y: Array
    """(O,)"""


class Forecaster(Composite):
    """A network over values. What it reads and says should be scaled to about −1 … 1 by the caller, who knows how.

    Args:
        spec: its network; what it says of tokens has no part.
        features: D, numbers at each step.
        outputs: O, numbers to say.
        loss: "squared" or "absolute".
        dtype: float32 or float64.

    Raises:
        ValueError: a size or loss that cannot be.
    """

    def __init__(
        self,
        spec: ModelSpec,
        features: int = 1,
        outputs: int = 1,
        *,
        loss: str = "squared",
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        one_of("loss", loss, tuple(LOSSES))
        self.spec = spec
        self.loss = loss
        self.features, self.outputs = whole("features", features), whole("outputs", outputs)
        self.net = spec.network(self.features, dtype)
        self.head = Linear(spec.hidden_size * self.net.num_directions, self.outputs, dtype=dtype, seed=spec.seed)
        super().__init__({"rnn": self.net, "head": self.head})

    def forward(self, x: npt.ArrayLike, lengths: Sequence[int] | None = None) -> Array:
        """What comes next: (T, B, D) → (B, O).

        Raises:
            ValueError: as `Recurrent.forward`.
        """
        return self._say(self.net.forward(x, lengths=lengths))

    def encode(self, items: Sequence[Any]) -> list[Window]:
        """(x, y) pairs, of (T, D) or (T,), and (O,) or one number, in this network's dtype.

        Raises:
            ValueError: by the item, a shape that does not fit or a number that is not finite.
        """
        found = []
        for at, (x, y) in enumerate(items):
            rows = np.asarray(x, self.dtype)
            rows = rows[:, None] if rows.ndim == 1 else rows
            said = np.atleast_1d(np.asarray(y, self.dtype))
            numbers(f"items[{at}]: x", rows, self.dtype, ("T", self.features))
            found.append(Window(rows, numbers(f"items[{at}]: y", said, self.dtype, (self.outputs,))))
        return found

    @np.errstate(over="ignore", invalid="ignore")
    def loss_and_gradient(self, batch: Sequence[Window]) -> tuple[float, Array]:
        """The mean error of a batch, and its gradient, as `flat`."""
        trace, wanted = self._read(batch)
        y = self._say(trace)
        if not np.isfinite(y).all():
            return float("inf"), overflowed(self.flat)
        loss, d_y = LOSSES[self.loss](y, wanted)
        flat, into = self.room
        d_final = self.head.backward(trace.final, d_y, into["head"])
        grads = self.net.backward(trace, None, trace.d_h_n(d_final))
        flat[: grads.flat.size] = grads.flat
        return loss, flat.copy()

    @np.errstate(over="ignore", invalid="ignore")
    def measure(self, batch: Sequence[Window]) -> Measure:
        """The mean error of a batch, and its mean absolute error."""
        trace, wanted = self._read(batch)
        y = self._say(trace)
        if not np.isfinite(y).all():
            return Measure(float("inf"), wanted.size, float("inf"))
        return Measure(LOSSES[self.loss](y, wanted)[0], wanted.size, float(np.abs(y - wanted).mean()))

    def _read(self, batch: Sequence[Window]) -> tuple[Trace, Array]:
        lengths = [len(window.x) for window in batch]
        x = np.zeros((max(lengths), len(batch), self.features), self.dtype)
        for b, window in enumerate(batch):
            x[: lengths[b], b] = window.x
        return self.net.forward(x, lengths=lengths), np.stack([window.y for window in batch])

    def _say(self, trace: Trace) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            return self.head.scores(trace.final)
