"""Any number of a hidden state, opened: its equation, its gates, their dot products, down to the weights.

What the engine recorded is shown as it was recorded; what it summed on the way is summed again, in float64, from the
weights and states that it had. So every value is what its terms make, to the precision of the network. A value that
was set by hand is made of nothing: it says so in place of its equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.engine.surgery import Done, planned
from tutor.engine.trace import frozen

Made = Literal["given", "sum", "product", "dot"]
Through = Literal["", "tanh", "relu", "σ", "1−"]

_NONE: Array = frozen(np.zeros(0))


@dataclass(frozen=True, eq=False)
class Part:
    """A value, and what it is made of."""

    name: str
    """In the letters of the equation; h₋ and c₋ are the states that the step found."""
    value: float
    made: Made = "given"
    """The sum or the product of `terms`, the dot product of `weights` and `values`, or given: nothing is under it."""
    through: Through = ""
    """The function that the sum goes through."""
    terms: tuple[Part, ...] = ()
    weights: Array = field(default_factory=lambda: _NONE, repr=False)
    """(n,) float64, of a dot product."""
    values: Array = field(default_factory=lambda: _NONE, repr=False)
    """(n,) float64: what the weights multiply."""
    of: str = ""
    """The letter of `values`: "x", "h₋", or "r·h₋"."""


def before(run: Run, t: int, direction: int = 0) -> int:
    """The number of the step whose state step t found: 0 is the one that it all began with.

    Args:
        run: any run.
        t: a step from 0.
        direction: 0 forward, 1 backward, which comes from the step after.
    """
    if direction == 0:
        return t
    return t + 2 if t + 1 < len(run.tokens) else 0


def opened(run: Run, t: int, unit: int, direction: int = 0) -> Part:
    """h_t[unit] of the top layer, down to its weights; the equations are those of `cells`.

    In place of an equation, a value that was set by hand has one term, "set by hand"; one that another unit computed,
    the third for example, has "swapped with h3".

    Args:
        run: any run.
        t: a step from 0, in x's time.
        unit: from 0, in its direction.
        direction: 0 forward, 1 backward.

    Raises:
        ValueError: a step, a unit or a direction that is not there.
    """
    for name, value, limit in (
        ("t", t, len(run.tokens)),
        ("unit", unit, run.spec.hidden_size),
        ("direction", direction, run.model.net.num_directions),
    ):
        if not 0 <= value < limit:
            raise ValueError(f"{name}: got {value}, expected 0 … {limit - 1}")
    return _Opener(run, t, unit, direction).state()


class _Opener:
    """One unit at one step, in one direction."""

    def __init__(self, run: Run, t: int, unit: int, direction: int) -> None:
        self.spec = run.spec
        self.unit = unit
        record = run.trace.records[-1][direction]
        cell = run.trace.cell
        self.x = record.x[t, 0].astype(np.float64)
        self.found = record.h[record.before][t, 0].astype(np.float64)
        self.h = float(record.h[record.now][t, 0, unit])
        self.kept = dict(zip(cell.kept, record.kept[t, :, 0].astype(np.float64), strict=True))
        self.c, self.c_ = (
            (0.0, 0.0)
            if record.c is None
            else (float(record.c[record.now][t, 0, unit]), float(record.c[record.before][t, 0, unit]))
        )
        self.blocks: Sequence[str] = cell.blocks
        self.weights = run.backward if direction else run.weights
        plan = planned(run.trace.cuts, len(run.trace.records) - 1, direction, record.h.shape[2], record.h.dtype)
        self.done = plan.get(t, Done({}))

    def state(self) -> Part:
        """The cell's last equation."""
        if (by_hand := self.by_hand("h", self.h)) is not None:
            return by_hand
        if self.spec.cell == "gru":
            z, n, h_ = self.gate("z"), self.candidate(), Part("h₋", float(self.found[self.unit]))
            kept = Part("1−z", 1.0 - z.value, "sum", "1−", (z,))
            return _sum("h", "", (_product("(1−z)·n", kept, n), _product("z·h₋", z, h_)), self.h)
        if self.spec.cell == "lstm":
            shown = _sum("tanh(c)", "tanh", (self.carried(),), self.of("tanh_c"))
            return Part("h", self.h, "product", terms=(self.gate("o"), shown))
        through: Through = {"tanh": "tanh", "relu": "relu"}.get(self.spec.nonlinearity, "")  # type: ignore[assignment]
        return _sum("h", through, (*self.products("h"), self.bias("h")), self.h)

    def carried(self) -> Part:
        """The LSTM's c."""
        if (by_hand := self.by_hand("c", self.c)) is not None:
            return by_hand
        i, f, g = self.gate("i"), self.gate("f"), self.gate("g", "tanh")
        return _sum("c", "", (_product("f·c₋", f, Part("c₋", self.c_)), _product("i·g", i, g)), self.c)

    def of(self, letter: str) -> float:
        """What was recorded of this unit."""
        return float(self.kept[letter][self.unit])

    def by_hand(self, letter: str, value: float) -> Part | None:
        """A value that this unit did not compute, with where it is from; None where it did."""
        source = self.done.source(letter, self.unit)
        if source == self.unit:
            return None
        name = "set by hand" if source < 0 else f"swapped with {letter}{source + 1}"
        return _sum(letter, "", (Part(name, value),), value)

    def gate(self, letter: str, through: Through = "σ") -> Part:
        """σ(W_x·x + W_h·h₋ + b)"""
        if (by_hand := self.by_hand(letter, self.of(letter))) is not None:
            return by_hand
        return _sum(letter, through, (*self.products(letter), self.bias(letter)), self.of(letter))

    def candidate(self) -> Part:
        """The GRU's n, whose reset gate comes after the product with W_h or before it."""
        if (by_hand := self.by_hand("n", self.of("n"))) is not None:
            return by_hand
        if self.spec.reset == "before":
            w_x, _ = self.products("n")
            w_h = _dot("W_h·(r·h₋)", self.row("weight_hh", "n"), self.kept["r"] * self.found, "r·h₋")
            return _sum("n", "tanh", (w_x, w_h, self.bias("n")), self.of("n"))
        w_x, w_h = self.products("n")
        b_ih, b_hh = self.bias("n").terms
        scaled = _sum("W_h·h₋ + b_hh", "", (w_h, b_hh))
        reset = _product("r·(W_h·h₋ + b_hh)", self.gate("r"), scaled)
        return _sum("n", "tanh", (w_x, b_ih, reset), self.of("n"))

    def products(self, block: str) -> tuple[Part, Part]:
        """W_x·x and W_h·h₋."""
        return (
            _dot("W_x·x", self.row("weight_ih", block), self.x, "x"),
            _dot("W_h·h₋", self.row("weight_hh", block), self.found, "h₋"),
        )

    def bias(self, block: str) -> Part:
        """b_ih + b_hh: PyTorch keeps two, and adds them."""
        parts = tuple(Part(f"b_{kind}", float(self.row(f"bias_{kind}", block))) for kind in ("ih", "hh"))
        return _sum("b", "", parts)

    def row(self, name: str, block: str) -> Array:
        """This unit's row of a weight matrix, or its bias."""
        found: Array = self.weights[name][self.blocks.index(block) * self.spec.hidden_size + self.unit]
        return found.astype(np.float64)


def _sum(name: str, through: Through, terms: tuple[Part, ...], value: float | None = None) -> Part:
    return Part(name, sum(term.value for term in terms) if value is None else value, "sum", through, terms)


def _product(name: str, one: Part, other: Part) -> Part:
    return Part(name, one.value * other.value, "product", terms=(one, other))


def _dot(name: str, weights: Array, values: Array, of: str) -> Part:
    with np.errstate(over="ignore", invalid="ignore"):
        return Part(name, float(weights.dot(values)), "dot", weights=frozen(weights), values=frozen(values), of=of)
