"""Time against length: how long networks take over T steps, measured on this machine while one looks on.

Nothing is known before it is measured. Time is a parameter: whoever measures brings the clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from msgspec import Struct, field

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.checks import Array
from tutor.engine.convolution import CausalConv1d, receptive_field
from tutor.engine.recurrent import Recurrent
from tutor.i18n import _

Network = Literal["rnn", "gru", "lstm", "convolution"]
KERNEL = 3
"""Steps that one layer of the convolution sees."""


class Samples(Struct, frozen=True):
    """One network over one length: seconds of each forward pass."""

    network: Network
    length: int
    seconds: tuple[float, ...]

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """The first, the median and the third, in seconds."""
        first, median, third = np.quantile(self.seconds, (0.25, 0.5, 0.75))
        return float(first), float(median), float(third)


class Growth(Struct, frozen=True):
    """What the medians of one network say together."""

    network: Network
    slope: float
    """Of log time against log T, by least squares; NaN before there are two lengths."""
    per_step: float
    """The median time at the longest length, over its steps, in seconds."""
    spread: tuple[float, float]
    """The first and third quartile there, over its steps."""

    @property
    def doubling(self) -> float:
        """What twice the length takes, times as long: 2^slope."""
        return float(2.0**self.slope)


class TimingValues(Struct, frozen=True):
    """What was measured so far."""

    networks: tuple[Network, ...]
    hidden: int
    lengths: tuple[int, ...]
    samples: tuple[Samples, ...] = ()
    """In the order of measuring: every network at a length, then the next length."""
    layers: int = 1
    """Of the convolution."""

    def of(self, network: Network) -> tuple[Samples, ...]:
        """One network's samples, by length."""
        return tuple(s for s in self.samples if s.network == network)

    def growth(self, network: Network) -> Growth | None:
        """How a network's time grows; None before anything is measured."""
        found = self.of(network)
        if not found:
            return None
        last = found[-1]
        first, median, third = (value / last.length for value in last.quartiles)
        # A clock too coarse to see a pass says 0, which has no logarithm.
        known = [(math.log(s.length), math.log(s.quartiles[1])) for s in found if s.quartiles[1] > 0]
        slope = math.nan
        if len(known) > 1:
            x, y = np.array(known).T
            x = x - x.mean()
            slope = float((x * (y - y.mean())).sum() / (x * x).sum())
        return Growth(network, slope, median, (first, third))

    def waits(self, network: Network, length: int) -> int:
        """Steps that have to wait for one another: each of T where there is a state, else the layers."""
        return self.layers if network == "convolution" else length

    @property
    def window(self) -> int:
        """Steps that an output of the convolution sees."""
        return receptive_field(_layers(self.hidden, self.layers))

    def tables(self) -> tuple[Table, ...]:
        """Where something was measured, a row for each network and length, and its growth; then what has to wait."""
        waits = Table(
            (_("network"), "T", _("steps one after another")),
            tuple((n, float(t), float(self.waits(n, t))) for n in self.networks for t in self.lengths),
            _("what has to wait"),
        )
        if not self.samples:
            return (waits,)
        times = tuple((s.network, float(s.length), *s.quartiles, float(len(s.seconds))) for s in self.samples)
        growths = [g for n in self.networks if (g := self.growth(n))]
        return (
            Table(
                (_("network"), "T", _("first quartile, s"), _("median, s"), _("third quartile, s"), _("passes")), times
            ),
            Table(
                (_("network"), _("slope in logarithms"), _("twice T takes, times"), _("median per step, s")),
                tuple((g.network, g.slope, g.doubling, g.per_step) for g in growths),
                _("growth"),
            ),
            waits,
        )


class Timing(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="timing"):
    """Time against T for two networks of one width, measured now."""

    facts: ClassVar[Facts] = {"measured": float}

    networks: tuple[Network, ...] = field(name="models", default=("rnn", "convolution"))
    """Two of "rnn", "gru", "lstm" and "convolution"."""
    hidden: int = 32
    """Units, channels, and the size of the inputs."""
    lengths: tuple[int, ...] = (64, 128, 256, 512, 1024, 2048, 4096)
    repeats: int = 7
    """Forward passes at each length."""
    layers: int = 1
    """Of the convolution, over 3 steps each, at distances 1, 2, 4, …."""
    seed: int = 0

    def models(self) -> tuple[str, ...]:
        """None of the lesson's: its networks are built for it."""
        return ()

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be measured: what is wrong, and how to mend it."""
        if len(set(self.networks)) != 2 or len(self.networks) != 2:
            return (
                f"`models` names {len(set(self.networks))}",
                'write two different ones, such as ["rnn", "convolution"]',
            )
        if len(self.lengths) < 2 or list(self.lengths) != sorted(set(self.lengths)):
            return "`lengths` do not rise", "write at least two lengths, the shortest first"
        if not 1 <= self.lengths[0] <= self.lengths[-1] <= 65_536:
            return "a length out of bounds", "write `lengths` from 1 to 65536"
        for key, value, low, high in (
            ("hidden", self.hidden, 1, 256),
            ("repeats", self.repeats, 1, 100),
            ("layers", self.layers, 1, 12),
        ):
            if not low <= value <= high:
                return f"`{key}` is {value}", f"write a number from {low} to {high}"
        if self.layers > 1 and "convolution" not in self.networks:
            return "`layers` are the convolution's, and it is not measured", "drop `layers`"
        if self.seed < 0:
            return f"`seed` is {self.seed}", "write a seed of 0 or more"
        return None

    def run(self, lab: Lab) -> TimingValues:
        """What is known before anything is measured: which steps have to wait for one another."""
        return TimingValues(self.networks, self.hidden, self.lengths, (), self.layers)

    def measure(self, clock: Callable[[], float] = time.perf_counter) -> Iterator[TimingValues]:
        """Time forward passes of one sequence; yields what is known after each length.

        The networks take turns at every repeat, so that what slows the machine for a while slows both. The first pass
        over a length makes room in memory, and does not count.

        Args:
            clock: seconds that pass.
        """
        rng = np.random.default_rng([self.seed, 2])
        passes = {network: _forward(network, self.hidden, self.layers, self.seed) for network in self.networks}
        samples: tuple[Samples, ...] = ()
        for length in self.lengths:
            x = rng.standard_normal((length, 1, self.hidden)).astype(np.float32)
            taken: dict[Network, list[float]] = {network: [] for network in self.networks}
            for repeat in range(self.repeats + 1):
                for network, forward in passes.items():
                    start = clock()
                    forward(x)
                    end = clock()
                    if repeat:
                        taken[network].append(end - start)
            samples += tuple(Samples(network, length, tuple(seconds)) for network, seconds in taken.items())
            yield TimingValues(self.networks, self.hidden, self.lengths, samples, self.layers)


def _layers(hidden: int, layers: int, seed: int = 0) -> list[CausalConv1d]:
    return [CausalConv1d(hidden, hidden, KERNEL, dilation=2**i, seed=seed + i) for i in range(layers)]


def _forward(network: Network, hidden: int, layers: int, seed: int) -> Callable[[Array], object]:
    """A forward pass over x (T, 1, D)."""
    if network != "convolution":
        return Recurrent(network, hidden, hidden, seed=seed).forward
    stack = _layers(hidden, layers, seed)

    def forward(x: Array) -> Array:
        for layer in stack:
            x = np.maximum(layer.forward(x), 0.0)
        return x

    return forward
