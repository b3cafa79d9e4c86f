"""What the cells have in common: what a step is handed, how it is taken, and the products and views that it is made of.

Shapes: S steps, B batch, H hidden_size, D input_size, G the number of stacked blocks of a weight matrix, in PyTorch's
order. Products want a row for each sequence, (B, G·H); everything else wants a gate's numbers side by side, (G, B, H),
where one call does as much as four. With one sequence the two are the same, and B is dropped.

What a step costs is its number of NumPy calls, about 0.25 µs each. The views that it works on cost as much as a call,
so they are made once, over the memory of a few steps that is used again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy import add

from tutor.engine.checks import Array
from tutor.engine.memory import aligned

Maybe = Array | None
"""What belongs to c, or to biases: an array, or None where there is none."""


class Weights(NamedTuple):
    """One layer's weights in one direction, as PyTorch names and stacks them."""

    ih: Array
    """W_ih: (G·H, D)."""
    hh: Array
    """W_hh: (G·H, H)."""
    b_ih: Maybe
    """(G·H,)"""
    b_hh: Maybe
    """(G·H,)"""

    def bias(self, out: Array, known: int | None = None) -> None:
        """b_ih + b_hh, of b_hh the first `known` alone; 0 where there are none."""
        if self.b_ih is None or self.b_hh is None:
            out[:] = 0.0
        elif known is None:
            add(self.b_ih, self.b_hh, out)
        else:
            add(self.b_ih[:known], self.b_hh[:known], out[:known])
            out[known:] = self.b_ih[known:]


class Past(NamedTuple):
    """What was recorded of some steps, each with what it found."""

    h_: Array
    """h₋: (S, B, H)."""
    h: Array
    """(S, B, H)"""
    c_: Maybe
    """c₋: (S, B, H), of the LSTM."""
    kept: Array
    """(S, n, B, H): a block for each of the cell's letters in `kept`."""

    def between(self, start: int, end: int) -> Past:
        """Some of the steps."""
        c_ = None if self.c_ is None else self.c_[start:end]
        return Past(self.h_[start:end], self.h[start:end], c_, self.kept[start:end])

    def astype(self, dtype: type[np.floating[Any]]) -> Past:
        """In another precision."""
        c_ = None if self.c_ is None else self.c_.astype(dtype)
        return Past(self.h_.astype(dtype), self.h.astype(dtype), c_, self.kept.astype(dtype))


class Step(NamedTuple):
    """One step as it was recorded, in views that can be written to."""

    x: Array
    """(B, D)"""
    h_: Array
    """h₋: (B, H)."""
    h: Array
    """(B, H)"""
    c_: Maybe
    """c₋: (B, H), of the LSTM."""
    c: Maybe
    """(B, H)"""
    kept: Array
    """(n, B, H)"""


class Forward(NamedTuple):
    """How a cell goes forward, again and again in the same memory; for one pass at a time."""

    prepare: Callable[[], None]
    """Before a pass: look at the weights of now."""
    read: Callable[[Array], None]
    """Before some steps: look at their x, (S, B, D)."""
    run: Callable[[int, Array, Maybe, Array], None]
    """Take s of the steps that were read, from the `first` of them on: from h[0] and c[0] fill h[1:], c[1:],
    (s + 1, B, H) each, and kept (s, n, B, H)."""


class Backward(NamedTuple):
    """How a cell goes back, again and again in the same memory; for one pass at a time."""

    look: Callable[[Past], None]
    """Before some steps: work out what they multiply by, from what was recorded of them."""
    steps: list[tuple[Array, ...]]
    """What `step` takes of each of them, in the order of time."""
    step: Callable[[Array, Array, Array, tuple[Array, ...]], None]
    """From d = dL/dh_t and dc = dL/dc_t: fill da_t and du_t, and put those before into dh and dc; dh may be d."""
    da: Array
    """dL/d(W_ih x + b_ih), (S, B, G·H)."""
    du: Array
    """dL/d(W_hh h₋ + b_hh), (S, B, G·H): the very da where the two are one."""
    shared: slice
    """Columns of da that are du's, and are found there alone."""


class Undone(NamedTuple):
    """What one backward step found."""

    da: Array
    """dL/d(W_ih x + b_ih), (B, G·H)."""
    du: Array
    """dL/d(W_hh h₋ + b_hh), (B, G·H)."""
    dh: Array
    """dL/dh₋, (B, H)."""
    dc: Array
    """dL/dc₋, (B, H)."""


ONES = {np.dtype(kind): np.ones((), kind) for kind in (np.float32, np.float64)}
"""1 as an array: a Python number costs a ufunc twice the time."""


def rows(array: Array) -> Array:
    """Time-major blocks with B dropped where it is 1: (S, n, 1, H) → (S, n·H), and (S, 1, H) → (S, H)."""
    return array.reshape(len(array), -1) if array.shape[-2] == 1 else array


def product(w: Array, B: int) -> tuple[Callable[[Array, Array], object], Array, Array, Callable[[], None]]:
    """How W h is taken for each sequence: mix(h₋, u), u's memory, u seen as (G, B, H), and what to do before a pass."""
    if B == 1:
        u = aligned((len(w),), w.dtype)
        return w.dot, u, u, lambda: None
    across = aligned(w.shape[::-1], w.dtype)
    u = aligned((B, len(w)), w.dtype)
    blocks = u.reshape(B, -1, w.shape[1]).transpose(1, 0, 2)
    return (lambda h, out: h.dot(across, out)), u, blocks, lambda: np.copyto(across, w.T)


def each(S: int, *parts: Array) -> list[tuple[Array, ...]]:
    """The parts' views of each step; a part of one step serves all of them."""
    views = ([part[0]] * S if len(part) == 1 else list(part) for part in map(rows, parts))
    return list(zip(*views, strict=True))


def product_back(w: Array, B: int) -> Callable[[Array, Array], object]:
    """How Wᵀ d is taken for each sequence: mix(d, out)."""
    return w.T.dot if B == 1 else lambda d, out: d.dot(w, out)


def project(x: Array, w: Array, out: Array) -> Array:
    """W x of all steps in one product: (S, B, D) → the first S·B rows of `out`."""
    S, B, D = x.shape
    a = out[: S * B]
    np.dot(x.reshape(S * B, D), w.T, a)
    return a


def blocks(a: Array, B: int, H: int) -> Array:
    """(S·B, G·H) as the steps read it: (S, G, B, H), or (S, G·H) where B is 1."""
    return a if B == 1 else a.reshape(-1, B, a.shape[1] // H, H).transpose(0, 2, 1, 3)


def scaled_rows(w: Array, factors: Array) -> Array:
    """Σ diag(f_g) W_g over the G stacked blocks of w, (G·H, H), for the factors (S, G, H) of each step: (S, H, H)."""
    H = w.shape[1]
    found: Array = factors[:, 0, :, None] * w[:H]
    for g in range(1, factors.shape[1]):
        found += factors[:, g, :, None] * w[g * H : (g + 1) * H]
    return found


def on_diagonal(matrices: Array, values: Array) -> None:
    """Add to the diagonals of (S, H, H) the values (S, 1, H) of each step, in place."""
    at = np.arange(matrices.shape[-1])
    matrices[:, at, at] += values[:, 0]
