"""How an answer is computed from a run, by name: an answer in a lesson is a probe, never a literal.

A probe is a table in a lesson, `{ probe = "NAME", … }`; the class under that name documents its keys, and
`measure(lab)` computes it. `PROBES` is the registry. A new probe is one class, and its name in `Probe`:
here when it computes by hand or is made of others, in `readings.py` when it reads a run, in `tallies.py`
when it counts, in `outcomes.py` when it asks what a model has learned to do, in `analyses.py` when it asks
why a run came out so, in `built.py` when it needs no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from functools import lru_cache
from itertools import pairwise
from statistics import fmean, median
from typing import Any, ClassVar, Literal, get_args

import msgspec

from tutor.course.analyses import Decay, GradientCheck, LossGradient, Nudge, NudgedSteps, Saturation, WeightGradient
from tutor.course.built import (
    CliffDescent,
    GruByHand,
    HandState,
    LstmByHand,
    ParameterCount,
    Reach,
    TimingRatio,
    TimingSlope,
    Unshared,
)
from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Base, Cell, Found, Measured, number, winner
from tutor.course.outcomes import Baseline, Flips, Label, LabelProbability, Score
from tutor.course.readings import (
    Agreement,
    Argmax,
    Argmin,
    Bits,
    Distance,
    Entropy,
    Likeliest,
    Probability,
    Remaining,
    Value,
)
from tutor.course.tallies import AddedWord, CorpusCount, CorpusShare, CorpusTotal, Count, FinalLoss
from tutor.engine.gradient_flow import decay


class UniformBits(Base, frozen=True, kw_only=True, tag="uniform_bits"):
    """What a blind guess among `of` equally likely symbols costs: log2(of)."""

    of: int

    def measure(self, lab: Lab) -> Measured:
        """log2."""
        if self.of < 1:
            raise ValueError(f"`of` must be at least 1, got {self.of}")
        return number(math.log2(self.of))


class Power(Base, frozen=True, kw_only=True, tag="power"):
    """`base` to the power `exponent`."""

    base: float
    exponent: float

    def measure(self, lab: Lab) -> Measured:
        """Multiply."""
        try:
            return number(math.pow(self.base, self.exponent))
        except (OverflowError, ValueError):
            raise ValueError(f"{self.base:g} to the power {self.exponent:g} is no number") from None


class Product(Base, frozen=True, kw_only=True, tag="product"):
    """The product of `factors`, numbers or probes."""

    factors: tuple[float | Probe, ...]

    def parts(self) -> tuple[Any, ...]:
        """The factors that are probes."""
        return tuple(f for f in self.factors if isinstance(f, Base))

    def measure(self, lab: Lab) -> Measured:
        """Multiply."""
        return number(math.prod(f.measure(lab).number if isinstance(f, Base) else f for f in self.factors))


class Sum(Base, frozen=True, kw_only=True, tag="sum"):
    """The sum of `of`, numbers or probes."""

    of: tuple[float | Probe, ...]

    def parts(self) -> tuple[Any, ...]:
        """The terms that are probes."""
        return tuple(f for f in self.of if isinstance(f, Base))

    def measure(self, lab: Lab) -> Measured:
        """Add."""
        return number(math.fsum(f.measure(lab).number if isinstance(f, Base) else f for f in self.of))


class CellByHand(Base, frozen=True, kw_only=True, tag="cell_by_hand"):
    """A network of one unit, one step: tanh(w_x·x + w_h·h + b)."""

    w_x: float
    x: float
    w_h: float
    h: float
    b: float = 0.0

    def measure(self, lab: Lab) -> Measured:
        """The equation."""
        return number(math.tanh(self.w_x * self.x + self.w_h * self.h + self.b))


@lru_cache(maxsize=256)
def _decay(cell: str, steps: int, hidden: int, radius: float, activation: str, seed: int) -> tuple[float, ...]:
    """log10 of the spectral norms, by step; many probes ask for the same one."""
    flow = decay(cell, steps=steps, hidden_size=hidden, radius=radius, activation=activation, seed=seed)
    return tuple(float(v) for v in flow.log10_spectral_norms)


class GradientNorm(Base, frozen=True, kw_only=True, tag="gradient_norm"):
    """The spectral norm of ∂h_T/∂h_t, `back` steps back from the last, for `W_h` = `radius` × orthogonal.

    Without `back`, all the way to h_0. The defaults are the gradient figure's.
    """

    cell: Cell = "rnn"
    radius: float = 0.9
    activation: Literal["tanh", "relu", "identity"] = "identity"
    steps: int = 50
    back: int | None = None
    hidden: int = 8
    seed: int = 0

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """The activation is the plain cell's alone; and what would take for ever is refused."""
        for key, low, high in (("steps", 1, 10_000), ("hidden", 1, 128), ("radius", 1e-9, 10), ("seed", 0, 2**31)):
            value = getattr(self, key)
            if not low <= value <= high:
                return f"`{key}` is {value:g}", f"write a number from {low:g} to {high:g}"
        if self.cell != "rnn" and self.activation != "tanh":
            return (
                f'`activation = "{self.activation}"` does not apply to the {self.cell}',
                'write activation = "tanh"',
            )
        return None

    def measure(self, lab: Lab) -> Measured:
        """10 to the logarithm of the norm."""
        back = self.steps if self.back is None else self.back
        if not 0 <= back <= self.steps:
            raise ValueError(f"`back` must lie between 0 and `steps` ({self.steps}), got {back}")
        logs = _decay(self.cell, self.steps, self.hidden, self.radius, self.activation, self.seed + lab.seed)
        log10 = logs[self.steps - back]
        return number(10.0**log10 if log10 < 308 else math.inf)


