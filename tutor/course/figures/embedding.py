"""The embedding figure: a word as a row of E, and all rows of E in the plane in which they differ most.

Two views of one table. The look-up multiplies a one-hot vector by E, for real, and puts E[index] beside the product.
The plane is spanned by the first two principal components of E as it is last; E as it was earlier in training is placed
in that same plane, so that what moves between two checkpoints is a word and never the frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar, Literal, get_args

import numpy as np
from msgspec import Struct

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import UNITS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import step_beyond
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.checks import Array
from tutor.engine.components import Components, cosines, principal
from tutor.engine.model import Model
from tutor.i18n import _

NEAREST = 5
"""Neighbours of a word that a table holds."""

View = Literal["lookup", "plane"]


class Looked(Struct, frozen=True):
    """One token, looked up."""

    token: str
    index: int
    """Its row of E; 0 is the unknown word's."""
    product: Array
    """(D,): one-hot × E."""
    row: Array
    """(D,): E[index]."""

    @property
    def difference(self) -> Array:
        """(D,): the product minus the row. 0, unless E holds a NaN or an infinity, for 0 × ∞ is none."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.product - self.row)


class Plane(Struct, frozen=True):
    """Every word of E in two dimensions, at a checkpoint."""

    points: Array
    """(V, 2); NaN of a row that holds something else than numbers."""
    shares: tuple[float, float]
    """The part of E's variance, as it is last, along each axis; NaN where there is no row to measure."""
    moved: Array
    """(V,): ‖E[w] now − E[w] at the first checkpoint‖, in all D dimensions."""


class EmbeddingValues(Struct, frozen=True, dict=True):
    """A text and the table that it is looked up in."""

    tokens: tuple[str, ...]
    vectors: Array
    """(T, D): what the network reads."""
    words: tuple[str, ...] = ()
    """V names of E's rows; none where there is no E, for vectors are then made from the word itself."""
    indices: tuple[int, ...] = ()
    """Row of each token, where there is an E."""
    steps: tuple[int, ...] = ()
    """Weight updates of each checkpoint, rising."""
    history: Array = np.zeros((0, 0, 0))
    """(K, V, D): E at each checkpoint."""
    view: View = "lookup"
    """What is shown first."""
    step: int = 0
    """Steps taken at first."""

    @property
    def last(self) -> int:
        """The index of the last checkpoint."""
        return len(self.steps) - 1

    def vector(self, t: int) -> Array:
        """(D,): the vector of token t, 0 … T − 1, as the network reads it now."""
        return np.asarray(self.vectors[t])

    def look_up(self, t: int, at: int) -> Looked:
        """Look token t up in E as it was at a checkpoint: as a product, and as a row."""
        table, index = self.history[at], self.indices[t]
        one_hot = np.zeros(len(table), table.dtype)
        one_hot[index] = 1.0
        with np.errstate(invalid="ignore"):
            product = one_hot @ table
        return Looked(self.tokens[t], index, product, table[index])

    @cached_property
    def _components(self) -> Components | None:
        whole = np.asarray(np.isfinite(self.history[-1]).all(axis=1))
        return principal(self.history[-1][whole], 2) if whole.any() else None

    def plane(self, at: int) -> Plane:
        """All words at a checkpoint, in the frame of the last one."""
        table = self.history[at].astype(np.float64)
        found = self._components
        with np.errstate(invalid="ignore", over="ignore"):
            moved = np.sqrt(((table - self.history[0]) ** 2).sum(axis=1))
            if found is None:
                return Plane(np.full((len(table), 2), np.nan), (np.nan, np.nan), moved)
            points = np.where(np.isfinite(table).all(axis=1)[:, None], found.place(table), np.nan)
        return Plane(points, (float(found.shares[0]), float(found.shares[1])), moved)

    def nearest(self, index: int, at: int, count: int = NEAREST) -> tuple[tuple[int, float], ...]:
        """The rows most like a row, by their cosine, at a checkpoint: (row, cosine), the most alike first."""
        table = self.history[at]
        likeness = cosines(table, table[index])
        order = np.argsort(-likeness, kind="stable")
        kept = [int(i) for i in order[: count + 1] if i != index and not np.isnan(likeness[i])]
        return tuple((i, float(likeness[i])) for i in kept[:count])

    def tables(self) -> tuple[Table, ...]:
        """The text looked up, then every word in the plane, then the neighbours of the text's words."""
        if not self.words:
            return (self.looked_up(0),)
        shown = tuple(dict.fromkeys(self.indices))
        return (self.looked_up(self.last), self.placed(self.last), self.alike(shown, self.last))

    def looked_up(self, at: int) -> Table:
        """A row for each token: where its vector is from, the vector, and what the product differs by."""
        numbers = tuple(f"x{d + 1}" for d in range(self.vectors.shape[1]))
        if not self.words:
            return Table(
                (_("step"), _("token"), *numbers),
                tuple((str(t + 1), token, *map(float, self.vector(t))) for t, token in enumerate(self.tokens)),
            )
        found = [self.look_up(t, at) for t in range(len(self.tokens))]
        return Table(
            (_("step"), _("token"), _("row"), _("row of"), *numbers, _("largest difference")),
            tuple(
                (
                    str(t + 1),
                    one.token,
                    str(one.index),
                    self.words[one.index],
                    *map(float, one.row),
                    float(np.abs(one.difference).max()),
                )
                for t, one in enumerate(found)
            ),
        )

    def placed(self, at: int) -> Table:
        """A row for each word: where it lies, and how far it has come since the first checkpoint."""
        plane = self.plane(at)
        return Table(
            (_("word"), "PC1", "PC2", _("moved")),
            tuple(
                (word, *map(float, point), float(moved))
                for word, point, moved in zip(self.words, plane.points, plane.moved, strict=True)
            ),
            _("update {step}: PC1 has {first:.0%} of the variance, PC2 {second:.0%}").format(
                step=self.steps[at], first=plane.shares[0], second=plane.shares[1]
            ),
        )

    def alike(self, indices: tuple[int, ...], at: int) -> Table:
        """The neighbours of some words."""
        return Table(
            (_("word"), _("nearest"), _("cosine")),
            tuple((self.words[i], self.words[j], likeness) for i in indices for j, likeness in self.nearest(i, at)),
            _("nearest by cosine, update {step}").format(step=self.steps[at]),
        )


