"""Seeded synthetic tasks: what a memory is tried on, by a network or by hand.

Each is exact: what is to be said follows from what was shown, what is shown is drawn from the seed alone, and the same
seed gives the same bytes. `chance` is derived, not measured: what the best answer earns that looks at nothing.

A seed is a whole number, or several: a training draws batch number `step` with `seed=(seed, step)`, so that no two runs
share a batch. (With `seed + step`, run 1 would see the batches of run 0, one step earlier.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import whole

Indices = npt.NDArray[np.int64]
Seed = int | tuple[int, ...]

BLANK = "_"
"""Nothing is shown."""
CUE = "?"
"""Now answer."""

_ALPHABET, _RECALL, _COPY, _ADDING, _N_BACK = range(11, 16)
"""Each task has its own stream, so that one seed does not show two tasks the same draws."""


@dataclass(frozen=True, eq=False)
class TokenBatch:
    """B sequences of symbols, and what is to be answered at which steps. Arrays are read-only."""

    inputs: Indices
    """(T, B) indices into `symbols`; 0 beyond a sequence's end."""
    targets: Indices
    """(T, B) indices into `answers`; 0 where a step does not count."""
    mask: npt.NDArray[np.bool_]
    """(T, B) True where a step counts."""
    lengths: npt.NDArray[np.intp]
    """(B,) steps in each sequence."""
    symbols: tuple[str, ...]
    """What is shown, as a person reads it."""
    answers: tuple[str, ...]
    """What can be said."""
    chance: float
    """The accuracy of the best answer that looks at nothing."""

    def __post_init__(self) -> None:
        for array in (self.inputs, self.targets, self.mask, self.lengths):
            array.setflags(write=False)

    def items(self) -> list[tuple[tuple[str, ...], tuple[str | None, ...]]]:
        """Each sequence in letters: what is shown, and what is to be said at each step, None where nothing is."""
        found = []
        inputs, masks, targets = self.inputs.T.tolist(), self.mask.T.tolist(), self.targets.T.tolist()
        for length, read, counts, wanted in zip(self.lengths.tolist(), inputs, masks, targets, strict=True):
            shown = tuple([self.symbols[i] for i in read[:length]])
            said = zip(wanted[:length], counts[:length], strict=True)
            found.append((shown, tuple([self.answers[i] if c else None for i, c in said])))
        return found


@dataclass(frozen=True, eq=False)
class ValueBatch:
    """B sequences of numbers, and the number that is to be said after the last step. Arrays are read-only."""

    inputs: npt.NDArray[np.float64]
    """(T, B, D)"""
    targets: npt.NDArray[np.float64]
    """(B,)"""
    chance: float
    """The mean squared error of the best constant answer."""

    def __post_init__(self) -> None:
        for array in (self.inputs, self.targets):
            array.setflags(write=False)

    def items(self) -> list[tuple[npt.NDArray[np.float64], float]]:
        """Each sequence (T, D) with its number."""
        return [(self.inputs[:, b], float(target)) for b, target in enumerate(self.targets)]


def alphabet(
    letters: Sequence[str] = ascii_lowercase, *, backwards: float = 0.0, batch_size: int, seed: Seed
) -> TokenBatch:
    """Say the next letter at every step: T = L − 1 of L letters.

    One direction alone needs no memory: a letter tells the next. With both, it tells it only to who knows the
    direction; who sees one letter at a time is right in (1 + (L − 2)·max(p, 1 − p)) / (L − 1) of the steps, where p is
    the share of backward sequences.

    Args:
        letters: in their order, at least 3, all different.
        backwards: the share of sequences that run from the last letter to the first. Where it falls between two whole
            numbers of sequences, the seed decides with the odds that keep the share over many batches: 5% of a batch of
            4 is one sequence in every fifth batch.
        batch_size: B.
        seed: decides which sequences run backwards.

    Raises:
        ValueError: fewer than 3 letters, one that is there twice, a share outside [0, 1], a size or seed out of bounds.
    """
    symbols = _different(letters, 3)
    share = _share("backwards", backwards)
    rng, B = _rng(seed, _ALPHABET), whole("batch_size", batch_size)
    reverse = rng.permutation(B) < math.floor(share * B + rng.random())
    forward = np.arange(len(symbols), dtype=np.int64)[:, None]
    order = np.where(reverse, forward[::-1], forward)
    # The middle letters are said once in every sequence, the two ends at most once: any of the middle ones is best.
    return _whole_sequences(order[:-1].copy(), order[1:].copy(), 0, symbols, symbols, 1 / (len(symbols) - 1))