class _Among(Base, frozen=True, kw_only=True):
    among: dict[str, Probe]

    words: ClassVar[bool] = True
    picks: ClassVar[bool] = True
    sign: ClassVar[int] = 1

    def parts(self) -> tuple[Any, ...]:
        """The probes compared."""
        return tuple(self.among.values())

    def measure(self, lab: Lab) -> Measured:
        """Measure each, and find it."""
        if len(self.among) < 2:
            raise ValueError("`among` needs two probes or more")
        found = [probe.measure(lab) for probe in self.among.values()]
        exact = all(isinstance(m.value, int) for m in found)
        return winner(list(self.among), [m.number for m in found], self.sign, exact=exact)


class Largest(_Among, frozen=True, kw_only=True, tag="largest"):
    """The key of the largest of several probes: `among = { a = {…}, b = {…} }`. `{value}` is its amount."""


class Smallest(_Among, frozen=True, kw_only=True, tag="smallest"):
    """The key of the smallest of several probes; see `largest`."""

    sign: ClassVar[int] = -1


class _Pair(Base, frozen=True, kw_only=True):
    left: Probe
    right: Probe

    def parts(self) -> tuple[Any, ...]:
        """The two."""
        return (self.left, self.right)


class Ranking(_Among, frozen=True, kw_only=True, tag="ranking"):
    """The keys of several probes in order, the smallest first, with a space between: `"b c a"`. See `largest`.

    `{amount}` is the largest amount. It nearly ties when any two neighbours do.
    """

    picks: ClassVar[bool] = False

    def measure(self, lab: Lab) -> Measured:
        """Measure each, and put them in order."""
        if len(self.among) < 2:
            raise ValueError("`among` needs two probes or more")
        found = {key: probe.measure(lab) for key, probe in self.among.items()}
        if any(math.isnan(m.number) for m in found.values()):
            raise ValueError("one of the amounts is not a number")
        keys = sorted(found, key=lambda key: found[key].number)
        amounts = [found[key].number for key in keys]
        exact = all(isinstance(m.value, int) for m in found.values())
        gaps = [(b - a, 0.0 if exact else max(abs(a), abs(b))) for a, b in pairwise(amounts)]
        # The nearest neighbours, each gap against its own size.
        margin, scale = min(gaps, key=lambda gap: gap[0] / gap[1] if gap[1] else gap[0])
        return Measured(" ".join(keys), amounts[-1], margin, scale)


class Compare(_Pair, frozen=True, kw_only=True, tag="compare"):
    """Whether `left` is "less", the "same" or "more" than `right`; the same within `tolerance`, absolute.

    `{value}` is left − right.
    """

    tolerance: float = 0.0

    words: ClassVar[bool] = True
    picks: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """Measure both."""
        left, right = self.left.measure(lab), self.right.measure(lab)
        by = left.number - right.number if left.number != right.number else 0.0
        if math.isnan(by):
            raise ValueError("one of the two is not a number")
        if abs(by) <= self.tolerance:
            if self.tolerance == 0:
                return Measured("same", by)
            return Measured("same", by, self.tolerance - abs(by), self.tolerance)
        exact = isinstance(left.value, int) and isinstance(right.value, int)
        scale = 0.0 if exact else max(abs(left.number), abs(right.number))
        return Measured("less" if by < 0 else "more", by, abs(by) - self.tolerance, scale)


class Ratio(_Pair, frozen=True, kw_only=True, tag="ratio"):
    """`left` divided by `right`."""

    def measure(self, lab: Lab) -> Measured:
        """Divide."""
        right = self.right.measure(lab).number
        if right == 0:
            raise ValueError("`right` is 0, and nothing can be divided by it")
        return number(self.left.measure(lab).number / right)


class OneOf(Base, frozen=True, kw_only=True, tag="oneof"):
    """The value of the probe `of`, where every value in `same` counts as the first of them.

    For an answer that a seed may turn and the lesson does not mind: `same = ["code", "read"]` makes both
    "code".
    """

    of: Probe
    same: tuple[str, ...]

    words: ClassVar[bool] = True

    def parts(self) -> tuple[Any, ...]:
        """The probe asked."""
        return (self.of,)

    def measure(self, lab: Lab) -> Measured:
        """Ask it. A tie among the same is none; how far the next stranger is, is not known here."""
        found = self.of.measure(lab)
        value = str(found.value)
        if value in self.same:
            return Measured(self.same[0], found.number)
        return Measured(value, found.number, found.margin, found.scale)


