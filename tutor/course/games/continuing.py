"""Sequences of letters that a rule makes, to be continued: a small set of rules, the easiest first.

Any beginning can be continued anyhow. What is shown is long enough that of all the rules here, only one continuation
follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from string import ascii_uppercase

import numpy as np

from tutor.engine.model import Model
from tutor.engine.text import clean
from tutor.i18n import _

Parameters = tuple[int, ...]

LETTERS = ascii_uppercase
LIKELY = 3
"""Letters that are said of a model."""

_SHOWN = 24
"""The stream of a visit's seed."""


@dataclass(frozen=True)
class Rule:
    """A way to make a sequence."""

    level: int
    """How hard it is to find: 1, 2 or 3."""
    shown: int
    """Letters that are shown."""
    at: Callable[[Parameters, int], int]
    """The index in the alphabet of the letter at a place from 0; outside 0 … 25 there is none."""
    candidates: Callable[[], Iterator[Parameters]]
    """All its parameters, those too that leave the alphabet."""
    says: Callable[[Parameters], str]
    """The rule in words."""

    def letters(self, parameters: Parameters, count: int) -> str | None:
        """The first `count` letters; None where the alphabet ends before."""
        places = [self.at(parameters, i) for i in range(count)]
        return "".join(LETTERS[p] for p in places) if all(0 <= p < len(LETTERS) for p in places) else None


@dataclass(frozen=True)
class Sequel:
    """A sequence to continue."""

    rule: str
    shown: str
    answer: str
    says: str
    """The rule in words, for after."""


@dataclass(frozen=True)
class Round:
    """A sequence, continued."""

    sequel: Sequel
    typed: str
    models: Mapping[str, tuple[tuple[str, float], ...]]
    """What each model held likely, with its probabilities, the likeliest first; empty where it knows none of the
    letters."""

    @property
    def correct(self) -> bool:
        """Whether the learner was right."""
        return self.typed == self.sequel.answer


def label(rule: str) -> str:
    """What progress keeps a round as."""
    return f"continue {rule}"


def draw(rule: str, place: int, visit: int) -> Sequel:
    """A sequence of a rule.

    Args:
        rule: its name in `RULES`.
        place: which round it is, so that a rule that comes twice is not the same twice.
        visit: how many rounds were kept before.
    """
    found = RULES[rule]
    whole, rng = _candidates(rule), np.random.default_rng([visit, place, _SHOWN])
    letters = None
    while letters is None:
        # Those that leave the alphabet are drawn again: cheaper than to try them all.
        parameters = whole[int(rng.integers(len(whole)))]
        letters = found.letters(parameters, found.shown + 1)
    return Sequel(rule, letters[:-1], letters[-1], found.says(parameters))


def likely(model: Model, shown: str) -> tuple[tuple[str, float], ...]:
    """What a model of characters holds likely after some letters, in capitals; nothing where it knows none of them.

    Args:
        model: one that says the next character; it reads a capital as a small letter where it knows only that.
        shown: the letters.
    """
    run = model.run(tuple(shown))
    if not any(run.known):
        return ()
    return tuple((token.upper() if len(token) == 1 else token, p) for token, p in run.next(k=LIKELY))


def verdict(played: Round) -> str:
    """Whether it was right."""
    if played.correct:
        return _("{said} is right").format(said=played.typed)
    return _("{said} is not it, the rule gives {answer}").format(said=played.typed, answer=played.sequel.answer)


def likely_words(name: str, likely: Sequence[tuple[str, float]]) -> str:
    """What a model held likely."""
    if not likely:
        return _("{name} knows none of these letters").format(name=clean(name))
    said = ", ".join(f"{clean(token)} {p:.2f}" for token, p in likely)
    return _("{name} held likely: {said}").format(name=clean(name), said=said)


def in_all(rounds: Sequence[Round]) -> str:
    """How many were right, beside guessing."""
    right = sum(one.correct for one in rounds)
    said = _("{right} of {total} right; guessing any letter is right in 1 of {letters}.")
    return said.format(right=right, total=len(rounds), letters=len(LETTERS))


