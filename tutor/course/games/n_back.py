"""The n-back game: letters at a pace, and a key where one is the same as n before.

Scored as a detection: hits and false alarms apart, so that pressing always, or never, is seen for what it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from tutor.engine.tasks import n_back

_SHOWN = 23
"""The stream of a visit's seed."""


@dataclass(frozen=True)
class Score:
    """How an n-back went, over the letters that count: those from n on."""

    hits: int
    """Matches that were seen."""
    misses: int
    """Matches that were not."""
    false_alarms: int
    """Presses where there was no match."""
    rejections: int
    """Letters that were no match and were left alone."""

    @property
    def counted(self) -> int:
        """Letters that count."""
        return self.hits + self.misses + self.false_alarms + self.rejections

    @property
    def right(self) -> int:
        """Letters that were answered right."""
        return self.hits + self.rejections

    @property
    def share(self) -> float:
        """The part that was answered right."""
        return self.right / self.counted

    @property
    def chance(self) -> float:
        """The share of whoever always gives the commoner answer, and looks at nothing."""
        matches = self.hits + self.misses
        return max(matches, self.counted - matches) / self.counted

    @property
    def d_prime(self) -> float:
        """d′ = z(hit rate) − z(false alarm rate): 0 where matches and others are pressed alike.

        Log-linear (Hautus 1995), so that rates of 0 and 1 stay finite: one case more that is pressed and one that is
        not, shared between matches and others as all cases are. So who never presses, or always, has 0.
        """
        z = NormalDist().inv_cdf
        matches, others = self.hits + self.misses, self.false_alarms + self.rejections
        a, b = matches / self.counted, others / self.counted
        if not matches or not others:
            return 0.0
        return z((self.hits + a) / (matches + 2 * a)) - z((self.false_alarms + b) / (others + 2 * b))


def label(n: int, score: Score) -> str:
    """What progress keeps a round as."""
    return f"{n}-back {score.right}/{score.counted}"


def draw(n: int, length: int, visit: int) -> tuple[tuple[str, ...], tuple[bool | None, ...]]:
    """The letters, and for each whether it is the same as n before; None for the first n.

    Args:
        n: how far back.
        length: letters in all, more than n.
        visit: how many rounds were kept before; another number draws other letters.
    """
    ((shown, said),) = n_back(n, length, batch_size=1, seed=(visit, n, _SHOWN)).items()
    return shown, tuple(None if answer is None else answer == "same" for answer in said)


def score(same: Sequence[bool | None], pressed: Collection[int]) -> Score:
    """Count.

    Args:
        same: for each letter whether it is a match; None where it does not count.
        pressed: the places, from 0, at which the key was pressed; those that do not count are passed over.
    """
    pairs = [(match, place in pressed) for place, match in enumerate(same) if match is not None]
    return Score(
        hits=pairs.count((True, True)),
        misses=pairs.count((True, False)),
        false_alarms=pairs.count((False, True)),
        rejections=pairs.count((False, False)),
    )
