"""How an answer is computed from a run, by name: an answer in a lesson is a probe, never a literal.

A probe is a table in a lesson, `{ probe = "NAME", … }`; the class under that name documents its keys, and
`measure(lab)` computes it. `PROBES` is the registry. A new probe is one class here, and its name in `Probe`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal, get_args

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor.course.lab import Lab, ModelEntry, bits
from tutor.engine.cells import CELLS
from tutor.engine.gradient_flow import decay
from tutor.engine.model import Run
from tutor.engine.text import tokenize

NEAR = 0.02
"""A winner that leads by less than this part of what it won with is a near-tie: another seed would turn it."""


class Measured(Struct, frozen=True):
    """What a probe found."""

    value: str | float | int
    """The answer: an option's key, a token, or a number."""
    number: float
    """The amount behind it: of a winner, what it won with; of a number, itself."""
    margin: float | None = None
    """How far the runner-up is, where there is one."""
    scale: float = 0.0
    """The size that the margin is judged against; 0 where counts are compared, which are exact."""

    @property
    def near_tie(self) -> bool:
        """Whether the answer could as well have been another."""
        return self.margin is not None and self.margin <= NEAR * self.scale


Cell = Literal["rnn", "gru", "lstm"]
Found = tuple[str, str]
"""What is wrong, and how to mend it."""


class _Base(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="probe"):
    """What every probe can be asked. Most need one model."""

    words: ClassVar[bool] = False
    """Whether it answers with a word or a key, and never with a number."""
    picks: ClassVar[bool] = False
    """Whether its value is the key of a winner, and `{value}` in a feedback so the amount that it won with."""
    head: ClassVar[bool] = False
    """Whether its model has to be trained, since it asks what comes next."""

    def parts(self) -> tuple[Any, ...]:
        """The probes that it is made of."""
        return ()

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        own = getattr(self, "model", "")
        return tuple(dict.fromkeys([*([own] if own else []), *(m for p in self.parts() for m in p.models())]))

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's models cannot answer it, as far as is known before anything runs."""
        name = getattr(self, "model", "")
        if name in models:
            if self.head and not models[name].trained:
                kind = str(self.__struct_config__.tag)
                return (
                    f"the probe `{kind}` asks what comes next, and the model `{name}` is untrained",
                    f'give [models.{name}] a `task` ("next-word" or "next-character") and a `corpus`',
                )
            if getattr(self, "text", None) == "" and not models[name].text:
                return (
                    f"the model `{name}` has no text to run on",
                    f'write text = "…" in the probe or in [models.{name}]',
                )
            of = getattr(self, "of", None)
            known = ("change", *quantities(models[name].cell))
            if isinstance(of, str) and of not in known:
                return (
                    f"the {models[name].cell} of the model `{name}` has no `{of}`",
                    f"write one of {', '.join(known)}",
                )
        return next((found for part in self.parts() if (found := part.unfit(models))), None)

    def measure(self, lab: Lab) -> Measured:
        """Compute it."""
        raise NotImplementedError


def quantities(cell: Cell) -> tuple[str, ...]:
    """What can be read off a cell at each step: `h`, the LSTM's `c`, the gates' letters."""
    kind = CELLS[cell]
    return tuple(dict.fromkeys((*kind.states, *(gate.name for gate in kind.gates))))


def _steps(run: Run, of: str, unit_wise: bool) -> NDArray[np.float64]:
    """A quantity at each step: (T, H), or (T,) when the units are taken together.

    Together, `h` and `c` are the mean of their absolute values, a gate its mean, `change` the length of the move.
    """
    if of == "change":
        if not unit_wise:
            return np.asarray(run.change, dtype=np.float64)
        before = np.vstack([np.asarray(run.h_0)[None, :], run.hidden[:-1]])
        return np.abs(np.asarray(run.hidden, dtype=np.float64) - before)
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


def _number(number: float) -> Measured:
    return Measured(float(number), float(number))


def _winner(keys: list[Any], amounts: list[float], sign: int, *, exact: bool = False) -> Measured:
    """The key with the largest (sign 1) or smallest (sign −1) amount, and how far it leads."""
    if any(math.isnan(a) for a in amounts):
        raise ValueError("one of the amounts is not a number")
    order = sorted(range(len(keys)), key=lambda i: -sign * amounts[i])
    best = amounts[order[0]]
    if len(keys) == 1:
        return Measured(keys[0], best)
    second = amounts[order[1]]
    scale = 0.0 if exact else max(abs(best), abs(second))
    return Measured(keys[order[0]], best, abs(best - second), scale)


