"""Where a lesson's networks live: built, trained, kept and run by name.

A lab has one seed, added to every model's own: `check --seeds` opens one lab a seed, and nothing else
changes. A training that is stopped is not thrown away: the iterator is kept as it stands, so that going on
gives the same bytes as if it had never been stopped, and only a finished one is cached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from tutor.engine import weights
from tutor.engine.datasets import read_lines, within
from tutor.engine.model import Model, ModelSpec, Run
from tutor.engine.text import Vocabulary, tokenize
from tutor.engine.training import Checkpoint, TrainingSpec, fit

Start = Literal["zeros", "random"]


class ModelEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A `[models.NAME]` table: one network and what it is trained on."""

    cell: Literal["rnn", "gru", "lstm"] = "rnn"
    hidden: int = 16
    embedding: int = 8
    layers: int = 1
    bidirectional: bool = False
    task: Literal["untrained", "next-word", "next-character"] = "untrained"
    """What it learns. An untrained model has hashed word vectors and no head."""
    corpus: str = ""
    """A text file under the lessons' folder, one sequence a line; `#` starts a comment line."""
    steps: int = 300
    """Weight updates."""
    batch: int = 16
    learning_rate: float = 0.01
    clip: float = 1.0
    """The global norm at which gradients are clipped."""
    seed: int = 0
    text: str = ""
    """What the figures, and the sandbox, run it on unless they say otherwise."""

    @property
    def unit(self) -> Literal["words", "characters"]:
        """What a token is."""
        return "characters" if self.task == "next-character" else "words"

    @property
    def trained(self) -> bool:
        """Whether it has a head, and has to be trained before it is shown."""
        return self.task != "untrained"

    def faults(self) -> list[tuple[str, str, str]]:
        """What is out of bounds: (key, what is wrong, how to mend it)."""
        found = []
        for key, low, high in _BOUNDS:
            value = getattr(self, key)
            if not low <= value <= high:
                found.append((key, f"`{key}` is {value:g}", f"write a number from {low:g} to {high:g}"))
        if self.trained and not self.corpus:
            found.append(("task", f'the task "{self.task}" has nothing to learn from', 'write corpus = "data/….txt"'))
        if self.trained and self.bidirectional:
            what = "a bidirectional network has read the next token before it is to guess it"
            found.append(("bidirectional", what, 'drop `bidirectional`, or write task = "untrained"'))
        return found


_BOUNDS = (
    ("hidden", 1, 512),
    ("embedding", 1, 512),
    ("layers", 1, 8),
    ("steps", 1, 100_000),
    ("batch", 1, 4096),
    ("learning_rate", 1e-9, 10.0),
    ("clip", 1e-9, 1e9),
    ("seed", 0, 2**31),
)


