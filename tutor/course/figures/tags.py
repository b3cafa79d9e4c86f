"""The tags figure: what a network calls each word of a text, and how sure it is, step by step.

A model that tags says something of every word; one that classifies says one thing of the whole, which a model of one
direction has already on the way. Both are rows of the same kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tutor.course.entries import ModelEntry
from tutor.course.figures.facts import STEPS, Facts
from tutor.course.figures.table import Table
from tutor.course.figures.texts import step_beyond, tokens_of, unreadable
from tutor.course.lab import Lab
from tutor.course.measured import Found
from tutor.engine.checks import Array
from tutor.engine.model import Run
from tutor.i18n import _


class Sum(Struct, frozen=True):
    """How well the words up to a step are named."""

    right: int
    counted: int
    """Words of which the truth is known."""
    confidence: float
    """The mean probability of what is said."""
    unknown: int
    """Words that are not in the vocabulary."""


class Sentence(Struct, frozen=True):
    """A text whose answers are known."""

    words: tuple[str, ...]
    truth: tuple[str | None, ...]
    """One for each word; of a whole text, None but for the last."""


class TagsValues(Struct, frozen=True):
    """A run of a model with labels of its own, and the truth where it is known."""

    run: Run
    truth: tuple[str | None, ...] = ()
    """One for each word; () where nothing is known."""
    sentences: tuple[Sentence, ...] = ()
    """Others that can be read instead."""
    sentence: int | None = None
    """Which of them it is, from 0."""
    step: int | None = None
    """The word at which it is looked at first; the last when it is None."""
    before: tuple[str, ...] = ()
    """What each word was called in the text that this one was made of; () where the two do not match."""
    words_before: int = 0
    """How many words that text had, where it has another number of them, so that no tags are compared."""

    @property
    def whole(self) -> bool:
        """Whether there is one answer for the whole text, and none on the way."""
        return self.run.model.whole

    @property
    def answers(self) -> bool:
        """Whether it is the whole text that is named, and not each word."""
        return self.run.model.job == "classify"

    @property
    def probabilities(self) -> Array:
        """(T, V), or (1, V) where there is one answer for the whole."""
        found = self.run.probabilities
        assert found is not None
        return found

    def sum(self, position: int) -> Sum:
        """How well the first `position` words are named; of a whole text, what the answer of the last of them is."""
        _said, p, right, known = _read(self)
        if self.answers:
            at = -1 if self.whole else position - 1
            done = position == len(self.run.tokens) and position > 0
            counted = int(done and bool(self.truth) and self.truth[-1] is not None)
            sure = float(p[at]) if position and (done or not self.whole) else float("nan")
            return Sum(int(counted and right[-1]), counted, sure, int((~known[:position]).sum()))
        counts = np.array([t is not None for t in self.truth[:position]], bool)
        sure = float(p[:position].mean()) if position else float("nan")
        return Sum(int(right[:position].sum()), int(counts.sum()), sure, int((~known[:position]).sum()))

    def read(self, sentence: int) -> TagsValues:
        """The same model over another of its sentences."""
        chosen = self.sentences[sentence]
        return TagsValues(self.run.model.run(chosen.words), chosen.truth, self.sentences, sentence)

    def write(self, text: str) -> TagsValues:
        """The same model over a text of the learner's own; what a word was called before stands beside it.

        Raises:
            ValueError: there is nothing in it to read, or too much; in one line.
        """
        tokens = tokens_of(text, self.run.spec.unit)
        side_by_side = not self.answers and len(tokens) == len(self.run.tokens) and tokens != self.run.tokens
        before = tuple(self.run.model.labels[i] for i in _read(self)[0]) if side_by_side else ()
        count = 0 if side_by_side or self.answers or tokens == self.run.tokens else len(self.run.tokens)
        return TagsValues(self.run.model.run(tokens), sentences=self.sentences, before=before, words_before=count)

    @property
    def flipped(self) -> tuple[str, ...]:
        """The words that are called something else than before."""
        said = (self.run.model.labels[i] for i in _read(self)[0])
        return tuple(word for word, now, was in zip(self.run.tokens, said, self.before, strict=False) if now != was)

    def tables(self) -> tuple[Table, ...]:
        """A row for each word with every label's probability; then how well they are named."""
        return self.tables_of(len(self.run.tokens))

    def tables_of(self, position: int) -> tuple[Table, ...]:
        """Of the words up to a step."""
        labels = self.run.model.labels
        said, p, _right, known = _read(self)
        rows: list[tuple[str | float, ...]] = []
        for t in range(position):
            row = 0 if self.whole else t
            answered = not self.whole or t == len(self.run.tokens) - 1
            rows.append(
                (
                    str(t + 1),
                    self.run.tokens[t],
                    _("yes") if known[t] else _("no"),
                    *((labels[said[row]], float(p[row])) if answered else ("", "")),
                    (self.truth[t] or "") if self.truth else "",
                    *((self.before[t],) if self.before else ()),
                    *((float(v) for v in self.probabilities[row]) if answered else ("",) * len(labels)),
                )
            )
        columns = (
            _("step"),
            _("word"),
            _("known"),
            _("said"),
            "p",
            _("true"),
            *((_("before"),) if self.before else ()),
            *labels,
        )
        total = self.sum(position)
        about: tuple[tuple[str | float, ...], ...] = (
            (_("right"), float(total.right)),
            (_("of"), float(total.counted)),
            (_("confidence") if self.answers else _("mean confidence"), total.confidence),
            (_("words that are unknown"), float(total.unknown)),
        )
        return Table(columns, tuple(rows)), Table(("", _("value")), about, _("in all"))


