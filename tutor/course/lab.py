"""Where a lesson's networks live: trained, kept, looked back at and run by name.

A lab has one seed, added to every model's own: `check --seeds` opens one lab a seed, and nothing else
changes. A training that is stopped is not thrown away: the iterator is kept as it stands, so that going on
gives the same bytes as if it had never been stopped, and only a finished one is cached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from threading import RLock
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np

from tutor.course import jobs, stored
from tutor.course.entries import DRAWN, ModelEntry
from tutor.course.jobs import Material, Measurements, Network, Reader
from tutor.course.past import Past
from tutor.engine.captioner import Captioner
from tutor.engine.checks import whole
from tutor.engine.forecaster import Forecaster
from tutor.engine.interrupt import interruptible
from tutor.engine.model import Model, Run
from tutor.engine.text import tokenize
from tutor.engine.training import Checkpoint, TrainingSpec, fit
from tutor.i18n import _

Start = Literal["", "zeros", "random", "learned"]
"""Where a run begins; "" is as the model was trained: at the learned h_0, or at zeros."""
_Kind = TypeVar("_Kind", Model, Forecaster, Captioner)

_EXPECTED: dict[type[Network], str] = {
    Model: "one over tokens",
    Forecaster: '"forecast"',
    Captioner: '"caption"',
}


class NotTrained(Exception):
    """A model was asked for before it was trained."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the model `{name}` is not trained yet")
        self.name = name


@dataclass
class _Kept:
    """A model in memory."""

    network: Network
    past: Past
    history: list[Checkpoint] = field(default_factory=list)
    training: Iterator[Checkpoint] | None = None
    """The training as it was left; None when it is finished."""


def _fitted(network: Network, material: Material, training: TrainingSpec) -> Iterator[Checkpoint]:
    """The checkpoints of a training, the first of them measured on as many examples as the material says.

    Raises:
        ValueError: at once, as `fit`.
    """
    train, held_out = material.train, material.held_out
    if material.first is None or len(train) <= material.first:
        return fit(network, train, training, held_out=held_out)
    some = train[:: math.ceil(len(train) / material.first)]
    first = next(fit(network, some, training, held_out=held_out, keep_state=True))
    # Nothing was updated and no order drawn: from this state on, it is the training of all of them.
    return chain([replace(first, state=None)], fit(network, train, training, held_out=held_out, resume=first.state))


