"""The picture: an image, what a captioner's convolutions make of it, and the sentence that it writes of it.

A sentence is written as `Captioner.caption` writes it, the likeliest word at each step. Its probabilities are those of
the model at temperature 1, of what can be said at all; the end of the sentence is a step like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from msgspec import Struct

from tutor.course import jobs
from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import STEPS, Facts
from tutor.course.figures.table import Table
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.captioner import Captioner
from tutor.engine.checks import Array
from tutor.engine.generation import distribution
from tutor.engine.trace import frozen
from tutor.i18n import _

LONGEST = 24
"""Words that are written at the most, where no end is said before."""
OTHERS = 3
"""Words that are kept of each step beside the one that was written."""


class Word(Struct, frozen=True):
    """A step of a caption."""

    token: str
    """What was written: a word, or `<end>`."""
    probability: float
    others: tuple[tuple[str, float], ...]
    """The likeliest ones beside it, with their probabilities."""
    state: Array
    """(H,): the top layer's h_t that it was read off."""


class Planes(Struct, frozen=True):
    """Images that a stage of the encoder holds, all of one size and on one scale."""

    name: str
    values: Array
    """(n, height, width)"""


class PictureValues(Struct, frozen=True):
    """An image under a captioner's eyes."""

    captioner: Captioner
    scenes: tuple[tuple[Array, tuple[str, ...]], ...]
    """Images that the model was not trained on where there are some, and what they show."""
    image: Array
    """(height, width)"""
    stages: tuple[Planes, ...]
    """From the kernels of the first convolution to what the linear layer reads."""
    h_0: Array
    """(H,): the top layer's initial state, made of the image alone."""
    words: tuple[Word, ...]
    ended: bool
    """Whether the sentence came to its end."""

    @property
    def truth(self) -> tuple[str, ...] | None:
        """What the image shows, where it is one of the scenes as it was drawn."""
        found = (said for image, said in self.scenes if np.array_equal(image, self.image))
        return next(found, None)

    @property
    def said(self) -> tuple[str, ...]:
        """The sentence without its end."""
        return tuple(word.token for word in self.words[: len(self.words) - self.ended])

    def of(self, image: Array) -> PictureValues:
        """The same eyes on another image.

        Raises:
            ValueError: an image of another shape, or not finite.
        """
        return look(self.captioner, image, self.scenes)

    def tables(self) -> tuple[Table, ...]:
        """A row for each word and the state it was read off, h_0 first; then the likeliest words; then the pixels."""
        units = tuple(f"h{i + 1}" for i in range(len(self.h_0)))
        rows: list[tuple[str | float, ...]] = [("0", "", "", *self.h_0.tolist())]
        rows += [(str(t), word.token, word.probability, *word.state.tolist()) for t, word in enumerate(self.words, 1)]
        others = tuple(
            (str(t), token, p)
            for t, word in enumerate(self.words, 1)
            for token, p in ((word.token, word.probability), *word.others)
        )
        columns = tuple(f"x{i + 1}" for i in range(self.image.shape[1]))
        pixels = tuple((str(y + 1), *row) for y, row in enumerate(self.image.tolist()))
        return (
            Table(("step", "word", "p", *units), tuple(rows)),
            Table(("step", "word", "p"), others, _("likeliest words")),
            Table(("row", *columns), pixels, _("pixels")),
        )

    def table_of(self, stage: int) -> Table:
        """The numbers of a stage of the encoder: a row for each row of each of its images."""
        planes = self.stages[stage]
        columns = tuple(f"x{i + 1}" for i in range(planes.values.shape[2]))
        rows = tuple(
            (str(n + 1), str(y + 1), *row)
            for n, plane in enumerate(planes.values.tolist())
            for y, row in enumerate(plane)
        )
        return Table(("image", "row", *columns), rows, planes.name)


