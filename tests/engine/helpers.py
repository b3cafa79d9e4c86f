"""What several of the engine's tests share: every kind of network, filled with numbers, and a loss over all outputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tutor.engine import CELLS, Recurrent
from tutor.engine.surgery import Cut

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("rnn", {}),
    ("rnn", {"nonlinearity": "relu"}),
    ("rnn", {"nonlinearity": "identity"}),
    ("gru", {}),
    ("gru", {"reset": "before"}),
    ("lstm", {}),
)
"""Every cell with every option that changes its equation."""

assert {cell for cell, _ in KINDS} == set(CELLS), "a new cell belongs in KINDS, and so in every check"


def name_of(kind: tuple[str, dict[str, Any]]) -> str:
    """A test's name for a kind."""
    return "-".join([kind[0], *kind[1].values()])


class Example(NamedTuple):
    """A network with an input, a state to start from, and a loss that weighs everything that comes out."""

    net: Recurrent
    x: np.ndarray
    h_0: np.ndarray
    c_0: np.ndarray | None
    lengths: list[int] | None
    d_output: np.ndarray
    d_h_n: np.ndarray
    d_c_n: np.ndarray | None
    cuts: tuple[Cut, ...] = ()

    @property
    def state(self) -> Any:
        """As `forward` takes it."""
        return self.h_0 if self.c_0 is None else (self.h_0, self.c_0)

    def loss(self) -> float:
        """Σ of all outputs, each with a weight of its own."""
        trace = self.net.forward(self.x, self.state, self.lengths, self.cuts)
        total = float((trace.output * self.d_output).sum() + (trace.h_n * self.d_h_n).sum())
        if trace.c_n is not None:
            total += float((trace.c_n * self.d_c_n).sum())
        return total


def example(
    kind: tuple[str, dict[str, Any]],
    *,
    T: int = 4,
    B: int = 3,
    D: int = 2,
    H: int = 3,
    layers: int = 1,
    bidirectional: bool = False,
    lengths: list[int] | None = None,
    bias: bool = True,
    seed: int = 0,
) -> Example:
    """Everything drawn from one seed, in float64; a state that is not zero, so that every term has a part."""
    cell, options = kind
    net = Recurrent(cell, D, H, layers, bidirectional, bias, dtype=np.float64, seed=seed, **options)
    rng = np.random.default_rng(seed + 1)
    shape = (layers * net.num_directions, B, H)
    lstm = cell == "lstm"
    return Example(
        net,
        rng.standard_normal((T, B, D)),
        rng.standard_normal(shape),
        rng.standard_normal(shape) if lstm else None,
        lengths,
        rng.standard_normal((T, B, H * net.num_directions)),
        rng.standard_normal(shape),
        rng.standard_normal(shape) if lstm else None,
    )
