"""A file that is read, and a network that learns from it: what runs in a thread, only values in, only values out.

Whatever is wrong with a file or a network must not take the screen with it: it is a word.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tutor.course.entries import LANGUAGE
from tutor.course.figures.training import Training, TrainingValues
from tutor.course.lab import Lab
from tutor.engine.text import clean, join, tokenize
from tutor.i18n import _
from tutor.sandbox import learning
from tutor.sandbox.corpora import Corpus, look
from tutor.sandbox.files import why
from tutor.sandbox.learning import NAME, Choices
from tutor.ui.figures.baselines import baseline_name

BASELINES = {
    "next-word": ("unigram", "bigram"),
    "next-character": ("unigram", "bigram"),
    "tag": ("majority", "most-frequent-tag"),
    "classify": ("majority",),
    "forecast": ("persistence",),
}
"""What a network is held against while it learns."""
PROMPT = {"words": 3, "characters": 12}
"""Tokens that it writes on from: what it writes is to be seen in a small window, too."""


class Learned(NamedTuple):
    """A network as far as it has learned."""

    lab: Lab
    options: Training
    values: TrainingValues
    """Its curve."""
    notes: tuple[str, ...]
    """What is left out of its file that was not said before."""
    stands: str = ""
    """How well it does beside guesses; of one that learns, that is not known yet."""


def read(path: Path) -> Corpus | str:
    """What a file holds, or why it cannot be used."""
    try:
        return look(path)
    except (ValueError, OSError) as error:
        return why(error)
    except Exception as error:
        return _("It could not be read: {e}").format(e=_wrong(error))


def learn(
    corpus: Corpus,
    choices: Choices,
    lab: Lab | None,
    cache: Path | None,
    tell: Callable[[Learned], None],
    stopped: Callable[[], bool],
) -> str:
    """Train a network, or go on, until its end or a stop; what went wrong, if anything did.

    Args:
        corpus: what it learns from.
        choices: what was chosen for it.
        lab: where it has learned before; None to begin.
        cache: where trained networks are kept.
        tell: takes what there is at every checkpoint.
        stopped: whether it is to stop; asked after each.
    """
    try:
        lab = lab or learning.lab(corpus, choices, cache=cache)
        options, notes = _curve(lab), _unsaid(corpus, lab)
        history = lab.history(NAME) if lab.begun(NAME) else ()
        with closing(lab.train(NAME)) as checkpoints:
            for checkpoint in checkpoints:
                history = (*history, checkpoint)
                tell(Learned(lab, options, options.measure(lab, history), notes))
                if stopped():
                    break
        tell(Learned(lab, options, options.run(lab), notes, _stands(lab)))
        return lab.cannot_save or ""
    except ValueError as error:
        return str(error)
    except Exception as error:
        return _("It could not be trained: {e}").format(e=_wrong(error))


def learned(corpus: Corpus, lab: Lab) -> Learned | str:
    """What has learned before, or why its curve cannot be drawn."""
    try:
        options = _curve(lab)
        return Learned(lab, options, options.run(lab), _unsaid(corpus, lab), _stands(lab))
    except Exception as error:
        return _("It could not be drawn: {e}").format(e=_wrong(error))


def _curve(lab: Lab) -> Training:
    """How a network learned, or learns: it writes on from the first words of the text, where it writes."""
    entry = lab.entry(NAME)
    begin = join(tokenize(entry.text, entry.unit)[: PROMPT[entry.unit]], entry.unit) if entry.task in LANGUAGE else ""
    return Training(
        model=NAME,
        baselines=BASELINES[entry.task],  # type: ignore[arg-type]
        measured="held_out",
        samples=begin,
        temperature=0.8 if begin else 0.0,
    )


def _unsaid(corpus: Corpus, lab: Lab) -> tuple[str, ...]:
    """What can only be said of a file when it is known what of it is learned from."""
    before = corpus.notes_for(lab.entry(NAME).task)
    return tuple(note for note in learning.notes(corpus, lab) if note not in before)


def _wrong(error: Exception) -> str:
    return clean(str(error)) or type(error).__name__


def _stands(lab: Lab) -> str:
    """How well it does, beside what guessing comes to."""
    found = learning.standing(lab)
    units = {"bits": _("bits a token"), "accuracy": _("right"), "error": _("mean absolute error")}
    value = _share if found.score.metric == "accuracy" else _amount
    unit = units.get(found.score.metric, found.score.metric)
    parts = [_("held out: {value} {unit}").format(value=value(found.score.value), unit=unit)]
    if found.perplexity is not None:
        parts.append(_("perplexity {value}").format(value=_amount(found.perplexity)))
    parts += [f"{baseline_name(kind)} {value(score.value)}" for kind, score in found.baselines if kind != "uniform"]
    return " · ".join(parts)


def _share(value: float) -> str:
    return f"{value:.0%}"


def _amount(value: float) -> str:
    """In three digits; what floats make of nothing is nothing."""
    return "∞" if value == math.inf else f"{value:.3g}" if abs(value) >= 1e-9 else "0"