def recall(
    distance: int,
    symbols: int = 8,
    *,
    distractors: int = 8,
    shortest: int | None = None,
    batch_size: int,
    seed: Seed,
) -> TokenBatch:
    """Say, at the cue, the symbol that was shown first: `C h a e ?` → `C`. T = distance + 2.

    What is to be kept has capital letters, what lies between has small ones. The two share no letter, so that no
    distractor says anything about the answer and chance is exactly 1 / symbols. A form in symbols of the latching
    problem (Bengio, Simard & Frasconi 1994, "Learning long-term dependencies with gradient descent is difficult").

    Args:
        distance: distractors between the symbol and the cue.
        symbols: how many symbols there are to be told apart, 2 to 26.
        distractors: how many different ones there are, 1 to 26.
        shortest: each sequence draws its own distance, uniform in `shortest` … `distance`; all the same when None.
        batch_size: B.
        seed: draws symbols, distractors and distances.

    Raises:
        ValueError: an argument out of bounds.
    """
    least = whole("distance", distance, 0) if shortest is None else whole("shortest", shortest, 0)
    T = whole("distance", distance, least) + 2
    clues = _first(ascii_uppercase, "symbols", symbols, 2)
    shown = (*clues, *_first(ascii_lowercase, "distractors", distractors, 1), CUE)
    rng, B = _rng(seed, _RECALL), whole("batch_size", batch_size)
    asked = rng.integers(len(clues), size=B)
    inputs = rng.integers(len(clues), len(shown) - 1, (T, B))
    lengths = rng.integers(least + 2, T, B, endpoint=True)
    step = np.arange(T)[:, None]
    mask = step == lengths - 1
    inputs[0] = asked
    inputs[mask] = len(shown) - 1
    inputs[step >= lengths] = 0
    return TokenBatch(inputs, asked * mask, mask, lengths.astype(np.intp), shown, clues, 1 / len(clues))


def copy(length: int, blanks: int, symbols: int = 8, *, batch_size: int, seed: Seed) -> TokenBatch:
    """Say, after the cue, all that was shown, in order: `A B _ _ ? _ _` → `A B`. T = 2·length + blanks + 1.

    The copy task of Arjovsky, Shah & Bengio (2016, "Unitary evolution recurrent neural networks"), after Hochreiter &
    Schmidhuber (1997). Theirs has 10 of 8 symbols; their T is `blanks` + 1. They count every step, and have blanks said
    until the cue; here only the last `length` steps count.

    Args:
        length: symbols to be kept.
        blanks: steps between them and the cue.
        symbols: how many different ones there are, 2 to 26.
        batch_size: B.
        seed: draws the symbols.

    Raises:
        ValueError: an argument out of bounds.
    """
    length = whole("length", length)
    cue = length + whole("blanks", blanks, 0)
    names = _first(ascii_uppercase, "symbols", symbols, 2)
    rng, B = _rng(seed, _COPY), whole("batch_size", batch_size)
    kept = rng.integers(len(names), size=(length, B))
    inputs = np.full((cue + 1 + length, B), len(names), np.int64)
    inputs[:length] = kept
    inputs[cue] = len(names) + 1
    targets = np.zeros_like(inputs)
    targets[-length:] = kept
    return _whole_sequences(inputs, targets, cue + 1, (*names, BLANK, CUE), names, 1 / len(names))