class NotTrained(Exception):
    """A model was asked for before it was trained."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the model `{name}` is not trained yet")
        self.name = name


class _Stored(Struct):
    """The history beside the weights in the cache."""

    history: list[tuple[int, int, float, float, float | None]]


@dataclass
class _Kept:
    """A model in memory."""

    model: Model
    history: list[Checkpoint] = field(default_factory=list)
    training: Iterator[Checkpoint] | None = None
    """The training as it was left; None when it is finished."""


class Lab:
    """A lesson's models.

    Attributes:
        models: the entries by name.
        folder: what the entries' corpora are relative to.
        cache: where trained weights are kept between sessions; None keeps them in memory only.
        seed: added to each model's own seed.
        cannot_save: one sentence when the cache could not be written, else None.
    """

    def __init__(
        self, models: Mapping[str, ModelEntry], *, folder: Path, cache: Path | None = None, seed: int = 0
    ) -> None:
        self.models = dict(models)
        self.folder = folder
        self.cache = cache
        self.seed = seed
        self.cannot_save: str | None = None
        self._kept: dict[str, _Kept] = {}
        self._runs: dict[tuple[str, str, Start], Run] = {}
        self._lines: dict[str, tuple[str, ...]] = {}
        self._corpora: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._lock = RLock()

    def entry(self, name: str) -> ModelEntry:
        """The entry of a model.

        Raises:
            ValueError: there is no model of that name.
        """
        try:
            return self.models[name]
        except KeyError:
            raise ValueError(f"no model `{name}` in this lesson; it has {', '.join(self.models) or 'none'}") from None

    def corpus(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The tokens of each sequence that a model learns from; empty when it has no corpus.

        Raises:
            ValueError: the corpus cannot be read, or lies outside the lessons' folder.
        """
        entry = self.entry(name)
        if not entry.corpus:
            return ()
        with self._lock:
            if name not in self._corpora:
                self._corpora[name] = tuple(tokenize(line, entry.unit) for line in self._read(entry))
            return self._corpora[name]

    def _read(self, entry: ModelEntry) -> tuple[str, ...]:
        """The lines of a corpus, as they were when they were first asked for."""
        if entry.corpus not in self._lines:
            self._lines[entry.corpus] = read_lines(within(self.folder, entry.corpus))
        return self._lines[entry.corpus]

    def ready(self, name: str) -> bool:
        """Whether it is as it should be: untrained by design, or trained to its end, here or before."""
        entry = self.entry(name)
        with self._lock:
            if name not in self._kept:
                if entry.trained:
                    self._load(name, entry)
                else:
                    self._kept[name] = _Kept(self._untrained(entry))
            return name in self._kept and self._kept[name].training is None

    def begun(self, name: str) -> bool:
        """Whether there is a model to run: ready, or trained in part."""
        return self.ready(name) or name in self._kept

    def train(self, name: str) -> Generator[Checkpoint, None, None]:
        """Train a model, or go on from where it was stopped; yields each new checkpoint.

        Closing the iterator stops the training and keeps the model as it is. Exhausting it caches the model.
        A model that is ready yields nothing.
        """
        while not self.ready(name):
            with self._lock:
                if name not in self._kept:
                    self._kept[name] = self._begin(name)
                kept = self._kept[name]
                if kept.training is None:
                    return
                checkpoint = next(kept.training, None)
                self._forget_runs(name)
                if checkpoint is None:
                    kept.training = None
                    self._save(name, kept)
                    return
                kept.history.append(checkpoint)
            yield checkpoint

    def ensure(self, name: str) -> None:
        """Train a model to its end, unless it is ready."""
        for _ in self.train(name):
            pass

    def model(self, name: str) -> Model:
        """The model, ready or trained in part.

        Raises:
            NotTrained: it was not begun.
        """
        if not self.begun(name):
            raise NotTrained(name)
        return self._kept[name].model

    def history(self, name: str) -> tuple[Checkpoint, ...]:
        """The checkpoints so far; none for an untrained model.

        Raises:
            NotTrained: it was not begun.
        """
        if not self.begun(name):
            raise NotTrained(name)
        return tuple(self._kept[name].history)

    def tokens(self, name: str, text: str = "") -> tuple[str, ...]:
        """The tokens of a text as the model reads it; the model's own text when empty."""
        entry = self.entry(name)
        return tokenize(text or entry.text, entry.unit)

    def run(self, name: str, text: str = "", h_0: Start = "zeros") -> Run:
        """A forward pass over a text, from zeros or from a random h_0 (the same one for the same seed).

        Raises:
            NotTrained: the model was not begun.
            ValueError: there is nothing to run.
        """
        entry = self.entry(name)
        model = self.model(name)
        key = (name, text or entry.text, h_0)
        with self._lock:
            if key not in self._runs:
                tokens = self.tokens(name, text)
                if not tokens:
                    raise ValueError(f"the model `{name}` has no text to run; give it `text`")
                if h_0 == "zeros":
                    self._runs[key] = model.run(tokens)
                else:
                    size = entry.layers * entry.hidden * (2 if entry.bidirectional else 1)
                    rng = np.random.default_rng([entry.seed + self.seed, 1])
                    start = rng.uniform(-1.0, 1.0, size).astype(np.float32)
                    self._runs[key] = model.run(tokens, h_0=start)
            return self._runs[key]

    def _forget_runs(self, name: str) -> None:
        for key in [key for key in self._runs if key[0] == name]:
            del self._runs[key]

    def _spec(self, entry: ModelEntry) -> ModelSpec:
        return ModelSpec(
            cell=entry.cell,
            hidden_size=entry.hidden,
            embedding_size=entry.embedding,
            num_layers=entry.layers,
            bidirectional=entry.bidirectional,
            unit=entry.unit,
            seed=entry.seed + self.seed,
        )

    def _untrained(self, entry: ModelEntry) -> Model:
        return Model(self._spec(entry), None)

    def _vocabulary(self, name: str) -> Vocabulary:
        """Every token of the corpus; sentences end, an alphabet goes on."""
        tokens = [token for sequence in self.corpus(name) for token in sequence]
        return Vocabulary(tokens, end=self.entry(name).task == "next-word")

    def _begin(self, name: str) -> _Kept:
        entry = self.entry(name)
        model = Model(self._spec(entry), self._vocabulary(name))
        spec = TrainingSpec(
            steps=entry.steps,
            batch_size=entry.batch,
            learning_rate=entry.learning_rate,
            clip=entry.clip,
            seed=entry.seed + self.seed,
        )
        return _Kept(model, training=fit(model, self.corpus(name), spec))

    # Between sessions

    def _path(self, name: str) -> Path | None:
        if self.cache is None:
            return None
        entry = self.entry(name)
        # The text is what it is run on, not what it is: another text is the same network.
        what = msgspec.structs.replace(entry, seed=entry.seed + self.seed, text="")
        digest = hashlib.sha256()
        digest.update(msgspec.json.encode(what, order="sorted"))
        digest.update(b"\0" + weights.ENGINE_VERSION.encode() + b"\0")
        # What it learns from, and not the file as it is by now.
        digest.update("\n".join(self._read(entry)).encode())
        return self.cache / "models" / f"{digest.hexdigest()}.npz"

    def _save(self, name: str, kept: _Kept) -> None:
        path = self._path(name)
        if path is None:
            return
        rows = [(c.step, c.steps, c.loss, c.gradient_norm, c.held_out) for c in kept.history]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            weights.save(path, kept.model.state_dict(), {"history": msgspec.json.encode(_Stored(rows)).decode()})
        except OSError as error:
            self.cannot_save = (
                f"Trained networks cannot be kept in {path.parent}: {error.strerror or error}. "
                "They are trained again next time."
            )

    def _load(self, name: str, entry: ModelEntry) -> None:
        """From the cache; what cannot be read is trained again, and then written anew."""
        try:
            path = self._path(name)
            if path is None or not path.is_file():
                return
            arrays, metadata = weights.load(path)
            rows = msgspec.json.decode(metadata["history"], type=_Stored).history
            if not rows or rows[-1][0] != entry.steps:
                return
            model = Model(self._spec(entry), self._vocabulary(name))
            model.load_state_dict(arrays)
        except Exception:
            # Whatever lies in a cache, it is never worth more than training again.
            return
        history = [
            Checkpoint(step=step, steps=steps, loss=loss, gradient_norm=norm, held_out=held_out, parameters=None)
            for step, steps, loss, norm, held_out in rows
        ]
        self._kept[name] = _Kept(model, history)
