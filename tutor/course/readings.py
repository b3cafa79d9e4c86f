"""Probes that read a run of a model: its states and gates, what it expects next, where it began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Base, Found, Measured, no_added_word, number, the_word, winner
from tutor.engine.losses import bits
from tutor.engine.model import Run


def _steps(run: Run, of: str, unit_wise: bool) -> NDArray[np.float64]:
    """A quantity at each step: (T, H), or (T,) when the units are taken together.

    Together, `h` and `c` are the mean of their absolute values, a gate its mean, `change` the length of the
    move.
    """
    if of == "change":
        if not unit_wise:
            return np.asarray(run.change, dtype=np.float64)
        # The forward direction's units, as with the gates: the other reads from the end.
        hidden = np.asarray(run.hidden, dtype=np.float64)[:, : run.model.spec.hidden_size]
        return np.abs(np.diff(hidden, axis=0, prepend=np.asarray(run.h_0)[None, : hidden.shape[1]]))
    if of == "h":
        each = np.asarray(run.hidden, dtype=np.float64)
    else:
        spec = run.model.spec
        gates = run.trace.gates(layer=spec.num_layers - 1, direction=0)
        if of not in gates:
            raise ValueError(f"a {spec.cell} has no `{of}`; it has {', '.join(gates)}")
        each = np.asarray(gates[of][:, 0], dtype=np.float64)
    if unit_wise:
        return each
    together: NDArray[np.float64] = (np.abs(each) if of in ("h", "c") else each).mean(axis=1)
    return together


def _at(array: NDArray[np.float64], step: int) -> Any:
    if not 1 <= step <= len(array):
        raise ValueError(f"step {step} is not among the {len(array)} steps of the text; steps count from 1")
    return array[step - 1]


class Value(Base, frozen=True, kw_only=True, tag="value"):
    """One number of a run: `of` at `step`, of one `unit` or (unit 0) of all units together.

    `of`: `h`, `c` (LSTM), a gate's letter, or `change`. Steps and units count from 1. All units together
    are the mean (of the absolute values, for `h` and `c`); `change` is then ‖h_t − h_{t−1}‖.
    """

    of: str
    model: str
    text: str = ""
    step: int
    unit: int = 0

    def measure(self, lab: Lab) -> Measured:
        """Read it off."""
        row = _at(_steps(lab.run(self.model, self.text), self.of, self.unit > 0), self.step)
        if self.unit == 0:
            return number(row)
        if not 1 <= self.unit <= len(row):
            raise ValueError(f"unit {self.unit} is not among the {len(row)} units; units count from 1")
        return number(row[self.unit - 1])


class _Extreme(Base, frozen=True, kw_only=True):
    of: str
    model: str
    text: str = ""
    units: bool = False
    step: int = 0

    picks: ClassVar[bool] = True
    sign: ClassVar[int] = 1

    def measure(self, lab: Lab) -> Measured:
        """Find it."""
        values = _steps(lab.run(self.model, self.text), self.of, self.units)
        if not self.units:
            if self.step:
                raise ValueError("`step` picks among the units of one step; say `units = true` with it")
            return winner(list(range(1, len(values) + 1)), [float(v) for v in values], self.sign)
        row = _at(values, self.step) if self.step else np.asarray(values).mean(axis=0)
        letter = "h" if self.of == "change" else self.of
        keys = [f"{letter}{i + 1}" for i in range(len(row))]
        return winner(keys, [float(v) for v in row], self.sign)


class Argmax(_Extreme, frozen=True, kw_only=True, tag="argmax"):
    """Where a quantity is largest: the token's number, 1 … T. `of`: `change`, `h`, `c` or a gate's letter.

    With `units = true` the unit, as `h3` (or `f3` for a gate `f`): at `step`, or on average when no step is
    given. `{value}` in its feedback is the amount there.
    """


class Argmin(_Extreme, frozen=True, kw_only=True, tag="argmin"):
    """Where a quantity is smallest; see `argmax`."""

    sign: ClassVar[int] = -1


def _log_probabilities(run: Run, temperature: float) -> NDArray[np.float64]:
    """log p of every entry of the vocabulary after the whole text, in float64."""
    if run.logits is None:
        raise ValueError("the model has no head, so it expects nothing; train it")
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature:g}")
    scores = np.asarray(run.logits[-1], dtype=np.float64) / temperature
    scores -= scores.max()
    logs: NDArray[np.float64] = scores - math.log(float(np.exp(scores).sum()))
    return logs


class Probability(Base, frozen=True, kw_only=True, tag="probability"):
    """How likely `word` is to come next, after `text`, at a temperature.

    Without `word`, of the one that the model's `added` line goes on with.
    """

    model: str
    text: str = ""
    word: str = ""
    temperature: float = 1.0

    head: ClassVar[bool] = True

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """There has to be a word."""
        return super().unfit(models) or no_added_word(self, models)

    def measure(self, lab: Lab) -> Measured:
        """The softmax's entry."""
        run = lab.run(self.model, self.text)
        logs = _log_probabilities(run, self.temperature)
        vocabulary = run.model.vocabulary
        assert vocabulary is not None
        word = the_word(self, lab)
        index = vocabulary.index(word)
        if index == 0:
            raise ValueError(f"the model `{self.model}` has no word “{word}” in its vocabulary")
        return number(math.exp(logs[index]))