def adding(T: int, *, batch_size: int, seed: Seed) -> ValueBatch:
    """Say, after the last step, the sum of the two numbers that were marked.

    Channel 0 of `inputs` (T, B, 2) is uniform in [0, 1); channel 1 is 1 at the two marks, one in the first half and one
    in the second, and 0 elsewhere. Experiment 4 of Hochreiter & Schmidhuber (1997, "Long short-term memory") in the
    form of Arjovsky, Shah & Bengio (2016). The best constant is 1, and its error is the variance of the sum of two
    independent uniform numbers: 2 · 1/12 = 1/6.

    Args:
        T: steps, at least 2; of an odd number the second half has one more.
        batch_size: B.
        seed: draws numbers and marks.

    Raises:
        ValueError: an argument out of bounds.
    """
    T = whole("T", T, 2)
    rng, B = _rng(seed, _ADDING), whole("batch_size", batch_size)
    inputs = np.zeros((T, B, 2))
    inputs[:, :, 0] = rng.random((T, B))
    first, second = rng.integers(T // 2, size=B), rng.integers(T // 2, T, B)
    each = np.arange(B)
    inputs[first, each, 1] = inputs[second, each, 1] = 1.0
    return ValueBatch(inputs, inputs[first, each, 0] + inputs[second, each, 0], 1 / 6)


def n_back(
    n: int, T: int, letters: Sequence[str] = "ABCDEFGH", *, matches: float = 0.3, batch_size: int, seed: Seed
) -> TokenBatch:
    """Say at each step from n on (the first is step 0) whether the letter is the same as n steps before.

    After Kirchner (1958, "Age differences in short-term retention of rapidly changing information"). Every sequence has
    the same number of matches, at steps drawn without a preference, and none by accident: elsewhere the letter is any
    but the one n steps before. Every letter is as likely at every step, and says nothing by itself.

    Args:
        n: how far back.
        T: steps, more than n.
        letters: at least 2, all different.
        matches: the share of the T − n steps that count which are matches, rounded to whole steps.
        batch_size: B.
        seed: draws letters and matches.

    Raises:
        ValueError: fewer than 2 letters, one that is there twice, a share outside [0, 1], a number out of bounds.
    """
    n = whole("n", n)
    T = whole("T", T, n + 1)
    symbols = _different(letters, 2)
    count = round(_share("matches", matches) * (T - n))
    rng, B = _rng(seed, _N_BACK), whole("batch_size", batch_size)
    same = rng.permuted(np.repeat(np.arange(T - n)[:, None] < count, B, axis=1), axis=0)
    inputs = rng.integers(len(symbols), size=(T, B))
    # A step of 1 … L − 1 around the circle of letters reaches every other letter, and never the one it left.
    away = np.where(same, 0, rng.integers(1, len(symbols), (T - n, B)))
    for t in range(n, T):
        inputs[t] = (inputs[t - n] + away[t - n]) % len(symbols)
    targets = np.zeros_like(inputs)
    targets[n:] = same
    chance = max(count, T - n - count) / (T - n)
    return _whole_sequences(inputs, targets, n, symbols, ("different", "same"), chance)


def _whole_sequences(
    inputs: Indices, targets: Indices, start: int, symbols: tuple[str, ...], answers: tuple[str, ...], chance: float
) -> TokenBatch:
    """A batch whose sequences all have T steps, of which those from `start` on count."""
    T, B = inputs.shape
    mask = np.zeros((T, B), np.bool_)
    mask[start:] = True
    return TokenBatch(inputs, targets, mask, np.full(B, T, np.intp), symbols, answers, chance)


def _different(letters: Sequence[str], least: int) -> tuple[str, ...]:
    symbols = tuple(letters)
    if len(symbols) < least or len(set(symbols)) < len(symbols):
        raise ValueError(f"letters: got {letters!r}, expected at least {least}, all different")
    return symbols


def _first(letters: str, name: str, count: int, least: int) -> tuple[str, ...]:
    """The first `count` letters."""
    if whole(name, count, least) > len(letters):
        raise ValueError(f"{name}: got {count}, expected a whole number from {least} to {len(letters)}")
    return tuple(letters[:count])


def _share(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: got {value!r}, expected a number from 0 to 1")
    return float(value)


def _rng(seed: Seed, stream: int) -> np.random.Generator:
    parts = seed if isinstance(seed, tuple) else (seed,)
    # The stream comes last: NumPy takes [5] and [5, 0] for the same seed, and it is never 0.
    return np.random.default_rng([*(whole("seed", part, 0) for part in parts), stream])