class Value(_Base, frozen=True, tag="value"):
    """One number of a run: `of` at `step`, of one `unit` or (unit 0) of all units together.

    `of`: `h`, `c` (LSTM), a gate's letter, or `change`. Steps and units count from 1. All units together are the mean
    (of the absolute values, for `h` and `c`); `change` is then ‖h_t − h_{t−1}‖.
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
            return _number(row)
        if not 1 <= self.unit <= len(row):
            raise ValueError(f"unit {self.unit} is not among the {len(row)} units; units count from 1")
        return _number(row[self.unit - 1])


class _Extreme(_Base, frozen=True):
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
            return _winner(list(range(1, len(values) + 1)), [float(v) for v in values], self.sign)
        row = _at(values, self.step) if self.step else np.asarray(values).mean(axis=0)
        letter = "h" if self.of == "change" else self.of
        keys = [f"{letter}{i + 1}" for i in range(len(row))]
        return _winner(keys, [float(v) for v in row], self.sign)


class Argmax(_Extreme, frozen=True, tag="argmax"):
    """Where a quantity is largest: the token's number, 1 … T. `of`: `change`, `h`, `c` or a gate's letter.

    With `units = true` the unit, as `h3` (or `f3` for a gate `f`): at `step`, or on average when no step is given.
    `{value}` in its feedback is the amount there.
    """


class Argmin(_Extreme, frozen=True, tag="argmin"):
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


class Probability(_Base, frozen=True, tag="probability"):
    """How likely `word` is to come next, after `text`, at a temperature."""

    model: str
    text: str = ""
    word: str
    temperature: float = 1.0

    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """The softmax's entry."""
        run = lab.run(self.model, self.text)
        logs = _log_probabilities(run, self.temperature)
        vocabulary = run.model.vocabulary
        assert vocabulary is not None
        index = vocabulary.index(self.word)
        if index == 0:
            raise ValueError(f"the model `{self.model}` has no word “{self.word}” in its vocabulary")
        return _number(math.exp(logs[index]))


class Likeliest(_Base, frozen=True, tag="likeliest"):
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
        return _winner([token for token, _ in best], [p for _, p in best], 1)


class Entropy(_Base, frozen=True, tag="entropy"):
    """How open the next token is after `text`, in bits."""

    model: str
    text: str = ""
    temperature: float = 1.0

    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """−Σ p log2 p."""
        logs = _log_probabilities(lab.run(self.model, self.text), self.temperature)
        return _number(bits(-float((np.exp(logs) * logs).sum())))


class Bits(_Base, frozen=True, tag="bits"):
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
        return _number(float(np.asarray(found, dtype=np.float64).mean()))


class UniformBits(_Base, frozen=True, tag="uniform_bits"):
    """What a blind guess among `of` equally likely symbols costs: log2(of)."""

    of: int

    def measure(self, lab: Lab) -> Measured:
        """log2."""
        if self.of < 1:
            raise ValueError(f"`of` must be at least 1, got {self.of}")
        return _number(math.log2(self.of))


class Distance(_Base, frozen=True, tag="distance"):
    """The Euclidean distance between two texts: of their last states (`h`), or of their counts of tokens (`bag`)."""

    model: str
    texts: tuple[str, str]
    of: Literal["h", "bag"] = "h"

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Every model can."""
        return None

    def measure(self, lab: Lab) -> Measured:
        """Between the two."""
        if self.of == "h":
            first, second = (lab.run(self.model, t).hidden[-1].astype(np.float64) for t in self.texts)
            return _number(float(np.linalg.norm(first - second)))
        bags = [lab.tokens(self.model, t) for t in self.texts]
        words = set(bags[0]) | set(bags[1])
        return _number(math.sqrt(sum((bags[0].count(w) - bags[1].count(w)) ** 2 for w in words)))


@lru_cache(maxsize=256)
def _decay(cell: str, steps: int, hidden: int, radius: float, activation: str, seed: int) -> tuple[float, ...]:
    """log10 of the spectral norms, by step; many probes ask for the same one."""
    flow = decay(cell, steps=steps, hidden_size=hidden, radius=radius, activation=activation, seed=seed)
    return tuple(float(v) for v in flow.log10_spectral_norms)


class GradientNorm(_Base, frozen=True, tag="gradient_norm"):
    """The spectral norm of ∂h_T/∂h_t, `back` steps before the last of `steps`, for `W_h` = `radius` × orthogonal.

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
        """The activation is the plain cell's alone."""
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
        return _number(10.0**log10 if log10 < 308 else math.inf)


