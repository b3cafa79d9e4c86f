"""Probes that count: in a corpus, in a model, and what its training came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from tutor.course.entries import ModelEntry
from tutor.course.lab import Lab
from tutor.course.measured import Base, Found, Measured, no_added_word, number, the_word
from tutor.engine.captioner import Captioner
from tutor.engine.losses import bits
from tutor.engine.text import tokenize


class Count(Base, frozen=True, kw_only=True, tag="count"):
    """How many `parameters`, `units`, `vocabulary` entries, `W_h` matrices; or of `text`, see below.

    Its `steps` are its tokens, `known` are those that are in the vocabulary, and at `targets` of its steps the loss
    looks: of who says the next token at all, the end included; of a tagger at all; of who names the whole at one.
    An untrained model has neither an embedding nor a head: its parameters are the cell's alone.
    """

    model: str
    what: Literal["parameters", "vocabulary", "units", "W_h", "steps", "known", "targets"]
    text: str = ""

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """An untrained model has no vocabulary, and no loss; and what is of a text needs one."""
        entry = models.get(self.model)
        if self.what in ("vocabulary", "known", "targets") and entry is not None and not entry.trained:
            lacks = "loss" if self.what == "targets" else "vocabulary"
            what = f"the model `{self.model}` is untrained, and has no {lacks}"
            return what, f"give [models.{self.model}] a `task` and a `corpus`"
        if self.what == "targets" and entry is not None and entry.task in ("forecast", "caption"):
            return f'the model `{self.model}` has the task "{entry.task}", and reads no text', "name a model that does"
        return super().unfit(models) if self.what in ("steps", "known", "targets") else None

    def measure(self, lab: Lab) -> Measured:
        """Count."""
        count = self._count(lab)
        return Measured(count, float(count))

    def _count(self, lab: Lab) -> int:
        if self.what == "steps":
            return len(lab.tokens(self.model, self.text))
        if self.what == "units":
            return lab.entry(self.model).hidden
        if self.what == "targets":
            return self._targets(lab)
        if self.what in ("vocabulary", "known"):
            vocabulary = getattr(lab.learner(self.model), "vocabulary", None)
            if vocabulary is None:
                raise ValueError(f"the model `{self.model}` has no vocabulary; train it")
            if self.what == "vocabulary":
                return len(vocabulary)
            return sum(token in vocabulary for token in lab.tokens(self.model, self.text))
        model = lab.learner(self.model)
        if self.what == "parameters":
            return sum(int(array.size) for array in model.state_dict().values())
        hidden = lab.entry(self.model).hidden
        net = model.model.net if isinstance(model, Captioner) else model.net
        recurrent = net.state_dict().items()
        return sum(array.shape[0] // hidden for name, array in recurrent if name.startswith("weight_hh"))

    def _targets(self, lab: Lab) -> int:
        """As an example to learn from has them, whatever the names are."""
        model, tokens = lab.model(self.model), lab.tokens(self.model, self.text)
        name = model.labels[0]
        item: Any = {"classify": (tokens, name), "tag": (tokens, [name] * len(tokens))}.get(model.job, tokens)
        return sum(len(example.wanted) for example in model.encode([item]))


def continuations(lab: Lab, model: str, text: str, *, begins: bool = False) -> dict[str, int]:
    """What follows `text` in a corpus, in small letters, and how often: anywhere, or where a sequence begins so."""
    wanted = tuple(t.casefold() for t in lab.tokens(model, text))
    n = len(wanted)
    counts: dict[str, int] = {}
    for sequence in lab.corpus(model):
        folded = tuple(t.casefold() for t in sequence)
        for i in range(min(len(folded) - n, 1) if begins else len(folded) - n):
            if folded[i : i + n] == wanted:
                counts[folded[i + n]] = counts.get(folded[i + n], 0) + 1
    return counts


class _Corpus(Base, frozen=True, kw_only=True):
    model: str
    text: str = ""
    begins: bool = False

    of_corpus: ClassVar[bool] = True

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """There has to be a corpus to count in."""
        if self.model in models and not models[self.model].corpus:
            return (
                f"the model `{self.model}` has no corpus to count in",
                f"give [models.{self.model}] a `corpus`",
            )
        return super().unfit(models)

    def _continuations(self, lab: Lab) -> dict[str, int]:
        return continuations(lab, self.model, self.text, begins=self.begins)


class _CorpusWord(_Corpus, frozen=True, kw_only=True):
    word: str = ""

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """And a word to count."""
        return super().unfit(models) or no_added_word(self, models)

    def _word(self, lab: Lab) -> str:
        tokens = tokenize(the_word(self, lab), lab.entry(self.model).unit)
        if len(tokens) != 1:
            raise ValueError(f"`word` must be one token, got “{self.word}”")
        return tokens[0].casefold()


class CorpusCount(_CorpusWord, frozen=True, kw_only=True, tag="corpus_count"):
    """How often the model's corpus goes on from `text` with `word`; `begins = true`, where a sequence begins so.

    Without `word`, with the one that the model's `added` line goes on with.
    """

    def measure(self, lab: Lab) -> Measured:
        """Count."""
        count = self._continuations(lab).get(self._word(lab), 0)
        return Measured(count, float(count))


class CorpusTotal(_Corpus, frozen=True, kw_only=True, tag="corpus_total"):
    """How often the model's corpus goes on from `text` at all; `begins = true`, where a sequence begins so."""

    def measure(self, lab: Lab) -> Measured:
        """Count."""
        count = sum(self._continuations(lab).values())
        return Measured(count, float(count))


class CorpusShare(_CorpusWord, frozen=True, kw_only=True, tag="corpus_share"):
    """Of all the times that the corpus goes on from `text`, the part that goes on with `word`; see `corpus_count`."""

    def measure(self, lab: Lab) -> Measured:
        """A share of 1."""
        counts = self._continuations(lab)
        if not counts:
            raise ValueError(f"the corpus of `{self.model}` nowhere goes on from “{self.text}”")
        return number(counts.get(self._word(lab), 0) / sum(counts.values()))


class AddedWord(Base, frozen=True, kw_only=True, tag="added_word"):
    """The token that the model's `added` line, the learner's own where there is one, goes on with after `text`."""

    model: str
    text: str = ""

    words: ClassVar[bool] = True
    of_corpus: ClassVar[bool] = True
    word: ClassVar[str] = ""

    def unfit(self, models: Mapping[str, ModelEntry]) -> Found | None:
        """It has to go on from there."""
        return super().unfit(models) or no_added_word(self, models)

    def measure(self, lab: Lab) -> Measured:
        """Read it."""
        return Measured(the_word(self, lab), 1.0)


class FinalLoss(Base, frozen=True, kw_only=True, tag="final_loss"):
    """The loss at the end of training, in bits per token."""

    model: str

    head: ClassVar[bool] = True

    def measure(self, lab: Lab) -> Measured:
        """The last checkpoint's."""
        lab.learner(self.model)
        history = lab.history(self.model)
        if not history:
            raise ValueError(f"the model `{self.model}` has no training behind it")
        return number(bits(history[-1].loss))