class Picture(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="picture"):
    """A captioner before an image that the learner can draw on."""

    facts: ClassVar[Facts] = {**STEPS, "strokes": float, "caption": str}

    model: str
    scene: int = 0
    """Which image it begins with: an index among those that are held out, or where none are, learned from."""
    seed: int = 0
    """Draws the order in which the other scenes come."""
    step: int | None = None
    """Words that are written at first: 0 shows the image alone; all of them when it is not given."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why it cannot be shown: what is wrong, and how to mend it."""
        if self.seed < 0:
            return f"`seed` is {self.seed}", "write a seed of 0 or more"
        if self.step is not None and not 0 <= self.step <= LONGEST:
            return f"`step` is {self.step}", f"write a number from 0 to {LONGEST}"
        entry = models.get(self.model)
        if entry is None:
            return ("`scene` is below 0", "write an index from 0 on") if self.scene < 0 else None
        if entry.task != "caption":
            return (
                f'the model `{self.model}` has the task "{entry.task}", and captions nothing',
                'name a model with task = "caption"',
            )
        count = round(jobs.SCENES * entry.held_out) or jobs.SCENES
        if not 0 <= self.scene < count:
            return f"`scene` is {self.scene}", f"write a number from 0 to {count - 1}"
        return None

    def run(self, lab: Lab) -> PictureValues:
        """Look at the scene, and write."""
        train, held_out = lab.examples(self.model)
        scenes = tuple(held_out or train)
        if not 0 <= self.scene < len(scenes):
            raise ValueError(f"scene: got {self.scene}, expected 0 … {len(scenes) - 1}")
        return look(lab.captioner(self.model), scenes[self.scene][0], scenes)


def look(captioner: Captioner, image: Array, scenes: tuple[tuple[Array, tuple[str, ...]], ...]) -> PictureValues:
    """Everything between an image and the sentence that is written of it.

    Args:
        captioner: the network.
        image: (height, width).
        scenes: others to look at, with what they show.

    Raises:
        ValueError: an image of another shape, or not finite.
    """
    pixels = frozen(np.array(image, captioner.dtype))
    seen, h_0 = captioner.look(pixels[None])
    kernels = captioner.encoder.state_dict()["conv0.weight"][:, 0]
    stages = (
        Planes(_("conv 1: kernels"), frozen(kernels.copy())),
        Planes(_("conv 1: responses"), seen.maps[0][0]),
        Planes(_("conv 1: pooled"), seen.pooled[0][0]),
        Planes(_("conv 2: responses"), seen.maps[1][0]),
        Planes(_("conv 2: pooled"), seen.pooled[1][0]),
    )
    said = [word.token for word in captioner.caption(pixels, max_tokens=LONGEST)]
    vocabulary, model = captioner.vocabulary, captioner.model
    assert vocabulary.start is not None
    assert model.embedding is not None
    assert model.head is not None
    # The same sentence once more in one pass, for what was thought at each of its steps.
    read = [vocabulary.start, *(vocabulary.index(token) for token in said)]
    trace = model.net.forward(model.embedding.forward(read)[:, None], model.state(h_0, 1))
    states = trace.output[:, 0]
    ended = len(said) < LONGEST
    written = [*read[1:], vocabulary.end] if ended else read[1:]
    logits = model.head.scores(states[: len(written)]).astype(np.float64)
    logits[:, [0, vocabulary.start]] = -np.inf
    words = []
    for t, index in enumerate(written):
        assert index is not None
        p = distribution(logits[t])
        order = [int(i) for i in np.argsort(-p, kind="stable")[: OTHERS + 1]]
        others = [(vocabulary.tokens[i], float(p[i])) for i in order if p[i] > 0 and i != index]
        token = vocabulary.tokens[index]
        words.append(Word(token, float(p[index]), tuple(others[:OTHERS]), frozen(states[t].copy())))
    return PictureValues(captioner, scenes, pixels, stages, frozen(h_0[-1, 0].copy()), tuple(words), ended)
