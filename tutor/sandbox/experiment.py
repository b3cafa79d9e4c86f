"""An experiment as a value: a text, and everything that decides what a network makes of it.

Two experiments that are equal give the same bytes. Whatever a person changes on the bench gives another experiment, so
that to undo is to go back to the one before. `trace` and the sandbox share it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tutor.engine.cells import CELLS
from tutor.engine.checks import short
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.surgery import Cut
from tutor.engine.text import UNITS, tokenize

MAX_HIDDEN = 512
MAX_LAYERS = 8
MAX_TOKENS = 20_000
"""Tokens of a text that are read, ..."""
MAX_NUMBERS = 1 << 25
"""... as long as reading them keeps no more numbers: those after are left out, and the sandbox says so."""
MAX_TEXT = 200_000
"""Characters of a text that are kept."""
MAX_CHANGES = 200
"""Cuts, and nudges, of one experiment."""
MAX_RADIUS = 10.0
MAX_FORGET_BIAS = 20.0
LARGEST = 1e6
"""Beyond it no value is set, and no weight nudged."""
INITS = ("default", "orthogonal")
STARTS = ("zeros", "random", "hand")

_START = 31
"""The stream of the random h_0."""
_NAMED = 8
"""Weights that a refusal lists."""


class Nudge(NamedTuple):
    """A weight that is another number than the network's own."""

    name: str
    """Of the array, by PyTorch's names: "weight_hh_l0"."""
    row: int
    """From 0."""
    column: int
    """From 0; 0 for a bias."""
    by: float
    """What is added."""


