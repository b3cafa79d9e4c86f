"""Probes of what is built for them, without a model of the lesson: cells by hand, sizes, a descent, times.

What a figure computes is computed by that figure's code, imported when a probe runs, since the bars figure is itself
made of probes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from tutor.course.analyses import outside
from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Base, Cell, Found, Measured, number
from tutor.engine.recurrent import Recurrent

Network = Literal["rnn", "gru", "lstm", "convolution"]
Row = tuple[float, ...]

_GATE = (0.0, 1.0)
_TANH = (-1.0, 1.0)


class GruByHand(Base, frozen=True, kw_only=True, tag="gru_by_hand"):
    """The state that one unit of a GRU goes to: (1 − z)·n + z·h. `z` close to 1 keeps `h`."""

    z: float
    n: float
    h: float

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """A gate lies from 0 to 1, a candidate from −1 to 1."""
        return outside(self, ("z", *_GATE), ("n", *_TANH), ("h", -1e6, 1e6))

    def measure(self, lab: Lab) -> Measured:
        """The equation."""
        return number((1.0 - self.z) * self.n + self.z * self.h)


class LstmByHand(Base, frozen=True, kw_only=True, tag="lstm_by_hand"):
    """The state that one unit of an LSTM goes to: c' = f·c + i·g, and h' = o·tanh(c'); `take` is "c" or "h"."""

    f: float
    c: float
    i: float
    g: float
    o: float | None = None
    take: Literal["c", "h"] = "c"

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """A gate lies from 0 to 1, a candidate from −1 to 1; h' needs `o`."""
        if self.take == "h" and self.o is None:
            return "h' = o·tanh(c') has no `o`", 'write `o`, or take = "c"'
        return outside(self, *((gate, *_GATE) for gate in "fio"), ("g", *_TANH), ("c", -1e6, 1e6))

    def measure(self, lab: Lab) -> Measured:
        """The equations."""
        c = self.f * self.c + self.i * self.g
        if self.take == "c":
            return number(c)
        if self.o is None:
            raise ValueError("h' = o·tanh(c') has no `o`")
        return number(self.o * math.tanh(c))


class HandState(Base, frozen=True, kw_only=True, tag="hand_state"):
    """h_t of one unit of a small tanh RNN whose weights are written out; steps and units count from 1.

    `w_x` is H lists of D numbers, `w_h` H lists of H; `x` is a list for each step, or a number where D is 1. `b` and
    `h`, which is h_0, are H numbers each, zeros without them.
    """

    w_x: tuple[Row, ...]
    w_h: tuple[Row, ...]
    b: Row = ()
    x: tuple[float | Row, ...]
    h: Row = ()
    step: int
    unit: int

    @property
    def _x(self) -> tuple[Row, ...]:
        return tuple(v if isinstance(v, tuple) else (v,) for v in self.x)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Whether the sizes agree."""
        H, D = len(self.w_x), len(self.w_x[0]) if self.w_x else 0
        if not (1 <= H <= 32 and 1 <= D <= 32 and 1 <= len(self.x) <= 1000):
            return "`w_x` or `x` is empty, or too large", "write 32 units and inputs and 1000 steps at most"
        vectors = ((key, row) for key in ("b", "h") if (row := getattr(self, key)))
        expected: list[tuple[str, Sequence[Row], int | None, int]] = [
            ("w_x", self.w_x, None, D),
            ("w_h", self.w_h, H, H),
            ("x", self._x, None, D),
            *((key, (row,), None, H) for key, row in vectors),
        ]
        for key, rows, count, size in expected:
            if count is not None and len(rows) != count:
                return f"`{key}` has {len(rows)} rows, and `w_x` {count}", f"write {count} lists of {size} numbers"
            for row in rows:
                if len(row) != size:
                    return f"`{key}` has {len(row)} numbers where {size} belong", f"write {size}: H is {H}, D is {D}"
                if not all(abs(v) <= 1e6 for v in row):
                    return f"`{key}` has a number out of bounds", "write numbers from -1e+06 to 1e+06"
        return outside(self, ("step", 1, len(self.x)), ("unit", 1, H))

    def measure(self, lab: Lab) -> Measured:
        """Run the engine's RNN, in float64."""
        if (found := self.unfit({})) is not None:
            raise ValueError("; ".join(found))
        H, D = len(self.w_x), len(self.w_x[0])
        net = Recurrent("rnn", D, H, init="zeros", dtype=np.float64)
        net.load_state_dict(
            {
                "weight_ih_l0": np.array(self.w_x),
                "weight_hh_l0": np.array(self.w_h),
                "bias_ih_l0": np.array(self.b or (0.0,) * H),
                "bias_hh_l0": np.zeros(H),
            }
        )
        h_0 = np.array(self.h or (0.0,) * H)[None, None]
        trace = net.forward(np.array(self._x)[:, None], h_0)
        return number(float(trace.output[self.step - 1, 0, self.unit - 1]))


class _Sizes(Base, frozen=True, kw_only=True):
    cell: Cell = "rnn"
    input: int
    hidden: int
    layers: int = 1
    bidirectional: bool = False
    bias: bool = True

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """What would take too much memory is refused."""
        return outside(self, ("input", 1, 10_000), ("hidden", 1, 512), ("layers", 1, 8))

    def _count(self) -> int:
        return Recurrent(
            self.cell, self.input, self.hidden, self.layers, self.bidirectional, self.bias, init="zeros"
        ).count_parameters()


class ParameterCount(_Sizes, frozen=True, kw_only=True, tag="parameters"):
    """How many parameters a recurrent network of these sizes has, counted in the network itself.

    Both biases are counted, b_ih and b_hh; `bias = false` leaves them out. There is no embedding and no head.
    """

    def measure(self, lab: Lab) -> Measured:
        """Build it, and count."""
        count = self._count()
        return Measured(count, float(count))


class Unshared(_Sizes, frozen=True, kw_only=True, tag="unshared"):
    """How many parameters it would have without sharing, each of `steps` steps with weights of its own."""

    steps: int

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """As `parameters`."""
        return outside(self, ("steps", 1, 1_000_000)) or super().unfit(models)

    def measure(self, lab: Lab) -> Measured:
        """So many copies."""
        count = self._count() * self.steps
        return Measured(count, float(count))


class Reach(Base, frozen=True, kw_only=True, tag="reach"):
    """How many tokens an output of the receptive-field figure's convolution is made of, the present counted.

    The dilations are 1, 2, 4, … from the bottom up; with `dilated = false` all are 1.
    """

    kernel_size: int = 2
    layers: int = 3
    dilated: bool = True

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """The figure's bounds."""
        from tutor.course.figures.receptive_field import MOST_KERNEL, MOST_LAYERS

        return outside(self, ("kernel_size", 1, MOST_KERNEL), ("layers", 1, MOST_LAYERS))

    def measure(self, lab: Lab) -> Measured:
        """Build the stack, and ask it."""
        from tutor.course.figures.receptive_field import ReceptiveField, Stack

        options = ReceptiveField(kernel_size=self.kernel_size, layers=self.layers, dilated=self.dilated)
        reach = Stack(np.zeros((1, 1)), self.kernel_size, options.dilations, lab.seed).reach
        return Measured(reach, float(reach))


class CliffDescent(Base, frozen=True, kw_only=True, tag="descent"):
    """Gradient descent on the landscape figure's cliff: a unit h ← w·σ(h) + b over 50 steps.

    Measured after `at` updates, all `steps` without it. `take` is "loss", "w", "b", "gradient_norm", or "moved": how
    far the last of these updates went. `clip` is the norm at which gradients are clipped; 0 leaves them as they are.
    """

    learning_rate: float = 0.02
    clip: float = 0.0
    steps: int = 20
    start: tuple[float, float] | None = None
    """[w, b]; the figure's own without it."""
    take: Literal["loss", "w", "b", "moved", "gradient_norm"] = "loss"
    at: int | None = None

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """The figure's bounds; and nothing has moved before the first update."""
        from tutor.course.figures.landscape import Landscape

        options = Landscape(
            start=self.start, learning_rate=self.learning_rate, clip=self.clip or Landscape().clip, steps=self.steps
        )
        least = 1 if self.take == "moved" else 0
        if least > self.steps:
            return f"`steps` is {self.steps}, and nothing has moved yet", "write 1 or more"
        return options.unfit({}) or outside(self, ("at", least, self.steps))

    def measure(self, lab: Lab) -> Measured:
        """Walk, and look."""
        from tutor.course.figures.landscape import START, Cliff, descend

        walk = descend(Cliff(), self.start or START, self.learning_rate, self.clip or None, self.steps).steps
        at = self.steps if self.at is None else self.at
        if at >= len(walk):
            raise ValueError(f"the descent ends after {len(walk) - 1} updates, where its loss is no finite number")
        here, before = walk[at], walk[max(at - 1, 0)]
        amount = {
            "loss": here.loss,
            "w": here.x,
            "b": here.y,
            "moved": math.hypot(here.x - before.x, here.y - before.y),
            "gradient_norm": here.norm,
        }[self.take]
        if not math.isfinite(amount):
            raise ValueError(f"after {at} updates `{self.take}` is no finite number; write a smaller `at`")
        return number(amount)


class _Timed(Base, frozen=True, kw_only=True):
    hidden: int = 32
    repeats: int = 7

    def measure(self, lab: Lab) -> Measured:
        """Measure it now."""
        return self.timed(lab, time.perf_counter)

    def timed(self, lab: Lab, clock: Callable[[], float]) -> Measured:
        """The same by a clock of seconds."""
        raise NotImplementedError


class TimingSlope(_Timed, frozen=True, kw_only=True, tag="timing_slope"):
    """How a network's time grows with the length: the slope of log time against log T.

    Measured now, on this machine: it differs every time. Give it a wide tolerance.
    """

    cell: Network = "rnn"
    lengths: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048, 4096)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """The timing figure's bounds."""
        from tutor.course.figures.timing import Timing

        pair: tuple[Network, Network] = (self.cell, "convolution" if self.cell != "convolution" else "rnn")
        return Timing(networks=pair, hidden=self.hidden, lengths=self.lengths, repeats=self.repeats).unfit(models)

    def timed(self, lab: Lab, clock: Callable[[], float]) -> Measured:
        """By a clock of seconds."""
        from tutor.course.figures.timing import Timing

        options = Timing(
            networks=(self.cell,), hidden=self.hidden, lengths=self.lengths, repeats=self.repeats, seed=lab.seed
        )
        *_, values = options.measure(clock)
        growth = values.growth(self.cell)
        if growth is None or not math.isfinite(growth.slope):
            raise ValueError("the clock is too coarse to see a pass; write longer `lengths`")
        return number(growth.slope)


class TimingRatio(_Timed, frozen=True, kw_only=True, tag="timing_ratio"):
    """How many times as long the network `left` takes over `length` steps as `right`: the medians' ratio.

    Measured now, on this machine: it differs every time. Give it a wide factor.
    """

    left: Network
    right: Network
    length: int = 1024

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """The timing figure's bounds."""
        from tutor.course.figures.timing import Timing

        if self.left == self.right:
            return f"`left` and `right` are both {self.left}", "name two different networks"
        bounds = Timing(networks=(self.left, self.right), hidden=self.hidden, repeats=self.repeats).unfit(models)
        return outside(self, ("length", 1, 65_536)) or bounds

    def timed(self, lab: Lab, clock: Callable[[], float]) -> Measured:
        """By a clock of seconds."""
        from tutor.course.figures.timing import Timing

        pair = (self.left, self.right)
        options = Timing(networks=pair, hidden=self.hidden, lengths=(self.length,), repeats=self.repeats, seed=lab.seed)
        (values,) = options.measure(clock)
        left, right = (values.of(network)[0].quartiles[1] for network in pair)
        if not right > 0:
            raise ValueError("the clock is too coarse to see a pass; write a longer `length`")
        return number(left / right)
