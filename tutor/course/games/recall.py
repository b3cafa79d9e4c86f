"""The game of recall: symbols one after another, and at the cue the first of them is asked for.

The learner has one sequence a distance. The models read the very same one, and a hundred others of that distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tutor.engine.model import Model
from tutor.engine.tasks import TokenBatch, recall

TRIALS = 100
"""Sequences of one distance that a model is tried on."""
SOLVED = 0.9
"""The share of them that it has right where it solves the distance."""

_SHOWN, _TRIED = 21, 22
"""Streams of a visit's seed: what the learner is shown, and what the models are tried on."""


@dataclass(frozen=True)
class Recalled:
    """What a model made of a round."""

    answer: str
    """Its likeliest symbol, for the sequence that the learner saw."""
    probability: float
    """What it gave to that symbol."""
    share: float
    """Of `TRIALS` sequences of the same distance, the part that it has right."""


@dataclass(frozen=True)
class Round:
    """One distance, played."""

    distance: int
    answer: str
    """The symbol that came first."""
    typed: str
    """What the learner said."""
    right: int
    """How often the learner was right at this distance, in this round and those before."""
    tries: int
    """Of how many."""
    models: Mapping[str, Recalled]

    @property
    def correct(self) -> bool:
        """Whether the learner was right."""
        return self.typed == self.answer


def label(distance: int) -> str:
    """What progress keeps a round as."""
    return f"recall {distance}"


def draw(distance: int, symbols: int, visit: int) -> tuple[tuple[str, ...], str]:
    """The sequence of a round, its cue last, and the symbol that it begins with.

    Args:
        distance: distractors between the symbol and the cue.
        symbols: how many there are to be told apart.
        visit: how many rounds were kept before; another number draws another sequence.
    """
    ((shown, said),) = recall(distance, symbols, batch_size=1, seed=(visit, distance, _SHOWN)).items()
    answer = said[-1]
    assert answer is not None
    return shown, answer


def trials(distance: int, symbols: int, visit: int) -> TokenBatch:
    """`TRIALS` sequences of one distance, none of them drawn as the learner's is."""
    return recall(distance, symbols, batch_size=TRIALS, seed=(visit, distance, _TRIED))


def recalled(model: Model, shown: Sequence[str], tried: TokenBatch) -> Recalled:
    """Run a model over what the learner saw, and over the trials.

    Args:
        model: one that classifies, with the symbols for labels.
        shown: the tokens that the learner saw.
        tried: sequences to measure its share on.

    Raises:
        ValueError: a model without a head, or without one of the symbols.
    """
    ((answer, probability),) = model.run(shown).next(k=1)
    measured = model.measure(model.encode([(tokens, said[-1]) for tokens, said in tried.items()]))
    return Recalled(answer, probability, measured.metric)


def longest(rounds: Iterable[Round], model: str | None = None) -> int | None:
    """The longest distance that was solved; None where none was.

    Args:
        rounds: those that were played.
        model: whose; the learner's when None, who solves a distance by being right in its round.
    """
    solved = [
        one.distance
        for one in rounds
        if (one.correct if model is None else model in one.models and one.models[model].share >= SOLVED)
    ]
    return max(solved, default=None)
