"""`ModelSpec` → `Model`: an embedding, a `Recurrent` and a head; and the `Run` of a model over tokens.

An untrained model has no vocabulary. A word's vector is then drawn from the word and the seed alone, never from its
place or its neighbours, so that order is what the state shows.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array
from tutor.engine.heads import Linear
from tutor.engine.losses import cross_entropy, log_softmax
from tutor.engine.recurrent import Recurrent
from tutor.engine.text import UNKNOWN, Vocabulary
from tutor.engine.trace import Trace, frozen


@dataclass(frozen=True)
class ModelSpec:
    """Everything that decides an untrained model; the same spec gives the same bytes."""

    cell: str = "rnn"
    hidden_size: int = 16
    embedding_size: int = 8
    num_layers: int = 1
    bidirectional: bool = False
    nonlinearity: str = "tanh"
    reset: str = "after"
    init: str = "uniform"
    radius: float = 1.0
    forget_bias: float | None = None
    unit: str = "words"
    seed: int = 0


class Term(NamedTuple):
    """One part of the sum or product that a value is made of."""

    name: str
    value: float


def word_vector(word: str, size: int, seed: int) -> Array:
    """A vector (size,) from N(0, 1) that depends on the word and the seed alone."""
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
    words = np.frombuffer(digest, "<u4")  # the same numbers on every machine
    return np.random.default_rng([seed, *words.tolist()]).standard_normal(size).astype(np.float32)


class Model:
    """A network over tokens.

    Args:
        spec: what it is.
        vocabulary: what it can read and guess; None for an untrained model without a head.
    """

    def __init__(self, spec: ModelSpec, vocabulary: Vocabulary | None) -> None:
        self.spec = spec
        self.vocabulary = vocabulary
        self.net = Recurrent(
            spec.cell,
            spec.embedding_size,
            spec.hidden_size,
            spec.num_layers,
            spec.bidirectional,
            nonlinearity=spec.nonlinearity,
            reset=spec.reset,
            init=spec.init,
            radius=spec.radius,
            forget_bias=spec.forget_bias,
            seed=spec.seed,
        )
        self.embedding: Array | None = None
        """(V, D): a row for each token."""
        self.head: Linear | None = None
        """h_t → scores of the next token."""
        if vocabulary is not None:
            rng = np.random.default_rng([spec.seed, 3])
            self.embedding = rng.standard_normal((len(vocabulary), spec.embedding_size)).astype(np.float32)
            width = spec.hidden_size * self.net.num_directions
            self.head = Linear(width, len(vocabulary), seed=spec.seed)

    # Parameters

    def parameters(self) -> list[Array]:
        """Every array that training changes: the network's flat vector, the embedding, the head."""
        if self.embedding is None or self.head is None:
            return [self.net.flat]
        return [self.net.flat, self.embedding, self.head.weight, self.head.bias]

    def _named(self) -> dict[str, Array]:
        named = {f"rnn.{name}": array for name, array in self.net.views(self.net.flat).items()}
        if self.embedding is not None and self.head is not None:
            named |= {
                "embedding.weight": self.embedding,
                "head.weight": self.head.weight,
                "head.bias": self.head.bias,
            }
        return named

    def state_dict(self) -> dict[str, Array]:
        """Every parameter by name, read-only."""
        return {name: frozen(array) for name, array in self._named().items()}

    def load_state_dict(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take parameters by name; nothing is taken unless all can be.

        Raises:
            ValueError: a name missing or unknown, a wrong shape, integers, a value that is not finite.
        """
        named = self._named()
        if set(state) != set(named):
            odd = sorted(set(state) ^ set(named))[0]
            raise ValueError(f"state: {odd} is {'missing' if odd in named else 'unknown'}")
        taken = {}
        for name, array in named.items():
            given = np.asarray(state[name])
            if given.dtype.kind != "f":
                raise ValueError(f"{name}: got dtype {given.dtype}, expected {array.dtype}")
            if given.shape != array.shape:
                raise ValueError(f"{name}: got shape {given.shape}, expected {array.shape}")
            with np.errstate(over="ignore"):
                taken[name] = given.astype(array.dtype)
            if not np.isfinite(taken[name]).all():
                raise ValueError(f"{name}: got a value that is not finite")
        for name, array in named.items():
            array[...] = taken[name]

    def count_parameters(self) -> int:
        """How many numbers training may change."""
        return sum(array.size for array in self.parameters())

    # Running

    def vectors(self, tokens: Sequence[str]) -> Array:
        """The tokens' vectors, (T, D)."""
        if self.vocabulary is None or self.embedding is None:
            distinct = {t: word_vector(t, self.spec.embedding_size, self.spec.seed) for t in dict.fromkeys(tokens)}
            return np.stack([distinct[token] for token in tokens])
        return self.embedding[self.vocabulary.encode(tokens)]

    def run(self, tokens: Sequence[str], h_0: Array | None = None) -> Run:
        """Read tokens, from h_0 (every layer's H·directions, one after the other) or zeros; the LSTM's c_0 is zero.

        Raises:
            ValueError: no tokens, or an h_0 of another size.
        """
        if not tokens:
            raise ValueError("tokens: got none, expected at least one")
        x = self.vectors(tokens)
        state: Any = None
        if h_0 is not None:
            layers = self.net.num_layers * self.net.num_directions
            first = np.asarray(h_0, np.float32)
            if first.size != layers * self.spec.hidden_size:
                raise ValueError(f"h_0: got {first.size} values, expected {layers * self.spec.hidden_size}")
            first = first.reshape(layers, 1, self.spec.hidden_size)
            state = (first, np.zeros_like(first)) if self.spec.cell == "lstm" else first
        trace = self.net.forward(x[:, None, :], state)
        known = tuple(self.vocabulary is None or token in self.vocabulary for token in tokens)
        logits = None if self.head is None else frozen(self.head.forward(trace.output[:, 0]))
        # What training may change after this is kept as it was: a run stays true, its sums included.
        top = f"_l{self.net.num_layers - 1}"
        weights = {
            name.removesuffix(top): frozen(array.copy())
            for name, array in self.net.state_dict().items()
            if name.endswith(top)
        }
        return Run(self, tuple(tokens), known, frozen(x), trace, logits, weights)

    def loss(self, batch: Sequence[npt.NDArray[np.int64]]) -> float:
        """Next-token cross-entropy of a ragged batch, in nats a token; see `loss_and_gradients`."""
        return self._guess(batch).loss

    def loss_and_gradients(self, batch: Sequence[npt.NDArray[np.int64]]) -> tuple[float, list[Array]]:
        """Next-token cross-entropy of a ragged batch, in nats a token, and its gradients.

        Args:
            batch: index sequences, each of at least 2: every token but the last is read, every one but the first
                is to be guessed.

        Returns:
            The loss, and gradients in the order of `parameters()`. A loss that overflowed has no gradient: NaN.
        """
        assert self.embedding is not None
        assert self.head is not None
        read, trace, h, loss, d_logits = self._guess(batch)
        if not math.isfinite(loss):
            return loss, [np.full_like(parameter, np.nan) for parameter in self.parameters()]
        T, B = read.shape
        d_weight, d_bias, d_h = self.head.backward(h, d_logits)
        grads = self.net.backward(trace, d_h.reshape(T, B, -1))
        d_embedding = np.zeros_like(self.embedding)
        np.add.at(d_embedding, read.ravel(), grads.x.reshape(T * B, -1))
        return loss, [grads.flat.copy(), d_embedding, d_weight, d_bias]

    def _guess(self, batch: Sequence[npt.NDArray[np.int64]]) -> _Guess:
        assert self.embedding is not None
        assert self.head is not None
        lengths = np.array([len(sequence) - 1 for sequence in batch])
        T, B = int(lengths.max()), len(batch)
        read = np.zeros((T, B), np.int64)
        wanted = np.zeros((T, B), np.int64)
        for b, sequence in enumerate(batch):
            read[: lengths[b], b] = sequence[:-1]
            wanted[: lengths[b], b] = sequence[1:]
        mask = np.arange(T)[:, None] < lengths
        trace = self.net.forward(self.embedding[read], lengths=lengths)
        h = trace.output.reshape(T * B, -1)
        with np.errstate(over="ignore", invalid="ignore"):
            loss, d_logits = cross_entropy(self.head.forward(h), wanted.ravel(), mask.ravel())
        return _Guess(read, trace, h, loss, d_logits)


class _Guess(NamedTuple):
    """A batch that was read, and what every next token was guessed to be."""

    read: npt.NDArray[np.int64]
    """(T, B) indices."""
    trace: Trace
    h: Array
    """(T·B, H·directions)"""
    loss: float
    d_logits: Array
    """(T·B, V)"""


@dataclass(frozen=True, eq=False)
class Run:
    """A model over a sequence of tokens: every value on the way, read-only."""

    model: Model
    tokens: tuple[str, ...]
    known: tuple[bool, ...]
    """Whether each token is in the model's vocabulary."""
    x: Array
    """(T, D) the tokens' vectors."""
    trace: Trace
    logits: Array | None
    """(T, V) scores of the next token, None without a head."""
    weights: Mapping[str, Array]
    """The top layer's forward weights as they were: "weight_ih", "weight_hh", "bias_ih", "bias_hh"."""

    @property
    def hidden(self) -> Array:
        """(T, H·directions): the top layer's states, forward then backward."""
        return self.trace.output[:, 0]

    @cached_property
    def h_0(self) -> Array:
        """(H·directions,): the top layer's state before its first step."""
        records = self.trace.records[-1]
        return frozen(np.concatenate([r.h[-1 if r.reverse else 0, 0] for r in records]))

    @cached_property
    def change(self) -> Array:
        """(T,): ‖h_t − h_{t−1}‖ in the order of reading, forward and backward each by its own."""
        total = np.zeros(len(self.tokens))
        for record in self.trace.records[-1]:
            moved = record.h[record.now, 0].astype(np.float64) - record.h[record.before, 0]
            total += (moved * moved).sum(axis=1)
        return frozen(np.sqrt(total))

    @cached_property
    def probabilities(self) -> Array | None:
        """(T, V): how likely each token of the vocabulary is to come next."""
        return None if self.logits is None else frozen(np.exp(log_softmax(self.logits)))

    def next(self, t: int = -1, k: int = 5, temperature: float = 1.0) -> tuple[tuple[str, float], ...]:
        """The k likeliest next tokens after step t, with their probabilities; empty without a head."""
        if self.logits is None or self.model.vocabulary is None:
            return ()
        p = np.exp(log_softmax(self.logits[t].astype(np.float64), temperature))
        order = np.argsort(-p, kind="stable")
        tokens = self.model.vocabulary.tokens
        best = [(tokens[i], float(p[i])) for i in order[: k + 1] if tokens[i] != UNKNOWN]
        return tuple(best[:k])

    @cached_property
    def bits(self) -> Array | None:
        """(T − 1,): −log2 p(token_{t+1} | the tokens up to t); None without a head."""
        if self.logits is None or self.model.vocabulary is None:
            return None
        logs = log_softmax(self.logits[:-1].astype(np.float64))
        wanted = self.model.vocabulary.encode(self.tokens[1:])
        return frozen(-logs[np.arange(len(wanted)), wanted] / np.log(2.0))

    def terms(self, t: int, unit: int) -> tuple[Term, ...]:
        """What h_t[unit] of the top layer's forward direction is made of.

        For the RNN the three sums inside its nonlinearity; for GRU and LSTM the gates of its last equations.

        Raises:
            ValueError: a step or a unit that is not there.
        """
        if not 0 <= t < len(self.tokens):
            raise ValueError(f"t: got {t}, expected 0 … {len(self.tokens) - 1}")
        if not 0 <= unit < self.spec.hidden_size:
            raise ValueError(f"unit: got {unit}, expected 0 … {self.spec.hidden_size - 1}")
        record = self.trace.records[-1][0]
        before = float(record.h[t, 0, unit])
        if self.spec.cell == "rnn":
            w = {name: array[unit].astype(np.float64) for name, array in self.weights.items()}
            w_x = float(w["weight_ih"].dot(record.x[t, 0]))
            w_h = float(w["weight_hh"].dot(record.h[t, 0]))
            b = float(w["bias_ih"] + w["bias_hh"])
            return (Term("W_x·x", w_x), Term("W_h·h₋", w_h), Term("b", b))
        gates = self.trace.gates(layer=self.spec.num_layers - 1)
        names = ("r", "z", "n") if self.spec.cell == "gru" else ("i", "f", "g", "o", "c")
        terms = [Term(name, float(gates[name][t, 0, unit])) for name in names]
        terms.append(Term("h₋", before))
        if record.c is not None:
            terms.append(Term("c₋", float(record.c[t, 0, unit])))
        return tuple(terms)

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self.model.spec
