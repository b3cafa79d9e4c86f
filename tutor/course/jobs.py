"""What each task learns from, and the network that learns it: an entry, a folder and a seed in, values out.

Nothing that is decided before training knows what is held out: neither the vocabulary nor the standardisation. A text
that is held out is nowhere among those that are learned from; in a series, what is held out lies after all that is.
Only the names of tags and labels are taken from the whole corpus: they are the question, and no part of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from tutor.course.entries import ModelEntry, Task
from tutor.engine.captioner import Captioner
from tutor.engine.checks import short
from tutor.engine.datasets import MAX_BYTES, read_labelled, read_lines, read_series, read_tagged, split, windows, within
from tutor.engine.forecaster import Forecaster
from tutor.engine.model import Model, ModelSpec
from tutor.engine.scenes import SIDE, scenes
from tutor.engine.tasks import recall
from tutor.engine.text import Vocabulary, clean, tokenize

Network = Model | Forecaster | Captioner

SCENES = 800
"""Scenes that are drawn for a captioner, those that are held out among them."""
RECALLED = 4_000
"""Sequences that are drawn for who recalls, those that are held out among them."""

DRAWN_FROM = f"{SCENES} scenes, {RECALLED} sequences".encode()
"""The source of all that is drawn: an entry, a seed and the engine's version decide the rest."""

_LEAST_STD = 1e-150
"""Below it, squares of what is measured are 0 to a float."""
_FARTHEST = 1e15
"""Standard deviations from the mean that are computed with: of their squares, float32 holds the sum."""

_SHUFFLE, _RECALL = 6, 7
"""Streams of a model's seed: what is drawn here is drawn for nothing else."""

_Parsed = TypeVar("_Parsed")
Values = npt.NDArray[np.float64]
Tokens = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Measurements:
    """A series as it was measured, and how a forecaster sees it: standardised, z = (x − mean) / std, window by window.

    Arrays are read-only.
    """

    values: Values
    """(N,) in the order of time, in the unit of their table."""
    mean: float
    """Of the values before `first_held_out`, in their unit."""
    std: float
    """Their standard deviation, that of a population, in the same unit."""
    first_held_out: int
    """Index of the first value that is held out; N where none is. No window that is learned from forecasts it, or one
    after it."""
    window: int
    """Values that a forecast is made from."""
    horizon: int
    """Steps from the last of them to the one that is forecast."""

    def scale(self, values: npt.ArrayLike) -> Values:
        """Values as the network reads and says them, of any shape."""
        return np.asarray((np.asarray(values, np.float64) - self.mean) / self.std)

    def unscale(self, values: npt.ArrayLike) -> Values:
        """What the network says, in the unit of the table, of any shape."""
        return np.asarray(np.asarray(values, np.float64) * self.std + self.mean)


@dataclass(frozen=True, eq=False)
class Material:
    """What a model learns from."""

    train: tuple[Any, ...]
    """Items, as the network's `encode` takes them."""
    held_out: tuple[Any, ...] = ()
    """The same, to measure on."""
    sequences: tuple[Tokens, ...] = ()
    """The tokens of each item of `train`; none of a series."""
    labels: tuple[str, ...] = ()
    """The tags, or the labels of a whole."""
    series: Measurements | None = None
    source: bytes = DRAWN_FROM
    """What was read: as long as it is the same, so is all of the above."""
    first: int | None = None
    """Examples, evenly spread, that the loss before any update is measured on; None leaves it to `fit`."""


Reader = Callable[[ModelEntry, Path, int], Material]
"""What a model learns from, as `read` says it."""


def read(entry: ModelEntry, folder: Path, seed: int) -> Material:
    """What a model learns from; nothing for an untrained one without a corpus.

    Args:
        entry: the model.
        folder: what its corpus is relative to.
        seed: draws what is held out, the order of what is shuffled, a captioner's scenes, the sequences to recall from.

    Raises:
        ValueError: in one line, why its corpus cannot be read, or not be parted.
    """
    match entry.task:
        case "tag":
            return _tagged(entry, within(folder, entry.corpus), seed)
        case "classify":
            return _labelled(entry, within(folder, entry.corpus), seed)
        case "forecast":
            return _measured(entry, within(folder, entry.corpus))
        case "caption":
            return _drawn(entry, seed)
        case "recall":
            return _recalled(entry, seed)
        case _:
            return _written(entry, within(folder, entry.corpus), seed) if entry.corpus else Material(())


