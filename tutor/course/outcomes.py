"""Probes of what a model has learned to do: how well it does it, and what it calls a text or a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tutor.course import scores
from tutor.course.entries import FARTHEST, NAMING, ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Base, Found, Measured, number, winner
from tutor.engine.text import tokenize


class _OnExamples(Base, frozen=True, kw_only=True):
    model: str
    where: scores.Where = "held_out"
    only: scores.Only = ""

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """There have to be examples, and words with tags where only some of them count."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if not entry.trained:
            return f"the model `{self.model}` is untrained, and has no examples", f"give [models.{self.model}] a `task`"
        if self.where == "held_out" and not entry.held_out:
            return (
                f"nothing is held out of the examples of the model `{self.model}`",
                f'write held_out = 0.2 in [models.{self.model}], or where = "train" here',
            )
        if self.only and entry.task != "tag":
            return (
                f'`only` picks among words with tags, and the task of `{self.model}` is "{entry.task}"',
                "drop `only`",
            )
        return None


class Score(_OnExamples, frozen=True, kw_only=True, tag="score"):
    """How well a model does its task, on what is held out or (`where = "train"`) on what it is trained on.

    The share that is right: of words (a tagger), of texts (who classifies or recalls), of captions to the last word. Of
    who says the next token, bits a token; of a forecast, the mean absolute error in the unit of its column. With
    `only = "ambiguous"`, of the words that are learned with two tags or more. Of who recalls, `at = 12` is the score at
    that distance, on 200 sequences drawn for it.
    """

    at: int | None = None

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """A distance is of a model that recalls, and `where` says nothing beside it."""
        entry = models.get(self.model)
        if self.at is None or entry is None:
            return super().unfit(models)
        if entry.task != "recall":
            return f'`at` is of the task "recall", and `{self.model}` has the task "{entry.task}"', "drop `at`"
        if not 0 <= self.at <= FARTHEST:
            return f"`at` is {self.at}", f"write a whole number from 0 to {FARTHEST}"
        if self.where == "train":
            return "`where` says nothing beside `at`, which draws sequences of its own", "drop one of the two"
        return None

    def measure(self, lab: Lab) -> Measured:
        """Over all of the examples."""
        if self.at is not None:
            return number(scores.recalled(lab, self.model, self.at))
        return number(scores.score(lab, self.model, self.where, only=self.only).value)


class Baseline(_OnExamples, frozen=True, kw_only=True, tag="baseline"):
    """How well the guess `of` does the task of a model, in the metric of `score` and on the same examples.

    It learns from what the model is trained on, and from nothing else.
    """

    of: scores.Kind

    of_corpus: ClassVar[bool] = True

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """It has to be one for the model's task."""
        entry = models.get(self.model)
        if entry is not None and entry.trained and entry.task not in scores.KINDS[self.of]:
            known = ", ".join(kind for kind, tasks in scores.KINDS.items() if entry.task in tasks)
            mend = f"write one of {known}" if known else "name a model with another task"
            return f'"{self.of}" is no baseline of the task "{entry.task}"', mend
        return super().unfit(models)

    def measure(self, lab: Lab) -> Measured:
        """Learn it, and ask it."""
        return number(scores.baseline(lab, self.model, self.of, self.where, only=self.only).value)


class _Named(Base, frozen=True, kw_only=True):
    model: str
    text: str = ""
    step: int = 0

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """The model has to have labels; and of a tagger's words, one has to be chosen."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if entry.task not in NAMING:
            return _no_labels(self.model, entry, NAMING)
        if entry.task == "tag" and not self.step:
            return f"the model `{self.model}` has a tag for each word", "write step = 1 for the first, or another"
        if self.step and entry.task != "tag" and entry.bidirectional:
            what = f"the model `{self.model}` reads both ways, and has no label before it has read it all"
            return what, "drop `step`"
        return super().unfit(models)

    def _probabilities(self, lab: Lab) -> dict[str, float]:
        return dict(zip(lab.model(self.model).labels, _shares(lab, self.model, self.text, self.step), strict=True))


def _no_labels(model: str, entry: ModelEntry, tasks: tuple[str, ...]) -> Found:
    known = " or ".join(f'"{task}"' for task in tasks)
    return f'the model `{model}` has the task "{entry.task}", expected {known}', f"name a model with the task {known}"


def _shares(lab: Lab, model: str, text: str, step: int) -> NDArray[np.float64]:
    """How likely each label is at a step from 1, or (0) at the end."""
    rows = _all_shares(lab, model, text)
    if not 0 <= step <= len(rows):
        raise ValueError(f"step {step} is not among the {len(rows)} steps of the text; steps count from 1")
    row: NDArray[np.float64] = rows[step - 1]
    return row


def _all_shares(lab: Lab, model: str, text: str) -> NDArray[np.float64]:
    """(T, labels), in float64; (1, labels) where both directions name the whole."""
    run = lab.run(model, text)
    if run.logits is None or run.model.job == "next":
        raise ValueError(f"the model `{model}` has no labels of its own")
    scored = run.logits.astype(np.float64)
    shares = np.exp(scored - scored.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


class Label(_Named, frozen=True, kw_only=True, tag="label"):
    """What a model calls `text`, or (a tagger) its word at `step`, from 1; `{value}` is how likely it is.

    Who classifies in one direction has a label after each word, too: `step` is how many it has read.
    """

    words: ClassVar[bool] = True
    picks: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """The likeliest."""
        found = self._probabilities(lab)
        return winner(list(found), list(found.values()), 1)


class LabelProbability(_Named, frozen=True, kw_only=True, tag="label_probability"):
    """How likely the label `label` is, of `text` or of its word at `step`; see `label`."""

    label: str

    def measure(self, lab: Lab) -> Measured:
        """The softmax's entry."""
        found = self._probabilities(lab)
        if self.label not in found:
            raise ValueError(f"the model `{self.model}` has no label “{self.label}”; it has {', '.join(found)}")
        return number(found[self.label])


class Flips(Base, frozen=True, kw_only=True, tag="flips"):
    """At how many words two texts of as many words are tagged differently."""

    model: str
    texts: tuple[str, str]

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """A tagger, and two texts that can be laid side by side."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if entry.task != "tag":
            return _no_labels(self.model, entry, ("tag",))
        lengths = [len(tokenize(text, entry.unit)) for text in self.texts]
        if 0 in lengths:
            return "one of the two `texts` has no word", "write a sentence"
        if lengths[0] != lengths[1]:
            return f"the `texts` have {lengths[0]} and {lengths[1]} words", "write two of as many words"
        return None

    def measure(self, lab: Lab) -> Measured:
        """Lay one beside the other; it is as sure as the least sure of all these tags."""
        first, second = (_all_shares(lab, self.model, text) for text in self.texts)
        if len(first) != len(second):
            raise ValueError(f"the texts have {len(first)} and {len(second)} words, expected as many of both")
        count = int((first.argmax(axis=1) != second.argmax(axis=1)).sum())
        # What is the same in both, as all that one direction reads before the first other word, cannot turn the count.
        other = np.concatenate([rows[(first != second).any(axis=1)] for rows in (first, second)])
        if not other.size or other.shape[1] < 2:
            return Measured(count, float(count))
        ordered = np.sort(other, axis=1)
        best, runner_up = ordered[:, -1], ordered[:, -2]
        least = int((1 - runner_up / best).argmin())
        return Measured(count, float(count), float(best[least] - runner_up[least]), float(best[least]))
