"""How well a model does its task, and how well it would be done without one: in the same metric, on the same examples.

A baseline learns from what the model is trained on, and from nothing else; it reads a word as the model does, in lower
case where it knows it only so.

Who says the next token is scored in bits a token, who names something by the share that is right, who captions by the
share that is right to the last word, and who forecasts by the mean absolute error in the unit of its column.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course.entries import LANGUAGE, NAMING, Task
from tutor.course.lab import Lab
from tutor.course.once import once
from tutor.engine.baselines import autoregression, persistence
from tutor.engine.losses import bits
from tutor.engine.tasks import recall
from tutor.engine.text import END, START, Vocabulary

Metric = Literal["accuracy", "bits", "error"]
Where = Literal["held_out", "train"]
Only = Literal["", "ambiguous"]
"""Of a tagger: all words, or those that are learned with two tags or more."""
Kind = Literal["uniform", "unigram", "bigram", "majority", "most-frequent-tag", "bag", "persistence", "linear"]

KINDS: dict[Kind, tuple[Task, ...]] = {
    "uniform": (*LANGUAGE, *NAMING),
    "unigram": LANGUAGE,
    "bigram": LANGUAGE,
    "majority": NAMING,
    "most-frequent-tag": ("tag",),
    "bag": ("classify",),
    "persistence": ("forecast",),
    "linear": ("forecast",),
}
"""The tasks that each baseline is one for."""

Pair = tuple[str, str]
_BATCH = 64
"""Examples that are read at once."""
SEQUENCES = 200
"""Sequences that are drawn at each distance; the same ones for every network."""
_STREAM = 8
"""Of the seed that a distance is drawn by: no training draws by it."""


class Score(Struct, frozen=True):
    """How well something does."""

    value: float
    metric: Metric
    count: int
    """Of what it is the mean: tokens, words, texts, scenes or windows."""


def score(lab: Lab, name: str, where: Where = "held_out", *, only: Only = "") -> Score:
    """How well a model does its task, as it is now.

    Args:
        lab: where it lives.
        name: the model.
        where: on what is held out, or on what it is trained on.
        only: of a tagger, the words that count.

    Raises:
        NotTrained: it was not begun.
        ValueError: it is untrained, nothing is held out, or none of it counts.
    """
    history = lab.history(name)
    # A network that learns on is another one.
    key = ("score", name, history[-1].step if history else None, where, only)
    kept = f"score {where} {only}"
    value, count = once(lab, key, lambda: lab.measured(name, kept, lambda: _score(lab, name, where, only)))
    return Score(value, metric(lab.entry(name).task), int(count))


def metric(task: Task) -> Metric:
    """What a task is scored in."""
    return "bits" if task in LANGUAGE else "error" if task == "forecast" else "accuracy"


def _score(lab: Lab, name: str, where: Where, only: Only) -> tuple[float, int]:
    items = _examples(lab, name, where, only)
    task = lab.entry(name).task
    count = _count(lab, name, where, items)
    if not count:
        raise ValueError(f"no example of `{name}` has anything to say")
    if task == "caption":
        captioner = lab.captioner(name)
        scenes = captioner.encode(items)
        return sum(int(captioner.exact(scenes[i : i + _BATCH]).sum()) for i in range(0, count, _BATCH)) / count, count
    loss, mean = _measured(lab, name, where, only, items)
    if task in LANGUAGE:
        return bits(loss), count
    return mean * lab.series(name).std if task == "forecast" else mean, count


def _count(lab: Lab, name: str, where: Where, items: Sequence[Any]) -> int:
    """What there is to say."""
    task = lab.entry(name).task
    if task in LANGUAGE:
        return len(guessed(lab, name, where))
    return sum(tag is not None for _, tags in items for tag in tags) if task == "tag" else len(items)


def _measured(lab: Lab, name: str, where: Where, only: Only, items: Sequence[Any]) -> tuple[float, float]:
    """Mean loss and metric."""
    last = lab.history(name)[-1]
    if where == "held_out" and not only and last.held_out is not None and last.held_out_metric is not None:
        # The checkpoint measured the very same, and was kept with the network.
        return last.held_out, last.held_out_metric
    learner: Any = lab.learner(name)
    data = learner.encode(items)
    found = [learner.measure(data[start : start + _BATCH]) for start in range(0, len(data), _BATCH)]
    weight = sum(m.weight for m in found)
    return sum(m.loss * m.weight for m in found) / weight, sum(m.metric * m.weight for m in found) / weight


def recalled(lab: Lab, name: str, distance: int) -> float:
    """How often a network that recalls is right at a distance, on sequences that were drawn for it.

    Raises:
        NotTrained: it was not begun.
        ValueError: its task is another.
    """
    if lab.entry(name).task != "recall":
        raise ValueError(f'the model `{name}` has the task "{lab.entry(name).task}", and recalls nothing')

    def found() -> tuple[float]:
        network = lab.model(name)
        drawn = recall(distance, lab.entry(name).symbols, batch_size=SEQUENCES, seed=(distance, _STREAM))
        data = network.encode([(shown, said[-1]) for shown, said in drawn.items()])
        parts = [network.measure(data[start : start + _BATCH]) for start in range(0, len(data), _BATCH)]
        return (sum(part.metric * part.weight for part in parts) / SEQUENCES,)

    return lab.measured(name, f"recall at {distance}", found)[0]


def baseline(lab: Lab, name: str, kind: Kind, where: Where = "held_out", *, only: Only = "") -> Score:
    """How well a guess does the task of a model, trained or not.

    Args:
        lab: where the model lives.
        name: the model.
        kind: "uniform" takes all tokens, or labels, for equally likely; "unigram" for as common as they are; "bigram"
            knows the token before. "majority" is always the commonest label, "most-frequent-tag" a word's commonest
            tag, and for an unknown word the commonest of all. "bag" is naive Bayes over the words without their order
            (multinomial, each count + 1, unknown words passed over). "persistence" is the last value of the window
            again, "linear" its best weighted sum.
        where: on what is held out, or on what is learned from.
        only: of a tagger, the words that count.

    Raises:
        ValueError: it is none of the model's task, nothing is held out, or none of it counts.
    """
    task = lab.entry(name).task
    if task not in KINDS[kind]:
        known = ", ".join(other for other, tasks in KINDS.items() if task in tasks)
        raise ValueError(f'"{kind}" is no baseline of the task "{task}"; it has {known or "none"}')

    def guess() -> tuple[float, int]:
        return _baseline(lab, name, kind, where, only)

    kept = f"baseline {kind} {where} {only}"
    value, count = once(lab, (kept, name), lambda: lab.measured(name, kept, guess, trained=False))
    return Score(value, metric(task), int(count))


def _baseline(lab: Lab, name: str, kind: Kind, where: Where, only: Only) -> tuple[float, int]:
    task = lab.entry(name).task
    items = _examples(lab, name, where, only)
    if task == "forecast":
        missed = np.abs(errors(lab, name, kind, items))
        return float(missed.mean()), len(missed)
    if task in LANGUAGE:
        learned, asked = guessed(lab, name, "train"), guessed(lab, name, where)
        if not asked:
            raise ValueError(f"no example of `{name}` has anything to say")
        return token_bits(kind, learned, None if where == "train" else asked), len(asked)
    train = lab.examples(name)[0]
    if task == "tag":
        wanted = [
            (word, tag) for words, tags in items for word, tag in zip(words, tags, strict=True) if tag is not None
        ]
    else:
        wanted = list(items)
    labels = named(train, task)
    if kind == "uniform":
        return 1 / len(set(labels)), len(wanted)
    guess = _guess(lab, name, kind, train, commonest(labels))
    return sum(guess(what) == label for what, label in wanted) / len(wanted), len(wanted)


# What is asked


def _examples(lab: Lab, name: str, where: Where, only: Only) -> Sequence[Any]:
    entry = lab.entry(name)
    if not entry.trained:
        raise ValueError(f"the model `{name}` is untrained, and has nothing to be scored on")
    train, held_out = lab.examples(name)
    items = train if where == "train" else held_out
    if not items:
        raise ValueError(f"nothing is held out of the examples of `{name}`")
    if not only:
        return items
    if entry.task != "tag":
        raise ValueError(f'`{name}` has the task "{entry.task}", and only words with tags can be ambiguous')
    several = _ambiguous(train)
    read = _reader(lab, name)
    masked = [
        (words, tuple(tag if read(word) in several else None for word, tag in zip(words, tags, strict=True)))
        for words, tags in items
    ]
    found = [(words, tags) for words, tags in masked if any(tag is not None for tag in tags)]
    if not found:
        raise ValueError(f"none of the words of `{name}` that are asked for has two tags or more")
    return found


def _ambiguous(train: Iterable[Any]) -> frozenset[str]:
    tags_of: dict[str, set[str]] = {}
    for words, tags in train:
        for word, tag in zip(words, tags, strict=True):
            tags_of.setdefault(word, set()).add(tag)
    return frozenset(word for word, tags in tags_of.items() if len(tags) > 1)


def _reader(lab: Lab, name: str) -> Callable[[str], str]:
    """A token as the model knows it."""
    vocabulary = Vocabulary(token for sequence in lab.corpus(name) for token in sequence)
    return lambda token: vocabulary.tokens[vocabulary.index(token)]


def named(items: Iterable[Any], task: Task) -> list[str]:
    """The labels of some examples, in their order."""
    if task == "tag":
        return [tag for _words, tags in items for tag in tags]
    return [label for _tokens, label in items]


def guessed(lab: Lab, name: str, where: Where) -> list[Pair]:
    """Every token that is to be said, after the one before it; of who captions, too, and only what is given is not.

    The end is said where there is one, and in a caption its first word.
    """
    entry = lab.entry(name)
    train, held_out = lab.examples(name)
    items = train if where == "train" else held_out
    caption = entry.task == "caption"
    start, end = (START,) if caption else (), (END,) if entry.ends else ()
    read = _reader(lab, name)
    sequences = (item[1] if caption else item for item in items)
    return [pair for tokens in sequences for pair in pairwise((*start, *map(read, tokens), *end))]


# What guesses


def token_bits(kind: Kind, learned: Sequence[Pair], asked: Sequence[Pair] | None = None) -> float:
    """Bits a token of a guess.

    p(b) is how common b is among what is learned, and "bigram" is the interpolation of Witten and Bell (1991) as Chen
    and Goodman (1999) write it: p(b | a) = (n(a, b) + d(a)·p(b)) / (n(a) + d(a)), with d(a) the number of tokens that
    were seen after a. What is asked beside may hold what was never seen: there is one token more, the unknown one, and
    p(b) is interpolated in the same way with all of them equally likely.

    Args:
        kind: "uniform", "unigram" or "bigram".
        learned: (the token before, the token).
        asked: the same, to be guessed; None for `learned` itself, in which nothing is unknown.
    """
    both, before = Counter(learned), Counter(a for a, _ in learned)
    kinds = Counter(a for a, _ in both)
    common = Counter(b for _, b in learned)
    # A token that is only ever given, as the first of its sequence, could have been said.
    size = len({token for pair in learned for token in pair} - {START}) + (asked is not None)
    spare = len(common) if asked is not None else 0

    def p(a: str, b: str) -> float:
        if kind == "uniform":
            return 1 / size
        alone = (common[b] + spare / size) / (len(learned) + spare)
        if kind == "unigram":
            return alone
        return (both[a, b] + kinds[a] * alone) / (before[a] + kinds[a]) if before[a] else alone

    counts = both if asked is None else Counter(asked)
    return -math.fsum(n * math.log2(p(*pair)) for pair, n in counts.items()) / counts.total()


def label_bits(kind: Kind, labels: Sequence[str]) -> float:
    """Bits of one guess of some labels: "uniform", or "unigram", by how common they are among themselves."""
    counts = Counter(labels)
    if kind == "uniform":
        return math.log2(len(counts))
    return -math.fsum(n / len(labels) * math.log2(n / len(labels)) for n in counts.values())


def commonest(labels: Iterable[str]) -> str:
    """The first of equals."""
    return Counter(labels).most_common(1)[0][0]


def errors(lab: Lab, name: str, kind: Kind, items: Sequence[Any]) -> npt.NDArray[np.float64]:
    """How far "persistence", or "linear", is off in each window, in the unit of the column: (N,)."""

    def arrays(some: Sequence[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return np.stack([np.ravel(x) for x, _ in some]), np.array([float(np.ravel(y)[0]) for _, y in some])

    forecast = persistence if kind == "persistence" else autoregression(*arrays(lab.examples(name)[0]))
    windows, wanted = arrays(items)
    return np.asarray((forecast(windows) - wanted) * lab.series(name).std)


def _guess(lab: Lab, name: str, kind: Kind, train: Sequence[Any], most: str) -> Callable[[Any], str]:
    """The label of a word, or of a text."""
    if kind == "majority":
        return lambda _what: most
    read = _reader(lab, name)
    counts: dict[str, Counter[str]] = {}
    if kind == "most-frequent-tag":
        for words, tags in train:
            for word, tag in zip(words, tags, strict=True):
                counts.setdefault(word, Counter())[tag] += 1
        best = {word: commonest(found.elements()) for word, found in counts.items()}
        return lambda word: best.get(read(word), most)
    texts = Counter(label for _tokens, label in train)
    for tokens, label in train:
        counts.setdefault(label, Counter()).update(tokens)
    words = {word for found in counts.values() for word in found}

    def bag(tokens: Sequence[str]) -> str:
        seen = [word for word in map(read, tokens) if word in words]

        def log_p(label: str) -> float:
            of = counts[label]
            total = of.total() + len(words)
            return math.log(texts[label] / len(train)) + math.fsum(math.log((of[w] + 1) / total) for w in seen)

        best: str = max(texts, key=log_p)
        return best

    return bag
