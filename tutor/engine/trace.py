"""What a forward pass saw and what a backward pass found: frozen values, whose arrays cannot be written to.

A Trace owns its values. It stays true however many forward passes come after it, and whatever happens to the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tutor.engine.cells import Cell
from tutor.engine.checks import Array
from tutor.engine.steps import Maybe, Past
from tutor.engine.surgery import Cut

Lengths = npt.NDArray[np.intp] | None


def frozen(array: Array) -> Array:
    """A read-only view."""
    view = array.view()
    view.flags.writeable = False
    return view


def beyond(ends: npt.NDArray[np.intp], T: int) -> npt.NDArray[np.bool_]:
    """(T, B): where a sequence is over."""
    found: npt.NDArray[np.bool_] = np.arange(T)[:, None] >= ends
    return found


class Record(NamedTuple):
    """One layer in one direction: everything that its backward pass needs, in x's time, 0 beyond a sequence's end."""

    x: Array
    """Its input, (T, B, D)."""
    h: Array
    """States with the one before the first step, (T + 1, B, H): forward at 0, reverse at a sequence's end."""
    c: Maybe
    """The same for the LSTM's cell state."""
    kept: Array
    """(T, n, B, H): a block for each of the cell's letters."""
    reverse: bool

    @property
    def now(self) -> slice:
        """Where h_t of step t stands in `h`."""
        return slice(0, -1) if self.reverse else slice(1, None)

    @property
    def before(self) -> slice:
        """Where the state before step t stands in `h`."""
        return slice(1, None) if self.reverse else slice(0, -1)

    @property
    def past(self) -> Past:
        """Each step with what it found."""
        c_ = None if self.c is None else self.c[self.before]
        return Past(self.h[self.before], self.h[self.now], c_, self.kept)


@dataclass(frozen=True, eq=False)
class Trace:
    """A forward pass. Arrays are read-only; T steps, B sequences, H hidden_size."""

    output: Array
    """(T, B, H·directions), 0 beyond a sequence's end."""
    lengths: Lengths
    """(B,) steps in each sequence, None when all have T."""
    records: tuple[tuple[Record, ...], ...]
    """[layer][direction]"""
    cell: Cell
    """What computed it, and knows the letters of what was kept."""
    cuts: tuple[Cut, ...] = ()
    """What was set by hand on the way: the arrays hold what was computed with, so what was set and not what it took the
    place of."""

    @cached_property
    def h_n(self) -> Array:
        """(layers·directions, B, H): the state after each sequence's last step; its first, in the reverse."""
        return frozen(np.stack([_last(r, r.h, self.lengths) for records in self.records for r in records]))

    @cached_property
    def c_n(self) -> Array | None:
        """The same of the LSTM's cell state; None for the others."""
        if "c" not in self.cell.states:
            return None
        every = [(r, r.c) for records in self.records for r in records]
        return frozen(np.stack([_last(record, c, self.lengths) for record, c in every if c is not None]))

    @cached_property
    def final(self) -> Array:
        """(B, H·directions): the top layer's state when a sequence has been read, from each end."""
        return frozen(np.concatenate(list(self.h_n[-len(self.records[-1]) :]), axis=1))

    def d_h_n(self, d_final: Array) -> Array:
        """dL/d h_n of a loss that looks at `final` alone, from dL/d final (B, H·directions)."""
        found: Array = np.zeros_like(self.h_n)
        directions = len(self.records[-1])
        found[-directions:] = np.split(d_final, directions, axis=1)
        return found

    def gates(self, layer: int = 0, direction: int = 0) -> dict[str, Array]:
        """Every gate by its letter, with "h" and for the LSTM "c": each (T, B, H), a read-only view in x's time.

        Raises:
            ValueError: a layer or direction that the network does not have.
        """
        record: Record = _at(self.records, layer, direction)
        blocks = zip(self.cell.kept, record.kept.swapaxes(0, 1), strict=True)
        letters = {gate.name for gate in self.cell.gates}
        found = {name: values for name, values in blocks if name in letters}
        for name, states in (("h", record.h), ("c", record.c)):
            if states is not None:
                found[name] = states[record.now]
                if self.lengths is not None and record.reverse:
                    # The reverse direction's initial state stands where the sequence is over already.
                    found[name] = found[name].copy()
                    found[name][beyond(self.lengths, len(record.x))] = 0.0
        return {name: frozen(values) for name, values in found.items()}


def _last(record: Record, states: Array, lengths: Lengths) -> Array:
    if record.reverse:
        at: Any = 0
    else:
        at = -1 if lengths is None else (lengths, np.arange(states.shape[1]))
    found: Array = states[at]
    return found


@dataclass(frozen=True, eq=False)
class Gradients:
    """A backward pass: dL/d… of every parameter, of the input and of the initial state. Arrays are read-only."""

    params: Mapping[str, Array]
    """By PyTorch's names."""
    x: Array
    """(T, B, D)"""
    h_0: Array
    """(layers·directions, B, H)"""
    c_0: Array | None
    """The same of the LSTM's cell state."""
    flat: Array
    """Those of all parameters in one vector, in the order of `state_dict()`."""
    states: tuple[tuple[Array, ...], ...]
    """[layer][direction], as `h` gives them."""

    def h(self, layer: int = 0, direction: int = 0) -> Array:
        """dL/dh_t for every t: (T, B, H), in x's time, 0 beyond a sequence's end.

        Raises:
            ValueError: a layer or direction that the network does not have.
        """
        found: Array = _at(self.states, layer, direction)
        return found


def _at(found: tuple[tuple[Any, ...], ...], layer: int, direction: int) -> Any:
    """What stands at [layer][direction]."""
    for name, value, limit in (("layer", layer, len(found)), ("direction", direction, len(found[0]))):
        if not 0 <= value < limit:
            raise ValueError(f"{name}: got {value}, expected 0 … {limit - 1}")
    return found[layer][direction]