class Lab:
    """A lesson's models.

    Attributes:
        models: the entries by name.
        folder: what the entries' corpora are relative to.
        cache: where trained weights are kept between sessions; None keeps them in memory only.
        seed: added to each model's own seed.
        read: finds what a model learns from; of a lesson, in the folder.
        cannot_save: one sentence when the cache could not be written, else None.
        known: what others worked out for this lab, and need not work out again; see `once`.
    """

    def __init__(
        self,
        models: Mapping[str, ModelEntry],
        *,
        folder: Path,
        cache: Path | None = None,
        seed: int = 0,
        read: Reader = jobs.read,
    ) -> None:
        self.models = dict(models)
        self.folder = folder
        self.cache = cache
        self.seed = seed
        self.read = read
        self.cannot_save: str | None = None
        self.known: dict[Hashable, Any] = {}
        self._kept: dict[str, _Kept] = {}
        self._runs: dict[tuple[str, str, Start], Run] = {}
        self._material: dict[str, Material] = {}
        self._then: dict[tuple[str, int], Network] = {}
        self._measured: dict[str, dict[str, tuple[float, ...]]] = {}
        self._siblings: dict[int, Lab] = {}
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

    def sibling(self, seed: int) -> Lab:
        """The lab of the same models whose seed is this one's + `seed`; the same one each time, and itself for 0.

        Raises:
            ValueError: a seed that would be below 0.
        """
        whole("seed", self.seed + seed, 0)
        if seed == 0:
            return self
        with self._lock:
            if seed not in self._siblings:
                self._siblings[seed] = Lab(
                    self.models, folder=self.folder, cache=self.cache, seed=self.seed + seed, read=self.read
                )
            return self._siblings[seed]

    # What they learn from

    def corpus(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The tokens of each sequence that a model learns from, without what is held out; empty when it has no text.

        Raises:
            ValueError: the corpus cannot be read, or lies outside the lessons' folder.
        """
        return self._read(name).sequences

    def examples(self, name: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """What a model is trained on, and what is held out, each as the network's `encode` takes it.

        Raises:
            ValueError: as `corpus`.
        """
        found = self._read(name)
        return found.train, found.held_out

    def series(self, name: str) -> Measurements:
        """What a forecaster's table holds, and how the network sees it.

        Raises:
            ValueError: as `corpus`; the model's task is another.
        """
        self._is(name, Forecaster)
        found = self._read(name).series
        assert found is not None
        return found

    def add(self, name: str, line: str) -> None:
        """Let a model learn another line with its corpus, in place of its `added`: it is another network from here on.

        Raises:
            ValueError: there is no model of that name, it learns no added line, or the line cannot be learned; the
                model stays as it was.
        """
        entry = self.entry(name)
        if not entry.added:
            raise ValueError(f"the model `{name}` learns no line but its corpus")
        other = msgspec.structs.replace(entry, added=line)
        if not tokenize(line, entry.unit):
            raise ValueError(f"a line to add to `{name}` holds no token")
        with self._lock:
            if entry == other:
                return
            self.models[name] = other
            self._kept.pop(name, None)
            self._material.pop(name, None)
            self._measured.pop(name, None)
            self._runs = {key: run for key, run in self._runs.items() if key[0] != name}
            self._then = {key: network for key, network in self._then.items() if key[0] != name}
            self.known.clear()
            for lab in self._siblings.values():
                lab.add(name, line)

    def _read(self, name: str) -> Material:
        """What a model learns from, as it was when it was first asked for."""
        entry = self.entry(name)
        with self._lock:
            if name not in self._material:
                self._material[name] = self.read(entry, self.folder, self._seed(entry))
            return self._material[name]

    def _seed(self, entry: ModelEntry) -> int:
        return entry.seed + self.seed

    # Training

    def ready(self, name: str) -> bool:
        """Whether it is as it should be: untrained by design, or trained to its end, here or before."""
        entry = self.entry(name)
        with self._lock:
            if name not in self._kept:
                if entry.trained:
                    self._load(name)
                else:
                    self._kept[name] = self._new(name)
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
                # A step of a training is whole, whoever waits: it goes on from where it stands, and nowhere else.
                with interruptible(None):
                    checkpoint = next(kept.training, None)
                if checkpoint is None:
                    kept.training = None
                    self._save(name, kept)
                    return
                kept.history.append(checkpoint)
                kept.past.keep(checkpoint.step, kept.network.flat)
                self._forget(name, kept.past)
            yield checkpoint

    def ensure(self, name: str) -> None:
        """Train a model to its end, unless it is ready."""
        for _checkpoint in self.train(name):
            pass

    # Asking for one

    def learner(self, name: str) -> Network:
        """The network, ready or trained in part.

        Raises:
            NotTrained: it was not begun.
        """
        return self._begun(name).network

    def model(self, name: str) -> Model:
        """The network, if it is one over tokens.

        Raises:
            NotTrained: it was not begun.
            ValueError: it forecasts or captions.
        """
        return self._as(name, Model)

    def unlearned(self, name: str) -> Model:
        """A network of the same cell and size that has learned nothing: hashed word vectors, and no head.

        Raises:
            ValueError: it forecasts or captions.
        """
        self._is(name, Model)
        entry = self.entry(name)
        return Model(jobs.spec(entry, self._seed(entry)), None)

    def forecaster(self, name: str) -> Forecaster:
        """The network, if it forecasts.

        Raises:
            NotTrained: it was not begun.
            ValueError: its task is another.
        """
        return self._as(name, Forecaster)

    def captioner(self, name: str) -> Captioner:
        """The network, if it captions.

        Raises:
            NotTrained: it was not begun.
            ValueError: its task is another.
        """
        return self._as(name, Captioner)

    def _as(self, name: str, kind: type[_Kind]) -> _Kind:
        self._is(name, kind)
        found = self.learner(name)
        assert isinstance(found, kind)
        return found

    def _is(self, name: str, kind: type[Network]) -> None:
        """Refuse a model of another kind, trained or not."""
        task = self.entry(name).task
        if jobs.kind(task) is not kind:
            raise ValueError(f'the model `{name}` has the task "{task}", expected {_EXPECTED[kind]}')

    def _begun(self, name: str) -> _Kept:
        if not self.begun(name):
            raise NotTrained(name)
        return self._kept[name]

    def history(self, name: str) -> tuple[Checkpoint, ...]:
        """The checkpoints so far; none for an untrained model.

        Raises:
            NotTrained: it was not begun.
        """
        return tuple(self._begun(name).history)

    def kept_steps(self, name: str) -> tuple[int, ...]:
        """The checkpoints that can be looked back at, first and last among them; none for an untrained model.

        Raises:
            NotTrained: it was not begun.
        """
        return self._begun(name).past.steps

    def at_step(self, name: str, step: int) -> Network:
        """A network of its own, as the model was at a step that is kept; the same one each time.

        Raises:
            NotTrained: it was not begun.
            ValueError: the step is not kept.
        """
        with self._lock:
            past = self._begun(name).past
            if step not in past:
                kept = ", ".join(map(str, past.steps)) or "none"
                raise ValueError(f"step {step} of the model `{name}` is not kept; there are {kept}")
            if (name, step) not in self._then:
                network = self._build(name)
                network.flat[:] = past.at(step)
                self._then[name, step] = network
            return self._then[name, step]

    def measured(
        self, name: str, what: str, measure: Callable[[], tuple[float, ...]], *, trained: bool = True
    ) -> tuple[float, ...]:
        """Numbers that are measured once and kept between sessions, beside the network that they are of.

        Args:
            name: the model.
            what: all that decides the numbers beside the model.
            measure: measures them.
            trained: whether they are of the network, which has to have come to its end first; not where they are of
                what it learns from alone.

        Raises:
            NotTrained: they are of a network that was not begun.
        """
        if trained:
            self._begun(name)
        if not self.entry(name).trained or (trained and not self.ready(name)):
            return measure()
        path = self._path(name)
        with self._lock:
            if name not in self._measured:
                self._measured[name] = {} if path is None else stored.load_measured(path)
            known = self._measured[name]
        if what not in known:
            found = measure()
            if not all(map(math.isfinite, found)):
                return found
            known[what] = found
            if path is not None:
                # Whoever cannot keep it measures it again; of the network itself, `_save` has said so.
                with suppress(OSError):
                    stored.save_measured(path, known)
        return known[what]

    # Running

    def tokens(self, name: str, text: str = "") -> tuple[str, ...]:
        """The tokens of a text as the model reads it; the model's own text when empty."""
        entry = self.entry(name)
        return tokenize(text or entry.text, entry.unit)

    def run(self, name: str, text: str = "", h_0: Start = "") -> Run:
        """A forward pass over a text, from some h_0; a random one is the same for the same seed.

        Raises:
            NotTrained: the model was not begun.
            ValueError: there is nothing to run, the model is none over tokens, or it has learned no h_0.
        """
        entry = self.entry(name)
        model = self.model(name)
        if h_0 == "learned" and model.start is None:
            raise ValueError(f"the model `{name}` has learned no h_0; give it `learned_h_0 = true`")
        key = (name, text or entry.text, h_0)
        with self._lock:
            if key not in self._runs:
                tokens = self.tokens(name, text)
                if not tokens:
                    raise ValueError(f"the model `{name}` has no text to run; give it `text`")
                start = None
                if h_0 in ("zeros", "random"):
                    size = entry.layers * entry.hidden * (2 if entry.bidirectional else 1)
                    rng = np.random.default_rng([self._seed(entry), 1])
                    start = (rng.uniform(-1.0, 1.0, size) if h_0 == "random" else np.zeros(size)).astype(np.float32)
                self._runs[key] = model.run(tokens, h_0=start)
            return self._runs[key]

    def _forget(self, name: str, past: Past) -> None:
        """What is no longer so: runs of a network that has learned on, and what is no longer kept of its past."""
        for run in [key for key in self._runs if key[0] == name]:
            del self._runs[run]
        for then in [key for key in self._then if key[0] == name and key[1] not in past]:
            del self._then[then]

    def _build(self, name: str, material: Material | None = None) -> Network:
        """Before any training, of what it learns from, or of what is known of that."""
        entry = self.entry(name)
        if material is None:
            # An untrained model may have a corpus, to count in, and is made without it.
            material = self._read(name) if entry.trained else Material(())
        return jobs.build(entry, material, self._seed(entry))

    def _new(self, name: str, material: Material | None = None) -> _Kept:
        network = self._build(name, material)
        return _Kept(network, Past(self._training(name), network.flat.size))

    def _begin(self, name: str) -> _Kept:
        kept = self._new(name)
        kept.training = _fitted(kept.network, self._read(name), self._training(name))
        return kept

    def _training(self, name: str) -> TrainingSpec:
        entry = self.entry(name)
        return TrainingSpec(
            steps=entry.steps,
            batch_size=entry.batch,
            learning_rate=entry.learning_rate,
            clip=entry.clip,
            seed=self._seed(entry),
        )

    # Between sessions

    def _path(self, name: str) -> Path | None:
        if self.cache is None:
            return None
        entry = self.entry(name)
        # What it learns from, and not the file as it is by now; what is drawn need not be drawn to be known.
        source = jobs.DRAWN_FROM if entry.task in DRAWN else self._read(name).source
        return stored.place(self.cache, entry, self._seed(entry), source)

    def _save(self, name: str, kept: _Kept) -> None:
        path = self._path(name)
        if path is None:
            return
        try:
            vocabulary = getattr(kept.network, "vocabulary", None)
            words = () if vocabulary is None else vocabulary.ordinary
            labels = kept.network.labels if isinstance(kept.network, Model) and kept.network.job != "next" else ()
            stored.save(path, stored.Training(kept.history, list(kept.past.steps), kept.past.stacked(), words, labels))
        except OSError as error:
            self.cannot_save = _(
                "Trained networks cannot be kept in {folder}: {error}. They are trained again next time."
            ).format(folder=path.parent, error=error.strerror or error)

    def _load(self, name: str) -> None:
        try:
            path = self._path(name)
            if path is None or not path.is_file():
                return
            training = stored.load(path, self.entry(name).steps)
            if training is None:
                return
            kept = self._new(name, Material((), sequences=(training.words,), labels=training.labels))
            kept.past.load(training.steps, training.parameters)
        except (OSError, ValueError):
            # A folder that cannot be looked into; nothing to learn from, and training says why; or another network's
            # file, and then it is trained anew.
            return
        kept.network.flat[:] = kept.past.at(training.steps[-1])
        kept.history = training.history
        self._kept[name] = kept