@dataclass(frozen=True)
class Experiment:
    """What to run, and on what.

    Raises:
        ValueError: in one line, which argument is out of bounds, what it is, and what it may be.
    """

    text: str = "never too late to"
    cell: str = "rnn"
    hidden: int = 16
    layers: int = 1
    bidirectional: bool = False
    seed: int = 0
    beside: str = ""
    """A second text, to be read beside the first; none when empty."""
    source: str = ""
    """Whose network reads it: an untrained one when empty, else the name of one on the bench. That one has its own
    cell, sizes, seed and tokenizer, and what is said of these here waits until it is put away."""
    unit: str = "words"
    """What a token is: "words" or "characters"."""
    init: str = "default"
    """U(±1/√H), or "orthogonal" × `radius`."""
    radius: float = 1.0
    forget_bias: float | None = None
    """What the LSTM's forget gate starts at; None is as the others start."""
    start: str = "zeros"
    """Where h_0 is: "zeros" (a trained network's own), "random", or "hand"."""
    h_0: tuple[float, ...] = ()
    """By hand: every layer's H·directions, one after the other; what is missing is 0, and what is too much waits."""
    cuts: tuple[Cut, ...] = ()
    nudges: tuple[Nudge, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        for name, options in (
            ("cell", tuple(CELLS)),
            ("unit", UNITS),
            ("init", INITS),
            ("start", STARTS),
        ):
            if getattr(self, name) not in options:
                raise ValueError(f"{name}: got {short(getattr(self, name))}, expected one of {', '.join(options)}")
        for name, low, high in (("hidden", 1, MAX_HIDDEN), ("layers", 1, MAX_LAYERS), ("seed", 0, None)):
            value = getattr(self, name)
            wanted = f"a whole number from {low} to {high}" if high is not None else f"a whole number ≥ {low}"
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or value < low or (high is not None and value > high):
                raise ValueError(f"{name}: got {short(value)}, expected {wanted}")
        self._numbers("radius", (self.radius,), MAX_RADIUS)
        if self.radius <= 0:
            raise ValueError(f"radius: got {short(self.radius)}, expected a number above 0")
        self._numbers("forget_bias", () if self.forget_bias is None else (self.forget_bias,), MAX_FORGET_BIAS)
        self._numbers("h_0", self.h_0, LARGEST)
        self._numbers("nudges", tuple(nudge.by for nudge in self.nudges), LARGEST)
        self._numbers("cuts", tuple(cut.value for cut in self.cuts), LARGEST)
        for name in ("cuts", "nudges"):
            if len(getattr(self, name)) > MAX_CHANGES:
                raise ValueError(f"{name}: got {len(getattr(self, name))}, expected at most {MAX_CHANGES}")
        for name in ("text", "beside"):
            if len(getattr(self, name)) > MAX_TEXT:
                said = f"{len(getattr(self, name))} characters"
                raise ValueError(f"{name}: got {said}, expected at most {MAX_TEXT}")
        if not self.tokens:
            raise ValueError("text: got no token, expected at least one word")
        if self.beside and not tokens_of(self.beside, self.unit):
            raise ValueError("beside: got no token, expected at least one word, or nothing")

    def _numbers(self, name: str, values: tuple[float, ...], largest: float) -> None:
        for value in values:
            # NaN is within no bounds, and a whole number of any length can be asked.
            if not isinstance(value, int | float) or not abs(value) <= largest:
                raise ValueError(f"{name}: got {short(value)}, expected a number within ±{largest:g}")

    @property
    def all_tokens(self) -> tuple[str, ...]:
        """The text's tokens, by the experiment's own tokenizer."""
        return tokens_of(self.text, self.unit)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those that the untrained network reads."""
        return self.all_tokens[: most_tokens(self.spec)]

    @property
    def changed(self) -> bool:
        """Whether anything in it was done by hand to the network, or on its way."""
        return bool(self.cuts or self.nudges)

    @property
    def spec(self) -> ModelSpec:
        """The untrained network."""
        return ModelSpec(
            cell=self.cell,
            hidden_size=self.hidden,
            num_layers=self.layers,
            bidirectional=self.bidirectional,
            init="orthogonal" if self.init == "orthogonal" else "uniform",
            radius=self.radius,
            # A bias of another cell's gate waits until there is that gate.
            forget_bias=None if self.forget_bias is None or self.cell != "lstm" else _plain(self.forget_bias),
            unit=self.unit,
            seed=self.seed,
        )

    def model(self, sources: Mapping[str, Model] | None = None) -> Model:
        """The network that reads it, its nudges done.

        Raises:
            ValueError: there is no such source, or a nudge of a weight that it does not have.
        """
        if self.source and self.source not in (sources or {}):
            raise ValueError(f"source: got {short(self.source)}, and there is no such network on the bench")
        model = (sources or {})[self.source] if self.source else Model(self.spec, None)
        return nudged(model, self.nudges) if self.nudges else model

    def run(self, model: Model | None = None, *, beside: bool = False) -> Run:
        """Every state of a network over the text, or over the second text.

        Args:
            model: the network, as `model` gives it; None is the untrained one.
            beside: whether it is the second text. Cuts are of the first alone.

        Raises:
            ValueError: the network reads no token in the text, or a cut is none of its.
        """
        model = self.model() if model is None else model
        tokens = tokens_of(self.beside if beside else self.text, model.spec.unit)[: most_tokens(model.spec)]
        if not tokens:
            raise ValueError(f"{'beside' if beside else 'text'}: got no token, expected at least one word")
        cuts = () if beside else tuple(cut._replace(value=_plain(cut.value)) for cut in self.cuts)
        return model.run(tokens, h_0=self.initial(model), cuts=cuts)

    def initial(self, model: Model) -> Any:
        """(layers·directions·H,): h_0 where it is not the network's own, else None."""
        size = model.spec.num_layers * model.net.num_directions * model.spec.hidden_size
        if self.start == "zeros":
            return None
        if self.start == "random":
            return np.random.default_rng([self.seed, _START]).uniform(-1.0, 1.0, size).astype(model.dtype)
        found = np.zeros(size, model.dtype)
        found[: len(self.h_0)] = self.h_0[:size]
        return _plain(found)


def most_tokens(spec: ModelSpec) -> int:
    """Tokens of a text that a network reads; more of its trace would not fit where a person has other things, too."""
    directions = 2 if spec.bidirectional else 1
    # Of the LSTM, which keeps most: h, c, four gates and tanh(c), and what the layer above is given.
    each = spec.embedding_size + 8 * spec.num_layers * directions * spec.hidden_size
    return max(min(MAX_TOKENS, MAX_NUMBERS // each), 1)


def _plain(value: Any) -> Any:
    """−0 as 0: experiments that differ in its sign alone are equal, and give the same bytes."""
    return value + 0.0


@lru_cache(maxsize=8)
def tokens_of(text: str, unit: str) -> tuple[str, ...]:
    """The tokens of a text. A long one takes a while, and is asked for many times in a row."""
    return tokenize(text, unit)


def nudged(model: Model, nudges: tuple[Nudge, ...]) -> Model:
    """A copy of a network with some of its weights nudged.

    Raises:
        ValueError: a weight that it does not have.
    """
    other = copy.deepcopy(model)
    state = {name: array.copy() for name, array in other.net.state_dict().items()}
    for nudge in nudges:
        if nudge.name not in state:
            known = ", ".join([*list(state)[:_NAMED], *["…"] * (len(state) > _NAMED)])
            raise ValueError(f"nudges: got {short(nudge.name)}, expected one of {known}")
        array = state[nudge.name]
        table = array.reshape(len(array), -1)
        if not (0 <= nudge.row < table.shape[0] and 0 <= nudge.column < table.shape[1]):
            place = f"row {short(nudge.row)}, column {short(nudge.column)}"
            raise ValueError(f"nudges: got {place} of {nudge.name}, expected within {table.shape}")
        table[nudge.row, nudge.column] += nudge.by
    other.net.load_state_dict(state)
    return other