class OverSeeds(Base, frozen=True, kw_only=True, tag="over_seeds"):
    """The probe `of` at this seed and those after it, each with networks of its own; all of them together.

    `take`: "median", "mean", "min", "max"; or "count_above", at how many seeds it is above `above`, and "share_above",
    at what part of them.
    """

    of: Probe
    seeds: int = 5
    take: Literal["median", "mean", "min", "max", "count_above", "share_above"] = "median"
    above: float | None = None

    def parts(self) -> tuple[Any, ...]:
        """The probe asked."""
        return (self.of,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """A number that a seed can change, and few enough trainings to wait for."""
        if not 2 <= self.seeds <= 20:
            return f"`seeds` is {self.seeds}", "write a number from 2 to 20"
        counts = self.take.endswith("above")
        if counts and self.above is None:
            return f'take = "{self.take}" of what is above which number?', "write above = 0.9, or another"
        if not counts and self.above is not None:
            return f'`above` says nothing to take = "{self.take}"', 'drop `above`, or write take = "count_above"'
        if self.of.words:
            kind = str(self.of.__struct_config__.tag)
            return f"the probe `{kind}` answers with a word, of which there is no {self.take}", "ask for a number"
        if _over_seeds(self.of):
            return "seeds of seeds", "write `over_seeds` once, around all of it"
        return super().unfit(models)

    def needed(self, lab: Lab) -> list[tuple[Lab, str]]:
        """Its networks: the lab of each seed, with each model's name."""
        return [(lab.sibling(seed), name) for seed in range(self.seeds) for name in self.networks()]

    def more(self, lab: Lab) -> Generator[tuple[Lab, str], None, None]:
        """Train what is not ready, seed by seed: whose lab and which model has a checkpoint more. Closing it stops."""
        for at, name in self.needed(lab):
            with closing(at.train(name)) as checkpoints:
                for _checkpoint in checkpoints:
                    yield at, name

    def measure(self, lab: Lab) -> Measured:
        """Train what is not ready, ask at each seed, and put it together."""
        for _ in self.more(lab):
            pass
        found = [self.of.measure(lab.sibling(seed)).number for seed in range(self.seeds)]
        lost = [lab.seed + seed for seed, amount in enumerate(found) if math.isnan(amount)]
        if lost:
            raise ValueError(f"at the seed {lost[0]} it is not a number")
        if self.above is None:
            return number(_TAKEN[self.take](found))
        count = sum(amount > self.above for amount in found)
        nearest = min(abs(amount - self.above) for amount in found)
        if self.take == "share_above":
            return Measured(count / self.seeds, count / self.seeds, nearest, abs(self.above))
        return Measured(count, float(count), nearest, abs(self.above))


_TAKEN: dict[str, Callable[[list[float]], float]] = {"median": median, "mean": fmean, "min": min, "max": max}


def _over_seeds(probe: Any) -> bool:
    return isinstance(probe, OverSeeds) or any(_over_seeds(part) for part in probe.parts())


Probe = (
    Value
    | Argmax
    | Argmin
    | Probability
    | Likeliest
    | Entropy
    | Bits
    | UniformBits
    | Distance
    | GradientNorm
    | Power
    | Product
    | Sum
    | Count
    | Agreement
    | Remaining
    | CorpusCount
    | CorpusShare
    | CorpusTotal
    | AddedWord
    | FinalLoss
    | CellByHand
    | Score
    | Baseline
    | Label
    | LabelProbability
    | Flips
    | Decay
    | LossGradient
    | Saturation
    | Nudge
    | NudgedSteps
    | GradientCheck
    | WeightGradient
    | GruByHand
    | LstmByHand
    | HandState
    | ParameterCount
    | Unshared
    | Reach
    | CliffDescent
    | TimingSlope
    | TimingRatio
    | Largest
    | Smallest
    | Ranking
    | Compare
    | Ratio
    | OneOf
    | OverSeeds
)

PROBES: dict[str, type[Any]] = {
    str(msgspec.inspect.type_info(kind).tag): kind  # type: ignore[attr-defined]
    for kind in get_args(Probe)
}


def models_of(probe: Probe) -> tuple[str, ...]:
    """The lesson's models that have to be trained before a probe is measured, its parts' too."""
    return probe.networks()


def settled(probe: Any, lab: Lab) -> bool:
    """Whether nothing has to be trained at other seeds before a probe can be measured."""
    if isinstance(probe, OverSeeds):
        return all(at.ready(name) for at, name in probe.needed(lab))
    return all(settled(part, lab) for part in probe.parts())


def training_of(probe: Any, lab: Lab) -> Generator[tuple[Lab, str], None, None]:
    """Train what a probe needs at other seeds: the lab and the model that have one checkpoint more, each time.

    `measure` trains them, too. This is for who shows how it goes on, or stops it: closed, it keeps what was learned.
    """
    if isinstance(probe, OverSeeds):
        yield from probe.more(lab)
    else:
        for part in probe.parts():
            yield from training_of(part, lab)


def needs_time(probe: Any) -> bool:
    """Whether to measure it takes a training of other seeds, or a clock."""
    return isinstance(probe, OverSeeds | TimingSlope | TimingRatio) or any(needs_time(part) for part in probe.parts())
