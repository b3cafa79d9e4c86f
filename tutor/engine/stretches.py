"""How a pass is cut into stretches of steps, at the ends of its sequences and where something is set by hand; and what
one pass leaves for the next.

A ragged batch runs to its longest sequence's end, since one product for all sequences costs little more than for one.
What is computed beyond a sequence's end is thrown away, and 0 is recorded, before anyone can see it.
"""

from __future__ import annotations

from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.engine.checks import Array
from tutor.engine.steps import Backward, Maybe, rows
from tutor.engine.surgery import Plan
from tutor.engine.trace import Lengths, Record, beyond

_STRETCH = 128
"""Steps that a cell takes at a time with one sequence, in memory that stays near whatever T is; fewer with more."""
_LEAST = 32
"""The same for any number of sequences."""
_MOST_SPARE = 16
"""Kinds of pass whose memory is kept for the next."""
_LARGE = 1 << 19
"""Numbers, of which a pass needs some three times as many, past which its memory is not kept."""

Key = tuple[str, str, int, int]
"""Which way, which layer and direction, steps, sequences."""


class Spare:
    """What passes left behind: a cell's functions with their memory, made once for many passes.

    Who takes one out has it alone, so that two threads can read with one network at a time.

    Args:
        width: G·H, the numbers that a step of one sequence needs.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._lock = Lock()
        self._kept: dict[Key, Any] = {}

    def take(self, key: Key) -> Any:
        """What an earlier pass of this kind left, or None."""
        with self._lock:
            return self._kept.pop(key, None)

    def give(self, key: Key, what: Any) -> None:
        """Leave it for the next pass of this kind; not what is so large that to make it anew is little of the work."""
        _, _, steps, sequences = key
        if steps * sequences * self._width > _LARGE:
            return
        with self._lock:
            self._kept[key] = what
            if len(self._kept) > _MOST_SPARE:
                del self._kept[next(iter(self._kept))]


def ends_of(lengths: Any, T: int, B: int) -> Lengths:
    """(B,) steps in each sequence, or None where all have T."""
    if lengths is None:
        return None
    try:
        array = np.asarray(lengths)
    except ValueError:
        raise ValueError(f"lengths: got {lengths!r}, expected ({B},) whole numbers") from None
    if array.dtype.kind not in "iu":
        raise ValueError(f"lengths: got dtype {array.dtype}, expected whole numbers")
    if array.shape != (B,):
        raise ValueError(f"lengths: got shape {array.shape}, expected ({B},)")
    if array.min() < 1 or array.max() > T:
        raise ValueError(f"lengths: got {array.tolist()}, expected each from 1 to {T}")
    if (array == T).all():
        return None
    ends = array.astype(np.intp)
    ends.flags.writeable = False
    return ends


def begin(h: Array, c: Maybe, first: tuple[Maybe, Maybe], at: int, who: Any = ...) -> None:
    """The initial states of the sequences `who`, at a place in time."""
    h_0, c_0 = first
    h[at, who] = 0.0 if h_0 is None else h_0[who]
    if c is not None:
        c[at, who] = 0.0 if c_0 is None else c_0[who]


def erase(record: Record, ends: npt.NDArray[np.intp]) -> None:
    """Record 0 beyond each sequence's end: it may have overflowed there, and 0 times infinity is no 0."""
    over = beyond(ends, len(record.x))
    record.kept.swapaxes(1, 2)[over] = 0.0
    for states in (record.h, record.c):
        if states is not None:
            states[1:][over] = 0.0


def stretches_of(T: int, most: int) -> list[tuple[int, int]]:
    """[0, T) in pieces of no more than `most` steps each."""
    return [(start, min(start + most, T)) for start in range(0, T, most)]


def cut(stretch: tuple[int, int], ends: Lengths) -> list[tuple[int, int]]:
    """A stretch in pieces, cut where sequences end, or at other places."""
    if ends is None:
        return [stretch]
    start, end = stretch
    return list(pairwise(sorted({start, end, *(place for place in ends.tolist() if start < place < end)})))


def within(plan: Plan, stretch: tuple[int, int]) -> list[int]:
    """The steps of a stretch at which something is set by hand."""
    return [t for t in range(*stretch) if t in plan]


def apart(stretch: tuple[int, int], plan: Plan) -> list[tuple[int, int]]:
    """A stretch in pieces: each step at which something was set by hand alone."""
    alone = within(plan, stretch)
    return cut(stretch, np.array([place for t in alone for place in (t, t + 1)], np.intp)) if alone else [stretch]


def most(B: int) -> int:
    """Steps to take at a time with B sequences."""
    return max(_LEAST, _STRETCH // B)


def longest(stretches: list[tuple[int, int]]) -> int:
    """Room for the longest, and a little more, so that what was made for one length serves its neighbours."""
    return 1 << (max(end - start for start, end in stretches) - 1).bit_length()


def walk(back: Backward, first: int, dh: Array, dc: Array, d_output: Array, d_h: Array, reverse: bool) -> None:
    """Steps of a stretch from its `first` on, the one taken last first: fills d_h; dh and dc are of the step before."""
    if len(dh) == 1:
        dh, dc = dh[0], dc[0]
    steps = back.steps[first : first + len(d_h)]
    if not reverse:
        steps, d_output, d_h = steps[::-1], d_output[::-1], d_h[::-1]
    step = back.step
    for d_output_t, d_t, taken in zip(rows(d_output), rows(d_h), steps, strict=True):
        np.add(dh, d_output_t, d_t)
        step(d_t, dh, dc, taken)