@lru_cache(maxsize=4)
def _taken(run: Run, truth: tuple[str | None, ...]) -> tuple[Array, Array, Any, Any]:
    assert run.probabilities is not None
    said = run.probabilities.argmax(axis=1)
    p = run.probabilities[np.arange(len(said)), said].astype(np.float64)
    labels = run.model.labels
    # One answer for the whole is the last word's.
    at = said if len(said) == len(run.tokens) else np.repeat(said, len(run.tokens))
    right = np.array([t is not None and labels[i] == t for t, i in zip(truth, at, strict=False)], bool)
    return said, p, right, np.array(run.known, bool)


def _read(values: TagsValues) -> tuple[Array, Array, Any, Any]:
    """What is said of each word, how sure, whether it is right, and whether the word is known: once for a run."""
    return _taken(values.run, values.truth)


def tags_values(
    run: Run,
    *,
    truth: tuple[str | None, ...] = (),
    sentences: tuple[Sentence, ...] = (),
    sentence: int | None = None,
) -> TagsValues:
    """The values of a run.

    Raises:
        ValueError: a model without labels of its own, or a truth of another length.
    """
    if run.logits is None:
        raise ValueError(_("This model has no head: it names nothing until it is trained."))
    if run.model.job == "next":
        raise ValueError(_("This model says the next token, and has no labels of its own."))
    if truth and len(truth) != len(run.tokens):
        raise ValueError(f"truth: got {len(truth)}, expected {len(run.tokens)}, one for each word")
    return TagsValues(run, truth, sentences, sentence)


def sentences_of(items: tuple[Any, ...], *, answers: bool) -> tuple[Sentence, ...]:
    """Examples as a model's `encode` takes them, as sentences.

    Args:
        items: (words, tags), or (words, label).
        answers: whether a label is of the whole.
    """
    return tuple(
        Sentence(tuple(words), (*((None,) * (len(words) - 1)), wanted) if answers else tuple(wanted))
        for words, wanted in items
    )


class Tags(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="show", tag="tags"):
    """Words with their tags and per-step probabilities."""

    facts: ClassVar[Facts] = {**STEPS, "sentence": float}

    model: str
    text: str = ""
    """What to run; the model's own text when empty."""
    sentence: int | None = None
    """Which of the examples that were held out, from 0, instead of a text: its answers are known."""
    step: int | None = None
    """The word at which it opens, counted from 1; the last when not given."""

    def models(self) -> tuple[str, ...]:
        """The lesson's models that it needs."""
        return (self.model,)

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """Why the lesson's model cannot be shown so: what is wrong, and how to mend it."""
        entry = models.get(self.model)
        if entry is None:
            return None
        if entry.task not in ("tag", "classify"):
            return (
                f'the model `{self.model}` has the task "{entry.task}", and no labels of its own',
                'name one with the task "tag" or "classify"',
            )
        if self.sentence is None:
            bad = unreadable(self.model, entry, self.text)
            return bad or step_beyond(entry, self.text, self.step, 1)
        if self.text:
            return "`text` and `sentence` are both given", "write one of them"
        if self.step is not None and self.step < 1:
            return f"`step` is {self.step}", "write the number of a word, from 1 on, or leave it out for the last"
        if self.sentence < 0:
            return f"`sentence` is {self.sentence}", "write a number from 0"
        if not entry.held_out:
            return (
                f"`sentence` is one that is held out, and the model `{self.model}` holds none out",
                f"write held_out = 0.2 in [models.{self.model}], or `text` here",
            )
        return None

    def run(self, lab: Lab) -> TagsValues:
        """Run the model over the text, or over the sentence.

        Raises:
            ValueError: there are fewer sentences, or the sentence has fewer words than `step`.
        """
        answers = lab.entry(self.model).task == "classify"
        held_out = sentences_of(lab.examples(self.model)[1], answers=answers)
        if self.sentence is None:
            return replace(tags_values(lab.run(self.model, self.text), sentences=held_out), step=self.step)
        if self.sentence >= len(held_out):
            raise ValueError(f"`sentence` is {self.sentence}, and {len(held_out)} are held out, counted from 0")
        chosen = held_out[self.sentence]
        if self.step is not None and self.step > len(chosen.words):
            raise ValueError(f"`step` is {self.step}, and sentence {self.sentence} has {len(chosen.words)} words")
        run = lab.model(self.model).run(chosen.words)
        values = tags_values(run, truth=chosen.truth, sentences=held_out, sentence=self.sentence)
        return replace(values, step=self.step)
