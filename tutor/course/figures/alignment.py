"""Which steps of two or three texts stand beside each other.

By number, from the end, or by the shortest edit: as many equal tokens meet as can.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from tutor.engine.interrupt import look_up

Numbers = npt.NDArray[np.int64]
Align = Literal["step", "end", "edit"]
Pair = tuple[int | None, ...]
"""A row: the step of each run that is in it, from 0."""

MOST_MOVES = 2**25
"""Pairs of words up to which the shortest edit is looked for: between two texts of 5,800 words that share no end."""
_MEETS, _GOES, _COMES = range(3)
"""Two tokens on one row; one of the first text alone; one of the other alone."""


def aligned(texts: tuple[tuple[str, ...], ...], align: Align) -> tuple[Pair, ...]:
    """Rows of steps: of each text every step, once and in order.

    Args:
        texts: the tokens of each.
        align: "step" by number; "end" so that the last ones meet; "edit" so that as many equal tokens as
            can meet the first text's.
    """
    if align != "edit":
        longest = max(map(len, texts))
        shift = [longest - len(text) if align == "end" else 0 for text in texts]
        return tuple(
            tuple(k - by if 0 <= k - by < len(text) else None for text, by in zip(texts, shift, strict=True))
            for k in range(longest)
        )
    first, *others = texts
    # For each other text: what meets each step of the first, and what comes in before it.
    scripts = [_script(first, other) for other in others]
    rows: list[Pair] = []
    for at in range(len(first) + 1):
        news = [coming[at] for _meets, coming in scripts]
        for k in range(max(map(len, news), default=0)):
            rows.append((None, *(new[k] if k < len(new) else None for new in news)))
        if at < len(first):
            rows.append((at, *(meets[at] for meets, _coming in scripts)))
    return tuple(rows)


def _script(first: tuple[str, ...], other: tuple[str, ...]) -> tuple[list[int | None], list[list[int]]]:
    """What of another text meets each step of the first, and what comes in before each step and after the last."""
    meets: list[int | None] = [None] * len(first)
    coming: list[list[int]] = [[] for _at in range(len(first) + 1)]
    i = j = 0
    for move in reversed(list(_moves(first, other))):
        if move == _MEETS:
            meets[i] = j
        elif move == _COMES:
            coming[i].append(j)
        i, j = i + (move != _COMES), j + (move != _GOES)
    return meets, coming


def _moves(first: tuple[str, ...], other: tuple[str, ...]) -> Iterator[int]:
    """The shortest edit of one text to another, from its end: as many equal tokens meet as can, on as few rows.

    Wagner & Fischer 1974, where one word in the place of another costs a little less than that it goes and one comes.
    """
    same_ends = _common(first[::-1], other[::-1])
    yield from [_MEETS] * same_ends
    n, m = len(first) - same_ends, len(other) - same_ends
    same_starts = _common(first[:n], other[:m])
    words: dict[str, int] = {}
    a, b = (
        np.array([words.setdefault(token, len(words)) for token in text[same_starts:end]], np.int64)
        for text, end in ((first, n), (other, m))
    )
    if a.size * b.size > MOST_MOVES:
        # Too long to look for it: they meet by number.
        yield from [_GOES] * max(a.size - b.size, 0) + [_COMES] * max(b.size - a.size, 0)
        yield from [_MEETS] * min(a.size, b.size)
    else:
        yield from _edit(a, b)
    yield from [_MEETS] * same_starts


def _edit(a: Numbers, b: Numbers) -> Iterator[int]:
    """The moves between two texts of numbered words, from their end."""
    # No number of words in another's place is dearer than one that goes or comes.
    step = a.size + b.size + 1
    places = step * np.arange(b.size + 1)
    costs = places
    moves = np.empty((a.size, b.size + 1), np.int8)
    for i, word in enumerate(a):
        look_up()
        gone, met = costs + step, costs[:-1] + np.where(b == word, 0, 2 * step - 1)
        # What comes in costs a step for each: the cheapest place to come in from.
        costs = np.minimum.accumulate(np.r_[gone[0], np.minimum(gone[1:], met)] - places) + places
        # Where two are as short, what is more of either stands behind what meets.
        moves[i] = np.where(costs == gone, _GOES, _MEETS)
        moves[i, 1:][costs[1:] == costs[:-1] + step] = _COMES
    i, j = a.size, b.size
    while i or j:
        move = _COMES if not i else _GOES if not j else int(moves[i - 1, j])
        yield move
        i, j = i - (move != _COMES), j - (move != _GOES)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many tokens two texts begin with alike."""
    return next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