def towards(points: Array, index: int, right: int, up: int) -> int | None:
    """The nearest point in a direction: within 45° of it, as the plane is drawn, each axis over its own range.

    Args:
        points: (V, 2).
        index: where it is looked from.
        right: 1, −1 or 0.
        up: 1, −1 or 0.

    Returns:
        A point's index; None where nothing lies that way.
    """
    known = np.asarray(np.isfinite(points).all(axis=1))
    if not known[index]:
        return None
    spans = np.ptp(points[known], axis=0)
    away = (points - points[index]) / np.where(spans > 0, spans, 1.0)
    along = away @ [right, up]
    across = np.abs(away @ [up, right])
    there = known & (along > 0) & (across <= along)
    if not there.any():
        return None
    return int(np.where(there, np.hypot(along, across), np.inf).argmin())


class Embedding(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="embedding"):
    """One-hot × E beside the look-up, and the plane of E's first two principal components."""

    facts: ClassVar[Facts] = {**UNITS, "view": get_args(View)}

    model: str
    text: str = ""
    """What is looked up; the model's own text when empty."""
    view: View = "lookup"
    """What is shown first; `v` shows the other."""
    step: int = 0
    """Steps taken at first."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the model's words cannot be shown so: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if entry.task in ("forecast", "caption"):
            return (
                f'the model `{self.model}` has the task "{entry.task}", and reads no words',
                "name a model that reads text",
            )
        if self.view == "plane" and not entry.trained:
            return (
                f"the model `{self.model}` is untrained, and has no table of words to draw a plane of",
                'drop view = "plane", or train it',
            )
        if not self.text and not entry.text:
            return (
                f"the model `{self.model}` has no text to look up",
                f'write text = "…" here or in [models.{self.model}]',
            )
        return step_beyond(entry, self.text, self.step, without="the first")

    def run(self, lab: Lab) -> EmbeddingValues:
        """Look the text up, and copy E at each checkpoint that is kept."""
        model, tokens = lab.model(self.model), lab.tokens(self.model, self.text)
        if not tokens:
            raise ValueError(f"the model `{self.model}` has no text to look up; give it `text`")
        vectors = model.vectors(tokens).copy()
        if model.vocabulary is None or model.embedding is None:
            return EmbeddingValues(tokens, vectors, view="lookup", step=self.step)
        steps = lab.kept_steps(self.model)
        return EmbeddingValues(
            tokens,
            vectors,
            model.vocabulary.tokens,
            tuple(model.vocabulary.encode(tokens).tolist()),
            steps,
            np.stack([_table(lab, self.model, step) for step in steps]),
            self.view,
            self.step,
        )


def _table(lab: Lab, name: str, step: int) -> Array:
    """E as it was at a step."""
    network = lab.at_step(name, step)
    assert isinstance(network, Model)
    assert network.embedding is not None
    return network.embedding.weight
