"""`ModelSpec` → `Model`: an embedding, a `Recurrent` and a head, for one of three jobs over tokens; and its `Run`.

An untrained model has no vocabulary. A word's vector is then drawn from the word and the seed alone, never from its
place or its neighbours, so that order is what the state shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array, one_of
from tutor.engine.heads import Embedding, Linear
from tutor.engine.learning import Measure, overflowed
from tutor.engine.losses import log_softmax, nll
from tutor.engine.parameters import Composite, Parameters
from tutor.engine.recurrent import Recurrent
from tutor.engine.surgery import Cut
from tutor.engine.text import UNKNOWN, Vocabulary
from tutor.engine.trace import Trace, frozen

Indices = npt.NDArray[np.int64]

JOBS = ("next", "tag", "classify")
"""What a head is asked: the next token at each step, a tag of each token, or one label of the whole."""


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
    learned_h_0: bool = False
    """Whether the initial state is a parameter, zeros before training; an LSTM's c_0 stays zero. Of a model with a
    vocabulary."""
    unit: str = "words"
    seed: int = 0

    def network(self, input_size: int, dtype: npt.DTypeLike = np.float32) -> Recurrent:
        """The recurrent network of this spec, over inputs of any size."""
        return Recurrent(
            self.cell,
            input_size,
            self.hidden_size,
            self.num_layers,
            self.bidirectional,
            nonlinearity=self.nonlinearity,
            reset=self.reset,
            init=self.init,
            radius=self.radius,
            forget_bias=self.forget_bias,
            dtype=dtype,
            seed=self.seed,
        )


class Example(NamedTuple):
    """One sequence to learn from."""

    read: Indices
    """(T,) tokens."""
    wanted: Indices
    """What is to be said: (T,), or (1,) of the whole."""
    counts: npt.NDArray[np.bool_] | None = None
    """(T,): where something is to be said; None where everywhere."""


def word_vector(word: str, size: int, seed: int) -> Array:
    """A vector (size,) from N(0, 1) that depends on the word and the seed alone."""
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
    words = np.frombuffer(digest, "<u4")  # the same numbers on every machine
    return np.random.default_rng([seed, *words.tolist()]).standard_normal(size).astype(np.float32)


class Model(Composite):
    """A network over tokens.

    Args:
        spec: what it is.
        vocabulary: what it can read; None for an untrained model without a head.
        job: "next", "tag" or "classify".
        labels: the tags, or the labels of a whole; the next token's are the vocabulary itself.
        dtype: float32 or float64.

    Raises:
        ValueError: a job that there is not, or labels where there is none to give, or none where they are needed.
    """

    def __init__(
        self,
        spec: ModelSpec,
        vocabulary: Vocabulary | None,
        *,
        job: str = "next",
        labels: Iterable[str] = (),
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        one_of("job", job, JOBS)
        given = tuple(dict.fromkeys(labels))
        if bool(given) != (job != "next") or (given and vocabulary is None):
            expected = "none without a vocabulary or to say the next token" if given else f"some to {job} with"
            raise ValueError(f"labels: got {len(given)}, expected {expected}")
        self.spec = spec
        self.vocabulary = vocabulary
        self.job = job
        self.labels: tuple[str, ...] = given or (() if vocabulary is None else vocabulary.tokens)
        """What the head's scores are of."""
        self.net = spec.network(spec.embedding_size, dtype)
        self.embedding: Embedding | None = None
        """(V, D): a row for each token."""
        self.head: Linear | None = None
        """h → a score for each label."""
        self.start: Parameters | None = None
        """"h_0" (layers·directions, H), where it is learned."""
        parts: dict[str, Parameters] = {"rnn": self.net}
        if vocabulary is not None:
            self.embedding = Embedding(len(vocabulary), spec.embedding_size, dtype=dtype, seed=spec.seed)
            width = spec.hidden_size * self.net.num_directions
            self.head = Linear(width, len(self.labels), dtype=dtype, seed=spec.seed)
            parts |= {"embedding": self.embedding, "head": self.head}
            if spec.learned_h_0:
                layers = spec.num_layers * self.net.num_directions
                self.start = Parameters({"h_0": (layers, spec.hidden_size)}, np.dtype(dtype))
                parts["start"] = self.start
        super().__init__(parts)

    @property
    def whole(self) -> bool:
        """Whether it has one answer, and none on the way: to classify by both directions is to have read it all."""
        return self.job == "classify" and self.net.bidirectional

    def around(self) -> tuple[Embedding, Linear]:
        """What stands around the network: the embedding before it, and the head after it.

        Raises:
            ValueError: it has none, with a vocabulary or without.
        """
        if self.embedding is None or self.head is None:
            raise ValueError("model: got one without a head, expected one with an embedding and a head")
        return self.embedding, self.head

    # Running

    def vectors(self, tokens: Sequence[str]) -> Array:
        """The tokens' vectors, (T, D)."""
        if self.vocabulary is None or self.embedding is None:
            distinct = {t: word_vector(t, self.spec.embedding_size, self.spec.seed) for t in dict.fromkeys(tokens)}
            return np.stack([distinct[token] for token in tokens]).astype(self.dtype, copy=False)
        return self.embedding.forward(self.vocabulary.encode(tokens))

    def run(self, tokens: Sequence[str], h_0: Array | None = None, cuts: Sequence[Cut] = ()) -> Run:
        """Read tokens, from h_0 (every layer's H·directions, one after the other), else from the learned one or zeros.

        The LSTM's c_0 is zero. What the cuts name is set by hand on the way: `Recurrent.forward`.

        Raises:
            ValueError: no tokens, an h_0 of another size, or a cut that cannot be done.
        """
        if not tokens:
            raise ValueError("tokens: got none, expected at least one")
        x = self.vectors(tokens)
        if h_0 is not None:
            layers = self.net.num_layers * self.net.num_directions
            h_0 = np.asarray(h_0, self.dtype)
            if h_0.size != layers * self.spec.hidden_size:
                raise ValueError(f"h_0: got {h_0.size} values, expected {layers * self.spec.hidden_size}")
            h_0 = h_0.reshape(layers, 1, self.spec.hidden_size)
        trace = self.net.forward(x[:, None, :], self.state(h_0, 1), cuts=cuts)
        known = tuple(self.vocabulary is None or token in self.vocabulary for token in tokens)
        logits = None
        if self.head is not None:
            logits = frozen(self._scores(trace.final if self.whole else trace.output[:, 0]))
        # What training may change after this is kept as it was: a run stays true, its sums included.
        top = f"_l{self.net.num_layers - 1}"
        weights, backward = (
            {
                name.removesuffix(end): frozen(array.copy())
                for name, array in self.net.state_dict().items()
                if name.endswith(end)
            }
            for end in (top, f"{top}_reverse")
        )
        return Run(self, tuple(tokens), known, frozen(x), trace, logits, weights, backward)

    # Learning

    def encode(self, items: Sequence[Any]) -> list[Example]:
        """Sequences to learn from, as indices.

        Args:
            items: token sequences to say the next of (where the vocabulary has an end token, it is said last; what is
                too short to guess in is left out); (tokens, tags) to tag, None where nothing is to be said; (tokens,
                label) to classify.

        Raises:
            ValueError: a model without a head, a bidirectional one that is to say the next token, an item without
                tokens, with another number of tags, or with a label that the model does not have.
        """
        if self.vocabulary is None:
            raise ValueError("model: got one without a vocabulary, expected one with a head")
        self.around()
        if self.job == "next":
            if self.net.bidirectional:
                raise ValueError("model: got a bidirectional one, which has read the token that it is to guess")
            end: list[int] = [] if self.vocabulary.end is None else [self.vocabulary.end]
            found = [np.concatenate([self.vocabulary.encode(s), np.array(end, np.int64)]) for s in items]
            return [Example(s[:-1], s[1:]) for s in found if len(s) > 1]
        index = {label: i for i, label in enumerate(self.labels)}
        examples = []
        for at, (tokens, wanted) in enumerate(items):
            names = (wanted,) if self.job == "classify" else tuple(wanted)
            if not tokens or (self.job == "tag" and len(names) != len(tokens)):
                raise ValueError(
                    f"items[{at}]: got {len(tokens)} tokens and {len(names)} tags, expected as many of both"
                )
            said = [name for name in names if name is not None or self.job == "classify"]
            odd = [name for name in said if name not in index]
            if odd:
                raise ValueError(f"items[{at}]: got the label {odd[0]!r}, expected one of {', '.join(self.labels)}")
            if not said:
                raise ValueError(f"items[{at}]: got no tag, expected at least one")
            read, wanted = self.vocabulary.encode(tokens), np.array([index.get(n, 0) for n in names], np.int64)
            counts = None if len(said) == len(names) else np.array([name is not None for name in names])
            examples.append(Example(read, wanted, counts))
        return examples

    def loss_and_gradient(self, batch: Sequence[Example]) -> tuple[float, Array]:
        """Mean cross-entropy of what is said, in nats, over a ragged batch; and its gradient, as `flat`.

        A loss that overflowed has no gradient: NaN.

        Raises:
            ValueError: a model without a head.
        """
        loss, flat, _ = self.learn_from(batch)
        return loss, flat

    @np.errstate(over="ignore", invalid="ignore")
    def learn_from(self, batch: Sequence[Example], h_0: Array | None = None) -> tuple[float, Array, Array]:
        """The same from an initial state, (layers·directions, B, H), and the gradient of that too.

        Without one, from the learned state or zeros.

        Raises:
            ValueError: as `loss_and_gradient`.
        """
        said = self.answer(batch, h_0)
        loss, d_logits = nll(said.logits, said.wanted, said.mask)
        if not np.isfinite(loss):
            return loss, overflowed(self.flat), overflowed(said.trace.h_n)
        embedding, head = self.around()
        flat, into = self.room
        d_h = head.backward(said.h, d_logits, into["head"])
        if self.job == "classify":
            grads = self.net.backward(said.trace, None, said.trace.d_h_n(d_h))
        else:
            grads = self.net.backward(said.trace, d_h.reshape(said.trace.output.shape))
        flat[: grads.flat.size] = grads.flat
        embedding.backward(said.read, grads.x, into["embedding"])
        if self.start is not None:
            # Every sequence of the batch began from the same one.
            into["start"]["h_0"][:] = grads.h_0.sum(axis=1) if h_0 is None else 0.0
        return loss, flat.copy(), grads.h_0

    @np.errstate(over="ignore", invalid="ignore")
    def measure(self, batch: Sequence[Example], h_0: Array | None = None) -> Measure:
        """How well a batch is said: nats, and the share that is right.

        Raises:
            ValueError: as `loss_and_gradient`.
        """
        said = self.answer(batch, h_0)
        loss, _ = nll(said.logits, said.wanted, said.mask)
        right = said.logits.argmax(axis=1) == said.wanted
        kept = right if said.mask is None else right[said.mask]
        return Measure(loss, kept.size, float(kept.mean()))

    def state(self, h_0: Array | None, batch_size: int) -> Any:
        """An initial state as the network takes it: `h_0`, else the learned one for a whole batch, else None (zeros).

        An LSTM's c_0 is zero.
        """
        if h_0 is None and self.start is not None:
            h_0 = np.repeat(self.start.state_dict()["h_0"][:, None], batch_size, axis=1)
        return (h_0, np.zeros_like(h_0)) if h_0 is not None and self.spec.cell == "lstm" else h_0

    def answer(self, batch: Sequence[Example], h_0: Array | None = None) -> Answered:
        """Read a ragged batch, from an initial state as `learn_from` takes it, and score all that is to be said.

        Raises:
            ValueError: a model without a head.
        """
        embedding, _ = self.around()
        lengths = [len(example.read) for example in batch]
        T, B = max(lengths), len(batch)
        even = min(lengths) == T
        read = np.zeros((T, B), np.int64)
        wanted = np.zeros((T, B), np.int64)
        for b, example in enumerate(batch):
            read[: lengths[b], b] = example.read
            if self.job != "classify":
                wanted[: lengths[b], b] = example.wanted
        trace = self.net.forward(embedding.weight[read], self.state(h_0, B), None if even else lengths)
        if self.job == "classify":
            every = np.concatenate([example.wanted for example in batch])
            return Answered(read, trace, trace.final, self._scores(trace.final), every, None)
        h = trace.output.reshape(T * B, -1)
        mask = None
        if not even or any(example.counts is not None for example in batch):
            mask = np.arange(T)[:, None] < lengths
            for b, example in enumerate(batch):
                if example.counts is not None:
                    mask[: lengths[b], b] = example.counts
            mask = mask.ravel()
        return Answered(read, trace, h, self._scores(h), wanted.ravel(), mask)

    def _scores(self, h: Array) -> Array:
        _, head = self.around()
        with np.errstate(over="ignore", invalid="ignore"):
            return head.scores(h)