@cache
def _candidates(rule: str) -> tuple[Parameters, ...]:
    return tuple(RULES[rule].candidates())


def _over(*ranges: Sequence[int]) -> Callable[[], Iterator[Parameters]]:
    return lambda: product(range(len(LETTERS)), *ranges)


def _triangle(parameters: Parameters, i: int) -> int:
    start, k, span = parameters
    phase = i % (2 * span)
    return start + k * min(phase, 2 * span - phase)


def _block(parameters: Parameters, i: int) -> int:
    start, k = parameters
    number, seen = 0, 1
    while i >= seen:
        number += 1
        seen += number + 1
    return start + k * number


def _blocks() -> Iterator[Parameters]:
    for size in (2, 3):
        yield from permutations(range(len(LETTERS)), size)


def _anchored() -> Iterator[Parameters]:
    """An anchor that is none of the letters that walk."""
    for p in _over(range(len(LETTERS)), (1, 2, -1))():
        if p[0] not in [p[1] + p[2] * j for j in range(4)]:
            yield p


def _walk(k: int) -> str:
    return _("{k} on").format(k=k) if k > 0 else _("{k} back").format(k=-k)


RULES: dict[str, Rule] = {
    "repeat": Rule(
        level=1,
        shown=8,
        at=lambda p, i: p[i % len(p)],
        candidates=_blocks,
        says=lambda p: _("{block} again and again").format(block=" ".join(LETTERS[i] for i in p)),
    ),
    "step": Rule(
        level=1,
        shown=6,
        at=lambda p, i: p[0] + p[1] * i,
        candidates=_over((1, 2, 3, 4, -1, -2, -3)),
        says=lambda p: _("each letter is {walk} in the alphabet").format(walk=_walk(p[1])),
    ),
    "anchor": Rule(
        level=2,
        shown=7,
        at=lambda p, i: p[0] if i % 2 == 0 else p[1] + p[2] * (i // 2),
        candidates=_anchored,
        says=lambda p: _("every second letter is {letter}, those between go {walk}").format(
            letter=LETTERS[p[0]], walk=_walk(p[2])
        ),
    ),
    "there-and-back": Rule(
        level=2,
        shown=8,
        at=_triangle,
        candidates=_over((1, -1, 2), (2, 3)),
        says=lambda p: _("from {first} to {last} and back, again and again").format(
            first=LETTERS[p[0]], last=LETTERS[p[0] + p[1] * p[2]]
        ),
    ),
    "growing-blocks": Rule(
        level=2,
        shown=9,
        at=_block,
        candidates=_over((1, 2, -1)),
        says=lambda p: _("each letter stands once more often than the one before, and the next is {walk}").format(
            walk=_walk(p[1])
        ),
    ),
    "zigzag": Rule(
        level=3,
        shown=7,
        at=lambda p, i: p[0] + p[1] * ((i + 1) // 2) - p[2] * (i // 2),
        candidates=lambda: (p for p in _over((2, 3, 4, 5), (1, 2, 3))() if p[1] > p[2]),
        says=lambda p: _("{up} on, {down} back, in turn").format(up=p[1], down=p[2]),
    ),
    "interleaved": Rule(
        level=3,
        shown=7,
        at=lambda p, i: (p[0] + p[2] * (i // 2)) if i % 2 == 0 else (p[1] + p[3] * (i // 2)),
        candidates=_over(range(len(LETTERS)), (1, 2), (-1, -2)),
        says=lambda p: _("two sequences in turn: one goes {one}, the other {other}").format(
            one=_walk(p[2]), other=_walk(p[3])
        ),
    ),
    "growing-steps": Rule(
        level=3,
        shown=5,
        at=lambda p, i: p[0] + p[1] * sum(p[2] + j for j in range(i)),
        candidates=_over((1, -1), (1, 2)),
        says=lambda p: _("each step is one longer than the step before"),
    ),
}
"""The rules by name, the easiest first. All the parameters of one are as likely as one another."""