def kind(task: Task) -> type[Network]:
    """The kind of network that a task takes."""
    kinds: dict[Task, type[Network]] = {"forecast": Forecaster, "caption": Captioner}
    return kinds.get(task, Model)


def spec(entry: ModelEntry, seed: int) -> ModelSpec:
    """The network of an entry, at a seed."""
    return ModelSpec(
        cell=entry.cell,
        hidden_size=entry.hidden,
        embedding_size=entry.embedding,
        num_layers=entry.layers,
        bidirectional=entry.bidirectional,
        nonlinearity=entry.nonlinearity,
        init=entry.init,
        radius=entry.radius,
        forget_bias=entry.forget_bias,
        learned_h_0=entry.learned_h_0,
        unit=entry.unit,
        seed=seed,
    )


def build(entry: ModelEntry, material: Material, seed: int) -> Network:
    """The network of an entry as it is before any training, its pinned gates held.

    Its vocabulary is every token of what it is trained on, with an end where its sequences have one; who writes a
    caption has to begin, too.

    Raises:
        ValueError: a token with the name of a special one.
    """
    shape = spec(entry, seed)
    task = entry.task
    if task == "untrained":
        model = Model(shape, None)
        for gate, value in entry.pin.items():
            model.net.hold(gate, value)
        return model
    if task == "forecast":
        return Forecaster(shape)
    vocabulary = _vocabulary(material, entry.ends, task == "caption")
    if task == "caption":
        return Captioner(shape, vocabulary, SIDE, SIDE)
    if material.labels:
        return Model(shape, vocabulary, job="tag" if task == "tag" else "classify", labels=material.labels)
    return Model(shape, vocabulary)


@lru_cache(maxsize=16)
def _vocabulary(material: Material, end: bool, start: bool) -> Vocabulary:
    """The same for every network that learns from it."""
    return Vocabulary((token for sequence in material.sequences for token in sequence), end=end, start=start)


def _of_text(
    entry: ModelEntry, read: Sequence[Tokens], items: Sequence[Any], seed: int, labels: Iterable[str] = ()
) -> Material:
    """Items in two, each known by the tokens that are read of it: what is there twice is on one side twice."""
    apart: frozenset[Tokens] = frozenset()
    if entry.held_out:
        apart = frozenset(split(tuple(dict.fromkeys(read)), entry.held_out, seed)[1])
    pairs = tuple(zip(read, items, strict=True))
    return Material(
        tuple(item for tokens, item in pairs if tokens not in apart),
        tuple(item for tokens, item in pairs if tokens in apart),
        tuple(tokens for tokens in read if tokens not in apart),
        labels=tuple(dict.fromkeys(labels)),
        source=msgspec.json.encode(items),
    )


