"""The parameters that a network had on its way: few enough to keep, spread evenly over all of its training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tutor.engine.checks import Array
from tutor.engine.trace import frozen
from tutor.engine.training import TrainingSpec

MOST = 24
"""Checkpoints that are kept of a training."""
ROOM = 8_000_000
"""Numbers that they may hold together: of a large network fewer are kept, and never less than two."""


class Past:
    """Checkpoints that can be looked back at: the first, the latest, and some between, evenly spread.

    Args:
        training: of what they are; it decides which are kept.
        size: parameters of the network.
    """

    def __init__(self, training: TrainingSpec, size: int) -> None:
        self._size = size
        steps = [*range(0, training.steps, training.every), training.steps]
        count = min(len(steps), max(2, min(MOST, ROOM // size)))
        places = np.linspace(0, len(steps) - 1, count).round().astype(int)
        self._planned = frozenset(steps[place] for place in places.tolist())
        self._kept: dict[int, Array] = {}

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps that are kept, in their order."""
        return tuple(self._kept)

    def __contains__(self, step: int) -> bool:
        return step in self._kept

    def at(self, step: int) -> Array:
        """The parameters (N,) at a step that is kept, as the network's `flat`; read-only."""
        return self._kept[step]

    def keep(self, step: int, flat: Array) -> None:
        """Keep a copy of the latest parameters; the latest before it go, unless they are among the evenly spread."""
        last = next(reversed(self._kept), None)
        if last is not None and last not in self._planned:
            del self._kept[last]
        self._kept[step] = frozen(flat.copy())

    def stacked(self) -> Array:
        """All of them, (K, N), in the order of `steps`."""
        return np.stack(list(self._kept.values()))

    def load(self, steps: Sequence[int], stacked: Array) -> None:
        """Take back what `stacked` gave.

        Raises:
            ValueError: not as many rows as steps, or rows of another size.
        """
        if stacked.shape != (len(steps), self._size):
            raise ValueError(f"stacked: got shape {stacked.shape}, expected ({len(steps)}, {self._size})")
        self._kept = {step: frozen(row.copy()) for step, row in zip(steps, stacked, strict=True)}