class Power(_Base, frozen=True, tag="power"):
    """`base` to the power `exponent`."""

    base: float
    exponent: float

    def measure(self, lab: Lab) -> Measured:
        """Multiply."""
        try:
            return _number(math.pow(self.base, self.exponent))
        except (OverflowError, ValueError):
            raise ValueError(f"{self.base:g} to the power {self.exponent:g} is no number") from None


class Product(_Base, frozen=True, tag="product"):
    """The product of `factors`, numbers or probes."""

    factors: tuple[float | Probe, ...]

    def parts(self) -> tuple[Any, ...]:
        """The factors that are probes."""
        return tuple(f for f in self.factors if isinstance(f, _Base))

    def measure(self, lab: Lab) -> Measured:
        """Multiply."""
        return _number(math.prod(f.measure(lab).number if isinstance(f, _Base) else f for f in self.factors))


class Sum(_Base, frozen=True, tag="sum"):
    """The sum of `of`, numbers or probes."""

    of: tuple[float | Probe, ...]

    def parts(self) -> tuple[Any, ...]:
        """The terms that are probes."""
        return tuple(f for f in self.of if isinstance(f, _Base))

    def measure(self, lab: Lab) -> Measured:
        """Add."""
        return _number(math.fsum(f.measure(lab).number if isinstance(f, _Base) else f for f in self.of))