class Answered(NamedTuple):
    """A batch that was read, and what was said of it."""

    read: Indices
    """(T, B) tokens."""
    trace: Trace
    h: Array
    """(N, H·directions): what the head saw."""
    logits: Array
    """(N, V), of what is said at each step (N = T·B, time first) or of the whole (N = B)."""
    wanted: Indices
    """(N,)"""
    mask: npt.NDArray[np.bool_] | None
    """(N,): where there was something to say; None where everywhere."""


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
    """(T, V) scores of the labels, which are the next token's unless the model's job is another; None without a head.
    (1, V) where both directions classify the whole."""
    weights: Mapping[str, Array]
    """The top layer's forward weights as they were: "weight_ih", "weight_hh", "bias_ih", "bias_hh"."""
    backward: Mapping[str, Array]
    """Those of its backward direction; empty where there is none."""

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
        """(T, V): how likely each label is: of the vocabulary, the next token. As `logits`."""
        return None if self.logits is None else frozen(np.exp(log_softmax(self.logits)))

    def next(self, t: int = -1, k: int = 5, temperature: float = 1.0) -> tuple[tuple[str, float], ...]:
        """The k likeliest labels after step t, with their probabilities: next tokens; empty without a head."""
        if self.logits is None:
            return ()
        p = np.exp(log_softmax(self.logits[t].astype(np.float64), temperature))
        order = np.argsort(-p, kind="stable")
        tokens = self.model.labels
        best = [(tokens[i], float(p[i])) for i in order[: k + 1] if tokens[i] != UNKNOWN]
        return tuple(best[:k])

    @cached_property
    def bits(self) -> Array | None:
        """(T − 1,): −log2 p(token_{t+1} | the tokens up to t); None without a head for the next token."""
        if self.logits is None or self.model.vocabulary is None or self.model.job != "next":
            return None
        logs = log_softmax(self.logits[:-1].astype(np.float64))
        wanted = self.model.vocabulary.encode(self.tokens[1:])
        return frozen(-logs[np.arange(len(wanted)), wanted] / np.log(2.0))

    @property
    def spec(self) -> ModelSpec:
        """The model's spec."""
        return self.model.spec
