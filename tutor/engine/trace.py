"""What a forward pass saw and what a backward pass found: frozen values, whose arrays cannot be written to.

A Trace owns its values. It stays true however many forward passes come after it, and whatever happens to the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]


def frozen(array: Array) -> Array:
    """A read-only view."""
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Record:
    """One layer in one direction: everything that its backward pass needs, in x's time."""

    x: Array
    """Its input, (T, B, D)."""
    h: Array
    """States with the one before the first step, (T + 1, B, H): forward at 0, reverse at T."""
    c: Array | None
    """The same for the LSTM's cell state."""
    kept: Array
    """Gates side by side, (T, B, n·H)."""
    reverse: bool

    @property
    def now(self) -> slice:
        """Where h_t of step t stands in `h`."""
        return slice(0, -1) if self.reverse else slice(1, None)

    @property
    def before(self) -> slice:
        """Where the state before step t stands in `h`."""
        return slice(1, None) if self.reverse else slice(0, -1)


@dataclass(frozen=True)
class Trace:
    """A forward pass. Arrays are read-only; T steps, B sequences, H hidden_size."""

    output: Array
    """(T, B, H·directions), 0 beyond a sequence's end."""
    h_n: Array
    """(layers·directions, B, H): the state after each sequence's last step (its first, for the reverse direction)."""
    c_n: Array | None
    """The same of the LSTM's cell state; None for the others."""
    lengths: npt.NDArray[np.intp] | None
    """(B,) steps in each sequence, None when all have T."""
    records: tuple[tuple[Record, ...], ...]
    """[layer][direction]"""
    names: tuple[str, ...]
    """The letters of the recorded gates."""

    def gates(self, layer: int = 0, direction: int = 0) -> dict[str, Array]:
        """Every gate by its letter, with "h" and for the LSTM "c": each (T, B, H), a read-only view in x's time.

        Raises:
            ValueError: a layer or direction that the network does not have.
        """
        if not 0 <= layer < len(self.records):
            raise ValueError(f"layer: got {layer}, expected 0 … {len(self.records) - 1}")
        if not 0 <= direction < len(self.records[layer]):
            raise ValueError(f"direction: got {direction}, expected 0 … {len(self.records[layer]) - 1}")
        record = self.records[layer][direction]
        size = record.h.shape[2]
        found = {
            name: frozen(record.kept[:, :, i * size : (i + 1) * size])
            for i, name in enumerate(self.names)
            if len(name) == 1 and name != "q"
        }
        found["h"] = frozen(record.h[record.now])
        if record.c is not None:
            found["c"] = frozen(record.c[record.now])
        if self.lengths is not None:
            beyond = np.arange(record.kept.shape[0])[:, None] >= self.lengths
            for name, values in found.items():
                kept = values.copy()
                kept[beyond] = 0.0
                found[name] = frozen(kept)
        return found


@dataclass(frozen=True)
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
        """dL/dh_t for every t: (T, B, H), in x's time, 0 beyond a sequence's end."""
        if not 0 <= layer < len(self.states):
            raise ValueError(f"layer: got {layer}, expected 0 … {len(self.states) - 1}")
        if not 0 <= direction < len(self.states[layer]):
            raise ValueError(f"direction: got {direction}, expected 0 … {len(self.states[layer]) - 1}")
        return self.states[layer][direction]