class Count(_Base, frozen=True, tag="count"):
    """How many `parameters`, `units`, entries in the `vocabulary`, `W_h` matrices, or `steps` (tokens of `text`).

    An untrained model has neither an embedding nor a head: its parameters are the cell's alone.
    """

    model: str
    what: Literal["parameters", "vocabulary", "units", "W_h", "steps"]
    text: str = ""

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """An untrained model has no vocabulary."""
        if self.what == "vocabulary" and self.model in models and not models[self.model].trained:
            return (
                f"the model `{self.model}` is untrained, and has no vocabulary",
                f"give [models.{self.model}] a `task` and a `corpus`",
            )
        return super().unfit(models) if self.what == "steps" else None

    def measure(self, lab: Lab) -> Measured:
        """Count."""
        number = self._count(lab)
        return Measured(number, float(number))

    def _count(self, lab: Lab) -> int:
        if self.what == "steps":
            return len(lab.tokens(self.model, self.text))
        if self.what == "units":
            return lab.entry(self.model).hidden
        model = lab.model(self.model)
        if self.what == "vocabulary":
            if model.vocabulary is None:
                raise ValueError(f"the model `{self.model}` has no vocabulary; train it")
            return len(model.vocabulary)
        if self.what == "parameters":
            return sum(int(array.size) for array in model.state_dict().values())
        hidden = lab.entry(self.model).hidden
        recurrent = model.net.state_dict().items()
        return sum(array.shape[0] // hidden for name, array in recurrent if name.startswith("weight_hh"))


def _apart(lab: Lab, model: str, text: str) -> list[float]:
    """‖h_t from zeros − h_t from a random h_0‖ for t = 0 … T."""
    zeros, random = lab.run(model, text, "zeros"), lab.run(model, text, "random")
    first = np.asarray(zeros.h_0, dtype=np.float64) - np.asarray(random.h_0, dtype=np.float64)
    later = np.asarray(zeros.hidden, dtype=np.float64) - np.asarray(random.hidden, dtype=np.float64)
    return [float(np.linalg.norm(first)), *(float(v) for v in np.linalg.norm(later, axis=1))]


class Agreement(_Base, frozen=True, tag="agreement"):
    """After how many tokens runs from zeros and from a random h_0 are nearer than `within` of their first distance.

    T + 1 when they never are.
    """

    model: str
    text: str = ""
    within: float

    def measure(self, lab: Lab) -> Measured:
        """The first step below the threshold."""
        apart = _apart(lab, self.model, self.text)
        threshold = self.within * apart[0]
        first = next((t for t, d in enumerate(apart) if t and d < threshold), len(apart))
        beside = apart[max(first - 1, 0) : first + 1]
        return Measured(first, float(first), min(abs(d - threshold) for d in beside), threshold)


class Remaining(_Base, frozen=True, tag="remaining"):
    """What part of the distance between runs from zeros and from a random h_0 is left after `step` tokens."""

    model: str
    text: str = ""
    step: int

    def measure(self, lab: Lab) -> Measured:
        """A ratio: 1 at step 0."""
        apart = _apart(lab, self.model, self.text)
        if not 0 <= self.step < len(apart):
            raise ValueError(f"step {self.step} is not among the {len(apart) - 1} steps of the text")
        return _number(apart[self.step] / apart[0])


def _continuations(lab: Lab, model: str, text: str) -> dict[str, int]:
    """What follows `text` in the corpus, and how often."""
    wanted = tuple(t.casefold() for t in lab.tokens(model, text))
    n = len(wanted)
    counts: dict[str, int] = {}
    for sequence in lab.corpus(model):
        folded = tuple(t.casefold() for t in sequence)
        for i in range(len(folded) - n):
            if folded[i : i + n] == wanted:
                counts[folded[i + n]] = counts.get(folded[i + n], 0) + 1
    return counts


class _Corpus(_Base, frozen=True):
    model: str
    text: str = ""
    word: str

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """There has to be a corpus to count in."""
        if self.model in models and not models[self.model].corpus:
            return (
                f"the model `{self.model}` has no corpus to count in",
                f"give [models.{self.model}] a `corpus`",
            )
        return super().unfit(models)

    def _word(self, lab: Lab) -> str:
        tokens = tokenize(self.word, lab.entry(self.model).unit)
        if len(tokens) != 1:
            raise ValueError(f"`word` must be one token, got “{self.word}”")
        return tokens[0].casefold()


class CorpusCount(_Corpus, frozen=True, tag="corpus_count"):
    """How often the model's corpus goes on from `text` with `word`."""

    def measure(self, lab: Lab) -> Measured:
        """Count."""
        number = _continuations(lab, self.model, self.text).get(self._word(lab), 0)
        return Measured(number, float(number))


class CorpusShare(_Corpus, frozen=True, tag="corpus_share"):
    """Of all the times that the corpus goes on from `text`, the part that goes on with `word`."""

    def measure(self, lab: Lab) -> Measured:
        """A share of 1."""
        counts = _continuations(lab, self.model, self.text)
        if not counts:
            raise ValueError(f"the corpus of `{self.model}` nowhere goes on from “{self.text}”")
        return _number(counts.get(self._word(lab), 0) / sum(counts.values()))


class FinalLoss(_Base, frozen=True, tag="final_loss"):
    """The loss at the end of training, in bits per token."""

    model: str

    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """The last checkpoint's."""
        lab.model(self.model)
        history = lab.history(self.model)
        if not history:
            raise ValueError(f"the model `{self.model}` has no training behind it")
        return _number(bits(history[-1].loss))


class CellByHand(_Base, frozen=True, tag="cell_by_hand"):
    """A network of one unit, one step: tanh(w_x·x + w_h·h + b)."""

    w_x: float
    x: float
    w_h: float
    h: float
    b: float = 0.0

    def measure(self, lab: Lab) -> Measured:
        """The equation."""
        return _number(math.tanh(self.w_x * self.x + self.w_h * self.h + self.b))


class _Among(_Base, frozen=True):
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
        return _winner(list(self.among), [m.number for m in found], self.sign, exact=exact)


class Largest(_Among, frozen=True, tag="largest"):
    """The key of the largest of several probes: `among = { a = {…}, b = {…} }`. `{value}` is its amount."""


class Smallest(_Among, frozen=True, tag="smallest"):
    """The key of the smallest of several probes; see `largest`."""

    sign: ClassVar[int] = -1


class _Pair(_Base, frozen=True):
    left: Probe
    right: Probe

    def parts(self) -> tuple[Any, ...]:
        """The two."""
        return (self.left, self.right)


class Compare(_Pair, frozen=True, tag="compare"):
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


class Ratio(_Pair, frozen=True, tag="ratio"):
    """`left` divided by `right`."""

    def measure(self, lab: Lab) -> Measured:
        """Divide."""
        right = self.right.measure(lab).number
        if right == 0:
            raise ValueError("`right` is 0, and nothing can be divided by it")
        return _number(self.left.measure(lab).number / right)


class OneOf(_Base, frozen=True, tag="oneof"):
    """The value of the probe `of`, where every value in `same` counts as the first of them.

    For an answer that a seed may turn and the lesson does not mind: `same = ["code", "read"]` makes both "code".
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
    | FinalLoss
    | CellByHand
    | Largest
    | Smallest
    | Compare
    | Ratio
    | OneOf
)

PROBES: dict[str, type[Any]] = {
    str(msgspec.inspect.type_info(kind).tag): kind  # type: ignore[attr-defined]
    for kind in get_args(Probe)
}


def models_of(probe: Probe) -> tuple[str, ...]:
    """The lesson's models that a probe needs, its parts' too."""
    return probe.models()