def _read_once(parse: Callable[[Path], _Parsed], path: Path) -> _Parsed:
    """What a file says, parsed once for all who learn from it, as long as its bytes are the same.

    Raises:
        ValueError: as `parse`.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            # What is wrong with it is the parser's to say.
            return parse(path)
        content = path.read_bytes()
    except OSError:
        return parse(path)
    found: _Parsed = _parsed(parse, path, content)
    return found


@lru_cache(maxsize=8)
def _parsed(parse: Callable[[Path], Any], path: Path, content: bytes) -> Any:
    return parse(path)


def _written(entry: ModelEntry, path: Path, seed: int) -> Material:
    """Sequences, to say the next token of."""
    lines = [*_read_once(read_lines, path), *([entry.added] * entry.times if entry.added else [])]
    items = tuple(tokenize(line, entry.unit) for line in lines)
    if not entry.shuffle:
        return _of_text(entry, items, items, seed)
    # What is held out is the same sequences as without it: one that is there twice is on one side in both its orders.
    rng = np.random.default_rng([seed, _SHUFFLE])
    mixed = tuple(tuple(tokens[i] for i in rng.permutation(len(tokens))) for tokens in items)
    found = _of_text(entry, items, mixed, seed)
    return replace(found, sequences=found.train)


def _tagged(entry: ModelEntry, path: Path, seed: int) -> Material:
    """(words, tags)"""
    rows = _read_once(read_tagged, path)
    read = tuple(tuple(word for word, _ in row) for row in rows)
    tags = tuple(tuple(tag for _, tag in row) for row in rows)
    items = tuple(zip(read, tags, strict=True))
    return _of_text(entry, read, items, seed, (tag for row in tags for tag in row))


def _labelled(entry: ModelEntry, path: Path, seed: int) -> Material:
    """(tokens, label)"""
    texts, labels = _read_once(read_labelled, path)
    read = tuple(tokenize(text, entry.unit) for text in texts)
    return _of_text(entry, read, tuple(zip(read, labels, strict=True)), seed, labels)


def _recalled(entry: ModelEntry, seed: int) -> Material:
    """(tokens, the symbol that came first)"""
    return _recalling(entry.distance, entry.shortest, entry.symbols, entry.held_out, seed)


@lru_cache(maxsize=16)
def _recalling(distance: int, shortest: int | None, symbols: int, held_out: float, seed: int) -> Material:
    """The same for every cell that is to learn it: drawn once."""
    drawn = recall(distance, symbols, shortest=shortest, batch_size=RECALLED, seed=(seed, _RECALL))
    items = tuple((shown, said[-1]) for shown, said in drawn.items())
    # A symbol right before its cue is all that there is to know of it: such sequences are drawn again rather than kept
    # apart, for a symbol that was held out so could not be learned at all.
    known = tuple((*shown, str(place)) if len(shown) == 2 else shown for place, (shown, _) in enumerate(items))
    found = _of_text(ModelEntry(held_out=held_out), known, items, seed, drawn.answers)
    return replace(found, sequences=tuple(shown for shown, _ in found.train), source=DRAWN_FROM)


def _measured(entry: ModelEntry, path: Path) -> Material:
    return of_series(entry, read_series(path, [entry.column])[entry.column], path.name)


def of_series(entry: ModelEntry, values: Values, name: str) -> Material:
    """(window, the value `horizon` steps after its last), standardised.

    Args:
        entry: the model; it says what is forecast from how much, and how much of the end is held out.
        values: (N,), read-only.
        name: of their file.

    Raises:
        ValueError: there are too few of them, all are the same, or no float holds how far they are apart.
    """
    first = len(values) - round(len(values) * entry.held_out)
    # Every window of what is learned from ends, its forecast included, before the first value that is held out. One
    # that is measured on may begin before: on its day all of it was known.
    learned = first - entry.window - entry.horizon + 1
    if learned < 1:
        least = entry.window + entry.horizon
        raise ValueError(f"{clean(name)}: got {first} rows to learn from, expected at least {least}")
    known = values[:first]
    if known.min() == known.max():
        said = f"the same number in every row of {short(entry.column)}"
        raise ValueError(f"{clean(name)}: got {said}, expected a series")
    with np.errstate(all="ignore"):
        mean, std = float(known.mean()), float(known.std())
        series = Measurements(values, mean, std, first, entry.window, entry.horizon)
        scaled = series.scale(values)
    if not _LEAST_STD <= std < np.inf or not np.abs(scaled).max() <= _FARTHEST:
        said = f"numbers from {values.min():g} to {values.max():g} in {short(entry.column)}"
        mend = "leave out what stands for a missing number, or take another unit"
        raise ValueError(f"{clean(name)}: got {said}, expected a series that a float can compute with: {mend}")
    inputs, targets = windows(scaled, entry.window, entry.horizon)
    items = tuple(zip(inputs, targets.tolist(), strict=True))
    return Material(items[:learned], items[learned:], series=series, source=values.tobytes())


def _drawn(entry: ModelEntry, seed: int) -> Material:
    """(image, words)"""
    return _scenes(entry.held_out, seed)


@lru_cache(maxsize=8)
def _scenes(share: float, seed: int) -> Material:
    items = scenes(SCENES, seed=seed)
    train, held_out = split(items, share, seed) if share else (items, ())
    return Material(train, held_out, tuple(words for _, words in train))