class Likeliest(Base, frozen=True, kw_only=True, tag="likeliest"):
    """The likeliest next token after `text`; `{value}` is the token, `{amount}` its probability."""

    model: str
    text: str = ""

    words: ClassVar[bool] = True
    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """The first of the next tokens."""
        run = lab.run(self.model, self.text)
        _log_probabilities(run, 1.0)
        best = list(run.next(k=2))
        return winner([token for token, _ in best], [p for _, p in best], 1)


class Entropy(Base, frozen=True, kw_only=True, tag="entropy"):
    """How open the next token is after `text`, in bits."""

    model: str
    text: str = ""
    temperature: float = 1.0

    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """−Σ p log2 p."""
        logs = _log_probabilities(lab.run(self.model, self.text), self.temperature)
        return number(bits(-float((np.exp(logs) * logs).sum())))


class Bits(Base, frozen=True, kw_only=True, tag="bits"):
    """Surprise: the mean of −log2 p over the tokens of `text` after the first."""

    model: str
    text: str = ""

    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """The mean over the text."""
        found = lab.run(self.model, self.text).bits
        if found is None:
            raise ValueError("the model has no head, so nothing surprises it; train it")
        if len(found) == 0:
            raise ValueError("a text of one token has nothing after it; give two or more")
        return number(float(np.asarray(found, dtype=np.float64).mean()))


class Distance(Base, frozen=True, kw_only=True, tag="distance"):
    """Euclidean distance of two texts.

    Of their last states (`h`), of the vectors of their last tokens (`vector`), or of their tokens' counts (`bag`).
    """

    model: str
    texts: tuple[str, str]
    of: Literal["h", "vector", "bag"] = "h"

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Every model can."""
        return None

    def measure(self, lab: Lab) -> Measured:
        """Between the two."""
        if self.of != "bag":
            runs = [lab.run(self.model, text) for text in self.texts]
            first, second = ((run.hidden if self.of == "h" else run.x)[-1].astype(np.float64) for run in runs)
            return number(float(np.linalg.norm(first - second)))
        bags = [lab.tokens(self.model, t) for t in self.texts]
        words = set(bags[0]) | set(bags[1])
        return number(math.sqrt(sum((bags[0].count(w) - bags[1].count(w)) ** 2 for w in words)))


class _FromTwo(Base, frozen=True, kw_only=True):
    model: str
    text: str = ""
    start: Literal["random", "learned"] = "random"

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """A learned h_0 has to be learned."""
        entry = models.get(self.model)
        if self.start == "learned" and entry is not None and not entry.learned_h_0:
            return f"the model `{self.model}` learns no h_0", f"write learned_h_0 = true in [models.{self.model}]"
        return super().unfit(models)

    def apart(self, lab: Lab) -> list[float]:
        """‖h_t from zeros − h_t from the other h_0‖ for t = 0 … T."""
        zeros, other = lab.run(self.model, self.text, "zeros"), lab.run(self.model, self.text, self.start)
        first = np.asarray(zeros.h_0, dtype=np.float64) - np.asarray(other.h_0, dtype=np.float64)
        later = np.asarray(zeros.hidden, dtype=np.float64) - np.asarray(other.hidden, dtype=np.float64)
        return [float(np.linalg.norm(first)), *(float(v) for v in np.linalg.norm(later, axis=1))]


class Agreement(_FromTwo, frozen=True, kw_only=True, tag="agreement"):
    """After how many tokens less than `within` of the distance between two runs is left; T + 1 when they never are.

    One starts from zeros, one from a random h_0, or from the one that the model has learned (`start = "learned"`).
    """

    within: float

    def measure(self, lab: Lab) -> Measured:
        """The first step below the threshold."""
        apart = self.apart(lab)
        threshold = self.within * apart[0]
        first = next((t for t, d in enumerate(apart) if t and d < threshold), len(apart))
        beside = apart[max(first - 1, 0) : first + 1]
        return Measured(first, float(first), min(abs(d - threshold) for d in beside), threshold)


class Remaining(_FromTwo, frozen=True, kw_only=True, tag="remaining"):
    """What part of the distance between two runs is left after `step` tokens; starts as of `agreement`."""

    step: int

    def measure(self, lab: Lab) -> Measured:
        """A ratio: 1 at step 0."""
        apart = self.apart(lab)
        if not 0 <= self.step < len(apart):
            raise ValueError(f"step {self.step} is not among the {len(apart) - 1} steps of the text")
        return number(apart[self.step] / apart[0])
